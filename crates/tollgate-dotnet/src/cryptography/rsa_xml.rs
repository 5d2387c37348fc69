//! RSA keys as XML: `ToXmlString` and `FromXmlString`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::cipher::exception;
use super::rsa_parameters::Numbers;
use crate::throw::Throw;

/// The elements in .NET's order, and where PKCS#1 has their numbers.
const ELEMENTS: [(&str, usize); 8] = [
    ("Modulus", 0),
    ("Exponent", 1),
    ("P", 3),
    ("Q", 4),
    ("DP", 5),
    ("DQ", 6),
    ("InverseQ", 7),
    ("D", 2),
];

/// The numbers that there are, as XML.
pub(super) fn write(numbers: &Numbers) -> String {
    let mut text = String::from("<RSAKeyValue>");
    for (name, place) in ELEMENTS {
        if let Some(Some(number)) = numbers.get(place) {
            text.push_str(&format!("<{name}>{}</{name}>", STANDARD.encode(number)));
        }
    }
    text.push_str("</RSAKeyValue>");
    text
}

/// The numbers in XML; modulus and exponent must be there.
pub(super) fn read(text: &str) -> Result<Numbers, Throw> {
    let unreadable = || exception("The provided XML could not be read.");
    let mut numbers = Numbers::default();
    let mut reader = Reader::from_str(text);
    let (mut current, mut elements) = (None, 0u32);
    loop {
        match reader.read_event().map_err(|_| unreadable())? {
            Event::Start(element) => {
                elements += 1;
                let name = element.local_name();
                let known = ELEMENTS.iter().find(|(known, _)| *known == name.as_ref());
                current = known.copied();
            }
            Event::Empty(_) => elements += 1,
            Event::Text(content) => {
                let Some((name, place)) = current else {
                    continue;
                };
                let digits: String = content.split_ascii_whitespace().collect();
                let number = STANDARD.decode(digits).map_err(|_| not_encoded(name))?;
                if let Some(slot) = numbers.get_mut(place) {
                    *slot = Some(number);
                }
            }
            Event::End(_) => current = None,
            Event::Eof if elements == 0 => return Err(unreadable()),
            Event::Eof => break,
            _ => {}
        }
    }
    match &numbers {
        [None, ..] => Err(not_encoded("Modulus")),
        [_, None, ..] => Err(not_encoded("Exponent")),
        _ => Ok(numbers),
    }
}

fn not_encoded(name: &str) -> Throw {
    exception(&format!(
        "Input string does not contain a valid encoding of the 'RSA' '{name}' parameter."
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        let mut numbers = Numbers::default();
        for (index, slot) in numbers.iter_mut().enumerate() {
            *slot = Some(vec![u8::try_from(index).unwrap() + 1, 255]);
        }
        let text = write(&numbers);
        assert!(
            text.starts_with("<RSAKeyValue><Modulus>Af8=</Modulus><Exponent>Av8=</Exponent><P>")
        );
        assert_eq!(read(&text).unwrap(), numbers);
        for wrong in [
            "",
            "x",
            "<X/>",
            "<RSAKeyValue><Modulus>!</Modulus></RSAKeyValue>",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
