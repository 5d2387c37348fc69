//! `tollgate check --list-members`: what expressions can use.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use tollgate::engine::registry;
use tollgate_dotnet::{MemberInfo, MemberKind, TypeKind, TypeRef};

use crate::check::Format;

/// A type that expressions can use.
#[derive(Debug, Serialize)]
struct ListedType {
    namespace: &'static str,
    /// With its type parameters: `List<T>`.
    name: String,
    kind: &'static str,
    bases: &'static [&'static str],
    /// Of an enum: its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<EnumValue>,
    members: Vec<ListedMember>,
}

#[derive(Debug, Serialize)]
struct EnumValue {
    name: &'static str,
    value: i64,
}

/// A member, a property's getter and setter together.
#[derive(Debug, Serialize)]
struct ListedMember {
    kind: &'static str,
    name: String,
    #[serde(rename = "static")]
    is_static: bool,
    /// As C# has it.
    signature: String,
}

/// Prints every type and member, by namespace.
pub(crate) fn list(out: &mut impl Write, format: Format) -> io::Result<()> {
    let types = types();
    match format {
        Format::Text | Format::Sarif | Format::Github => text(out, &types),
        Format::Markdown => markdown(out, &types),
        Format::Json => {
            let json = serde_json::to_string_pretty(&serde_json::json!({"types": types}))?;
            writeln!(out, "{json}")
        }
    }
}

/// All types by namespace and name; the namespace of `context` first.
fn types() -> Vec<ListedType> {
    // The classes that .NET's compiler made for iterators cannot be named.
    let can_be_named = |ty: &TypeRef| !ty.full_name().contains("+<");
    let types = registry().types().into_iter().filter(can_be_named);
    let mut types: Vec<ListedType> = types.map(listed).collect();
    types.sort_by(|a, b| {
        let key = |of: &ListedType| (of.namespace != CONTEXT, of.namespace, of.name.clone());
        key(a).cmp(&key(b))
    });
    types
}

/// The namespace of the types of `context`.
const CONTEXT: &str = "Tollgate";

fn listed(ty: TypeRef) -> ListedType {
    let (namespace, name) = ty
        .full_name()
        .rsplit_once('.')
        .unwrap_or(("", ty.full_name()));
    let parameters: Vec<_> = ty.type_parameters().map(|(name, _)| name).collect();
    let parameters = match &*parameters {
        [] => String::new(),
        list => format!("<{}>", list.join(", ")),
    };
    let name = match name.split_once('+') {
        Some((around, nested)) => format!("{around}{parameters}.{nested}"),
        None => format!("{name}{parameters}"),
    };
    ListedType {
        namespace,
        kind: match ty.kind {
            TypeKind::Class => "class",
            TypeKind::Struct => "struct",
            TypeKind::Interface => "interface",
            TypeKind::Enum => "enum",
            TypeKind::Static => "static class",
            TypeKind::Delegate => "delegate",
        },
        bases: ty.bases,
        values: (ty.values.iter())
            .map(|&(name, value)| EnumValue { name, value })
            .collect(),
        members: members(registry().members(ty), &name),
        name,
    }
}

fn members(all: &[MemberInfo], of: &str) -> Vec<ListedMember> {
    let mut listed: Vec<ListedMember> = Vec::new();
    for member in all {
        let signature = member.member.signature;
        if let Some(start) = signature.strip_suffix("{ set; }") {
            let getter = format!("{start}{{ get; }}");
            if let Some(property) = listed.iter_mut().find(|other| other.signature == getter) {
                property.signature = format!("{start}{{ get; set; }}");
                continue;
            }
        }
        listed.push(ListedMember {
            kind: match member.kind {
                MemberKind::Getter | MemberKind::Setter => "property",
                MemberKind::IndexGetter | MemberKind::IndexSetter => "indexer",
                MemberKind::Constructor => "constructor",
                MemberKind::Method if member.is_extension => "extension method",
                MemberKind::Method => "method",
                MemberKind::Operator => "operator",
                MemberKind::Implicit | MemberKind::Explicit => "conversion",
            },
            name: match member.kind {
                MemberKind::Constructor => simple(of).to_owned(),
                _ => member.name.to_string(),
            },
            is_static: member.is_static && member.kind != MemberKind::Constructor,
            signature: match signature.strip_prefix("new(") {
                Some(parameters) => format!("{}({parameters}", simple(of)),
                None => signature.to_owned(),
            },
        });
    }
    listed
}

/// `List` of `List<T>`.
fn simple(name: &str) -> &str {
    name.split_once('<').map_or(name, |(simple, _)| simple)
}

impl ListedType {
    /// `class List<T> : IList<T>`.
    fn declaration(&self) -> String {
        let bases = match self.bases {
            [] => String::new(),
            bases => format!(" : {}", bases.join(", ")),
        };
        format!("{} {}{bases}", self.kind, self.name)
    }

    /// Enum values, or members, one a line.
    fn lines(&self) -> impl Iterator<Item = String> {
        let values = self.values.iter();
        let values = values.map(|value| format!("{} = {}", value.name, value.value));
        values.chain(self.members.iter().map(|member| member.signature.clone()))
    }
}

fn by_namespace(types: &[ListedType]) -> BTreeMap<(bool, &str), Vec<&ListedType>> {
    let mut namespaces: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ty in types {
        let key = (ty.namespace != CONTEXT, ty.namespace);
        namespaces.entry(key).or_default().push(ty);
    }
    namespaces
}

fn text(out: &mut impl Write, types: &[ListedType]) -> io::Result<()> {
    for ((_, namespace), types) in by_namespace(types) {
        writeln!(out, "{namespace}")?;
        for ty in types {
            writeln!(out, "  {}", ty.declaration())?;
            for line in ty.lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out)?;
    }
    let members: usize = types.iter().map(|ty| ty.members.len()).sum();
    writeln!(out, "{} types, {members} members", types.len())
}

fn markdown(out: &mut impl Write, types: &[ListedType]) -> io::Result<()> {
    let members: usize = types.iter().map(|ty| ty.members.len()).sum();
    writeln!(
        out,
        "# What expressions can use\n\n\
         {} types with {members} members, from the tables that the compiler of expressions reads. Members that a type\n\
         inherits stand with its bases. Generated by `tollgate check --list-members --format markdown`; do not edit.\n",
        types.len()
    )?;
    let namespaces = by_namespace(types);
    for (_, namespace) in namespaces.keys() {
        let anchor: String = namespace.chars().filter(|c| *c != '.').collect();
        writeln!(out, "- [{namespace}](#{})", anchor.to_lowercase())?;
    }
    for ((_, namespace), types) in namespaces {
        writeln!(out, "\n## {namespace}")?;
        if namespace == CONTEXT {
            writeln!(
                out,
                "\nThe types of `context`, which is an `IProxyRequestContext`; named without a namespace: `(IResponse)context.Variables[\"r\"]`."
            )?;
        }
        for ty in types {
            writeln!(
                out,
                "\n### {}\n\n```csharp\n{}",
                ty.name.replace('<', "\\<"),
                ty.declaration()
            )?;
            for line in ty.lines() {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "```")?;
        }
    }
    Ok(())
}
