//! What is looked at before the libraries read a text: what of it costs them more than its length.

use quick_xml::Reader;
use quick_xml::events::Event;

/// So many elements, attributes, texts and so on.
const NODES: usize = 100_000;
/// So many attributes on one element, which are compared in pairs.
const ATTRIBUTES: usize = 1_000;
/// So deep documents may be nested, a little less than libxml2 allows.
pub(crate) const DOCUMENT_DEPTH: usize = 250;

/// Refuses what has a document type, or too much of something; with its line.
pub(crate) fn screen(text: &str, depth: usize) -> Result<(), (String, usize)> {
    let mut reader = Reader::from_str(text);
    let (mut nodes, mut open) = (0_usize, 0_usize);
    loop {
        let event = reader.read_event();
        let refused = match &event {
            Err(error) => Some(error.to_string()),
            Ok(Event::Eof) => return Ok(()),
            Ok(Event::DocType(_)) => Some("it has a document type".to_owned()),
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let mut attributes = tag.attributes();
                let attributes = attributes.with_checks(false).take(ATTRIBUTES + 1).count();
                nodes = nodes.saturating_add(1 + attributes);
                if matches!(event, Ok(Event::Start(_))) {
                    open += 1;
                }
                match (attributes > ATTRIBUTES, open > depth) {
                    (true, _) => Some(format!("an element has over {ATTRIBUTES} attributes")),
                    (_, true) => Some(format!("it is nested over {depth} deep")),
                    _ => None,
                }
            }
            Ok(Event::End(_)) => {
                open = open.saturating_sub(1);
                None
            }
            Ok(_) => {
                nodes += 1;
                None
            }
        };
        let refused = refused.or_else(|| {
            let too_many = nodes > NODES;
            too_many.then(|| format!("it has over {NODES} nodes"))
        });
        if let Some(refused) = refused {
            let at = match &event {
                Err(_) => reader.error_position(),
                Ok(_) => reader.buffer_position(),
            };
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let before = text.get(..at).unwrap_or_default();
            return Err((refused, before.matches('\n').count() + 1));
        }
    }
}
