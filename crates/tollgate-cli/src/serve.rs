//! `tollgate serve`: a gateway from one file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tollgate::syntax::render;
use tollgate::{BuildError, Gateway};
use tollgate_config::Config;
use tollgate_record::{RecordError, Recorder, Settings, Summary};

use crate::demo;

/// Runs a gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
A configuration file:

  listen = \"127.0.0.1:8080\"
  policy = \"global.xml\"                     # for all APIs; optional

  [named-values]
  tenant = \"contoso\"
  api-key = { env = \"API_KEY\" }             # secrets come from the environment or a file

  [backends]
  orders = \"https://orders.example\"
  both = { members = [{ id = \"east\", weight = 3 }, { id = \"west\" }], session-affinity = \"SessionId\" }
  west = \"https://west.example\"

  [backends.east]
  url = \"https://east.example\"
  headers = { api-key = { env = \"EAST_KEY\" } }
  circuit-breaker = { failures = 3, interval = 60, status-codes = [\"429\", \"500-599\"], trip = 30, accept-retry-after = true }

  [certificates]
  client = { pfx = \"client.pfx\", password = { env = \"CLIENT_PASSWORD\" } }
  signer = { pem = \"signer.pem\" }

  [[connections]]                           # for get-authorization-context
  provider = \"github\"
  id = \"bot\"
  token-endpoint = \"https://github.com/login/oauth/access_token\"
  client-id = \"gateway\"
  client-secret = { env = \"GITHUB_SECRET\" }

  [event-hubs]                              # for log-to-eventhub, by logger-id
  usage = { connection-string = { env = \"USAGE_HUB\" } }

  [[apis]]
  id = \"orders\"
  path = \"orders\"
  service-url = \"https://orders.example\"
  openapi = \"orders.json\"                  # for validate-content and the like; optional
  policy = \"orders.xml\"
  operations = [{ method = \"GET\", url-template = \"/{id}\", policy = \"get-order.xml\" }]

  [[apis]]                                  # answered by the resolvers of its fields
  id = \"people\"
  path = \"people\"
  graphql = \"people.graphql\"
  resolvers = [{ type = \"Query\", field = \"user\", policy = \"user.xml\" }]

Without operations an API takes every method and path. Tokens of managed identities come from IDENTITY_ENDPOINT and
IDENTITY_HEADER where they are set, or else from the instance metadata service. `tollgate serve demo` needs no file: it starts two backends and
shares requests between them as the blog's load-balance-random.xml says.")]
pub(crate) struct Arguments {
    /// The configuration file, or `demo`.
    config: PathBuf,
    /// Listen here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    record: RecordArguments,
}

#[derive(Debug, Args)]
struct RecordArguments {
    /// Record the exchanges as tests, for `tollgate test`: with the answers of backends, the time, caches and counters as
    /// they were. Secrets and tokens are replaced by made-up ones. The file must not be there already.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Replace the file that is recorded to.
    #[arg(long, requires = "record")]
    record_overwrite: bool,
    /// Record so many exchanges.
    #[arg(long, value_name = "N", requires = "record", default_value_t = 100)]
    record_limit: usize,
    /// Record at most so many bytes in all.
    #[arg(long, value_name = "BYTES", requires = "record", default_value_t = 16 << 20)]
    record_bytes: u64,
    /// Leave exchanges out that have a body of more bytes than that.
    #[arg(long, value_name = "BYTES", requires = "record", default_value_t = 64 << 10)]
    record_body: usize,
}

impl RecordArguments {
    /// Begins a recording, if one is asked for.
    fn recorder(
        &self,
        gateway: &Gateway,
        config: &Path,
    ) -> Result<Option<Arc<Recorder>>, RecordError> {
        let Some(file) = &self.record else {
            return Ok(None);
        };
        let mut settings = Settings::new(file);
        settings.overwrite = self.record_overwrite;
        settings.exchanges = self.record_limit;
        settings.bytes = self.record_bytes;
        settings.body = self.record_body;
        let recorder = Recorder::new(gateway.clone(), config, settings)?;
        eprintln!(
            "recording up to {} exchanges to {}, without their secrets",
            self.record_limit,
            file.display()
        );
        Ok(Some(Arc::new(recorder)))
    }
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let is_demo = arguments.config == Path::new("demo");
    if is_demo && arguments.record.record.is_some() {
        return Err("the demo cannot be recorded: tests name a configuration file".into());
    }
    let (builder, listen) = if is_demo {
        (Gateway::builder().catalog(demo::start().await?), None)
    } else {
        let config = Config::read(&arguments.config)?;
        let folder = arguments.config.parent().unwrap_or(Path::new(""));
        (config.builder(folder)?, config.listen)
    };
    let gateway = match builder.build() {
        Ok(gateway) => gateway,
        Err(BuildError::Load(errors)) => {
            let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
            for diagnostic in &errors.diagnostics {
                eprintln!("{}\n", render(diagnostic, &errors.sources, color));
            }
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    let default = SocketAddr::from(([127, 0, 0, 1], 8080));
    let listen = arguments.listen.or(listen).unwrap_or(default);
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("cannot listen on {listen}: {error}; `--listen 127.0.0.1:0` takes any free port")
    })?;
    let address = listener.local_addr()?;
    let recorder = arguments.record.recorder(&gateway, &arguments.config)?;
    let stop = stop()?;
    println!("tollgate listens on http://{address}");
    if is_demo {
        println!("try:  for i in 1 2 3 4 5 6; do curl -s http://{address}/hello; done");
    }
    let Some(recorder) = recorder else {
        tollgate::hyper::serve(listener, gateway, stop).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let recording = Arc::clone(&recorder);
    let answer = move |request, peer| {
        let recorder = Arc::clone(&recording);
        async move { recorder.handle(request, peer).await }
    };
    tollgate::hyper::serve_with(listener, answer, stop).await?;
    let Summary { written, left_out } =
        tokio::task::spawn_blocking(move || recorder.finish()).await?;
    let file = arguments.record.record.as_deref().unwrap_or(Path::new(""));
    eprintln!(
        "{written} exchanges were recorded, {left_out} left out; replay them: tollgate test {}",
        file.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Ends when the process is told to stop: Ctrl-C, or SIGTERM. From this call on these no longer end it by themselves.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the process is told to stop: Ctrl-C.
#[cfg(not(unix))]
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler Ctrl-C ends the process, which is as good.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
