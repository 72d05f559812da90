//! The ICE servers of a seat: where STUN and TURN are, and credentials that end by themselves.

use std::{fmt, net::Ipv6Addr, time::Duration};

use serde::Serialize;
use twocan_stun::credentials::{time_limited_password, time_limited_username};

/// How long TURN credentials live.
///
/// Long enough for any call; they are replaced at half of it, so that a client always holds some
/// that have at least twelve hours left.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the TURN server is, and the secret that it shares with the signalling.
#[derive(Clone)]
pub struct Turn {
    /// The host that clients are told; without one, the host by which each reached the server.
    pub host: Option<Host>,
    /// The ways to it, the best first: a browser tries all at once, so few are enough.
    pub ways: Vec<Way>,
    /// The secret from which passwords are made.
    pub secret: String,
}

/// A way to the TURN server: a transport and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// UDP; for STUN as well.
    Udp(u16),
    /// TCP, where UDP is blocked.
    Tcp(u16),
    /// TLS, where all but the web is blocked.
    Tls(u16),
}

impl Way {
    /// [RFC 7065 §3.1](https://www.rfc-editor.org/rfc/rfc7065#section-3.1)
    fn url(self, host: &Host) -> String {
        match self {
            Way::Udp(port) => format!("turn:{host}:{port}?transport=udp"),
            Way::Tcp(port) => format!("turn:{host}:{port}?transport=tcp"),
            Way::Tls(port) => format!("turns:{host}:{port}?transport=tcp"),
        }
    }
}

impl Turn {
    /// The ICE servers for the seat `seat` of a client that reached the server as `host`.
    ///
    /// The list is empty if neither the client nor the configuration names a host. `unix` is the
    /// time in seconds since 1970.
    pub fn ice_servers(&self, host: Option<&Host>, seat: SeatName, unix: u64) -> Vec<IceServer> {
        let Some(host) = self.host.as_ref().or(host) else {
            return Vec::new();
        };
        let username = time_limited_username(unix + LIFETIME.as_secs(), &seat.to_string());
        let credential = time_limited_password(&self.secret, &username);
        let stun = self.ways.iter().find_map(|way| match way {
            Way::Udp(port) => Some(format!("stun:{host}:{port}")),
            Way::Tcp(_) | Way::Tls(_) => None,
        });
        let turn = self.ways.iter().map(|way| way.url(host)).collect();
        let mut servers = Vec::with_capacity(2);
        servers.extend(stun.map(|url| IceServer { urls: vec![url], login: None }));
        servers.push(IceServer { urls: turn, login: Some(Login { username, credential }) });
        servers
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("host", &self.host)
            .field("ways", &self.ways)
            .finish_non_exhaustive()
    }
}

/// One entry of `RTCConfiguration.iceServers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IceServer {
    /// `stun:` or `turn:` URLs ([RFC 7064](https://www.rfc-editor.org/rfc/rfc7064),
    /// [RFC 7065](https://www.rfc-editor.org/rfc/rfc7065)).
    pub urls: Vec<String>,
    /// What TURN needs besides.
    #[serde(flatten)]
    pub login: Option<Login>,
}

/// A time-limited TURN login.
#[derive(Clone, PartialEq, Serialize)]
pub struct Login {
    /// `expiry:seat`, the expiry in seconds of Unix time.
    pub username: String,
    /// The password.
    pub credential: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The name of a seat in TURN usernames: random, so that it tells nothing about room or person.
/// No two seats have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeatName(pub u64);

impl fmt::Display for SeatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A host as it stands in a URL: a name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Reads a host without a port, such as `--turn-host` takes; an IPv6 address may lack its
    /// brackets.
    pub fn parse(text: &str) -> Option<Host> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse::<Ipv6Addr>() {
            return Some(Host(format!("[{address}]")));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_name = (1..=253).contains(&text.len()) && text.bytes().all(allowed);
        is_name.then(|| Host(text.to_owned()))
    }

    /// Reads the host out of a `Host` header, whatever port follows it
    /// ([RFC 9110 §7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2)).
    ///
    /// Some clients leave out the brackets of an IPv6 address. What is an address as a whole is read
    /// as one then, so that a port is only recognised where it cannot be a part of it.
    pub fn from_header(header: &str) -> Option<Host> {
        let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        match header.rsplit_once(':') {
            Some((host, port)) if digits(port) && header.parse::<Ipv6Addr>().is_err() => {
                Host::parse(host)
            }
            _ => Host::parse(header),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(host: Option<Host>) -> Turn {
        let ways = vec![Way::Udp(3478), Way::Tcp(3478), Way::Tls(443)];
        Turn { host, ways, secret: "north".into() }
    }

    #[test]
    fn a_host_header_loses_its_port() {
        for (header, host) in [
            ("example.org", Some("example.org")),
            ("example.org:8443", Some("example.org")),
            ("localhost:8080", Some("localhost")),
            ("192.0.2.7:80", Some("192.0.2.7")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("[2001:db8::7]:8443", Some("[2001:db8::7]")),
            ("[2001:db8::7]", Some("[2001:db8::7]")),
            ("[::1]:8080", Some("[::1]")),
            ("::1:23000", Some("[::1]")),
            ("2001:db8:0:0:0:0:0:7:80", Some("[2001:db8::7]")),
            ("2001:db8::7", Some("[2001:db8::7]")),
            ("::1:8080", Some("[::1:8080]")),
            ("my_host-2.lan:", Some("my_host-2.lan")),
            ("", None),
            (":8080", None),
            ("[::1", None),
            ("[nonsense]:80", None),
            ("a b", None),
            ("host/path", None),
            ("user@host", None),
            ("host?transport=tcp", None),
        ] {
            let parsed = Host::from_header(header).map(|host| host.to_string());
            assert_eq!(parsed.as_deref(), host, "{header:?}");
        }
    }

    #[test]
    fn a_turn_host_may_be_an_ipv6_address_without_brackets() {
        let host = Host::parse("2001:DB8:0::7").unwrap();
        assert_eq!(host.to_string(), "[2001:db8::7]");
    }

    #[test]
    fn credentials_are_what_the_relay_checks() {
        let turn = turn(None);
        let host = Host::parse("example.org").unwrap();
        let servers = turn.ice_servers(Some(&host), SeatName(0xabc), 1_000_000);
        let password = time_limited_password("north", "1086400:0000000000000abc");
        assert_eq!(
            serde_json::to_value(&servers).unwrap(),
            serde_json::json!([
                {"urls": ["stun:example.org:3478"]},
                {
                    "urls": [
                        "turn:example.org:3478?transport=udp",
                        "turn:example.org:3478?transport=tcp",
                        "turns:example.org:443?transport=tcp",
                    ],
                    "username": "1086400:0000000000000abc",
                    "credential": password,
                },
            ])
        );
    }

    #[test]
    fn a_configured_host_goes_before_the_one_of_the_request() {
        let host = Host::parse("relay.example.org");
        let turn = turn(host);
        let reached_as = Host::parse("10.0.0.1").unwrap();
        let servers = turn.ice_servers(Some(&reached_as), SeatName(1), 0);
        assert_eq!(servers[0].urls, ["stun:relay.example.org:3478"]);
    }

    #[test]
    fn without_any_host_there_are_no_servers() {
        let turn = turn(None);
        assert_eq!(turn.ice_servers(None, SeatName(1), 0), []);
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let turn = turn(None);
        let host = Host::parse("example.org");
        let servers = turn.ice_servers(host.as_ref(), SeatName(1), 0);
        let credential = &servers[1].login.as_ref().unwrap().credential;
        assert!(!format!("{turn:?}").contains("north"));
        assert!(!format!("{servers:?}").contains(credential.as_str()));
    }
}
