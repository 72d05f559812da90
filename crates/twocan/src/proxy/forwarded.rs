//! What proxies write into requests that they pass on.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use hyper::header::{GetAll, HeaderValue};

use super::portless;

/// What one proxy says about whom it had a request from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// The address, if it says one.
    pub(super) address: Option<SocketAddr>,
    /// Whether the request came by HTTPS, if it says so.
    pub(super) secure: Option<bool>,
}

/// Reads the header `Forwarded` ([RFC 7239 §4](https://www.rfc-editor.org/rfc/rfc7239#section-4)), the
/// nearest proxy's hop last; `None` if there is none.
pub(super) fn read(lines: GetAll<'_, HeaderValue>) -> Option<Vec<Hop>> {
    let mut lines = lines.iter().peekable();
    lines.peek()?;
    Some(lines.flat_map(|line| read_line(&String::from_utf8_lossy(line.as_bytes()))).collect())
}

fn read_line(line: &str) -> Vec<Hop> {
    // A client could else begin a quoted string, and so hide what a proxy appends.
    let Some(elements) = split(line, ',') else {
        return vec![Hop::default()];
    };
    elements.into_iter().map(read_element).collect()
}

fn read_element(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';').unwrap_or_default() {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let (name, value) = (name.trim(), unquote(value.trim()));
        if name.eq_ignore_ascii_case("for") {
            hop.address = parse_node(&value);
        } else if name.eq_ignore_ascii_case("proto") {
            hop.secure = parse_scheme(&value);
        }
    }
    hop
}

/// Reads the headers `X-Forwarded-For` and `X-Forwarded-Proto`, the nearest proxy's hop last; `None` if
/// there is none of them. Where there are fewer schemes than addresses, the proxies behind the first
/// have passed on what that one wrote.
pub(super) fn read_customary(
    addresses: GetAll<'_, HeaderValue>,
    schemes: GetAll<'_, HeaderValue>,
) -> Option<Vec<Hop>> {
    let (addresses, schemes) = (join(addresses), join(schemes));
    if addresses.is_none() && schemes.is_none() {
        return None;
    }
    let schemes: Vec<Option<bool>> = schemes
        .iter()
        .flat_map(|list| list.split(','))
        .map(|one| parse_scheme(one.trim()))
        .collect();
    let addresses: Vec<Option<SocketAddr>> = match &addresses {
        Some(list) => list.split(',').map(|one| parse_node(one.trim())).collect(),
        None => vec![None],
    };
    let lacking = addresses.len().saturating_sub(schemes.len());
    let from = schemes.len().saturating_sub(addresses.len());
    let first = schemes.first().copied().flatten();
    let schemes = std::iter::repeat_n(first, lacking).chain(schemes.get(from..)?.iter().copied());
    Some(addresses.iter().zip(schemes).map(|(&address, secure)| Hop { address, secure }).collect())
}

/// The lines of a header as one list.
fn join(lines: GetAll<'_, HeaderValue>) -> Option<String> {
    let lines: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// Splits at a sign that stands outside of quotation marks; `None` if the last of these is lacking.
fn split(text: &str, sign: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c| {
        let splits = c == sign && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        splits
    });
    let parts = parts.collect();
    (!quoted).then_some(parts)
}

/// The value of a quoted string, or of a token as it stands.
fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return text.to_owned();
    };
    let mut escaped = false;
    inner
        .chars()
        .filter(|&c| {
            escaped = c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// An address with or without a port ([RFC 7239 §6](https://www.rfc-editor.org/rfc/rfc7239#section-6)),
/// and an IPv6 address without brackets, as `X-Forwarded-For` has it.
fn parse_node(text: &str) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(portless(ip));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host.parse::<Ipv6Addr>().ok()?.into(), rest.strip_prefix(':'))
        }
        None => {
            let (host, port) = text.split_once(':')?;
            (host.parse::<IpAddr>().ok()?, Some(port))
        }
    };
    let mut address = portless(host);
    // A port may be hidden behind a made-up name.
    address.set_port(port.and_then(|port| port.parse().ok()).unwrap_or_default());
    Some(address)
}

fn parse_scheme(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("https") || text.eq_ignore_ascii_case("wss") => Some(true),
        _ if text.eq_ignore_ascii_case("http") || text.eq_ignore_ascii_case("ws") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::FORWARDED};

    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (line, expected) in [
            ("for=\"_gazonk\"", &[(None, None)][..]),
            ("For=\"[2001:db8:cafe::17]:4711\"", &[(Some("[2001:db8:cafe::17]:4711"), None)]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &[(Some("192.0.2.60:0"), Some(false))]),
            (
                "for=192.0.2.43, for=198.51.100.17",
                &[(Some("192.0.2.43:0"), None), (Some("198.51.100.17:0"), None)],
            ),
            (
                "for=192.0.2.43, for=\"[2001:db8:cafe::17]\"",
                &[(Some("192.0.2.43:0"), None), (Some("[2001:db8:cafe::17]:0"), None)],
            ),
            ("for=unknown;proto=https", &[(None, Some(true))]),
            ("for=\"192.0.2.43:_hidden\"", &[(Some("192.0.2.43:0"), None)]),
            ("for=\"::ffff:192.0.2.43\"", &[(Some("192.0.2.43:0"), None)]),
        ] {
            assert_eq!(hops(line), expected.iter().copied().map(hop).collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn signs_in_quotation_marks_separate_nothing() {
        let line = r#"by="a,b;for=10.0.0.9\",";for="192.0.2.1", for=192.0.2.2"#;
        let expected = [Some("192.0.2.1:0"), Some("192.0.2.2:0")];
        assert_eq!(hops(line), expected.map(|address| hop((address, None))));
        assert_eq!(unquote(r#""a\"b\\c""#), r#"a"b\c"#);
    }

    #[test]
    fn a_client_hides_nothing_that_a_proxy_appends_in_quotation_marks_of_its_own() {
        for line in [
            r#"for=192.0.2.1;x=", for=198.51.100.7"#,
            r#"for=192.0.2.1;x=", for="[2001:db8::7]";proto=https"#,
            r#"for=192.0.2.1;x="\", for="198.51.100.7:1""#,
        ] {
            assert_eq!(hops(line), [Hop::default()], "{line}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "_x", "unknown", "[::1", "[1.2.3.4]", "1.2.3", "1.2.3.4.5:1", "a:b", "[]"]
        {
            assert_eq!(parse_node(text), None, "{text}");
        }
    }

    fn hops(line: &'static str) -> Vec<Hop> {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, HeaderValue::from_static(line));
        read(headers.get_all(FORWARDED)).unwrap()
    }

    fn hop((address, secure): (Option<&str>, Option<bool>)) -> Hop {
        Hop { address: address.map(|address| address.parse().unwrap()), secure }
    }
}
