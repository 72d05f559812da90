//! The server's state and its entrances; what each kind of message does stands in the modules below.

mod allocate;
mod auth;
mod binding;
mod connect;
mod mobility;
mod permit;
mod refresh;
mod reply;
mod strangers;
mod transfer;

use std::{
    collections::{HashMap, VecDeque},
    mem,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use slab::Slab;
use tracing::{debug, info};
use twocan_stun::{
    Attribute as _, Class, Message, Method,
    attributes::{ConnectionId, MobilityTicket},
};

use self::strangers::Strangers;
use self::{
    auth::Authenticated,
    connect::PeerConnection,
    mobility::{Arrival, Mobility},
    reply::Rejection,
};
pub use self::{
    mobility::{Order, Parcel},
    transfer::{HEADROOM, TAILROOM},
};
use crate::{
    Client, Command, Config, Forward, Neighbours, Now, RelayId, Transport,
    allocation::{Allocation, AllocationId, Relay, State},
    nonce::Nonces,
    quotas::{Quotas, name_of},
};

/// How often expired things are looked for. Lifetimes may be exceeded by as much.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A TURN server for the clients of one thread.
#[derive(Debug)]
pub struct Server {
    config: Config,
    nonces: Nonces,
    neighbours: Arc<Neighbours>,
    quotas: Arc<Quotas>,
    strangers: Option<Strangers>,
    random: StdRng,
    allocations: Slab<Allocation>,
    relays: Slab<Relay>,
    by_client: HashMap<Client, AllocationId, RandomState>,
    connections: HashMap<ConnectionId, PeerConnection>,
    mobility: Mobility,
    commands: VecDeque<Command>,
    next_sweep: Option<Instant>,
    /// Whether the log has told how to open a special-purpose range; once is enough.
    told_of_allow_peer: bool,
}

impl Server {
    /// A server without allocations. `seed` is secret randomness, `start` the time of the shell's
    /// clock.
    pub fn new(
        config: Config,
        neighbours: Arc<Neighbours>,
        quotas: Arc<Quotas>,
        seed: [u8; 32],
        start: Instant,
    ) -> Server {
        let mut random = StdRng::from_seed(seed);
        // Spoofed ports spread one network's questions over all servers of the process.
        let strangers = quotas.limits().strangers.map(|rate| rate.shared_by(config.servers));
        Server {
            nonces: Nonces::new(config.nonce_key),
            config,
            neighbours,
            strangers: strangers.map(|rate| Strangers::new(rate, random.random(), start)),
            quotas,
            random,
            allocations: Slab::new(),
            relays: Slab::new(),
            by_client: HashMap::default(),
            connections: HashMap::new(),
            mobility: Mobility::default(),
            commands: VecDeque::new(),
            next_sweep: None,
            told_of_allow_peer: false,
        }
    }

    /// Takes one message from a client: a datagram, or a message cut out of a stream.
    ///
    /// The message stands in `buffer`, with [`HEADROOM`] bytes before it that may be written over,
    /// and [`TAILROOM`] bytes behind it, unless it came in a stream, where its own padding does.
    /// Data to relay is handed back at once; everything else goes to [`Server::poll_command`].
    pub fn handle_client(
        &mut self,
        client: Client,
        buffer: &mut [u8],
        message: Range<usize>,
        now: Now,
    ) -> Option<Forward> {
        match buffer.get(message.start)? >> 6 {
            0 => self.handle_message(client, buffer, message, now),
            1 => self.handle_channel_data(client, buffer, message, now),
            _ => None,
        }
    }

    /// The connection to a client, or its DTLS session, is closed: its allocation ends, unless the
    /// client may come back with a ticket.
    pub fn handle_disconnected(&mut self, client: Client) {
        let Some(&id) = self.by_client.get(&client) else {
            return self.stop_expecting(client);
        };
        match self.allocations.get(id.0).and_then(|allocation| allocation.mobile) {
            Some(mobile) => self.lose_connection(id, mobile, client),
            None => self.remove(id, "the connection was closed"),
        }
    }

    /// The credentials of this name were ended by [`Quotas::revoke`]: so are its allocations.
    pub fn handle_revoked(&mut self, name: &str) {
        let ended: Vec<AllocationId> = self
            .allocations
            .iter()
            .filter(|(_, allocation)| name_of(&allocation.username) == name)
            .map(|(id, _)| AllocationId(id))
            .collect();
        for id in ended {
            self.remove(id, "its credentials were ended");
        }
    }

    /// Frees what has expired. To be called when [`Server::poll_timeout`] says so; calling it
    /// earlier does nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.next_sweep.is_none_or(|at| now.instant < at) {
            return;
        }
        let mut expired = Vec::new();
        for (id, allocation) in &mut self.allocations {
            if allocation.expires <= now.instant {
                // A ticket may have prolonged it, in whichever server that was shown.
                let expires = allocation.mobile.and_then(|id| self.neighbours.tickets.expires(id));
                allocation.expires = expires.unwrap_or(allocation.expires);
            }
            if allocation.expires <= now.instant {
                expired.push(AllocationId(id));
            } else {
                allocation.shared.book_mut().expire(now.instant);
            }
        }
        for id in expired {
            self.remove(id, "its lifetime ended");
        }
        self.give_up_connections(now);
        self.next_sweep = (!self.allocations.is_empty()).then(|| now.instant + SWEEP_INTERVAL);
    }

    /// When [`Server::handle_timeout`] wants to be called; `None` while nothing can expire.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_sweep
    }

    /// The next thing to do; `None` once all is done.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// How many allocations there are.
    pub fn allocation_count(&self) -> usize {
        self.allocations.len()
    }

    /// Whether this client has an allocation, or has shown a ticket for one.
    pub fn has_allocation(&self, client: &Client) -> bool {
        self.by_client.contains_key(client) || self.neighbours.tickets.expects(client)
    }

    /// [RFC 8489 §6.3](https://www.rfc-editor.org/rfc/rfc8489#section-6.3)
    fn handle_message(
        &mut self,
        client: Client,
        buffer: &mut [u8],
        range: Range<usize>,
        now: Now,
    ) -> Option<Forward> {
        let bytes = buffer.get(range.clone())?;
        let message = match Message::decode(bytes) {
            Ok(message) => message,
            Err(_) if binding::is_rfc3489_binding(bytes) => {
                self.answer_rfc3489_binding(client, bytes, now);
                return None;
            }
            Err(_) => return None,
        };
        if message.verify_fingerprint() == Some(false) {
            return None;
        }
        match (message.class(), message.method()) {
            (Class::Indication, Method::SEND) => {
                let (peer, data, dont_fragment) = transfer::parse_send(&message)?;
                let data = range.start + data.start..range.start + data.end;
                let id = self.sender(client, buffer, range)?;
                return self.handle_send(id, buffer, peer, data, dont_fragment, now);
            }
            (Class::Request, Method::BINDING) => self.handle_binding(client, &message, now),
            (
                Class::Request,
                Method::ALLOCATE
                | Method::REFRESH
                | Method::CREATE_PERMISSION
                | Method::CHANNEL_BIND
                | Method::CONNECT,
            ) => self.handle_authenticated(client, &message, now),
            (Class::Request, Method::CONNECTION_BIND) => {
                self.handle_connection_bind(client, &message, now);
            }
            _ => {}
        }
        None
    }

    /// [RFC 8489 §6.3.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1) and
    /// [RFC 8656 §5](https://www.rfc-editor.org/rfc/rfc8656#section-5): who asks, then whether
    /// all of it is understood, then the request itself.
    fn handle_authenticated(&mut self, client: Client, message: &Message<'_>, now: Now) {
        let user = match self.authenticate(client, message, now) {
            Ok(user) => user,
            Err(rejection) => {
                debug!(client = %client.address, code = rejection.code, "not authenticated");
                return self.reject(client, message, rejection, None, now);
            }
        };
        // A Refresh with a ticket tells by itself which allocation it is about.
        let shows_ticket = message.method() == Method::REFRESH && message.has(MobilityTicket::TYPE);
        if !shows_ticket
            && !self.by_client.contains_key(&client)
            && self.arrive(client, Some(user.username), Some(message.bytes())) == Arrival::OnItsWay
        {
            return;
        }
        let outcome = reply::refuse_unknown(message).and_then(|()| match message.method() {
            Method::ALLOCATE => self.allocate(client, message, &user, now),
            Method::REFRESH => self.refresh(client, message, &user, now),
            Method::CREATE_PERMISSION => self.create_permission(client, message, &user, now),
            Method::CONNECT => self.connect(client, message, &user, now),
            _ => self.channel_bind(client, message, &user, now),
        });
        if let Err(rejection) = outcome {
            self.refuse(client, message, rejection, &user, now);
        }
    }

    /// Tells a user that its request is not carried out, and why.
    fn refuse(
        &mut self,
        client: Client,
        message: &Message<'_>,
        rejection: Rejection,
        user: &Authenticated<'_>,
        now: Now,
    ) {
        debug!(
            client = %client.address,
            method = message.method().number(),
            code = rejection.code,
            reason = rejection.reason,
            "refused a request"
        );
        self.reject(client, message, rejection, Some(&user.key), now);
    }

    /// Sends an answer to somebody who has not authenticated, unless it would make this server a
    /// weapon. A client of TCP or DTLS has shown that its address is its own.
    fn answer_stranger(&mut self, client: Client, question: usize, bytes: Vec<u8>, now: Now) {
        let may = client.transport != Transport::Udp
            || self.strangers.as_mut().is_none_or(|strangers| {
                strangers.may_answer(client.address.ip(), question, bytes.len(), now.instant)
            });
        if may {
            self.send(client, bytes);
        }
    }

    fn send(&mut self, client: Client, bytes: Vec<u8>) {
        self.commands.push_back(Command::Send { client, bytes });
    }

    /// The allocation of this client, if it is this user's.
    ///
    /// [RFC 8656 §5](https://www.rfc-editor.org/rfc/rfc8656#section-5): 437 without an
    /// allocation, 441 for another user's.
    fn own_allocation(
        &mut self,
        client: Client,
        user: &Authenticated<'_>,
    ) -> Result<(AllocationId, &mut Allocation), Rejection> {
        let id = *self.by_client.get(&client).ok_or(Rejection::ALLOCATION_MISMATCH)?;
        let allocation = self.allocations.get_mut(id.0).ok_or(Rejection::ALLOCATION_MISMATCH)?;
        if *allocation.username != *user.username {
            return Err(Rejection::WRONG_CREDENTIALS);
        }
        // Whoever does not wait for the answer to its Allocate has none yet.
        if allocation.opening.is_some() {
            return Err(Rejection::ALLOCATION_MISMATCH);
        }
        Ok((id, allocation))
    }

    /// Ends an allocation.
    fn remove(&mut self, id: AllocationId, why: &str) {
        let Some(allocation) = self.allocations.try_remove(id.0) else {
            return;
        };
        let client = allocation.client();
        debug!(client = ?client.map(|one| one.address), why, "allocation ended");
        if let Some(client) = client {
            self.by_client.remove(&client);
        }
        let is_last = self.leave(&allocation);
        for connection in allocation.connections {
            self.connections.remove(&connection);
            self.commands.push_back(Command::Disconnect { connection });
        }
        for relay in allocation.relays.iter() {
            self.remove_relay(relay);
        }
        if is_last {
            info!("drained; can be stopped");
        }
    }

    /// Counts an allocation out, which has its ticket no longer; true if it was the last of a process
    /// that drains.
    fn leave(&mut self, allocation: &Allocation) -> bool {
        let counted_at = allocation.mobile.and_then(|mobile| self.close_ticket(mobile));
        counted_at
            .or_else(|| Some(allocation.client()?.address.ip()))
            .is_some_and(|address| self.quotas.leave(&allocation.username, address))
    }

    /// Gives a relayed address back.
    fn remove_relay(&mut self, id: RelayId) {
        match self.relays.try_remove(id.0) {
            Some(Relay { state: State::Open, protocol, relayed, local, .. }) => {
                self.neighbours.remove(protocol, relayed, local);
                self.commands.push_back(Command::Close { relay: id });
            }
            // The shell has not come to bind it, and its number may be used again before it does.
            Some(_) => self.commands.retain(|command| {
                !matches!(command, Command::Open { relay, .. } | Command::Listen { relay, .. }
                    if *relay == id)
            }),
            None => {}
        }
    }
}

impl Drop for Server {
    /// Other servers must not send to addresses that nobody listens on any longer.
    fn drop(&mut self) {
        for (_, allocation) in mem::take(&mut self.allocations) {
            self.leave(&allocation);
        }
        for (_, relay) in &self.relays {
            if relay.state == State::Open {
                self.neighbours.remove(relay.protocol, relay.relayed, relay.local);
            }
        }
    }
}
