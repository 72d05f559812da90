//! Tickets, by which clients find their allocations again after their addresses have changed; and
//! which server of the process has each of these allocations.
//!
//! [RFC 8016](https://www.rfc-editor.org/rfc/rfc8016)

use std::{
    collections::HashMap,
    fmt, mem,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{Client, Quotas, ServerId};

/// How long an old ticket is taken from a client that may not have got the new one.
///
/// [RFC 8016 §3.2.2](https://www.rfc-editor.org/rfc/rfc8016#section-3.2.2) wants at least this.
const OLD_TICKET_LIFETIME: Duration = Duration::from_secs(30);

/// Names an allocation that can move, in whichever server it is; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MobileId(u64);

/// A number that nobody can guess. There is nothing in it to decrypt: what it stands for is kept
/// here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(pub(crate) u128);

impl Ticket {
    /// Digits of its written form. Some clients keep a ticket as a string of no more than these, so
    /// it is text.
    const DIGITS: usize = 32;

    /// Reads the written form.
    pub(crate) fn parse(value: &[u8]) -> Option<Ticket> {
        let text = str::from_utf8(value).ok().filter(|text| text.len() == Self::DIGITS)?;
        u128::from_str_radix(text, 16).ok().map(Ticket)
    }

    /// The written form.
    pub(crate) fn text(self) -> String {
        format!("{:0digits$x}", self.0, digits = Self::DIGITS)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// The tickets of all allocations that can move, shared by the servers of a process.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    table: Mutex<Table>,
    /// How many clients are expected. Data of clients without an allocation is looked up here, and
    /// most of it can be told off without the lock.
    expected: AtomicUsize,
}

#[derive(Debug, Default)]
struct Table {
    mobiles: HashMap<MobileId, Mobile>,
    by_ticket: HashMap<Ticket, MobileId>,
    /// Clients that have shown a ticket, until they have the allocation.
    expected: HashMap<Client, MobileId>,
    last_id: u64,
}

/// An allocation that can move.
#[derive(Debug)]
struct Mobile {
    username: Box<str>,
    /// The server that has the allocation, or gets it.
    home: ServerId,
    /// Whether the home has yet to get it.
    on_its_way: bool,
    /// Where data for the client goes; `None` after its connection was closed.
    client: Option<Client>,
    /// Who has shown a ticket, and has not used the new way, and to which server.
    next: Option<(Client, ServerId)>,
    ticket: Ticket,
    /// The ticket before, and until when it is taken.
    old: Option<(Ticket, Instant)>,
    /// At which address the quotas count it.
    counted_at: IpAddr,
    expires: Instant,
}

/// A ticket that is shown with a Refresh request.
#[derive(Debug)]
pub(crate) struct Showing<'a> {
    pub(crate) ticket: Ticket,
    pub(crate) username: &'a str,
    /// Who shows it, and to which server.
    pub(crate) client: Client,
    pub(crate) server: ServerId,
    /// Until when it prolongs the allocation.
    pub(crate) expires: Instant,
    /// The ticket to give next.
    pub(crate) fresh: Ticket,
}

/// What a ticket gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The ticket for the next time.
    pub(crate) ticket: Ticket,
    /// Whether the old way is closed, so that data goes the new one at once.
    pub(crate) at_once: bool,
}

/// Why a ticket gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No allocation has it.
    Unknown,
    /// Another user's allocation has it.
    Foreign,
    /// The client shows it from the address that it has moved away from.
    SameAddress,
    /// The client's new address has all the allocations that it may have.
    Full,
    /// The allocation is on its way between two servers.
    OnItsWay,
}

/// A client takes its allocation over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) id: MobileId,
    /// The server to fetch it from, unless that has been asked for, or needs not be.
    pub(crate) from: Option<ServerId>,
}

impl Tickets {
    /// Notes an allocation that can move.
    pub(crate) fn open(
        &self,
        ticket: Ticket,
        username: &str,
        client: Client,
        home: ServerId,
        expires: Instant,
    ) -> MobileId {
        self.with(|table| {
            table.last_id += 1;
            let id = MobileId(table.last_id);
            table.by_ticket.insert(ticket, id);
            let mobile = Mobile {
                username: username.into(),
                home,
                on_its_way: false,
                client: Some(client),
                next: None,
                ticket,
                old: None,
                counted_at: client.address.ip(),
                expires,
            };
            table.mobiles.insert(id, mobile);
            id
        })
    }

    /// Forgets an allocation that has ended; returns the address that the quotas counted it at.
    pub(crate) fn close(&self, id: MobileId) -> Option<IpAddr> {
        self.with(|table| {
            let mobile = table.mobiles.remove(&id)?;
            let old = mobile.old.map(|(ticket, _)| ticket);
            for ticket in old.into_iter().chain([mobile.ticket]) {
                table.by_ticket.remove(&ticket);
            }
            let next = mobile.next.map(|(client, _)| client);
            for client in next.into_iter().chain(mobile.client) {
                table.stop_expecting(client, id);
            }
            Some(mobile.counted_at)
        })
    }

    /// The ticket that an allocation has.
    pub(crate) fn ticket(&self, id: MobileId) -> Option<Ticket> {
        self.with(|table| table.mobiles.get(&id).map(|mobile| mobile.ticket))
    }

    /// The allocation that has a ticket, or had it before.
    pub(crate) fn find(&self, ticket: Ticket) -> Option<MobileId> {
        self.with(|table| table.by_ticket.get(&ticket).copied())
    }

    /// Until when an allocation lives, by the last Refresh that any server got.
    pub(crate) fn expires(&self, id: MobileId) -> Option<Instant> {
        self.with(|table| table.mobiles.get(&id).map(|mobile| mobile.expires))
    }

    /// An allocation was prolonged without a ticket.
    pub(crate) fn prolong(&self, id: MobileId, expires: Instant) {
        self.with(|table| {
            if let Some(mobile) = table.mobiles.get_mut(&id) {
                mobile.expires = expires;
            }
        });
    }

    /// Where an allocation's client is.
    pub(crate) fn client(&self, id: MobileId) -> Option<Client> {
        self.with(|table| table.mobiles.get(&id)?.client)
    }

    /// A client shows a ticket, and is expected from then on.
    ///
    /// [RFC 8016 §3.2.2](https://www.rfc-editor.org/rfc/rfc8016#section-3.2.2)
    pub(crate) fn show(
        &self,
        showing: &Showing<'_>,
        quotas: &Quotas,
        now: Instant,
    ) -> Result<Shown, Refused> {
        let &Showing { ticket, username, client, server, expires, fresh } = showing;
        self.with(|table| {
            let id = *table.by_ticket.get(&ticket).ok_or(Refused::Unknown)?;
            let expected = table.expected.get(&client).copied();
            let mobile = table.mobiles.get_mut(&id).ok_or(Refused::Unknown)?;
            if *username != *mobile.username {
                return Err(Refused::Foreign);
            }
            let is_old = ticket != mobile.ticket;
            if is_old && mobile.old.is_none_or(|(_, until)| until <= now) {
                return Err(Refused::Unknown);
            }
            if mobile.client == Some(client) {
                // The answer with the new ticket was lost, and the client uses the new way.
                return if is_old {
                    mobile.expires = expires;
                    Ok(Shown { ticket: mobile.ticket, at_once: false })
                } else {
                    Err(Refused::SameAddress)
                };
            }
            if mobile.on_its_way {
                return Err(Refused::OnItsWay);
            }
            // One five-tuple has one allocation.
            if expected.is_some_and(|other| other != id) {
                return Err(Refused::Unknown);
            }
            if !quotas.recount(mobile.counted_at, client.address.ip()) {
                return Err(Refused::Full);
            }
            mobile.counted_at = client.address.ip();
            mobile.expires = expires;
            let before = mobile.next.replace((client, server));
            let outdated = if is_old {
                None
            } else {
                mobile.ticket = fresh;
                mobile.old.replace((ticket, now + OLD_TICKET_LIFETIME))
            };
            let shown = Shown { ticket: mobile.ticket, at_once: mobile.client.is_none() };
            if let Some((outdated, _)) = outdated {
                table.by_ticket.remove(&outdated);
            }
            if let Some((before, _)) = before {
                table.expected.remove(&before);
            }
            table.by_ticket.insert(shown.ticket, id);
            table.expected.insert(client, id);
            Ok(shown)
        })
    }

    /// Whether this client has shown a ticket, and its allocation is not there.
    pub(crate) fn expects(&self, client: &Client) -> bool {
        self.may_expect() && self.with(|table| table.expected.contains_key(client))
    }

    /// A client that is expected uses the new way: from here on the allocation is its own, at this
    /// server. `None` if the client is not expected; or not as this user, if it is known as whom it
    /// comes.
    pub(crate) fn claim(
        &self,
        client: Client,
        username: Option<&str>,
        server: ServerId,
    ) -> Option<Claim> {
        if !self.may_expect() {
            return None;
        }
        self.with(|table| {
            let id = *table.expected.get(&client)?;
            let mobile = table.mobiles.get_mut(&id)?;
            if mobile.on_its_way {
                return Some(Claim { id, from: None });
            }
            if username.is_some_and(|name| *name != *mobile.username) {
                return None;
            }
            Some(table.give(id, client, server))
        })
    }

    /// The allocation has come to its home; returns where its client is, if it has not gone again,
    /// and until when it lives.
    pub(crate) fn arrived(&self, id: MobileId) -> Option<(Option<Client>, Instant)> {
        self.with(|table| {
            let mobile = table.mobiles.get_mut(&id)?;
            mobile.on_its_way = false;
            let arrived = (mobile.client, mobile.expires);
            if let Some(client) = mobile.client {
                table.expected.remove(&client);
            }
            Some(arrived)
        })
    }

    /// The connection to a client of this allocation was closed. If another client has shown its
    /// ticket, the allocation is that one's: returned with its server.
    pub(crate) fn disconnect(
        &self,
        id: MobileId,
        client: Client,
    ) -> Option<(Client, ServerId, Claim)> {
        self.with(|table| {
            let mobile = table.mobiles.get_mut(&id)?;
            if mobile.client != Some(client) {
                return None;
            }
            mobile.client = None;
            let (next, server) = mobile.next?;
            Some((next, server, table.give(id, next, server)))
        })
    }

    /// A client that was expected does not come: its connection was closed, or it has made an
    /// allocation as another user. Returns what it was to have.
    pub(crate) fn forget(&self, client: Client) -> Option<MobileId> {
        if !self.may_expect() {
            return None;
        }
        self.with(|table| {
            let id = table.expected.remove(&client)?;
            let mobile = table.mobiles.get_mut(&id)?;
            mobile.next = None;
            // It may be on its way already; then nobody is there to receive it.
            mobile.client = mobile.client.filter(|one| *one != client);
            Some(id)
        })
    }

    fn may_expect(&self) -> bool {
        self.expected.load(Ordering::Relaxed) > 0
    }

    fn with<T>(&self, look: impl FnOnce(&mut Table) -> T) -> T {
        // A panic here would leave the table whole: it is between two statements at any time.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let found = look(&mut table);
        self.expected.store(table.expected.len(), Ordering::Relaxed);
        found
    }
}

impl Table {
    /// Makes a client that is expected the client of an allocation.
    fn give(&mut self, id: MobileId, client: Client, server: ServerId) -> Claim {
        let Some(mobile) = self.mobiles.get_mut(&id) else {
            return Claim { id, from: None };
        };
        let before = mem::replace(&mut mobile.home, server);
        mobile.client = Some(client);
        mobile.next = None;
        mobile.on_its_way = before != server;
        if !mobile.on_its_way {
            self.expected.remove(&client);
        }
        Claim { id, from: (before != server).then_some(before) }
    }

    fn stop_expecting(&mut self, client: Client, id: MobileId) {
        if self.expected.get(&client) == Some(&id) {
            self.expected.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_being_written() {
        for ticket in [Ticket(0), Ticket(1), Ticket(u128::MAX)] {
            assert_eq!(ticket.text().len(), 32);
            assert_eq!(Ticket::parse(ticket.text().as_bytes()), Some(ticket));
        }
        for text in
            ["", "0", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"]
        {
            assert_eq!(Ticket::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Ticket::parse(&[0xFF; 32]), None);
        assert!(!format!("{:?}", Ticket(0x1234)).contains("1234"), "it stays out of logs");
    }
}
