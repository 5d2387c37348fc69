//! Expressions: which one stands at a place, what its parts mean, and how members are shown.

use tollgate_dotnet::{Member, MemberInfo, MemberKind, Type, TypeRef};
use tollgate_engine::{compiler, registry};
use tollgate_expressions::{Form, Meaning, What};
use tollgate_syntax::{Content, Document, Element, Expression, ExpressionKind, Node, Text};

/// How the compiler calls an expression of these brackets.
pub(crate) fn form(kind: ExpressionKind) -> Form {
    match kind {
        ExpressionKind::Single => Form::Single,
        ExpressionKind::Block => Form::Block,
    }
}

/// The expression whose code a byte of the file stands in.
pub(crate) fn expression_at(document: &Document, at: u32) -> Option<&Expression> {
    in_element(&document.root, at)
}

fn in_element(mut element: &Element, at: u32) -> Option<&Expression> {
    loop {
        let values = element.attributes.iter().map(|attribute| &attribute.value);
        let texts = element.children.iter().filter_map(|node| match node {
            Node::Text(text) | Node::CData(text) => Some(text),
            _ => None,
        });
        if let Some(found) = values.chain(texts).find_map(|text| in_text(text, at)) {
            return Some(found);
        }
        let inner = |inner: &&Element| inner.span.start <= at && at <= inner.span.end;
        element = element.elements().find(inner)?;
    }
}

fn in_text(text: &Text, at: u32) -> Option<&Expression> {
    match &text.content {
        Content::Expression(it) if it.span.start <= at && at <= it.span.end => Some(it),
        _ => None,
    }
}

/// What a byte of an expression's code means, and the smallest part it belongs to.
pub(crate) fn meaning_at(code: &str, kind: ExpressionKind, at: usize) -> Option<Meaning> {
    let all = compiler().explore(code, form(kind));
    let at = u32::try_from(at).ok()?;
    let size = |it: &Meaning| it.end.saturating_sub(it.start);
    // The last of equal ones counts.
    let smallest = (all.iter().rev())
        .filter(|it| it.start <= at && at < it.end)
        .min_by_key(|it| size(it))?;
    if let What::Methods(candidates) = &smallest.what {
        // The call around it knows which of them it is.
        let name = candidates.first().map(|info| &info.name);
        let call = all.iter().rev().filter(|it| match &it.what {
            What::Member(member, _) => {
                let is_named = |info: &MemberInfo| Some(&info.name) == name;
                it.start == smallest.start && info(member).is_some_and(is_named)
            }
            _ => false,
        });
        if let Some(call) = call.min_by_key(|it| size(it)) {
            return Some(Meaning {
                end: smallest.end,
                ..call.clone()
            });
        }
    }
    Some(smallest.clone())
}

/// What the registry knows of a row.
pub(crate) fn info(member: &'static Member) -> Option<&'static MemberInfo> {
    let mut all = registry()
        .types()
        .into_iter()
        .flat_map(|ty| registry().members(ty));
    all.find(|info| std::ptr::eq(info.member, member))
}

/// A type's name with its type parameters, as C# writes it: `List<T>`.
pub(crate) fn name_of(ty: TypeRef) -> String {
    let parameters: Vec<_> = ty.type_parameters().map(|(name, _)| name).collect();
    match &*parameters {
        [] => ty.simple_name().to_owned(),
        list => format!("{}<{}>", ty.simple_name(), list.join(", ")),
    }
}

/// A member's signature with the type it is in: `string IRequest.Method { get; }`.
pub(crate) fn signature(info: &MemberInfo) -> String {
    let signature = info.member.signature;
    let owner = name_of(info.owner);
    match info.kind {
        MemberKind::Constructor => signature.replacen("new(", &format!("{owner}("), 1),
        MemberKind::IndexGetter | MemberKind::IndexSetter => {
            signature.replacen("this[", &format!("{owner}.this["), 1)
        }
        MemberKind::Getter | MemberKind::Setter | MemberKind::Method => {
            // The name stands behind the type, which may have the name in it.
            let end = match signature
                .find('(')
                .filter(|_| info.kind == MemberKind::Method)
            {
                Some(_) => method_name(signature, &info.name),
                None => signature
                    .find(" {")
                    .map(|end| end - info.name.len().min(end)),
            };
            match end {
                Some(at) if signature.is_char_boundary(at) => {
                    let (before, rest) = signature.split_at(at);
                    format!("{before}{owner}.{rest}")
                }
                _ => signature.to_owned(),
            }
        }
        MemberKind::Operator | MemberKind::Implicit | MemberKind::Explicit => signature.to_owned(),
    }
}

/// Where a method's name stands in its signature.
fn method_name(signature: &str, name: &str) -> Option<usize> {
    let mut places = signature.match_indices(name);
    places.find_map(|(at, _)| {
        let before = signature.get(..at)?;
        let after = signature.get(at + name.len()..)?;
        (before.ends_with(' ') && after.starts_with(['(', '<'])).then_some(at)
    })
}

/// A type as it is declared: `interface IRequest`, an enum with its values.
pub(crate) fn declaration(ty: &Type) -> String {
    let Some(table) = ty.table() else {
        return ty.to_string();
    };
    let kind = match table.kind {
        tollgate_dotnet::TypeKind::Class => "class",
        tollgate_dotnet::TypeKind::Struct => "struct",
        tollgate_dotnet::TypeKind::Interface => "interface",
        tollgate_dotnet::TypeKind::Enum => "enum",
        tollgate_dotnet::TypeKind::Static => "static class",
        tollgate_dotnet::TypeKind::Delegate => "delegate",
    };
    let bases = match table.bases {
        [] => String::new(),
        bases => format!(" : {}", bases.join(", ")),
    };
    let values: Vec<_> = table.values.iter().map(|(name, _)| *name).collect();
    let values = match &*values {
        [] => String::new(),
        values => format!(" {{ {} }}", values.join(", ")),
    };
    format!("{kind} {ty}{bases}{values}")
}

/// The `{{name}}` around a byte of a text: the name so far, where it begins, and where it ends.
pub(crate) fn named_value_at(text: &str, at: usize) -> Option<(&str, std::ops::Range<usize>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let before = text.get(..at)?;
    let start = before.trim_end_matches(is_name).len();
    let rest = text.get(start..)?;
    let end = start + (rest.len() - rest.trim_start_matches(is_name).len());
    let opens = text.get(..start)?.ends_with("{{");
    opens.then(|| (text.get(start..end).unwrap_or(""), start..end))
}

/// The text of code that was written encoded.
pub(crate) fn decoded(code: &str) -> String {
    let mut decoded = code.to_owned();
    for (entity, text) in [
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        decoded = decoded.replace(entity, text);
    }
    decoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shown(code: &str, at: &str) -> String {
        let place = code.find(at).unwrap();
        match meaning_at(code, ExpressionKind::Single, place)
            .unwrap()
            .what
        {
            What::Member(member, ty) => format!("{} : {ty}", signature(info(member).unwrap())),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn members_are_shown_with_the_type_they_are_in() {
        let code = "context.Request.Headers.GetValueOrDefault(\"A\", \"\").Split(',')[0].Length";
        assert_eq!(
            shown(code, "Request"),
            "IRequest IProxyRequestContext.Request { get; } : IRequest"
        );
        assert_eq!(
            shown(code, "GetValue"),
            "string HeaderDictionary.GetValueOrDefault(string name, string defaultValue = null) : string"
        );
        assert_eq!(shown(code, "Length"), "int String.Length { get; } : int");
    }

    #[test]
    fn every_signature_gets_its_owner() {
        for ty in registry().types() {
            for info in registry().members(ty) {
                let shown = signature(info);
                let has_owner = shown.contains(&name_of(ty));
                let may_lack = matches!(
                    info.kind,
                    MemberKind::Operator | MemberKind::Implicit | MemberKind::Explicit
                );
                assert!(has_owner || may_lack, "{shown}");
            }
        }
    }

    #[test]
    fn named_values_are_found_around_a_place() {
        let text = "a {{one.two}} {{three";
        assert_eq!(named_value_at(text, 6), Some(("one.two", 4..11)));
        assert_eq!(named_value_at(text, 4), Some(("one.two", 4..11)));
        assert_eq!(named_value_at(text, text.len()), Some(("three", 16..21)));
        assert_eq!(named_value_at(text, 1), None);
    }
}
