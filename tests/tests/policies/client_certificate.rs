//! validate-client-certificate.

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType, KeyIdMethod,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use tollgate::engine::exchange::ClientCertificate;
use tollgate::engine::thumbprint;
use tollgate::{Body, Catalog, Certificate, Gateway, Peer};
use tollgate_tests::{FakeClient, Issued, Pki};

use crate::world::{Answer, World, api, request};

const REFUSED: &str = r#"{ "statusCode": 403, "message": "Invalid client certificate" }"#;
const NO_LISTS: &str = r#"validate-revocation="false""#;

fn named(params: &mut CertificateParams) {
    params
        .distinguished_name
        .push(DnType::CommonName, "Client One");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Contoso, Inc.");
    params
        .subject_alt_names
        .push(SanType::DnsName("client.test".try_into().unwrap()));
    params.serial_number = Some(SerialNumber::from(vec![0x0C, 0x0F, 0xFE]));
}

fn world(pki: &Pki, attributes: &str, identities: &str, client: FakeClient) -> World {
    let policy = format!(
        "<validate-client-certificate {attributes}>{identities}</validate-client-certificate>"
    );
    let authority = Certificate::from_der(pki.root()).unwrap();
    let catalog = Catalog::new()
        .authority(authority.clone())
        .certificate("root", authority)
        .certificate("other", Certificate::from_der(Pki::new().root()).unwrap())
        .api(api(&[("inbound", &policy)]));
    World::serving(catalog, client)
}

async fn call(world: &World, der: &[u8]) -> Answer {
    let certificate = ClientCertificate::new(der.to_vec());
    let peer = Peer {
        certificate: Some(certificate),
        ..Peer::default()
    };
    world
        .send_from(peer, request(http::Method::GET, "/", &[], ""))
        .await
}

/// `LastError.Reason`, or nothing; the client is always told the same.
fn reason(answer: &Answer) -> String {
    if answer.status == 200 {
        return String::new();
    }
    assert_eq!((answer.status, &*answer.body), (403, REFUSED));
    let error = answer.last_error();
    assert_eq!(error[0], "validate-client-certificate");
    error[1].clone()
}

async fn checked(pki: &Pki, attributes: &str, identities: &str, der: &[u8]) -> String {
    let world = world(pki, attributes, identities, FakeClient::statuses(&[200]));
    reason(&call(&world, der).await)
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let pki = Pki::new();
    let world = world(&pki, NO_LISTS, "", FakeClient::statuses(&[200]));
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.status, &*answer.reason, &*answer.body),
        (403, "Forbidden", REFUSED)
    );
    assert_eq!(
        answer.last_error(),
        [
            "validate-client-certificate",
            "CertificateNotPresent",
            "The client has shown no certificate. Access denied.",
            "api",
            "inbound",
            "validate-client-certificate[1]"
        ]
    );
    assert_eq!(
        reason(&call(&world, b"nonsense").await),
        "CertificateInvalid"
    );
    let mut longer = pki.issue(named).der;
    longer.push(0);
    assert_eq!(reason(&call(&world, &longer).await), "CertificateInvalid");
    assert_eq!(reason(&call(&world, &pki.issue(named).der).await), "");
}

#[tokio::test]
async fn a_server_can_attach_the_certificate_to_the_request() {
    let pki = Pki::new();
    let world = world(&pki, NO_LISTS, "", FakeClient::statuses(&[200]));
    let mut request = request(http::Method::GET, "/", &[], "");
    request
        .extensions_mut()
        .insert(ClientCertificate::new(pki.issue(named).der));
    assert_eq!(world.send(request).await.status, 200);
}

#[tokio::test]
async fn trust_needs_an_authority_of_the_catalog() {
    let pki = Pki::new();
    let stranger = Pki::new().issue(named).der;
    assert_eq!(
        checked(&pki, NO_LISTS, "", &stranger).await,
        "CertificateNotTrusted"
    );
    let trusting = r#"validate-revocation="false" validate-trust="false""#;
    assert_eq!(checked(&pki, trusting, "", &stranger).await, "");
    assert_eq!(
        checked(&pki, NO_LISTS, "", &pki.root()).await,
        "",
        "an authority itself"
    );
    // Only for servers.
    let server = pki
        .issue(|params| {
            params
                .extended_key_usages
                .push(rcgen::ExtendedKeyUsagePurpose::ServerAuth)
        })
        .der;
    assert_eq!(
        checked(&pki, NO_LISTS, "", &server).await,
        "CertificateNotTrusted"
    );
}

#[tokio::test]
async fn intermediates_lead_to_the_authority() {
    use rcgen::{BasicConstraints, IsCa, Issuer, KeyPair};
    let pki = Pki::new();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Between");
    let between = params.signed_by(&key, pki.issuer()).unwrap().der().to_vec();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    named(&mut params);
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &issuer)
        .unwrap()
        .der()
        .to_vec();
    let identity = format!(
        "<identities><identity issuer-thumbprint='{}' issuer-subject='cn=between' /></identities>",
        thumbprint(&between)
    );
    let world = world(&pki, NO_LISTS, &identity, FakeClient::statuses(&[200]));
    assert_eq!(reason(&call(&world, &leaf).await), "CertificateNotTrusted");
    let certificate = ClientCertificate {
        intermediates: vec![between.into()],
        ..ClientCertificate::new(leaf)
    };
    let peer = Peer {
        certificate: Some(certificate),
        ..Peer::default()
    };
    let answer = world
        .send_from(peer, request(http::Method::GET, "/", &[], ""))
        .await;
    assert_eq!(reason(&answer), "");
}

#[tokio::test]
async fn a_certificate_has_its_time() {
    let pki = Pki::new();
    let expired = pki
        .issue(|params| params.not_after = date_time_ymd(2026, 11, 1))
        .der;
    let future = pki
        .issue(|params| params.not_before = date_time_ymd(2026, 12, 1))
        .der;
    for (der, reason, attribute) in [
        (expired, "CertificateExpired", "validate-not-after"),
        (future, "CertificateNotYetValid", "validate-not-before"),
    ] {
        assert_eq!(checked(&pki, NO_LISTS, "", &der).await, reason);
        let without = format!(r#"{NO_LISTS} {attribute}="false""#);
        assert_eq!(checked(&pki, &without, "", &der).await, "", "{attribute}");
    }
}

#[tokio::test]
async fn one_identity_must_be_the_client() {
    let pki = Pki::new();
    let client = pki.issue(named).der;
    let of = async |identity: &str| {
        let identities =
            format!("<identities><identity common-name='nobody' />{identity}</identities>");
        checked(&pki, NO_LISTS, &identities, &client).await
    };
    let hash = thumbprint(&client);
    let root = thumbprint(&pki.root());
    for identity in [
        format!("<identity thumbprint='{}' />", hash.to_lowercase()),
        "<identity serial-number='0C 0F FE' />".to_owned(),
        "<identity serial-number='c0ffe' />".to_owned(),
        "<identity common-name='client one' />".to_owned(),
        "<identity subject='CN=Client One, O=&quot;Contoso, Inc.&quot;' />".to_owned(),
        "<identity dns-name='CLIENT.test' />".to_owned(),
        format!("<identity issuer-thumbprint='{root}' />"),
        "<identity issuer-certificate-id='root' common-name='Client One' dns-name='client.test' />"
            .to_owned(),
        "<identity />".to_owned(),
    ] {
        assert_eq!(of(&identity).await, "", "{identity}");
    }
    for identity in [
        format!("<identity thumbprint='{root}' />"),
        "<identity serial-number='c0ffee' />".to_owned(),
        "<identity common-name='client' />".to_owned(),
        "<identity subject='CN=Client One' />".to_owned(),
        "<identity dns-name='Client One' />".to_owned(),
        "<identity issuer-subject='CN=x' />".to_owned(),
        format!("<identity issuer-thumbprint='{hash}' />"),
        "<identity issuer-certificate-id='other' />".to_owned(),
        format!("<identity thumbprint='{hash}' common-name='other' />"),
    ] {
        assert_eq!(
            of(&identity).await,
            "CertificateIdentityNotAllowed",
            "{identity}"
        );
    }
    assert_eq!(
        checked(&pki, NO_LISTS, "<identities />", &client).await,
        "",
        "nobody is named"
    );
}

#[tokio::test]
async fn errors_can_be_ignored() {
    let pki = Pki::new();
    let world = world(
        &pki,
        r#"ignore-error="true""#,
        "",
        FakeClient::statuses(&[200]),
    );
    assert_eq!(world.get("/", &[]).await.status, 200);
    assert_eq!(call(&world, b"nonsense").await.status, 200);
}

fn list(pki: &Pki, revoked: &[u8], until: (i32, u8, u8)) -> Vec<u8> {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(vec![*serial]),
        revocation_time: date_time_ymd(2026, 11, 2),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 11, 1),
        next_update: date_time_ymd(until.0, until.1, until.2),
        crl_number: SerialNumber::from(vec![1]),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(pki.issuer()).unwrap().der().to_vec()
}

fn listed(pki: &Pki, serial: u8) -> Issued {
    pki.issue(|params| {
        named(params);
        params.serial_number = Some(SerialNumber::from(vec![serial]));
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec!["http://lists.test/ca.crl".to_owned()],
        }];
    })
}

/// The list is at `lists.test`; everything else is the backend.
fn lists(status: u16, list: Vec<u8>) -> FakeClient {
    FakeClient::new(move |call| {
        let answer = http::Response::builder();
        Ok(match call.url == "http://lists.test/ca.crl" {
            true => answer
                .status(status)
                .body(Body::from(bytes::Bytes::from(list.clone())))
                .unwrap(),
            false => answer.body(Body::from("backend")).unwrap(),
        })
    })
}

#[tokio::test]
async fn revocation_lists_are_asked_and_kept() {
    let pki = Pki::new();
    let client = lists(200, list(&pki, &[7], (2027, 1, 1)));
    let world = world(&pki, "", "", client);
    assert_eq!(reason(&call(&world, &listed(&pki, 5).der).await), "");
    let revoked = call(&world, &listed(&pki, 7).der).await;
    assert_eq!(reason(&revoked), "CertificateRevoked");
    let asked = |world: &World| {
        world
            .client
            .calls()
            .iter()
            .filter(|call| call.url.contains("lists"))
            .count()
    };
    assert_eq!(asked(&world), 1);
    world.clock.advance(std::time::Duration::from_secs(3601));
    assert_eq!(reason(&call(&world, &listed(&pki, 5).der).await), "");
    assert_eq!(asked(&world), 2);
}

#[tokio::test]
async fn what_is_not_known_to_be_good_is_refused() {
    let pki = Pki::new();
    let good = listed(&pki, 5).der;
    let other = Pki::new();
    for (status, list, why) in [
        (
            404,
            Vec::new(),
            "http://lists.test/ca.crl: it answers 404 Not Found",
        ),
        (200, b"nonsense".to_vec(), "http://lists.test/ca.crl: "),
        (200, list(&pki, &[], (2026, 11, 20)), ""),
        (200, list(&other, &[], (2027, 1, 1)), ""),
    ] {
        let world = world(&pki, "", "", lists(status, list));
        let answer = call(&world, &good).await;
        assert_eq!(reason(&answer), "CertificateRevocationUnknown");
        let message = &answer.last_error()[2];
        assert!(message.contains(why), "{message}");
    }
    let unlisted = pki.issue(named).der;
    assert_eq!(
        checked(&pki, "", "", &unlisted).await,
        "CertificateRevocationUnknown"
    );
    // Nobody asks where a stranger says.
    let stranger = listed(&other, 5).der;
    let world = world(
        &pki,
        r#"validate-trust="false""#,
        "",
        lists(200, list(&other, &[], (2027, 1, 1))),
    );
    assert_eq!(
        reason(&call(&world, &stranger).await),
        "CertificateRevocationUnknown"
    );
    assert!(world.client.calls().is_empty());
}

#[tokio::test]
async fn a_certificate_that_signed_itself_needs_no_list() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    named(&mut params);
    let own = params.self_signed(&key).unwrap().der().to_vec();
    let pki = Pki::new();
    assert_eq!(
        checked(&pki, r#"validate-trust="false""#, "", &own).await,
        ""
    );
    assert_eq!(checked(&pki, "", "", &own).await, "CertificateNotTrusted");
}

#[test]
fn what_an_identity_cannot_say() {
    for (identity, message) in [
        (
            "thumbprint='xyz'",
            "`thumbprint` must be hexadecimal digits, not `xyz`",
        ),
        (
            "subject='Client'",
            "`subject` must be a distinguished name, not `Client`",
        ),
        (
            "issuer-certificate-id='nobody'",
            "there is no certificate `nobody`",
        ),
        (
            "issuer-certificate-id='root' issuer-subject='CN=a'",
            "`issuer-subject` cannot stand beside `issuer-certificate-id`",
        ),
        (
            "common-name='@(1)'",
            "`common-name` of `identity` cannot be an expression",
        ),
    ] {
        let policy = format!(
            "<validate-client-certificate><identities><identity {identity} /></identities></validate-client-certificate>"
        );
        let built = Gateway::builder()
            .catalog(Catalog::new().api(api(&[("inbound", &policy)])))
            .http_client(FakeClient::statuses(&[200]))
            .build();
        let errors = built.unwrap_err().to_string();
        assert!(
            errors.contains(&format!(": {message}")),
            "{identity}: {errors}"
        );
    }
}
