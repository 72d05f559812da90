//! Allocate and Refresh: the making, prolonging and ending of allocations.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rand::Rng as _;
use tracing::debug;
use twocan_stun::{
    Class, Message, MessageBuilder, Method,
    attributes::{
        AddressFamily, ErrorCode, EvenPort, Lifetime, RequestedAddressFamily, RequestedTransport,
        ReservationToken, XorMappedAddress, XorRelayedAddress,
    },
};

use super::{
    SWEEP_INTERVAL, Server,
    auth::Authenticated,
    reply::{self, Rejection},
};
use crate::{
    AllocationId, Client, Command, Config, Now, RelayedAddresses,
    allocation::{Allocation, Channels, Permissions, PortChoice, State},
};

/// The lifetime of an allocation whose client asks for less, or for nothing.
///
/// [RFC 8656 §3.2](https://www.rfc-editor.org/rfc/rfc8656#section-3.2)
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The longest lifetime that is granted.
///
/// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2)
const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// How many ports the shell is asked for before the client is told that there are none.
const PORT_ATTEMPTS: u8 = 16;

/// How often a port is drawn for each attempt; half of all draws are odd.
const PORT_DRAWS: usize = 64;

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
            return self.repeat_allocate(id, message, user);
        }
        match message.get() {
            Ok(Some(RequestedTransport::UDP)) => {}
            Ok(Some(_)) => return Err(Rejection::PROTOCOL_NOT_SUPPORTED),
            _ => return Err(Rejection::bad_request("REQUESTED-TRANSPORT is required")),
        }
        let (local, port) = self.relay_address(client, message, now)?;
        let external = self.config.external.get(family_of(local));
        let relayed = SocketAddr::new(external.unwrap_or(local.ip()), local.port());
        let lifetime = requested_lifetime(message)?.clamp(DEFAULT_LIFETIME, MAX_LIFETIME);
        let state = State::Opening {
            attempts_left: if port == PortChoice::Reserved { 1 } else { PORT_ATTEMPTS },
            port,
            fingerprint: message.verify_fingerprint().is_some(),
        };
        let id = AllocationId(self.allocations.insert(Allocation {
            client,
            username: user.username.into(),
            key: user.key,
            transaction_id: message.transaction_id(),
            state,
            relayed,
            local,
            reservation: None,
            lifetime,
            expires: now.instant + lifetime,
            permissions: Permissions::default(),
            channels: Channels::default(),
        }));
        self.by_client.insert(client, id);
        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        self.open(id, now);
        Ok(())
    }

    /// The shell bound the socket that [`Command::Open`] asked for, or could not.
    pub fn handle_opened(&mut self, id: AllocationId, bound: bool, now: Now) {
        let Some(allocation) = self.allocations.get_mut(id.0) else {
            return;
        };
        let State::Opening { attempts_left, port, fingerprint } = &mut allocation.state else {
            return;
        };
        if !bound {
            *attempts_left = attempts_left.saturating_sub(1);
            return self.open(id, now);
        }
        let (port, fingerprint) = (*port, *fingerprint);
        allocation.state = State::Open;
        self.relayed.insert(allocation.relayed, allocation.local);
        if port == (PortChoice::Even { reserve: true }) {
            let mut token = [0; 8];
            self.random.fill(&mut token);
            let next = SocketAddr::new(allocation.local.ip(), allocation.local.port() + 1);
            allocation.reservation =
                self.relayed.reserve(token, next, now.instant).then_some(token);
        }
        debug!(client = %allocation.client.address, relayed = %allocation.relayed, "allocation made");
        let bytes = allocated(allocation, fingerprint);
        let client = allocation.client;
        self.send(client, bytes);
    }

    /// [RFC 8656 §8.2](https://www.rfc-editor.org/rfc/rfc8656#section-8.2)
    pub(super) fn refresh(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let requested = requested_lifetime(message)?;
        let family = requested_family(message)?;
        let (id, allocation) = self.own_allocation(client, user)?;
        if family.is_some_and(|family| family != family_of(allocation.relayed)) {
            return Err(Rejection::FAMILY_MISMATCH);
        }
        let asked_to_end = matches!(message.get(), Ok(Some(Lifetime(Duration::ZERO))));
        let lifetime = if asked_to_end {
            Duration::ZERO
        } else {
            requested.clamp(DEFAULT_LIFETIME, MAX_LIFETIME)
        };
        allocation.lifetime = lifetime;
        allocation.expires = now.instant + lifetime;
        let mut answer = reply::success(message);
        answer.push(&Lifetime(lifetime));
        self.send(client, reply::finish(answer, message, Some(&user.key)));
        if asked_to_end {
            self.remove(id, "its client ended it");
        }
        Ok(())
    }

    /// An Allocate from a five-tuple that has an allocation: the answer again if it is the same
    /// request, since the first answer may have been lost; else 437.
    fn repeat_allocate(
        &mut self,
        id: AllocationId,
        message: &Message<'_>,
        user: &Authenticated<'_>,
    ) -> Result<(), Rejection> {
        match self.allocations.get(id.0) {
            Some(allocation)
                if allocation.transaction_id == message.transaction_id()
                    && *allocation.username == *user.username =>
            {
                if allocation.state == State::Open {
                    let bytes = allocated(allocation, message.verify_fingerprint().is_some());
                    let client = allocation.client;
                    self.send(client, bytes);
                }
                Ok(())
            }
            _ => Err(Rejection::ALLOCATION_MISMATCH),
        }
    }

    /// Asks the shell for a socket on a port that will do; 508 if there is none.
    fn open(&mut self, id: AllocationId, now: Now) {
        let Some(allocation) = self.allocations.get_mut(id.0) else {
            return;
        };
        let State::Opening { attempts_left, port, fingerprint } = allocation.state else {
            return;
        };
        let drawn = match port {
            _ if attempts_left == 0 => None,
            PortChoice::Reserved => Some(allocation.local.port()),
            PortChoice::Any | PortChoice::Even { .. } => (0..PORT_DRAWS)
                .map(|_| self.random.random_range(self.config.relay_ports.clone()))
                .find(|&drawn| {
                    will_do(&self.config, &self.relayed, allocation.local, drawn, port, now)
                }),
        };
        if let Some(drawn) = drawn {
            allocation.local.set_port(drawn);
            allocation.relayed.set_port(drawn);
            let local = allocation.local;
            self.commands.push_back(Command::Open { allocation: id, local });
            return;
        }
        let Rejection { code, reason, .. } = Rejection::INSUFFICIENT_CAPACITY;
        let mut answer =
            MessageBuilder::new(Class::Error, Method::ALLOCATE, allocation.transaction_id);
        answer.push(&ErrorCode { code, reason });
        answer.push_integrity(&allocation.key);
        if fingerprint {
            answer.push_fingerprint();
        }
        let client = allocation.client;
        self.send(client, answer.finish());
        self.remove(id, "no relay port could be bound");
    }

    /// Where to bind for this request, and which ports will do; the port is 0 unless one was kept.
    fn relay_address(
        &self,
        client: Client,
        message: &Message<'_>,
        now: Now,
    ) -> Result<(SocketAddr, PortChoice), Rejection> {
        let family = requested_family(message)?;
        let even = message.get::<EvenPort>();
        let token = message.get::<ReservationToken>();
        let (Ok(even), Ok(token)) = (even, token) else {
            return Err(Rejection::bad_request("EVEN-PORT or RESERVATION-TOKEN is malformed"));
        };
        if let Some(ReservationToken(token)) = token {
            if even.is_some() || family.is_some() {
                return Err(Rejection::bad_request(
                    "RESERVATION-TOKEN goes with neither EVEN-PORT nor REQUESTED-ADDRESS-FAMILY",
                ));
            }
            let local = self.relayed.redeem(token, now.instant);
            return Ok((local.ok_or(Rejection::INSUFFICIENT_CAPACITY)?, PortChoice::Reserved));
        }
        let port = match even {
            Some(EvenPort(reserve)) => PortChoice::Even { reserve },
            None => PortChoice::Any,
        };
        Ok((SocketAddr::new(self.relay_ip(client, family)?, 0), port))
    }

    /// This host's address for an allocation of the family that was asked for.
    ///
    /// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2): IPv4 unless the client
    /// names a family. A client that names none is still better served by IPv6, on a host without
    /// IPv4, than by an error.
    fn relay_ip(&self, client: Client, family: Option<AddressFamily>) -> Result<IpAddr, Rejection> {
        let local = |family| {
            if family == family_of(client.server) {
                Some(client.server.ip())
            } else {
                self.config.local.get(family)
            }
        };
        match family {
            Some(family) => local(family),
            None => local(AddressFamily::V4).or_else(|| local(AddressFamily::V6)),
        }
        .ok_or(Rejection::FAMILY_NOT_SUPPORTED)
    }
}

/// Whether a port that was drawn fits what the client asked for, and is kept for nobody.
fn will_do(
    config: &Config,
    relayed: &RelayedAddresses,
    mut local: SocketAddr,
    drawn: u16,
    choice: PortChoice,
    now: Now,
) -> bool {
    let mut is_free = |port| {
        local.set_port(port);
        !relayed.is_taken(local, now.instant)
    };
    is_free(drawn)
        && match choice {
            PortChoice::Any | PortChoice::Reserved => true,
            PortChoice::Even { reserve } => {
                let next = drawn.checked_add(1).filter(|next| config.relay_ports.contains(next));
                drawn.is_multiple_of(2) && (!reserve || next.is_some_and(is_free))
            }
        }
}

/// The success response to an Allocate.
fn allocated(allocation: &Allocation, fingerprint: bool) -> Vec<u8> {
    let mut answer =
        MessageBuilder::new(Class::Success, Method::ALLOCATE, allocation.transaction_id);
    answer.push(&XorRelayedAddress(allocation.relayed));
    answer.push(&Lifetime(allocation.lifetime));
    answer.push(&XorMappedAddress(allocation.client.address));
    if let Some(token) = allocation.reservation {
        answer.push(&ReservationToken(token));
    }
    answer.push_integrity(&allocation.key);
    if fingerprint {
        answer.push_fingerprint();
    }
    answer.finish()
}

fn requested_lifetime(message: &Message<'_>) -> Result<Duration, Rejection> {
    match message.get() {
        Ok(Some(Lifetime(lifetime))) => Ok(lifetime),
        Ok(None) => Ok(DEFAULT_LIFETIME),
        Err(_) => Err(Rejection::bad_request("LIFETIME is malformed")),
    }
}

fn requested_family(message: &Message<'_>) -> Result<Option<AddressFamily>, Rejection> {
    match message.get() {
        Ok(Some(RequestedAddressFamily(None))) => Err(Rejection::FAMILY_NOT_SUPPORTED),
        Ok(Some(RequestedAddressFamily(family))) => Ok(family),
        Ok(None) => Ok(None),
        Err(_) => Err(Rejection::bad_request("REQUESTED-ADDRESS-FAMILY is malformed")),
    }
}

pub(super) fn family_of(address: SocketAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}
