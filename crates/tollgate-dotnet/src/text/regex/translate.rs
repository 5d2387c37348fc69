//! Translates .NET's regex syntax to that of `fancy_regex`.

use std::fmt::Write;

/// `RegexOptions`, as far as they change a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multiline: bool,
    pub(super) explicit: bool,
    pub(super) singleline: bool,
    pub(super) spaced: bool,
    pub(super) ecma: bool,
}

/// A translated pattern and its groups.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Groups in .NET's order (unnamed before named, number 0 the whole): name, and the places in the translated
    /// pattern's own numbering that stand for it.
    pub(super) groups: Vec<(String, Vec<usize>)>,
}

/// Translates; the error is .NET's message, or says what is not supported.
pub(super) fn translate(pattern: &str, flags: Flags) -> Result<Translated, String> {
    let found = scan_groups(pattern, flags);
    let mut groups: Vec<(String, Vec<usize>)> = vec![("0".into(), vec![0])];
    let mut add = |name: String, place: usize| match groups.iter_mut().find(|group| group.0 == name)
    {
        Some(group) => group.1.push(place),
        None => groups.push((name, vec![place])),
    };
    let mut number = 0;
    for (place, name) in found.iter().enumerate() {
        if name.is_none() {
            number += 1;
            add(number.to_string(), place + 1);
        }
    }
    for (place, name) in found.iter().enumerate() {
        if let Some(name) = name {
            add(name.clone(), place + 1);
        }
    }
    let mut translator = Translator {
        chars: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        flags,
        saved: Vec::new(),
        groups: &groups,
        pattern,
        quantifiable: false,
    };
    translator.run()?;
    let pattern = translator.out;
    let mut options = String::new();
    options.extend(flags.ignore_case.then_some('i'));
    options.extend(flags.multiline.then_some('m'));
    options.extend(flags.singleline.then_some('s'));
    let pattern = match options.is_empty() {
        true => pattern,
        false => format!("(?{options}){pattern}"),
    };
    Ok(Translated { pattern, groups })
}

/// The capturing groups in the order in which they open: `None` without a name.
fn scan_groups(pattern: &str, flags: Flags) -> Vec<Option<String>> {
    let mut groups = Vec::new();
    let mut rest = pattern;
    let mut in_class = 0u32;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let skipped = after.chars().next().map_or(0, char::len_utf8);
                rest = after.get(skipped..).unwrap_or_default();
                continue;
            }
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            '#' if in_class == 0 && flags.spaced => {
                rest = after.split_once('\n').map_or("", |(_, rest)| rest);
                continue;
            }
            '(' if in_class == 0 => match after.strip_prefix('?') {
                None if !flags.explicit => groups.push(None),
                None => {}
                Some(kind) => groups.extend(group_name(kind).map(|name| Some(name.to_string()))),
            },
            _ => {}
        }
        rest = after;
    }
    groups
}

/// The name in `<name>` or `'name'`, not of a look-behind.
fn group_name(kind: &str) -> Option<&str> {
    let kind = kind.strip_prefix('P').unwrap_or(kind);
    let (name, _) = match kind.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?,
        None => kind.strip_prefix('\'')?.split_once('\'')?,
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then_some(name)
}

struct Translator<'a> {
    chars: Vec<char>,
    at: usize,
    out: String,
    flags: Flags,
    saved: Vec<Flags>,
    groups: &'a [(String, Vec<usize>)],
    pattern: &'a str,
    /// Whether what was written last may be repeated.
    quantifiable: bool,
}

impl Translator<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn rest(&self) -> String {
        self.chars.iter().skip(self.at).collect()
    }

    fn wrong(&self, what: &str) -> String {
        format!(
            "Invalid pattern '{}' at offset {}. {what}",
            self.pattern, self.at
        )
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '\\' => self.escape(false)?,
                '[' => {
                    self.class()?;
                    self.quantifiable = true;
                }
                '(' => self.open()?,
                ')' => {
                    self.flags = self
                        .saved
                        .pop()
                        .ok_or_else(|| self.wrong("Too many )'s."))?;
                    self.out.push(')');
                    self.quantifiable = true;
                }
                '|' | '^' => {
                    self.out.push(c);
                    self.quantifiable = false;
                }
                '$' if self.flags.multiline => self.out.push_str("(?=\\n|\\z)"),
                '$' => self.out.push_str("(?=\\n?\\z)"),
                '*' | '+' | '?' => self.quantifier(c.into())?,
                '{' => match self.counted() {
                    Some(count) => self.quantifier(count)?,
                    None => self.literal('{'),
                },
                '#' if self.flags.spaced => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                c if self.flags.spaced && c.is_whitespace() => {}
                '.' => {
                    self.out.push('.');
                    self.quantifiable = true;
                }
                c => self.literal(c),
            }
        }
        match self.saved.is_empty() {
            true => Ok(()),
            false => Err(self.wrong("Not enough )'s.")),
        }
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() || c == ' ' {
            let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
        } else {
            self.out.push(c);
        }
        self.quantifiable = true;
    }

    /// `{n}`, `{n,}` or `{n,m}` after the brace; `None` leaves the brace a plain character.
    fn counted(&mut self) -> Option<String> {
        let rest = self.rest();
        let (inner, _) = rest.split_once('}')?;
        let (low, high) = inner.split_once(',').unwrap_or((inner, "0"));
        let digits = |text: &str| text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if low.is_empty() || !digits(low) || !digits(high) {
            return None;
        }
        self.at += inner.len() + 1;
        Some(format!("{{{inner}}}"))
    }

    fn quantifier(&mut self, text: String) -> Result<(), String> {
        if !self.quantifiable {
            return Err(self.wrong(&format!("Quantifier '{text}' following nothing.")));
        }
        self.out.push_str(&text);
        if self.peek(0) == Some('?') {
            self.at += 1;
            self.out.push('?');
        }
        if let Some(next @ ('*' | '+' | '?')) = self.peek(0) {
            self.at += 1;
            return Err(self.wrong(&format!("Nested quantifier '{next}'.")));
        }
        self.quantifiable = false;
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        self.saved.push(self.flags);
        self.quantifiable = false;
        if self.peek(0) != Some('?') {
            self.out
                .push_str(if self.flags.explicit { "(?:" } else { "(" });
            return Ok(());
        }
        self.at += 1;
        let rest = self.rest();
        if rest.starts_with('#') {
            self.saved.pop();
            let end = rest
                .find(')')
                .ok_or_else(|| self.wrong("Unterminated (?#...) comment."))?;
            self.at += rest.get(..=end).map_or(0, |text| text.chars().count());
            return Ok(());
        }
        if group_name(&rest).is_some() {
            // Names are kept outside the pattern, where two groups may share one.
            let end = rest.find(['>', '\'']).unwrap_or(0);
            let end = match rest.starts_with('\'') {
                true => rest
                    .get(1..)
                    .and_then(|rest| rest.find('\''))
                    .map_or(end, |end| end + 1),
                false => end,
            };
            self.at += rest.get(..=end).map_or(0, |text| text.chars().count());
            self.out.push('(');
            return Ok(());
        }
        for kind in ["<=", "<!", "=", "!", ":", ">"] {
            if rest.starts_with(kind) {
                self.at += kind.len();
                self.out.push_str("(?");
                self.out.push_str(kind);
                return Ok(());
            }
        }
        if rest.starts_with('<') || rest.starts_with('\'') {
            return Err("Balancing groups are not supported.".into());
        }
        if let Some(condition) = rest.strip_prefix('(') {
            let (name, _) = condition
                .split_once(')')
                .ok_or_else(|| self.wrong("Not enough )'s."))?;
            let place = self
                .place(name)
                .ok_or("Conditions other than on a group are not supported.")?;
            self.at += name.chars().count() + 2;
            let _ = write!(self.out, "(?({place})");
            return Ok(());
        }
        self.inline_flags(&rest)
    }

    /// `(?i)` or `(?i:`.
    fn inline_flags(&mut self, rest: &str) -> Result<(), String> {
        let mut on = true;
        let mut kept = String::new();
        for c in rest.chars() {
            self.at += 1;
            match c {
                '-' => {
                    on = false;
                    kept.push('-');
                }
                'n' => self.flags.explicit = on,
                'x' => self.flags.spaced = on,
                'i' | 's' | 'm' => {
                    match c {
                        'm' => self.flags.multiline = on,
                        'i' => self.flags.ignore_case = on,
                        _ => self.flags.singleline = on,
                    }
                    kept.push(c);
                }
                ':' | ')' => {
                    let kept = kept.trim_end_matches('-');
                    match (c, kept.is_empty()) {
                        (':', _) => {
                            let _ = write!(self.out, "(?{kept}:");
                        }
                        (_, empty) => {
                            if !empty {
                                let _ = write!(self.out, "(?{kept})");
                            }
                            // The flags hold to the end of the group around.
                            self.saved.pop();
                        }
                    }
                    return Ok(());
                }
                _ => break,
            }
        }
        Err(self.wrong("Unrecognized grouping construct."))
    }

    /// A group of .NET's name or number in the translated numbering.
    fn place(&self, name: &str) -> Option<usize> {
        let named = self.groups.iter().find(|group| group.0 == name);
        let numbered = || self.groups.get(name.parse::<usize>().ok()?);
        named.or_else(numbered)?.1.last().copied()
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.peek(0) else {
            return Err(self.wrong("Illegal \\ at end of pattern."));
        };
        self.at += 1;
        self.quantifiable = true;
        let code = match c {
            'b' if in_class => 8,
            'Z' => {
                self.out.push_str("(?=\\n?\\z)");
                return Ok(());
            }
            'd' if self.flags.ecma => {
                self.out.push_str(if in_class { "0-9" } else { "[0-9]" });
                return Ok(());
            }
            'w' if self.flags.ecma => {
                self.out.push_str(if in_class {
                    "0-9A-Za-z_"
                } else {
                    "[0-9A-Za-z_]"
                });
                return Ok(());
            }
            'w' | 'W' | 'd' | 'D' | 's' | 'S' | 'b' | 'B' | 'A' | 'z' | 'G' => {
                self.out.push('\\');
                self.out.push(c);
                return Ok(());
            }
            'p' | 'P' => {
                let rest = self.rest();
                let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let (name, _) =
                    inner.ok_or_else(|| self.wrong("Incomplete \\p{X} character escape."))?;
                self.at += name.chars().count() + 2;
                let script = name.strip_prefix("Is").unwrap_or(name);
                let _ = write!(self.out, "\\{c}{{{script}}}");
                return Ok(());
            }
            'k' if !in_class => return self.named_reference(),
            'a' => 7,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            'e' => 27,
            'x' => self.digits(16, 2)?,
            'u' => self.digits(16, 4)?,
            'c' => {
                let letter = self
                    .peek(0)
                    .ok_or_else(|| self.wrong("Missing control character."))?;
                self.at += 1;
                u32::from(letter.to_ascii_uppercase()) & 0x1F
            }
            '0' => {
                let digits = (0..2)
                    .take_while(|ahead| self.peek(*ahead).is_some_and(|c| c.is_digit(8)))
                    .count();
                if digits == 0 {
                    0
                } else {
                    self.digits(8, digits)?
                }
            }
            '1'..='9' if !in_class => {
                let mut name = String::from(c);
                while let Some(digit) = self.peek(0).filter(char::is_ascii_digit) {
                    let longer = format!("{name}{digit}");
                    if self.place(&longer).is_none() {
                        break;
                    }
                    name = longer;
                    self.at += 1;
                }
                return self.reference(&name);
            }
            c if c.is_alphanumeric() => {
                return Err(self.wrong(&format!("Unrecognized escape sequence \\{c}.")));
            }
            c => u32::from(c),
        };
        let _ = write!(self.out, "\\x{{{code:x}}}");
        Ok(())
    }

    fn digits(&mut self, radix: u32, count: usize) -> Result<u32, String> {
        let text: String = self.chars.iter().skip(self.at).take(count).collect();
        self.at += count;
        match u32::from_str_radix(&text, radix) {
            Ok(code) if text.len() == count && char::from_u32(code).is_some() => Ok(code),
            _ => Err(self.wrong("Insufficient or invalid hexadecimal digits.")),
        }
    }

    fn named_reference(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let name = rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
            .or_else(|| {
                rest.strip_prefix('\'')
                    .and_then(|rest| rest.split_once('\''))
            })
            .map(|(name, _)| name.to_string())
            .ok_or_else(|| self.wrong("Malformed \\k<...> named back reference."))?;
        self.at += name.chars().count() + 2;
        self.reference(&name)
    }

    fn reference(&mut self, name: &str) -> Result<(), String> {
        let place = self
            .place(name)
            .ok_or_else(|| self.wrong(&format!("Reference to undefined group {name}.")))?;
        // In a group of its own, so that a digit behind it does not run into the number.
        let _ = write!(self.out, "(?:\\{place})");
        Ok(())
    }

    /// What follows `[`, nested in subtractions.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.peek(0) else {
                return Err(self.wrong("Unterminated [] set."));
            };
            self.at += 1;
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '-' if self.peek(0) == Some('[') => {
                    self.at += 1;
                    self.out.push_str("--");
                    self.class()?;
                }
                '-' if !first && self.peek(0).is_some_and(|next| next != ']') => self.out.push('-'),
                c if c.is_ascii_punctuation() || c == ' ' => {
                    let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
                }
                c => self.out.push(c),
            }
            first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const PLAIN: Flags = Flags {
        ignore_case: false,
        multiline: false,
        explicit: false,
        singleline: false,
        spaced: false,
        ecma: false,
    };

    #[test]
    fn unnamed_groups_come_before_named_ones() {
        let translated = translate("(?<a>f)(o)", PLAIN).unwrap();
        assert_eq!(
            translated.groups[1..],
            [("1".into(), vec![2]), ("a".into(), vec![1])]
        );
    }

    #[test]
    fn every_translation_compiles() {
        for pattern in [
            "[a-c-[b]]",
            r"[\w.-]+@[^\]\\&&~~]+",
            r"/api/{id}/\d{2,3}?",
            r"(?<q>x)\k<q>(y)\1",
            r"(?i:a)b(?-i)c(?#note)",
            r"a\/b\<\_",
            r"(?(1)a|b)(c)",
            "]}",
            r"[-a\-z\x41\u0042]",
        ] {
            let translated = translate(pattern, PLAIN).unwrap();
            assert!(
                fancy_regex::Regex::new(&translated.pattern).is_ok(),
                "{}",
                translated.pattern
            );
        }
    }

    #[test]
    fn mistakes_are_nets() {
        for pattern in [
            "[",
            "(",
            ")",
            "a**",
            "\\",
            "*a",
            r"(?<a>x)(?<-a>y)",
            r"\y",
            "(?z)",
        ] {
            assert!(translate(pattern, PLAIN).is_err(), "{pattern}");
        }
    }
}
