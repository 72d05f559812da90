//! What the server wants done.

use std::{net::SocketAddr, ops::Range};

use twocan_stun::attributes::ConnectionId;

use crate::{Client, Order, RelayId, ServerId};

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
    /// Bind a TCP socket and listen on it, and report with
    /// [`Server::handle_opened`](crate::Server::handle_opened). Whoever connects is told of with
    /// [`Server::handle_incoming`](crate::Server::handle_incoming).
    Listen {
        /// Its number.
        relay: RelayId,
        /// Where to bind.
        local: SocketAddr,
    },
    /// Close a socket that `Open` or `Listen` asked for. Its number may be used again by a later
    /// one.
    Close {
        /// Its number.
        relay: RelayId,
    },
    /// Connect to a peer by TCP, without waiting for it, and report with
    /// [`Server::handle_connected`](crate::Server::handle_connected).
    Connect {
        /// The connection's name, which no other has.
        connection: ConnectionId,
        /// Where to connect from: an address that is listened on.
        local: SocketAddr,
        /// Where to.
        peer: SocketAddr,
    },
    /// Join the stream of a client to a peer's: what comes from one goes to the other from here on,
    /// as far as [`Server::may_pass`](crate::Server::may_pass) says. The client's stream carries no
    /// messages any longer, and its [`Link`](crate::Link) is free. Once both have ended, report with
    /// [`Server::handle_closed`](crate::Server::handle_closed).
    Join {
        /// The client that sent the last message.
        client: Client,
        /// The peer's connection.
        connection: ConnectionId,
    },
    /// Close a peer's connection, and the client's that is joined to it.
    Disconnect {
        /// Its name.
        connection: ConnectionId,
    },
    /// Hand the stream of a client over to another server, together with the last message and what
    /// came behind it. Its [`Link`](crate::Link) is free then.
    HandOver {
        /// The client that sent the last message.
        client: Client,
        /// The other server.
        server: ServerId,
    },
    /// Have the server that has an allocation pack it up, and the one that gets it unpack it:
    /// [`Server::pack`](crate::Server::pack), [`Server::unpack`](crate::Server::unpack).
    Move(Order),
    /// Hand a message of a client's to
    /// [`Server::handle_client`](crate::Server::handle_client) again, as if it came at this moment.
    Again {
        /// The sender.
        client: Client,
        /// One whole message.
        bytes: Vec<u8>,
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
