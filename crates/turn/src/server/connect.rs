//! TCP allocations: connections to peers and from them, and the client's connections for their data.
//!
//! [RFC 6062](https://www.rfc-editor.org/rfc/rfc6062)

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use rand::Rng as _;
use tracing::debug;
use twocan_stun::{
    Attribute as _, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AddressFamily, ConnectionId, DontFragment, ErrorCode, EvenPort, ReservationToken,
        XorPeerAddress,
    },
};

use super::{
    Server,
    allocate::family_of,
    auth::Authenticated,
    reply::{self, Rejection},
};
use crate::{
    Client, Command, Now, RelayId, ServerId, Transport,
    allocation::{Allocation, AllocationId, Protocol},
    book::Reach,
    key::Key,
};

/// How long a peer may take to accept a connection, and how long one waits for the client's
/// ConnectionBind.
///
/// [RFC 6062 §5.2](https://www.rfc-editor.org/rfc/rfc6062#section-5.2),
/// [§5.3](https://www.rfc-editor.org/rfc/rfc6062#section-5.3)
const PATIENCE: Duration = Duration::from_secs(30);

/// How many connections an allocation may have at a time. Each takes two sockets of the system's.
const MAX_CONNECTIONS: usize = 32;

const CONNECTION_EXISTS: Rejection = Rejection::new(446, "Connection Already Exists");
const CONNECTION_FAILED: Rejection = Rejection::new(447, "Connection Timeout or Failure");
const SERVICE_PORT: Rejection =
    Rejection::new(403, "Forbidden: this server connects to no port below 1024");
const OWN_HOST: Rejection = Rejection::new(
    403,
    "Forbidden: on its own host, this server connects to relayed addresses only",
);
const NO_CONNECTION: Rejection =
    Rejection::bad_request("CONNECTION-ID names no connection that waits for its client");

/// A TCP connection between a relayed address and a peer.
#[derive(Debug)]
pub(super) struct PeerConnection {
    allocation: AllocationId,
    peer: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The peer has not accepted it, and the client waits for the answer to its Connect.
    Connecting { request: Box<Request>, until: Instant },
    /// The client has not sent its ConnectionBind.
    Unbound { until: Instant },
    /// The client's data connection is joined to it.
    Bound,
}

/// What the answer to a Connect needs of it.
#[derive(Debug)]
struct Request {
    transaction_id: TransactionId,
    key: Key,
    /// Whether it had a FINGERPRINT.
    fingerprint: bool,
}

/// The lowest port of a peer. Whoever has a seat connects from the server's address, and below are
/// mail, SSH and the other services that strangers are to be kept from; no call is there.
const FIRST_PEER_PORT: u16 = 1024;

/// Whether an Allocate may ask for TCP.
///
/// [RFC 6062 §5.1](https://www.rfc-editor.org/rfc/rfc6062#section-5.1)
pub(super) fn check_allocate(client: Client, message: &Message<'_>) -> Result<(), Rejection> {
    if client.transport != Transport::Tcp {
        return Err(Rejection::bad_request("An allocation for TCP is asked for over TCP or TLS"));
    }
    if [DontFragment::TYPE, EvenPort::TYPE, ReservationToken::TYPE].map(|kind| message.has(kind))
        != [false; 3]
    {
        return Err(Rejection::bad_request(
            "DONT-FRAGMENT, EVEN-PORT and RESERVATION-TOKEN go with UDP only",
        ));
    }
    Ok(())
}

impl Server {
    /// [RFC 6062 §5.2](https://www.rfc-editor.org/rfc/rfc6062#section-5.2)
    pub(super) fn connect(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let (id, allocation) = self.own_allocation(client, user)?;
        if allocation.shared.protocol != Protocol::Tcp {
            return Err(Rejection::bad_request("Connect needs an allocation for TCP"));
        }
        let Ok(Some(XorPeerAddress(peer))) = message.get() else {
            return Err(Rejection::bad_request("XOR-PEER-ADDRESS is required"));
        };
        let relay = allocation.relays.get(family_of(peer)).ok_or(Rejection::FAMILY_MISMATCH)?;
        if peer.port() < FIRST_PEER_PORT {
            return Err(SERVICE_PORT);
        }
        let others = allocation.connections.clone();
        if others.iter().any(|one| self.connections.get(one).is_some_and(|one| one.peer == peer)) {
            return Err(CONNECTION_EXISTS);
        }
        let local = self.relays.get(relay.0).ok_or(Rejection::FAMILY_MISMATCH)?.local;
        let to = match (self.judge(peer)?, self.neighbours.behind(Protocol::Tcp, peer)) {
            (Reach::Elsewhere, _) | (Reach::OwnHost, None) => peer,
            // The way through a one-to-one NAT seldom leads back in.
            (Reach::OwnHost | Reach::RelayedOnly, Some((_, local))) => local,
            (Reach::RelayedOnly, None) => return Err(OWN_HOST),
        };
        let request = Box::new(Request {
            transaction_id: message.transaction_id(),
            key: user.key,
            fingerprint: message.verify_fingerprint().is_some(),
        });
        let state = State::Connecting { request, until: now.instant + PATIENCE };
        let connection = self
            .add_connection(PeerConnection { allocation: id, peer, state })
            .ok_or(Rejection::INSUFFICIENT_CAPACITY)?;
        self.commands.push_back(Command::Connect { connection, local, peer: to });
        Ok(())
    }

    /// The peer accepted the connection that [`Command::Connect`] asked for, or did not.
    ///
    /// [RFC 6062 §5.2](https://www.rfc-editor.org/rfc/rfc6062#section-5.2)
    pub fn handle_connected(&mut self, connection: ConnectionId, connected: bool, now: Now) {
        let Some(found) = self.connections.get_mut(&connection) else {
            return;
        };
        let State::Connecting { request, .. } = &found.state else {
            return;
        };
        let class = if connected { Class::Success } else { Class::Error };
        let mut answer = MessageBuilder::new(class, Method::CONNECT, request.transaction_id);
        if connected {
            answer.push(&connection);
        } else {
            let Rejection { code, reason, .. } = CONNECTION_FAILED;
            answer.push(&ErrorCode { code, reason });
        }
        request.key.sign(&mut answer);
        if request.fingerprint {
            answer.push_fingerprint();
        }
        let (id, peer) = (found.allocation, found.peer);
        if connected {
            found.state = State::Unbound { until: now.instant + PATIENCE };
        } else {
            self.remove_connection(connection);
        }
        if let Some(client) = self.allocations.get(id.0).and_then(Allocation::client) {
            debug!(client = %client.address, %peer, connected, "connection to a peer");
            self.send(client, answer.finish());
        }
    }

    /// A peer connected to a relayed address. Returns the connection's name; or `None` if it is to
    /// be closed, as the client gave the peer no permission or has too many connections.
    ///
    /// [RFC 6062 §5.3](https://www.rfc-editor.org/rfc/rfc6062#section-5.3)
    pub fn handle_incoming(
        &mut self,
        id: RelayId,
        peer: SocketAddr,
        now: Now,
    ) -> Option<ConnectionId> {
        let relay = self.relays.get(id.0)?;
        let allocation = self.allocations.get(relay.allocation.0)?;
        let client = allocation.client()?;
        // Behind a one-to-one NAT, a neighbour's connection comes from its local address.
        let peer = self.neighbours.relayed_of(Protocol::Tcp, peer).unwrap_or(peer);
        let reach = allocation.shared.book().reach(peer.ip(), now.instant)?;
        if reach == Reach::RelayedOnly && !self.neighbours.is_relayed(Protocol::Tcp, peer) {
            return None;
        }
        let state = State::Unbound { until: now.instant + PATIENCE };
        let allocation = relay.allocation;
        let connection = self.add_connection(PeerConnection { allocation, peer, state })?;
        debug!(client = %client.address, %peer, "connection from a peer");
        let mut id = TransactionId([0; 12]);
        self.random.fill(&mut id.0);
        let mut message = MessageBuilder::new(Class::Indication, Method::CONNECTION_ATTEMPT, id);
        message.push(&connection);
        message.push(&XorPeerAddress(peer));
        self.send(client, message.finish());
        Some(connection)
    }

    /// A client's new connection asks for a peer's data. It may have come to another server than
    /// the one of its allocation, which the CONNECTION-ID tells.
    ///
    /// [RFC 6062 §5.4](https://www.rfc-editor.org/rfc/rfc6062#section-5.4)
    pub(super) fn handle_connection_bind(
        &mut self,
        client: Client,
        message: &Message<'_>,
        now: Now,
    ) {
        let connection = message.get::<ConnectionId>().ok().flatten();
        let owner = connection.map_or(self.config.id, |ConnectionId(name)| {
            ServerId((name % self.config.servers) as usize)
        });
        if owner != self.config.id
            && client.transport == Transport::Tcp
            && !self.has_allocation(&client)
            && self.has_credentials(message, now)
        {
            return self.commands.push_back(Command::HandOver { client, server: owner });
        }
        // The client knows the nonce of its control connection, and may use it here too.
        let control = connection
            .and_then(|connection| self.connections.get(&connection))
            .and_then(|found| self.allocations.get(found.allocation.0))
            .and_then(Allocation::client)
            .unwrap_or(client);
        let addresses = [client.address, control.address];
        let user = match self.authenticate_from(&addresses, message, now) {
            Ok(user) => user,
            Err(rejection) => return self.reject(client, message, rejection, None, now),
        };
        let outcome = reply::refuse_unknown(message)
            .and_then(|()| self.connection_bind(client, connection, &user));
        match outcome {
            Ok(connection) => {
                let answer = reply::success(message);
                self.send(client, reply::finish(answer, message, Some(&user.key)));
                self.commands.push_back(Command::Join { client, connection });
            }
            Err(rejection) => self.refuse(client, message, rejection, &user, now),
        }
    }

    fn connection_bind(
        &mut self,
        client: Client,
        connection: Option<ConnectionId>,
        user: &Authenticated<'_>,
    ) -> Result<ConnectionId, Rejection> {
        if client.transport != Transport::Tcp {
            return Err(Rejection::bad_request("ConnectionBind is sent over TCP or TLS"));
        }
        if self.has_allocation(&client) {
            return Err(Rejection::bad_request("ConnectionBind needs a connection of its own"));
        }
        let connection = connection.ok_or(Rejection::bad_request("CONNECTION-ID is required"))?;
        let found = self.connections.get_mut(&connection).ok_or(NO_CONNECTION)?;
        let allocation = self.allocations.get(found.allocation.0).ok_or(NO_CONNECTION)?;
        if *allocation.username != *user.username {
            return Err(Rejection::WRONG_CREDENTIALS);
        }
        let State::Unbound { .. } = found.state else {
            return Err(NO_CONNECTION);
        };
        found.state = State::Bound;
        Ok(connection)
    }

    /// How many of these bytes, which came by a connection in either direction, may be sent on: one
    /// at least; or the time to ask again. Over a stream nothing may be lost, so what exceeds the
    /// limits waits, and the rest of the stream behind it.
    ///
    /// # Errors
    /// The time to ask again.
    pub fn may_pass(
        &self,
        connection: ConnectionId,
        bytes: usize,
        now: Now,
    ) -> Result<usize, Instant> {
        let found = self.connections.get(&connection);
        match found.and_then(|found| self.allocations.get(found.allocation.0)) {
            Some(allocation) => {
                self.quotas.may_pass_in_part(&allocation.shared.meter, bytes, now.instant)
            }
            None => Ok(bytes),
        }
    }

    /// A connection has ended by itself.
    ///
    /// [RFC 6062 §5.5](https://www.rfc-editor.org/rfc/rfc6062#section-5.5)
    pub fn handle_closed(&mut self, connection: ConnectionId) {
        self.remove_connection(connection);
    }

    /// How many connections to peers there are, those that are being made included.
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// Ends the connections that a peer does not accept, or that no client asks for.
    pub(super) fn give_up_connections(&mut self, now: Now) {
        self.end_connections(now, |connection| match connection.state {
            State::Connecting { until, .. } | State::Unbound { until } => until <= now.instant,
            State::Bound => false,
        });
    }

    /// Ends the connections from a relayed address of an allocation, which is given back alone.
    pub(super) fn end_connections_of(&mut self, id: AllocationId, family: AddressFamily, now: Now) {
        self.end_connections(now, |connection| {
            connection.allocation == id && family_of(connection.peer) == family
        });
    }

    fn end_connections(&mut self, now: Now, ends: impl Fn(&PeerConnection) -> bool) {
        let ended = self.connections.iter().filter(|(_, connection)| ends(connection));
        let ended: Vec<ConnectionId> = ended.map(|(name, _)| *name).collect();
        for connection in ended {
            // A client that waits for an answer gets one.
            self.handle_connected(connection, false, now);
            self.remove_connection(connection);
            self.commands.push_back(Command::Disconnect { connection });
        }
    }

    /// Adds a connection under a new name; `None` if its allocation has too many.
    fn add_connection(&mut self, connection: PeerConnection) -> Option<ConnectionId> {
        let allocation = self.allocations.get_mut(connection.allocation.0)?;
        if allocation.connections.len() >= MAX_CONNECTIONS {
            return None;
        }
        let name = loop {
            // Nobody can guess it, and every server knows whose it is.
            let servers = self.config.servers.get();
            let random = self.random.random_range(0..u32::MAX / servers);
            let name = ConnectionId(random * servers + self.config.id.0 as u32 % servers);
            if !self.connections.contains_key(&name) {
                break name;
            }
        };
        allocation.connections.push(name);
        self.connections.insert(name, connection);
        Some(name)
    }

    fn remove_connection(&mut self, name: ConnectionId) {
        if let Some(connection) = self.connections.remove(&name)
            && let Some(allocation) = self.allocations.get_mut(connection.allocation.0)
        {
            allocation.connections.retain(|one| *one != name);
        }
    }
}
