//! C#: members by the type of what stands before the dot, names, variables of the exchange.

use std::collections::BTreeMap;

use lsp_types::{CompletionItem, CompletionItemKind};
use tollgate_dotnet::{MemberInfo, MemberKind, Type, TypeKind};
use tollgate_engine::{compiler, registry};
use tollgate_expressions::Wanted;
use tollgate_syntax::ExpressionKind;

use super::{Asked, markdown};
use crate::code;

/// Words of C# that expressions are made of.
const KEYWORDS: [&str; 31] = [
    "as", "bool", "break", "byte", "case", "catch", "char", "continue", "decimal", "double",
    "dynamic", "else", "false", "finally", "for", "foreach", "if", "int", "is", "long", "new",
    "null", "object", "return", "string", "switch", "throw", "true", "try", "var", "while",
];

/// The methods of `context.Variables` that take a variable's name.
const BY_NAME: [&str; 3] = ["GetValueOrDefault", "ContainsKey", "TryGetValue"];

impl Asked<'_> {
    /// What can stand at the caret in code that begins at `start`.
    pub(super) fn code(
        &self,
        kind: ExpressionKind,
        start: usize,
        is_encoded: bool,
    ) -> Vec<CompletionItem> {
        let text = self.document.text.as_str();
        let word = self.word_start().max(start);
        let before = text.get(start..word).unwrap_or("");
        let before = match is_encoded {
            true => code::decoded(before),
            false => before.to_owned(),
        };
        let behind = text.get(self.at..).unwrap_or("");
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = text.len() - behind.trim_start_matches(is_word).len();
        let range = word..end;
        if let Some(written) = variable_before(text.get(start..self.at).unwrap_or("")) {
            let from = self.at - written;
            let rest = behind.find(['"', '\\', '\n', '&', '<']);
            let end = self.at + rest.filter(|_| behind.starts_with(is_word)).unwrap_or(0);
            return self.variables(from..end);
        }
        match compiler().complete(&before, code::form(kind)) {
            None => Vec::new(),
            Some(Wanted::Member(ty)) => self.members(&ty, false, range),
            Some(Wanted::Static(ty)) => self.members(&ty, true, range),
            Some(Wanted::InNamespace(namespace)) => self.types(Some(&namespace), range),
            // A new name is not known.
            Some(Wanted::Name(_)) if before.trim_end().ends_with("var") => Vec::new(),
            Some(Wanted::Name(variables)) => {
                let mut items: Vec<CompletionItem> = Vec::new();
                for (name, ty) in variables {
                    if items.iter().any(|item| item.label == *name) {
                        continue;
                    }
                    let mut item = self.item(&name, CompletionItemKind::VARIABLE, range.clone());
                    item.detail = ty.map(|ty| ty.to_string());
                    item.sort_text = Some(format!("0{name}"));
                    items.push(item);
                }
                let keywords = KEYWORDS.iter();
                items.extend(
                    keywords
                        .map(|word| self.item(word, CompletionItemKind::KEYWORD, range.clone())),
                );
                items.extend(self.types(None, range));
                items
            }
        }
    }

    /// The members of a type, overloads as one.
    fn members(
        &self,
        ty: &Type,
        is_static: bool,
        range: std::ops::Range<usize>,
    ) -> Vec<CompletionItem> {
        let mut items = Vec::new();
        let properties: Vec<(String, String)> = match ty {
            Type::Anonymous(all) => (all.iter())
                .map(|(name, ty)| (name.to_string(), ty.to_string()))
                .collect(),
            Type::Tuple(all) => (all.iter().enumerate())
                .map(|(index, (ty, name))| {
                    let number = || format!("Item{}", index + 1);
                    (
                        name.as_deref().map_or_else(number, str::to_owned),
                        ty.to_string(),
                    )
                })
                .collect(),
            _ => Vec::new(),
        };
        for (name, ty) in properties {
            let mut item = self.item(&name, CompletionItemKind::FIELD, range.clone());
            item.detail = Some(format!("{ty} {name}"));
            items.push(item);
        }
        let mut named: BTreeMap<&str, Vec<&MemberInfo>> = BTreeMap::new();
        let registry = registry();
        for found in registry.all(ty) {
            let info = found.info;
            if info.is_static == is_static && !info.is_extension && info.kind != MemberKind::Setter
            {
                named.entry(&info.name).or_default().push(info);
            }
        }
        if !is_static {
            for info in registry.extensions_of(ty) {
                named.entry(&info.name).or_default().push(info);
            }
        }
        for (name, all) in named {
            let Some(first) = all.first() else { continue };
            let kind = match first.kind {
                MemberKind::Getter => CompletionItemKind::PROPERTY,
                _ => CompletionItemKind::METHOD,
            };
            let mut item = self.item(name, kind, range.clone());
            let more = match all.len() {
                1 => String::new(),
                count => format!(" (+{})", count - 1),
            };
            item.detail = Some(format!("{}{more}", first.member.signature));
            let lines: Vec<String> = all.iter().take(20).map(|it| code::signature(it)).collect();
            item.documentation = Some(markdown(format!("```csharp\n{}\n```", lines.join("\n"))));
            items.push(item);
        }
        let table = ty
            .table()
            .filter(|table| is_static && table.kind == TypeKind::Enum);
        for (name, _) in table.iter().flat_map(|table| table.values) {
            let kind = CompletionItemKind::ENUM_MEMBER;
            items.push(self.item(name, kind, range.clone()));
        }
        items
    }

    /// The types of a namespace and the namespaces in it; without one all types, by their simple names.
    fn types(&self, namespace: Option<&str>, range: std::ops::Range<usize>) -> Vec<CompletionItem> {
        let mut names: BTreeMap<&str, (CompletionItemKind, String)> = BTreeMap::new();
        for ty in registry().types() {
            let full = ty.full_name();
            // Types within types, and those that cannot be named.
            if full.contains('+') {
                continue;
            }
            let class = CompletionItemKind::CLASS;
            match namespace {
                None => {
                    names.insert(ty.simple_name(), (class, full.to_owned()));
                }
                Some(namespace) => {
                    let rest = full
                        .strip_prefix(namespace)
                        .and_then(|it| it.strip_prefix('.'));
                    match rest.map(|rest| rest.split_once('.').unwrap_or((rest, ""))) {
                        Some((name, "")) => names.insert(name, (class, full.to_owned())),
                        Some((name, _)) => {
                            let detail = format!("{namespace}.{name}");
                            names.insert(name, (CompletionItemKind::MODULE, detail))
                        }
                        None => None,
                    };
                }
            }
        }
        (names.into_iter())
            .map(|(name, (kind, detail))| {
                let mut item = self.item(name, kind, range.clone());
                item.detail = Some(detail);
                item
            })
            .collect()
    }
}

/// How many bytes of a variable's name are written before the caret: `context.Variables["na`.
fn variable_before(code: &str) -> Option<usize> {
    let start = code.rfind('"').map(|at| (at, 1));
    let encoded = code.rfind("&quot;").map(|at| (at, "&quot;".len()));
    let (quote, length) = start.max(encoded)?;
    let written = code.get(quote + length..)?;
    if written.contains(['\n', ')', ']']) {
        return None;
    }
    let before = code.get(..quote)?.trim_end();
    let is_expected = match before.strip_suffix('[') {
        Some(receiver) => receiver.trim_end().ends_with(".Variables"),
        None => {
            let call = before.strip_suffix('(')?;
            let call = call.get(call.rfind("Variables")? + "Variables".len()..)?;
            // `GetValueOrDefault<string>`, which may be encoded.
            let named = call.split(['<', '&']).next().unwrap_or(call);
            BY_NAME.contains(&named.trim_start().strip_prefix('.')?.trim())
        }
    };
    is_expected.then_some(written.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_expected_where_they_stand() {
        for (code, written) in [
            ("context.Variables[\"", Some(0)),
            ("(string)context.Variables[\"na", Some(2)),
            ("context.Variables[&quot;na", Some(2)),
            ("context.Variables.GetValueOrDefault<string>(\"a", Some(1)),
            ("context.Variables.ContainsKey(\"a", Some(1)),
            ("context.Variables[\"a\"] + \"", None),
            ("context.Variables[\"a\"]", None),
            ("context.Request.Headers[\"", None),
            ("Other(\"", None),
        ] {
            assert_eq!(variable_before(code), written, "{code}");
        }
    }
}
