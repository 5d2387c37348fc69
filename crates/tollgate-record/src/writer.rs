//! Writes tests of exchanges, each only if it passes.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use serde_json::{Value as Json, json};
use tollgate_config::Config;
use tollgate_testing::suite::{Failure, Mismatch, Options, Suite};

use crate::Summary;
use crate::draft::{Draft, Known};
use crate::recording::Taken;
use crate::yaml;

/// So many exchanges may wait to be written.
pub(crate) const QUEUE: usize = 256;
/// How often a test is made to ask for less.
const ROUNDS: usize = 3;

pub(crate) enum Message {
    Exchange(Box<Taken>),
    Finish(SyncSender<Summary>),
}

/// Where exchanges go that are over.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) queue: SyncSender<Message>,
    pub(crate) shared: Arc<Shared>,
}

/// What the gateway and the writer both look at.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Nothing more is recorded.
    pub(crate) full: AtomicBool,
    pub(crate) running: AtomicUsize,
    /// Exchanges that came faster than they could be written.
    pub(crate) lost: AtomicUsize,
}

impl Outbox {
    pub(crate) fn put(&self, taken: Taken) {
        let sent = self.queue.try_send(Message::Exchange(Box::new(taken)));
        if matches!(sent, Err(TrySendError::Full(_))) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.running.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(crate) struct Writer {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    /// The beginning of the file.
    pub(crate) head: String,
    pub(crate) config: Config,
    pub(crate) known: Known,
    pub(crate) shared: Arc<Shared>,
    pub(crate) length: u64,
    pub(crate) limit: u64,
    pub(crate) summary: Summary,
}

impl Writer {
    /// Writes what comes until it is told to finish.
    pub(crate) fn run(mut self, queue: &Receiver<Message>) {
        for message in queue {
            match message {
                Message::Exchange(taken) => self.exchange(&taken),
                Message::Finish(to) => {
                    let mut summary = self.summary;
                    summary.left_out += self.shared.lost.load(Ordering::Relaxed);
                    // Nobody may wait for it any more.
                    let _ = to.send(summary);
                    return;
                }
            }
        }
    }

    fn exchange(&mut self, taken: &Taken) {
        let passing = self
            .known
            .draft(taken, &self.config)
            .and_then(|draft| self.settle(draft));
        let (text, is_test) = match passing {
            Ok(draft) => {
                let notes: String = draft.notes.iter().map(|note| comment(note)).collect();
                (notes + &yaml::test(&draft.test), true)
            }
            Err(reason) => {
                let title = self.known.title(taken);
                let reason = self.known.masks.input(&reason);
                (comment(&format!("Left out, {title}: {reason}.")), false)
            }
        };
        let text = match self.summary.written {
            0 if is_test => format!("tests:\n{text}"),
            _ => text,
        };
        match self.append(&text) {
            true if is_test => self.summary.written += 1,
            _ => self.summary.left_out += 1,
        }
    }

    /// Appends all of it, or nothing.
    fn append(&mut self, text: &str) -> bool {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.length.saturating_add(length) > self.limit {
            if !self.shared.full.swap(true, Ordering::AcqRel) {
                tracing::warn!(file = %self.path.display(), "the recording is as long as it may be; serving goes on");
            }
            return false;
        }
        let written = self.file.write_all(text.as_bytes());
        match written.and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += length;
                true
            }
            Err(error) => {
                tracing::error!(%error, file = %self.path.display(), "the recording could not be written");
                // Half a test would spoil those before it.
                if let Err(error) = self.file.set_len(self.length) {
                    tracing::error!(%error, "nor could its end be taken away");
                    self.shared.full.store(true, Ordering::Release);
                }
                false
            }
        }
    }

    /// A test that passes: what does not come out the same, and need not, is not held to.
    fn settle(&self, mut draft: Draft) -> Result<Draft, String> {
        let mut mismatches = self.replay(&draft.test)?;
        // What the issuer has not signed is refused for that: then somebody else has.
        if draft.has_tokens && mismatches.iter().any(|one| one.what == "status") {
            let mut forged = draft.test.clone();
            let jwts = forged
                .pointer_mut("/request/jwt")
                .and_then(Json::as_array_mut);
            for jwt in jwts.into_iter().flatten().filter_map(Json::as_object_mut) {
                jwt.entry("signed-by").or_insert_with(|| "stranger".into());
                jwt.remove("secret");
            }
            let others = self.replay(&forged)?;
            if !others.iter().any(|one| one.what == "status") {
                draft.test = forged;
                mismatches = others;
            }
        }
        let mut relaxed = Vec::new();
        for _ in 0..ROUNDS {
            if mismatches.is_empty() {
                if !relaxed.is_empty() {
                    draft.notes.push(format!(
                        "Not the same in a replay, so not held to: {}",
                        relaxed.join(", ")
                    ));
                }
                return Ok(draft);
            }
            for one in &mismatches {
                if !relax(&mut draft.test, &one.what) {
                    return Err(different(one));
                }
                if !relaxed.contains(&one.what) {
                    relaxed.push(one.what.clone());
                }
            }
            mismatches = self.replay(&draft.test)?;
        }
        mismatches
            .first()
            .map_or(Ok(draft), |one| Err(different(one)))
    }

    /// Runs a test; what does not come out the same.
    fn replay(&self, test: &Json) -> Result<Vec<Mismatch>, String> {
        let text = format!("{}tests:\n{}", self.head, yaml::test(test));
        let suite = Suite::parse(&self.path, &text).map_err(|errors| {
            let errors = errors.iter().map(|error| error.message.clone());
            errors.collect::<Vec<_>>().join("; ")
        })?;
        let case = suite.tests.first().ok_or("there is no test")?;
        // What it logs has been logged before.
        let silent = tracing::subscriber::NoSubscriber::default();
        let outcome =
            tracing::subscriber::with_default(silent, || suite.run(case, &Options::default()));
        match outcome.failure {
            None => Ok(Vec::new()),
            Some(Failure::Error(error)) => Err(error),
            Some(Failure::Mismatches { mismatches, .. }) => Ok(mismatches
                .into_iter()
                .map(|(_, mismatch)| mismatch)
                .collect()),
        }
    }
}

fn different(mismatch: &Mismatch) -> String {
    let Mismatch {
        what,
        expected,
        actual,
    } = mismatch;
    match &**what {
        // Short, and without a secret.
        "status" => format!("a replay gives status {actual}, not {expected}"),
        "backend-calls" => {
            let count = actual.lines().next().unwrap_or_default();
            format!("a replay makes {count} calls of the backend, not {expected}")
        }
        _ => format!("in a replay `{what}` is different"),
    }
}

/// Has a test ask for less at this place; whether it may. What the client gets and whom the backend is must be the same.
fn relax(test: &mut Json, what: &str) -> bool {
    let Some(expect) = test.get_mut("expect").and_then(Json::as_object_mut) else {
        return false;
    };
    let (message, rest) = match what.strip_prefix("backend-calls[") {
        None => (expect, what),
        Some(rest) => {
            let Some((index, rest)) = rest.split_once("].") else {
                return false;
            };
            let call = index.parse().ok().and_then(|index: usize| {
                let calls = expect.get_mut("backend-calls")?.as_array_mut()?;
                calls.get_mut(index)?.as_object_mut()
            });
            let Some(call) = call else { return false };
            (call, rest)
        }
    };
    if let Some(name) = rest.strip_prefix("headers.") {
        let headers = message.get_mut("headers").and_then(Json::as_object_mut);
        let header = headers.and_then(|headers| headers.get_mut(name));
        // One that is not there at all must not be asked for.
        let Some(header) = header else { return false };
        match header.get("absent") {
            None => *header = json!({"absent": false}),
            Some(_) => return false,
        }
        return true;
    }
    if let Some(name) = rest.strip_prefix("variables.") {
        let variables = message.get_mut("variables").and_then(Json::as_object_mut);
        return variables.is_some_and(|variables| variables.shift_remove(name).is_some());
    }
    if let Some(field) = rest.strip_prefix("last-error.") {
        let error = message.get_mut("last-error").and_then(Json::as_object_mut);
        return field == "reason" && error.is_some_and(|error| error.shift_remove(field).is_some());
    }
    let list = rest.split('[').next().unwrap_or_default();
    match list {
        "body" | "base64" | "events" | "metrics" | "trace" => message.shift_remove(list).is_some(),
        _ => false,
    }
}

/// Text as a comment, before a test.
fn comment(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  # {line}\n"));
    lines.collect()
}

/// The path of a file as one in a folder has it.
pub(crate) fn relative(file: &Path, folder: &Path) -> PathBuf {
    let (own, other): (Vec<_>, Vec<_>) =
        (file.components().collect(), folder.components().collect());
    let same = own
        .iter()
        .zip(&other)
        .take_while(|(one, other)| one == other)
        .count();
    if same == 0 {
        return file.to_owned();
    }
    let up = other.iter().skip(same).map(|_| Path::new(".."));
    let down = own
        .iter()
        .skip(same)
        .map(|part| Path::new(part.as_os_str()));
    up.chain(down).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_one_folder_to_another() {
        for (file, folder, path) in [
            ("/a/b/c.toml", "/a/b", "c.toml"),
            ("/a/b/c.toml", "/a/b/d/e", "../../c.toml"),
            ("/a/c.toml", "/b", "../a/c.toml"),
        ] {
            assert_eq!(
                relative(Path::new(file), Path::new(folder)),
                Path::new(path)
            );
        }
    }

    #[test]
    fn only_what_need_not_be_the_same_is_given_up() {
        let expect = json!({
            "status": 200, "body": "a", "headers": {"x": "1"}, "variables": {"v": 1},
            "backend-calls": [{"url": "u", "headers": {"y": "1"}}], "last-error": {"source": "s", "reason": "r"},
        });
        let mut test = json!({"expect": expect});
        for what in [
            "status",
            "backend-calls",
            "backend-calls[0].url",
            "backend-calls[0].method",
            "headers.z",
            "last-error.source",
        ] {
            assert!(!relax(&mut test, what), "{what}");
        }
        for what in [
            "body",
            "headers.x",
            "variables.v",
            "backend-calls[0].headers.y",
            "last-error.reason",
        ] {
            assert!(relax(&mut test, what), "{what}");
            assert!(!relax(&mut test, what), "{what} once more");
        }
        let left = json!({
            "status": 200, "headers": {"x": {"absent": false}}, "variables": {},
            "backend-calls": [{"url": "u", "headers": {"y": {"absent": false}}}], "last-error": {"source": "s"},
        });
        assert_eq!(test, json!({"expect": left}));
    }
}
