//! `XDeclaration`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `XDeclaration`.
pub(crate) static XDECLARATION: TypeDef = TypeDef {
    name: "System.Xml.Linq.XDeclaration",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure(
            "new(string version, string encoding, string standalone)",
            |call| {
                Ok(Value::object(Declaration {
                    version: call.opt_str(0).cloned(),
                    encoding: call.opt_str(1).cloned(),
                    standalone: call.opt_str(2).cloned(),
                }))
            },
        ),
        pure("string Version { get; }", |call| {
            Ok(this(call)?.version.clone().into())
        }),
        pure("string Encoding { get; }", |call| {
            Ok(this(call)?.encoding.clone().into())
        }),
        pure("string Standalone { get; }", |call| {
            Ok(this(call)?.standalone.clone().into())
        }),
        pure("string ToString()", |call| Ok(this(call)?.text().into())),
    ],
};

/// `<?xml … ?>`.
#[derive(Debug, Clone)]
pub(crate) struct Declaration {
    pub(crate) version: Option<Str>,
    pub(crate) encoding: Option<Str>,
    pub(crate) standalone: Option<Str>,
}

impl Declaration {
    fn text(&self) -> Str {
        let mut text = String::from("<?xml");
        if let Some(version) = &self.version {
            text.push_str(&format!(" version=\"{version}\""));
        }
        if let Some(encoding) = &self.encoding {
            text.push_str(&format!(" encoding=\"{encoding}\""));
        }
        if let Some(standalone) = &self.standalone {
            text.push_str(&format!(" standalone=\"{standalone}\""));
        }
        text.push_str("?>");
        text.into()
    }
}

impl Object for Declaration {
    fn type_of(&self) -> Type {
        Type::plain(&XDECLARATION)
    }
    fn to_text(&self) -> Option<Str> {
        Some(self.text())
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Declaration, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}
