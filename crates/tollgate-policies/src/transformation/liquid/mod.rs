//! Liquid templates for `set-body`, as APIM has them: DotLiquid with .NET's names and formats, over the `liquid` crates.
//!
//! What differs from Liquid elsewhere, and is done here: filters have .NET's names (`Upcase`), `Date` takes .NET's
//! formats, `Replace` and `ReplaceFirst` take regular expressions, `{% JSONArrayFor x in list %}` puts commas between
//! its rounds, names are found without regard to case, what is missing is nothing and no error, and objects are gone
//! through as pairs with `Key` and `Value`. Source: set-body-policy.md; DotLiquid where that is silent.

mod bind;
mod data;
mod filters;
mod loops;
mod markup;
mod scope;

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use liquid_core::runtime::RuntimeBuilder;
use liquid_core::{Language, Renderable, Template as Nodes};
use liquid_lib::stdlib;
use tollgate_engine::{Exchange, Failure, Reads};

use self::data::Data;
use self::scope::{Lenient, Spent};
use super::message::{Message, too_long};

pub(crate) use self::bind::Binding;

/// A parsed template; cheap to clone.
#[derive(Clone)]
pub(crate) struct Template {
    nodes: Arc<Nodes>,
    /// Whether it says `body`, and `context`: what it does not say need not be bound.
    body: bool,
    context: bool,
    binding: Binding,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

impl Template {
    /// Reads a template; an error says what is wrong in it, and at which byte of it, if that is known.
    pub(crate) fn parse(source: &str, binding: Binding) -> Result<Self, (String, Option<usize>)> {
        let nodes = liquid_core::parser::parse(source, &LANGUAGE);
        let nodes = nodes.map_err(|error| plain(&error.to_string(), source))?;
        let says = |word: &str| source.to_ascii_lowercase().contains(word);
        Ok(Self {
            nodes: Arc::new(Nodes::new(nodes)),
            body: says("body"),
            context: says("context"),
            binding,
        })
    }

    /// What has to be buffered before it is rendered.
    pub(crate) fn reads(&self) -> Reads {
        match (self.body, self.binding.message) {
            (true, Some(message)) => message.reads(),
            _ => Reads::NONE,
        }
    }

    /// The text for this request.
    pub(crate) fn render(&self, exchange: &mut Exchange) -> Result<Bytes, Failure> {
        let body = match self.body {
            true => self.binding.body(exchange)?,
            false => Data::Nil,
        };
        let context = match self.context {
            true => self.binding.context(exchange)?,
            false => Data::Nil,
        };
        let message = self.binding.message.unwrap_or(Message::Response);
        let mut text = Bounded {
            text: Vec::new(),
            limit: message.limit(exchange),
            full: false,
        };
        let globals = Data::fields([("body", body), ("context", context)]);
        let runtime = Lenient(RuntimeBuilder::new().set_globals(&globals).build());
        let rendered = self.nodes.render_to(&mut text, &runtime);
        if text.full {
            return Err(too_long(text.limit));
        }
        // What the library says of an error quotes the data.
        rendered
            .map_err(|_| Failure::without_reason("The Liquid template could not be rendered."))?;
        Spent::check(&runtime)
            .map_err(|_| Failure::without_reason("The Liquid template does too much."))?;
        Ok(text.text.into())
    }
}

/// What the library says of an error over several lines and with pictures: what is wrong, and where.
fn plain(error: &str, source: &str) -> (String, Option<usize>) {
    let mut place = None;
    let mut said = Vec::new();
    for line in error.lines() {
        let line = line.trim().trim_start_matches("liquid:").trim();
        if let Some(position) = line.strip_prefix("--> ") {
            place = offset(position, source);
        } else if !(line.is_empty()
            || line == "with:"
            || line.starts_with("from:")
            || line.starts_with("available ")
            || line.contains('|'))
        {
            said.push(line.trim_start_matches("= "));
        }
    }
    (said.join(", "), place)
}

/// The byte at `line:column`, both from 1, the column in characters.
fn offset(position: &str, source: &str) -> Option<usize> {
    let (line, column) = position.split_once(':')?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let before: usize = source
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let here = source.get(before..)?.chars().take(column.checked_sub(1)?);
    Some(before + here.map(char::len_utf8).sum::<usize>())
}

/// Text that does not grow beyond a limit.
struct Bounded {
    text: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len().saturating_add(bytes.len()) > self.limit {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The tags and filters that templates may use.
static LANGUAGE: LazyLock<Language> = LazyLock::new(|| {
    let mut language = Language::empty();
    let blocks = &mut language.blocks;
    blocks.register("capture".into(), stdlib::CaptureBlock.into());
    blocks.register("case".into(), stdlib::CaseBlock.into());
    blocks.register("comment".into(), stdlib::CommentBlock.into());
    blocks.register("if".into(), stdlib::IfBlock.into());
    blocks.register("ifchanged".into(), stdlib::IfChangedBlock.into());
    blocks.register("raw".into(), stdlib::RawBlock.into());
    blocks.register("unless".into(), stdlib::UnlessBlock.into());
    blocks.register("for".into(), loops::FOR.into());
    blocks.register("JSONArrayFor".into(), loops::JSON_ARRAY_FOR.into());
    let tags = &mut language.tags;
    tags.register("assign".into(), stdlib::AssignTag.into());
    tags.register("break".into(), stdlib::BreakTag.into());
    tags.register("continue".into(), stdlib::ContinueTag.into());
    tags.register("cycle".into(), stdlib::CycleTag.into());
    tags.register("decrement".into(), stdlib::DecrementTag.into());
    tags.register("increment".into(), stdlib::IncrementTag.into());
    filters::register(&mut language.filters);
    language
});

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn render(source: &str, body: &str) -> Result<String, String> {
        let binding = Binding {
            message: Some(Message::Response),
            nil_is_null: false,
            dates: true,
        };
        let template = Template::parse(source, binding).map_err(|(error, _)| error)?;
        let body: serde_json::Value = serde_json::from_str(body).map_err(|e| e.to_string())?;
        let body = binding
            .json(&body, &mut { 1 << 20 })
            .map_err(|e| e.message().to_owned())?;
        let globals = Data::fields([("body", body)]);
        let runtime = Lenient(RuntimeBuilder::new().set_globals(&globals).build());
        let mut text = Vec::new();
        template
            .nodes
            .render_to(&mut text, &runtime)
            .map_err(|e| e.to_string())?;
        Spent::check(&runtime).map_err(|()| "spent".to_owned())?;
        String::from_utf8(text).map_err(|e| e.to_string())
    }

    #[test]
    fn templates_give_what_dotliquid_gives() {
        let body = r#"{"a": {"B": "x"}, "list": [{"n": 1}, {"n": 2}], "when": "2024-05-06T07:08:09Z", "text": "one two", "zero": 0, "no": false, "none": null, "big": 1.5}"#;
        for (source, expected) in [
            ("{{body.a.B}} {{body.A.b}} {{ body['a']['b'] }}", "x x x"),
            ("[{{body.missing.deeper | Append: '!'}}]{{nothing}}", "[!]"),
            ("{% if body.missing.deeper %}1{% else %}2{% endif %}", "2"),
            (
                "{% if body.zero %}1{% endif %}{% if body.no %}2{% endif %}{% if body.none == nil %}3{% endif %}",
                "13",
            ),
            (
                "{% for x in body.list %}{{x.N}}{{x.missing}},{% endfor %}",
                "1,2,",
            ),
            (
                "[{% JSONArrayFor x in body.list -%} {{x.n}} {%- endJSONArrayFor %}]",
                "[1,2]",
            ),
            (
                "[{% JSONArrayFor x in body.missing %}{{x}}{% endJSONArrayFor %}]",
                "[]",
            ),
            (
                "{% JSONArrayFor x in body.text %}{{x}}{% endJSONArrayFor %}",
                "one two",
            ),
            (
                "{% for x in body.a %}{{x.Key}}={{x.Value}}{% endfor %}",
                "B=x",
            ),
            (
                "{% for i in (1..3) %}{{i}}{{forloop.last}}{% endfor %}",
                "1false2false3true",
            ),
            (
                "{% for x in body.list reversed limit:2 %}{{x.n}}{% endfor %}",
                "21",
            ),
            (
                "{% for x in body.none %}{% else %}empty{% endfor %}",
                "empty",
            ),
            (
                "{% for x in body.list %}{% if x.n == 2 %}{% break %}{% endif %}{{x.n}}{% endfor %}",
                "1",
            ),
            ("{{body.when}}", "05/06/2024 07:08:09"),
            (
                "{{body.when | Date: 'yyyy-MM-ddTHH:mm:ssZ'}}",
                "2024-05-06T07:08:09Z",
            ),
            (
                "{{'6 May 2024' | Date:\"yyyyMMdd\"}} {{'soon' | Date: 'yyyy'}}",
                "20240506 soon",
            ),
            ("{{body.text | Replace: 'o(n|$)', '<$1>'}}", "<n>e tw<>"),
            ("{{body.text | ReplaceFirst: 'o', '0' | Upcase}}", "0NE TWO"),
            (
                "{{body.text | Split: ' ' | Last | Capitalize}}{{body.text | Size}}",
                "Two7",
            ),
            (
                "{{body.list | Size}} {{body.list.size}} {{body.list[1].n}} {{body.list.first.n}}",
                "2 2 2 1",
            ),
            ("{{body.list | Map: 'n' | Join: '-'}}", "1-2"),
            (
                "{{7 | DividedBy: 2}} {{7 | Times: 1.5}} {{body.big | Plus: 1}} {{7 | Modulo: 4}}",
                "3 10.5 2.5 3",
            ),
            (
                "{{'<a>' | Escape}}{{'<b>' | H}}{{1234.5 | Currency}}",
                "&lt;a&gt;&lt;b&gt;¤1,234.50",
            ),
            (
                "{% assign x = body.a %}{{x.B}}{% capture y %}{{x.B}}!{% endcapture %}{{y}}",
                "xx!",
            ),
            (
                "{{ body.none | Default: 'd' }}{{ '' | Default: 'e' }}",
                "de",
            ),
            ("{{body.no}} {{body.zero}} {{body.big}}", "false 0 1.5"),
        ] {
            assert_eq!(render(source, body).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn what_is_no_template_is_said() {
        for (source, message) in [
            ("{{ body.x | upcase }}", "upcase"),
            ("{% if a %}", "endif"),
            ("{% include 'x' %}", "include"),
            ("{{ body.x | Upcase: 1 }}", "xpected"),
            ("{{ body.x | Date }}", "Date"),
        ] {
            let error = render(source, "{}").unwrap_err();
            assert!(error.contains(message), "{source}: {error}");
        }
    }

    #[test]
    fn a_template_cannot_run_on() {
        for source in [
            "{% for i in (1..100000000000) %}{% endfor %}",
            "{% for i in (1..5000) %}{% for j in (1..5000) %}{% endfor %}{% endfor %}",
            "{% assign x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{% for i in (1..60) %}{% assign x = x | Append: x %}{% endfor %}{{x}}",
        ] {
            assert!(render(source, "{}").is_err(), "{source}");
        }
    }
}
