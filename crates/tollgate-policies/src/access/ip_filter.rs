//! `ip-filter`: lets callers in, or keeps them out, by their address.
//!
//! ```xml
//! <ip-filter action="allow">
//!     <address>13.66.201.169</address>
//!     <address-range from="13.66.140.128" to="13.66.140.143" />
//! </ip-filter>
//! ```
//!
//! `allow` refuses every caller that no address or range (both ends included) holds; `forbid` refuses those that one
//! holds. A range whose ends are of two families, or the higher one first, fails with
//! `ExpressionValueValidationFailure` when expressions give it, whatever the action. IPv4 and IPv6 compare within their family; an IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is IPv4. A
//! caller whose address is unknown is refused under either action. Refused: 403 with
//! `{ "statusCode": 403, "message": "Forbidden" }`; `LastError.Reason` is `CallerIpNotAllowed`, `CallerIpBlocked` or
//! `FailedToParseCallerIP`. Source: ip-filter-policy.md, api-management-error-handling-policies.md; that `forbid` refuses
//! an unknown caller too is the choice made here: when in doubt, refuse.

use std::net::IpAddr;

use http::StatusCode;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, element, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "ip-filter",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[required("action").about("`allow` or `forbid`.")],
    children: Children::Elements(&[
        element("address").many().children(Children::Text),
        element("address-range").many().attributes(&[
            required("from").about("The first address."),
            required("to").about("The last address."),
        ]),
    ]),
    load: |e| Ok(Box::new(IpFilter::load(e)?)),
};

#[derive(Debug)]
struct IpFilter {
    action: Setting<Action>,
    ranges: Box<[(Setting<Address>, Setting<Address>)]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Forbid,
}

impl FromValue for Action {
    const EXPECTED: &'static str = "`allow` or `forbid`";

    fn from_literal(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("allow") => Some(Self::Allow),
            _ if text.eq_ignore_ascii_case("forbid") => Some(Self::Forbid),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Address(IpAddr);

impl FromValue for Address {
    const EXPECTED: &'static str = "an IP address";

    fn from_literal(text: &str) -> Option<Self> {
        text.trim()
            .parse::<IpAddr>()
            .ok()
            .map(|address| Self(address.to_canonical()))
    }
}

impl Address {
    /// Whether there is a range from this one to the other.
    fn leads_to(&self, other: &Self) -> bool {
        self.0.is_ipv4() == other.0.is_ipv4() && self <= other
    }
}

impl IpFilter {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let action = e.setting("action");
        let ranges: Vec<Result<_, Invalid>> = e.children().iter().map(range).collect();
        let ranges = ranges.into_iter().collect::<Result<Vec<_>, _>>()?;
        if ranges.is_empty() {
            return Err(e.error(
                "missing-element",
                e.name_span(),
                "`ip-filter` needs an `<address>` or `<address-range>`",
            ));
        }
        Ok(Self {
            action: action?,
            ranges: ranges.into(),
        })
    }
}

fn range(e: &ElementReader<'_>) -> Result<(Setting<Address>, Setting<Address>), Invalid> {
    if e.name() == "address" {
        let address = e.text_setting()?;
        return Ok((address.clone(), address));
    }
    let (from, to) = (e.setting::<Address>("from"), e.setting::<Address>("to"));
    let (from, to) = (from?, to?);
    if let (Some(first), Some(last)) = (from.literal(), to.literal())
        && !first.leads_to(last)
    {
        let message = "`from` and `to` are addresses of one family, the lower one first";
        return Err(e.error("wrong-value", e.attribute_span("to"), message));
    }
    Ok((from, to))
}

impl Policy for IpFilter {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let action = *self.action.get(exchange)?;
        let Some(caller) = exchange
            .context
            .request
            .ip_address
            .map(|address| Address(address.to_canonical()))
        else {
            return Err(forbidden(
                "FailedToParseCallerIP",
                "Failed to establish IP address for the caller. Access denied.",
            ));
        };
        let mut listed = false;
        for (from, to) in &self.ranges {
            let (from, to) = (*from.get(exchange)?, *to.get(exchange)?);
            if !from.leads_to(&to) {
                return Err(Failure::validation());
            }
            listed |= from.0.is_ipv4() == caller.0.is_ipv4() && (from..=to).contains(&caller);
        }
        match (action, listed) {
            (Action::Allow, false) => {
                let message = format!(
                    "Caller IP address {} is not allowed. Access denied.",
                    caller.0
                );
                Err(forbidden("CallerIpNotAllowed", message))
            }
            (Action::Forbid, true) => Err(forbidden(
                "CallerIpBlocked",
                "Caller IP address is blocked. Access denied.",
            )),
            _ => Ok(Flow::Next),
        }
    }

    fn reads(&self) -> Reads {
        let ranges = self
            .ranges
            .iter()
            .flat_map(|(from, to)| [from.reads(), to.reads()]);
        ranges.fold(self.action.reads(), Reads::or)
    }
}

fn forbidden(reason: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(reason, message).respond(StatusCode::FORBIDDEN, "Forbidden")
}
