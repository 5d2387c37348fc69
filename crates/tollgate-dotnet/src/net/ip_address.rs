//! `System.Net.IPAddress`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::{Object, Value};

/// `System.Net.IPAddress`.
pub(super) static IP_ADDRESS: TypeDef = TypeDef {
    name: "System.Net.IPAddress",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

/// `System.Net.Sockets.AddressFamily`.
pub(super) static ADDRESS_FAMILY: TypeDef = TypeDef {
    name: "System.Net.Sockets.AddressFamily",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("InterNetwork", 2), ("InterNetworkV6", 23)],
    members: &[],
};

const MEMBERS: &[Member] = &[
    pure("static IPAddress Loopback { get; }", |_| {
        Ok(value(Ipv4Addr::LOCALHOST.into()))
    }),
    pure("static IPAddress IPv6Loopback { get; }", |_| {
        Ok(value(Ipv6Addr::LOCALHOST.into()))
    }),
    pure("static IPAddress Any { get; }", |_| {
        Ok(value(Ipv4Addr::UNSPECIFIED.into()))
    }),
    pure("static IPAddress Parse(string ipString)", |call| {
        let text = call.text(0, "ipString")?.to_utf8();
        let address = read(&text).map(value);
        address.ok_or_else(|| Throw::format("An invalid IP address was specified."))
    }),
    pure(
        "static bool TryParse(string ipString, out IPAddress address)",
        |call| {
            let address = call.opt_str(0).and_then(|text| read(&text.to_utf8()));
            call.outs.push(address.map_or(Value::Null, value));
            Ok(address.is_some().into())
        },
    ),
    pure("static bool IsLoopback(IPAddress address)", |call| {
        let address = address(call)?;
        Ok(match address {
            IpAddr::V4(address) => address.is_loopback(),
            IpAddr::V6(address) => {
                address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
            }
        }
        .into())
    }),
    pure("static int HostToNetworkOrder(int host)", |call| {
        Ok(Value::Int32(call.int(0)?.swap_bytes()))
    }),
    pure("static int NetworkToHostOrder(int network)", |call| {
        Ok(Value::Int32(call.int(0)?.swap_bytes()))
    }),
    pure("AddressFamily AddressFamily { get; }", |call| {
        let number = if address(call)?.is_ipv4() { 2 } else { 23 };
        Ok(Value::Enum(TypeRef(&ADDRESS_FAMILY), number))
    }),
    member("byte[] GetAddressBytes()", |call| {
        let bytes = match address(call)? {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        call.new_bytes(bytes)
    }),
    pure("bool IsIPv4MappedToIPv6 { get; }", |call| {
        Ok(
            matches!(address(call)?, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
                .into(),
        )
    }),
    pure("IPAddress MapToIPv4()", |call| {
        Ok(value(match address(call)? {
            IpAddr::V6(address) => {
                let [.., a, b, c, d] = address.octets();
                Ipv4Addr::new(a, b, c, d).into()
            }
            address => address,
        }))
    }),
    pure("IPAddress MapToIPv6()", |call| {
        Ok(value(match address(call)? {
            IpAddr::V4(address) => address.to_ipv6_mapped().into(),
            address => address,
        }))
    }),
    pure("string ToString()", |call| {
        Ok(address(call)?.to_string().into())
    }),
    pure("bool Equals(object comparand)", |call| {
        Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
    }),
    pure("int GetHashCode()", |call| {
        Ok(Value::Int32(ops::hashed(&address(call)?)))
    }),
];

/// An IP address.
#[derive(Debug)]
struct Address(IpAddr);

impl Object for Address {
    fn type_of(&self) -> Type {
        Type::plain(&IP_ADDRESS)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.0.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Address>();
        other.is_some_and(|other| other.0 == self.0)
    }

    fn hash_code(&self) -> i32 {
        ops::hashed(&self.0)
    }
}

fn value(address: IpAddr) -> Value {
    Value::object(Address(address))
}

fn address(call: &Call<'_, '_>) -> Result<IpAddr, Throw> {
    call.arg(0)
        .downcast::<Address>()
        .map(|address| address.0)
        .ok_or_else(Throw::null_reference)
}

/// IPv6 with or without brackets, or IPv4 of one to four decimal parts, the last filling what is left.
fn read(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let address = inner.unwrap_or(text).split('%').next()?;
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let parts: Vec<u32> = text
        .split('.')
        .map(
            |part| match part.bytes().all(|byte| byte.is_ascii_digit()) {
                true => part.parse().ok(),
                false => None,
            },
        )
        .collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    let left = 4u32
        .checked_sub(u32::try_from(leading.len()).ok()?)
        .filter(|left| *left > 0)?;
    if left < 4 && *last >= 1 << (8 * left) || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let mut bits = 0u32;
    for part in leading {
        bits = bits << 8 | part;
    }
    let high = bits.checked_shl(8 * left).unwrap_or(0);
    Some(IpAddr::V4(Ipv4Addr::from_bits(high | last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_nets() {
        let shown = |text: &str| read(text).map(|address| address.to_string());
        assert_eq!(shown("10.0.0").as_deref(), Some("10.0.0.0"));
        assert_eq!(shown("[::1]").as_deref(), Some("::1"));
        assert_eq!(
            shown("2001:db8:0:0:0:0:0:1").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(shown("5").as_deref(), Some("0.0.0.5"));
        for wrong in ["", "abc", "300.1.1.1", "1.2.3.4.5", "1..2", "1.2.3.256"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
