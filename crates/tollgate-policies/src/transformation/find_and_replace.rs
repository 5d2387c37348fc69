//! `find-and-replace`: replaces text in the body of the request (inbound, backend) or the response (outbound, on-error).
//!
//! ```xml
//! <find-and-replace from="notebook" to="laptop" />
//! ```
//!
//! All occurrences, compared by ordinal value, case included; `to=""` removes them; an empty `from` changes nothing.
//! The whole body is buffered. The text is taken in the charset of `Content-Type`, otherwise as UTF-8, and bytes that
//! are no text of it stay as they are; text that the charset cannot write is not found, and fails as a replacement.
//! A body that would grow over the limit for buffered bodies fails with 500. Source: find-and-replace-policy.md; the
//! charset and the limit are the choice made here.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem::Finder;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, required,
};

use super::message::{Message, charset, too_long};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "find-and-replace",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("from").about("The text to look for."),
        required("to").about("The text in its place; nothing removes it."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(FindAndReplace::load(e)?)),
};

#[derive(Debug)]
struct FindAndReplace {
    from: Setting<Str>,
    to: Setting<Str>,
    message: Message,
}

impl FindAndReplace {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (from, to) = (e.setting("from"), e.setting("to"));
        Ok(Self {
            from: from?,
            to: to?,
            message: Message::of(e),
        })
    }
}

impl Policy for FindAndReplace {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let from = self.from.get(exchange)?.to_utf8().into_owned();
        let to = self.to.get(exchange)?.to_utf8().into_owned();
        let charset = charset(self.message.headers(exchange)).unwrap_or(UTF_8);
        let Some(from) = encode(&from, charset).filter(|from| !from.is_empty()) else {
            return Ok(Flow::Next);
        };
        let body = self.message.bytes(exchange);
        let width = if charset == UTF_16LE || charset == UTF_16BE {
            2
        } else {
            1
        };
        let finder = Finder::new(&from);
        let found: Vec<usize> = matches(&body, &finder, width).collect();
        if found.is_empty() {
            return Ok(Flow::Next);
        }
        let to = encode(&to, charset).ok_or_else(|| {
            Failure::without_reason(format!(
                "`to` has characters that {} has not.",
                charset.name()
            ))
        })?;
        let limit = self.message.limit(exchange);
        let kept = body
            .len()
            .saturating_sub(found.len().saturating_mul(from.len()));
        let length = found.len().saturating_mul(to.len()).saturating_add(kept);
        if length > limit {
            return Err(too_long(limit));
        }
        let mut changed = Vec::with_capacity(length);
        let mut rest = 0;
        for &at in &found {
            changed.extend_from_slice(body.get(rest..at).unwrap_or_default());
            changed.extend_from_slice(&to);
            rest = at + from.len();
        }
        changed.extend_from_slice(body.get(rest..).unwrap_or_default());
        self.message.replace(exchange, changed);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let settings = self.from.reads().or(self.to.reads());
        settings.or(self.message.reads())
    }
}

/// Where the text begins, from left to right, without overlaps; only at whole code units of `width` bytes.
fn matches<'a>(
    body: &'a [u8],
    finder: &'a Finder<'_>,
    width: usize,
) -> impl Iterator<Item = usize> + 'a {
    let mut next = 0;
    std::iter::from_fn(move || {
        loop {
            let at = next + finder.find(body.get(next..)?)?;
            if at % width == 0 {
                next = at + finder.needle().len();
                return Some(at);
            }
            next = at + 1;
        }
    })
}

/// The text in a charset; `None` if that has no such characters.
fn encode<'t>(text: &'t str, charset: &'static Encoding) -> Option<Cow<'t, [u8]>> {
    let units = |of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
    if charset == UTF_16LE {
        return Some(Cow::Owned(units(u16::to_le_bytes)));
    }
    if charset == UTF_16BE {
        return Some(Cow::Owned(units(u16::to_be_bytes)));
    }
    let (bytes, _, lossy) = charset.encode(text);
    (!lossy).then_some(bytes)
}
