//! What a request asks for, checked in the order and with the errors of the reference server.

use hyper::{HeaderMap, Method, header};

use super::refusal::Refusal;
use crate::{Handshake, Peer};

/// The parameters of the query that the protocol knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query<'a> {
    pub(crate) transport: Option<&'a str>,
    pub(crate) sid: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
}

/// What a valid request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// A new polling session.
    OpenPolling,
    /// A new WebSocket session.
    OpenWebSocket,
    /// The packets that wait for this session.
    Poll(&'a str),
    /// Packets for this session follow.
    Post(&'a str),
    /// A WebSocket for this polling session.
    Upgrade(&'a str),
}

impl<'a> Query<'a> {
    pub(crate) fn parse(query: &'a str) -> Self {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "transport" => parsed.transport = Some(value),
                "sid" if !value.is_empty() => parsed.sid = Some(value),
                "EIO" => parsed.version = Some(value),
                _ => {}
            }
        }
        parsed
    }

    /// What is asked for; `known` tells whether a session id is one of an open session.
    pub(crate) fn classify(
        &self,
        method: &Method,
        upgrade: bool,
        known: impl Fn(&str) -> bool,
    ) -> Result<Request<'a>, Refusal> {
        let websocket = match self.transport {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refusal::UnknownTransport),
        };
        let supported = self.version == Some("4");
        let Some(sid) = self.sid else {
            return if method != Method::GET {
                Err(Refusal::BadHandshakeMethod)
            } else if websocket != upgrade {
                Err(Refusal::BadRequest)
            } else if !supported {
                Err(Refusal::UnsupportedVersion)
            } else if websocket {
                Ok(Request::OpenWebSocket)
            } else {
                Ok(Request::OpenPolling)
            };
        };
        if !known(sid) {
            return Err(Refusal::UnknownSession);
        }
        match *method {
            _ if websocket != upgrade || !supported => Err(Refusal::BadRequest),
            Method::GET if upgrade => Ok(Request::Upgrade(sid)),
            Method::GET => Ok(Request::Poll(sid)),
            Method::POST => Ok(Request::Post(sid)),
            _ => Err(Refusal::BadRequest),
        }
    }
}

/// Copies what a session keeps of its first request.
pub(crate) fn handshake(headers: &HeaderMap, peer: Peer) -> Handshake {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Handshake {
        host: text(header::HOST),
        origin: text(header::ORIGIN),
        remote: peer.remote,
        secure: peer.secure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_refusals_as_the_reference_gives_them() {
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        let cases: &[(&str, &Method, bool, Result<Request<'_>, Refusal>)] = &[
            ("EIO=4&transport=polling", &get, false, Ok(Request::OpenPolling)),
            ("EIO=4&transport=polling&t=abc", &get, false, Ok(Request::OpenPolling)),
            ("transport=websocket&EIO=4", &get, true, Ok(Request::OpenWebSocket)),
            ("EIO=4&transport=polling&sid=known", &get, false, Ok(Request::Poll("known"))),
            ("EIO=4&transport=polling&sid=known", &post, false, Ok(Request::Post("known"))),
            ("EIO=4&transport=websocket&sid=known", &get, true, Ok(Request::Upgrade("known"))),
            ("", &get, false, Err(Refusal::UnknownTransport)),
            ("EIO=4", &get, false, Err(Refusal::UnknownTransport)),
            ("EIO=4&transport=abc", &get, false, Err(Refusal::UnknownTransport)),
            ("EIO=4&transport=polling&sid=other", &get, false, Err(Refusal::UnknownSession)),
            ("EIO=4&transport=polling", &post, false, Err(Refusal::BadHandshakeMethod)),
            ("EIO=4&transport=polling", &put, false, Err(Refusal::BadHandshakeMethod)),
            ("EIO=4&transport=websocket", &get, false, Err(Refusal::BadRequest)),
            ("EIO=4&transport=polling", &get, true, Err(Refusal::BadRequest)),
            ("EIO=4&transport=websocket&sid=known", &get, false, Err(Refusal::BadRequest)),
            ("EIO=4&transport=polling&sid=known", &put, false, Err(Refusal::BadRequest)),
            ("EIO=3&transport=polling&sid=known", &get, false, Err(Refusal::BadRequest)),
            ("transport=polling", &get, false, Err(Refusal::UnsupportedVersion)),
            ("EIO=3&transport=polling", &get, false, Err(Refusal::UnsupportedVersion)),
            ("EIO=3&transport=websocket", &get, true, Err(Refusal::UnsupportedVersion)),
        ];
        for (query, method, upgrade, expected) in cases {
            let request = Query::parse(query).classify(method, *upgrade, |sid| sid == "known");
            assert_eq!(request, *expected, "{method} {query} upgrade={upgrade}");
        }
    }
}
