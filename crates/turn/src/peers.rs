//! Which peers may be relayed to: none in a special-purpose range, unless a range is allowed.
//!
//! A relay inside a network is a door into it. The ranges are those of the IANA registries
//! ([RFC 6890](https://www.rfc-editor.org/rfc/rfc6890)) and multicast.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Special-purpose IPv4 ranges: network and prefix length.
const SPECIAL_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8), // this network; 0.0.0.0 reaches the host itself
    (Ipv4Addr::new(10, 0, 0, 0), 8), // private
    (Ipv4Addr::new(100, 64, 0, 0), 10), // shared by carriers
    (Ipv4Addr::new(127, 0, 0, 0), 8), // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16), // link-local, cloud metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12), // private
    (Ipv4Addr::new(192, 0, 0, 0), 24), // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24), // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relay anycast
    (Ipv4Addr::new(192, 168, 0, 0), 16), // private
    (Ipv4Addr::new(198, 18, 0, 0), 15), // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4), // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4), // reserved, broadcast
];

/// Special-purpose IPv6 ranges: network and prefix length. Those that embed an IPv4 address
/// behind a translator are judged by it, in [`embedded_v4`].
const SPECIAL_V6: [(Ipv6Addr, u8); 12] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96), // unspecified, loopback, IPv4-compatible
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), // IPv4-mapped
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48), // local-use NAT64
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64), // discard
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16), // segment routing
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7), // unique local
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10), // link-local
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10), // site-local
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8), // multicast
];

/// Decides which peers may be relayed to.
#[derive(Debug, Clone, Default)]
pub struct PeerPolicy {
    allowed: Vec<IpNet>,
}

impl PeerPolicy {
    /// A policy that refuses special-purpose addresses, save those in `allowed`.
    pub fn new(allowed: Vec<IpNet>) -> PeerPolicy {
        PeerPolicy { allowed }
    }

    /// Whether the address lies in a range that was allowed by name.
    pub(crate) fn is_allowed(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|range| range.contains(&ip))
            || matches!(ip, IpAddr::V6(v6) if embedded_v4(v6)
                .is_some_and(|v4| self.is_allowed(v4.into())))
    }

    /// The IPv4 address that an IPv6 address stands for, else the address itself.
    pub(crate) fn meant(ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V6(v6) => embedded_v4(v6).map_or(ip, IpAddr::V4),
            IpAddr::V4(_) => ip,
        }
    }

    /// Whether the address, or the IPv4 address that it stands for, is special-purpose.
    pub(crate) fn is_special(ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => is_special_v4(ip),
            IpAddr::V6(ip) => is_special_v6(ip),
        }
    }
}

fn is_special_v4(ip: Ipv4Addr) -> bool {
    SPECIAL_V4.iter().any(|&(network, prefix)| {
        (ip.to_bits() ^ network.to_bits()) >> (32 - u32::from(prefix)) == 0
    })
}

fn is_special_v6(ip: Ipv6Addr) -> bool {
    SPECIAL_V6.iter().any(|&(network, prefix)| {
        (ip.to_bits() ^ network.to_bits()) >> (128 - u32::from(prefix)) == 0
    }) || embedded_v4(ip).is_some_and(is_special_v4)
}

/// The IPv4 address that a translator or a tunnel would send to.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        // NAT64's well-known prefix. RFC 6052 §2.1
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // IPv4-mapped. RFC 4291 §2.5.5.2
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        // IPv4-translated. RFC 2765 §2.1
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        // 6to4. RFC 3056 §2
        | [0x2002, high, low, ..] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn special(ip: &str) -> bool {
        PeerPolicy::is_special(ip.parse().unwrap())
    }

    #[test]
    fn special_purpose_addresses_are_known_in_every_spelling() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:c0a8:101::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(special(ip), "{ip}");
        }
    }

    #[test]
    fn public_addresses_are_not_special() {
        for ip in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:4860::1",
            "fbff::1",
        ] {
            assert!(!special(ip), "{ip}");
        }
    }

    #[test]
    fn an_allowed_range_is_allowed_in_every_spelling_and_alone() {
        let policy =
            PeerPolicy::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for ip in ["10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::", "fd00::1"] {
            assert!(policy.is_allowed(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["10.2.0.1", "64:ff9b::10.2.0.1", "fc00::1", "127.0.0.1", "8.8.8.8"] {
            assert!(!policy.is_allowed(ip.parse().unwrap()), "{ip}");
        }
    }
}
