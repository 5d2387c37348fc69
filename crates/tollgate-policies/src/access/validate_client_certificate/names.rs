//! Distinguished names and numbers as people write them.

use x509_parser::prelude::X509Name;

/// A distinguished name as a set of parts: the same in whatever order it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name(Vec<(String, String)>);

/// What attributes are called, by their number; the first name is the one that is compared.
const TYPES: &[(&str, &[&str])] = &[
    ("2.5.4.3", &["CN"]),
    ("2.5.4.4", &["SN"]),
    ("2.5.4.5", &["SERIALNUMBER"]),
    ("2.5.4.6", &["C"]),
    ("2.5.4.7", &["L"]),
    ("2.5.4.8", &["ST", "S"]),
    ("2.5.4.9", &["STREET"]),
    ("2.5.4.10", &["O"]),
    ("2.5.4.11", &["OU"]),
    ("2.5.4.12", &["T", "TITLE"]),
    ("2.5.4.42", &["G", "GN"]),
    ("2.5.4.43", &["I"]),
    ("0.9.2342.19200300.100.1.1", &["UID"]),
    ("0.9.2342.19200300.100.1.25", &["DC"]),
    ("1.2.840.113549.1.9.1", &["E", "EMAIL", "EMAILADDRESS"]),
];

impl Name {
    /// Reads `CN=client, O="Contoso, Inc."`: parts with commas or `+` between them, values in quotes where they must
    /// be, quotes in quotes doubled.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (kind, after) = rest.split_once('=')?;
            let (value, after) = value(after.trim_start())?;
            let kind = kind.trim();
            if kind.is_empty() || kind.contains([',', '"']) {
                return None;
            }
            parts.push((number(kind), value.to_lowercase()));
            rest = after.trim_start();
        }
        Self::new(parts)
    }

    /// The name in a certificate.
    pub(super) fn of(name: &X509Name<'_>) -> Self {
        let parts = name.iter_attributes().map(|attribute| {
            let value = attribute.as_str().unwrap_or_default().to_lowercase();
            (attribute.attr_type().to_id_string(), value)
        });
        let mut parts: Vec<_> = parts.collect();
        parts.sort();
        Self(parts)
    }

    fn new(mut parts: Vec<(String, String)>) -> Option<Self> {
        parts.sort();
        (!parts.is_empty()).then_some(Self(parts))
    }
}

/// The number of a type of attribute: `CN`, `OID.2.5.4.3`, `2.5.4.3`.
fn number(kind: &str) -> String {
    let upper = kind.to_ascii_uppercase();
    let known = TYPES.iter().find(|(_, names)| names.contains(&&*upper));
    match known {
        Some((number, _)) => (*number).to_owned(),
        None => upper.strip_prefix("OID.").unwrap_or(&upper).to_owned(),
    }
}

/// A value up to its separator, and what is behind that.
fn value(text: &str) -> Option<(String, &str)> {
    let separator = |c: char| matches!(c, ',' | '+' | ';');
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(separator).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.trim_end().to_owned(), next(rest)));
    };
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        value.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => {
                let after = after.trim_start();
                let ends = after.is_empty() || after.starts_with(separator);
                return ends.then_some((value, next(after)));
            }
        }
    }
}

/// What is behind the separator.
fn next(rest: &str) -> &str {
    let mut rest = rest.chars();
    rest.next();
    rest.as_str()
}

/// The hexadecimal digits of a thumbprint or serial number in lower case, with whatever was copied along left out:
/// spaces, colons, marks that nobody sees. `None` if there is something else.
pub(super) fn hex_digits(text: &str) -> Option<String> {
    let aside = |c: char| c.is_whitespace() || c == ':' || matches!(c, '\u{200E}' | '\u{FEFF}');
    let digits: String = text.chars().filter(|c| !aside(*c)).collect();
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
    all.then(|| digits.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_are_read_part_by_part() {
        let name = |text| Name::parse(text).unwrap();
        let one = name(r#"CN=Client, O="Contoso, ""Inc.""", S=WA"#);
        assert_eq!(one, name(r#"st=wa,o="contoso, ""inc.""" , cn=client"#));
        assert_eq!(
            one,
            name(r#"OID.2.5.4.3=Client + 2.5.4.8=WA; O="Contoso, ""Inc.""""#)
        );
        assert_ne!(one, name("CN=Client, S=WA"));
        assert_ne!(name("CN=a"), name("CN=a, CN=a"));
        assert_eq!(name("E=a@b"), name("emailAddress = a@b"));
        for text in ["", "CN", "=a", "CN=\"a", "CN=\"a\"b", "O, CN=a"] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_read_as_they_are_copied() {
        assert_eq!(hex_digits("\u{200E}C0 ff:EE").as_deref(), Some("c0ffee"));
        assert_eq!(hex_digits("c0g"), None);
        assert_eq!(hex_digits(" "), None);
    }
}
