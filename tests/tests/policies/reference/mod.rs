//! The reference as tables: all that each policy may say, one row each, and what follows from that.
//!
//! A block of a table begins with `policy | sections | scopes | once or many` (or `policy = other`, which says the
//! same). Then come examples, and under each the rows about it: `what | flags | value | more good values | bad ones`.
//!
//! - what: `@attribute` of the policy, `element`, `element@attribute`, or `()`, what stands in the policy.
//! - flags: `!` it must be there, `*` there may be several; then `E` it may be an expression, `L` it may not; of
//!   elements also `.` elements stand in it, `-` nothing, `P` policies, `?` any markup, and `:` it is the policy of its
//!   name, whose rows are elsewhere.
//! - value: see [`Value`].
//! - good and bad values are two spaces apart; a bad one is `value=diagnostic`.

mod failing;
mod loading;

const TABLES: &[&str] = &[
    include_str!("access.txt"),
    include_str!("ai.txt"),
    include_str!("caching.txt"),
    include_str!("control.txt"),
    include_str!("cross_domain.txt"),
    include_str!("integration.txt"),
    include_str!("limits.txt"),
    include_str!("logging.txt"),
    include_str!("resolvers.txt"),
    include_str!("routing.txt"),
    include_str!("transformation.txt"),
    include_str!("validation.txt"),
];

/// One policy of the reference.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) sections: Vec<&'static str>,
    pub(super) scopes: Vec<&'static str>,
    pub(super) once: bool,
    pub(super) rows: Vec<Row>,
    /// All of them; the first one has what must be there.
    pub(super) examples: Vec<String>,
}

/// One attribute, or one element, or what stands in the policy.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// What it is written into.
    pub(super) example: String,
    /// The elements that lead to it; none for the policy itself.
    pub(super) path: Vec<&'static str>,
    pub(super) attribute: Option<&'static str>,
    pub(super) required: bool,
    pub(super) many: bool,
    pub(super) holds: char,
    pub(super) value: Value,
    pub(super) good: Vec<&'static str>,
    /// With the diagnostic that refuses it.
    pub(super) bad: Vec<(&'static str, &'static str)>,
}

/// What kind of value it takes; each kind has values that are fine and values that are not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing of its own: an element that holds elements.
    None,
    /// Whatever there is: `any`.
    Any,
    /// Text that may be empty: `text`.
    Text,
    /// Text that may not: `filled`.
    Filled,
    /// Text of which only the row knows what is good: `like`.
    Like,
    /// Only what this expression gives: `expression @(…)`.
    Expression(&'static str),
    /// `bool`
    Bool,
    /// `header`
    Header,
    /// `variable`
    Variable,
    /// `url`
    Url,
    /// `status`
    Status,
    /// `address`
    Address,
    /// `int 1..300`, either end open
    Int(Option<i64>, Option<i64>),
    /// `seconds 1..240`, whole or not
    Seconds(Option<i64>, Option<i64>),
    /// `number 0..1`
    Number(Option<i64>, Option<i64>),
    /// `one-of a b c`
    OneOf(Vec<&'static str>),
}

impl Value {
    fn read(text: &'static str) -> Self {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let range = || {
            let (from, to) = rest.split_once("..").unwrap_or(("", ""));
            (from.parse().ok(), to.parse().ok())
        };
        match kind {
            "" => Self::None,
            "any" => Self::Any,
            "text" => Self::Text,
            "filled" => Self::Filled,
            "like" => Self::Like,
            "expression" => Self::Expression(rest),
            "bool" => Self::Bool,
            "header" => Self::Header,
            "variable" => Self::Variable,
            "url" => Self::Url,
            "status" => Self::Status,
            "address" => Self::Address,
            "int" => Self::Int(range().0, range().1),
            "seconds" => Self::Seconds(range().0, range().1),
            "number" => Self::Number(range().0, range().1),
            "one-of" => Self::OneOf(rest.split(' ').collect()),
            _ => panic!("no kind of value: {text}"),
        }
    }

    /// An expression that gives one, as far as types tell; it throws when it runs.
    pub(super) fn throwing(&self) -> &str {
        match self {
            Self::Expression(_) => "@((byte[])(object)context.Request.Method)",
            Self::Bool => r#"@(bool.Parse("x" + context.Request.Method))"#,
            Self::Int(..) | Self::Seconds(..) | Self::Number(..) | Self::Status => {
                r#"@(int.Parse("x" + context.Request.Method))"#
            }
            _ => "@(context.Request.Method.Substring(99))",
        }
    }

    /// An expression that can never give one.
    fn mistyped(&self) -> Option<&'static str> {
        match self {
            Self::Int(..) | Self::Seconds(..) | Self::Number(..) | Self::Status => Some("@(true)"),
            Self::Bool | Self::Url | Self::Address | Self::OneOf(_) => Some("@(1)"),
            _ => None,
        }
    }

    /// Values that are taken.
    fn good(&self) -> Vec<String> {
        let edges = |from: &Option<i64>, to: &Option<i64>| {
            let edges = from.iter().chain(to);
            edges.map(i64::to_string).collect::<Vec<_>>()
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        match self {
            Self::None | Self::Like => Vec::new(),
            Self::Any | Self::Text | Self::Filled | Self::Variable => texts(&["a", "1"]),
            Self::Expression(text) => texts(&[text]),
            Self::Bool => texts(&["true", "false", "True"]),
            Self::Header => texts(&["X-B"]),
            Self::Url => texts(&["https://b.test/c"]),
            Self::Status => texts(&["200", "599"]),
            Self::Address => texts(&["10.0.0.5"]),
            Self::Int(from, to) => edges(from, to),
            Self::Seconds(from, to) | Self::Number(from, to) => {
                let mut all = edges(from, to);
                all.push(format!("{}.5", from.unwrap_or(0)));
                all
            }
            Self::OneOf(names) => {
                let upper = names.iter().map(|name| name.to_ascii_uppercase());
                let all = names.iter().map(|name| (*name).to_owned());
                all.chain(upper).collect()
            }
        }
    }

    /// Values that are not, with the diagnostic.
    fn bad(&self) -> Vec<(String, &'static str)> {
        let past = |from: &Option<i64>, to: &Option<i64>, mut all: Vec<(String, &'static str)>| {
            if let Some(to) = to {
                all.push(((to + 1).to_string(), "wrong-value"));
            }
            match from {
                // Nothing is negative.
                Some(0) => all.push(("-1".to_owned(), "wrong-type")),
                Some(from) => all.push(((from - 1).to_string(), "wrong-value")),
                None => {}
            }
            all
        };
        let texts =
            |texts: &[&str], code| texts.iter().map(|text| (text.to_string(), code)).collect();
        match self {
            Self::None | Self::Any | Self::Text | Self::Like | Self::Expression(_) => Vec::new(),
            Self::Filled => texts(&[""], "wrong-value"),
            Self::Variable => texts(&[""], "wrong-type"),
            Self::Bool => texts(&["maybe", "1", ""], "wrong-type"),
            Self::Header => texts(&["a b", "a:", ""], "wrong-type"),
            Self::Url => texts(&["b.test", "ftp://b.test", ""], "wrong-type"),
            Self::Status => texts(&["99", "600", "OK", ""], "wrong-type"),
            Self::Address => texts(&["10.0.0.256", "a.test", ""], "wrong-type"),
            Self::Int(from, to) => past(from, to, texts(&["soon", "1.5", ""], "wrong-type")),
            Self::Seconds(from, to) | Self::Number(from, to) => {
                past(from, to, texts(&["soon", ""], "wrong-type"))
            }
            Self::OneOf(_) => texts(&["nonesuch", ""], "wrong-type"),
        }
    }
}

fn sections(text: &'static str) -> Vec<&'static str> {
    let names = [
        ("in", "inbound"),
        ("be", "backend"),
        ("out", "outbound"),
        ("err", "on-error"),
    ];
    let words: Vec<_> = text.split(' ').collect();
    let all = names.into_iter().filter(|(short, _)| words.contains(short));
    all.map(|(_, name)| name).collect()
}

fn scopes(text: &'static str) -> Vec<&'static str> {
    let names = [
        ("G", "global"),
        ("W", "workspace"),
        ("P", "product"),
        ("A", "api"),
        ("O", "operation"),
    ];
    // Older pages leave workspaces out.
    let text = match text {
        "all" | "G P A O" => "G W P A O",
        text => text,
    };
    let words: Vec<_> = text.split(' ').collect();
    let all = names.into_iter().filter(|(short, _)| words.contains(short));
    all.map(|(_, name)| name).collect()
}

/// All policies of the tables.
pub(super) fn policies() -> Vec<Policy> {
    let mut all: Vec<Policy> = Vec::new();
    let lines = TABLES.iter().flat_map(|table| table.lines());
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some((name, other)) = line
            .split_once(" = ")
            .filter(|(name, _)| !name.contains(['<', '|']))
        {
            let (name, other) = (name.trim(), other.trim());
            let found = all.iter().find(|policy| policy.name == other);
            let mut policy = found.unwrap_or_else(|| panic!("{line}")).clone();
            let of = |text: &String| text.replace(other, name);
            policy.examples = policy.examples.iter().map(of).collect();
            for row in &mut policy.rows {
                row.example = of(&row.example);
            }
            policy.name = name.to_owned();
            all.push(policy);
            continue;
        }
        if line.starts_with('<') {
            all.last_mut().unwrap().examples.push(line.to_owned());
            continue;
        }
        let mut columns = line.split('|').map(str::trim);
        let mut column = || columns.next().unwrap_or_default();
        let (first, second, third) = (column(), column(), column());
        if line.ends_with("| once") || line.ends_with("| many") {
            all.push(Policy {
                name: first.to_owned(),
                sections: sections(second),
                scopes: scopes(third),
                once: line.ends_with("once"),
                rows: Vec::new(),
                examples: Vec::new(),
            });
            continue;
        }
        let policy = all.last_mut().unwrap();
        let (path, attribute) = match first.split_once('@') {
            Some((path, attribute)) => (path, Some(attribute)),
            None => (first.trim_start_matches("()"), None),
        };
        policy.rows.push(Row {
            example: policy.examples.last().unwrap().clone(),
            path: path.split('/').filter(|name| !name.is_empty()).collect(),
            attribute,
            required: second.contains('!'),
            many: second.contains('*'),
            holds: second.chars().last().unwrap(),
            value: Value::read(third),
            good: column()
                .split("  ")
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .collect(),
            bad: (column()
                .split("  ")
                .map(str::trim)
                .filter(|text| !text.is_empty()))
            .map(|text| text.rsplit_once('=').unwrap())
            .collect(),
        });
    }
    all
}
