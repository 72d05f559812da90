//! A WebSocket that carries packets: opening by HTTP, frames in and out, closing.
//!
//! <https://www.rfc-editor.org/rfc/rfc6455>

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{Sink, SinkExt, Stream};
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{
        CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    CloseReason,
    packet::{Frame, InvalidPacket, Message, Packet},
    refusal::Refusal,
};
use crate::Body;

/// Small, since most connections are idle most of the time.
const READ_BUFFER: usize = 2 * 1024;

/// Frames that are sent together are written together, up to this size.
const WRITE_BUFFER: usize = 4 * 1024;

/// How much may wait to be written besides messages: the engine's own packets and the headers of frames.
const WRITE_OVERHEAD: usize = 1024;

/// How long the closing of a WebSocket may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct WebSocket {
    stream: Box<WebSocketStream<TokioIo<Upgraded>>>,
    unflushed: bool,
}

/// What came on a WebSocket.
pub(crate) enum Received {
    Packet(Result<Packet, InvalidPacket>),
    /// A message longer than allowed; nothing can be read after it.
    TooLarge,
    /// The WebSocket has ended.
    Lost(CloseReason),
}

/// Nothing more can be sent, for this reason.
#[derive(Debug)]
pub(crate) struct SendFailed(pub(crate) CloseReason);

impl From<tungstenite::Error> for SendFailed {
    fn from(error: tungstenite::Error) -> Self {
        Self(match error {
            tungstenite::Error::WriteBufferFull(_) => CloseReason::SlowClient,
            _ => CloseReason::TransportClose,
        })
    }
}

impl WebSocket {
    /// Takes over an upgraded connection. A message has at most `max_payload` bytes; at most about
    /// `max_queue` bytes wait to be written, pongs included: a client that pings and does not read
    /// gets no more pongs then, and the next packet fails.
    pub(crate) async fn new(upgraded: Upgraded, max_payload: usize, max_queue: usize) -> Self {
        let max_write_buffer = max_queue.saturating_add(WRITE_BUFFER + WRITE_OVERHEAD);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(max_write_buffer)
            .max_message_size(Some(max_payload))
            .max_frame_size(Some(max_payload));
        let io = TokioIo::new(upgraded);
        let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        Self { stream: Box::new(stream), unflushed: false }
    }

    /// The next packet. After anything else than a packet, the WebSocket is only good to be closed.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        use tungstenite::{Error, Message as Ws};
        loop {
            let received = ready!(Pin::new(&mut *self.stream).poll_next(cx));
            return Poll::Ready(match received {
                Some(Ok(Ws::Text(text))) => Received::Packet(Packet::from_text(&text)),
                Some(Ok(Ws::Binary(bytes))) => {
                    Received::Packet(Ok(Packet::Message(Message::Binary(bytes))))
                }
                Some(Ok(Ws::Ping(_) | Ws::Pong(_) | Ws::Frame(_))) => continue,
                Some(Ok(Ws::Close(_))) | None => Received::Lost(CloseReason::TransportClose),
                Some(Err(Error::Capacity(_))) => Received::TooLarge,
                Some(Err(
                    Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                )) => Received::Lost(CloseReason::TransportClose),
                Some(Err(_)) => Received::Lost(CloseReason::TransportError),
            });
        }
    }

    /// Whether [`send`](Self::send) may be called: what was sent before is mostly on its way.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendFailed>> {
        Pin::new(&mut *self.stream).poll_ready(cx).map_err(SendFailed::from)
    }

    /// Sends a packet; [`poll_flush`](Self::poll_flush) must follow.
    pub(crate) fn send(&mut self, packet: Packet) -> Result<(), SendFailed> {
        self.unflushed = true;
        Ok(Pin::new(&mut *self.stream).start_send(message(packet))?)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendFailed>> {
        if self.unflushed {
            ready!(Pin::new(&mut *self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the last packets and closes, within a bounded time.
    pub(crate) async fn close(mut self, packets: VecDeque<Packet>, reason: Option<CloseFrame>) {
        let close = async {
            for packet in packets {
                self.stream.feed(message(packet)).await?;
            }
            match self.stream.close(reason).await {
                // The client may have closed first; its close is answered all the same.
                Err(tungstenite::Error::ConnectionClosed) => {}
                other => other?,
            }
            // Whatever the client is still sending is read and dropped: closing a TCP connection with
            // unread data resets it, and the client would not see the close frame.
            let io = self.stream.get_mut();
            io.shutdown().await?;
            let mut dropped = [0; 1024];
            while io.read(&mut dropped).await? > 0 {}
            Ok::<_, tungstenite::Error>(())
        };
        match tokio::time::timeout(CLOSE_TIMEOUT, close).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "WebSocket closed by an error"),
            Err(_) => tracing::debug!("WebSocket did not close in time"),
        }
    }
}

/// The close frame for a message longer than allowed.
pub(crate) fn too_large(max_payload: usize) -> CloseFrame {
    let reason = format!("message too large: at most {max_payload} bytes are taken");
    CloseFrame { code: CloseCode::Size, reason: Utf8Bytes::from(reason) }
}

/// Whether the request asks for a WebSocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    let lists = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    lists(CONNECTION, "upgrade") && lists(UPGRADE, "websocket")
}

/// The answer that opens the WebSocket (RFC 6455, section 4.2.2).
pub(crate) fn accept(headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(Refusal::BadRequest)?;
    let version = headers.get(SEC_WEBSOCKET_VERSION).ok_or(Refusal::BadRequest)?;
    if version != "13" || STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(Refusal::BadRequest);
    }
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept =
        HeaderValue::try_from(accept_key(key.as_bytes())).map_err(|_| Refusal::BadRequest)?;
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

fn accept_key(key: &[u8]) -> String {
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    STANDARD.encode(digest)
}

fn message(packet: Packet) -> tungstenite::Message {
    match packet.into_frame() {
        Frame::Text(text) => tungstenite::Message::Text(text.into()),
        Frame::Binary(bytes) => tungstenite::Message::Binary(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_6455_section_1_3() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_upgrade_is_told_by_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(!is_upgrade(&headers));
        headers.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
        assert!(is_upgrade(&headers));
    }

    #[test]
    fn a_missing_or_short_key_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        assert_eq!(accept(&headers).unwrap_err(), Refusal::BadRequest);
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("c2hvcnQ="));
        assert_eq!(accept(&headers).unwrap_err(), Refusal::BadRequest);
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(accept(&headers).is_ok());
    }
}
