//! The server: takes messages in turn, and looks at changed documents when nothing else is waiting.

mod capabilities;
mod requests;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidChangeWorkspaceFolders, DidCloseTextDocument,
    DidOpenTextDocument, DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, InitializeParams, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tollgate_syntax::DocumentKind;

use crate::documents::Documents;
use crate::position::Encoding;
use crate::transport::{self, Incoming};
use crate::workspace::Workspace;
use crate::{Ended, Options, diagnostics, uri};

/// How long after a change a document is looked at, unless another one follows.
const QUIET: Duration = Duration::from_millis(150);
/// How long changes may put that off.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// How many messages are taken in before the first is answered: among them a request may be cancelled.
const MAX_QUEUE: usize = 1_000;

/// Where the server stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Running,
    ShutDown,
}

/// A document that is to be looked at.
#[derive(Debug, Clone, Copy)]
struct Due {
    since: Instant,
    at: Instant,
}

pub(crate) struct Server<W> {
    output: W,
    stage: Stage,
    encoding: Encoding,
    snippets: bool,
    watches: bool,
    documents: Documents,
    workspace: Workspace,
    queue: VecDeque<Incoming>,
    due: HashMap<Uri, Due>,
}

type Answer = Result<Json, (ErrorCode, String)>;

impl<W: Write> Server<W> {
    pub(crate) fn new(output: W, options: Options) -> Self {
        Self {
            output,
            stage: Stage::New,
            encoding: Encoding::default(),
            snippets: false,
            watches: false,
            documents: Documents::default(),
            workspace: Workspace::new(options.catalog),
            queue: VecDeque::new(),
            due: HashMap::new(),
        }
    }

    pub(crate) fn run(mut self, input: &Receiver<Incoming>) -> io::Result<Ended> {
        loop {
            while self.queue.len() < MAX_QUEUE
                && let Ok(incoming) = input.try_recv()
            {
                self.take(incoming);
            }
            if let Some(incoming) = self.queue.pop_front() {
                if let Some(ended) = self.handle(incoming)? {
                    return Ok(ended);
                }
                continue;
            }
            match input.recv_timeout(self.until_due()) {
                Ok(incoming) => self.take(incoming),
                Err(RecvTimeoutError::Timeout) => self.publish_one()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(self.ended()),
            }
        }
    }

    fn ended(&self) -> Ended {
        match self.stage {
            Stage::ShutDown => Ended::Properly,
            Stage::New | Stage::Running => Ended::Abruptly,
        }
    }

    /// Puts a message into the queue; one that cancels another is done at once.
    fn take(&mut self, incoming: Incoming) {
        if let Incoming::Message(Message::Notification(it)) = &incoming
            && it.method == "$/cancelRequest"
        {
            let id = serde_json::from_value(it.params.get("id").cloned().unwrap_or_default());
            let Ok(id): Result<RequestId, _> = id else {
                return;
            };
            for waiting in &mut self.queue {
                if matches!(waiting, Incoming::Message(Message::Request(it)) if it.id == id) {
                    let code = ErrorCode::RequestCanceled as i32;
                    let answer = Response::new_err(id, code, "cancelled".to_owned());
                    *waiting = Incoming::Message(Message::Response(answer));
                    return;
                }
            }
            return;
        }
        // What an editor answers is of no interest; an answer in the queue is one to be sent.
        if !matches!(incoming, Incoming::Message(Message::Response(_))) {
            self.queue.push_back(incoming);
        }
    }

    fn handle(&mut self, incoming: Incoming) -> io::Result<Option<Ended>> {
        match incoming {
            Incoming::Malformed(why) => transport::write_malformed(&why, &mut self.output)?,
            Incoming::Message(Message::Response(answer)) => {
                self.send(Message::Response(answer))?;
            }
            Incoming::Message(Message::Notification(it)) if it.method == "exit" => {
                return Ok(Some(self.ended()));
            }
            Incoming::Message(Message::Notification(it)) => self.notified(it)?,
            Incoming::Message(Message::Request(it)) => {
                let id = it.id.clone();
                let answer = match self.answer(it) {
                    Ok(result) => Response::new_ok(id, result),
                    Err((code, message)) => Response::new_err(id, code as i32, message),
                };
                self.send(Message::Response(answer))?;
            }
        }
        Ok(None)
    }

    fn answer(&mut self, request: Request) -> Answer {
        let refuse = |code, message: &str| Err((code, message.to_owned()));
        match (self.stage, request.method.as_str()) {
            (Stage::New, "initialize") => {
                let params = parameters(request.params)?;
                self.initialize(params)
            }
            (Stage::New, _) => refuse(ErrorCode::ServerNotInitialized, "`initialize` comes first"),
            (_, "initialize") => refuse(ErrorCode::InvalidRequest, "it is initialized already"),
            (Stage::ShutDown, _) => refuse(ErrorCode::InvalidRequest, "it is shut down"),
            (Stage::Running, "shutdown") => {
                self.stage = Stage::ShutDown;
                Ok(Json::Null)
            }
            (Stage::Running, _) => {
                self.workspace.refresh(&self.documents);
                requests::answer(self, request)
            }
        }
    }

    fn initialize(&mut self, params: InitializeParams) -> Answer {
        let capabilities = &params.capabilities;
        let general = capabilities.general.as_ref();
        self.encoding =
            Encoding::negotiate(general.and_then(|it| it.position_encodings.as_deref()));
        self.snippets = (capabilities.text_document.as_ref())
            .and_then(|it| {
                it.completion
                    .as_ref()?
                    .completion_item
                    .as_ref()?
                    .snippet_support
            })
            .unwrap_or(false);
        self.watches = (capabilities.workspace.as_ref())
            .and_then(|it| it.did_change_watched_files?.dynamic_registration)
            .unwrap_or(false);
        #[expect(
            deprecated,
            reason = "editors that know no workspace folders send this"
        )]
        let root = params.root_uri.as_ref().and_then(uri::to_path);
        let folders: Vec<PathBuf> = match &params.workspace_folders {
            Some(folders) => folders
                .iter()
                .filter_map(|it| uri::to_path(&it.uri))
                .collect(),
            None => root.into_iter().collect(),
        };
        for folder in folders {
            self.workspace.add_folder(folder);
        }
        self.stage = Stage::Running;
        let result = capabilities::all(self.encoding);
        serde_json::to_value(result).map_err(|it| (ErrorCode::InternalError, it.to_string()))
    }

    fn notified(&mut self, it: Notification) -> io::Result<()> {
        if self.stage != Stage::Running {
            return Ok(());
        }
        // A notification has no answer: one that cannot be read is passed over.
        match it.method.as_str() {
            "initialized" if self.watches => self.watch_files()?,
            DidOpenTextDocument::METHOD => {
                if let Ok(it) = parameters::<DidOpenTextDocumentParams>(it.params) {
                    let uri = it.text_document.uri.clone();
                    self.documents.open(it.text_document);
                    self.changed(&uri);
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Ok(it) = parameters::<DidChangeTextDocumentParams>(it.params) {
                    let (uri, version) = (it.text_document.uri, it.text_document.version);
                    let encoding = self.encoding;
                    self.documents
                        .change(&uri, version, it.content_changes, encoding);
                    self.changed(&uri);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Ok(it) = parameters::<DidCloseTextDocumentParams>(it.params) {
                    let uri = it.text_document.uri;
                    self.due.remove(&uri);
                    if self.documents.close(&uri) {
                        self.publish(uri, None, Vec::new())?;
                    }
                }
            }
            DidChangeWorkspaceFolders::METHOD => {
                if let Ok(it) = parameters::<DidChangeWorkspaceFoldersParams>(it.params) {
                    for folder in it
                        .event
                        .removed
                        .iter()
                        .filter_map(|it| uri::to_path(&it.uri))
                    {
                        self.workspace.remove_folder(&folder);
                    }
                    for folder in it.event.added.iter().filter_map(|it| uri::to_path(&it.uri)) {
                        self.workspace.add_folder(folder);
                    }
                    self.all_changed();
                }
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.workspace.touch();
                self.all_changed();
            }
            _ => {}
        }
        Ok(())
    }

    /// A document is to be looked at, and if it is a fragment those that may include it.
    fn changed(&mut self, uri: &Uri) {
        match self.documents.get(uri).map(|document| document.kind()) {
            Some(DocumentKind::Fragment) => self.all_changed(),
            Some(_) => self.put_off(uri.clone()),
            None => {}
        }
    }

    fn all_changed(&mut self) {
        let all: Vec<Uri> = self.documents.all().map(|it| it.uri.clone()).collect();
        all.into_iter().for_each(|uri| self.put_off(uri));
    }

    fn put_off(&mut self, uri: Uri) {
        let now = Instant::now();
        let due = self.due.entry(uri).or_insert(Due {
            since: now,
            at: now,
        });
        due.at = (now + QUIET).min(due.since + PATIENCE);
    }

    fn until_due(&self) -> Duration {
        let next = self.due.values().map(|due| due.at).min();
        // Without any, some time passes to no end.
        next.map_or(Duration::from_secs(3600), |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    /// Looks at the document that is due first, if it is.
    fn publish_one(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let due = self.due.iter().filter(|(_, due)| due.at <= now);
        let Some(uri) = due
            .min_by_key(|(_, due)| due.at)
            .map(|(uri, _)| uri.clone())
        else {
            return Ok(());
        };
        self.due.remove(&uri);
        self.workspace.refresh(&self.documents);
        let Some(document) = self.documents.get(&uri) else {
            return Ok(());
        };
        let found = diagnostics::of(document, &self.workspace, self.encoding);
        let version = document.version;
        self.publish(uri, Some(version), found)
    }

    fn publish(
        &mut self,
        uri: Uri,
        version: Option<i32>,
        found: Vec<lsp_types::Diagnostic>,
    ) -> io::Result<()> {
        let params = PublishDiagnosticsParams::new(uri, found, version);
        let method = PublishDiagnostics::METHOD.to_owned();
        self.send(Message::Notification(Notification::new(method, params)))
    }

    fn watch_files(&mut self) -> io::Result<()> {
        let request = capabilities::watch_files();
        self.send(Message::Request(request))
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        transport::write(&message, &mut self.output)
    }
}

/// The parameters of a message.
fn parameters<P: DeserializeOwned>(params: Json) -> Result<P, (ErrorCode, String)> {
    serde_json::from_value(params).map_err(|it| (ErrorCode::InvalidParams, it.to_string()))
}
