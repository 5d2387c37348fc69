//! Reads C# signatures of member tables.

use std::fmt;
use std::sync::Arc;

use crate::member::{Member, TypeKind};
use crate::types::{Type, TypeRef};
use crate::value::Value;

/// A member as its signature describes it.
#[derive(Debug, Clone)]
pub struct MemberInfo {
    /// The row of the table.
    pub member: &'static Member,
    /// The type whose table it is in.
    pub owner: TypeRef,
    /// What sort of member it is.
    pub kind: MemberKind,
    /// Its name; `this` for indexers, `new` for constructors, the sign for operators.
    pub name: Box<str>,
    /// Whether it is called without a receiver (extension methods are static).
    pub is_static: bool,
    /// Whether its first parameter is the receiver.
    pub is_extension: bool,
    /// The type parameters of a generic method.
    pub type_parameters: Vec<Box<str>>,
    /// The parameters. Setters have the new value as their last one.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub returns: Type,
}

/// What sort of member a signature describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// Reading of a property or field.
    Getter,
    /// Writing of a property or field.
    Setter,
    /// Reading through an indexer.
    IndexGetter,
    /// Writing through an indexer.
    IndexSetter,
    /// `new`.
    Constructor,
    /// A method.
    Method,
    /// An operator.
    Operator,
    /// An implicit conversion.
    Implicit,
    /// An explicit conversion.
    Explicit,
}

/// A parameter of a member.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: Box<str>,
    /// Its type; of a `params` parameter, the array.
    pub ty: Type,
    /// How arguments are passed.
    pub mode: ParameterMode,
    /// The value it has when the argument is left out.
    pub default: Option<Value>,
}

/// How arguments are passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterMode {
    /// By value.
    In,
    /// `out`.
    Out,
    /// `ref`.
    Ref,
    /// `params`: the last arguments in an array.
    Params,
}

/// A signature in a member table that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SignatureError {
    /// The type whose table it is in.
    pub owner: &'static str,
    /// The signature.
    pub signature: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: {}", self.owner, self.signature, self.problem)
    }
}

/// Finds a type by simple or full name and number of type parameters.
pub(crate) trait Names {
    fn find(&self, name: &str, arity: usize) -> Option<TypeRef>;
}

/// Reads a member's signature.
pub(crate) fn parse_member(
    names: &dyn Names,
    owner: TypeRef,
    member: &'static Member,
) -> Result<MemberInfo, SignatureError> {
    let scope = owner
        .type_parameters()
        .map(|(name, _)| name.into())
        .collect();
    let mut reader = Reader {
        names,
        rest: member.signature,
        scope,
    };
    reader
        .member(owner, member)
        .map_err(|problem| SignatureError {
            owner: owner.0.name,
            signature: member.signature.into(),
            problem,
        })
}

/// Reads a type in C#'s notation, with the given type parameters in scope.
pub(crate) fn parse_type(names: &dyn Names, text: &str, scope: &[&str]) -> Result<Type, String> {
    let scope = scope.iter().map(|name| (*name).into()).collect();
    let mut reader = Reader {
        names,
        rest: text,
        scope,
    };
    let ty = reader.ty()?;
    match reader.rest.trim_start() {
        "" => Ok(ty),
        rest => Err(format!("unexpected `{rest}`")),
    }
}

struct Reader<'a> {
    names: &'a dyn Names,
    rest: &'a str,
    scope: Vec<Box<str>>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, owner: TypeRef, member: &'static Member) -> Result<MemberInfo, String> {
        let mut info = MemberInfo {
            member,
            owner,
            kind: MemberKind::Method,
            name: "".into(),
            is_static: self.word("static"),
            is_extension: false,
            type_parameters: Vec::new(),
            parameters: Vec::new(),
            returns: Type::Void,
        };
        let conversion = if self.word("implicit") {
            Some(MemberKind::Implicit)
        } else if self.word("explicit") {
            Some(MemberKind::Explicit)
        } else {
            None
        };
        if let Some(kind) = conversion {
            if !self.word("operator") {
                return Err("`operator` expected".into());
            }
            info.kind = kind;
            info.returns = self.ty()?;
            info.name = if kind == MemberKind::Implicit {
                "implicit".into()
            } else {
                "explicit".into()
            };
            self.expect("(")?;
            info.parameters = self.parameters(&mut info.is_extension, ")")?;
        } else if self.word("new") {
            info.kind = MemberKind::Constructor;
            info.name = "new".into();
            info.is_static = true;
            info.returns = Type::Named(
                owner,
                owner
                    .type_parameters()
                    .map(|(name, _)| Type::Parameter(name.into()))
                    .collect(),
            );
            self.expect("(")?;
            info.parameters = self.parameters(&mut info.is_extension, ")")?;
        } else {
            self.named(&mut info)?;
        }
        match self.rest.trim_start() {
            "" => Ok(info),
            rest => Err(format!("unexpected `{rest}`")),
        }
    }

    fn named(&mut self, info: &mut MemberInfo) -> Result<(), String> {
        // The return type may name type parameters that are declared after it.
        self.declare(info);
        info.returns = self.ty()?;
        if self.word("operator") {
            let Some((sign, rest)) = self.rest.split_once('(') else {
                return Err("`(` expected".into());
            };
            info.kind = MemberKind::Operator;
            info.name = sign.trim().into();
            self.rest = rest;
            info.parameters = self.parameters(&mut info.is_extension, ")")?;
            return Ok(());
        }
        if self.word("this") {
            self.expect("[")?;
            info.name = "this".into();
            info.parameters = self.parameters(&mut info.is_extension, "]")?;
            return self.accessor(info, MemberKind::IndexGetter, MemberKind::IndexSetter);
        }
        info.name = self.identifier()?.into();
        if self.take("<") {
            let Some((_, rest)) = self.rest.split_once('>') else {
                return Err("`>` expected".into());
            };
            self.rest = rest;
        }
        if self.take("(") {
            info.parameters = self.parameters(&mut info.is_extension, ")")?;
            return Ok(());
        }
        self.accessor(info, MemberKind::Getter, MemberKind::Setter)
    }

    /// Puts the type parameters of a generic method in scope: those between the name's `<` and the `>(` after it.
    fn declare(&mut self, info: &mut MemberInfo) {
        let Some((head, _)) = self.rest.split_once(">(") else {
            return;
        };
        let Some((_, list)) = head.rsplit_once('<') else {
            return;
        };
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ',' | ' ');
        if !list.chars().all(plain) {
            return;
        }
        info.type_parameters = list.split(',').map(|name| name.trim().into()).collect();
        self.scope.extend(info.type_parameters.iter().cloned());
    }

    fn accessor(
        &mut self,
        info: &mut MemberInfo,
        getter: MemberKind,
        setter: MemberKind,
    ) -> Result<(), String> {
        self.expect("{")?;
        if self.word("get") {
            info.kind = getter;
        } else if self.word("set") {
            info.kind = setter;
            info.parameters.push(Parameter {
                name: "value".into(),
                ty: std::mem::replace(&mut info.returns, Type::Void),
                mode: ParameterMode::In,
                default: None,
            });
        } else {
            return Err("`get;` or `set;` expected".into());
        }
        self.expect(";")?;
        self.expect("}")
    }

    fn parameters(&mut self, is_extension: &mut bool, end: &str) -> Result<Vec<Parameter>, String> {
        let mut parameters = Vec::new();
        if self.take(end) {
            return Ok(parameters);
        }
        loop {
            if parameters.is_empty() && self.word("this") {
                *is_extension = true;
            }
            let mode = if self.word("out") {
                ParameterMode::Out
            } else if self.word("ref") {
                ParameterMode::Ref
            } else if self.word("params") {
                ParameterMode::Params
            } else {
                ParameterMode::In
            };
            let ty = self.ty()?;
            let name = self.identifier()?.into();
            let default = if self.take("=") {
                Some(self.literal(&ty)?)
            } else {
                None
            };
            parameters.push(Parameter {
                name,
                ty,
                mode,
                default,
            });
            if self.take(end) {
                return Ok(parameters);
            }
            self.expect(",")?;
        }
    }

    fn literal(&mut self, ty: &Type) -> Result<Value, String> {
        if self.word("null") || self.word("default") {
            return Ok(Value::Null);
        }
        if self.word("true") {
            return Ok(Value::Bool(true));
        }
        if self.word("false") {
            return Ok(Value::Bool(false));
        }
        if self.take("\"") {
            let (text, rest) = self.rest.split_once('"').ok_or("`\"` expected")?;
            self.rest = rest;
            return Ok(Value::from(text));
        }
        if self.take("'") {
            let (text, rest) = self.rest.split_once('\'').ok_or("`'` expected")?;
            self.rest = rest;
            return text
                .encode_utf16()
                .next()
                .map(Value::Char)
                .ok_or_else(|| "empty character".into());
        }
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-' || c == '_'))
            .unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).ok_or("literal expected")?;
        self.rest = rest;
        if let Some((type_name, name)) = word.rsplit_once('.')
            && let Some(table) = self.names.find(type_name, 0)
            && table.kind == TypeKind::Enum
        {
            return table
                .values
                .iter()
                .find(|(value, _)| *value == name)
                .map(|(_, number)| Value::Enum(table, *number))
                .ok_or_else(|| format!("`{word}` is not a member of the enum"));
        }
        let number: i64 = word
            .parse()
            .map_err(|_| format!("`{word}` is not a literal"))?;
        if ty.is_long() {
            return Ok(Value::Int64(number));
        }
        i32::try_from(number)
            .map(Value::Int32)
            .map_err(|_| format!("`{word}` is no int"))
    }

    fn ty(&mut self) -> Result<Type, String> {
        let mut ty = if self.take("(") {
            let mut elements = Vec::new();
            loop {
                let element = self.ty()?;
                let name = self.identifier().ok().map(Into::into);
                elements.push((element, name));
                if self.take(")") {
                    break Type::Tuple(elements.into());
                }
                self.expect(",")?;
            }
        } else {
            self.named_type()?
        };
        loop {
            if self.take("?") {
                ty = ty.nullable();
            } else if self.rest.starts_with('[') && self.take("[") {
                let mut rank = 1u8;
                while self.take(",") {
                    rank = rank.checked_add(1).ok_or("too many dimensions")?;
                }
                self.expect("]")?;
                ty = Type::Array(Arc::new(ty), rank);
            } else {
                return Ok(ty);
            }
        }
    }

    fn named_type(&mut self) -> Result<Type, String> {
        let mut name = self.identifier()?.to_string();
        while self.take(".") {
            name.push('.');
            name.push_str(self.identifier()?);
        }
        let mut arguments = Vec::new();
        if self.take("<") {
            loop {
                arguments.push(self.ty()?);
                if self.take(">") {
                    break;
                }
                self.expect(",")?;
            }
        }
        if arguments.is_empty() {
            if self.scope.iter().any(|parameter| **parameter == *name) {
                return Ok(Type::Parameter(name.into()));
            }
            match &*name {
                "void" => return Ok(Type::Void),
                "dynamic" => return Ok(Type::Dynamic),
                _ => {}
            }
        }
        let table =
            self.names
                .find(&name, arguments.len())
                .ok_or_else(|| match arguments.len() {
                    0 => format!("there is no type `{name}`"),
                    count => format!("there is no type `{name}` with {count} type parameters"),
                })?;
        match (table.full_name(), arguments.pop()) {
            ("System.Nullable", Some(inner)) => Ok(inner.nullable()),
            (_, last) => {
                arguments.extend(last);
                Ok(Type::Named(table, arguments.into()))
            }
        }
    }

    fn identifier(&mut self) -> Result<&'a str, String> {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len());
        match text.split_at_checked(end) {
            Some((name, rest)) if !name.is_empty() => {
                self.rest = rest;
                Ok(name)
            }
            _ => Err(format!("name expected before `{text}`")),
        }
    }

    /// Takes the word if it stands next, as a whole word.
    fn word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(word) else {
            return false;
        };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn take(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.take(sign) {
            true => Ok(()),
            false => Err(format!("`{sign}` expected before `{}`", self.rest)),
        }
    }
}
