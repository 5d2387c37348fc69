//! CEL, by `cel`.

use std::sync::Arc;

use cel::{Context, Program, Value, to_value};

use crate::request::{Request, claims};

const TEXTS: [&str; 3] = [
    r#"variable("urlId") == 1"#,
    r#"split(header("authorization"), " ")[1].startsWith("eyJ")"#,
    r#"claims(split(header("authorization"), " ")[1]).appid == "22222222-2222-2222-2222-222222222222""#,
];

const BODY: &str = r#"body.model == "gpt-4o" && body.max_tokens <= 1000"#;

pub(crate) fn conditions(request: &'static Request) -> crate::Conditions<'static> {
    let mut context = Context::default();
    let (of_variable, of_header) = (request, request);
    let variable = move |name: Arc<String>| of_variable.variable(&name).unwrap();
    let header = move |name: Arc<String>| Value::String(Arc::new(of_header.header(&name).into()));
    let split = |text: Arc<String>, by: Arc<String>| {
        let parts = text.split(by.as_str());
        let parts = parts.map(|part| Value::String(Arc::new(part.into())));
        Value::List(Arc::new(parts.collect()))
    };
    context.add_function("variable", variable).unwrap();
    context.add_function("header", header).unwrap();
    context.add_function("split", split).unwrap();
    let token = |token: Arc<String>| to_value(claims(&token)).unwrap();
    context.add_function("claims", token).unwrap();
    let context = Arc::new(context);
    let [variable, header, claim] = TEXTS.map(|text| {
        let (program, context) = (Program::compile(text).unwrap(), context.clone());
        let run = move || program.execute(&context).unwrap() == Value::Bool(true);
        Box::new(run) as Box<dyn FnMut() -> bool>
    });
    // CEL has no variables of its own: what is looked at twice is given to it.
    let program = Program::compile(BODY).unwrap();
    let body = move || {
        let mut scope = context.new_inner_scope();
        scope.add_variable_from_value("body", to_value(request.body()).unwrap());
        program.execute(&scope).unwrap() == Value::Bool(true)
    };
    [variable, header, claim, Box::new(body)]
}
