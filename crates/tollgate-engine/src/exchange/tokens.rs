//! The tokens that an exchange has taken apart, each once.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use tollgate_dotnet::Str;

use crate::context::Jwt;

/// How many tokens are remembered.
const TOKENS: usize = 8;

/// Texts that were looked at as tokens, with what they are. They are only ever added, so that what is here can be lent.
#[derive(Default)]
pub(super) struct Tokens([OnceCell<Known>; TOKENS]);

struct Known {
    text: Text,
    /// `None` of a text that is no token.
    jwt: Option<Arc<Jwt>>,
}

enum Text {
    /// ASCII text in a header. The value keeps its bytes where they are, so nothing else can come to be there.
    InHeader(HeaderValue, Range<usize>),
    Own(Str),
}

impl Text {
    /// The bytes of a text that is ASCII.
    fn ascii(&self) -> Option<&[u8]> {
        match self {
            Self::InHeader(value, range) => value.as_bytes().get(range.clone()),
            Self::Own(text) => text.as_ascii(),
        }
    }

    /// ASCII text that may stand in one of the headers.
    fn of(text: &[u8], headers: &HeaderMap) -> Self {
        let begin = |value: &HeaderValue| {
            let (whole, part) = (value.as_bytes().as_ptr_range(), text.as_ptr());
            let within = whole.contains(&part);
            within.then(|| part.addr().saturating_sub(whole.start.addr()))
        };
        let mut values = headers.values();
        match values.find_map(|value| Some((value, begin(value)?))) {
            Some((value, begin)) => Self::InHeader(value.clone(), begin..begin + text.len()),
            None => Self::Own(String::from_utf8_lossy(text).into_owned().into()),
        }
    }
}

impl Tokens {
    /// What an ASCII text is, if it was looked at before.
    pub(super) fn lent(&self, text: &[u8]) -> Option<Option<&Jwt>> {
        let same = |known: &[u8]| std::ptr::eq(known, text) || known == text;
        let known = self.find(|known| known.ascii().is_some_and(same))?;
        Some(known.jwt.as_deref())
    }

    /// As [`lent`](Self::lent), of any text.
    pub(super) fn get(&self, text: &Str) -> Option<Option<&Arc<Jwt>>> {
        let known = self.find(|known| match known {
            Text::Own(known) => known == text,
            Text::InHeader(..) => known.ascii() == text.as_ascii(),
        })?;
        Some(known.jwt.as_ref())
    }

    /// Takes a text apart, which may stand in one of the headers. Nothing is noted of what is not ASCII, and when there
    /// are too many.
    pub(super) fn read(&self, text: &[u8], headers: &HeaderMap) {
        let Some(free) = self.free() else {
            return;
        };
        let jwt = Jwt::parse_ascii(text).map(Arc::new);
        if jwt.is_some() || text.is_ascii() {
            let text = Text::of(text, headers);
            free.get_or_init(|| Known { text, jwt });
        }
    }

    /// Notes what a text is, if there are not too many yet.
    pub(super) fn note(&self, text: &Str, jwt: Option<Arc<Jwt>>) {
        if let Some(free) = self.free() {
            let text = Text::Own(text.clone());
            free.get_or_init(|| Known { text, jwt });
        }
    }

    fn find(&self, is: impl Fn(&Text) -> bool) -> Option<&Known> {
        let mut known = self.0.iter().map_while(OnceCell::get);
        known.find(|known| is(&known.text))
    }

    fn free(&self) -> Option<&OnceCell<Known>> {
        self.0.iter().find(|cell| cell.get().is_none())
    }
}

/// Shows nothing of the tokens.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}
