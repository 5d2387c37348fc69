//! `Jwt`: a token taken apart, its signature not looked at.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use tollgate_dotnet::{
    Array, Call, DateTimeKind, Iterate, Object, Record, Str, Throw, Type, TypeDef, TypeKind, Value,
    from_fn, member,
};

use super::dictionary::{Texts, arrays, key, nothing, texts_dictionary};
use super::part::array_pair;
use super::{sequence, this};
use crate::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

/// `Jwt`.
pub(super) static JWT: TypeDef = TypeDef {
    name: "Tollgate.Jwt",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("string Algorithm { get; }", |c| {
            Ok(jwt(c)?.algorithm.clone().into())
        }),
        member("IEnumerable<string> Audiences { get; }", |c| {
            let audiences = jwt(c)?
                .claims
                .get("aud")
                .unwrap_or_default()
                .iter()
                .cloned();
            Ok(sequence(Type::string(), audiences.map(Value::String)))
        }),
        member("ClaimDictionary Claims { get; }", |c| {
            Ok(Value::Object(jwt(c)?.claims.clone()))
        }),
        member("DateTime? ExpirationTime { get; }", |c| {
            Ok(jwt(c)?.date("exp"))
        }),
        member("string Id { get; }", |c| Ok(jwt(c)?.first("jti"))),
        member("DateTime? IssuedAt { get; }", |c| Ok(jwt(c)?.date("iat"))),
        member("string Issuer { get; }", |c| Ok(jwt(c)?.first("iss"))),
        member("DateTime? NotBefore { get; }", |c| Ok(jwt(c)?.date("nbf"))),
        member("string Subject { get; }", |c| Ok(jwt(c)?.first("sub"))),
        member("string Type { get; }", |c| Ok(jwt(c)?.kind.clone().into())),
    ],
};

texts_dictionary! {
    /// The claims of a token; names are compared with case.
    CLAIMS = "Tollgate.ClaimDictionary",
    texts: texts,
    entries: list,
    prepare: nothing
}

/// A token taken apart. Nothing of it may be believed before its signature was checked.
pub struct Jwt {
    algorithm: Option<Str>,
    kind: Option<Str>,
    claims: Arc<Claims>,
}

/// Names and values of the payload in their order.
#[derive(Clone)]
struct Claims(Arc<[(Str, Texts)]>);

/// The longest token that is taken apart, in bytes.
const MAX_LENGTH: usize = 64 << 10;

impl Jwt {
    /// The values of a claim, as text; none if it is not there.
    pub fn claim(&self, name: &str) -> &[Str] {
        self.claims.get(name).unwrap_or_default()
    }

    /// Takes a token apart, with or without `Bearer ` before it; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim(),
            _ => text,
        };
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut parts = text.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || decode(signature).is_none() {
            return None;
        }
        let header: Members = serde_json::from_str(&decode_text(header)?).ok()?;
        let payload: Members = serde_json::from_str(&decode_text(payload)?).ok()?;
        let header = Claims::of(header);
        Some(Self {
            algorithm: header.first("alg").cloned(),
            kind: header.first("typ").cloned(),
            claims: Arc::new(Claims::of(payload)),
        })
    }

    fn first(&self, claim: &str) -> Value {
        self.claims.first(claim).cloned().into()
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
fn decode(part: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    BASE64.decode(part).ok()
}

fn decode_text(part: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&decode(part)?).into_owned())
}

impl Claims {
    /// The last of equal names counts, as with Newtonsoft.
    fn of(members: Members) -> Self {
        let mut claims: Vec<(Str, Texts)> = Vec::with_capacity(members.0.len());
        for (name, value) in members.0 {
            let texts = value.texts();
            match claims
                .iter_mut()
                .find(|(other, _)| *other == *name.as_str())
            {
                Some((_, old)) => *old = texts,
                None => claims.push((name.into(), texts)),
            }
        }
        Self(claims.into())
    }

    fn get(&self, name: &str) -> Option<&[Str]> {
        let found = self.0.iter().find(|(other, _)| *other == *name);
        found.map(|(_, texts)| texts.as_slice())
    }

    fn first(&self, name: &str) -> Option<&Str> {
        self.get(name)?.first()
    }
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
        let claims = self.0.clone();
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
    let found = this::<Claims>(call)?.get(&name);
    Ok(found.map(Texts::from))
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let claims = this::<Claims>(call)?.0.to_vec();
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

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Text(value.to_string(), false))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Text(value.to_string(), false))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Text(value.to_string(), false))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Text(format!("{value:?}"), false))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.into(), true))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Json::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Json, A::Error> {
                Members::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(Json::Object)
            }
        }
        deserializer.deserialize_any(Reader)
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
        assert_eq!(jwt.algorithm, Some("RS256".into()));
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
