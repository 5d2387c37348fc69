//! Microsoft Entra ID: where a tenant's keys are, and which tokens are its own.

use http::Uri;
use tollgate_dotnet::Str;
use tollgate_engine::{Exchange, Failure, Reads, Setting};

use super::claims::{Claims, Requirement};
use super::rejection::{Refusal, Rejection, Shown};
use super::verify;

/// Where the public cloud signs in.
const PUBLIC: &str = "https://login.microsoftonline.com";
/// The tenant of personal accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Whose tokens are accepted, and for which applications.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) tenant: Setting<Str>,
    /// Where tokens are signed for, if it is not the public cloud.
    pub(crate) endpoint: Option<Setting<Str>>,
    /// The applications that tokens are for.
    pub(crate) backends: Vec<Setting<Str>>,
    /// The applications that tokens are given to.
    pub(crate) clients: Vec<Setting<Str>>,
}

/// A tenant at a place to sign in.
#[derive(Debug, PartialEq)]
struct Authority {
    /// `https://login.microsoftonline.com`
    base: String,
    /// A GUID, a domain, `common`, `organizations` or `consumers`.
    tenant: String,
}

impl Authority {
    /// Reads `tenant-id`: a tenant, or the whole URL of one. `None` if it is neither.
    fn parse(tenant: &str, endpoint: &str) -> Option<Self> {
        let is_url = tenant.contains("://");
        let base: Uri = match is_url {
            true => tenant.parse().ok()?,
            false => endpoint.parse().ok()?,
        };
        let host = base
            .authority()
            .filter(|host| !host.as_str().contains('@'))?;
        if base.scheme_str() != Some("https") {
            return None;
        }
        let tenant = match is_url {
            true => base.path().split('/').find(|part| !part.is_empty())?,
            false => tenant.trim(),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let named = !tenant.is_empty() && !tenant.starts_with('.') && tenant.bytes().all(is_name);
        named.then(|| Self {
            base: format!("https://{host}"),
            tenant: tenant.to_ascii_lowercase(),
        })
    }

    fn metadata(&self) -> String {
        format!(
            "{}/{}/v2.0/.well-known/openid-configuration",
            self.base, self.tenant
        )
    }

    /// Whether a token's issuer is the one that the metadata names: of a token of version 2, or of version 1.
    fn accepts(&self, issuer: &str, tid: Option<&str>, named: &str) -> bool {
        // The metadata for many tenants has a place for the tenant of the token.
        let named = match named.contains("{tenantid}") {
            false => named.to_owned(),
            true => match tid.filter(|tid| is_guid(tid)) {
                Some(tid) if self.tenant != "organizations" || *tid != *PERSONAL => {
                    named.replace("{tenantid}", tid)
                }
                _ => return false,
            },
        };
        if issuer == named {
            return true;
        }
        let mut parts = named.trim_end_matches("/v2.0").rsplit('/');
        let tenant = parts.next().filter(|tenant| is_guid(tenant));
        let sts = match self.base.ends_with("chinacloudapi.cn")
            || self.base.ends_with("partner.microsoftonline.cn")
        {
            true => "https://sts.chinacloudapi.cn",
            false => "https://sts.windows.net",
        };
        tenant.is_some_and(|tenant| issuer == format!("{sts}/{tenant}/"))
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(hex)
}

impl Entra {
    /// Whether a literal tenant and endpoint are such.
    pub(crate) fn is_plausible(tenant: Option<&Str>, endpoint: Option<&Str>) -> bool {
        let endpoint = endpoint.map_or(PUBLIC.into(), |endpoint| endpoint.to_utf8());
        let tenant = tenant.map_or("common".into(), |tenant| tenant.to_utf8());
        Authority::parse(&tenant, &endpoint).is_some()
    }

    fn authority(&self, exchange: &mut Exchange) -> Result<Authority, Failure> {
        let tenant = self.tenant.get(exchange)?.to_utf8().into_owned();
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.get(exchange)?.to_utf8().into_owned(),
            None => PUBLIC.to_owned(),
        };
        Authority::parse(&tenant, &endpoint).ok_or_else(Failure::validation)
    }

    /// The URL of the tenant's OpenID configuration.
    pub(crate) fn metadata(&self, exchange: &mut Exchange) -> Result<String, Failure> {
        Ok(self.authority(exchange)?.metadata())
    }

    /// Checks that the tenant issued the token; `named` are the issuers of its metadata.
    pub(crate) fn check_issuer<'n>(
        &self,
        exchange: &mut Exchange,
        claims: &Claims,
        mut named: impl Iterator<Item = &'n str>,
    ) -> Result<(), Refusal> {
        let authority = self.authority(exchange)?;
        let tid = claims.0.get("tid").and_then(serde_json::Value::as_str);
        verify::issuer(claims, |issuer| {
            named.any(|named| authority.accepts(issuer, tid, named))
        })?;
        Ok(())
    }

    /// Checks for whom and to whom the token was given.
    pub(crate) fn check_applications(
        &self,
        exchange: &mut Exchange,
        claims: &Claims,
    ) -> Result<(), Refusal> {
        if !self.backends.is_empty() {
            let ids = texts(&self.backends, exchange)?;
            verify::audience(claims, |audience| {
                let id = audience.strip_prefix("api://").unwrap_or(audience);
                ids.iter().any(|one| one.eq_ignore_ascii_case(id))
            })?;
        }
        if self.clients.is_empty() {
            return Ok(());
        }
        let ids = texts(&self.clients, exchange)?;
        // Version 1 has `appid`, version 2 `azp`.
        let name = match claims.has("appid") {
            true => "appid",
            false => "azp",
        };
        let id = claims.0.get(name).and_then(serde_json::Value::as_str);
        if id.is_some_and(|id| ids.iter().any(|one| one.eq_ignore_ascii_case(id))) {
            return Ok(());
        }
        let required: Requirement<'_, String> = Requirement {
            name,
            all: true,
            separator: None,
            values: &[],
        };
        Err(match claims.satisfy(&required) {
            false => Rejection::ClaimsMissing(name.to_owned()),
            true => Rejection::ClaimValue {
                name: name.to_owned(),
                value: Shown::list(claims.texts(name)),
            },
        }
        .into())
    }

    pub(crate) fn reads(&self) -> Reads {
        let texts = self.endpoint.iter().chain(&self.backends);
        texts
            .chain(&self.clients)
            .map(Setting::reads)
            .fold(self.tenant.reads(), Reads::or)
    }
}

fn texts(settings: &[Setting<Str>], exchange: &mut Exchange) -> Result<Vec<String>, Failure> {
    let text = |setting: &Setting<Str>| Ok(setting.get(exchange)?.to_utf8().trim().to_owned());
    settings.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn authority(tenant: &str) -> Authority {
        Authority::parse(tenant, PUBLIC).unwrap()
    }

    #[test]
    fn a_tenant_is_an_id_a_domain_or_a_url() {
        assert_eq!(
            authority("Contoso.onmicrosoft.com").metadata(),
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"
        );
        let url = format!("https://login.microsoftonline.us/{TENANT}/v2.0");
        let read = Authority::parse(&url, PUBLIC).unwrap();
        assert_eq!(read.base, "https://login.microsoftonline.us");
        assert_eq!(read.tenant, TENANT);
        let china = Authority::parse(TENANT, "https://login.partner.microsoftonline.cn/");
        assert_eq!(
            china.unwrap().base,
            "https://login.partner.microsoftonline.cn"
        );
        for tenant in [
            "",
            "..",
            "a/b",
            "a?b",
            "http://a/b",
            "https://u@a/b",
            "https://a/",
            "a b",
        ] {
            assert_eq!(Authority::parse(tenant, PUBLIC), None, "{tenant}");
        }
        assert_eq!(Authority::parse(TENANT, "http://a"), None);
    }

    #[test]
    fn both_versions_of_a_tenant_s_issuer_are_accepted_and_no_other() {
        let named = format!("{PUBLIC}/{TENANT}/v2.0");
        let accepts = |issuer: &str| authority(TENANT).accepts(issuer, Some(TENANT), &named);
        assert!(accepts(&named));
        assert!(accepts(&format!("https://sts.windows.net/{TENANT}/")));
        for issuer in [
            format!("{PUBLIC}/{PERSONAL}/v2.0"),
            format!("https://sts.windows.net/{PERSONAL}/"),
            format!("https://sts.windows.net/{TENANT}"),
            format!("https://sts.chinacloudapi.cn/{TENANT}/"),
            String::new(),
        ] {
            assert!(!accepts(&issuer), "{issuer}");
        }
    }

    #[test]
    fn for_many_tenants_the_token_says_which() {
        let named = format!("{PUBLIC}/{{tenantid}}/v2.0");
        let issuer = |tenant: &str| format!("{PUBLIC}/{tenant}/v2.0");
        let common = authority("common");
        assert!(common.accepts(&issuer(TENANT), Some(TENANT), &named));
        assert!(common.accepts(&issuer(PERSONAL), Some(PERSONAL), &named));
        assert!(common.accepts(
            &format!("https://sts.windows.net/{TENANT}/"),
            Some(TENANT),
            &named
        ));
        assert!(!common.accepts(&issuer(TENANT), Some(PERSONAL), &named));
        assert!(!common.accepts(&issuer(TENANT), None, &named));
        assert!(!common.accepts(&issuer("{tenantid}"), Some("{tenantid}"), &named));
        assert!(!common.accepts(&issuer("a/b"), Some("a/b"), &named));
        let organizations = authority("organizations");
        assert!(organizations.accepts(&issuer(TENANT), Some(TENANT), &named));
        assert!(!organizations.accepts(&issuer(PERSONAL), Some(PERSONAL), &named));
    }
}
