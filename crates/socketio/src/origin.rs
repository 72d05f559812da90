//! Which pages may connect: the check of the `Origin` header, on every transport alike.
//!
//! CORS alone guards nothing here: browsers do not apply it to WebSockets.

use std::str::FromStr;

/// The origin of a page: `scheme://host` or `scheme://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not an origin: write it as https://example.org or http://localhost:3000, without a path"
)]
pub struct InvalidOrigin(String);

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        parse(text).ok_or_else(|| InvalidOrigin(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Origin> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = parse_authority(authority)?;
    Some(Origin {
        scheme,
        host,
        port: port.unwrap_or(default_port),
    })
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the host in lower case.
fn parse_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        0
    };
    let (host, port) = match authority.get(end..)?.find(':') {
        Some(colon) => {
            let port = authority.get(end + colon + 1..)?;
            (authority.get(..end + colon)?, Some(port.parse().ok()?))
        }
        None => (authority, None),
    };
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(plain)).then(|| (host.to_ascii_lowercase(), port))
}
