//! What the server wants done.

use std::{net::SocketAddr, ops::Range};

use crate::{AllocationId, Client};

/// A thing for the shell to do, on the control path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send these bytes to a client.
    Send {
        /// The receiver.
        client: Client,
        /// One whole message.
        bytes: Vec<u8>,
    },
    /// Bind a UDP socket for an allocation, and report with
    /// [`Server::handle_opened`](crate::Server::handle_opened).
    Open {
        /// The allocation.
        allocation: AllocationId,
        /// Where to bind.
        local: SocketAddr,
    },
    /// Close the allocation's socket. Its number may be used again by a later `Open`.
    Close {
        /// The allocation.
        allocation: AllocationId,
    },
}

/// Data to send from an allocation's socket to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToPeer<'a> {
    /// The allocation whose socket sends.
    pub allocation: AllocationId,
    /// Where to.
    pub peer: SocketAddr,
    /// What; a part of the message that the client sent.
    pub data: &'a [u8],
}

/// A message to send to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient {
    /// The receiver.
    pub client: Client,
    /// Where in the buffer the message lies, header and padding included.
    pub message: Range<usize>,
}
