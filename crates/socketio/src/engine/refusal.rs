//! How a request is turned away: the reference server's codes, words and statuses.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::session::Turned;
use crate::Body;

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownTransport,
    UnknownSession,
    BadHandshakeMethod,
    BadRequest,
    Forbidden,
    UnsupportedVersion,
    /// Two polls, or two POSTs, at once; the reference answers without a body.
    Overlap,
    /// A body longer than this many bytes.
    TooLarge(usize),
    /// The path is not the server's.
    NotFound,
    /// The server has as many sessions as it takes; the code is this server's own.
    TooManySessions,
    /// The server is shutting down.
    ShuttingDown,
    /// The system gives no random bytes for a session id.
    NoRandomness,
}

impl From<Turned> for Refusal {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::WrongTransport => Self::BadRequest,
            Turned::Overlap => Self::Overlap,
            Turned::Ended => Self::UnknownSession,
        }
    }
}

impl Refusal {
    /// The answer to the request.
    pub(crate) fn response(self) -> Response<Body> {
        let (status, code, message) = match self {
            Self::UnknownTransport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
            Self::UnknownSession => (StatusCode::BAD_REQUEST, 1, "Session ID unknown"),
            Self::BadHandshakeMethod => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, 3, "Bad request"),
            Self::Forbidden => (StatusCode::FORBIDDEN, 4, "Forbidden"),
            Self::UnsupportedVersion => {
                (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version")
            }
            Self::TooManySessions => {
                (StatusCode::SERVICE_UNAVAILABLE, 6, "Too many sessions; try again later")
            }
            Self::Overlap => {
                let mut response = Response::new(Body::default());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                return response;
            }
            Self::TooLarge(limit) => {
                let message =
                    format!("The message is too large: at most {limit} bytes are taken.\n");
                return plain(StatusCode::PAYLOAD_TOO_LARGE, message);
            }
            Self::NotFound => return plain(StatusCode::NOT_FOUND, "Not found.\n".to_owned()),
            Self::ShuttingDown => {
                let message = "The server is shutting down; try again in a moment.\n".to_owned();
                return plain(StatusCode::SERVICE_UNAVAILABLE, message);
            }
            Self::NoRandomness => {
                let message = "The server cannot draw random numbers.\n".to_owned();
                return plain(StatusCode::INTERNAL_SERVER_ERROR, message);
            }
        };
        let body = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
        response(status, "application/json", body)
    }
}

fn plain(status: StatusCode, message: String) -> Response<Body> {
    response(status, "text/plain; charset=UTF-8", message)
}

/// An answer with a body of the given type.
pub(crate) fn response(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
