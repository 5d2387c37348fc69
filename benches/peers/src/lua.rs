//! Lua, by `mlua` with LuaJIT.

use mlua::{Function, Lua, LuaSerdeExt};

use crate::request::{Request, claims};

const TEXTS: [&str; 4] = [
    r#"return variable("urlId") == 1"#,
    r#"return string.sub(string.match(header("authorization"), "[^ ]+$"), 1, 3) == "eyJ""#,
    r#"return claims(string.match(header("authorization"), "[^ ]+$")).appid == "22222222-2222-2222-2222-222222222222""#,
    r#"local b = body() return b.model == "gpt-4o" and b.max_tokens <= 1000"#,
];

pub(crate) fn conditions(request: &'static Request) -> crate::Conditions<'static> {
    // A function does not keep its state alive.
    let lua: &'static Lua = Box::leak(Box::new(Lua::new()));
    let functions: [(&str, Function); 4] = [
        (
            "variable",
            lua.create_function(|_, name: mlua::LuaString| {
                Ok(request.variable(&name.to_str()?).unwrap())
            })
            .unwrap(),
        ),
        (
            "header",
            lua.create_function(|lua, name: mlua::LuaString| {
                lua.create_string(request.header(&name.to_str()?))
            })
            .unwrap(),
        ),
        (
            "claims",
            lua.create_function(|lua, token: mlua::LuaString| {
                lua.to_value(&claims(&token.to_str()?))
            })
            .unwrap(),
        ),
        (
            "body",
            lua.create_function(|lua, ()| lua.to_value(&request.body()))
                .unwrap(),
        ),
    ];
    for (name, function) in functions {
        lua.globals().set(name, function).unwrap();
    }
    TEXTS.map(|text| {
        let function = lua.load(text).into_function().unwrap();
        Box::new(move || function.call(()).unwrap()) as _
    })
}
