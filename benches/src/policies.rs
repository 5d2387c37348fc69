//! The blog's policies.

use tollgate::engine::Plan;
use tollgate::{Api, Catalog, POLICIES, Source};

/// The tenant whose tokens are taken.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// The application that the throttling policy allows ten calls in a minute.
pub const APP: &str = "22222222-2222-2222-2222-222222222222";

/// One of the blog's three policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `load-balance-random.xml`
    LoadBalance,
    /// `entra-id-authz.xml`
    Authorize,
    /// `throttle-by-appid.xml`
    Throttle,
}

impl Policy {
    /// All three.
    pub const ALL: [Self; 3] = [Self::LoadBalance, Self::Authorize, Self::Throttle];

    /// The file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoadBalance => "load-balance-random",
            Self::Authorize => "entra-id-authz",
            Self::Throttle => "throttle-by-appid",
        }
    }

    /// A gateway's configuration with the policy, byte for byte, and the named values that it needs.
    pub fn catalog(self) -> Catalog {
        let text = match self {
            Self::LoadBalance => include_str!("../../policies/blog/load-balance-random.xml"),
            Self::Authorize => include_str!("../../policies/blog/entra-id-authz.xml"),
            Self::Throttle => include_str!("../../policies/blog/throttle-by-appid.xml"),
        };
        Catalog::new()
            .named_value("backend-url-1", "https://one.example/openai")
            .named_value("backend-url-2", "https://two.example/openai")
            .named_value("AZURE_OAI_SERVICE_NAME", "contoso")
            .named_value("TENANT_ID", TENANT)
            .named_value("CLIENT_ID_APP1", "11111111-1111-1111-1111-111111111111")
            .named_value("CLIENT_ID_APP2", APP)
            .api(Api::new("default").policy(Source::new(self.name(), text)))
    }

    /// The plan.
    pub fn load(self) -> Plan {
        Plan::load(&self.catalog(), &[POLICIES]).unwrap()
    }
}
