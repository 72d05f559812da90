//! The attributes that hold a transport address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Attribute, AttributeError};
use crate::message::{MAGIC_COOKIE, TransactionId};

const IPV4: u8 = 0x01;
const IPV6: u8 = 0x02;

macro_rules! clear_address {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub SocketAddr);

        impl Attribute<'_> for $name {
            const TYPE: u16 = $kind;

            fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
                decode(value).map(Self).ok_or(AttributeError { kind: Self::TYPE })
            }

            fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
                encode(self.0, out);
            }
        }
    };
}

clear_address! {
    /// MAPPED-ADDRESS: an address in the clear, for clients of RFC 3489.
    ///
    /// [RFC 8489 §14.1](https://www.rfc-editor.org/rfc/rfc8489#section-14.1)
    MappedAddress, 0x0001
}

clear_address! {
    /// ALTERNATE-SERVER: where to ask instead.
    ///
    /// [RFC 8489 §14.15](https://www.rfc-editor.org/rfc/rfc8489#section-14.15)
    AlternateServer, 0x8023
}

clear_address! {
    /// RESPONSE-ORIGIN: from where the answer was sent.
    ///
    /// [RFC 5780 §7.3](https://www.rfc-editor.org/rfc/rfc5780#section-7.3)
    ResponseOrigin, 0x802B
}

clear_address! {
    /// OTHER-ADDRESS: the server's other address and port.
    ///
    /// [RFC 5780 §7.4](https://www.rfc-editor.org/rfc/rfc5780#section-7.4)
    OtherAddress, 0x802C
}

macro_rules! xor_address {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub SocketAddr);

        impl Attribute<'_> for $name {
            const TYPE: u16 = $kind;

            fn decode(value: &[u8], id: TransactionId) -> Result<Self, AttributeError> {
                decode(value)
                    .map(|address| Self(xor(address, id)))
                    .ok_or(AttributeError { kind: Self::TYPE })
            }

            fn encode(&self, id: TransactionId, out: &mut Vec<u8>) {
                encode(xor(self.0, id), out);
            }
        }
    };
}

xor_address! {
    /// XOR-MAPPED-ADDRESS: the client's address as the server sees it.
    ///
    /// [RFC 8489 §14.2](https://www.rfc-editor.org/rfc/rfc8489#section-14.2)
    XorMappedAddress, 0x0020
}

xor_address! {
    /// XOR-PEER-ADDRESS: the peer that a request or an indication is about.
    ///
    /// [RFC 8656 §18.3](https://www.rfc-editor.org/rfc/rfc8656#section-18.3)
    XorPeerAddress, 0x0012
}

xor_address! {
    /// XOR-RELAYED-ADDRESS: the address that the server relays from.
    ///
    /// [RFC 8656 §18.5](https://www.rfc-editor.org/rfc/rfc8656#section-18.5)
    XorRelayedAddress, 0x0016
}

fn encode(address: SocketAddr, out: &mut Vec<u8>) {
    out.push(0);
    out.push(if address.is_ipv4() { IPV4 } else { IPV6 });
    out.extend(address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => out.extend(ip.octets()),
        IpAddr::V6(ip) => out.extend(ip.octets()),
    }
}

fn decode(value: &[u8]) -> Option<SocketAddr> {
    let (&[_, family, p0, p1], ip) = value.split_first_chunk::<4>()?;
    let ip = match family {
        IPV4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
        IPV6 => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes([p0, p1])))
}

/// Hides an address from devices that rewrite addresses, or shows it again: the same both ways.
fn xor(address: SocketAddr, id: TransactionId) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() ^ MAGIC_COOKIE).into(),
        IpAddr::V6(ip) => {
            let mut mask = [0; 16];
            let (cookie, rest) = mask.split_at_mut(4);
            cookie.copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
            rest.copy_from_slice(&id.0);
            Ipv6Addr::from_bits(ip.to_bits() ^ u128::from_be_bytes(mask)).into()
        }
    };
    SocketAddr::new(ip, address.port() ^ (MAGIC_COOKIE >> 16) as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_survive_their_encoding(
            ip in prop_oneof![
                any::<[u8; 4]>().prop_map(IpAddr::from),
                any::<[u8; 16]>().prop_map(IpAddr::from),
            ],
            port: u16,
            id: [u8; 12],
        ) {
            let address = SocketAddr::new(ip, port);
            let id = TransactionId(id);
            let mut bytes = Vec::new();
            XorPeerAddress(address).encode(id, &mut bytes);
            prop_assert_eq!(XorPeerAddress::decode(&bytes, id), Ok(XorPeerAddress(address)));
            bytes.clear();
            MappedAddress(address).encode(id, &mut bytes);
            prop_assert_eq!(MappedAddress::decode(&bytes, id), Ok(MappedAddress(address)));
        }
    }

    #[test]
    fn an_address_of_the_wrong_length_or_family_is_malformed() {
        let id = TransactionId([0; 12]);
        for value in [
            &[][..],
            &[0, 1, 0, 0],
            &[0, 1, 0, 0, 1, 2, 3],
            &[0, 2, 0, 0, 1, 2, 3, 4],
            &[0, 3, 0, 0, 1, 2, 3, 4],
        ] {
            assert_eq!(XorMappedAddress::decode(value, id), Err(AttributeError { kind: 0x0020 }));
        }
    }
}
