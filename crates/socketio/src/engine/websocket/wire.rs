//! The connection as the library sees it: bytes that are here, and room for those that are to go.

use std::io::{self, ErrorKind, Read, Write};

use bytes::{BufMut, BytesMut};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

/// Packets that are sent together are written together, up to this size.
const MANY: usize = 16 * 1024;

/// What is to be written.
#[derive(Default)]
pub(crate) struct Outgoing {
    pub(crate) bytes: BytesMut,
    /// The library has more, for which there was no room.
    pub(crate) refused: bool,
}

/// What the library reads from and writes to. It never waits.
pub(crate) struct Wire<'a> {
    pub(crate) input: &'a [u8],
    pub(crate) output: &'a mut Outgoing,
}

impl Outgoing {
    /// Whether more may be sent before something is written.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.len() < MANY
    }

    /// Begins a frame, whose content must follow.
    pub(crate) fn begin(&mut self, kind: Data, length: usize) {
        let header = FrameHeader { opcode: OpCode::Data(kind), ..FrameHeader::default() };
        let announced = length as u64;
        self.bytes.reserve(header.len(announced) + length);
        // Only the writer could fail, and this one does not.
        let _ = header.format(announced, &mut (&mut self.bytes).writer());
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            Err(ErrorKind::WouldBlock.into())
        } else {
            self.input.read(buffer)
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.output.has_room() {
            self.output.refused = true;
            return Err(ErrorKind::WouldBlock.into());
        }
        self.output.bytes.put_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
