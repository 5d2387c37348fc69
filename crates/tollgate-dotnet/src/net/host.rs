//! Names and addresses of hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Numbers of `UriHostNameType`.
const UNKNOWN: i64 = 0;
const BASIC: i64 = 1;
const DNS: i64 = 2;
const IPV4: i64 = 3;
const IPV6: i64 = 4;

/// A host as `Uri.Host` has it: lower case, addresses in their usual form; `None` if it is none.
pub(super) fn canonical(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']')?;
        let address = address.split('%').next().unwrap_or_default();
        let address: Ipv6Addr = address.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    if let Some(address) = old_ipv4(host) {
        return Some(address.to_string());
    }
    let wrong = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '<' | '>' | '"' | '^' | '`' | '{' | '}' | '|' | '%' | '[' | ']' | '\\' | ':'
            )
    };
    let labels = host.strip_suffix('.').unwrap_or(host);
    let empty_label = !labels.is_empty() && labels.split('.').any(str::is_empty);
    match host.contains(wrong) || empty_label {
        true => None,
        false => Some(host.to_lowercase()),
    }
}

/// An IPv4 address in any of its old forms: one to four numbers, which may be octal or hexadecimal.
pub(super) fn old_ipv4(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = text
        .split('.')
        .map(|part| {
            let (digits, radix) = match part.strip_prefix("0x").or(part.strip_prefix("0X")) {
                Some(digits) => (digits, 16),
                None if part.len() > 1 && part.starts_with('0') => (part, 8),
                None => (part, 10),
            };
            let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            u32::from_str_radix(digits, radix).ok().filter(|_| plain)
        })
        .collect::<Option<_>>()?;
    let (last, bytes) = numbers.split_last()?;
    if bytes.len() > 3 || bytes.iter().any(|byte| *byte > 255) {
        return None;
    }
    let room = u32::try_from(bytes.len()).ok()?;
    let limit = u64::from(u32::MAX) >> (8 * room);
    if u64::from(*last) > limit {
        return None;
    }
    let high = bytes
        .iter()
        .zip([24, 16, 8])
        .fold(0, |address, (byte, shift)| address | byte << shift);
    Some(Ipv4Addr::from(high | last))
}

/// What sort of host a canonical one is.
pub(super) fn kind(host: &str) -> i64 {
    if host.starts_with('[') {
        return IPV6;
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return IPV4;
    }
    match host {
        "" => BASIC,
        host if is_dns(host) => DNS,
        _ => BASIC,
    }
}

/// What `Uri.CheckHostName` says of a text.
pub(super) fn checked(text: &str) -> i64 {
    if text.parse::<Ipv4Addr>().is_ok() {
        return IPV4;
    }
    let bracketed = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bracketed.unwrap_or(text);
    let address = address.split('%').next().unwrap_or_default();
    if address.parse::<Ipv6Addr>().is_ok() {
        return IPV6;
    }
    if old_ipv4(text).is_some() {
        return IPV4;
    }
    match is_dns(text) {
        true => DNS,
        false => UNKNOWN,
    }
}

/// Whether it is a name that DNS could have: labels of letters, digits, hyphens and underscores.
fn is_dns(text: &str) -> bool {
    let labels = text.strip_suffix('.').unwrap_or(text);
    !labels.is_empty()
        && labels.len() <= 255
        && labels.split('.').all(|label| {
            let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(fine)
                && label.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
}

/// A host with labels beyond ASCII in Punycode.
pub(super) fn ascii(host: &str) -> String {
    match host.is_ascii() {
        true => host.into(),
        false => idna::domain_to_ascii(host).unwrap_or_else(|_| host.into()),
    }
}
