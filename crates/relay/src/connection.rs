//! A client's TCP or TLS connection: messages cut out of what arrives, and a bounded queue of what leaves.

use std::{
    collections::VecDeque,
    io,
    ops::Range,
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use twocan_stun::stream::message_length;
use twocan_turn::{Client, HEADROOM};

use crate::stream::Stream;

/// Bytes that may wait for a client that reads too slowly: about a second of a video call. Data on
/// top is dropped, as a full queue in the network would do; late pictures help nobody.
const MAX_QUEUED: usize = 256 << 10;

/// Bytes of answers that may wait beyond that. A client that asks on and on, and reads none of the
/// answers, is closed.
const MAX_QUEUED_ANSWERS: usize = 64 << 10;

/// What a message is, when there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Relayed data; it may be lost.
    Data,
    /// An answer of the server; over a stream nobody asks twice for it.
    Answer,
}

/// A client that came by TCP or TLS.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// When it came, or when its client was last heard while it had an allocation.
    pub(crate) last_heard: Instant,
    /// Whether the poller was asked to tell when there is room to write.
    pub(crate) waits_for_room: bool,
    stream: Stream,
    /// The beginning of a message whose end has not arrived.
    partial: Vec<u8>,
    /// Whether `partial` may hold whole messages, which nothing need arrive for.
    unread: bool,
    queued: VecDeque<u8>,
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("closed by the client")]
    ByClient,
    #[error("it does not read its answers")]
    DoesNotRead,
    #[error("it has no allocation, and much waits for it")]
    HoldsTooMuch,
    #[error("{0}")]
    NotStun(#[from] twocan_stun::stream::NotStun),
    #[error("{0}")]
    Failed(#[from] io::Error),
}

impl Connection {
    /// Takes over a non-blocking stream.
    pub(crate) fn new(client: Client, stream: Stream, now: Instant) -> Connection {
        Connection {
            client,
            last_heard: now,
            waits_for_room: false,
            stream,
            partial: Vec::new(),
            unread: false,
            queued: VecDeque::new(),
        }
    }

    /// Reads once. What was kept and what arrived stands in `buffer` then, behind [`HEADROOM`]
    /// bytes: the returned range.
    ///
    /// # Errors
    /// [`Ended`] if the connection is over.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Range<usize>, Ended> {
        let start = HEADROOM;
        let mut end = start + self.partial.len();
        if let Some(place) = buffer.get_mut(start..end) {
            place.copy_from_slice(&self.partial);
        }
        if std::mem::take(&mut self.unread) {
            return Ok(start..end);
        }
        end += match self.stream.read(buffer.get_mut(end..).unwrap_or_default()) {
            Ok(0) => return Err(Ended::ByClient),
            Ok(length) => length,
            Err(error) if is_temporary(&error) => 0,
            Err(error) => return Err(error.into()),
        };
        Ok(start..end)
    }

    /// Keeps the beginning of a message until its end arrives. Most messages arrive whole, and
    /// then no room is kept.
    pub(crate) fn keep(&mut self, partial: &[u8]) {
        self.partial = partial.to_vec();
    }

    /// Begins again with what was received: the next [`Connection::read`] returns these bytes.
    pub(crate) fn begin_again_with(&mut self, received: Vec<u8>) {
        (self.partial, self.unread, self.waits_for_room) = (received, true, false);
    }

    /// The stream, and what waits to be sent.
    pub(crate) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.queued.into())
    }

    /// Bytes that are kept for the client, in both directions.
    pub(crate) fn holds(&self) -> usize {
        self.partial.len() + self.queued.len()
    }

    /// Whether more was received than [`Connection::read`] has handed out.
    pub(crate) fn holds_back(&mut self) -> bool {
        self.stream.holds_back()
    }

    /// Sends a message, or queues what the kernel does not take. Whether anything waits for room.
    pub(crate) fn write(&mut self, message: &[u8], kind: Kind) -> Result<bool, Ended> {
        let mut rest = message;
        if self.queued.is_empty() {
            rest = match self.stream.write(message) {
                Ok(written) => message.get(written..).unwrap_or_default(),
                Err(error) if is_temporary(&error) => message,
                Err(error) => return Err(error.into()),
            };
        } else if self.queued.len() + message.len() > MAX_QUEUED {
            match kind {
                Kind::Data => return Ok(true),
                Kind::Answer if self.queued.len() > MAX_QUEUED + MAX_QUEUED_ANSWERS => {
                    return Err(Ended::DoesNotRead);
                }
                Kind::Answer => {}
            }
        }
        self.queued.extend(rest);
        Ok(!self.queued.is_empty() || !self.stream.flush()?)
    }

    /// Sends what waits for room. Whether anything still does.
    pub(crate) fn flush(&mut self) -> Result<bool, Ended> {
        while !self.queued.is_empty() {
            let (first, _) = self.queued.as_slices();
            match self.stream.write(first) {
                Ok(written) => drop(self.queued.drain(..written)),
                Err(error) if is_temporary(&error) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
        self.queued = VecDeque::new();
        Ok(!self.stream.flush()?)
    }

    /// Says good-bye.
    pub(crate) fn close(&mut self) {
        self.stream.close();
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Splits the first whole message off the bytes that stand in `range`: where it stands.
///
/// # Errors
/// [`Ended::NotStun`] if the bytes belong to another protocol.
pub(crate) fn next_message(
    buffer: &[u8],
    range: &mut Range<usize>,
) -> Result<Option<Range<usize>>, Ended> {
    match message_length(buffer.get(range.clone()).unwrap_or_default())? {
        Some(length) if length <= range.len() => {
            let message = range.start..range.start + length;
            range.start = message.end;
            Ok(Some(message))
        }
        _ => Ok(None),
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8]) -> Result<(Vec<&[u8]>, usize), Ended> {
        let mut range = 0..bytes.len();
        let mut messages = Vec::new();
        while let Some(message) = next_message(bytes, &mut range)? {
            messages.push(&bytes[message]);
        }
        Ok((messages, range.len()))
    }

    #[test]
    fn messages_are_cut_at_their_padded_ends() {
        let channel_data = [0x40, 0, 0, 3, b'a', b'b', b'c', 0];
        let binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let stream = [&channel_data[..], &binding, &channel_data[..5]].concat();
        let whole = vec![&channel_data[..], &binding[..]];
        assert_eq!(cut(&stream).unwrap(), (whole, 5));
        assert_eq!(cut(&stream[..7]).unwrap(), (vec![], 7));
        assert_eq!(cut(&[]).unwrap(), (vec![], 0));
    }

    #[test]
    fn another_protocol_ends_the_connection() {
        assert!(cut(b"\xFFhello").is_err());
    }
}
