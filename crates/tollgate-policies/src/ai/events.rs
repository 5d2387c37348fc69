//! Server-sent events as they come in chunks: what stands in their `data`.

use http::HeaderMap;

use crate::transformation::message::media_type;

/// Puts chunks together to events. Lines of any length pass; of one that is longer than a megabyte only the beginning is
/// kept, and its event is passed over.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    too_long: bool,
    passed_over: bool,
    /// Whether the last chunk ended between CR and, perhaps, LF.
    after_return: bool,
    /// How many bytes came since the last event ended.
    open: usize,
}

const LONGEST: usize = 1 << 20;

/// Whether a message is a stream of events.
pub(crate) fn is_stream(headers: &HeaderMap) -> bool {
    media_type(headers) == "text/event-stream"
}

impl Events {
    /// Takes a chunk; `each` gets the data of each event that ends in it.
    pub(crate) fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(&[u8])) {
        self.open += chunk.len();
        if std::mem::take(&mut self.after_return) {
            chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', chunk) {
            let (line, rest) = chunk.split_at(end);
            self.take(line);
            self.after_return = rest == b"\r";
            let both = rest.strip_prefix(b"\r\n");
            chunk = both.or_else(|| rest.get(1..)).unwrap_or_default();
            if self.end_line(&mut each) {
                self.open = chunk.len();
            }
        }
        self.take(chunk);
    }

    /// How many of the bytes so far belong to an event that has not ended.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Whether an event was passed over because it is too long.
    pub(crate) fn has_passed_over(&self) -> bool {
        self.passed_over
    }

    /// Takes what stands at the end without an empty line behind it.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        self.end_line(&mut each);
        self.end_line(&mut each);
        self.open = 0;
    }

    fn take(&mut self, part: &[u8]) {
        self.too_long |= self.line.len() + self.data.len() + part.len() > LONGEST;
        self.passed_over |= self.too_long;
        if !self.too_long {
            self.line.extend_from_slice(part);
        }
    }

    /// An empty line ends an event: whether this one does.
    fn end_line(&mut self, each: &mut impl FnMut(&[u8])) -> bool {
        if self.line.is_empty() {
            if !self.data.is_empty() && !self.too_long {
                each(&self.data);
            }
            self.data.clear();
            self.too_long = false;
            return true;
        }
        if let Some(data) = self.line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            let data = data.strip_prefix(b" ").unwrap_or(data);
            self.data.extend_from_slice(data);
        }
        self.line.clear();
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut found = Vec::new();
        let mut each = |data: &[u8]| found.push(String::from_utf8_lossy(data).into_owned());
        for chunk in chunks {
            events.feed(chunk, &mut each);
        }
        events.finish(&mut each);
        found
    }

    #[test]
    fn events_are_put_together_wherever_chunks_end() {
        let text = b": hello\n\nevent: message\ndata: {\"a\":\ndata:1}\nid: 7\n\r\ndata: [DONE]\r\n\r\ndata: a\r\ndata: b\r\n\r\ndata: last";
        let expected = ["{\"a\":\n1}", "[DONE]", "a\nb", "last"];
        for size in 1..text.len() {
            let chunks: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(events(&chunks), expected, "{size}");
        }
        assert_eq!(events(&[]), [""; 0]);
    }

    #[test]
    fn what_has_not_ended_is_known() {
        let mut events = Events::default();
        for (chunk, open) in [
            (&b"data: 1\n"[..], 8),
            (b"\n", 0),
            (b"\ndata", 4),
            (b": 2\r\n\r", 0),
            (b"\nid: 1", 6),
        ] {
            events.feed(chunk, |_| {});
            // A line break that belongs to what has ended may count still.
            assert!((open..=open + 1).contains(&events.open()), "{chunk:?}");
        }
        events.finish(|_| {});
        assert_eq!(events.open(), 0);
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let long = [b"data: ", &*vec![b'x'; LONGEST], b"\n\ndata: short\n\n"].concat();
        assert_eq!(events(&[&long]), ["short"]);
        let mut passing = Events::default();
        passing.feed(&long, |_| {});
        assert!(passing.has_passed_over());
        let mut endless = Events::default();
        for _ in 0..100 {
            endless.feed(&vec![b'x'; LONGEST / 4], |_| {});
        }
        assert!(endless.line.len() <= LONGEST);
    }
}
