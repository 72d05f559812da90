//! By which names and addresses other devices reach this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// What this machine is called and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    /// The addresses by which other devices may reach it, the likeliest first.
    pub(crate) addresses: Vec<IpAddr>,
    /// Its name, if it has one that may stand in a certificate.
    pub(crate) name: Option<String>,
}

impl Network {
    /// Asks the system.
    pub(crate) fn look() -> Network {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let mut addresses: Vec<IpAddr> =
            interfaces.iter().map(|interface| interface.ip()).filter(is_reachable).collect();
        let first = [route(Ipv4Addr::UNSPECIFIED.into()), route(Ipv6Addr::UNSPECIFIED.into())];
        addresses.sort_by_key(|address| {
            let routed = first.contains(&Some(*address));
            (address.is_ipv6(), !routed, *address)
        });
        addresses.dedup();
        let name = hostname::get().ok().and_then(|name| name.into_string().ok());
        Network { addresses, name: name.filter(|name| is_dns_name(name)) }
    }

    /// The names for the certificate.
    pub(crate) fn certificate_names(&self) -> Vec<String> {
        let mut names = vec!["localhost".to_owned()];
        if let Some(name) = self.name.as_ref().filter(|name| *name != "localhost") {
            names.push(name.clone());
            // How other devices find it by multicast DNS.
            if !name.contains('.') {
                names.push(format!("{name}.local"));
            }
        }
        names
    }

    /// The addresses for the certificate.
    pub(crate) fn certificate_addresses(&self) -> Vec<IpAddr> {
        let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        loopback.into_iter().chain(self.addresses.iter().copied()).collect()
    }
}

/// The address from which this machine would send to the internet: connecting a UDP socket asks
/// for the route and sends nothing.
fn route(from: IpAddr) -> Option<IpAddr> {
    // Addresses for documentation, in no network.
    let to: IpAddr = match from {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        // A link-local address needs the name of the interface, which no URL may carry.
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_other_device_can_use_are_left_out() {
        for (address, reachable) in [
            ("192.168.1.5", true),
            ("10.0.0.5", true),
            ("203.0.113.5", true),
            ("2001:db8::5", true),
            ("fd00::5", true),
            ("127.0.0.1", false),
            ("::1", false),
            ("169.254.1.1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_reachable(&address.parse().unwrap()), reachable, "{address}");
        }
    }

    #[test]
    fn a_certificate_names_the_machine_as_others_may() {
        let network = |name: Option<&str>| Network {
            addresses: vec!["192.168.1.5".parse().unwrap()],
            name: name.map(str::to_owned),
        };
        assert_eq!(network(None).certificate_names(), ["localhost"]);
        assert_eq!(network(Some("localhost")).certificate_names(), ["localhost"]);
        assert_eq!(network(Some("nest")).certificate_names(), ["localhost", "nest", "nest.local"]);
        assert_eq!(
            network(Some("nest.example.org")).certificate_names(),
            ["localhost", "nest.example.org"]
        );
        let addresses: Vec<IpAddr> =
            ["127.0.0.1", "::1", "192.168.1.5"].map(|address| address.parse().unwrap()).into();
        assert_eq!(network(None).certificate_addresses(), addresses);
    }

    #[test]
    fn only_names_of_the_dns_are_taken() {
        for (name, good) in
            [("nest", true), ("my-nest.lan", true), ("", false), ("a_b", false), ("-a", false)]
        {
            assert_eq!(is_dns_name(name), good, "{name}");
        }
    }
}
