//! Where a value stands in JSON text.

/// Line and column, from 1, of the value that a JSON pointer leads to; of the first value if it leads nowhere.
/// The text must be JSON.
pub(crate) fn find(text: &str, pointer: &str) -> (usize, usize) {
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
    };
    reader.space();
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        if reader.step(&name).is_none() {
            break;
        }
    }
    let before = text.get(..reader.at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes into an object or array to the member of this name or number; stays where it is if there is none.
    fn step(&mut self, name: &str) -> Option<()> {
        let start = self.at;
        let found = self.member(name);
        if found.is_none() {
            self.at = start;
        }
        found
    }

    fn member(&mut self, name: &str) -> Option<()> {
        let is_object = match self.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        let mut index = 0_usize;
        loop {
            // Past the bracket, or the comma.
            self.at += 1;
            self.space();
            let is_it = match is_object {
                true => {
                    let key = self.string()?;
                    self.space();
                    self.at += 1;
                    self.space();
                    key == name
                }
                false => name.parse() == Ok(index),
            };
            if is_it {
                return self.peek().filter(|byte| !b"]}".contains(byte)).map(drop);
            }
            self.value();
            self.space();
            index += 1;
            if self.peek()? != b',' {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.value();
        serde_json::from_slice(self.text.get(start..self.at)?).ok()
    }

    /// Passes over a value, whatever is in it.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    while let Some(byte) = self.peek().filter(|byte| *byte != b'"') {
                        self.at += if byte == b'\\' { 2 } else { 1 };
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b':' | b',' => {}
                byte if depth == 0 && byte.is_ascii_whitespace() => return,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found() {
        let text = "{\n  \"a\": [1, {\"b/c\": \"x\\\"]\"},\n    true],\n  \"d\": {}\n}";
        for (pointer, place) in [
            ("", (1, 1)),
            ("/a", (2, 8)),
            ("/a/0", (2, 9)),
            ("/a/1", (2, 12)),
            ("/a/1/b~1c", (2, 20)),
            ("/a/2", (3, 5)),
            ("/d", (4, 8)),
            ("/d/e", (4, 8)),
            ("/a/9", (2, 8)),
            ("/nothing/7", (1, 1)),
        ] {
            assert_eq!(find(text, pointer), place, "{pointer}");
        }
        assert_eq!(find("  7", ""), (1, 3));
        for text in ["", "[", "{\"a\"", "{\"a\":", "[1,", "\"\\"] {
            find(text, "/a/0");
            find(text, "/0/a");
        }
    }
}
