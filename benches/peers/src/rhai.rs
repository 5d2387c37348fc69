//! Rhai.

use std::rc::Rc;

use rhai::serde::to_dynamic;
use rhai::{Dynamic, Engine, ImmutableString, Scope};

use crate::request::{Request, claims};

const TEXTS: [&str; 4] = [
    r#"variable("urlId") == 1"#,
    r#"header("authorization").split(' ')[1].starts_with("eyJ")"#,
    r#"claims(header("authorization").split(' ')[1]).appid == "22222222-2222-2222-2222-222222222222""#,
    r#"let b = body(); b.model == "gpt-4o" && b.max_tokens <= 1000"#,
];

pub(crate) fn conditions(request: &'static Request) -> crate::Conditions<'static> {
    let mut engine = Engine::new();
    engine.register_fn("variable", |name: ImmutableString| {
        request.variable(&name).unwrap()
    });
    engine.register_fn("header", |name: ImmutableString| -> ImmutableString {
        request.header(&name).into()
    });
    engine.register_fn("claims", |token: ImmutableString| -> Dynamic {
        to_dynamic(claims(&token)).unwrap()
    });
    engine.register_fn("body", || -> Dynamic {
        to_dynamic(request.body()).unwrap()
    });
    let engine = Rc::new(engine);
    TEXTS.map(|text| {
        let (program, engine) = (engine.compile(text).unwrap(), engine.clone());
        let run = move || {
            engine
                .eval_ast_with_scope(&mut Scope::new(), &program)
                .unwrap()
        };
        Box::new(run) as _
    })
}
