//! Socket.IO v5 on messages: packets, and the assembly of packets with binary attachments. Pure.
//!
//! <https://socket.io/docs/v4/socket-io-protocol/>

mod assembler;
mod packet;

pub(crate) use assembler::{Assembler, Incoming, Kind};
pub(crate) use packet::{Control, Encoder, EventKind, encode_connect, encode_control};
