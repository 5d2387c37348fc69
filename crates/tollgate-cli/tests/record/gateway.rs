//! The program that is recorded, and the one that replays.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tollgate::Body;
use tollgate::hyper::HyperClient;
use tollgate::ports::{HttpClient as _, OutboundRequest};

/// `c2lnbmluZy…`
pub(super) const HMAC_KEY: &str = "c2lnbmluZy1rZXktb2YtdGhlLWdhdGV3YXktMTIzNDU2Nzg=";
const ENVIRONMENT: [(&str, &str); 5] = [
    ("RECORD_HMAC_KEY", HMAC_KEY),
    ("RECORD_FUNCTION_KEY", "hush-function-key"),
    ("RECORD_ENCODED_KEY", "hush/encoded+key="),
    ("RECORD_CLIENT_SECRET", "hush-client-secret"),
    ("RECORD_PASSWORD", "hush-password"),
];

/// A gateway that runs and is recorded.
pub(super) struct Served {
    pub(super) folder: TempDir,
    pub(super) mocks: SocketAddr,
    address: SocketAddr,
    child: Child,
    client: Arc<HyperClient>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

fn policy(inbound: &str, backend: &str, outbound: &str) -> String {
    format!(
        "<policies>\n<inbound><base />{inbound}</inbound>\n<backend>{backend}</backend>\n<outbound><base />{outbound}</outbound>\n<on-error><base /></on-error>\n</policies>\n"
    )
}

/// The gateway's files.
fn files(mocks: SocketAddr) -> Vec<(&'static str, String)> {
    let blog = |file: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/blog");
        read(&folder.join(file))
    };
    let forward = "<base />";
    let throttled = blog("throttle-by-appid.xml")
        .replace(
            "https://{{AZURE_OAI_SERVICE_NAME}}.openai.azure.com/openai",
            &format!("http://{mocks}/openai"),
        )
        .replace(
            "https://login.microsoftonline.com/{{TENANT_ID}}/v2.0",
            &format!("http://{mocks}/issuer"),
        )
        .replace(
            "https://sts.windows.net/{{TENANT_ID}}/",
            &format!("http://{mocks}/issuer"),
        );
    let mut files = vec![
        ("balanced.xml", blog("load-balance-random.xml")),
        ("throttled.xml", throttled),
        ("plain.xml", policy("", forward, "")),
        (
            "signed.xml",
            policy(
                "<validate-jwt query-parameter-name=\"token\"><issuer-signing-keys><key>{{hmac-key}}</key></issuer-signing-keys></validate-jwt>",
                forward,
                "",
            ),
        ),
        (
            "limited.xml",
            policy(
                "<rate-limit-by-key calls=\"2\" renewal-period=\"60\" counter-key=\"@(context.Request.Headers.GetValueOrDefault(\"X-Client\", \"\"))\" remaining-calls-header-name=\"x-left\" />",
                forward,
                "",
            ),
        ),
        (
            "cached.xml",
            policy(
                "<cache-lookup-value key=\"greeting\" variable-name=\"greeting\" default-value=\"none\" />
                 <cache-store-value key=\"greeting\" value=\"hello\" duration=\"300\" />
                 <set-header name=\"x-greeting\" exists-action=\"override\"><value>@((string)context.Variables[\"greeting\"])</value></set-header>
                 <cache-lookup vary-by-developer=\"false\" vary-by-developer-groups=\"false\" downstream-caching-type=\"public\" />",
                forward,
                "<cache-store duration=\"60\" />",
            ),
        ),
        (
            "enriched.xml",
            policy(
                &format!(
                    "<send-request mode=\"new\" response-variable-name=\"found\" timeout=\"10\">
                       <set-url>@(\"http://{mocks}/target/lookup?code={{{{encoded-key}}}}\")</set-url>
                       <set-method>GET</set-method>
                       <set-header name=\"x-functions-key\" exists-action=\"override\"><value>{{{{function-key}}}}</value></set-header>
                     </send-request>
                     <send-request mode=\"new\" response-variable-name=\"token\" timeout=\"10\">
                       <set-url>http://{mocks}/target/token</set-url>
                       <set-method>POST</set-method>
                       <set-header name=\"content-type\" exists-action=\"override\"><value>application/x-www-form-urlencoded</value></set-header>
                       <set-body>@(\"grant_type=client_credentials&amp;client_secret=\" + \"{{{{client-secret}}}}\")</set-body>
                     </send-request>
                     <set-variable name=\"region\" value=\"@((string)((IResponse)context.Variables[\"found\"]).Body.As&lt;JObject&gt;()[\"region\"])\" />
                     <set-header name=\"authorization\" exists-action=\"override\">
                       <value>@(\"Bearer \" + (string)((IResponse)context.Variables[\"token\"]).Body.As&lt;JObject&gt;()[\"access_token\"])</value>
                     </set-header>
                     <set-header name=\"x-at\" exists-action=\"override\"><value>@(DateTime.UtcNow.ToString(\"o\"))</value></set-header>
                     <set-body template=\"liquid\">order {{{{body.order.id}}}}: {{{{body.order.items[0]}}}} {{{{body.password}}}}</set-body>"
                ),
                forward,
                "<trace source=\"orders\" severity=\"information\"><message>@(\"to \" + context.Variables[\"region\"])</message></trace>",
            ),
        ),
        (
            "retried.xml",
            policy(
                "",
                "<retry condition=\"@(context.Response.StatusCode == 503)\" count=\"3\" interval=\"0\" first-fast-retry=\"true\"><forward-request buffer-request-body=\"true\" /></retry>",
                "",
            ),
        ),
        (
            "broken.xml",
            policy("<set-variable name=\"x\" value=\"@(((string)null).Length)\" />", forward, ""),
        ),
        ("guarded.xml", policy("", forward, "")),
        (
            "connected.xml",
            policy(
                "<get-authorization-context provider-id=\"p\" authorization-id=\"c\" context-variable-name=\"auth\" identity-type=\"managed\" />
                 <set-variable name=\"accessToken\" value=\"@(((Authorization)context.Variables[&quot;auth&quot;]).AccessToken)\" />
                 <set-variable name=\"secretNote\" value=\"hush-in-a-variable\" />
                 <set-header name=\"authorization\" exists-action=\"override\"><value>@(\"Bearer \" + (string)context.Variables[\"accessToken\"])</value></set-header>",
                forward,
                "",
            ),
        ),
        (
            "basic.xml",
            policy(
                "<authentication-basic username=\"gateway\" password=\"{{password}}\" />
                 <set-header name=\"api-key\" exists-action=\"override\"><value>hush-in-the-policy</value></set-header>",
                forward,
                "",
            ),
        ),
        (
            "random.xml",
            policy(
                "<set-header name=\"x-id\" exists-action=\"override\"><value>@(Guid.NewGuid().ToString())</value></set-header>
                 <set-header name=\"x-elapsed\" exists-action=\"override\"><value>@(context.Elapsed.Ticks.ToString())</value></set-header>
                 <set-header name=\"x-signature\" exists-action=\"override\"><value>@{ var key = Encoding.UTF8.GetBytes(\"{{client-secret}}\"); return Convert.ToBase64String(new HMACSHA256(key).ComputeHash(Encoding.UTF8.GetBytes(\"x\"))); }</value></set-header>
                 <set-header name=\"x-mac\" exists-action=\"override\"><value>@{ var key = Encoding.UTF8.GetBytes(\"{{client-secret}}\"); return Convert.ToBase64String(new HMACSHA256(key).ComputeHash(Encoding.UTF8.GetBytes(\"y\"))); }</value></set-header>",
                forward,
                "",
            ),
        ),
        (
            "slow.xml",
            policy(
                "",
                "<retry condition=\"@(context.Variables.GetValueOrDefault(\"n\", 0) &lt; 2)\" count=\"2\" interval=\"1\"><set-variable name=\"n\" value=\"@(context.Variables.GetValueOrDefault(\"n\", 0) + 1)\" /><forward-request /></retry>",
                "<set-header name=\"x-took\" exists-action=\"override\"><value>@(context.Elapsed.TotalMilliseconds.ToString())</value></set-header>",
            ),
        ),
    ];
    let mut config = format!(
        "listen = \"127.0.0.1:0\"
[named-values]
backend-url-1 = \"http://{mocks}/one\"
backend-url-2 = \"http://{mocks}/two\"
CLIENT_ID_APP1 = \"app-1\"
CLIENT_ID_APP2 = \"app-2\"
hmac-key = {{ env = \"RECORD_HMAC_KEY\" }}
function-key = {{ env = \"RECORD_FUNCTION_KEY\" }}
encoded-key = {{ env = \"RECORD_ENCODED_KEY\" }}
client-secret = {{ env = \"RECORD_CLIENT_SECRET\" }}
password = {{ env = \"RECORD_PASSWORD\" }}

[[connections]]
provider = \"p\"
id = \"c\"
token-endpoint = \"http://{mocks}/target/token\"
client-id = \"gateway\"
client-secret = {{ env = \"RECORD_CLIENT_SECRET\" }}

[[subscriptions]]
id = \"bob\"
key = {{ file = \"bob.key\" }}
product = \"starter\"

[[products]]
id = \"starter\"
apis = [\"guarded\"]
"
    );
    for (file, _) in &files {
        let id = file.trim_end_matches(".xml");
        config += &format!(
            "\n[[apis]]\nid = \"{id}\"\npath = \"{id}\"\nservice-url = \"http://{mocks}\"\npolicy = \"{file}\"\nsubscription-required = {}\n",
            id == "guarded"
        );
    }
    // Nothing listens on the port of discard.
    config += "\n[[apis]]\nid = \"unreachable\"\npath = \"unreachable\"\nservice-url = \"http://127.0.0.1:9\"\n";
    files.push(("gateway.toml", config));
    files.push(("bob.key", "hush-subscription-key\n".to_owned()));
    files
}

/// Starts a gateway that is recorded.
pub(super) async fn serve(arguments: &[&str]) -> Served {
    let mocks = super::mocks::start().await;
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files(mocks) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut child = command(folder.path(), arguments).spawn().unwrap();
    let mut first = String::new();
    let out = BufReader::new(child.stdout.take().unwrap()).read_line(&mut first);
    out.unwrap();
    let Some((_, address)) = first.trim().split_once("http://") else {
        let mut error = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut error)
            .unwrap();
        panic!("{first}{error}");
    };
    Served {
        address: address.parse().unwrap(),
        folder,
        mocks,
        child,
        client: Arc::new(HyperClient::new().unwrap()),
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command
        .current_dir(folder)
        .args([
            "serve",
            "gateway.toml",
            "--record",
            "recorded/exchanges.test.yaml",
        ])
        .args(arguments)
        .envs(ENVIRONMENT)
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    std::fs::create_dir_all(folder.join("recorded")).unwrap();
    command
}

impl Served {
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("recorded/exchanges.test.yaml")
    }

    async fn call(&self, request: http::request::Builder, body: Body) -> http::Response<Body> {
        let mut request = request.body(body).unwrap();
        let url = format!("http://{}{}", self.address, request.uri());
        *request.uri_mut() = url.parse().unwrap();
        let host = http::HeaderValue::try_from(self.address.to_string()).unwrap();
        request.headers_mut().insert("host", host);
        self.client
            .send(OutboundRequest::new(request))
            .await
            .unwrap()
    }

    /// Sends a request; head and text of the response.
    pub(super) async fn send(
        &self,
        request: http::request::Builder,
        body: Body,
    ) -> (http::response::Parts, String) {
        let (head, body) = self.call(request, body).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a stream to its end; how long its first piece took.
    pub(super) async fn stream(
        &self,
        request: http::request::Builder,
    ) -> (http::response::Parts, Duration) {
        let start = Instant::now();
        let (head, mut body) = self.call(request, Body::empty()).await.into_parts();
        body.frame().await.unwrap().unwrap();
        let first = start.elapsed();
        body.collect().await.unwrap();
        (head, first)
    }

    /// Goes away within a stream.
    pub(super) async fn stream_and_leave(&self, request: http::request::Builder) {
        let mut response = self.call(request, Body::empty()).await;
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    /// Tells the gateway to stop; what it said.
    pub(super) fn stop(&mut self) -> String {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }

    pub(super) fn kill(&mut self) {
        // It may be over already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Tries to record to the same file once more; what it says.
    pub(super) fn again(&self, arguments: &[&str]) -> String {
        let output = command(self.folder.path(), arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

/// What `tollgate test` said.
pub(super) struct Tested {
    pub(super) passed: bool,
    pub(super) text: String,
}

/// Runs the recorded tests, without the secrets in the environment.
pub(super) fn tests(served: &Served) -> Tested {
    tests_of(served, "")
}

pub(super) fn tests_of(served: &Served, filter: &str) -> Tested {
    std::fs::rename(
        served.folder.path().join("bob.key"),
        served.folder.path().join("gone"),
    )
    .ok();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.arg("test").arg(served.file());
    if !filter.is_empty() {
        command.args(["--filter", filter]);
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Tested {
        passed: output.status.success(),
        text: String::from_utf8(text).unwrap(),
    }
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
