//! Documents against XML Schemas.
#![cfg(feature = "system")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails where it does"
)]

use std::time::{Duration, Instant};

use tollgate_libxml::{Error, Form, Limits, Problem, Schema, SchemaDocument};

fn document(name: &str, target: &str, body: &str) -> SchemaDocument {
    SchemaDocument {
        name: name.to_owned(),
        text: format!(
            r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{target}" xmlns:t="{target}" elementFormDefault="qualified">{body}</xs:schema>"#
        ),
    }
}

const ORDER: &str = r#"
    <xs:element name="order"><xs:complexType><xs:sequence>
        <xs:element name="sku"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{3}-\d+"/></xs:restriction></xs:simpleType></xs:element>
        <xs:element name="qty" type="xs:positiveInteger" maxOccurs="3"/>
    </xs:sequence><xs:attribute name="id" type="xs:int" use="required"/></xs:complexType></xs:element>"#;

fn orders() -> Schema {
    compile(ORDER).unwrap()
}

fn compile(body: &str) -> Result<Schema, Error> {
    Schema::compile(
        &document("orders.xsd", "urn:o", body),
        &[],
        Limits::default(),
    )
}

fn told(problems: &[Problem]) -> Vec<(usize, &str)> {
    let problems = problems.iter();
    problems
        .map(|problem| (problem.line, problem.message.as_str()))
        .collect()
}

#[test]
fn documents_conform_or_not() {
    let schema = orders();
    let good = "<order xmlns='urn:o' id='1'><sku>ABC-1</sku><qty>2</qty></order>";
    assert_eq!(schema.validate(good, Form::Document), Ok(Vec::new()));
    let bad = "<order xmlns='urn:o'>\n<sku>secret</sku>\n<qty>0</qty><qty>x</qty>\n<more/></order>";
    let problems = schema.validate(bad, Form::Document).unwrap();
    assert_eq!(
        told(&problems),
        [
            (
                1,
                "Element '{urn:o}order': The attribute 'id' is required but missing."
            ),
            (
                2,
                "Element '{urn:o}sku': [facet 'pattern'] The value is not accepted by the pattern '[A-Z]{3}-\\d+'."
            ),
            (
                3,
                "Element '{urn:o}qty': The value is not a valid value of the atomic type 'xs:positiveInteger'."
            ),
            (
                3,
                "Element '{urn:o}qty': The value is not a valid value of the atomic type 'xs:positiveInteger'."
            ),
            (4, "Element '{urn:o}more': This element is not expected."),
        ]
    );
    let other = schema.validate("<other/>", Form::Document).unwrap();
    assert_eq!(
        told(&other),
        [(
            1,
            "Element 'other': No matching global declaration available for the validation root."
        )]
    );
    // No more than so many are told.
    let many = format!(
        "<order xmlns='urn:o' id='1'>{}</order>",
        "<sku>x</sku>".repeat(500)
    );
    assert!(schema.validate(&many, Form::Document).unwrap().len() <= 20);
}

#[test]
fn what_stands_in_an_envelope_is_held_against_it() {
    let schema = orders();
    let envelope = |inner: &str| {
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:o='urn:o' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='http://www.w3.org/2001/XMLSchema'>\n<s:Header><any/></s:Header>\n<s:Body>{inner}</s:Body></s:Envelope>"
        )
    };
    for inner in [
        "<o:order id='1'><o:sku>ABC-1</o:sku><o:qty>1</o:qty></o:order>",
        // The type is named with a prefix of the envelope.
        "<o:order id='1'><o:sku>ABC-1</o:sku><o:qty xsi:type='xs:positiveInteger'>1</o:qty></o:order>",
        "<order xmlns='urn:o' id='1'><sku>ABC-1</sku><qty>1</qty></order> <o:order id='2'><o:sku>ABC-1</o:sku><o:qty><![CDATA[1]]></o:qty></o:order>",
        "",
    ] {
        assert_eq!(
            schema.validate(&envelope(inner), Form::Soap),
            Ok(Vec::new()),
            "{inner}"
        );
    }
    let twelve = envelope("<o:order id='1'><o:sku>ABC-1</o:sku><o:qty>1</o:qty></o:order>")
        .replace(
            "http://schemas.xmlsoap.org/soap/envelope/",
            "http://www.w3.org/2003/05/soap-envelope",
        );
    assert_eq!(schema.validate(&twelve, Form::Soap), Ok(Vec::new()));
    let bad = envelope(
        "\n<o:order id='x'><o:sku>ABC-1</o:sku>\n<o:qty xsi:type='xs:int'>1</o:qty></o:order><unknown/>",
    );
    let problems = schema.validate(&bad, Form::Soap).unwrap();
    let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
    assert!(lines.contains(&4) && lines.contains(&5), "{problems:#?}");
    assert!(
        problems.iter().any(|one| one
            .message
            .starts_with("Element 'unknown': No matching global")),
        "{problems:#?}"
    );
    for none in [
        "<order xmlns='urn:o' id='1'/>",
        "<Envelope><Body/></Envelope>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><Body/></s:Envelope>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/><s:Body/></s:Envelope>",
    ] {
        assert_eq!(
            schema.validate(none, Form::Soap),
            Err(Error::Input(
                "It is no SOAP envelope with a body.".to_owned()
            )),
            "{none}"
        );
    }
}

#[test]
fn schemas_import_and_include_each_other() {
    let types = document(
        "types.xsd",
        "urn:types",
        "<xs:simpleType name='Code'><xs:restriction base='xs:string'><xs:length value='2'/></xs:restriction></xs:simpleType>",
    );
    let part = document(
        "part.xsd",
        "urn:o",
        "<xs:element name='part' type='xs:int'/>",
    );
    let of = |import: &str| {
        document(
            "main.xsd",
            "urn:o",
            &format!(
                "<xs:include schemaLocation='http://example.org/some/part.xsd'/>{import}<xs:element name='order'><xs:complexType><xs:sequence><xs:element ref='t:part'/><xs:element name='code' xmlns:y='urn:types' type='y:Code'/></xs:sequence></xs:complexType></xs:element>"
            ),
        )
    };
    let others = [types, part];
    for import in [
        "<xs:import namespace='urn:types' schemaLocation='types.xsd'/>",
        "<xs:import namespace='urn:types'/>",
    ] {
        let schema = Schema::compile(&of(import), &others, Limits::default()).unwrap();
        let xml =
            |code: &str| format!("<order xmlns='urn:o'><part>1</part><code>{code}</code></order>");
        assert_eq!(schema.validate(&xml("ab"), Form::Document), Ok(Vec::new()));
        let problems = schema.validate(&xml("abc"), Form::Document).unwrap();
        assert!(
            problems[0]
                .message
                .contains("[facet 'length'] The value has a length of '3'"),
            "{problems:?}"
        );
    }
    // What is not there, in a file or anywhere else.
    for import in [
        "<xs:import namespace='urn:types' schemaLocation='file:///etc/passwd'/>",
        "<xs:import namespace='urn:types' schemaLocation='http://127.0.0.1:1/types.xsd.not'/>",
        "<xs:include schemaLocation='/etc/passwd'/>",
    ] {
        let wrong = Schema::compile(&of(import), &others, Limits::default()).map(drop);
        assert!(
            matches!(wrong, Err(Error::Mistake { .. })),
            "{import}: {wrong:?}"
        );
    }
}

#[test]
fn schemas_that_are_none() {
    for (body, line, said) in [
        ("\n<xs:element name='a' type='t:Nothing'/>", 2, "Nothing"),
        ("\n<xs:element nam='a'/>", 2, "nam"),
        (
            "\n\n<xs:simpleType name='s'><xs:restriction base='xs:string'><xs:pattern value='(['/></xs:restriction></xs:simpleType>",
            3,
            "pattern",
        ),
        // Not deterministic.
        (
            "\n<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b' minOccurs='0'/><xs:element name='b'/></xs:sequence></xs:complexType></xs:element>",
            2,
            "not determinist",
        ),
        ("\n<xs:element name='a'>", 2, ""),
    ] {
        let Err(Error::Mistake { message, line: at }) = compile(body).map(drop) else {
            panic!("{body}");
        };
        assert_eq!(at, line, "{body}: {message}");
        assert!(message.contains(said), "{body}: {message}");
    }
}

#[test]
fn what_takes_too_long_is_stopped() {
    let start = Instant::now();
    // A pattern that can be tried in ever so many ways.
    let schema = compile("<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b' maxOccurs='unbounded'><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='((a*)*b?)*c'/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>").unwrap();
    let values = format!("<b>{}</b>", "a".repeat(40)).repeat(2_000);
    let answer = schema.validate(&format!("<a xmlns='urn:o'>{values}</a>"), Form::Document);
    match &answer {
        Ok(problems) => assert!(!problems.is_empty()),
        Err(error) => assert!(matches!(error, Error::Limit(_)), "{error:?}"),
    }
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}: {answer:?}",
        start.elapsed()
    );
    // Keys of which each is compared with each.
    let start = Instant::now();
    let schema = compile("<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b' maxOccurs='unbounded' type='xs:string'/></xs:sequence></xs:complexType><xs:unique name='k'><xs:selector xpath='t:b'/><xs:field xpath='.'/></xs:unique></xs:element>").unwrap();
    let values: String = (0..40_000).map(|i| format!("<b>{i}</b>")).collect();
    let answer = schema.validate(&format!("<a xmlns='urn:o'>{values}</a>"), Form::Document);
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}: {answer:?}",
        start.elapsed()
    );
    // Occurrences that a machine would have to count one by one.
    let start = Instant::now();
    let many = compile(
        "<xs:element name='a'><xs:complexType><xs:sequence minOccurs='0' maxOccurs='1000000'><xs:element name='b' maxOccurs='1000000'/><xs:element name='c' minOccurs='100000' maxOccurs='1000000'/></xs:sequence></xs:complexType></xs:element>",
    );
    if let Ok(schema) = many {
        let answer = schema.validate("<a xmlns='urn:o'><b/><c/></a>", Form::Document);
        assert!(!answer.unwrap().is_empty());
    }
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn documents_that_cannot_be_read() {
    let schema = orders();
    for text in [
        "",
        "{}",
        "<order",
        "<order></orders>",
        "<a/><b/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<a>&x;</a>",
        "<p:a/>",
    ] {
        for form in [Form::Document, Form::Soap] {
            let answer = schema.validate(text, form);
            assert!(matches!(answer, Err(Error::Input(_))), "{text}: {answer:?}");
        }
    }
}

#[test]
fn many_threads_use_one_schema() {
    let schema = orders();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let schema = &schema;
            scope.spawn(move || {
                for quantity in -20..20 {
                    let xml = format!(
                        "<order xmlns='urn:o' id='1'><sku>ABC-1</sku><qty>{quantity}</qty></order>"
                    );
                    let problems = schema.validate(&xml, Form::Document).unwrap();
                    assert_eq!(problems.is_empty(), quantity > 0, "{quantity}");
                }
            });
        }
    });
}
