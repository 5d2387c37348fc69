//! validate-jwt with certificates of the catalog, and with encrypted tokens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use tollgate::{Catalog, Certificate};
use tollgate_tests::{FakeClient, Issued, Pki, unix_now};

use crate::world::{Answer, World, api};

const SECRET: &[u8; 32] = b"secret-secret-secret-secret-3232";

fn claims(subject: &str) -> serde_json::Value {
    serde_json::json!({"sub": subject, "exp": unix_now() + (1 << 32)})
}

fn hs256(subject: &str) -> String {
    let key = EncodingKey::from_secret(SECRET);
    jsonwebtoken::encode(&Header::default(), &claims(subject), &key).unwrap()
}

fn rs256(issued: &Issued) -> String {
    let pair = KeyPair::from_pkcs8(&issued.key).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"any"}"#);
    let payload = URL_SAFE_NO_PAD.encode(claims("somebody").to_string());
    let message = format!("{header}.{payload}");
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    let padding = &aws_lc_rs::signature::RSA_PKCS1_SHA256;
    pair.sign(padding, &random, message.as_bytes(), &mut signature)
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A JWE of this content, A256GCM under this key, which is encrypted so.
fn sealed(algorithm: &str, key: &[u8], encrypted: &[u8], content: &str) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","enc":"A256GCM","cty":"JWT"}}"#);
    let header = URL_SAFE_NO_PAD.encode(header);
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let mut bytes = content.as_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key([1; 12]);
    let aad = Aad::from(header.as_bytes());
    let tag = sealing.seal_in_place_separate_tag(nonce, aad, &mut bytes);
    let url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    [
        header,
        url(encrypted),
        url(&[1; 12]),
        url(&bytes),
        url(tag.unwrap().as_ref()),
    ]
    .join(".")
}

fn for_certificate(issued: &Issued, content: &str) -> String {
    let pair = KeyPair::from_pkcs8(&issued.key).unwrap();
    let der = pair.public_key().as_der().unwrap();
    let public = PublicEncryptingKey::from_der(der.as_ref()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut room = [0; 256];
    let encrypted = public.encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 32], &mut room, None);
    sealed("RSA-OAEP-256", &[7; 32], encrypted.unwrap(), content)
}

fn world(children: &str, certificates: &[(&str, Certificate)]) -> World {
    let policy = format!(
        r#"<validate-jwt header-name="Authorization" output-token-variable-name="jwt">{children}</validate-jwt>
        <set-header name="X-Subject"><value>@(((Jwt)context.Variables["jwt"]).Subject)</value></set-header>"#
    );
    let catalog = Catalog::new().api(api(&[("inbound", &policy)]));
    let catalog = (certificates.iter()).fold(catalog, |catalog, (id, certificate)| {
        catalog.certificate(*id, certificate.clone())
    });
    World::serving(catalog, FakeClient::statuses(&[200]))
}

async fn call(world: &World, token: &str) -> Answer {
    world
        .get("/", &[("Authorization", &format!("Bearer {token}"))])
        .await
}

fn assert_invalid(answer: &Answer, message: &str) {
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 401, "message": "Invalid JWT." }"#
    );
    assert_eq!(
        answer.last_error()[..3],
        ["validate-jwt", "JwtInvalid", message]
    );
}

fn signing() -> String {
    format!(
        "<issuer-signing-keys><key>{}</key></issuer-signing-keys>",
        STANDARD.encode(SECRET)
    )
}

#[tokio::test]
async fn a_token_is_decrypted_with_a_secret() {
    let keys = format!(
        "{}<decryption-keys><key>{}</key><key>{}</key></decryption-keys>",
        signing(),
        STANDARD.encode([8; 32]),
        STANDARD.encode([9; 32])
    );
    let world = world(&keys, &[]);
    let answer = call(&world, &sealed("dir", &[9; 32], &[], &hs256("inner"))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(world.client.only_call().header("x-subject"), "inner");
    // What is not encrypted passes as before.
    assert_eq!(call(&world, &hs256("plain")).await.status, 200);

    let wrong = sealed("dir", &[1; 32], &[], &hs256("inner"));
    assert_invalid(&call(&world, &wrong).await, "JWT cannot be decrypted.");
    let unknown = sealed("RSA1_5", &[9; 32], &[], &hs256("inner"));
    assert_invalid(
        &call(&world, &unknown).await,
        "JWT encryption algorithm RSA1_5 is not supported.",
    );
    // Encrypted is not signed.
    let claims = claims("inner").to_string();
    let bare = sealed("dir", &[9; 32], &[], &claims);
    assert_invalid(&call(&world, &bare).await, "JWT must have three segments.");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(claims));
    let unsigned = call(&world, &sealed("dir", &[9; 32], &[], &unsigned)).await;
    assert_eq!(unsigned.last_error()[1], "TokenSignatureInvalid");
    let twice = sealed("dir", &[9; 32], &[], &sealed("dir", &[9; 32], &[], "x"));
    assert_eq!(call(&world, &twice).await.status, 401);
}

#[tokio::test]
async fn without_decryption_keys_an_encrypted_token_is_refused() {
    let world = world(&signing(), &[]);
    let token = sealed("dir", &[9; 32], &[], &hs256("inner"));
    assert_invalid(
        &call(&world, &token).await,
        "JWT is encrypted (JWE), and there is no key to decrypt it with.",
    );
}

#[tokio::test]
async fn certificates_of_the_catalog_sign_and_decrypt() {
    let pki = Pki::new();
    let (signer, receiver) = (pki.issue_rsa(), pki.issue_rsa());
    let certificate = |issued: &Issued| Certificate::from_pem(issued.pem().as_bytes()).unwrap();
    let children = r#"
        <issuer-signing-keys><key certificate-id="signer" /></issuer-signing-keys>
        <decryption-keys><key certificate-id="receiver" /></decryption-keys>"#;
    let world = world(
        children,
        &[
            ("signer", Certificate::from_der(signer.der.clone()).unwrap()),
            ("receiver", certificate(&receiver)),
        ],
    );
    for token in [rs256(&signer), for_certificate(&receiver, &rs256(&signer))] {
        let answer = call(&world, &token).await;
        assert_eq!(answer.status, 200, "{:?}", answer.last_error());
    }
    let forged = call(&world, &rs256(&receiver)).await;
    assert_eq!(forged.last_error()[1], "TokenSignatureKeyNotFound");
    let other = for_certificate(&signer, &rs256(&signer));
    assert_invalid(&call(&world, &other).await, "JWT cannot be decrypted.");
}

#[tokio::test]
async fn an_elliptic_certificate_signs() {
    let issued = Pki::new().issue(|_| {});
    let children = r#"<issuer-signing-keys><key certificate-id="c" /></issuer-signing-keys>"#;
    let certificate = Certificate::from_pem(issued.pem().as_bytes()).unwrap();
    let world = world(children, &[("c", certificate)]);
    let key = EncodingKey::from_ec_der(&issued.key);
    let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims("x"), &key).unwrap();
    let answer = call(&world, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_certificate_that_is_not_there_is_told_at_load_time() {
    let policy = r#"<validate-jwt header-name="A"><issuer-signing-keys><key certificate-id="singer" /></issuer-signing-keys>
        <decryption-keys><key certificate-id="signer" /></decryption-keys></validate-jwt>"#;
    let issued = Pki::new().issue_rsa();
    let certificate = Certificate::from_der(issued.der).unwrap();
    let catalog = Catalog::new()
        .certificate("signer", certificate)
        .api(api(&[("inbound", policy)]));
    let errors = tollgate::Gateway::builder()
        .catalog(catalog)
        .http_client(FakeClient::statuses(&[200]))
        .build()
        .unwrap_err()
        .to_string();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(
        lines,
        [
            "api.xml:1:100: error[unknown-certificate]: there is no certificate `singer`",
            "  help: did you mean `signer`?",
            "api.xml:2:47: error[wrong-value]: this certificate has no private RSA key to decrypt with"
        ]
    );
}
