//! `validate-client-certificate`: lets only clients with a valid certificate pass.
//!
//! ```xml
//! <validate-client-certificate validate-revocation="true" validate-trust="true" validate-not-before="true"
//!     validate-not-after="true" ignore-error="false">
//!     <identities>
//!         <identity thumbprint="C0FFEE…" />
//!         <identity common-name="client" issuer-subject="CN=Contoso CA, O=Contoso" />
//!     </identities>
//! </validate-client-certificate>
//! ```
//!
//! The certificate is the one that the server took from the client, in [`Peer`](tollgate_engine::Peer) or as an extension
//! of the request: [`ClientCertificate`]. It is checked in this order, and
//! the first failure is what `LastError` tells of:
//!
//! | check | `LastError.Reason` |
//! |---|---|
//! | it is there, and can be read | `CertificateNotPresent`, `CertificateInvalid` |
//! | `validate-not-before`, `validate-not-after` | `CertificateNotYetValid`, `CertificateExpired` |
//! | `validate-trust`: it leads to an authority of the catalog, for use by clients | `CertificateNotTrusted` |
//! | `validate-revocation`: no list of its issuers has it | `CertificateRevoked`, `CertificateRevocationUnknown` |
//! | `identities`: all that one of them says is so | `CertificateIdentityNotAllowed` |
//!
//! Refused: 403 with `{ "statusCode": 403, "message": "Invalid client certificate" }`; with `ignore-error` the request
//! goes on.
//!
//! Authorities are those of the catalog only, not those of the system. Revocation lists are fetched from where the
//! certificates say (`http`, `https`), each kept until it says there is a newer one, for an hour at most; not those of a
//! certificate that is not trusted, since anybody may have written it. What no list covers is refused, as its state is
//! not known; a certificate that signed itself needs no list. There is no OCSP.
//!
//! Names are compared without case, distinguished ones part by part in any order; thumbprints (SHA-1) and serial numbers
//! without case and spaces. `dns-name` is an alternative name, or the common name where there is none. An issuer's
//! thumbprint counts if that certificate (of those that the client sent, the catalog's authorities and certificates)
//! signed the client's. Source: validate-client-certificate-policy.md.

mod names;
mod revocation;

use http::StatusCode;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use serde_json::json;
use std::time::Duration;
use tollgate_dotnet::Str;
use tollgate_engine::exchange::ClientCertificate;
use tollgate_engine::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use tollgate_engine::{
    BoxFuture, Certificate, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Scopes, Sections, element, optional, thumbprint,
};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, RevocationOptions};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use self::names::{Name, hex_digits};
use self::revocation::Unknown;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-client-certificate",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("validate-revocation")
            .literal()
            .about("Whether revocation lists are asked; true."),
        optional("validate-trust")
            .literal()
            .about("Whether it must lead to an authority; true."),
        optional("validate-not-before")
            .literal()
            .about("Whether its time must have begun; true."),
        optional("validate-not-after")
            .literal()
            .about("Whether its time must not be over; true."),
        optional("ignore-error")
            .literal()
            .about("Whether the request goes on all the same; false."),
    ],
    children: Children::Elements(&[element("identities").children(Children::Elements(&[
        element("identity").many().attributes(&[
            optional("thumbprint")
                .literal()
                .about("SHA-1 of the certificate."),
            optional("serial-number").literal().about("Hexadecimal."),
            optional("common-name")
                .literal()
                .about("`CN` of the subject."),
            optional("subject")
                .literal()
                .about("The distinguished name."),
            optional("dns-name")
                .literal()
                .about("A DNS name it is for."),
            optional("issuer-subject")
                .literal()
                .about("The issuer's distinguished name."),
            optional("issuer-thumbprint")
                .literal()
                .about("SHA-1 of the issuer's certificate."),
            optional("issuer-certificate-id")
                .literal()
                .about("The issuer's certificate in the catalog, in place of the other two."),
        ]),
    ]))]),
    load: |e| Ok(Box::new(ValidateClientCertificate::load(e)?)),
};

#[derive(Debug)]
struct ValidateClientCertificate {
    revocation: bool,
    trust: bool,
    not_before: bool,
    not_after: bool,
    ignore_error: bool,
    /// `None` when everybody is welcome.
    identities: Option<Vec<Identity>>,
}

/// Who a client may be: all that is said must be so.
#[derive(Debug, Default)]
struct Identity {
    thumbprint: Option<String>,
    serial_number: Option<String>,
    common_name: Option<String>,
    subject: Option<Name>,
    dns_name: Option<String>,
    issuer_subject: Option<Name>,
    issuer_thumbprint: Option<String>,
    issuer: Option<Certificate>,
}

impl Identity {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let text = |name: &str| -> Result<Option<String>, Invalid> {
            let text: Option<Str> = e.optional_literal(name)?;
            Ok(text.map(|text| text.to_utf8().into_owned()))
        };
        let hex = |name: &str| match text(name)? {
            None => Ok(None),
            Some(text) => hex_digits(&text).map(Some).ok_or_else(|| {
                let message = format!("`{name}` must be hexadecimal digits, not `{text}`");
                e.error("wrong-value", e.attribute_span(name), message)
            }),
        };
        let name = |name: &str| match text(name)? {
            None => Ok(None),
            Some(text) => Name::parse(&text).map(Some).ok_or_else(|| {
                let message = format!("`{name}` must be a distinguished name, not `{text}`");
                e.error("wrong-value", e.attribute_span(name), message)
            }),
        };
        let (thumbprint, serial_number) = (hex("thumbprint"), hex("serial-number"));
        let (common_name, dns_name) = (text("common-name"), text("dns-name"));
        let (subject, issuer_subject) = (name("subject"), name("issuer-subject"));
        let issuer_thumbprint = hex("issuer-thumbprint");
        const ISSUER: &str = "issuer-certificate-id";
        let mut others = ["issuer-subject", "issuer-thumbprint"].into_iter();
        let issuer = match (e.has(ISSUER), others.find(|name| e.has(name))) {
            (false, _) => Ok(None),
            (true, Some(other)) => {
                let message = format!("`{other}` cannot stand beside `{ISSUER}`");
                Err(e.error("conflicting-attributes", e.attribute_span(other), message))
            }
            (true, None) => e.certificate(ISSUER).map(|issuer| issuer.cloned()),
        };
        Ok(Self {
            thumbprint: thumbprint?,
            serial_number: serial_number?.map(|serial| serial.trim_start_matches('0').to_owned()),
            common_name: common_name?,
            subject: subject?,
            dns_name: dns_name?,
            issuer_subject: issuer_subject?,
            issuer_thumbprint: issuer_thumbprint?,
            issuer: issuer?,
        })
    }

    fn is(&self, client: &Client<'_>, issuers: &[CertificateDer<'_>]) -> bool {
        fn is<T>(wanted: Option<&T>, so: impl FnOnce(&T) -> bool) -> bool {
            wanted.is_none_or(so)
        }
        let read = &client.read;
        let subject = || Name::of(read.subject());
        let common_name = || read.subject().iter_common_name().next()?.as_str().ok();
        let serial = || hex_digits(&read.raw_serial_as_string()).unwrap_or_default();
        let signed = |issuer: &[u8]| client.is_signed_by(issuer);
        is(self.thumbprint.as_ref(), |wanted| {
            thumbprint(client.der).eq_ignore_ascii_case(wanted)
        }) && is(self.serial_number.as_ref(), |wanted| {
            serial().trim_start_matches('0') == *wanted
        }) && is(self.common_name.as_ref(), |wanted| {
            common_name().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        }) && is(self.subject.as_ref(), |wanted| subject() == *wanted)
            && is(self.dns_name.as_ref(), |wanted| {
                let names = client.dns_names();
                let mut names = match names.is_empty() {
                    true => common_name().into_iter().collect(),
                    false => names,
                }
                .into_iter();
                names.any(|name| name.eq_ignore_ascii_case(wanted))
            })
            && is(self.issuer_subject.as_ref(), |wanted| {
                Name::of(read.issuer()) == *wanted
            })
            && is(self.issuer_thumbprint.as_ref(), |wanted| {
                let mut found = issuers
                    .iter()
                    .filter(|issuer| thumbprint(issuer).eq_ignore_ascii_case(wanted));
                found.any(|issuer| signed(issuer))
            })
            && is(self.issuer.as_ref(), |issuer| signed(issuer.leaf()))
    }
}

/// The client's certificate, read.
struct Client<'c> {
    der: &'c [u8],
    read: X509Certificate<'c>,
    intermediates: Vec<CertificateDer<'c>>,
    /// When its chain is looked at: now, or the next moment of its own time where that is not to be checked.
    at: UnixTime,
}

impl<'c> Client<'c> {
    fn read(certificate: &'c ClientCertificate, now: i64) -> Option<Self> {
        let (rest, read) = X509Certificate::from_der(&certificate.der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let validity = read.validity();
        let (from, to) = (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        );
        let at = now.min(to).max(from);
        let at = Duration::from_secs(u64::try_from(at).unwrap_or(0));
        Some(Self {
            der: &certificate.der,
            read,
            intermediates: (certificate.intermediates.iter())
                .map(|der| CertificateDer::from(&**der))
                .collect(),
            at: UnixTime::since_unix_epoch(at),
        })
    }

    fn verify(
        &self,
        anchors: &[TrustAnchor<'_>],
        intermediates: &[CertificateDer<'_>],
        revocation: Option<RevocationOptions<'_>>,
    ) -> Result<(), webpki::Error> {
        let der = CertificateDer::from(self.der);
        let certificate = EndEntityCert::try_from(&der)?;
        certificate.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            anchors,
            intermediates,
            self.at,
            KeyUsage::client_auth(),
            revocation,
            None,
        )?;
        Ok(())
    }

    /// Whether this very certificate signed it.
    fn is_signed_by(&self, issuer: &[u8]) -> bool {
        let issuer = CertificateDer::from(issuer);
        let anchor = webpki::anchor_from_trusted_cert(&issuer);
        anchor.is_ok_and(|anchor| self.verify(&[anchor], &[], None).is_ok())
    }

    fn signed_itself(&self) -> bool {
        self.read.subject().as_raw() == self.read.issuer().as_raw() && self.is_signed_by(self.der)
    }

    fn dns_names(&self) -> Vec<&str> {
        let names = self.read.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.as_slice());
        let dns = names.unwrap_or_default().iter().map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        });
        dns.flatten().collect()
    }
}

/// Why a certificate is refused: reason and message.
type Refusal = (&'static str, String);

impl ValidateClientCertificate {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let flag = |name: &str, default| Ok(e.optional_literal(name)?.unwrap_or(default));
        let revocation = flag("validate-revocation", true);
        let trust = flag("validate-trust", true);
        let not_before = flag("validate-not-before", true);
        let not_after = flag("validate-not-after", true);
        let ignore_error = flag("ignore-error", false);
        let children = e.child("identities").map(|list| list.children());
        let identities = children.map(|children| {
            let all: Vec<_> = children.iter().map(Identity::load).collect();
            all.into_iter().collect::<Result<Vec<_>, _>>()
        });
        Ok(Self {
            revocation: revocation?,
            trust: trust?,
            not_before: not_before?,
            not_after: not_after?,
            ignore_error: ignore_error?,
            // No identity at all says nothing about who may come.
            identities: identities.transpose()?.filter(|all| !all.is_empty()),
        })
    }

    /// Everything but revocation. Gives whether revocation is still to be looked at.
    fn check(&self, exchange: &Exchange) -> Result<bool, Refusal> {
        let certificate = exchange.context.request.certificate.as_ref();
        let certificate = certificate.ok_or_else(|| {
            let message = "The client has shown no certificate. Access denied.";
            ("CertificateNotPresent", message.to_owned())
        })?;
        let now = unix_seconds(exchange.context.ports.clock.now());
        let client = Client::read(certificate, now).ok_or_else(|| {
            let message = "The client certificate cannot be read. Access denied.";
            ("CertificateInvalid", message.to_owned())
        })?;
        let validity = client.read.validity();
        if self.not_before && now < validity.not_before.timestamp() {
            let message = "The client certificate is not valid yet. Access denied.";
            return Err(("CertificateNotYetValid", message.to_owned()));
        }
        if self.not_after && now > validity.not_after.timestamp() {
            let message = "The client certificate has expired. Access denied.";
            return Err(("CertificateExpired", message.to_owned()));
        }
        let trusted = is_trusted(&client, exchange);
        if let (true, Err(error)) = (self.trust, &trusted) {
            let message = format!("The client certificate is not trusted: {error}. Access denied.");
            return Err(("CertificateNotTrusted", message));
        }
        if self.revocation && !client.signed_itself() {
            if trusted.is_ok() {
                return Ok(true);
            }
            let message = "its issuer is not known, so no revocation list can be believed";
            return Err(Unknown(message.to_owned()).into());
        }
        self.identify(&client, exchange)?;
        Ok(false)
    }

    fn identify(&self, client: &Client<'_>, exchange: &Exchange) -> Result<(), Refusal> {
        let Some(identities) = &self.identities else {
            return Ok(());
        };
        let plan = &exchange.plan;
        let known = plan.authorities().iter().chain(plan.certificates());
        let issuers: Vec<_> = (client.intermediates.iter().cloned())
            .chain(known.flat_map(|known| known.chain().iter().cloned()))
            .collect();
        match identities
            .iter()
            .any(|identity| identity.is(client, &issuers))
        {
            true => Ok(()),
            false => {
                let message =
                    "The client certificate is none of those that are allowed. Access denied.";
                Err(("CertificateIdentityNotAllowed", message.to_owned()))
            }
        }
    }

    async fn check_revocation(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        let ports = exchange.context.ports.clone();
        let now = unix_seconds(ports.clock.now());
        let certificate = exchange.context.request.certificate.clone();
        let Some(client) = certificate.as_ref().and_then(|one| Client::read(one, now)) else {
            return Err(Unknown("it cannot be read".to_owned()).into());
        };
        let authorities = authorities(exchange);
        let anchors = anchors(&authorities);
        revocation::check(&ports, &client, &anchors).await?;
        self.identify(&client, exchange)
    }

    fn conclude(
        &self,
        exchange: &mut Exchange,
        outcome: Result<(), Refusal>,
    ) -> Result<Flow, Failure> {
        match outcome {
            Ok(()) => exchange
                .context
                .trace(|_| json!({"message": "Client certificate validated."})),
            Err((reason, message)) if self.ignore_error => {
                exchange
                    .context
                    .trace(|_| json!({"message": message, "reason": reason}));
            }
            Err((reason, message)) => {
                return Err(Failure::new(reason, message)
                    .respond(StatusCode::FORBIDDEN, "Invalid client certificate"));
            }
        }
        Ok(Flow::Next)
    }
}

/// Whether a chain leads to an authority of the catalog, or the certificate is itself one.
fn is_trusted(client: &Client<'_>, exchange: &Exchange) -> Result<(), webpki::Error> {
    let authorities = authorities(exchange);
    if authorities
        .iter()
        .any(|authority| **authority == *client.der)
    {
        return Ok(());
    }
    client.verify(&anchors(&authorities), &client.intermediates, None)
}

fn authorities(exchange: &Exchange) -> Vec<CertificateDer<'static>> {
    let all = exchange.plan.authorities().iter();
    all.map(|authority| authority.leaf().clone()).collect()
}

fn anchors<'a>(authorities: &'a [CertificateDer<'static>]) -> Vec<TrustAnchor<'a>> {
    let anchors = authorities.iter().map(webpki::anchor_from_trusted_cert);
    anchors.filter_map(Result::ok).collect()
}

fn unix_seconds(ticks: i64) -> i64 {
    ticks
        .saturating_sub(UNIX_EPOCH_TICKS)
        .div_euclid(TICKS_PER_SECOND)
}

impl Policy for ValidateClientCertificate {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.check(exchange) {
            Ok(true) => Ok(Flow::Wait),
            outcome => self.conclude(exchange, outcome.map(drop)),
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let outcome = self.check_revocation(exchange).await;
            self.conclude(exchange, outcome)
        })
    }
}
