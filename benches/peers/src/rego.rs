//! Rego, by `regorus`.

use regorus::{Engine, Value};

use crate::request::{Request, claims};

const TEXT: &str = r#"
package conditions

import rego.v1

e1 if variable("urlId") == 1

e2 if startswith(split(header("authorization"), " ")[1], "eyJ")

e3 if claims(split(header("authorization"), " ")[1]).appid == "22222222-2222-2222-2222-222222222222"

e4 if {
    body := json("body")
    body.model == "gpt-4o"
    body.max_tokens <= 1000
}
"#;

pub(crate) fn conditions(request: &'static Request) -> crate::Conditions<'static> {
    ["e1", "e2", "e3", "e4"].map(|rule| {
        let mut engine = Engine::new();
        let mut add = |name: &str, run: fn(&'static Request, &str) -> Value| {
            let extension = move |arguments: Vec<Value>| {
                let argument = arguments.first().unwrap().as_string()?;
                Ok(run(request, argument))
            };
            engine
                .add_extension(name.into(), 1, Box::new(extension))
                .unwrap();
        };
        add("variable", |request, name| {
            request.variable(name).unwrap().into()
        });
        add("header", |request, name| request.header(name).into());
        add("claims", |_, token| claims(token).into());
        add("json", |request, _| request.body().into());
        engine
            .add_policy("conditions.rego".into(), TEXT.into())
            .unwrap();
        let rule = format!("data.conditions.{rule}");
        let run = move || engine.eval_rule(rule.clone()).unwrap() == Value::from(true);
        Box::new(run) as _
    })
}
