//! JSON and XML as the transformations know them: when they convert, and what a reference stands for.

use http::header;
use quick_xml::events::BytesRef;
use tollgate_dotnet::Str;
use tollgate_engine::{ElementReader, Exchange, Failure, FromValue, Invalid, Reads, Setting};

use super::message::{Message, media_type};

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    /// Whether a media type is of this format: `application/json`, `text/json`, `…+json`.
    pub(crate) fn is(self, media_type: &str) -> bool {
        let name = match self {
            Self::Json => "json",
            Self::Xml => "xml",
        };
        let (kind, subtype) = media_type.split_once('/').unwrap_or_default();
        matches!(kind, "application" | "text") && subtype == name
            || subtype
                .rsplit_once('+')
                .is_some_and(|(_, suffix)| suffix == name)
    }
}

/// `apply` and `consider-accept-header`.
#[derive(Debug)]
pub(crate) struct Apply {
    apply: Setting<When>,
    consider_accept: Option<Setting<bool>>,
    from: Format,
    to: Format,
}

/// `apply`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    ContentTypeJson,
    ContentTypeXml,
}

impl FromValue for When {
    const EXPECTED: &'static str = "`always`, `content-type-json` or `content-type-xml`";

    fn from_literal(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "always" => Some(Self::Always),
            "content-type-json" => Some(Self::ContentTypeJson),
            "content-type-xml" => Some(Self::ContentTypeXml),
            _ => None,
        }
    }
}

impl Apply {
    pub(crate) fn load(e: &ElementReader<'_>, from: Format, to: Format) -> Result<Self, Invalid> {
        let apply = e.setting("apply");
        let consider_accept = e.optional_setting("consider-accept-header");
        let apply = apply?;
        let other = match from {
            Format::Json => When::ContentTypeXml,
            Format::Xml => When::ContentTypeJson,
        };
        if apply.literal() == Some(&other) {
            let own = match from {
                Format::Json => "content-type-json",
                Format::Xml => "content-type-xml",
            };
            let found = e.literal::<Str>("apply")?;
            let span = e.attribute_span("apply");
            return Err(e.not_one_of(span, "`apply`", &found.to_utf8(), &["always", own]));
        }
        Ok(Self {
            apply,
            consider_accept: consider_accept?,
            from,
            to,
        })
    }

    pub(crate) fn reads(&self) -> Reads {
        let accept = self.consider_accept.iter().map(Setting::reads);
        accept.fold(self.apply.reads(), Reads::or)
    }

    /// Whether the message's body is to be converted.
    pub(crate) fn applies(
        &self,
        message: Message,
        exchange: &mut Exchange,
    ) -> Result<bool, Failure> {
        if *self.apply.get(exchange)? != When::Always
            && !self.from.is(&media_type(message.headers(exchange)))
        {
            return Ok(false);
        }
        let consider_accept = match &self.consider_accept {
            Some(setting) => *setting.get(exchange)?,
            None => true,
        };
        let headers = &exchange.context.request.headers;
        let mut accepted = headers.get_all(header::ACCEPT).iter().flat_map(|line| {
            let line = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
            let ranges = line.split(',').map(|range| {
                range
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            });
            ranges.collect::<Vec<_>>()
        });
        Ok(!consider_accept || accepted.any(|range| self.to.is(&range)))
    }
}

/// The character that a reference in XML stands for; `None` of an entity that the document would have to declare.
pub(crate) fn referenced(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match &*reference.xml10_content() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
