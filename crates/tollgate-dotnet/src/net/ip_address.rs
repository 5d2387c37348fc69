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
    pure("static IPAddress Broadcast { get; }", |_| {
        Ok(value(Ipv4Addr::BROADCAST.into()))
    }),
    pure("static IPAddress None { get; }", |_| {
        Ok(value(Ipv4Addr::BROADCAST.into()))
    }),
    pure("static IPAddress IPv6Any { get; }", |_| {
        Ok(value(Ipv6Addr::UNSPECIFIED.into()))
    }),
    pure("static IPAddress IPv6None { get; }", |_| {
        Ok(value(Ipv6Addr::UNSPECIFIED.into()))
    }),
    pure("new(byte[] address)", |call| {
        of_bytes(&call.bytes(0, "address")?, 0)
    }),
    pure("new(byte[] address, long scopeid)", |call| {
        let bytes = call.bytes(0, "address")?;
        let scope = scope_of(call)?;
        match bytes.len() {
            16 => of_bytes(&bytes, scope),
            _ => Err(Throw::argument(
                "An invalid IP address was specified. (Parameter 'address')",
            )),
        }
    }),
    pure("new(long newAddress)", |call| {
        let bits = u32::try_from(call.long(0)?).map_err(|_| {
            Throw::argument_out_of_range(
                "Specified argument was out of the range of valid values. (Parameter 'newAddress')",
            )
        })?;
        Ok(value(Ipv4Addr::from(bits.to_le_bytes()).into()))
    }),
    pure("static IPAddress Parse(string ipString)", |call| {
        call.reading_work()?;
        let text = call.text(0, "ipString")?.to_utf8();
        let address = read(&text).map(Value::object);
        address.ok_or_else(|| Throw::format("An invalid IP address was specified."))
    }),
    pure(
        "static bool TryParse(string ipString, out IPAddress address)",
        |call| {
            call.reading_work()?;
            let address = call.opt_str(0).and_then(|text| read(&text.to_utf8()));
            let found = address.is_some();
            call.outs.push(address.map_or(Value::Null, Value::object));
            Ok(found.into())
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
    pure("static short HostToNetworkOrder(short host)", swapped),
    pure("static long HostToNetworkOrder(long host)", swapped),
    pure("static short NetworkToHostOrder(short network)", swapped),
    pure("static long NetworkToHostOrder(long network)", swapped),
    pure("bool IsIPv6LinkLocal { get; }", |call| {
        is_v6(call, |address| address.is_unicast_link_local())
    }),
    pure("bool IsIPv6Multicast { get; }", |call| {
        is_v6(call, |address| address.is_multicast())
    }),
    pure("bool IsIPv6SiteLocal { get; }", |call| {
        is_v6(call, |address| address.segments()[0] & 0xffc0 == 0xfec0)
    }),
    pure("bool IsIPv6UniqueLocal { get; }", |call| {
        is_v6(call, |address| address.is_unique_local())
    }),
    pure("bool IsIPv6Teredo { get; }", |call| {
        is_v6(call, |address| address.segments().starts_with(&[0x2001, 0]))
    }),
    pure("long ScopeId { get; }", |call| match this(call)? {
        Address(IpAddr::V6(_), scope) => Ok(Value::Int64((*scope).into())),
        _ => Err(not_supported()),
    }),
    pure("long Address { get; }", |call| match address(call)? {
        IpAddr::V4(address) => Ok(Value::Int64(u32::from_le_bytes(address.octets()).into())),
        IpAddr::V6(_) => Err(not_supported()),
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
    pure("string ToString()", |call| Ok(this(call)?.text().into())),
    pure("bool Equals(object comparand)", |call| {
        Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
    }),
    pure("int GetHashCode()", |call| {
        Ok(Value::Int32(ops::hashed(&this(call)?.text())))
    }),
];

/// An IP address, and the scope of one of IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address(IpAddr, u32);

impl Address {
    /// IPv6 has its scope behind it.
    fn text(&self) -> String {
        match self.1 {
            0 => self.0.to_string(),
            scope => format!("{}%{scope}", self.0),
        }
    }
}

impl Object for Address {
    fn type_of(&self) -> Type {
        Type::plain(&IP_ADDRESS)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.text().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Address>();
        other == Some(self)
    }

    fn hash_code(&self) -> i32 {
        ops::hashed(&self.text())
    }
}

fn value(address: IpAddr) -> Value {
    Value::object(Address(address, 0))
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Address, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// Four bytes or sixteen.
fn of_bytes(bytes: &[u8], scope: u32) -> Result<Value, Throw> {
    let address = match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Ok(four), _) => IpAddr::from(four),
        (_, Ok(sixteen)) => IpAddr::from(sixteen),
        _ => {
            return Err(Throw::argument(
                "An invalid IP address was specified. (Parameter 'address')",
            ));
        }
    };
    Ok(Value::object(Address(address, scope)))
}

fn scope_of(call: &Call<'_, '_>) -> Result<u32, Throw> {
    u32::try_from(call.long(1)?).map_err(|_| {
        Throw::argument_out_of_range(
            "Specified argument was out of the range of valid values. (Parameter 'scopeid')",
        )
    })
}

fn is_v6(call: &Call<'_, '_>, holds: fn(&Ipv6Addr) -> bool) -> Result<Value, Throw> {
    Ok(match address(call)? {
        IpAddr::V6(address) => holds(&address),
        IpAddr::V4(_) => false,
    }
    .into())
}

fn not_supported() -> Throw {
    Throw::new(
        "System.Net.Sockets.SocketException",
        "Operation not supported",
    )
}

/// The bytes the other way round.
fn swapped(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(match call.arg(0) {
        Value::Int16(number) => Value::Int16(number.swap_bytes()),
        _ => Value::Int64(call.long(0)?.swap_bytes()),
    })
}

fn address(call: &Call<'_, '_>) -> Result<IpAddr, Throw> {
    call.arg(0)
        .downcast::<Address>()
        .map(|address| address.0)
        .ok_or_else(Throw::null_reference)
}

/// IPv6 with or without brackets, and a port that is left out behind them, or IPv4 of one to four parts, the last
/// filling what is left.
fn read(text: &str) -> Option<Address> {
    if text.contains(':') {
        let inner = match text.strip_prefix('[') {
            None => text,
            Some(rest) => match rest.split_once(']')? {
                (inner, "") => inner,
                (inner, port) if port.strip_prefix(':').is_some_and(is_port) => inner,
                _ => return None,
            },
        };
        let (address, scope) = inner.split_once('%').unwrap_or((inner, "0"));
        return Some(Address(
            IpAddr::V6(address.parse().ok()?),
            scope.parse().unwrap_or(0),
        ));
    }
    let parts: Vec<u32> = text
        .split('.')
        .map(|part| {
            // Decimal, hexadecimal after `0x`, octal after another `0`.
            let (digits, radix) = match part.strip_prefix('0') {
                Some(rest) if rest.starts_with(['x', 'X']) => (rest.get(1..)?, 16),
                Some(rest) if !rest.is_empty() => (rest, 8),
                _ => (part, 10),
            };
            let plain = digits.chars().all(|digit| digit.is_digit(radix));
            plain.then(|| u32::from_str_radix(digits, radix).ok())?
        })
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
    Some(Address(IpAddr::V4(Ipv4Addr::from_bits(high | last)), 0))
}

/// A number, hexadecimal after `0x`.
fn is_port(text: &str) -> bool {
    match text.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_nets() {
        let shown = |text: &str| read(text).map(|address| address.text());
        assert_eq!(shown("10.0.0").as_deref(), Some("10.0.0.0"));
        assert_eq!(shown("[::1]").as_deref(), Some("::1"));
        assert_eq!(
            shown("2001:db8:0:0:0:0:0:1").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(shown("5").as_deref(), Some("0.0.0.5"));
        assert_eq!(shown("0x7f.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(shown("017.0.0.1").as_deref(), Some("15.0.0.1"));
        assert_eq!(shown("fe80::1%3").as_deref(), Some("fe80::1%3"));
        assert_eq!(shown("[::1]:80").as_deref(), Some("::1"));
        for wrong in ["", "abc", "300.1.1.1", "1.2.3.4.5", "1..2", "1.2.3.256"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
