//! xsl-transform, and validate-content with XML Schemas: with the feature `xml`, and without it.

use http::{Method, Response};
use tollgate::{Body, Catalog, Gateway, Source};
use tollgate_tests::{Call, FakeClient};

use crate::world::{Answer, World, request, source};

const AGENT: &str = r#"<xsl-transform>
    <parameter name="agent">@(context.Request.Headers.GetValueOrDefault("User-Agent","none"))</parameter>
    <xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
        <xsl:output method="xml" omit-xml-declaration="yes" />
        <xsl:param name="agent" />
        <xsl:template match="/"><agent name="{$agent}"><xsl:copy-of select="/a/b" /></agent></xsl:template>
    </xsl:stylesheet>
</xsl-transform>"#;

/// A backend that answers with what it was sent, or with this.
fn backend(answer: Option<&'static [u8]>) -> FakeClient {
    FakeClient::new(move |call: &Call| {
        let body = answer.map_or_else(|| call.body.clone(), |bytes| bytes.into());
        let response = Response::builder().header("content-type", "text/xml");
        Ok(response.body(Body::full(body)).unwrap())
    })
}

async fn post(world: &World, headers: &[(&str, &str)], body: &'static [u8]) -> Answer {
    let mut request = request(Method::POST, "/", headers, "");
    *request.body_mut() = Body::full(body);
    world.send(request).await
}

/// What is wrong with a policy of this in inbound.
fn errors(policy: &str) -> Vec<String> {
    let catalog = Catalog::new().policy(source("policy.xml", &[("inbound", policy)]));
    match Gateway::builder().catalog(catalog).build() {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn what_stands_in_the_policy_is_checked() {
    const SHEET: &str = r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><a/></xsl:template></xsl:stylesheet>"#;
    let of = |content: &str| errors(&format!("<xsl-transform>{content}</xsl-transform>"));
    for good in [
        SHEET.to_owned(),
        SHEET.replace("stylesheet", "transform"),
        SHEET.replace("xsl:", "x:").replace(":xsl", ":x"),
        format!(r#"<parameter parameter-name="a">1</parameter><parameter name="b" />{SHEET}"#),
    ] {
        assert_eq!(of(&good), Vec::<String>::new(), "{good}");
    }
    // The prefix may be declared further out.
    let around = SHEET.replace(r#" xmlns:xsl="http://www.w3.org/1999/XSL/Transform""#, "");
    let policy = format!(
        r#"<xsl-transform xmlns:xsl="http://www.w3.org/1999/XSL/Transform">{around}</xsl-transform>"#
    );
    assert_eq!(errors(&policy), Vec::<String>::new());
    for (content, wrong) in [
        (
            String::new(),
            "error[missing-element]: `xsl-transform` must contain an `xsl:stylesheet`",
        ),
        (
            format!("{SHEET}{SHEET}"),
            "error[too-many]: `xsl-transform` takes one stylesheet",
        ),
        (
            format!("<other/>{SHEET}"),
            "error[unknown-element]: `xsl-transform` cannot contain `other`",
        ),
        (
            format!("<parameter>1</parameter>{SHEET}"),
            "error[missing-attribute]",
        ),
        (
            format!(r#"<parameter name="a" nam="b">1</parameter>{SHEET}"#),
            "error[unknown-attribute]: `parameter` has no attribute `nam`",
        ),
        (
            format!(r#"<parameter name="@(1)">1</parameter>{SHEET}"#),
            "error[",
        ),
        (
            format!(r#"<parameter name="a">@(nobody)</parameter>{SHEET}"#),
            "error[CS0103]",
        ),
    ] {
        let errors = of(&content).join("\n");
        assert!(errors.contains(wrong), "{content}: {errors}");
    }
    assert!(
        errors(r#"<xsl-transform mode="x" />"#)
            .join("\n")
            .contains("unknown-attribute")
    );
}

#[cfg(not(feature = "xml"))]
mod without {
    use super::*;

    #[tokio::test]
    async fn a_policy_that_needs_the_library_loads_and_says_what_it_needs() {
        let world = World::with(&[("inbound", AGENT)], backend(None));
        let answer = post(&world, &[], b"<a/>").await;
        assert_eq!(answer.status, 501);
        assert_eq!(
            answer.last_error()[..3],
            [
                "xsl-transform",
                "NotSupported",
                "`xsl-transform` cannot run: the gateway is built without the feature `xml`, which has XSLT."
            ]
        );
    }

    #[test]
    fn a_schema_that_needs_the_library_does_not_load() {
        let schema = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>"#;
        let catalog = Catalog::new().schema("a", Source::new("a.xsd", schema));
        let error = Gateway::builder().catalog(catalog).build().map(drop);
        assert!(
            error.unwrap_err().to_string().contains(
                "error[invalid-schema]: schema `a`: a.xsd: XSLT and XML Schemas are not built in: build with the feature `xml`"
            )
        );
    }
}

#[cfg(feature = "xml")]
mod with {
    use super::*;
    use crate::world::api;

    #[tokio::test]
    async fn bodies_are_transformed() {
        let inbound = World::with(&[("inbound", AGENT)], backend(None));
        let agent = [("user-agent", "it's \"me\""), ("content-type", "text/xml")];
        let answer = post(&inbound, &agent, b"<a><b>\xc3\xa9</b></a>").await;
        let expected = "<agent name=\"it's &quot;me&quot;\"><b>\u{e9}</b></agent>";
        assert_eq!((answer.status, &*answer.body), (200, expected));
        assert_eq!(answer.header("content-type"), "text/xml");
        // The response, in encodings that it names in each way.
        for (body, charset) in [
            (
                &b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>\xe9</b></a>"[..],
                "",
            ),
            (
                b"\xff\xfe<\0a\0>\0<\0b\0>\0\xe9\0<\0/\0b\0>\0<\0/\0a\0>\0",
                "",
            ),
            (b"\xef\xbb\xbf<a><b>\xc3\xa9</b></a>", ""),
            (b"<a><b>\xe9</b></a>", "; charset=windows-1252"),
        ] {
            let client = FakeClient::new(move |_: &Call| {
                let response = Response::builder();
                let response = response.header("content-type", format!("application/xml{charset}"));
                Ok(response.body(Body::full(body)).unwrap())
            });
            let outbound = World::with(&[("outbound", AGENT)], client);
            let answer = outbound.get("/", &[]).await;
            assert_eq!(answer.body, "<agent name=\"none\"><b>\u{e9}</b></agent>");
        }
    }

    #[tokio::test]
    async fn parameters_keep_their_types() {
        let policy = r#"<xsl-transform>
            <parameter name="no">@(false)</parameter><parameter name="n">@(1 + 1)</parameter>
            <parameter name="null">@((string)null)</parameter><parameter name="d">@(1.10m)</parameter><parameter name="t"> x </parameter>
            <xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output method="text"/>
            <xsl:param name="no"/><xsl:param name="n"/><xsl:param name="null" select="1"/><xsl:param name="d"/><xsl:param name="t"/><xsl:param name="own" select="'own'"/>
            <xsl:template match="/"><xsl:if test="$no">wrong</xsl:if><xsl:value-of select="concat($n + 1, '|', $null, '|', $d, '|', $t, '|', $own)"/></xsl:template>
            </xsl:stylesheet></xsl-transform>"#;
        let world = World::with(&[("inbound", policy)], backend(None));
        assert_eq!(post(&world, &[], b"<a/>").await.body, "3||1.10|x|own");
    }

    #[tokio::test]
    async fn what_cannot_be_transformed_fails() {
        let world = World::with(&[("inbound", AGENT)], backend(None));
        for (body, said) in [
            (&b""[..], "The body is no XML that can be read"),
            (b"{}", "The body is no XML that can be read"),
            (b"<a>", "The body is no XML that can be read"),
            (
                b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                "The body is no XML that can be read: it has a document type (line 1).",
            ),
            (
                b"<a>\xff</a>",
                "The body is no text of the encoding that it names.",
            ),
            (
                b"<?xml version='1.0' encoding='x-none'?><a/>",
                "The body is no text of the encoding that it names.",
            ),
        ] {
            let answer = post(&world, &[], body).await;
            assert_eq!(answer.status, 500);
            assert!(
                answer.last_error()[2].starts_with(said),
                "{:?}",
                answer.last_error()
            );
        }
        let ends = r#"<xsl-transform><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:message terminate="yes">no <xsl:value-of select="/a"/></xsl:message></xsl:template></xsl:stylesheet></xsl-transform>"#;
        let world = World::with(&[("inbound", ends)], backend(None));
        assert_eq!(
            post(&world, &[], b"<a>way</a>").await.last_error()[2],
            "The stylesheet cannot be applied: the transformation ended: no way."
        );
    }

    #[test]
    fn stylesheets_are_compiled_when_they_load() {
        let of = |sheet: &str| {
            errors(&format!("<xsl-transform>\n<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">\n{sheet}\n</xsl:stylesheet></xsl-transform>"))[0].clone()
        };
        assert_eq!(
            of("<xsl:template match=\"/\">\n  <xsl:value-of select=\"a[\"/>\n</xsl:template>"),
            "policy.xml:4:3: error[stylesheet]: the stylesheet is wrong: Invalid expression in value-of xsl:value-of : could not compile select expression 'a['"
        );
        let outside = of("<xsl:include href=\"file:///etc/passwd\" />");
        assert!(
            outside.starts_with("policy.xml:3:1: error[stylesheet]"),
            "{outside}"
        );
    }

    const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o" xmlns:t="urn:t" elementFormDefault="qualified">
        <xs:import namespace="urn:t" schemaLocation="types"/>
        <xs:element name="order"><xs:complexType><xs:sequence><xs:element name="qty" type="t:qty" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>
    </xs:schema>"#;
    const TYPES: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><xs:simpleType name="qty"><xs:restriction base="xs:int"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType></xs:schema>"#;

    fn validating(action: &str) -> World {
        let policy = format!(
            r#"<validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent" errors-variable-name="errors"><content type="text/xml" validate-as="soap" schema-id="order" action="{action}" /><content type="application/xml" validate-as="xml" schema-id="order" action="{action}" /></validate-content>"#
        );
        let tell = r#"<set-header name="x-errors"><value>@(((JArray)context.Variables.GetValueOrDefault<JArray>("errors", new JArray())).Count.ToString())</value></set-header>"#;
        let api = api(&[("inbound", &policy), ("outbound", tell)]);
        let catalog = Catalog::new()
            .api(api)
            .schema("order", Source::new("order.xsd", SCHEMA))
            .schema("types", Source::new("types.xsd", TYPES))
            .schema("json", Source::new("own.json", "{}"));
        World::serving(catalog, backend(None))
    }

    #[tokio::test]
    async fn bodies_are_held_against_xml_schemas() {
        let (plain, soap) = (
            [("content-type", "application/xml")],
            [("content-type", "text/xml")],
        );
        let world = validating("prevent");
        let good = b"<order xmlns='urn:o'><qty>9</qty></order>";
        assert_eq!(post(&world, &plain, good).await.status, 200);
        let answer = post(
            &world,
            &plain,
            b"<order xmlns='urn:o'>\n<qty>10</qty></order>",
        )
        .await;
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.last_error()[1..3],
            [
                "Bad request",
                "Body of the request does not conform to the definition order, which is associated with the content type application/xml. Element '{urn:o}qty': [facet 'maxInclusive'] The value is greater than the maximum value allowed ('9'). Line: 2"
            ]
        );
        let envelope = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><order xmlns='urn:o'><qty>9</qty></order></s:Body></s:Envelope>";
        assert_eq!(post(&world, &soap, envelope).await.status, 200);
        for (headers, body, said) in [
            (&soap, &good[..], "It is no SOAP envelope with a body."),
            (
                &plain,
                &envelope[..],
                "No matching global declaration available for the validation root. Line: 1",
            ),
            (&plain, b"<order", ""),
            (
                &plain,
                b"<!DOCTYPE order [<!ENTITY a 'b'>]><order>&a;</order>",
                "it has a document type (line 1)",
            ),
        ] {
            let answer = post(&world, headers, body).await;
            assert_eq!(answer.status, 400);
            assert!(
                answer.last_error()[2].contains(said),
                "{:?}",
                answer.last_error()
            );
        }
        // What is only told goes on.
        let world = validating("detect");
        let answer = post(
            &world,
            &plain,
            b"<order xmlns='urn:o'><qty>10</qty><qty>x</qty></order>",
        )
        .await;
        assert_eq!((answer.status, answer.header("x-errors")), (200, "2"));
    }

    #[test]
    fn schemas_that_are_wrong_do_not_load() {
        for (schema, wrong) in [
            (SCHEMA.to_owned(), "schema `a`: a.xsd:"),
            (
                TYPES.replace("xs:int", "xs:nothing"),
                "schema `a`: a.xsd:1: ",
            ),
        ] {
            let catalog = Catalog::new().schema("a", Source::new("a.xsd", schema.as_str()));
            let error = Gateway::builder().catalog(catalog).build().map(drop);
            let error = error.unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
