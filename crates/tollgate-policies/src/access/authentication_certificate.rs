//! `authentication-certificate`: shows the backend a certificate of the gateway.
//!
//! ```xml
//! <authentication-certificate certificate-id="backend-client" />
//! <authentication-certificate thumbprint="CA06F56B258B7A0D4F2B05470939478651151984" />
//! <authentication-certificate body="@(context.Variables.GetValueOrDefault<byte[]>("pfx"))" password="{{password}}" />
//! ```
//!
//! One of `certificate-id`, `thumbprint` and `body` (a PFX file, with its `password`). The certificates are those of the
//! catalog, with their private keys. TLS shows them when the backend asks; after a redirect to another host they are not
//! shown. What runs behind a layer in the same process has no TLS, so nothing is shown to it.
//!
//! A literal `certificate-id` is looked up when the policy loads. One that is not there, or has no private key, fails with
//! `CertificateNotFound`, a PFX file that cannot be read with `CertificateInvalid`; the client gets 500.
//! Source: authentication-certificate-policy.md.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use bytes::Bytes;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Certificate, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "authentication-certificate",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("thumbprint").about("The SHA-1 hash of a certificate of the catalog."),
        optional("certificate-id").about("The id of a certificate of the catalog."),
        optional("body").about("A PFX file."),
        optional("password").about("The password of the PFX file."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(AuthenticationCertificate::load(e)?)),
};

/// The policy, alone or as a part of another.
#[derive(Debug)]
pub(crate) enum AuthenticationCertificate {
    /// Looked up already.
    Known(Certificate),
    Id(Setting<Str>),
    Thumbprint(Setting<Str>),
    Body(Setting<Bytes>, Option<Setting<Str>>),
}

impl AuthenticationCertificate {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        const NAMES: [&str; 3] = ["certificate-id", "thumbprint", "body"];
        let mut present = NAMES.into_iter().filter(|name| e.has(name));
        let name = present.next().ok_or_else(|| {
            let message = format!("`{}` needs one of `{}`", e.name(), NAMES.join("`, `"));
            e.error("missing-attribute", e.name_span(), message)
        })?;
        if let Some(other) = present.next() {
            let message = format!("`{other}` cannot stand beside `{name}`");
            return Err(e.error("conflicting-attributes", e.attribute_span(other), message));
        }
        if name != "body" && e.has("password") {
            let message = format!("`password` cannot stand beside `{name}`");
            let span = e.attribute_span("password");
            return Err(e.error("conflicting-attributes", span, message));
        }
        match name {
            "body" => {
                let (body, password) = (e.setting("body"), e.optional_setting("password"));
                Ok(Self::Body(body?, password?))
            }
            "thumbprint" => e.setting(name).map(Self::Thumbprint),
            _ => {
                let id: Setting<Str> = e.setting(name)?;
                if id.literal().is_none() {
                    return Ok(Self::Id(id));
                }
                match e.certificate(name)? {
                    None => Ok(Self::Id(id)),
                    Some(certificate) if certificate.key().is_some() => {
                        Ok(Self::Known(certificate.clone()))
                    }
                    Some(_) => {
                        let message = "this certificate has no private key";
                        Err(e.error("wrong-value", e.attribute_span(name), message))
                    }
                }
            }
        }
    }

    /// The certificate for this request.
    pub(crate) fn certificate(&self, exchange: &mut Exchange) -> Result<Certificate, Failure> {
        let (what, found) = match self {
            Self::Known(certificate) => return Ok(certificate.clone()),
            Self::Body(body, password) => return read(body, password.as_ref(), exchange),
            Self::Id(id) => {
                let id = id.get(exchange)?.to_utf8().into_owned();
                let found = exchange.plan.certificate(&id).cloned();
                (format!("id {id}"), found)
            }
            Self::Thumbprint(thumbprint) => {
                let thumbprint = thumbprint.get(exchange)?.to_utf8().into_owned();
                let found = exchange.plan.certificate_by_thumbprint(&thumbprint);
                (format!("thumbprint {thumbprint}"), found.cloned())
            }
        };
        found
            .filter(|certificate| certificate.key().is_some())
            .ok_or_else(|| {
                let message = format!("There is no certificate with a private key and the {what}.");
                Failure::new("CertificateNotFound", message)
            })
    }

    pub(crate) fn reads(&self) -> Reads {
        match self {
            Self::Known(_) => Reads::NONE,
            Self::Id(id) => id.reads(),
            Self::Thumbprint(thumbprint) => thumbprint.reads(),
            Self::Body(body, password) => {
                let password = password.as_ref().map_or(Reads::NONE, Setting::reads);
                body.reads().or(password)
            }
        }
    }
}

/// PFX files that were read: to find the key of a password takes long by design.
#[derive(Debug, Default)]
struct Files(Mutex<HashMap<[u8; 32], Certificate>>);

/// How many files are remembered.
const MAX_FILES: usize = 64;

fn read(
    body: &Setting<Bytes>,
    password: Option<&Setting<Str>>,
    exchange: &mut Exchange,
) -> Result<Certificate, Failure> {
    let body = body.get(exchange)?.into_owned();
    let password = match password {
        Some(password) => password.get(exchange)?.to_utf8().into_owned(),
        None => String::new(),
    };
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(&body.len().to_be_bytes());
    hash.update(&body);
    hash.update(password.as_bytes());
    let hash = hash.finish();
    // A SHA-256 digest has 32 bytes.
    let hash: [u8; 32] = hash.as_ref().try_into().unwrap_or_default();
    let files = exchange.context.ports.shared.get::<Files>();
    let known = files.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(certificate) = known.get(&hash) {
        return Ok(certificate.clone());
    }
    drop(known);
    let certificate = Certificate::from_pfx(&body, &password).map_err(|error| {
        Failure::new(
            "CertificateInvalid",
            format!("The certificate cannot be read: {error}."),
        )
    })?;
    let mut known = files.0.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_FILES {
        known.clear();
    }
    known.insert(hash, certificate.clone());
    Ok(certificate)
}

impl Policy for AuthenticationCertificate {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let certificate = self.certificate(exchange)?;
        exchange.context.request.identity = Some(certificate);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        Self::reads(self)
    }
}
