//! WebSocket as a client speaks it ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)): what a server
//! of Socket.IO sends, and no more.

use std::ops::Range;

use crate::Failed;

/// The opcode of a message of text.
pub(crate) const TEXT: u8 = 1;
/// The opcode of the frame that ends a connection.
pub(crate) const CLOSE: u8 = 8;

/// The bit of a message's only frame.
const FINAL: u8 = 0x80;
/// The bit of a frame that is masked.
const MASKED: u8 = 0x80;

/// Masks keep an attacker's bytes from being taken for something else by proxies; here is neither,
/// and an unchanging mask lets frames be made once and sent often.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x9e];

/// Appends a masked frame with a whole message.
pub(crate) fn write_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(FINAL | opcode);
    match payload.len() {
        length @ 0..=125 => out.push(MASKED | length as u8),
        length @ 126..=0xffff => {
            out.push(MASKED | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(MASKED | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// What came from the server and has not been looked at.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    start: usize,
}

/// A message from the server.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    /// Where its payload stands, until something else is received.
    pub(crate) payload: Range<usize>,
}

impl Incoming {
    /// Appends what was received.
    pub(crate) fn extend(&mut self, received: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(received);
    }

    /// Takes an HTTP head from the beginning, once it is there as a whole.
    pub(crate) fn take_head(&mut self) -> Option<String> {
        let rest = self.bytes.get(self.start..)?;
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(rest.get(..end)?).into_owned();
        self.start += end;
        Some(head)
    }

    /// Takes the next message, once it is there as a whole.
    ///
    /// # Errors
    /// If the server sends what no server of Socket.IO sends.
    pub(crate) fn take_frame(&mut self) -> Result<Option<Frame>, Failed> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let &[first, second, ..] = rest else {
            return Ok(self.nothing_yet());
        };
        if first & FINAL == 0 || second & MASKED != 0 {
            return Err(Failed::Answer("a frame that is masked or a part".to_owned()));
        }
        let (head, length) = match (second, rest) {
            (126, &[_, _, a, b, ..]) => (4, usize::from(u16::from_be_bytes([a, b]))),
            (0..=125, _) => (2, usize::from(second)),
            (126, _) => return Ok(self.nothing_yet()),
            _ => return Err(Failed::Answer("a frame of over 64 KiB".to_owned())),
        };
        let from = self.start + head;
        if self.bytes.len() < from + length {
            return Ok(self.nothing_yet());
        }
        self.start = from + length;
        Ok(Some(Frame { opcode: first & 0x0f, payload: from..self.start }))
    }

    /// The payload of the message that was taken last.
    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        self.bytes.get(frame.payload.clone()).unwrap_or_default()
    }

    /// Gives the memory back of what has been taken: there may be ten thousand of these.
    fn nothing_yet<T>(&mut self) -> Option<T> {
        if self.start == self.bytes.len() {
            *self = Incoming::default();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_masked_and_say_their_length() {
        let mut out = Vec::new();
        write_frame(&mut out, TEXT, b"40");
        assert_eq!(out[..6], [0x81, 0x82, 0x5a, 0xc3, 0x17, 0x9e]);
        assert_eq!(out[6..], [b'4' ^ 0x5a, b'0' ^ 0xc3]);
        for (length, head) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            out.clear();
            write_frame(&mut out, TEXT, &vec![0; length]);
            assert_eq!(out.len(), head + 4 + length);
        }
    }

    #[test]
    fn messages_come_out_whole_however_they_arrive() {
        let mut sent = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        sent.extend([0x81, 2, b'4', b'0', 0x81, 126, 0, 200]);
        sent.extend([b'x'; 200]);
        sent.extend([0x88, 0]);
        for piece in [1, 2, 3, 7, 1000] {
            let mut incoming = Incoming::default();
            let (mut head, mut frames) = (None, Vec::new());
            for part in sent.chunks(piece) {
                incoming.extend(part);
                head = head.or_else(|| incoming.take_head());
                while let Some(frame) = head.as_ref().and_then(|_| incoming.take_frame().unwrap()) {
                    frames.push((frame.opcode, incoming.payload(&frame).to_vec()));
                }
            }
            assert!(head.unwrap().starts_with("HTTP/1.1 101 "));
            let expected = [(TEXT, b"40".to_vec()), (TEXT, vec![b'x'; 200]), (CLOSE, Vec::new())];
            assert_eq!(frames, expected);
        }
    }

    #[test]
    fn what_no_server_sends_is_an_error() {
        for frame in [[0x01, 0], [0x81, 0x80], [0x81, 127]] {
            let mut incoming = Incoming::default();
            incoming.extend(&frame);
            assert!(incoming.take_frame().is_err(), "{frame:?}");
        }
    }
}
