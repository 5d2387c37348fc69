//! Traces as people and tools see them: all of it, to the letter.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use tollgate::{Api, Catalog, Gateway, GatewayBuilder, Source, Subscription, SubscriptionScope};
use tollgate_testing::{Answer, PolicyTest, Seen, World};

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: Some(body.into()),
        ..Answer::default()
    }
}

fn world() -> World {
    World::default()
        .answer(
            "https://backend.test/*",
            [answer(503, ""), answer(200, "hello")],
        )
        .answer("https://own.test/*", [answer(200, "hello")])
        .answer(
            "https://users.test/*",
            [answer(
                200,
                r#"{"name": "Ada", "access_token": "tok-5ec2e7"}"#,
            )],
        )
}

fn builder(policy: &str) -> GatewayBuilder {
    let api = Api::new("api").service_url("https://backend.test");
    Gateway::builder().api(api.policy(Source::new("p.xml", policy)))
}

fn run(builder: GatewayBuilder, request: http::Request<&'static str>) -> Seen {
    let mut test = PolicyTest::new(builder, &world()).unwrap_or_else(|error| panic!("{error}"));
    test.send(request).unwrap()
}

fn get() -> http::Request<&'static str> {
    http::Request::get("https://gateway.test/orders?a=1")
        .body("")
        .unwrap()
}

/// Sections one below the other, an element a line.
const CHANGES: &str = r#"<policies>
<inbound>
<set-variable name="n" value="@(1 + context.Request.Method.Length)" />
<set-variable name="n" value="five" />
<set-header name="X-New" exists-action="override"><value>1</value></set-header>
<set-header name="X-Old" exists-action="override"><value>2</value></set-header>
<set-header name="X-Gone" exists-action="delete" />
<set-method>POST</set-method>
<rewrite-uri template="/items" copy-unmatched-params="true" />
<set-query-parameter name="b" exists-action="override"><value>2</value></set-query-parameter>
<set-body>hello</set-body>
<set-backend-service base-url="https://own.test/base" />
</inbound>
<backend><forward-request /></backend>
<outbound>
<set-status code="202" reason="Taken" />
<set-body>@(context.Response.Body.As<string>() + "!")</set-body>
<set-header name="X-Answer" exists-action="append"><value>a</value></set-header>
<set-header name="X-Answer" exists-action="append"><value>b</value></set-header>
</outbound>
<on-error />
</policies>"#;

#[test]
fn each_kind_of_change_is_told() {
    let mut request = get();
    for (name, value) in [("x-old", "1"), ("x-gone", "1")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let seen = run(builder(CHANGES), request);
    insta::assert_snapshot!(seen.tree(), @r###"
    gateway
      > GET https://gateway.test/orders?a=1
        x-old: 1
        x-gone: 1
        host: gateway.test
      the API at /
      ~ request url = https://backend.test/orders?a=1  (was https://gateway.test/orders?a=1)
    inbound
      set-variable[1]  (p.xml:3)
        1 + context.Request.Method.Length = 4
          context.Request.Method.Length = 3
            context.Request.Method = "GET"
        + variable n = 4
      set-variable[2]  (p.xml:4)
        ~ variable n = "five"  (was 4)
      set-header[1]  (p.xml:5)
        + request header x-new = 1
      set-header[2]  (p.xml:6)
        ~ request header x-old = 2  (was 1)
      set-header[3]  (p.xml:7)
        - request header x-gone  (was 1)
      set-method[1]  (p.xml:8)
        ~ request method = POST  (was GET)
      rewrite-uri[1]  (p.xml:9)
        ~ request url = https://backend.test/items?a=1  (was https://backend.test/orders?a=1)
      set-query-parameter[1]  (p.xml:10)
        ~ request url = https://backend.test/items?a=1&b=2  (was https://backend.test/items?a=1)
      set-body[1]  (p.xml:11)
        + request body = 5 bytes: hello
      set-backend-service[1]  (p.xml:12)
        The backend service was set.  url: https://own.test/base/items?a=1&b=2
        ~ request url = https://own.test/base/items?a=1&b=2  (was https://backend.test/items?a=1&b=2)
    backend
      forward-request[1]  (p.xml:14)
        Request is being forwarded to the backend service. Timeout set to 300 seconds
        > POST https://own.test/base/items?a=1&b=2
        < 200 OK
        + response body = 5 bytes: hello
    outbound
      set-status[1]  (p.xml:16)
        ~ response status = 202 Taken  (was 200 OK)
      set-body[1]  (p.xml:17)
        context.Response.Body.As<string>() + "!" = hello!
          context.Response.Body.As<string>() = "hello"
        ~ response body = 6 bytes: hello!  (was 5 bytes: hello)
      set-header[1]  (p.xml:18)
        + response header x-answer = a
      set-header[2]  (p.xml:19)
        ~ response header x-answer = a, b  (was a)
    gateway
      < 202 Taken
        x-answer: a, b
    "###);
    let json = seen.trace.as_ref().unwrap().to_apim();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["traceEntries"]["outbound"]).unwrap(), @r###"
    [
      {
        "source": "set-status",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": [
            "The response status was changed from 200 OK to 202 Taken"
          ],
          "changes": [
            {
              "what": "response-status",
              "from": "200 OK",
              "to": "202 Taken"
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-status[1]",
            "file": "p.xml",
            "line": 16
          }
        }
      },
      {
        "source": "set-status",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "The policy has ended.",
          "spent": "00:00:00.0000000",
          "flow": "next",
          "place": {
            "scope": "api",
            "path": "set-status[1]",
            "file": "p.xml",
            "line": 16
          }
        }
      },
      {
        "source": "set-body",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "Expression was successfully evaluated.",
          "expression": "context.Response.Body.As<string>() + \"!\"",
          "value": "hello!",
          "parts": [
            {
              "expression": "context.Response.Body.As<string>()",
              "values": [
                "\"hello\""
              ],
              "times": 1,
              "depth": 0,
              "is_condition": false
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-body[1]",
            "file": "p.xml",
            "line": 17
          }
        }
      },
      {
        "source": "set-body",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": [
            "The response body was changed from 5 bytes: hello to 6 bytes: hello!"
          ],
          "changes": [
            {
              "what": "response-body",
              "from": "5 bytes: hello",
              "to": "6 bytes: hello!"
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-body[1]",
            "file": "p.xml",
            "line": 17
          }
        }
      },
      {
        "source": "set-body",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "The policy has ended.",
          "spent": "00:00:00.0000000",
          "flow": "next",
          "place": {
            "scope": "api",
            "path": "set-body[1]",
            "file": "p.xml",
            "line": 17
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": [
            "The response header x-answer was set to a"
          ],
          "changes": [
            {
              "what": "response-header",
              "name": "x-answer",
              "from": null,
              "to": "a"
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-header[1]",
            "file": "p.xml",
            "line": 18
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "The policy has ended.",
          "spent": "00:00:00.0000000",
          "flow": "next",
          "place": {
            "scope": "api",
            "path": "set-header[1]",
            "file": "p.xml",
            "line": 18
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": [
            "The response header x-answer was changed from a to a, b"
          ],
          "changes": [
            {
              "what": "response-header",
              "name": "x-answer",
              "from": "a",
              "to": "a, b"
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-header[2]",
            "file": "p.xml",
            "line": 19
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "The policy has ended.",
          "spent": "00:00:00.0000000",
          "flow": "next",
          "place": {
            "scope": "api",
            "path": "set-header[2]",
            "file": "p.xml",
            "line": 19
          }
        }
      },
      {
        "source": "transfer-response",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "response": {
            "status": {
              "code": 202,
              "reason": "Taken"
            },
            "headers": [
              {
                "name": "x-answer",
                "value": "a, b"
              }
            ]
          }
        }
      }
    ]
    "###);
    assert_eq!(json["serviceName"], "tollgate");
    assert_eq!(json["traceId"], "00000000-0000-0000-0000-000000000001");
    let inbound = json["traceEntries"]["inbound"].as_array().unwrap();
    assert_eq!(
        inbound[0]["data"]["request"]["url"],
        "https://gateway.test/orders?a=1"
    );
}

const NESTED: &str = r#"<policies>
<inbound>
<include-fragment fragment-id="region" />
<send-request mode="new" response-variable-name="user">
<set-url>https://users.test/me</set-url>
</send-request>
<choose>
<when condition="@(context.Request.Headers.ContainsKey("X-Out") && context.Request.Method == "GET")">
<return-response><set-status code="418" reason="Teapot" /></return-response>
</when>
<otherwise>
<choose>
<when condition="@(context.Request.Headers.ContainsKey("X-Bad"))">
<set-variable name="bad" value="@(int.Parse("x"))" />
</when>
</choose>
</otherwise>
</choose>
</inbound>
<backend>
<retry condition="@(context.Response.StatusCode == 503)" count="2" interval="5">
<forward-request />
</retry>
</backend>
<outbound />
<on-error>
<set-header name="X-Reason"><value>@(context.LastError.Reason)</value></set-header>
</on-error>
</policies>"#;

fn nested(header: &'static str) -> Seen {
    let fragment = r#"<fragment><choose><when condition="@(context.Deployment.Region == "local")"><set-variable name="region" value="here" /></when></choose></fragment>"#;
    let builder = builder(NESTED).fragment("region", Source::new("region.xml", fragment));
    let mut request = get();
    request.headers_mut().insert(header, "1".parse().unwrap());
    run(builder, request)
}

#[test]
fn what_is_nested_is_told_where_it_stands() {
    insta::assert_snapshot!(nested("x-none").tree(), @r###"
    gateway
      > GET https://gateway.test/orders?a=1
        x-none: 1
        host: gateway.test
      the API at /
      ~ request url = https://backend.test/orders?a=1  (was https://gateway.test/orders?a=1)
    inbound
      choose[1]  (region.xml:1)
        context.Deployment.Region == "local" = True
          context.Deployment.Region = "local"
        when[1] is taken  (region.xml:1)
          set-variable[1]  (region.xml:1)
            + variable region = "here"
      send-request[1]  (p.xml:4)
        Request is being sent. Timeout set to 60 seconds
        > GET https://users.test/me
        < 200 OK
        + variable user = Tollgate.IResponse
      choose[1]  (p.xml:7)
        context.Request.Headers.ContainsKey("X-Out") && context.Request.Method == "GET" = False
          context.Request.Headers.ContainsKey("X-Out") = false
          context.Request.Method == "GET" was not asked
        when[1] is not taken  (p.xml:8)
        otherwise[1] is taken  (p.xml:11)
          choose[1]  (p.xml:12)
            context.Request.Headers.ContainsKey("X-Bad") = False
            when[1] is not taken  (p.xml:13)
    backend
      retry[1]  (p.xml:21)  5s
        forward-request[1]  (p.xml:22)
          Request is being forwarded to the backend service. Timeout set to 300 seconds
          > GET https://backend.test/orders?a=1
          < 503 Service Unavailable
          ~ response status = 503 Service Unavailable  (was 200 OK)
        context.Response.StatusCode == 503 = True
          context.Response.StatusCode = 503
        Run 2 of at most 3 comes after 5s.
        forward-request[1]  (p.xml:22)
          Request is being forwarded to the backend service. Timeout set to 300 seconds
          > GET https://backend.test/orders?a=1
          < 200 OK
          ~ response status = 200 OK  (was 503 Service Unavailable)
          + response body = 5 bytes: hello
        context.Response.StatusCode == 503 = False
          context.Response.StatusCode = 200
        Done after run 2: the condition is false.
    gateway
      < 200 OK
    "###);
}

#[test]
fn a_response_made_on_the_way_ends_it() {
    insta::assert_snapshot!(nested("x-out").tree(), @r###"
    gateway
      > GET https://gateway.test/orders?a=1
        x-out: 1
        host: gateway.test
      the API at /
      ~ request url = https://backend.test/orders?a=1  (was https://gateway.test/orders?a=1)
    inbound
      choose[1]  (region.xml:1)
        context.Deployment.Region == "local" = True
          context.Deployment.Region = "local"
        when[1] is taken  (region.xml:1)
          set-variable[1]  (region.xml:1)
            + variable region = "here"
      send-request[1]  (p.xml:4)
        Request is being sent. Timeout set to 60 seconds
        > GET https://users.test/me
        < 200 OK
        + variable user = Tollgate.IResponse
      choose[1]  (p.xml:7)
        context.Request.Headers.ContainsKey("X-Out") && context.Request.Method == "GET" = True
          context.Request.Headers.ContainsKey("X-Out") = true
          context.Request.Method == "GET" = true
            context.Request.Method = "GET"
        when[1] is taken  (p.xml:8)
          return-response[1]  (p.xml:9)  ends the pipeline
            ~ response status = 418 Teapot  (was 200 OK)
    gateway
      < 418 Teapot
    "###);
}

#[test]
fn a_failure_is_told_and_what_on_error_did() {
    let seen = nested("x-bad");
    insta::assert_snapshot!(seen.tree(), @r###"
    gateway
      > GET https://gateway.test/orders?a=1
        x-bad: 1
        host: gateway.test
      the API at /
      ~ request url = https://backend.test/orders?a=1  (was https://gateway.test/orders?a=1)
    inbound
      choose[1]  (region.xml:1)
        context.Deployment.Region == "local" = True
          context.Deployment.Region = "local"
        when[1] is taken  (region.xml:1)
          set-variable[1]  (region.xml:1)
            + variable region = "here"
      send-request[1]  (p.xml:4)
        Request is being sent. Timeout set to 60 seconds
        > GET https://users.test/me
        < 200 OK
        + variable user = Tollgate.IResponse
      choose[1]  (p.xml:7)
        context.Request.Headers.ContainsKey("X-Out") && context.Request.Method == "GET" = False
          context.Request.Headers.ContainsKey("X-Out") = false
          context.Request.Method == "GET" was not asked
        when[1] is not taken  (p.xml:8)
        otherwise[1] is taken  (p.xml:11)
          choose[1]  (p.xml:12)
            context.Request.Headers.ContainsKey("X-Bad") = True
            when[1] is taken  (p.xml:13)
              set-variable[1]  (p.xml:14)  failed
                int.Parse("x") ! The input string 'x' was not in a correct format.
                ! Expression evaluation failed. The input string 'x' was not in a correct format.  reason: ExpressionValueEvaluationFailure  status: 500
    gateway
      ~ response status = 500 Internal Server Error  (was 200 OK)
      + response body = 111 bytes: { "statusCode": 500, "message": "Internal server error", "activityId": "00000000-0000-0000-0000-000000000001" }
      + response header content-type = application/json
    on-error
      set-header[1]  (p.xml:27)
        context.LastError.Reason = ExpressionValueEvaluationFailure
        + response header x-reason = ExpressionValueEvaluationFailure
    gateway
      < 500 Internal Server Error
        content-type: application/json
        x-reason: ExpressionValueEvaluationFailure
    "###);
    let json = seen.trace.as_ref().unwrap().to_apim();
    let on_error = serde_json::to_string_pretty(&json["traceEntries"]["on-error"]).unwrap();
    insta::assert_snapshot!(on_error, @r###"
    [
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "Expression was successfully evaluated.",
          "expression": "context.LastError.Reason",
          "value": "ExpressionValueEvaluationFailure",
          "parts": [
            {
              "expression": "context.LastError",
              "values": [
                "Tollgate.ILastError"
              ],
              "times": 1,
              "depth": 0,
              "is_condition": false
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-header[1]",
            "file": "p.xml",
            "line": 27
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": [
            "The response header x-reason was set to ExpressionValueEvaluationFailure"
          ],
          "changes": [
            {
              "what": "response-header",
              "name": "x-reason",
              "from": null,
              "to": "ExpressionValueEvaluationFailure"
            }
          ],
          "place": {
            "scope": "api",
            "path": "set-header[1]",
            "file": "p.xml",
            "line": 27
          }
        }
      },
      {
        "source": "set-header",
        "timestamp": "2026-01-01T00:00:00.0000000Z",
        "elapsed": "00:00:00.0000000",
        "data": {
          "message": "The policy has ended.",
          "spent": "00:00:00.0000000",
          "flow": "next",
          "place": {
            "scope": "api",
            "path": "set-header[1]",
            "file": "p.xml",
            "line": 27
          }
        }
      }
    ]
    "###);
}

#[test]
fn a_trace_in_apim_s_shape_has_its_fields_only() {
    let json = nested("x-none").trace.unwrap().to_apim();
    let sections = json["traceEntries"].as_object().unwrap();
    let names: Vec<&str> = sections.keys().map(String::as_str).collect();
    assert_eq!(names, ["inbound", "backend", "outbound", "on-error"]);
    for entry in sections.values().flat_map(|all| all.as_array().unwrap()) {
        let fields: Vec<&str> = entry
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            fields,
            ["source", "timestamp", "elapsed", "data"],
            "{entry}"
        );
    }
    // It has waited five seconds in between.
    let last = sections["outbound"].as_array().unwrap().last().unwrap();
    assert_eq!(last["elapsed"], "00:00:05.0000000");
    assert_eq!(last["timestamp"], "2026-01-01T00:00:05.0000000Z");
}

#[test]
fn no_secret_is_found_in_either_form() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZWMtand0In0.sec-signature";
    let policy = r#"<policies>
<inbound>
<set-variable name="all" value="@(string.Join(",", context.Request.Headers.SelectMany(h => h.Value)) + context.Request.OriginalUrl + context.Request.Body.As<string>(true))" />
<set-variable name="named" value="@("x{{named}}y".ToUpper())" />
<set-variable name="api-key" value="@("sec" + "-variable")" />
<set-query-parameter name="named"><value>{{named}}</value></set-query-parameter>
<set-query-parameter name="code"><value>sec-code</value></set-query-parameter>
<set-header name="X-Functions-Key"><value>sec-functions</value></set-header>
<set-header name="X-Copy"><value>@(context.Request.Headers.GetValueOrDefault("X-Functions-Key"))</value></set-header>
<set-header name="X-Jwt"><value>@(context.Request.Headers.GetValueOrDefault("Authorization").Split(' ')[1])</value></set-header>
<send-request mode="new" response-variable-name="token"><set-url>https://users.test/token?client_secret=sec-client</set-url><set-method>POST</set-method><set-body>grant=x&amp;client_secret=sec-client</set-body></send-request>
<set-variable name="made" value="@(((IResponse)context.Variables["token"]).Body.As<string>())" />
<set-header name="X-Made"><value>@((string)((IResponse)context.Variables["token"]).Body.As<JObject>()["access_token"])</value></set-header>
<set-body>@("{\"password\": \"sec-password\", \"n\": 1, \"key\": \"{{named}}\"}")</set-body>
<trace source="t"><message>@("key " + context.Variables["api-key"])</message></trace>
</inbound>
<backend><forward-request /></backend>
<outbound>
<set-header name="Set-Cookie"><value>session=sec-session; Path=/</value></set-header>
<set-header name="X-Session"><value>@(context.Response.Headers.GetValueOrDefault("Set-Cookie"))</value></set-header>
<set-variable name="bad" value="@(int.Parse(context.Request.Headers.GetValueOrDefault("Cookie")))" />
</outbound>
</policies>"#;
    let subscription = Subscription::new("s", "sec-subscription", SubscriptionScope::AllApis);
    let api = Api::new("api")
        .service_url("https://backend.test")
        .policy(Source::new("p.xml", policy));
    let catalog = Catalog::new()
        .api(api)
        .subscription(subscription)
        .secret("named", "sec named/1");
    let builder = Gateway::builder().catalog(catalog);
    let mut request =
        http::Request::post("https://gateway.test/?subscription-key=sec-subscription&sig=sec-sig")
            .body(r#"{"client_secret": "sec-body"}"#)
            .unwrap();
    for (name, value) in [
        ("authorization", format!("Bearer {jwt}")),
        ("cookie", "id=sec-cookie; other=sec-other".to_owned()),
        ("ocp-apim-subscription-key", "sec-subscription".to_owned()),
        ("proxy-authorization", "Basic sec-basic".to_owned()),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let seen = run(builder, request);
    assert_eq!(seen.response.status(), 500, "{}", seen.tree());
    let trace = seen.trace.as_ref().unwrap();
    for told in [
        seen.tree(),
        trace.to_apim().to_string(),
        serde_json::to_string(trace).unwrap(),
    ] {
        let found: Vec<_> = told
            .lines()
            .filter(|line| {
                line.contains("sec-")
                    || line.contains("sec named")
                    || line.contains("sec%20")
                    || line.to_lowercase().contains("xsec")
                    || line.contains("5ec2e7")
                    || line.contains("eyJ")
            })
            .collect();
        assert_eq!(found, [""; 0]);
        assert!(told.contains("***"));
    }
    assert!(!format!("{trace:?}").contains("sec-"));
}
