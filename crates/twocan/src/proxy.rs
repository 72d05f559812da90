//! Whom a request comes from, when proxies that are trusted pass it on.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName, VIA},
};
use ipnet::IpNet;
use tracing::warn;
use twocan_socketio::Peer;

use forwarded::Hop;

mod forwarded;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies whose word counts about whom they pass requests on for.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    warned: AtomicBool,
}

impl Proxies {
    pub(crate) fn new(trusted: Vec<IpNet>) -> Proxies {
        Proxies { trusted, warned: AtomicBool::new(false) }
    }

    /// The client that a request comes from: whoever connected, unless that is a trusted proxy. Then
    /// it is the address nearest to the server that is no trusted proxy's, by the header `Forwarded`
    /// ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) or `X-Forwarded-For`. What stands before
    /// that address is the client's own word, and counts for nothing.
    pub(crate) fn client(&self, headers: &HeaderMap, connected: Peer) -> Peer {
        if !self.trusts(connected.remote.ip()) {
            return connected;
        }
        let standard = forwarded::read(headers.get_all(FORWARDED));
        let customary = forwarded::read_customary(
            headers.get_all(X_FORWARDED_FOR),
            headers.get_all(X_FORWARDED_PROTO),
        );
        let [standard, customary] =
            [standard, customary].map(|hops| hops.map(|hops| self.follow(&hops, connected)));
        match (standard, customary) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(one), Some(other)) if one.remote.ip() == other.remote.ip() => one,
            (None, None) => connected,
            // One of them is the proxy's word, and the other the client's: no telling which.
            (Some(_), Some(_)) => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    warn!(
                        proxy = %connected.remote,
                        "a trusted proxy passes on Forwarded and X-Forwarded-For that contradict each \
                         other: let it remove the one that it does not write itself"
                    );
                }
                connected
            }
        }
    }

    fn follow(&self, hops: &[Hop], connected: Peer) -> Peer {
        let mut client = connected;
        for hop in hops.iter().rev() {
            if !self.trusts(client.remote.ip()) {
                break;
            }
            client.secure = hop.secure.unwrap_or(client.secure);
            match hop.address {
                Some(address) => client.remote = address,
                None => break,
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|range| range.contains(&address))
    }
}

/// Whether a request shows that somebody has passed it on, trusted or not.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    [FORWARDED, X_FORWARDED_FOR, VIA].iter().any(|name| headers.contains_key(name))
}

/// An address without a port.
fn portless(ip: IpAddr) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), 0)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let headers =
            headers(&[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")]);
        assert_eq!(client(&[], "10.0.0.1", &headers), ("10.0.0.1".to_owned(), false));
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &headers), ("192.0.2.1".to_owned(), false));
        assert_eq!(
            client(&["10.0.0.0/8"], "10.0.0.1", &headers),
            ("198.51.100.7".to_owned(), true)
        );
        assert_eq!(
            client(&["10.0.0.0/8"], "::ffff:10.0.0.1", &headers),
            ("198.51.100.7".to_owned(), true)
        );
    }

    #[test]
    fn the_right_most_address_that_is_not_trusted_counts() {
        for (header, value, expected) in [
            ("x-forwarded-for", "198.51.100.7", "198.51.100.7"),
            ("x-forwarded-for", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("x-forwarded-for", "203.0.113.9,198.51.100.7,10.0.0.2", "198.51.100.7"),
            ("x-forwarded-for", "10.9.9.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("x-forwarded-for", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("x-forwarded-for", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
            ("x-forwarded-for", "203.0.113.9, <script>", "10.0.0.1"),
            ("x-forwarded-for", "", "10.0.0.1"),
            ("forwarded", "for=198.51.100.7", "198.51.100.7"),
            ("forwarded", "for=203.0.113.9, For=198.51.100.7;by=10.0.0.1", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7, for=\"10.0.0.2:81\"", "198.51.100.7"),
            ("forwarded", "for=203.0.113.9, for=_hidden, for=10.0.0.2", "10.0.0.2"),
            ("forwarded", "for=203.0.113.9, by=10.0.0.1", "10.0.0.1"),
        ] {
            let headers = headers(&[(header, value)]);
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &headers).0, expected, "{value}");
        }
    }

    #[test]
    fn lines_of_one_header_are_one_list() {
        let headers =
            headers(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")]);
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &headers).0, "198.51.100.7");
    }

    #[test]
    fn the_scheme_is_that_by_which_the_client_came() {
        for (list, expected) in [
            (&[("forwarded", "for=198.51.100.7;proto=https")][..], true),
            (&[("forwarded", "for=198.51.100.7;proto=http, for=10.0.0.2;proto=https")], false),
            (&[("forwarded", "for=198.51.100.7;proto=https, for=10.0.0.2")], true),
            (&[("forwarded", "for=203.0.113.9;proto=https, for=198.51.100.7;proto=http")], false),
            (&[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "HTTPS")], true),
            (
                &[("x-forwarded-for", "198.51.100.7, 10.0.0.2"), ("x-forwarded-proto", "https")],
                true,
            ),
            (
                &[
                    ("x-forwarded-for", "198.51.100.7, 10.0.0.2"),
                    ("x-forwarded-proto", "http, https"),
                ],
                false,
            ),
            (
                &[
                    ("x-forwarded-for", "203.0.113.9, 198.51.100.7"),
                    ("x-forwarded-proto", "https, http"),
                ],
                false,
            ),
            (&[("x-forwarded-proto", "https")], true),
            (&[("x-forwarded-for", "198.51.100.7")], false),
        ] {
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &headers(list)).1, expected, "{list:?}");
        }
    }

    #[test]
    fn two_headers_that_disagree_are_both_disregarded() {
        let both = |one, other| headers(&[("forwarded", one), ("x-forwarded-for", other)]);
        let agreeing = both("for=198.51.100.7", "198.51.100.7");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &agreeing).0, "198.51.100.7");
        let forged = both("for=203.0.113.9", "198.51.100.7");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &forged).0, "10.0.0.1");
    }

    fn client(trusted: &[&str], connected: &str, headers: &HeaderMap) -> (String, bool) {
        let proxies = Proxies::new(trusted.iter().map(|range| range.parse().unwrap()).collect());
        let remote = SocketAddr::new(connected.parse().unwrap(), 50_000);
        let peer = proxies.client(headers, Peer { remote, secure: false });
        (peer.remote.ip().to_string(), peer.secure)
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in list {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }
}
