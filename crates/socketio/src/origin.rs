//! Which pages may connect: the check of the `Origin` header, on every transport alike.
//!
//! CORS alone guards nothing here: browsers do not apply it to WebSockets.

use std::{fmt, str::FromStr};

use hyper::{
    HeaderMap, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS,
        HOST, HeaderValue, ORIGIN, VARY,
    },
};

use crate::Body;

/// The origin of a page: `scheme://host` or `scheme://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not an origin: write it like https://example.org or http://localhost:3000, without a path"
)]
pub struct InvalidOrigin(String);

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        parse(text).ok_or_else(|| InvalidOrigin(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != default_port(self.secure) {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// Whether a request's origin may connect.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No page sent the request.
    NoOrigin,
    /// The page may connect; the value is its origin, as the browser wrote it.
    Allowed(HeaderValue),
    /// The page may not. The text says so in words for the log.
    Refused(String),
}

impl Verdict {
    /// Judges a request by its headers. `secure` tells whether it came by TLS, `others` are the origins
    /// that may connect besides the server's own.
    pub(crate) fn of(headers: &HeaderMap, secure: bool, others: &[Origin]) -> Self {
        let Some(value) = headers.get(ORIGIN) else {
            return Self::NoOrigin;
        };
        let origin = value.to_str().ok().and_then(|text| text.parse::<Origin>().ok());
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        match origin {
            Some(origin) if others.contains(&origin) || origin.is_own(host, secure) => {
                Self::Allowed(value.clone())
            }
            Some(origin) => Self::Refused(format!(
                "refused a page of another origin; to let its pages connect, start with --origin {origin}"
            )),
            None => {
                let text: String =
                    String::from_utf8_lossy(value.as_bytes()).chars().take(100).collect();
                Self::Refused(format!(
                    "refused a page of the origin {text:?}: it has no host to allow"
                ))
            }
        }
    }

    pub(crate) fn cors(self) -> Cors {
        match self {
            Self::Allowed(origin) => Cors { origin: Some(origin) },
            Self::NoOrigin | Self::Refused(_) => Cors { origin: None },
        }
    }
}

/// The CORS headers of an answer.
pub(crate) struct Cors {
    origin: Option<HeaderValue>,
}

impl Cors {
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
    }

    /// The answer to a browser that asks before it sends; [`apply`](Self::apply) must follow.
    pub(crate) fn preflight(&self, request: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if self.origin.is_some() {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            if let Some(asked) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
        }
        response
    }
}

impl Origin {
    /// Whether this is the server itself, as the client reached it. Behind a proxy that ends TLS, the
    /// page is secure while the request is not; the other way round it is another origin.
    fn is_own(&self, host: Option<&str>, secure: bool) -> bool {
        let Some((host, port)) = host.and_then(parse_authority) else {
            return false;
        };
        let port = port.unwrap_or(default_port(self.secure));
        (self.secure || !secure) && self.host == host && self.port == port
    }
}

fn parse(text: &str) -> Option<Origin> {
    let (scheme, authority) = text.split_once("://")?;
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let (host, port) = parse_authority(authority)?;
    Some(Origin { secure, host, port: port.unwrap_or(default_port(secure)) })
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the host in lower case.
fn parse_authority(authority: &str) -> Option<(String, Option<u16>)> {
    let bracket = if authority.starts_with('[') { authority.find(']')? + 1 } else { 0 };
    let (host, port) = match authority.get(bracket..)?.split_once(':') {
        Some((name, port)) => (authority.get(..bracket + name.len())?, Some(port.parse().ok()?)),
        None => (authority, None),
    };
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(plain)).then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_with_their_default_ports() {
        let same = [
            ("https://example.org", "HTTPS://Example.org:443"),
            ("http://localhost", "http://localhost:80"),
            ("http://[::1]", "http://[::1]:80"),
        ];
        for (a, b) in same {
            assert_eq!(a.parse::<Origin>(), b.parse::<Origin>());
            assert_eq!(b.parse::<Origin>().unwrap().to_string(), a);
        }
        let bad = ["", "null", "*", "example.org", "ftp://a", "http://", "http://a/", "http://a:x"];
        for text in bad {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_own_origin_is_allowed_and_others_by_the_list() {
        let listed = ["https://app.example".parse().unwrap()];
        let cases = [
            (None, "a.example", false, true),
            (Some("http://a.example"), "a.example", false, true),
            (Some("http://a.example:8080"), "a.example:8080", false, true),
            (Some("http://A.example"), "a.EXAMPLE:80", false, true),
            (Some("https://a.example"), "a.example", false, true),
            (Some("https://a.example"), "a.example", true, true),
            (Some("http://[::1]:8080"), "[::1]:8080", false, true),
            (Some("https://app.example"), "a.example", false, true),
            (Some("http://a.example"), "a.example:443", true, false),
            (Some("http://a.example:8443"), "a.example:8443", true, false),
            (Some("http://a.example:8081"), "a.example:8080", false, false),
            (Some("https://evil.example"), "a.example", false, false),
            (Some("http://app.example"), "a.example", false, false),
            (Some("https://a.example.evil"), "a.example", false, false),
            (Some("null"), "a.example", false, false),
            (Some(""), "a.example", false, false),
        ];
        for (origin, host, secure, allowed) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let verdict = Verdict::of(&headers, secure, &listed);
            assert_eq!(!matches!(verdict, Verdict::Refused(_)), allowed, "{origin:?} at {host}");
        }
    }

    #[test]
    fn a_refusal_names_the_flag_that_would_allow_the_origin() {
        let refusal = |origin| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
            match Verdict::of(&headers, false, &[]) {
                Verdict::Refused(words) => words,
                other => panic!("{other:?}"),
            }
        };
        assert!(
            refusal("http://a.example:3000").ends_with("start with --origin http://a.example:3000")
        );
        assert!(refusal("null").contains("origin \"null\""));
    }
}
