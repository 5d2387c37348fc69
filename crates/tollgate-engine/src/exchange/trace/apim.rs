//! A trace as JSON, in the shape in which APIM gives its own.
//! Source: api-management-howto-api-inspector.md; Gateway - List Trace in the REST API's reference.

use serde_json::{Map, Value as Json, json};
use tollgate_dotnet::{DateTimeKind, Value, dates};
use tollgate_syntax::{Place, Sources};

use super::request::TRANSFER;
use super::{Change, Event, Trace, TraceEntry};
use crate::policy::Section;
use crate::ports::TICKS_PER_SECOND;
use crate::wire;

impl Trace {
    /// The trace as JSON for tools, as APIM's own is: `serviceName`, `traceId`, and `traceEntries` with an array for each
    /// section, of `source`, `timestamp`, `elapsed` and `data`. What policies and the gateway did besides the messages
    /// that APIM has stands in `data` as well: `taken`, `changes`, `parts`, `spent`, and `place` in the policy files.
    ///
    /// It is about as long as the trace's limit at most; where it was cut, the last entry says so. Secrets are masked.
    ///
    /// Source: api-management-howto-api-inspector.md.
    ///
    /// ```
    /// use tollgate_engine::exchange::{Trace, TraceEntry};
    ///
    /// let mut trace = Trace::default();
    /// trace.add(TraceEntry::message("set-header", "hello"));
    /// let json = trace.to_apim();
    /// let entry = &json["traceEntries"]["inbound"][0];
    /// assert_eq!(entry["source"], "set-header");
    /// assert_eq!(entry["elapsed"], "00:00:00.0000000");
    /// assert_eq!(entry["data"]["message"], "hello");
    /// ```
    pub fn to_apim(&self) -> Json {
        let request = self.state.request.as_ref();
        let sources = self.sources();
        let mut sections = Map::new();
        for section in [
            Section::Inbound,
            Section::Backend,
            Section::Outbound,
            Section::OnError,
        ] {
            sections.insert(section.name().to_owned(), Json::Array(Vec::new()));
        }
        let (mut section, mut room) = (Section::Inbound.name(), self.state.limit);
        for entry in &self.entries {
            section = match entry.section {
                Some(section) => section,
                None if entry.source == TRANSFER => Section::Outbound.name(),
                None => section,
            };
            let Some(data) = entry.apim_data(sources) else {
                continue;
            };
            let began = request.map_or(0, |request| request.began);
            let written = |data: Json| {
                json!({
                    "source": entry.source,
                    "timestamp": timestamp(began.saturating_add(entry.elapsed)),
                    "elapsed": span(entry.elapsed),
                    "data": data,
                })
            };
            let mut one = written(data);
            let left = room.checked_sub(one.to_string().len());
            if left.is_none() {
                one = written(json!({"message": self.cut_message()}));
            }
            room = left.unwrap_or(0);
            let all = sections
                .entry(section)
                .or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(all) = all {
                all.push(one);
            }
            if left.is_none() {
                break;
            }
        }
        let service = request.map(|request| &request.plan.deployment().service_name);
        json!({
            "serviceName": service.map(|name| name.to_utf8().into_owned()),
            "traceId": request.map(|request| wire::guid(&request.id)),
            "traceEntries": sections,
        })
    }
}

impl TraceEntry {
    /// What APIM calls `data`; nothing of an entry that only says that a policy begins.
    fn apim_data(&self, sources: Option<&Sources>) -> Option<Json> {
        let mut data = match (&self.event, &self.data) {
            (Event::Entered, _) => return None,
            (Event::Left { spent, flow }, _) => {
                let message = match flow {
                    Some(_) => "The policy has ended.",
                    None => "The policy has failed.",
                };
                Map::from_iter([
                    ("message".to_owned(), message.into()),
                    ("spent".to_owned(), span(*spent).into()),
                    (
                        "flow".to_owned(),
                        serde_json::to_value(flow).unwrap_or_default(),
                    ),
                ])
            }
            (Event::Branch { taken }, _) => Map::from_iter([
                ("message".to_owned(), self.branch_text().into()),
                ("taken".to_owned(), (*taken).into()),
            ]),
            (_, Json::Object(fields)) => fields.clone(),
            (_, Json::Null) => Map::new(),
            (_, other) => Map::from_iter([("message".to_owned(), other.clone())]),
        };
        if !self.changes.is_empty() {
            let told = self.changes.iter().map(Change::sentence);
            let told = told.chain(
                data.remove("message")
                    .and_then(|more| Some(more.as_str()?.to_owned())),
            );
            data.insert("message".to_owned(), told.collect::<Vec<_>>().into());
            data.insert(
                "changes".to_owned(),
                serde_json::to_value(&self.changes).unwrap_or_default(),
            );
        }
        if !self.parts.is_empty() {
            data.insert(
                "parts".to_owned(),
                serde_json::to_value(&self.parts).unwrap_or_default(),
            );
        }
        if let Some(place) = &self.place {
            let span = self.span.unwrap_or(place.span);
            let at = sources.map(|sources| Place::of(span, sources));
            let at = at.filter(|at| !at.file.is_empty());
            let (scope, path) = (place.scope.name(), &*place.path);
            let place = match at {
                Some(at) => {
                    json!({"scope": scope, "path": path, "file": at.file, "line": at.line})
                }
                None => json!({"scope": scope, "path": path}),
            };
            data.insert("place".to_owned(), place);
        }
        Some(Json::Object(data))
    }
}

impl Change {
    /// What changed, in the words in which APIM's traces tell it.
    fn sentence(&self) -> String {
        let (what, name) = (self.what.name(), &self.name);
        let subject = match &**name {
            "" => what.to_owned(),
            name => format!("{what} {name}"),
        };
        match (&self.from, &self.to) {
            (None, Some(to)) => format!("The {subject} was set to {to}"),
            (Some(from), Some(to)) => format!("The {subject} was changed from {from} to {to}"),
            (_, None) => format!("The {subject} was removed"),
        }
    }
}

/// A time as APIM's traces write it: `2020-09-11T11:15:52.8238407Z`.
fn timestamp(ticks: i64) -> String {
    dates::format(&Value::DateTime(ticks, DateTimeKind::Utc), "o").unwrap_or_default()
}

/// Ticks as APIM's traces write them: `00:00:00.0216474`.
fn span(ticks: i64) -> String {
    let ticks = ticks.unsigned_abs();
    let second = TICKS_PER_SECOND.unsigned_abs();
    let (seconds, fraction) = (ticks / second, ticks % second);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{fraction:07}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_apim_does() {
        assert_eq!(span(37_230_000_007), "01:02:03.0000007");
        assert_eq!(
            timestamp(637_354_197_528_238_407),
            "2020-09-11T11:15:52.8238407Z"
        );
    }

    #[test]
    fn it_is_bounded() {
        let mut trace = Trace::default();
        for _ in 0..50 {
            // Each of these is six characters in JSON.
            trace.add(TraceEntry::message("a", "\u{1}".repeat(1_000)));
        }
        let trace = trace.with_limit(100_000);
        assert!(!trace.is_cut());
        let json = trace.to_apim();
        assert!(json.to_string().len() < 101_000);
        let last = json.pointer("/traceEntries/inbound");
        let last = last.and_then(|entries| entries.as_array()?.last()?.pointer("/data/message"));
        assert_eq!(last, Some(&trace.cut_message().into()));
    }
}
