//! What the server wants done.

use std::{net::SocketAddr, ops::Range};

use crate::{Client, RelayId};

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
    /// Bind a UDP socket, and report with [`Server::handle_opened`](crate::Server::handle_opened).
    Open {
        /// Its number.
        relay: RelayId,
        /// Where to bind: a socket that was kept for this address, or a new one.
        local: SocketAddr,
        /// Where to bind another socket, to be kept for a later `Open`, in whichever server, for
        /// [`RESERVATION_LIFETIME`](crate::RESERVATION_LIFETIME). Both are bound, or none.
        keep: Option<SocketAddr>,
    },
    /// Close a socket. Its number may be used again by a later `Open`.
    Close {
        /// Its number.
        relay: RelayId,
    },
}

/// Data to send on, on the data path. The ranges are of the buffer that the data came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forward {
    /// From a relayed address to a peer.
    ToPeer(ToPeer),
    /// To a client, by the way that it came.
    ToClient(ToClient),
}

/// Data to send from a relayed address to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToPeer {
    /// The socket that sends.
    pub relay: RelayId,
    /// Where to.
    pub peer: SocketAddr,
    /// What.
    pub data: Range<usize>,
    /// Whether the datagram must not be cut on its way.
    pub dont_fragment: bool,
}

/// A message to send to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient {
    /// The receiver. It may be another server's, if it came by UDP.
    pub client: Client,
    /// The message, header and padding included.
    pub message: Range<usize>,
}
