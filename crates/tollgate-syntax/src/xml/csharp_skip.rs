//! Finds where a C# expression ends: at the bracket that matches its first, strings, chars and comments left aside.

use std::ops::Range;

use super::entity::entity;

/// A C# expression that was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Offset after the closing bracket.
    pub(super) end: usize,
    /// Where it has XML entities.
    pub(super) entities: Entities,
}

/// Where an expression has XML entities: the sign whether it was written raw or encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entities {
    /// It has none.
    None,
    /// In C# strings alone, where raw text may well have them: `.Replace("&lt;", "<")`.
    InStrings,
    /// Outside of strings, where C# cannot have them: it is encoded.
    InCode,
}

/// How the text is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// As XML: `&quot;` may open a string.
    Markup,
    /// As it stands.
    Plain,
}

/// Why an expression has no end. Offsets are of the first byte of what they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkipError {
    /// The bracket is not closed.
    Bracket { open: char, at: usize },
    /// The bracket is closed by one of another shape.
    Mismatch {
        open: char,
        at: usize,
        found: char,
        found_at: usize,
    },
    /// The string is not closed.
    String { at: usize },
    /// The character literal is not closed.
    Char { at: usize },
    /// The `/*` comment is not closed.
    Comment { at: usize },
}

/// Skips the C# that begins with the bracket at `within.start`, looking no further than `within.end`.
pub(super) fn skip(text: &str, within: Range<usize>, view: View) -> Result<Skipped, SkipError> {
    let mut skipper = Skipper {
        bytes: text.as_bytes().get(..within.end).unwrap_or_default(),
        at: within.start,
        view,
        entities: Entities::None,
        open: Vec::new(),
        begins_line: false,
    };
    skipper.code()?;
    Ok(Skipped {
        end: skipper.at,
        entities: skipper.entities,
    })
}

struct Skipper<'t> {
    bytes: &'t [u8],
    at: usize,
    view: View,
    entities: Entities,
    open: Vec<Open>,
    /// Whether nothing but white space stands before on this line: `#` then begins a directive.
    begins_line: bool,
}

/// What waits for its closing bracket.
#[derive(Clone, Copy)]
enum Open {
    Bracket { open: u8, at: usize },
    Hole(StringLiteral),
}

#[derive(Clone, Copy)]
struct StringLiteral {
    at: usize,
    verbatim: bool,
    interpolated: bool,
    /// Opened by `&quot;`, so that entities in it are read as such.
    encoded: bool,
}

/// One character as C# sees it; beyond ASCII only the first byte, which C# structure has no use for.
#[derive(Clone, Copy)]
struct Seen {
    byte: u8,
    length: usize,
    entity: bool,
}

impl Skipper<'_> {
    fn code(&mut self) -> Result<(), SkipError> {
        while let Some(seen) = self.see(self.at) {
            if seen.entity {
                self.entities = Entities::InCode;
            }
            let begins_line = std::mem::replace(&mut self.begins_line, false);
            match seen.byte {
                b'\n' | b'\r' => {
                    self.begins_line = true;
                    self.at += seen.length;
                }
                b' ' | b'\t' => {
                    self.begins_line = begins_line;
                    self.at += seen.length;
                }
                open @ (b'(' | b'[' | b'{') => {
                    self.open.push(Open::Bracket { open, at: self.at });
                    self.at += seen.length;
                }
                close @ (b')' | b']' | b'}') => {
                    self.close(close, seen)?;
                    if self.open.is_empty() {
                        return Ok(());
                    }
                }
                b'#' if begins_line => self.skip_line(),
                b'"' | b'@' | b'$' => self.string_or_sign(seen)?,
                b'\'' => self.char_literal(seen)?,
                b'/' => self.comment_or_slash(seen)?,
                b':' if matches!(self.open.last(), Some(Open::Hole(_))) => self.format(seen),
                _ => self.at += seen.length,
            }
        }
        Err(match self.open.last() {
            Some(Open::Hole(string)) => SkipError::String { at: string.at },
            Some(Open::Bracket { open, at }) => SkipError::Bracket {
                open: char::from(*open),
                at: *at,
            },
            None => SkipError::Bracket {
                open: '(',
                at: self.at,
            },
        })
    }

    fn close(&mut self, close: u8, seen: Seen) -> Result<(), SkipError> {
        let found_at = self.at;
        self.at += seen.length;
        match self.open.pop() {
            Some(Open::Hole(string)) if close == b'}' => self.string(string),
            Some(Open::Bracket { open, .. }) if closing(open) == close => Ok(()),
            Some(Open::Bracket { open, at }) => Err(SkipError::Mismatch {
                open: char::from(open),
                at,
                found: char::from(close),
                found_at,
            }),
            Some(Open::Hole(string)) => Err(SkipError::Mismatch {
                open: '{',
                at: string.at,
                found: char::from(close),
                found_at,
            }),
            // Code begins with an opening bracket, so there is always one to pop.
            None => Ok(()),
        }
    }

    /// At `"`, `@` or `$`: a string with its prefix, or the sign alone (`@class`).
    fn string_or_sign(&mut self, first: Seen) -> Result<(), SkipError> {
        let start = self.at;
        let (mut verbatim, mut interpolated, mut at) = (false, false, start);
        while let Some(seen) = self.see(at) {
            match seen.byte {
                b'@' if !verbatim => verbatim = true,
                b'$' if !interpolated => interpolated = true,
                b'"' => {
                    if seen.entity {
                        self.entities = Entities::InCode;
                    }
                    self.at = at + seen.length;
                    return self.string(StringLiteral {
                        at: start,
                        verbatim,
                        interpolated,
                        encoded: seen.entity,
                    });
                }
                _ => break,
            }
            at += seen.length;
        }
        self.at += first.length;
        Ok(())
    }

    /// Within a string, up to its end or to the code of its next hole.
    fn string(&mut self, string: StringLiteral) -> Result<(), SkipError> {
        let unclosed = SkipError::String { at: string.at };
        loop {
            let seen = self.see_in(string).ok_or(unclosed)?;
            self.at += seen.length;
            let next = self.see_in(string);
            let doubled = next.filter(|next| next.byte == seen.byte);
            match seen.byte {
                b'"' if string.verbatim && doubled.is_some() => self.pass(doubled),
                b'"' => return Ok(()),
                b'\\' if !string.verbatim => self.pass(next),
                b'\n' | b'\r' if !string.verbatim => return Err(unclosed),
                b'{' if string.interpolated && doubled.is_none() => {
                    self.open.push(Open::Hole(string));
                    return Ok(());
                }
                b'{' | b'}' if string.interpolated => self.pass(doubled),
                _ => {}
            }
        }
    }

    /// The `:` of an interpolation's format, `{date:yyyy-MM-dd}`: up to the hole's end.
    fn format(&mut self, colon: Seen) {
        self.at += colon.length;
        if let Some(seen) = self.see(self.at).filter(|seen| seen.byte == b':') {
            self.at += seen.length;
            return;
        }
        while let Some(seen) = self.see(self.at)
            && !matches!(seen.byte, b'}' | b'"' | b'\n')
        {
            self.at += seen.length;
        }
    }

    fn char_literal(&mut self, quote: Seen) -> Result<(), SkipError> {
        let unclosed = SkipError::Char { at: self.at };
        self.at += quote.length;
        loop {
            let seen = self.see(self.at).ok_or(unclosed)?;
            if seen.entity {
                self.entities = Entities::InCode;
            }
            self.at += seen.length;
            match seen.byte {
                b'\'' => return Ok(()),
                b'\\' => self.pass(self.see(self.at)),
                b'\n' | b'\r' => return Err(unclosed),
                _ => {}
            }
        }
    }

    fn comment_or_slash(&mut self, slash: Seen) -> Result<(), SkipError> {
        let start = self.at;
        self.at += slash.length;
        let block = match self.see(self.at).map(|seen| seen.byte) {
            Some(b'/') => false,
            Some(b'*') => true,
            _ => return Ok(()),
        };
        self.at += 1;
        let mut star = false;
        while let Some(seen) = self.see(self.at) {
            if seen.entity {
                self.entities = Entities::InCode;
            }
            match seen.byte {
                b'\n' | b'\r' if !block => return Ok(()),
                b'/' if block && star => {
                    self.at += seen.length;
                    return Ok(());
                }
                byte => star = byte == b'*',
            }
            self.at += seen.length;
        }
        if block {
            return Err(SkipError::Comment { at: start });
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while let Some(seen) = self.see(self.at)
            && !matches!(seen.byte, b'\n' | b'\r')
        {
            self.at += seen.length;
        }
    }

    fn pass(&mut self, seen: Option<Seen>) {
        self.at += seen.map_or(0, |seen| seen.length);
    }

    /// What stands at `at`, an entity taken for its character.
    fn see(&self, at: usize) -> Option<Seen> {
        let byte = *self.bytes.get(at)?;
        if byte == b'&' && self.view == View::Markup {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if let Some((c, length)) = entity(rest) {
                let byte = u8::try_from(c).unwrap_or(0x80);
                return Some(Seen {
                    byte,
                    length,
                    entity: true,
                });
            }
        }
        Some(Seen {
            byte,
            length: 1,
            entity: false,
        })
    }

    /// What stands here in a string: entities are characters only if the string was opened by one.
    fn see_in(&mut self, string: StringLiteral) -> Option<Seen> {
        let seen = self.see(self.at)?;
        if seen.entity && !string.encoded {
            self.entities = self.entities.max(Entities::InStrings);
            return Some(Seen {
                byte: b'&',
                length: 1,
                entity: false,
            });
        }
        Some(seen)
    }
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str, view: View) -> Result<usize, SkipError> {
        skip(text, 0..text.len(), view).map(|skipped| skipped.end)
    }

    #[test]
    fn ends_at_the_matching_bracket() {
        for code in [
            "(a)",
            "(a[b(c)])",
            "{ if (a) { return \"}\"; } return ')'; }",
            r#"("a\"b)")"#,
            r#"(@"a""b)\")"#,
            r#"($"{a["k)"]:0.00)}}}{{(")"#,
            r#"($"{(a ? "x)" : "y")}")"#,
            r#"($@"{a}"")" + @$"{b}""(")"#,
            r#"($"{DateTime.Now:yyyy'T'HH}")"#,
            r#"($"{global::System.Foo(")")}")"#,
            "(a // )\n)",
            "(a /* ) */ / b)",
            "(a /***/)",
            r#"('\'' + ')' + '"' + '\\')"#,
            "(@class + @if)",
            "(@\"a\nb)\")",
            "{ var x = y => z; }",
        ] {
            let text = format!("{code} tail) \" }}");
            for view in [View::Plain, View::Markup] {
                assert_eq!(end(&text, view), Ok(code.len()), "{code}");
            }
        }
    }

    #[test]
    fn entities_are_seen_as_their_characters() {
        for (code, entities) in [
            (r#"("&lt;")"#, Entities::InStrings),
            (r#"("a" + b)"#, Entities::None),
            ("(a &amp;&amp; b)", Entities::InCode),
            ("(&quot;)&quot;)", Entities::InCode),
            (r"(&quot;\&quot;)&quot;)", Entities::InCode),
            ("(@&quot;&quot;&quot;)&quot;)", Entities::InCode),
            ("(As&lt;string&gt;(\"&lt;)\"))", Entities::InCode),
            ("(a // )&#xA;)", Entities::InCode),
            ("(&apos;)&apos;)", Entities::InCode),
            ("($&quot;{a[&quot;)&quot;]})&quot;)", Entities::InCode),
            ("(a && b &c;)", Entities::None),
        ] {
            let text = format!("{code})");
            let expected = Skipped {
                end: code.len(),
                entities,
            };
            assert_eq!(skip(&text, 0..text.len(), View::Markup), Ok(expected));
        }
    }

    #[test]
    fn says_why_there_is_no_end() {
        for (code, expected) in [
            ("(a", SkipError::Bracket { open: '(', at: 0 }),
            ("(a[b", SkipError::Bracket { open: '[', at: 2 }),
            (
                "(a])",
                SkipError::Mismatch {
                    open: '(',
                    at: 0,
                    found: ']',
                    found_at: 2,
                },
            ),
            ("(\"a\n\")", SkipError::String { at: 1 }),
            ("($@\"{", SkipError::String { at: 1 }),
            ("(' )", SkipError::Char { at: 1 }),
            ("(/* )", SkipError::Comment { at: 1 }),
            ("(a // )", SkipError::Bracket { open: '(', at: 0 }),
        ] {
            assert_eq!(end(code, View::Plain), Err(expected), "{code}");
        }
    }
}
