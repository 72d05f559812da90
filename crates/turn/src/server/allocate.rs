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
        AddressFamily, ErrorCode, Lifetime, RequestedAddressFamily, RequestedTransport,
        XorMappedAddress, XorRelayedAddress,
    },
};

use super::{
    SWEEP_INTERVAL, Server,
    auth::Authenticated,
    reply::{self, Rejection},
};
use crate::{
    AllocationId, Client, Command, Now,
    allocation::{Allocation, Channels, Permissions, State},
};

/// The lifetime of an allocation whose client asks for less, or for nothing.
///
/// [RFC 8656 §3.2](https://www.rfc-editor.org/rfc/rfc8656#section-3.2)
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The longest lifetime that is granted.
///
/// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2)
const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// How many ports are tried before the client is told that there are none.
const PORT_ATTEMPTS: u8 = 16;

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
        let (local_ip, relayed_ip) = self.relay_ips(client, requested_family(message)?)?;
        let lifetime = requested_lifetime(message)?.clamp(DEFAULT_LIFETIME, MAX_LIFETIME);
        let state = State::Opening {
            attempts_left: PORT_ATTEMPTS,
            fingerprint: message.verify_fingerprint().is_some(),
        };
        let id = AllocationId(self.allocations.insert(Allocation {
            client,
            username: user.username.into(),
            key: user.key,
            transaction_id: message.transaction_id(),
            state,
            relayed: SocketAddr::new(relayed_ip, 0),
            local: SocketAddr::new(local_ip, 0),
            lifetime,
            expires: now.instant + lifetime,
            permissions: Permissions::default(),
            channels: Channels::default(),
        }));
        self.by_client.insert(client, id);
        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        self.open(id);
        Ok(())
    }

    /// The shell bound the socket that [`Command::Open`] asked for, or could not.
    pub fn handle_opened(&mut self, id: AllocationId, bound: bool) {
        let Some(allocation) = self.allocations.get_mut(id.0) else {
            return;
        };
        let State::Opening {
            attempts_left,
            fingerprint,
        } = &mut allocation.state
        else {
            return;
        };
        if bound {
            let fingerprint = *fingerprint;
            allocation.state = State::Open;
            self.relayed.insert(allocation.relayed, allocation.local);
            debug!(client = %allocation.client.address, relayed = %allocation.relayed, "allocation made");
            let bytes = allocated(allocation, fingerprint);
            let client = allocation.client;
            self.send(client, bytes);
        } else if *attempts_left > 1 {
            *attempts_left -= 1;
            self.open(id);
        } else {
            let Rejection { code, reason, .. } = Rejection::INSUFFICIENT_CAPACITY;
            let mut answer =
                MessageBuilder::new(Class::Error, Method::ALLOCATE, allocation.transaction_id);
            answer.push(&ErrorCode { code, reason });
            answer.push_integrity(&allocation.key);
            if *fingerprint {
                answer.push_fingerprint();
            }
            let client = allocation.client;
            self.send(client, answer.finish());
            self.remove(id, "no relay port could be bound");
        }
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

    /// Asks the shell for a socket on a random port of the range.
    fn open(&mut self, id: AllocationId) {
        let port = self.random.random_range(self.config.relay_ports.clone());
        if let Some(allocation) = self.allocations.get_mut(id.0) {
            allocation.local.set_port(port);
            allocation.relayed.set_port(port);
            let local = allocation.local;
            self.commands.push_back(Command::Open {
                allocation: id,
                local,
            });
        }
    }

    /// Where to bind for an allocation of this family, and what to call it.
    fn relay_ips(
        &self,
        client: Client,
        requested: Option<AddressFamily>,
    ) -> Result<(IpAddr, IpAddr), Rejection> {
        // RFC 8656 §7.2: IPv4 unless the client names a family. A client that came by IPv6 and
        // names none, to a host without IPv4, is still better served by IPv6 than by an error.
        let own = family_of(client.server);
        let local = |family| {
            if family == own {
                Some(client.server.ip())
            } else {
                self.config.local.get(family)
            }
        };
        let local_ip = match requested {
            Some(family) => local(family),
            None => local(AddressFamily::V4).or_else(|| local(AddressFamily::V6)),
        };
        let local_ip = local_ip.ok_or(Rejection::FAMILY_NOT_SUPPORTED)?;
        let external = self
            .config
            .external
            .get(family_of(SocketAddr::new(local_ip, 0)));
        Ok((local_ip, external.unwrap_or(local_ip)))
    }
}

/// The success response to an Allocate.
fn allocated(allocation: &Allocation, fingerprint: bool) -> Vec<u8> {
    let mut answer =
        MessageBuilder::new(Class::Success, Method::ALLOCATE, allocation.transaction_id);
    answer.push(&XorRelayedAddress(allocation.relayed));
    answer.push(&Lifetime(allocation.lifetime));
    answer.push(&XorMappedAddress(allocation.client.address));
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
        Err(_) => Err(Rejection::bad_request(
            "REQUESTED-ADDRESS-FAMILY is malformed",
        )),
    }
}

pub(super) fn family_of(address: SocketAddr) -> AddressFamily {
    if address.is_ipv4() {
        AddressFamily::V4
    } else {
        AddressFamily::V6
    }
}
