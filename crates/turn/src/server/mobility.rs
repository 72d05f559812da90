//! Mobility: allocations whose clients come from another address, by another transport or to another
//! server of the process.
//!
//! A client shows its ticket with a Refresh from the new five-tuple. Whichever server gets that
//! answers it alone, from [`Tickets`](crate::tickets::Tickets), and nothing else changes: data goes
//! to and fro on the old five-tuple. With the first message that the client sends the new way, or
//! when the old connection is closed, the allocation becomes that client's. If it lives in another
//! server, it travels: [`Command::Move`], [`Server::pack`], [`Server::unpack`].
//!
//! [RFC 8016](https://www.rfc-editor.org/rfc/rfc8016)

use std::{collections::HashMap, mem, net::IpAddr, ops::Range, time::Duration};

use rand::Rng as _;
use tracing::debug;
use twocan_stun::{Message, attributes::MobilityTicket};

use super::{SWEEP_INTERVAL, Server, allocate::family_of, auth::Authenticated, reply::Rejection};
use crate::{
    Client, Command, Now, RelayId, ServerId,
    allocation::{Allocation, AllocationId, Relay},
    tickets::{Claim, MobileId, Refused, Showing, Shown, Ticket},
};

/// Bytes of messages that wait for an allocation on its way. That takes less than a millisecond.
const MAX_HELD: usize = 64 << 10;

/// The allocations of a server that can move.
#[derive(Debug, Default)]
pub(super) struct Mobility {
    here: HashMap<MobileId, AllocationId>,
    /// What clients sent whose allocations are on their way here.
    coming: HashMap<MobileId, Held>,
}

#[derive(Debug, Default)]
struct Held {
    messages: Vec<(Client, Vec<u8>)>,
    bytes: usize,
}

/// One server's word to another to give an allocation up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    from: ServerId,
    to: ServerId,
    mobile: MobileId,
}

impl Order {
    /// Who has the allocation: [`Server::pack`] is to be called there.
    pub fn from(&self) -> ServerId {
        self.from
    }

    /// Who gets it: [`Server::unpack`] is to be called there.
    pub fn to(&self) -> ServerId {
        self.to
    }
}

/// An allocation on its way to another server; empty if it has ended before.
#[derive(Debug)]
pub struct Parcel {
    order: Order,
    contents: Option<Contents>,
}

#[derive(Debug)]
struct Contents {
    allocation: Allocation,
    relays: Vec<(RelayId, Relay)>,
}

impl Parcel {
    /// Where it goes.
    pub fn to(&self) -> ServerId {
        self.order.to
    }

    /// The relayed addresses inside, by the numbers that they had. Their sockets go along.
    pub fn relays(&self) -> impl Iterator<Item = RelayId> {
        self.contents.iter().flat_map(|contents| &contents.relays).map(|(id, _)| *id)
    }
}

/// What a message from a client without an allocation brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The client is nobody's successor.
    Unexpected,
    /// Its allocation is on its way here, and the message waits for it.
    OnItsWay,
    /// Its allocation is here.
    Here(AllocationId),
}

impl Server {
    /// Gives up an allocation to another server, as [`Command::Move`] asks. The shell sends the
    /// parcel there, with the sockets of [`Parcel::relays`].
    pub fn pack(&mut self, order: Order) -> Parcel {
        let id = self.mobility.here.remove(&order.mobile);
        Parcel { order, contents: id.and_then(|id| self.take_out(id, order.mobile)) }
    }

    /// Takes in what another server has packed up. Returns the numbers of its relayed addresses
    /// here, in the order of [`Parcel::relays`]. To be called when no command waits, since a number
    /// may be used again; and commands about these numbers may wait after it.
    pub fn unpack(&mut self, parcel: Parcel, now: Now) -> Vec<RelayId> {
        let Parcel { order: Order { mobile, .. }, contents } = parcel;
        let relays = contents.and_then(|contents| self.take_in(mobile, contents, now));
        let held = self.mobility.coming.remove(&mobile).unwrap_or_default();
        let again =
            held.messages.into_iter().map(|(client, bytes)| Command::Again { client, bytes });
        self.commands.extend(again);
        relays.unwrap_or_default()
    }

    /// The shell has lost the socket of a relayed address: its allocation ends.
    pub fn handle_broken(&mut self, id: RelayId) {
        if let Some(relay) = self.relays.get(id.0) {
            self.remove(relay.allocation, "its socket was lost");
        }
    }

    /// A new allocation gets a ticket.
    pub(super) fn give_ticket(&mut self, id: AllocationId) {
        let ticket = Ticket(self.random.random());
        let Some(allocation) = self.allocations.get_mut(id.0) else { return };
        let Some(client) = allocation.client() else { return };
        let (username, home) = (&allocation.username, self.config.id);
        let mobile =
            self.neighbours.tickets.open(ticket, username, client, home, allocation.expires);
        allocation.mobile = Some(mobile);
        self.mobility.here.insert(mobile, id);
    }

    /// A ticket that is shown with a Refresh.
    ///
    /// [RFC 8016 §3.2.2](https://www.rfc-editor.org/rfc/rfc8016#section-3.2.2)
    pub(super) fn show_ticket(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        lifetime: Duration,
        now: Now,
    ) -> Result<Option<Shown>, Rejection> {
        let Ok(Some(MobilityTicket(value))) = message.get() else { return Ok(None) };
        let malformed = Rejection::bad_request("MOBILITY-TICKET is malformed");
        let ticket = Ticket::parse(value).ok_or(malformed)?;
        let tickets = &self.neighbours.tickets;
        if let Some(id) = self.by_client.get(&client)
            && let Some(allocation) = self.allocations.get(id.0)
            && allocation.mobile != tickets.find(ticket)
        {
            return Err(Rejection::ALLOCATION_MISMATCH);
        }
        let showing = Showing {
            ticket,
            username: user.username,
            client,
            server: self.config.id,
            expires: now.instant + lifetime,
            fresh: Ticket(self.random.random()),
        };
        match tickets.show(&showing, &self.quotas, now.instant) {
            Ok(shown) => Ok(Some(shown)),
            Err(Refused::Unknown) => Err(Rejection::ALLOCATION_MISMATCH),
            Err(Refused::Foreign) => Err(Rejection::WRONG_CREDENTIALS),
            Err(Refused::SameAddress) => Err(Rejection::bad_request(
                "MOBILITY-TICKET goes with a Refresh from another address alone",
            )),
            Err(Refused::Full) => Err(Rejection::MOBILITY_FORBIDDEN),
            // The client asks again at once, and by then it has come.
            Err(Refused::OnItsWay) => Err(Rejection::STALE_NONCE),
        }
    }

    /// The allocation of a client that sends data.
    pub(super) fn sender(
        &mut self,
        client: Client,
        buffer: &[u8],
        message: Range<usize>,
    ) -> Option<AllocationId> {
        if let Some(id) = self.by_client.get(&client) {
            return Some(*id);
        }
        match self.arrive(client, None, buffer.get(message)) {
            Arrival::Here(id) => Some(id),
            Arrival::Unexpected | Arrival::OnItsWay => None,
        }
    }

    /// A client without an allocation here sends something: if it has shown a ticket, it uses the
    /// new way, and the allocation becomes its own. The message is kept if that takes a while.
    #[cold]
    pub(super) fn arrive(
        &mut self,
        client: Client,
        username: Option<&str>,
        message: Option<&[u8]>,
    ) -> Arrival {
        let Some(Claim { id, from }) =
            self.neighbours.tickets.claim(client, username, self.config.id)
        else {
            return Arrival::Unexpected;
        };
        if let (Some(here), None) = (self.mobility.here.get(&id).copied(), from) {
            self.succeed(here, client);
            return Arrival::Here(here);
        }
        let held = self.mobility.coming.entry(id).or_default();
        if let Some(message) = message
            && held.bytes + message.len() <= MAX_HELD
        {
            held.bytes += message.len();
            held.messages.push((client, message.to_vec()));
        }
        if let Some(from) = from {
            let order = Order { from, to: self.config.id, mobile: id };
            self.commands.push_back(Command::Move(order));
        }
        Arrival::OnItsWay
    }

    /// The connection of a client is closed that has an allocation which can move: that goes on,
    /// since the client may come back with its ticket, or has.
    pub(super) fn lose_connection(&mut self, id: AllocationId, mobile: MobileId, client: Client) {
        self.by_client.remove(&client);
        if let Some(allocation) = self.allocations.get_mut(id.0) {
            allocation.shared.book_mut().client = None;
        }
        match self.neighbours.tickets.disconnect(mobile, client) {
            Some((_, to, Claim { id: mobile, from: Some(from) })) => {
                self.commands.push_back(Command::Move(Order { from, to, mobile }));
            }
            Some((next, ..)) => self.succeed(id, next),
            None => {}
        }
    }

    /// A client that was expected does not come.
    pub(super) fn stop_expecting(&mut self, client: Client) {
        let forgotten = self.neighbours.tickets.forget(client);
        if let Some(held) = forgotten.and_then(|id| self.mobility.coming.get_mut(&id)) {
            *held = Held::default();
        }
    }

    /// An allocation that could move has ended; returns the address that the quotas counted it at.
    pub(super) fn close_ticket(&mut self, mobile: MobileId) -> Option<IpAddr> {
        self.mobility.here.remove(&mobile);
        self.neighbours.tickets.close(mobile)
    }

    /// An allocation of this server becomes another client's.
    fn succeed(&mut self, id: AllocationId, client: Client) {
        let Some(allocation) = self.allocations.get_mut(id.0) else { return };
        let before = allocation.shared.book_mut().client.replace(client);
        let expires = allocation.mobile.and_then(|id| self.neighbours.tickets.expires(id));
        allocation.expires = expires.unwrap_or(allocation.expires);
        if let Some(before) = before {
            self.by_client.remove(&before);
        }
        self.by_client.insert(client, id);
        debug!(client = %client.address, before = ?before.map(|one| one.address), "allocation moved");
    }

    fn take_out(&mut self, id: AllocationId, mobile: MobileId) -> Option<Contents> {
        let allocation = self.allocations.try_remove(id.0)?;
        // Neighbours reach the client the new way from here on.
        let client = self.neighbours.tickets.client(mobile);
        let before = mem::replace(&mut allocation.shared.book_mut().client, client);
        if let Some(before) = before {
            self.by_client.remove(&before);
        }
        let relays = allocation
            .relays
            .iter()
            .filter_map(|id| Some((id, self.relays.try_remove(id.0)?)))
            .collect();
        Some(Contents { allocation, relays })
    }

    /// The numbers of the relayed addresses here.
    fn take_in(&mut self, mobile: MobileId, contents: Contents, now: Now) -> Option<Vec<RelayId>> {
        let Contents { mut allocation, relays } = contents;
        let (client, expires) = self.neighbours.tickets.arrived(mobile)?;
        allocation.shared.book_mut().client = client;
        allocation.expires = expires;
        let revoked = self.quotas.is_revoked(&allocation.username);
        let entry = self.allocations.vacant_entry();
        let id = AllocationId(entry.key());
        let mut numbers = Vec::new();
        for (_, relay) in relays {
            let family = family_of(relay.local);
            let number = RelayId(self.relays.insert(Relay { allocation: id, ..relay }));
            allocation.relays.set(family, Some(number));
            numbers.push(number);
        }
        entry.insert(allocation);
        self.mobility.here.insert(mobile, id);
        if let Some(client) = client {
            self.by_client.insert(client, id);
        }
        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        debug!(client = ?client.map(|one| one.address), "allocation moved here from another thread");
        if revoked {
            self.remove(id, "its credentials were ended");
        }
        Some(numbers)
    }
}
