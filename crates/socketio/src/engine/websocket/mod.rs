//! A WebSocket that carries packets: frames in and out, closing.
//!
//! <https://www.rfc-editor.org/rfc/rfc6455>
//!
//! The protocol is tungstenite's, over bytes instead of a stream: most connections are idle most of the
//! time, and the library's buffers keep the size of the longest message. So its part of a connection is
//! made when bytes come in and dropped between two messages, and an idle connection holds no buffer at
//! all. What is sent together is written together, with one copy.

mod incoming;
mod opening;
mod wire;

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tungstenite::{
    Error, Message as Ws, Utf8Bytes,
    protocol::{
        CloseFrame, Role, WebSocketConfig, WebSocketContext,
        frame::coding::{CloseCode, Data},
    },
};

use incoming::Incoming;
pub(crate) use opening::{accept, is_upgrade};
use wire::{Outgoing, Wire};

use super::packet::{Frame, InvalidPacket, Message, Packet};

/// How much is read at once. More than most messages have: a read that fills less than its buffer tells
/// that there is no more, which saves the next one.
const READ: usize = 16 * 1024;

/// The room that the library begins with, and how much it takes at once. What allocators have at hand; a
/// longer frame gets its own room.
const LIBRARY_READ: usize = 1024;

/// How much the library keeps of pongs that cannot be written. It drops the rest but for the last: earlier
/// ones are not needed (RFC 6455, section 5.5.3), so whoever pings without reading takes no memory.
const LIBRARY_WRITE: usize = 512;

/// How long the closing of a WebSocket may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest reason of a close frame, in bytes (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

pub(crate) struct WebSocket {
    io: TokioIo<Upgraded>,
    max_payload: usize,
    /// The library's part; absent between two messages.
    protocol: Option<Box<WebSocketContext>>,
    /// What the library has been given of the client's frames.
    incoming: Incoming,
    /// What was read and not given to the library yet.
    unread: Bytes,
    outgoing: Outgoing,
    /// Whether something was written and not flushed.
    unflushed: bool,
}

/// What came on a WebSocket.
pub(crate) enum Received {
    Packet(Result<Packet, InvalidPacket>),
    /// The client broke the rules; nothing can be read after it.
    Broken(CloseFrame),
    /// The WebSocket has ended.
    Lost,
}

/// The connection is lost, and nothing more can be sent.
#[derive(Debug)]
pub(crate) struct SendFailed;

impl From<io::Error> for SendFailed {
    fn from(error: io::Error) -> Self {
        tracing::debug!(%error, "WebSocket lost");
        Self
    }
}

impl WebSocket {
    /// Takes over an upgraded connection. A message has at most `max_payload` bytes.
    pub(crate) fn new(upgraded: Upgraded, max_payload: usize) -> Box<Self> {
        Box::new(Self {
            io: TokioIo::new(upgraded),
            max_payload,
            protocol: None,
            incoming: Incoming::default(),
            unread: Bytes::new(),
            outgoing: Outgoing::default(),
            unflushed: false,
        })
    }

    /// The next packet. After anything else than a packet, the WebSocket is only good to be closed.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if !self.unread.is_empty() {
            let unread = self.unread.clone();
            let mut rest = &unread[..];
            let received = self.decode(&mut rest);
            self.unread = unread.slice_ref(rest);
            if let Some(received) = received {
                return Poll::Ready(received);
            }
        }
        loop {
            let mut space = [const { MaybeUninit::uninit() }; READ];
            let mut read = ReadBuf::uninit(&mut space);
            // The beginning of a header, which has come without its end.
            read.put_slice(&self.unread);
            let Poll::Ready(outcome) = Pin::new(&mut self.io).poll_read(cx, &mut read) else {
                self.rest();
                return Poll::Pending;
            };
            let mut rest = read.filled();
            if outcome.is_err() || rest.len() == self.unread.len() {
                return Poll::Ready(Received::Lost);
            }
            let received = self.decode(&mut rest);
            self.unread = Bytes::copy_from_slice(rest);
            if let Some(received) = received {
                return Poll::Ready(received);
            }
        }
    }

    /// Whether [`send`](Self::send) may be called: what was sent before is mostly on its way.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendFailed>> {
        if self.outgoing.has_room() { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    /// Sends a packet; [`poll_flush`](Self::poll_flush) must follow.
    pub(crate) fn send(&mut self, packet: &Packet) {
        match packet.frame() {
            Frame::Text(kind, content) => {
                self.outgoing.begin(Data::Text, 1 + content.len());
                self.outgoing.bytes.put_u8(kind);
                self.outgoing.bytes.put_slice(content.as_bytes());
            }
            Frame::Binary(content) => {
                self.outgoing.begin(Data::Binary, content.len());
                self.outgoing.bytes.put_slice(content);
            }
        }
    }

    /// Writes what is to be written, as far as the client reads.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendFailed>> {
        loop {
            while self.outgoing.bytes.has_remaining() {
                let io = Pin::new(&mut self.io);
                let written = ready!(io.poll_write(cx, &self.outgoing.bytes))?;
                if written == 0 {
                    return Poll::Ready(Err(SendFailed));
                }
                self.unflushed = true;
                self.outgoing.bytes.advance(written);
            }
            if !self.outgoing.refused {
                break;
            }
            self.outgoing.refused = false;
            self.answer();
        }
        if self.unflushed {
            self.outgoing.bytes = BytesMut::new();
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the last packets and closes, within a bounded time. A client that closed first is given
    /// its own code back.
    pub(crate) async fn close(
        mut self: Box<Self>,
        packets: VecDeque<Packet>,
        reason: Option<CloseFrame>,
    ) {
        let closed = async {
            for packet in packets {
                poll_fn(|cx| self.poll_ready(cx)).await?;
                self.send(&packet);
            }
            let Self { protocol, outgoing, max_payload, .. } = &mut *self;
            let protocol = protocol.get_or_insert_with(|| new_protocol(*max_payload));
            // What it cannot write at once comes with the flush.
            let _ = protocol.close(&mut Wire { input: &[], output: outgoing }, reason);
            poll_fn(|cx| self.poll_flush(cx)).await?;
            // Whatever the client is still sending is read and dropped: closing a TCP connection with
            // unread data resets it, and the client would not see the close frame.
            self.io.shutdown().await?;
            let mut dropped = [0; 1024];
            while self.io.read(&mut dropped).await? > 0 {}
            Ok::<_, SendFailed>(())
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err() {
            tracing::debug!("WebSocket did not close in time");
        }
    }

    /// Takes bytes off the front of `input` until the client has said something; `None` if that needs
    /// more of them.
    fn decode(&mut self, input: &mut &[u8]) -> Option<Received> {
        loop {
            let coming = self.incoming.next(input);
            let (frame, rest) = input.split_at_checked(coming).filter(|_| coming > 0)?;
            *input = rest;
            let Self { protocol, outgoing, max_payload, .. } = self;
            let protocol = protocol.get_or_insert_with(|| new_protocol(*max_payload));
            // The library takes all that it is given: nothing stands behind the frame.
            match protocol.read(&mut Wire { input: frame, output: outgoing }) {
                Ok(Ws::Text(text)) => return Some(Received::Packet(Packet::from_text(&text))),
                Ok(Ws::Binary(bytes)) => {
                    return Some(Received::Packet(Ok(Packet::Message(Message::Binary(bytes)))));
                }
                Ok(Ws::Ping(_)) => self.answer(),
                Ok(Ws::Pong(_) | Ws::Frame(_)) => {}
                Ok(Ws::Close(_)) => return Some(Received::Lost),
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Some(Received::Broken(complaint(&error, self.max_payload))),
            }
        }
    }

    /// Moves the library's answers to what is to be written.
    fn answer(&mut self) {
        if let Some(protocol) = &mut self.protocol {
            let wire = &mut Wire { input: &[], output: &mut self.outgoing };
            // What there is no room for is asked for again by the next flush. The first call makes room in
            // the library's own buffer for an answer that waits for that.
            let _ = protocol.flush(wire).and_then(|()| protocol.flush(wire));
        }
    }

    /// Nothing more is there to be read.
    fn rest(&mut self) {
        if self.incoming.is_between_messages() && !self.outgoing.refused {
            self.protocol = None;
        }
    }
}

fn new_protocol(max_payload: usize) -> Box<WebSocketContext> {
    let config = WebSocketConfig::default()
        .read_buffer_size(LIBRARY_READ)
        .write_buffer_size(0)
        .max_write_buffer_size(LIBRARY_WRITE)
        .max_message_size(Some(max_payload))
        .max_frame_size(Some(max_payload));
    Box::new(WebSocketContext::new(Role::Server, Some(config)))
}

/// The close frame that tells a client which rule it broke.
fn complaint(error: &Error, max_payload: usize) -> CloseFrame {
    let (code, words) = match error {
        Error::Capacity(_) => {
            (CloseCode::Size, format!("message too large: at most {max_payload} bytes are taken"))
        }
        Error::Utf8(_) => (CloseCode::Invalid, "text is sent as UTF-8".to_owned()),
        other => (CloseCode::Protocol, other.to_string()),
    };
    let reason = if words.len() > MAX_REASON { Utf8Bytes::default() } else { words.into() };
    CloseFrame { code, reason }
}
