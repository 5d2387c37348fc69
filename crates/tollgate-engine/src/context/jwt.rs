//! `Jwt`: a token taken apart, its signature not looked at.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64_simd::{Out, URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tollgate_dotnet::json::{self, Tape};
use tollgate_dotnet::{
    Array, Call, DateTimeKind, Iterate, Lent, Loan, Object, Record, Str, Throw, Type, TypeDef,
    TypeKind, Value, from_fn, member,
};

use super::body::utf8;
use super::dictionary::{Found, Texts, arrays, key, lent_key, nothing, texts_dictionary};
use super::part::array_pair;
use super::this;
use crate::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

/// `Jwt`.
pub(super) static JWT: TypeDef = TypeDef {
    name: "Tollgate.Jwt",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("string Algorithm { get; }", |c| {
            Ok(jwt(c)?.header().first("alg").into())
        }),
        member("IEnumerable<string> Audiences { get; }", |c| {
            let audiences = jwt(c)?.claims.get("aud").unwrap_or_default();
            c.machine.heap.alloc(Array::strings(audiences))
        }),
        member("ClaimDictionary Claims { get; }", |c| {
            Ok(Value::Object(jwt(c)?.claims.clone()))
        })
        .linking(|loan| Some(Lent::Object(&*loan.first.object::<Jwt>()?.claims))),
        member("DateTime? ExpirationTime { get; }", |c| {
            Ok(jwt(c)?.date("exp"))
        }),
        member("string Id { get; }", |c| {
            Ok(jwt(c)?.claims.first("jti").into())
        }),
        member("DateTime? IssuedAt { get; }", |c| Ok(jwt(c)?.date("iat"))),
        member("string Issuer { get; }", |c| {
            Ok(jwt(c)?.claims.first("iss").into())
        }),
        member("DateTime? NotBefore { get; }", |c| Ok(jwt(c)?.date("nbf"))),
        member("string Subject { get; }", |c| {
            Ok(jwt(c)?.claims.first("sub").into())
        }),
        member("string Type { get; }", |c| {
            Ok(jwt(c)?.header().first("typ").into())
        }),
    ],
};

texts_dictionary! {
    /// The claims of a token; names are compared with case.
    CLAIMS = "Tollgate.ClaimDictionary",
    texts: texts,
    entries: list,
    prepare: nothing,
    text: text
}

/// A token taken apart. Nothing of it may be believed before its signature was checked.
pub struct Jwt {
    /// The header, if it is not read yet: few ask for what is in it.
    unread: Str,
    header: OnceLock<Claims>,
    claims: Arc<Claims>,
}

/// Names and values of a token's header or payload, read when they are asked for.
#[derive(Default)]
struct Claims {
    json: Option<Tape>,
    list: OnceLock<List>,
}

/// Names and values in their order.
type List = Arc<[(Str, Texts)]>;

/// How many bytes are decoded on the stack: enough for nearly every token.
const ROOM: usize = 1024;

/// The longest token that is taken apart, in bytes.
const MAX_LENGTH: usize = 64 << 10;

impl Jwt {
    /// The values of a claim, as text; none if it is not there.
    pub fn claim(&self, name: &str) -> &[Str] {
        self.claims.find(name).unwrap_or_default()
    }

    /// Takes a token apart, with or without `Bearer ` before it; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim(),
            _ => text,
        };
        Self::parts(text.as_bytes())
    }

    /// As [`parse`](Self::parse) of a text by its bytes. What is beyond ASCII is in no token but may be white space
    /// around one: of a text with such bytes it may say that it is none though it is one.
    pub(crate) fn parse_ascii(text: &[u8]) -> Option<Self> {
        let text = trim(text);
        let text = match text.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => trim(token),
            _ => text,
        };
        Self::parts(text)
    }

    fn parts(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut dots = memchr::memchr_iter(b'.', text);
        let (first, second) = (dots.next()?, dots.next()?);
        let (header, payload) = (text.get(..first)?, text.get(first + 1..second)?);
        let signature = text.get(second + 1..)?;
        if dots.next().is_some() || !is_base64(signature) {
            return None;
        }
        Self::usual(header, payload).or_else(|| {
            Some(Self {
                unread: Str::EMPTY,
                header: Claims::read(header)?.into(),
                claims: Arc::new(Claims::read(payload)?),
            })
        })
    }

    /// A token as they are made: short, base64 as the standard has it, two objects without escapes. `None` of any other.
    fn usual(header: &[u8], payload: &[u8]) -> Option<Self> {
        let mut room = [0; ROOM];
        if header.len() + payload.len() > ROOM {
            return None;
        }
        let middle = decoded(header, &mut room)?;
        let end = middle + decoded(payload, room.get_mut(middle..)?)?;
        let text = simdutf8::basic::from_utf8(room.get(..end)?).ok()?;
        let text = is_plain(text).then(|| Str::from(text))?;
        let (unread, payload) = (text.slice(0, middle)?, text.slice(middle, end)?);
        if !Tape::is_object_text(unread.as_utf8()?) {
            return None;
        }
        let json = Tape::read(payload).filter(Tape::is_object)?;
        Some(Self {
            unread,
            header: OnceLock::new(),
            claims: Arc::new(Claims {
                json: Some(json),
                list: OnceLock::new(),
            }),
        })
    }

    fn header(&self) -> &Claims {
        let read = || Claims::of(&self.unread.to_utf8()).unwrap_or_default();
        self.header.get_or_init(read)
    }

    fn date(&self, claim: &str) -> Value {
        let seconds = self
            .claims
            .first(claim)
            .and_then(|text| text.as_utf8()?.parse().ok());
        let ticks = seconds.and_then(ticks_of_unix_seconds);
        ticks.map_or(Value::Null, |ticks| {
            Value::DateTime(ticks, DateTimeKind::Utc)
        })
    }
}

/// `None` beyond the year 9999, or before the year 1.
fn ticks_of_unix_seconds(seconds: f64) -> Option<i64> {
    const YEAR_10000: i64 = 3_155_378_976_000_000_000;
    let since_epoch = seconds * TICKS_PER_SECOND as f64; // exact: less than 2^53
    if !(-1e18..1e19).contains(&since_epoch) {
        return None;
    }
    let ticks = UNIX_EPOCH_TICKS.checked_add(since_epoch as i64)?; // within i64, as was just seen, or saturated
    (0..YEAR_10000).contains(&ticks).then_some(ticks)
}

/// As .NET reads base64: padding as one likes, bits left over ignored.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Puts the bytes into the room and says how many there are; `None` if the base64 is not as the standard has it.
fn decoded(part: &[u8], room: &mut [u8]) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(part, Out::from_slice(room)).ok()?;
    Some(bytes.len())
}

/// Without the ASCII white space around it.
fn trim(text: &[u8]) -> &[u8] {
    let white = |byte: &u8| char::from(*byte).is_whitespace() && byte.is_ascii();
    let begin = text.iter().position(|byte| !white(byte));
    let text = text.get(begin.unwrap_or(text.len())..).unwrap_or_default();
    let end = text.iter().rposition(|byte| !white(byte));
    text.get(..end.map_or(0, |last| last + 1))
        .unwrap_or_default()
}

fn is_base64(part: &[u8]) -> bool {
    URL_SAFE_NO_PAD.check(part).is_ok() || LENIENT.decode(part).is_ok()
}

impl Claims {
    /// The members of an object in base64; `None` if it is none.
    fn read(part: &[u8]) -> Option<Self> {
        let strict = URL_SAFE_NO_PAD.decode_to_vec(part).ok();
        let bytes = strict.or_else(|| LENIENT.decode(part).ok())?;
        Self::of(&utf8(&bytes))
    }

    fn of(text: &str) -> Option<Self> {
        let json = is_plain(text).then(|| Tape::read(text.into())).flatten();
        let json = json.filter(Tape::is_object);
        let list = OnceLock::new();
        if json.is_none() {
            let members = Members::read(text, 0)?.0.into_iter();
            list.get_or_init(|| unique(members.map(|(name, value)| (name.into(), value.texts()))));
        }
        Some(Self { json, list })
    }

    fn list(&self) -> &List {
        self.list.get_or_init(|| {
            let members = self.json.iter().flat_map(Tape::members);
            unique(members.map(|(name, text)| (name, texts_at(text))))
        })
    }

    fn find(&self, name: &str) -> Option<&[Str]> {
        let found = self.list().iter().find(|(other, _)| *other == *name);
        found.map(|(_, texts)| texts.as_slice())
    }

    fn get(&self, name: &str) -> Option<Texts> {
        match (&self.json, self.list.get()) {
            (Some(json), None) => match json.string_member(name) {
                Some(text) => Some(Texts::from_iter([text])),
                None => json.member(name).map(texts_at),
            },
            _ => self.find(name).map(Texts::from),
        }
    }

    fn first(&self, name: &str) -> Option<Str> {
        self.get(name)?.into_iter().next()
    }
}

/// Whether a text is without escapes and control characters: what is said of those, `serde_json` decides.
fn is_plain(text: &str) -> bool {
    let odd = |odd, byte: &u8| odd | u8::from(*byte < b' ') | u8::from(*byte == b'\\');
    text.as_bytes().iter().fold(0, odd) == 0
}

/// The last of equal names counts, in the place of the first, as with Newtonsoft.
fn unique(members: impl Iterator<Item = (Str, Texts)>) -> List {
    let mut list: Vec<(Str, Texts)> = Vec::new();
    for (name, texts) in members {
        match list.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = texts,
            None => list.push((name, texts)),
        }
    }
    list.into()
}

/// What a claim has as text, given the JSON from its value on.
fn texts_at(json: &str) -> Texts {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value = <&RawValue>::deserialize(&mut reader).ok();
    // It was read before, so that it is read again.
    let value = value.and_then(|value| Json::read(value.get(), 0));
    value.map_or_else(Texts::new, Json::texts)
}

impl Object for Jwt {
    fn type_of(&self) -> Type {
        Type::plain(&JWT)
    }
}

impl Object for Claims {
    fn type_of(&self) -> Type {
        Type::plain(&CLAIMS)
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let claims = self.list().clone();
        let mut next = 0;
        Some(from_fn(move |machine| {
            let Some((name, texts)) = claims.get(next).cloned() else {
                return Ok(None);
            };
            next += 1;
            let texts = machine.heap.alloc(Array::strings(texts))?;
            Ok(Some(Value::object(Record::new(
                array_pair(),
                [name.into(), texts],
            ))))
        }))
    }
}

fn jwt<'c>(call: &'c Call<'_, '_>) -> Result<&'c Jwt, Throw> {
    this(call)
}

fn texts(call: &mut Call<'_, '_>) -> Result<Option<Texts>, Throw> {
    let name = key(call)?.to_utf8();
    Ok(this::<Claims>(call)?.get(&name))
}

/// The text of a claim that has one value.
#[inline(always)]
fn text<'a>(loan: &Loan<'a, '_>) -> Found<'a> {
    let (claims, name) = (loan.first.object::<Claims>()?, lent_key(loan)?);
    if let (Some(json), None) = (&claims.json, claims.list.get()) {
        let text = json.plain_member(name)?;
        return Some(text.map(|text| Lent::Text(text.as_bytes())));
    }
    match claims.find(name) {
        None => Some(None),
        Some([text]) => Some(Some(Lent::Str(text))),
        Some(_) => None,
    }
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let claims = this::<Claims>(call)?.list().to_vec();
    arrays(call.machine.heap, claims)
}

/// A JSON object's members in their order.
struct Members(Vec<(String, Json)>);

/// A JSON value as claims have it.
enum Json {
    Null,
    /// Text, or the JSON text of a number, a truth, an object.
    Text(String, bool),
    List(Vec<Json>),
    Object(Members),
}

impl Json {
    fn texts(self) -> Texts {
        match self {
            Self::Null => Texts::new(),
            Self::List(items) => items.into_iter().map(|item| item.text().into()).collect(),
            other => Texts::from_iter([other.text().into()]),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Text(text, _) => text,
            other => {
                let mut json = String::new();
                other.write(&mut json);
                json
            }
        }
    }

    fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Text(text, true) => json.push_str(&serde_json::Value::from(&**text).to_string()),
            Self::Text(text, false) => json.push_str(text),
            Self::List(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    item.write(json);
                }
                json.push(']');
            }
            Self::Object(Members(members)) => {
                json.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    json.push_str(&serde_json::Value::from(&**name).to_string());
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }
}

/// The members of an object, their values as they stand.
struct RawMembers<'de>(Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawMembers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// How deep values may be nested.
const MAX_DEPTH: u32 = 128;

impl Members {
    fn read(text: &str, depth: u32) -> Option<Self> {
        let RawMembers(members) = serde_json::from_str(text).ok()?;
        let members = members.into_iter();
        let members =
            members.map(|(name, value)| Some((name.into_owned(), Json::read(value.get(), depth)?)));
        members.collect::<Option<_>>().map(Members)
    }
}

impl Json {
    /// Each value apart, so that a number keeps all its digits.
    fn read(text: &str, depth: u32) -> Option<Self> {
        let deeper = depth.checked_add(1).filter(|depth| *depth <= MAX_DEPTH)?;
        Some(match text.as_bytes().first()? {
            b'n' => Self::Null,
            b't' | b'f' => Self::Text(text.into(), false),
            b'"' => Self::Text(serde_json::from_str(text).ok()?, true),
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                let items = items.into_iter().map(|item| Self::read(item.get(), deeper));
                Self::List(items.collect::<Option<_>>()?)
            }
            b'{' => Self::Object(Members::read(text, deeper)?),
            _ => Self::Text(json::number_text(text), false),
        })
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt")
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn token(payload: &str) -> String {
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.c2ln",
            encode(r#"{"alg":"RS256","typ":"JWT"}"#),
            encode(payload)
        )
    }

    #[test]
    fn claims_are_texts() {
        let jwt = Jwt::parse(&format!(
            "bearer {}",
            token(r#"{"aud":["a","b"],"n":12,"t":true,"x":null,"o":{"b":[1,"q\""],"a":1.5}}"#)
        ))
        .unwrap();
        let claim = |name: &str| {
            let texts = jwt.claims.get(name).unwrap();
            texts.iter().map(Str::to_string).collect::<Vec<_>>()
        };
        assert_eq!(claim("aud"), ["a", "b"]);
        assert_eq!(claim("n"), ["12"]);
        assert_eq!(claim("t"), ["true"]);
        assert!(claim("x").is_empty());
        assert_eq!(claim("o"), [r#"{"b":[1,"q\""],"a":1.5}"#]);
        assert!(jwt.claims.get("AUD").is_none());
        assert_eq!(jwt.header().first("alg"), Some("RS256".into()));
    }

    #[test]
    fn numbers_are_as_newtonsoft_writes_them() {
        let numbers = [
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("18446744073709551616", "18446744073709551616"),
            ("1e30", "1E+30"),
            ("1e5", "100000.0"),
            ("1.10", "1.1"),
            ("1e-7", "1E-07"),
            ("12345678901234567.5", "12345678901234568.0"),
            ("-0.0", "-0.0"),
        ];
        for (json, expected) in numbers {
            let jwt = Jwt::parse(&token(&format!(r#"{{"n":{json},"o":[{{"x":{json}}}]}}"#)));
            let jwt = jwt.unwrap();
            assert_eq!(jwt.claim("n"), [Str::from(expected)]);
            assert_eq!(
                jwt.claim("o"),
                [Str::from(format!(r#"{{"x":{expected}}}"#))]
            );
        }
    }

    #[test]
    fn claims_read_late_are_those_read_at_once() {
        for payload in [
            r#"{"a":"x","n":-12,"f":1.0,"e":1e300,"big":18446744073709551615,"huge":123456789012345678901234567890}"#,
            r#"{"a":["x",1,null,{"b":[]}],"o":{"z":1,"a":[true,"é"]},"t":false,"z":null}"#,
            r#"{"a":"x","b":"y","a":"z"}"#,
            r#"{"":"empty","é":"grün"}"#,
            "{}",
            " { } ",
        ] {
            let late = Jwt::parse(&token(payload)).unwrap();
            assert!(late.claims.json.is_some() && late.claims.list.get().is_none());
            // A line feed is left to `serde_json`.
            let at_once = Jwt::parse(&token(&format!("{payload}\n"))).unwrap();
            assert!(at_once.claims.json.is_none());
            for name in [
                "a", "n", "f", "e", "big", "huge", "o", "t", "z", "b", "", "é", "none",
            ] {
                assert_eq!(
                    late.claims.get(name),
                    at_once.claims.get(name),
                    "{payload} {name}"
                );
            }
            assert_eq!(late.claims.list(), at_once.claims.list());
            assert_eq!(late.claims.get("a"), at_once.claims.get("a"));
        }
    }

    #[test]
    fn base64_may_be_padded_and_have_bits_left_over() {
        let whole = token(r#"{"a":"x"}"#);
        for text in [
            whole.replace(".c2ln", ".c2k="),
            whole.replace(".c2ln", ".c2l"),
        ] {
            assert_eq!(Jwt::parse(&text).unwrap().claim("a"), [Str::from("x")]);
        }
        assert!(Jwt::parse(&whole.replace(".c2ln", ".c2l+")).is_none());
        assert!(Jwt::parse(&whole.replace(".c2ln", ".c2lnx")).is_none());
    }

    #[test]
    fn dates_are_utc() {
        let jwt = Jwt::parse(&token(r#"{"exp":1715003600,"nbf":1e300,"iat":"x"}"#)).unwrap();
        assert!(matches!(
            jwt.date("exp"),
            Value::DateTime(638_506_004_000_000_000, DateTimeKind::Utc)
        ));
        assert!(jwt.date("nbf").is_null());
        assert!(jwt.date("iat").is_null());
    }

    #[test]
    fn anything_else_is_none() {
        let two_parts = token("{}").rsplit_once('.').unwrap().0.to_string();
        let long = token(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1 << 20)));
        let deep = token(&"[".repeat(20_000));
        for text in [
            "",
            "Bearer ",
            "a.b.c",
            "....",
            &two_parts,
            &long,
            &deep,
            &token("[]"),
        ] {
            assert!(Jwt::parse(text).is_none());
        }
    }
}
