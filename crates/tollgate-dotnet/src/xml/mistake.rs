//! What is wrong with a tag, in .NET's words.

use std::collections::HashSet;

use super::name::fits;

/// Finds the first mistake in the start tag whose `<` stands at `start`: its place in bytes, and a message.
pub(super) fn in_tag(text: &str, start: usize) -> Option<(usize, String)> {
    let mut scan = Scan {
        text,
        place: start + 1,
    };
    scan.name("Name").err().or_else(|| scan.attributes().err())
}

/// Finds what is wrong with the reference whose `&` stands at `start`.
pub(super) fn in_reference(text: &str, start: usize) -> (usize, String) {
    let mut scan = Scan {
        text,
        place: start + 1,
    };
    let number = scan.peek() == Some('#');
    if !number && scan.peek().is_none_or(|c| !fits(c, true)) {
        return (
            start + 1,
            "An error occurred while parsing EntityName.".into(),
        );
    }
    while scan
        .peek()
        .is_some_and(|c| fits(c, false) || matches!(c, '#' | ':'))
    {
        scan.bump();
    }
    match scan.peek() {
        None => scan.ended("Unexpected end of file has occurred."),
        Some(';') => (start + 1, "Invalid syntax for a reference.".into()),
        Some(c) => (
            scan.place,
            format!("'{c}' is an unexpected token. The expected token is ';'."),
        ),
    }
}

type Mistake = (usize, String);

struct Scan<'t> {
    text: &'t str,
    place: usize,
}

impl<'t> Scan<'t> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.place..)?.chars().next()
    }

    fn bump(&mut self) {
        self.place += self.peek().map_or(0, char::len_utf8);
    }

    /// Whether there was white space.
    fn space(&mut self) -> bool {
        let before = self.place;
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.bump();
        }
        self.place > before
    }

    fn ended(&self, message: &str) -> Mistake {
        (self.text.len(), message.into())
    }

    fn name(&mut self, what: &str) -> Result<(), Mistake> {
        match self.peek() {
            None => return Err(self.ended("Unexpected end of file has occurred.")),
            Some(c) if !fits(c, true) && c != ':' => {
                return Err((
                    self.place,
                    format!(
                        "Name cannot begin with the '{c}' character, hexadecimal value 0x{:02X}.",
                        u32::from(c)
                    ),
                ));
            }
            Some(_) => {}
        }
        while self.peek().is_some_and(|c| fits(c, false) || c == ':') {
            self.bump();
        }
        match self.peek() {
            None => {
                let message = format!("Unexpected end of file while parsing {what} has occurred.");
                Err(self.ended(&message))
            }
            Some(_) => Ok(()),
        }
    }

    /// What follows the name, up to `>`.
    fn attributes(&mut self) -> Result<(), Mistake> {
        let mut names = HashSet::new();
        loop {
            let space = self.space();
            let at = self.place;
            match self.peek() {
                None => {
                    let message = "Unexpected end of file while parsing Name has occurred.";
                    return Err(self.ended(message));
                }
                Some('>') => return Ok(()),
                Some('/') => {
                    self.bump();
                    return match self.peek() {
                        Some('>') => Ok(()),
                        None => Err(self.ended("Unexpected end of file has occurred.")),
                        Some(_) => Err((
                            at,
                            "'/' is an unexpected token. The expected token is '>'.".into(),
                        )),
                    };
                }
                Some(c) if !space => {
                    let message = match fits(c, true) || c == ':' {
                        true => format!("'{c}' is an unexpected token. Expecting whitespace."),
                        false => format!(
                            "The '{c}' character, hexadecimal value 0x{:02X}, cannot be included in a name.",
                            u32::from(c)
                        ),
                    };
                    return Err((at, message));
                }
                Some(_) => {}
            }
            self.name("Name")?;
            let name: &'t str = self.text.get(at..self.place).unwrap_or_default();
            if !names.insert(name) {
                return Err((at, format!("'{name}' is a duplicate attribute name.")));
            }
            self.space();
            match self.peek() {
                Some('=') => self.bump(),
                None => return Err(self.ended("Unexpected end of file has occurred.")),
                Some(c) => {
                    return Err((
                        self.place,
                        format!("'{c}' is an unexpected token. The expected token is '='."),
                    ));
                }
            }
            self.space();
            let quote = match self.peek() {
                Some(quote @ ('"' | '\'')) => quote,
                None => return Err(self.ended("Unexpected end of file has occurred.")),
                Some(c) => {
                    return Err((
                        self.place,
                        format!("'{c}' is an unexpected token. The expected token is '\"' or '''."),
                    ));
                }
            };
            self.bump();
            loop {
                match self.peek() {
                    None => return Err(self.ended("There is an unclosed literal string.")),
                    Some('<') => {
                        return Err((
                            self.place,
                            "'<', hexadecimal value 0x3C, is an invalid attribute character."
                                .into(),
                        ));
                    }
                    Some(c) => {
                        self.bump();
                        if c == quote {
                            break;
                        }
                    }
                }
            }
        }
    }
}
