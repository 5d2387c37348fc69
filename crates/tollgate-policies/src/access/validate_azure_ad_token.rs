//! `validate-azure-ad-token`: lets only requests with a valid token of Microsoft Entra ID pass.
//!
//! ```xml
//! <validate-azure-ad-token tenant-id="{{tenant}}">
//!     <client-application-ids><application-id>{{client}}</application-id></client-application-ids>
//!     <audiences><audience>api://orders</audience></audiences>
//!     <required-claims><claim name="roles" match="any"><value>reader</value></claim></required-claims>
//! </validate-azure-ad-token>
//! ```
//!
//! It is `validate-jwt` with the keys and the issuer of a tenant: form, order of checks, what is remembered, refusals and
//! `LastError` are those of the module `validate_jwt`; a token must be signed and have an expiration time, and
//! the clocks may not differ. It is in the header `Authorization` unless one of `header-name`, `query-parameter-name` and
//! `token-value` is given.
//!
//! `tenant-id` is a GUID, a domain, `common`, `organizations`, `consumers`, or a URL with one of these. Keys come from
//! `{endpoint}/{tenant}/v2.0/.well-known/openid-configuration`; the endpoint is that of the URL, `authentication-endpoint`,
//! or the public cloud. Issuers of both versions are accepted: `{endpoint}/{tenant}/v2.0` and `https://sts.windows.net/{tenant}/`;
//! for `common` and `organizations` that of the token's own tenant (`tid`), for the latter not that of personal accounts.
//!
//! Each list that is given must hold: `audiences` the whole `aud`, `backend-application-ids` the application in it (`{id}` or
//! `api://{id}`), `client-application-ids` the `appid` or else the `azp`. Without any of them every token of the tenant
//! passes, which is a warning. Source: validate-azure-ad-token-policy.md.

use http::header::AUTHORIZATION;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Invalid, Policy, PolicyKind, Scopes, Sections, Setting, element,
    optional, required,
};
use tollgate_syntax::Diagnostic;

use super::jwt::entra::Entra;
use super::jwt::jwe::DecryptionKey;
use super::jwt::location::Location;
use super::validate_jwt::{CLAIMS, RequiredClaim, ValidateJwt, listed};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-azure-ad-token",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("tenant-id").about("The tenant: GUID, domain or URL."),
        optional("header-name").about("The header that holds the token; `Authorization`."),
        optional("query-parameter-name").about("The query parameter that holds the token."),
        optional("token-value").about("The token itself, without a scheme."),
        optional("authentication-endpoint").about("Where a sovereign cloud signs in."),
        optional("failed-validation-httpcode").about("The status code on failure; 401."),
        optional("failed-validation-error-message").about("The message on failure."),
        optional("output-token-variable-name")
            .literal()
            .about("The variable that takes the token as a `Jwt`."),
    ],
    children: Children::Elements(&[
        element("backend-application-ids").children(APPLICATIONS),
        element("client-application-ids").children(APPLICATIONS),
        element("audiences").children(Children::Elements(&[element("audience")
            .required()
            .many()
            .children(Children::Text)])),
        element("required-claims").children(CLAIMS),
        element("decryption-keys").children(Children::Elements(&[element("key")
            .required()
            .many()
            .attributes(&[required("certificate-id")
                .literal()
                .about("A certificate of the catalog, with its private key.")])])),
    ]),
    load,
};

const APPLICATIONS: Children = Children::Elements(&[element("application-id")
    .required()
    .many()
    .children(Children::Text)]);

fn load(e: &mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid> {
    let own = ["header-name", "query-parameter-name", "token-value"];
    let location = match own.iter().any(|name| e.has(name)) {
        true => Location::load(e),
        false => Ok(Location::Header(Setting::Literal(AUTHORIZATION))),
    };
    let tenant = e.setting::<Str>("tenant-id");
    let endpoint = e.optional_setting::<Str>("authentication-endpoint");
    let status = e.optional_setting("failed-validation-httpcode");
    let message = e.optional_setting("failed-validation-error-message");
    let output = e.optional_literal("output-token-variable-name");
    let backends = listed(e, "backend-application-ids", ElementReader::text_setting);
    let clients = listed(e, "client-application-ids", ElementReader::text_setting);
    let audiences = listed(e, "audiences", ElementReader::text_setting);
    let claims = listed(e, "required-claims", RequiredClaim::load);
    let decryption_keys = listed(e, "decryption-keys", |key| {
        // That it has no certificate has been reported.
        let named = key.has("certificate-id").then_some(key);
        DecryptionKey::load(named.ok_or(Invalid)?)
    });
    let (tenant, endpoint) = (tenant?, endpoint?);
    let literal_endpoint = endpoint.as_ref().and_then(Setting::literal);
    for (name, tenant, endpoint) in [
        ("tenant-id", tenant.literal(), None),
        ("authentication-endpoint", None, literal_endpoint),
    ] {
        if !Entra::is_plausible(tenant, endpoint) {
            let message = match name {
                "tenant-id" => "`tenant-id` must be a GUID, a domain or an https URL",
                _ => "`authentication-endpoint` must be an https URL",
            };
            return Err(e.error("wrong-value", e.attribute_span(name), message));
        }
    }
    let entra = Entra {
        tenant,
        endpoint,
        backends: backends?,
        clients: clients?,
    };
    let mut policy = ValidateJwt {
        message: message?,
        output: output?,
        decryption_keys: decryption_keys?.into_iter().flatten().collect(),
        audiences: audiences?,
        claims: claims?,
        ..ValidateJwt::entra(location?, entra)
    };
    if let Some(status) = status? {
        policy.status = status;
    }
    if !policy.limits_applications() {
        let message = "every token of the tenant passes, whatever it is for: there are no `client-application-ids`, \
            `backend-application-ids` or `audiences`";
        e.report(Diagnostic::warning(
            "any-application",
            e.name_span(),
            message,
        ));
    }
    Ok(Box::new(policy))
}
