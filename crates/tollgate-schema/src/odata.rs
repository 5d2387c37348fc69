//! OData 4: whether a URL's path and query are as its ABNF has them. Names are not held against a model.

use thiserror::Error;

/// What is wrong, and at which character of the text, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} at position {position}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub position: usize,
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// So deep expressions may be nested.
const DEEPEST: usize = 100;

/// Looks at a resource path, percent-decoded: `/Orders(7)/Items`.
///
/// # Errors
/// It is none.
pub fn check_path(path: &str) -> Result<()> {
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let mut reader = Reader::new(segment);
        if reader.take("$") {
            const SYSTEM: [&str; 10] = [
                "metadata",
                "batch",
                "count",
                "value",
                "ref",
                "crossjoin",
                "all",
                "entity",
                "each",
                "filter",
            ];
            let name = reader.word();
            if !SYSTEM.contains(&name) {
                return Err(reader.error(format!("There is no segment `${name}`")));
            }
        } else {
            // `Namespace.Function`, or a key on its own.
            let is_key = reader.peek().is_some_and(|c| !is_name_start(c));
            if is_key {
                continue;
            }
            reader.qualified_name()?;
        }
        if reader.peek() == Some('(') {
            reader.keys()?;
        }
        reader.end()?;
    }
    Ok(())
}

/// Looks at a system query option: its name with `$`, and its value, percent-decoded.
///
/// # Errors
/// There is no such option, or the value is none of its.
pub fn check_option(name: &str, value: &str) -> Result<()> {
    let mut reader = Reader::new(value);
    match name {
        "$filter" => reader.expression(0)?,
        "$orderby" => reader.list(Reader::order_item)?,
        "$select" => reader.list(Reader::select_item)?,
        "$expand" => reader.list(Reader::expand_item)?,
        "$compute" => reader.list(|reader| {
            reader.expression(0)?;
            reader.keyword("as")?;
            reader.qualified_name()
        })?,
        "$top" | "$skip" | "$index" => reader.digits()?,
        "$count" => match value {
            "true" | "false" => return Ok(()),
            _ => return Err(reader.error("It is `true` or `false`".to_owned())),
        },
        "$levels" if value == "max" => return Ok(()),
        "$levels" => reader.digits()?,
        "$search" => reader.search(0)?,
        "$apply" => return reader.balanced(),
        "$format" | "$id" | "$skiptoken" | "$deltatoken" | "$schemaversion" => {
            return match value.is_empty() {
                true => Err(reader.error("It is empty".to_owned())),
                false => Ok(()),
            };
        }
        _ => return Err(reader.error(format!("There is no query option `{name}`"))),
    }
    reader.space();
    reader.end()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    is_name_start(c) || c.is_numeric()
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn error(&self, message: String) -> SyntaxError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        SyntaxError {
            message,
            position: before.chars().count(),
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        Err(match self.peek() {
            Some(found) => self.error(format!("{what} is expected, not `{found}`")),
            None => self.error(format!("{what} is expected")),
        })
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        match self.take(text) {
            true => Ok(()),
            false => self.expected(&format!("`{text}`")),
        }
    }

    fn space(&mut self) {
        self.while_is(|c| c == ' ' || c == '\t');
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn word(&mut self) -> &'t str {
        self.while_is(is_name)
    }

    fn end(&self) -> Result<()> {
        match self.rest().is_empty() {
            true => Ok(()),
            false => self.expected("The end"),
        }
    }

    fn digits(&mut self) -> Result<()> {
        let digits = self.while_is(|c| c.is_ascii_digit());
        match digits.is_empty() || digits.len() > 10 {
            true => self.expected("A whole number"),
            false => Ok(()),
        }
    }

    /// A word that stands for itself, between spaces.
    fn keyword(&mut self, word: &str) -> Result<()> {
        self.space();
        self.expect(word)?;
        match self.peek() {
            Some(' ') => {
                self.space();
                Ok(())
            }
            _ => self.expected("A space"),
        }
    }

    /// `Name`, or `Namespace.Name`.
    fn qualified_name(&mut self) -> Result<()> {
        loop {
            if !self.peek().is_some_and(is_name_start) {
                return self.expected("A name");
            }
            self.word();
            if !self.take(".") {
                return Ok(());
            }
        }
    }

    /// Things with commas between them.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        loop {
            self.space();
            item(self)?;
            self.space();
            if !self.take(",") {
                return Ok(());
            }
        }
    }

    fn order_item(&mut self) -> Result<()> {
        self.expression(0)?;
        self.space();
        if !self.take("asc") {
            self.take("desc");
        }
        Ok(())
    }

    /// `Name/Name`, `*`, `Namespace.*`, and options of its own in parentheses.
    fn select_item(&mut self) -> Result<()> {
        self.path()?;
        self.options(0)
    }

    fn expand_item(&mut self) -> Result<()> {
        self.expand(0)
    }

    fn expand(&mut self, depth: usize) -> Result<()> {
        self.path()?;
        self.options(depth)
    }

    fn path(&mut self) -> Result<()> {
        loop {
            if self.take("*") {
                // All of them.
            } else if self.take("$") {
                match self.word() {
                    "ref" | "count" | "value" | "it" | "root" | "this" => {}
                    word => return Err(self.error(format!("There is no `${word}`"))),
                }
            } else {
                if self.take("@") && self.peek().is_none() {
                    return self.expected("A name");
                }
                if !self.peek().is_some_and(is_name_start) {
                    return self.expected("A name");
                }
                self.word();
                while self.take(".") {
                    if !self.take("*") {
                        self.word();
                    }
                }
            }
            if !self.take("/") {
                return Ok(());
            }
        }
    }

    /// `($filter=…;$top=…)`
    fn options(&mut self, depth: usize) -> Result<()> {
        if !self.take("(") {
            return Ok(());
        }
        self.check_depth(depth)?;
        loop {
            self.space();
            let start = self.at;
            if !self.take("$") {
                return self.expected("`$`");
            }
            self.word();
            let name = self.text.get(start..self.at).unwrap_or_default();
            self.expect("=")?;
            match name {
                "$filter" => self.expression(depth + 1)?,
                "$orderby" => self.list(Self::order_item)?,
                "$select" => self.list(Self::select_item)?,
                "$expand" => self.list(|reader| reader.expand(depth + 1))?,
                "$top" | "$skip" => self.digits()?,
                "$levels" if self.take("max") => {}
                "$levels" => self.digits()?,
                "$count" if self.take("true") || self.take("false") => {}
                "$search" => self.search(depth + 1)?,
                _ => return Err(self.error(format!("`{name}` has no place here"))),
            }
            self.space();
            if !self.take(";") {
                return self.expect(")");
            }
        }
    }

    /// `(7)`, `('a')`, `(A=1,B=2)`; arguments of a function too.
    fn keys(&mut self) -> Result<()> {
        self.expect("(")?;
        if self.take(")") {
            return Ok(());
        }
        self.list(|reader| {
            let start = reader.at;
            if reader.peek().is_some_and(is_name_start) {
                reader.word();
                if reader.take("=") {
                    return reader.expression(0);
                }
                reader.at = start;
            }
            reader.expression(0)
        })?;
        self.expect(")")
    }

    fn check_depth(&self, depth: usize) -> Result<()> {
        match depth > DEEPEST {
            true => Err(self.error("It is nested too deeply".to_owned())),
            false => Ok(()),
        }
    }

    /// Operands with operators between them. What binds how does not matter for whether it is well.
    fn expression(&mut self, depth: usize) -> Result<()> {
        self.check_depth(depth)?;
        loop {
            self.space();
            self.operand(depth)?;
            let before = self.at;
            self.space();
            const OPERATORS: [&str; 16] = [
                "and", "or", "eq", "ne", "lt", "le", "gt", "ge", "has", "in", "add", "sub", "mul",
                "div", "divby", "mod",
            ];
            let word = self.word();
            if before == self.at - word.len() || !OPERATORS.contains(&word) {
                self.at = before;
                return Ok(());
            }
            if self.peek() != Some(' ') {
                return self.expected("A space");
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Result<()> {
        if self.rest().starts_with("not ") || self.rest().starts_with("not(") {
            self.at += "not".len();
            self.space();
            return self.nested(depth);
        }
        match self.peek() {
            Some('(') => {
                self.take("(");
                self.list(|reader| reader.expression(depth + 1))?;
                self.expect(")")
            }
            Some('\'') => self.string(),
            Some('-')
                if self.rest().get(1..).is_some_and(|rest| {
                    !rest.starts_with(|c: char| c.is_ascii_digit() || c == 'I')
                }) =>
            {
                self.take("-");
                self.space();
                self.nested(depth)
            }
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some('@') => {
                self.take("@");
                self.qualified_name()
            }
            Some('[' | '{') => self.json(),
            Some(c) if is_name_start(c) || c == '$' => self.member(depth),
            _ => self.expected("An expression"),
        }
    }

    fn nested(&mut self, depth: usize) -> Result<()> {
        self.check_depth(depth + 1)?;
        self.operand(depth + 1)
    }

    fn string(&mut self) -> Result<()> {
        self.expect("'")?;
        loop {
            self.while_is(|c| c != '\'');
            if !self.take("'") {
                return self.expected("`'`");
            }
            // Two of them are one in the text.
            if !self.take("'") {
                return Ok(());
            }
        }
    }

    /// A number, a date, a time or a GUID.
    fn number(&mut self) -> Result<()> {
        let text = self.while_is(|c| c.is_ascii_alphanumeric() || "-+.:".contains(c));
        let known = |text: &str| {
            let number = text.parse::<f64>().is_ok();
            let dashes = text.bytes().filter(|byte| *byte == b'-').count();
            let is_guid = text.len() == 36
                && dashes == 4
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            let is_time = text.starts_with(|c: char| c.is_ascii_digit())
                && (text.contains(':') || dashes == 2)
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || b"-+.:TZ".contains(&byte));
            number || is_guid || is_time || text == "-INF"
        };
        match known(text) {
            true => Ok(()),
            false => Err(self.error(format!("`{text}` is no literal"))),
        }
    }

    /// An array or object of a parameter alias.
    fn json(&mut self) -> Result<()> {
        let mut values =
            serde_json::Deserializer::from_str(self.rest()).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => {
                self.at += values.byte_offset();
                Ok(())
            }
            _ => self.expected("JSON"),
        }
    }

    /// A word, a function, a path, a lambda, or a literal that begins with a word.
    fn member(&mut self, depth: usize) -> Result<()> {
        loop {
            if self.take("$") {
                match self.word() {
                    "it" | "root" | "this" | "count" => {}
                    word => return Err(self.error(format!("There is no `${word}`"))),
                }
            } else {
                let start = self.at;
                self.qualified_name()?;
                let name = self.text.get(start..self.at).unwrap_or_default();
                // `duration'P1D'`, `Namespace.Color'Red'`, and GUIDs that begin with a letter.
                if self.peek() == Some('\'') {
                    return self.string();
                }
                if self.peek() == Some('-') && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    self.at = start;
                    return self.number();
                }
                if self.peek() == Some('(') {
                    match name {
                        "any" | "all" => self.lambda(depth)?,
                        _ => self.arguments(depth)?,
                    }
                }
            }
            if !self.take("/") {
                return Ok(());
            }
        }
    }

    fn arguments(&mut self, depth: usize) -> Result<()> {
        self.expect("(")?;
        self.space();
        if self.take(")") {
            return Ok(());
        }
        self.list(|reader| {
            reader.expression(depth + 1)?;
            match reader.take("=") {
                true => reader.expression(depth + 1),
                false => Ok(()),
            }
        })?;
        self.expect(")")
    }

    /// `any(x:x/Price gt 5)`, `any()`
    fn lambda(&mut self, depth: usize) -> Result<()> {
        self.expect("(")?;
        self.space();
        if self.take(")") {
            return Ok(());
        }
        self.qualified_name()?;
        self.space();
        self.expect(":")?;
        self.expression(depth + 1)?;
        self.space();
        self.expect(")")
    }

    /// Words and phrases with `AND`, `OR`, `NOT`, and parentheses.
    fn search(&mut self, depth: usize) -> Result<()> {
        self.check_depth(depth)?;
        let mut found = false;
        loop {
            self.space();
            match self.peek() {
                Some('(') => {
                    self.take("(");
                    self.search(depth + 1)?;
                    self.expect(")")?;
                }
                Some('"') => {
                    self.take("\"");
                    self.while_is(|c| c != '"');
                    self.expect("\"")?;
                }
                Some(c) if !c.is_whitespace() && !"();,".contains(c) => {
                    self.while_is(|c| !c.is_whitespace() && !"();,\"".contains(c));
                }
                _ if found => return Ok(()),
                _ => return self.expected("A word"),
            }
            found = true;
        }
    }

    /// Whether all parentheses and quotes are closed.
    fn balanced(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '\'' => {
                    self.string()?;
                    continue;
                }
                '(' => depth += 1,
                ')' if depth == 0 => return self.expected("The end"),
                ')' => depth -= 1,
                _ => {}
            }
            self.at += c.len_utf8();
        }
        match depth {
            0 if !self.text.is_empty() => Ok(()),
            0 => self.expected("A transformation"),
            _ => self.expected("`)`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_looked_at() {
        for path in [
            "",
            "/",
            "/Orders",
            "/Orders(7)",
            "/Orders('it''s')/Items",
            "/Orders(A=1,B='x')/Items/$count",
            "/Ns.Top(n=5)",
            "/$metadata",
            "/Orders(@id)",
            "/Orders/7",
            "/Orders(01234567-89ab-cdef-0123-456789abcdef)/Name/$value",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in [
            "/Orders(",
            "/Orders(7",
            "/Orders(7)x",
            "/$nothing",
            "/Orders('a)",
            "/Ord-ers",
            "/Ns.",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn options_are_looked_at() {
        for (name, value) in [
            ("$filter", "Name eq 'Milk' and Price lt 2.55"),
            (
                "$filter",
                "not (contains(Name,'a b') or Price mul -2 ge 1e3)",
            ),
            (
                "$filter",
                "Items/any(i:i/Price gt 5 and i/Tags/all(t:t ne 'x'))",
            ),
            ("$filter", "Items/any()"),
            (
                "$filter",
                "Created ge 2024-01-02T03:04:05.678Z and Day eq 2024-01-02 and At lt 12:30",
            ),
            ("$filter", "Id eq abcdef01-2345-6789-abcd-ef0123456789"),
            (
                "$filter",
                "Color has Ns.Color'Red' and Span gt duration'P1DT2H'",
            ),
            ("$filter", "Name in ('a', 'b') and @p1 eq null"),
            (
                "$filter",
                "cast(Ns.Type)/Name eq 'a' and $it/Name ne null and Items/$count gt 2",
            ),
            ("$filter", "-Price lt -1 and Total eq -INF"),
            ("$orderby", "Name, Price desc,length(Name) asc"),
            ("$select", "Name,Address/City,*,Ns.*"),
            (
                "$expand",
                "Items($filter=Price gt 5;$select=Name;$expand=Tags($levels=max);$top=3),Customer/$ref,*",
            ),
            ("$compute", "Price mul Count as Total"),
            ("$top", "10"),
            ("$skip", "0"),
            ("$count", "true"),
            ("$search", "mountain AND (\"a bike\" OR NOT red)"),
            (
                "$apply",
                "groupby((Name),aggregate(Price with sum as Total))",
            ),
            ("$format", "json"),
        ] {
            assert_eq!(check_option(name, value), Ok(()), "{name}={value}");
        }
        for (name, value, position) in [
            ("$filter", "", 0),
            ("$filter", "Name eq", 7),
            ("$filter", "Name eq 'a", 10),
            ("$filter", "Name eq 'a' and", 15),
            ("$filter", "(Name eq 'a'", 12),
            ("$filter", "Name equals 'a'", 5),
            ("$filter", "Name eq 'a'; drop", 11),
            ("$filter", "Price gt 1x2y", 13),
            ("$filter", "Items/any(i i/Price gt 5)", 12),
            ("$orderby", "Name upwards", 5),
            ("$select", "Name,", 5),
            ("$select", "$nothing", 8),
            ("$expand", "Items($top=x)", 11),
            ("$expand", "Items($nothing=1)", 15),
            ("$expand", "Items(top=1)", 6),
            ("$top", "-1", 0),
            ("$top", "99999999999", 11),
            ("$count", "yes", 0),
            ("$search", "(a", 2),
            ("$apply", "groupby((a)", 11),
            ("$format", "", 0),
            ("$nothing", "1", 0),
        ] {
            let error = check_option(name, value).map_err(|error| error.position);
            assert_eq!(error, Err(position), "{name}={value}");
        }
        let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(check_option("$filter", &deep).is_err());
        assert!(check_option("$filter", &format!("{}true", "not ".repeat(100_000))).is_err());
        assert!(check_option("$search", &"(".repeat(100_000)).is_err());
        assert!(check_option("$expand", &"a($expand=".repeat(100_000)).is_err());
    }
}
