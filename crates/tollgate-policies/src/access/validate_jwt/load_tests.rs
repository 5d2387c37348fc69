//! `validate-jwt` in documents that are wrong.

use std::fmt::Write;

use super::world::{RSA, load, secret_key};

const HEADER: &str = "header-name='Authorization'";

#[test]
fn what_is_wrong_with_the_document_is_found_at_load_time() {
    let (n, e) = RSA[0].modulus_and_exponent();
    let key = |attributes: &str, text: &str| {
        format!("<issuer-signing-keys><key {attributes}>{text}</key></issuer-signing-keys>")
    };
    let cases = [
        ("", secret_key(), "missing-attribute"),
        (
            "header-name='A' token-value='x'",
            secret_key(),
            "conflicting-attributes",
        ),
        ("header-name='a b'", secret_key(), "wrong-type"),
        (
            "header-name='A' clock-skew='soon'",
            secret_key(),
            "wrong-type",
        ),
        (
            "header-name='A' failed-validation-httpcode='no'",
            secret_key(),
            "wrong-type",
        ),
        (
            "header-name='A' require-signed-token='true'",
            secret_key(),
            "unknown-attribute",
        ),
        (HEADER, key("certificate-id='c'", ""), "unknown-certificate"),
        (
            HEADER,
            format!(
                "{}<decryption-keys><key>x</key></decryption-keys>",
                secret_key()
            ),
            "wrong-value",
        ),
        (
            HEADER,
            format!(
                "{}<decryption-keys><key certificate-id='c' /></decryption-keys>",
                secret_key()
            ),
            "unknown-certificate",
        ),
        (
            HEADER,
            format!("{}<decryption-keys />", secret_key()),
            "missing-element",
        ),
        (HEADER, key("", "!!!"), "wrong-value"),
        (HEADER, key("", "c2hvcnQ="), "wrong-value"),
        (HEADER, key("", ""), "wrong-value"),
        (HEADER, key("", "@(1)"), "expression-not-allowed"),
        (HEADER, key(&format!("n='{n}'"), ""), "missing-attribute"),
        (HEADER, key(&format!("n='AQAB' e='{e}'"), ""), "wrong-value"),
        (HEADER, "<issuer-signing-keys />".into(), "missing-element"),
        (HEADER, "<openid-config />".into(), "missing-attribute"),
        (
            HEADER,
            "<openid-config url='ftp://x/y' />".into(),
            "wrong-type",
        ),
        (
            HEADER,
            "<required-claims><claim name='a' match='some' /></required-claims>".into(),
            "wrong-type",
        ),
        (HEADER, "<required-claim />".into(), "unknown-element"),
    ];
    for (attributes, children, code) in cases {
        let findings = load(attributes, &children).err().unwrap_or_default();
        assert!(
            findings.iter().any(|finding| finding.starts_with(code)),
            "{attributes} {children}: {findings:?}"
        );
        assert!(
            !findings.iter().any(|finding| finding.contains("c2hvcnQ")),
            "{findings:?}"
        );
    }
    // The order of the elements does not matter.
    let mut swapped = String::from("<issuers><issuer>me</issuer></issuers>");
    write!(swapped, "{}", secret_key()).unwrap();
    assert!(load(HEADER, &swapped).is_ok());
}
