//! Allocate: the making of allocations, with a relayed address for one family or for both.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use rand::Rng as _;
use tracing::debug;
use twocan_stun::{
    Class, Message, MessageBuilder, Method,
    attributes::{
        AdditionalAddressFamily, AddressErrorCode, AddressFamily, DraftAdditionalAddressFamily,
        ErrorCode, EvenPort, Lifetime, MobilityTicket, RequestedTransport, ReservationToken,
        XorMappedAddress, XorRelayedAddress,
    },
};

use super::{
    SWEEP_INTERVAL, Server,
    auth::Authenticated,
    connect,
    refresh::{granted_lifetime, requested_family},
    reply::Rejection,
};
use crate::{
    Client, Command, Config, Neighbours, Now, RelayId,
    allocation::{
        Allocation, AllocationId, Failure, Opening, PortChoice, Protocol, Relay, Relays, State,
    },
    neighbours::Neighbour,
    quotas::Reached,
};

/// How many ports the shell is asked for before the client is told that there are none.
const PORT_ATTEMPTS: u8 = 16;

/// What an Allocate request wants of its relayed addresses.
#[derive(Debug)]
struct Wanted {
    /// Where to bind, for each family; the port is 0 unless one was kept.
    locals: Vec<SocketAddr>,
    /// The families for which this host has no address.
    unsupported: Vec<AddressFamily>,
    port: PortChoice,
}

impl Server {
    /// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2)
    pub(super) fn allocate(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        if let Some(id) = self.by_client.get(&client).copied() {
            return self.repeat_allocate(id, client, message, user);
        }
        let protocol = match message.get() {
            Ok(Some(RequestedTransport::UDP)) => Protocol::Udp,
            Ok(Some(RequestedTransport::TCP)) => {
                connect::check_allocate(client, message)?;
                Protocol::Tcp
            }
            Ok(Some(_)) => return Err(Rejection::PROTOCOL_NOT_SUPPORTED),
            _ => return Err(Rejection::bad_request("REQUESTED-TRANSPORT is required")),
        };
        let lifetime = granted_lifetime(message)?;
        // RFC 8016 §3.1.2: an empty one asks for a ticket.
        let mobile = match message.get() {
            Ok(Some(MobilityTicket(value))) if !value.is_empty() => {
                return Err(Rejection::bad_request("MOBILITY-TICKET must be empty"));
            }
            ticket => matches!(ticket, Ok(Some(_))),
        };
        // Connections to peers, and the client's for their data, are one thread's.
        let mobile = mobile && protocol == Protocol::Udp;
        self.quotas.enter(user.username, client.address.ip()).map_err(|reached| match reached {
            Reached::User | Reached::Address => Rejection::QUOTA_REACHED,
            Reached::Total => Rejection::INSUFFICIENT_CAPACITY,
            Reached::Draining => self.elsewhere(client),
        })?;
        // A reservation is good once, so it is redeemed last.
        let wanted = self.wanted(client, message, now).inspect_err(|_| {
            self.quotas.leave(user.username, client.address.ip());
        })?;
        let id = AllocationId(self.allocations.insert(Allocation {
            username: user.username.into(),
            key: user.key,
            transaction_id: message.transaction_id(),
            shared: Arc::new(Neighbour::new(client, protocol, now.instant)),
            relays: Relays::default(),
            connections: Vec::new(),
            opening: Some(Opening {
                waiting: wanted.locals.len() as u8,
                fingerprint: message.verify_fingerprint().is_some(),
                mobile,
            }),
            failures:
                wanted.unsupported.into_iter().map(|one| (one, Failure::Unsupported)).collect(),
            reservation: None,
            lifetime,
            expires: now.instant + lifetime,
            mobile: None,
        }));
        self.stop_expecting(client);
        self.by_client.insert(client, id);
        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        for local in wanted.locals {
            let external = self.config.external.get(family_of(local));
            let relay = RelayId(self.relays.insert(Relay {
                allocation: id,
                protocol,
                relayed: SocketAddr::new(external.unwrap_or(local.ip()), local.port()),
                local,
                state: State::Opening { attempts_left: attempts(wanted.port), port: wanted.port },
            }));
            if let Some(allocation) = self.allocations.get_mut(id.0) {
                allocation.relays.set(family_of(local), Some(relay));
            }
            self.open(relay, now);
        }
        Ok(())
    }

    /// The shell bound the socket that [`Command::Open`] asked for, or could not.
    pub fn handle_opened(&mut self, id: RelayId, bound: bool, now: Now) {
        let Some(relay) = self.relays.get_mut(id.0) else {
            return;
        };
        let State::Opening { attempts_left, port } = &mut relay.state else {
            return;
        };
        if !bound {
            *attempts_left = attempts_left.saturating_sub(1);
            return self.open(id, now);
        }
        let port = *port;
        relay.state = State::Open;
        let Some(allocation) = self.allocations.get_mut(relay.allocation.0) else {
            return;
        };
        self.neighbours.insert(relay.relayed, relay.local, &allocation.shared);
        debug!(relayed = %relay.relayed, "relayed address bound");
        if port == (PortChoice::Even { reserve: true }) {
            let mut token = [0; 8];
            self.random.fill(&mut token);
            let kept = self.neighbours.reserve(token, next_port(relay.local), now.instant);
            allocation.reservation = kept.then_some(token);
        }
        let allocation = relay.allocation;
        self.settle(allocation);
    }

    /// Asks the shell for a socket on a port that will do, or gives the relayed address up.
    fn open(&mut self, id: RelayId, now: Now) {
        let Some(relay) = self.relays.get_mut(id.0) else {
            return;
        };
        let protocol = relay.protocol;
        let State::Opening { attempts_left, port } = relay.state else {
            return;
        };
        let drawn = match port {
            _ if attempts_left == 0 => None,
            PortChoice::Reserved => Some(relay.local.port()),
            PortChoice::Any | PortChoice::Even { .. } => {
                let (first, last) = self.config.relay_ports.clone().into_inner();
                let start = self.random.random_range(first..=last);
                (start..=last).chain(first..start).find(|&drawn| {
                    let local = SocketAddr::new(relay.local.ip(), drawn);
                    will_do(&self.config, &self.neighbours, protocol, local, port, now)
                })
            }
        };
        if let Some(drawn) = drawn {
            relay.local.set_port(drawn);
            relay.relayed.set_port(drawn);
            let reserve = port == (PortChoice::Even { reserve: true });
            let keep = reserve.then(|| next_port(relay.local));
            let local = relay.local;
            self.commands.push_back(match protocol {
                Protocol::Udp => Command::Open { relay: id, local, keep },
                Protocol::Tcp => Command::Listen { relay: id, local },
            });
            return;
        }
        let (family, allocation_id) = (family_of(relay.local), relay.allocation);
        self.relays.remove(id.0);
        if let Some(allocation) = self.allocations.get_mut(allocation_id.0) {
            allocation.relays.set(family, None);
            allocation.failures.push((family, Failure::NoPort));
        }
        self.settle(allocation_id);
    }

    /// One socket less to wait for; with the last one the client gets its answer.
    fn settle(&mut self, id: AllocationId) {
        let Some(allocation) = self.allocations.get_mut(id.0) else {
            return;
        };
        let Some(opening) = &mut allocation.opening else {
            return;
        };
        opening.waiting = opening.waiting.saturating_sub(1);
        if opening.waiting > 0 {
            return;
        }
        let Opening { fingerprint, mobile, .. } = *opening;
        allocation.opening = None;
        let Some(client) = allocation.client() else {
            return;
        };
        if allocation.relays.iter().next().is_some() {
            if mobile {
                self.give_ticket(id);
            }
            let bytes = self.allocated(id, client, fingerprint);
            self.send(client, bytes);
            return;
        }
        let Rejection { code, reason, .. } = Rejection::INSUFFICIENT_CAPACITY;
        let mut answer =
            MessageBuilder::new(Class::Error, Method::ALLOCATE, allocation.transaction_id);
        answer.push(&ErrorCode { code, reason });
        allocation.key.sign(&mut answer);
        if fingerprint {
            answer.push_fingerprint();
        }
        self.send(client, answer.finish());
        self.remove(id, "no relay port could be bound");
    }

    /// The success response to an Allocate.
    fn allocated(&self, id: AllocationId, client: Client, fingerprint: bool) -> Vec<u8> {
        let Some(allocation) = self.allocations.get(id.0) else {
            return Vec::new();
        };
        let mut answer =
            MessageBuilder::new(Class::Success, Method::ALLOCATE, allocation.transaction_id);
        for relay in allocation.relays.iter().filter_map(|id| self.relays.get(id.0)) {
            answer.push(&XorRelayedAddress(relay.relayed));
        }
        for &(family, failure) in &allocation.failures {
            let Rejection { code, reason, .. } = match failure {
                Failure::Unsupported => Rejection::FAMILY_NOT_SUPPORTED,
                Failure::NoPort => Rejection::INSUFFICIENT_CAPACITY,
            };
            answer.push(&AddressErrorCode { family, code, reason });
        }
        answer.push(&Lifetime(allocation.lifetime));
        answer.push(&XorMappedAddress(client.address));
        if let Some(token) = allocation.reservation {
            answer.push(&ReservationToken(token));
        }
        if let Some(ticket) = allocation.mobile.and_then(|id| self.neighbours.tickets.ticket(id)) {
            answer.push(&MobilityTicket(ticket.text().as_bytes()));
        }
        allocation.key.sign(&mut answer);
        if fingerprint {
            answer.push_fingerprint();
        }
        answer.finish()
    }

    /// An Allocate from a five-tuple that has an allocation: the answer again if it is the same
    /// request, since the first answer may have been lost; else 437.
    fn repeat_allocate(
        &mut self,
        id: AllocationId,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
    ) -> Result<(), Rejection> {
        match self.allocations.get(id.0) {
            Some(allocation)
                if allocation.transaction_id == message.transaction_id()
                    && *allocation.username == *user.username =>
            {
                if allocation.opening.is_none() {
                    let bytes = self.allocated(id, client, message.verify_fingerprint().is_some());
                    self.send(client, bytes);
                }
                Ok(())
            }
            _ => Err(Rejection::ALLOCATION_MISMATCH),
        }
    }

    /// Where a client is sent while this server drains: to the other one of its address's family.
    ///
    /// [RFC 8489 §10](https://www.rfc-editor.org/rfc/rfc8489#section-10)
    fn elsewhere(&self, client: Client) -> Rejection {
        let is_ipv4 = client.address.is_ipv4();
        if self.config.alternates.iter().any(|one| one.is_ipv4() == is_ipv4) {
            Rejection::TRY_ALTERNATE
        } else {
            Rejection::INSUFFICIENT_CAPACITY
        }
    }

    /// Reads what a request wants of its relayed addresses.
    fn wanted(&self, client: Client, message: &Message<'_>, now: Now) -> Result<Wanted, Rejection> {
        let family = requested_family(message)?;
        let (Ok(additional), Ok(drafted), Ok(even), Ok(token)) = (
            message.get::<AdditionalAddressFamily>(),
            message.get::<DraftAdditionalAddressFamily>(),
            message.get::<EvenPort>(),
            message.get::<ReservationToken>(),
        ) else {
            return Err(Rejection::bad_request(
                "ADDITIONAL-ADDRESS-FAMILY, EVEN-PORT or RESERVATION-TOKEN is malformed",
            ));
        };
        let additional = additional.or(drafted.map(|DraftAdditionalAddressFamily(one)| one));
        if let Some(ReservationToken(token)) = token {
            if even.is_some() || family.is_some() || additional.is_some() {
                return Err(Rejection::bad_request(
                    "RESERVATION-TOKEN goes with neither EVEN-PORT nor an address family",
                ));
            }
            let local = self.neighbours.redeem(token, now.instant);
            let local = local.ok_or(Rejection::INSUFFICIENT_CAPACITY)?;
            let locals = vec![local];
            return Ok(Wanted { locals, unsupported: Vec::new(), port: PortChoice::Reserved });
        }
        let port = match even {
            Some(EvenPort(reserve)) => PortChoice::Even { reserve },
            None => PortChoice::Any,
        };
        if port == (PortChoice::Even { reserve: true }) && !self.neighbours.can_reserve(now.instant)
        {
            return Err(Rejection::INSUFFICIENT_CAPACITY);
        }
        let families = match (additional, family) {
            (None, Some(family)) => vec![family],
            // IPv4 unless the client names a family. A client that names none is still better served
            // by IPv6, on a host without IPv4, than by an error.
            (None, None) => match self.local(client, AddressFamily::V4) {
                Some(_) => vec![AddressFamily::V4],
                None => vec![AddressFamily::V6],
            },
            (Some(_), Some(_)) => {
                return Err(Rejection::bad_request(
                    "ADDITIONAL-ADDRESS-FAMILY and REQUESTED-ADDRESS-FAMILY exclude each other",
                ));
            }
            (Some(_), None) if port == (PortChoice::Even { reserve: true }) => {
                return Err(Rejection::bad_request(
                    "ADDITIONAL-ADDRESS-FAMILY goes with no reservation of a port",
                ));
            }
            (Some(AdditionalAddressFamily(Some(AddressFamily::V6))), None) => {
                vec![AddressFamily::V4, AddressFamily::V6]
            }
            (Some(_), None) => {
                return Err(Rejection::bad_request("The additional family can only be IPv6"));
            }
        };
        let (mut locals, mut unsupported) = (Vec::new(), Vec::new());
        for family in families {
            match self.local(client, family) {
                Some(ip) => locals.push(SocketAddr::new(ip, 0)),
                None => unsupported.push(family),
            }
        }
        if locals.is_empty() {
            return Err(Rejection::FAMILY_NOT_SUPPORTED);
        }
        Ok(Wanted { locals, unsupported, port })
    }

    /// This host's address of a family: the one that the client sends to, if it is of that family.
    fn local(&self, client: Client, family: AddressFamily) -> Option<IpAddr> {
        if family == family_of(client.server) {
            Some(client.server.ip())
        } else {
            self.config.local.get(family)
        }
    }
}

/// Whether a port that was drawn fits what the client asked for, and is kept for nobody.
fn will_do(
    config: &Config,
    neighbours: &Neighbours,
    protocol: Protocol,
    drawn: SocketAddr,
    choice: PortChoice,
    now: Now,
) -> bool {
    let is_free = |local| !neighbours.is_taken(protocol, local, now.instant);
    is_free(drawn)
        && match choice {
            PortChoice::Any | PortChoice::Reserved => true,
            PortChoice::Even { reserve } => {
                let next = drawn.port().checked_add(1);
                let next = next.filter(|next| config.relay_ports.contains(next));
                let next_is_free = next.is_some_and(|_| is_free(next_port(drawn)));
                drawn.port().is_multiple_of(2) && (!reserve || next_is_free)
            }
        }
}

/// The address with the next higher port, which an even one has.
fn next_port(local: SocketAddr) -> SocketAddr {
    SocketAddr::new(local.ip(), local.port() | 1)
}

fn attempts(port: PortChoice) -> u8 {
    if port == PortChoice::Reserved { 1 } else { PORT_ATTEMPTS }
}

pub(super) fn family_of(address: SocketAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}
