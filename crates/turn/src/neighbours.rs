//! The relayed addresses of all servers in a process, and who stands behind them.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;

use crate::{Client, allocation::Protocol, book::Book, meter::Meter, tickets::Tickets};

/// How long a port is kept for whoever has the token.
///
/// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2) wants at least this.
pub const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);

/// How many ports are kept at a time. Nobody reserves many: browsers use one port for everything.
const MAX_RESERVATIONS: usize = 64;

/// The relayed addresses that are in use, shared by the servers of a process.
///
/// The server's own host is a peer like no other: its relayed addresses are the usual way from
/// one relayed client to another, while everything else on it is not for strangers. This table
/// tells the two apart, knows the way behind a one-to-one NAT, which seldom leads a packet back
/// in, and leads from a relayed address to its client, so that a packet between two clients need
/// not pass through the sockets of both.
#[derive(Debug, Default)]
pub struct Neighbours {
    table: RwLock<Table>,
    /// By which clients find their allocations in whichever server.
    pub(crate) tickets: Tickets,
}

#[derive(Debug, Default)]
struct Table {
    by_relayed: HashMap<(Protocol, SocketAddr), Entry, RandomState>,
    relayed_of: HashMap<(Protocol, SocketAddr), SocketAddr, RandomState>,
    /// How many relayed addresses there are on each of the host's addresses, local or external.
    ips: HashMap<IpAddr, usize>,
    reservations: HashMap<[u8; 8], Reservation>,
}

#[derive(Debug, Clone)]
struct Entry {
    local: SocketAddr,
    neighbour: Arc<Neighbour>,
}

/// A client with a relayed address, as other clients' servers see it.
#[derive(Debug)]
pub(crate) struct Neighbour {
    /// What its relayed addresses speak.
    pub(crate) protocol: Protocol,
    /// What passed of the bandwidth that each allocation has.
    pub(crate) meter: Meter,
    book: RwLock<Book>,
}

impl Neighbour {
    pub(crate) fn new(client: Client, protocol: Protocol, now: Instant) -> Neighbour {
        Neighbour { protocol, meter: Meter::new(now), book: RwLock::new(Book::new(client)) }
    }

    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port that is kept for a later request, which may well reach another server of the process.
#[derive(Debug, Clone, Copy)]
struct Reservation {
    local: SocketAddr,
    expires: Instant,
}

impl Neighbours {
    /// Notes that `relayed` is what clients know the socket bound to `local` by.
    pub(crate) fn insert(
        &self,
        relayed: SocketAddr,
        local: SocketAddr,
        neighbour: &Arc<Neighbour>,
    ) {
        let mut table = self.write();
        let entry = Entry { local, neighbour: Arc::clone(neighbour) };
        table.by_relayed.insert((neighbour.protocol, relayed), entry);
        table.relayed_of.insert((neighbour.protocol, local), relayed);
        for ip in [relayed.ip(), local.ip()] {
            *table.ips.entry(ip).or_default() += 1;
        }
    }

    /// Forgets a pair that was inserted before.
    pub(crate) fn remove(&self, protocol: Protocol, relayed: SocketAddr, local: SocketAddr) {
        let mut table = self.write();
        table.by_relayed.remove(&(protocol, relayed));
        table.relayed_of.remove(&(protocol, local));
        for ip in [relayed.ip(), local.ip()] {
            if let Some(count) = table.ips.get_mut(&ip) {
                *count -= 1;
                if *count == 0 {
                    table.ips.remove(&ip);
                }
            }
        }
    }

    /// Whether this is one of the host's own addresses, as far as relaying has shown them.
    pub(crate) fn is_own(&self, ip: IpAddr) -> bool {
        self.read().ips.contains_key(&ip)
    }

    /// Who stands behind a relayed address, and where its socket is bound.
    pub(crate) fn behind(
        &self,
        protocol: Protocol,
        relayed: SocketAddr,
    ) -> Option<(Arc<Neighbour>, SocketAddr)> {
        let table = self.read();
        let entry = table.by_relayed.get(&(protocol, relayed))?;
        Some((Arc::clone(&entry.neighbour), entry.local))
    }

    /// Whether this relayed address is in use.
    pub(crate) fn is_relayed(&self, protocol: Protocol, relayed: SocketAddr) -> bool {
        self.read().by_relayed.contains_key(&(protocol, relayed))
    }

    /// By which address clients know the socket that is bound here.
    pub(crate) fn relayed_of(&self, protocol: Protocol, local: SocketAddr) -> Option<SocketAddr> {
        self.read().relayed_of.get(&(protocol, local)).copied()
    }

    /// Keeps the UDP socket address `local` for whoever brings the token; false if it is in use.
    pub(crate) fn reserve(&self, token: [u8; 8], local: SocketAddr, now: Instant) -> bool {
        let mut table = self.write();
        table.reservations.retain(|_, reservation| now < reservation.expires);
        let free = !table.is_taken(Protocol::Udp, local, now);
        if free {
            let expires = now + RESERVATION_LIFETIME;
            table.reservations.insert(token, Reservation { local, expires });
        }
        free
    }

    /// Whether another port can be kept.
    pub(crate) fn can_reserve(&self, now: Instant) -> bool {
        let table = self.read();
        let kept = table.reservations.values().filter(|one| now < one.expires).count();
        kept < MAX_RESERVATIONS
    }

    /// What was kept for this token; a token is good once.
    pub(crate) fn redeem(&self, token: [u8; 8], now: Instant) -> Option<SocketAddr> {
        let reservation = self.write().reservations.remove(&token)?;
        (now < reservation.expires).then_some(reservation.local)
    }

    /// Whether this socket address is in use, or kept for somebody.
    pub(crate) fn is_taken(&self, protocol: Protocol, local: SocketAddr, now: Instant) -> bool {
        self.read().is_taken(protocol, local, now)
    }

    // The table is whole between any two statements, so a panic elsewhere cannot have broken it.
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn is_taken(&self, protocol: Protocol, local: SocketAddr, now: Instant) -> bool {
        self.relayed_of.contains_key(&(protocol, local))
            || protocol == Protocol::Udp
                && self.reservations.values().any(|one| one.local == local && now < one.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Link, Transport};

    const UDP: Protocol = Protocol::Udp;
    const TCP: Protocol = Protocol::Tcp;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn neighbour() -> Arc<Neighbour> {
        neighbour_by(UDP)
    }

    fn neighbour_by(protocol: Protocol) -> Arc<Neighbour> {
        let client = Client {
            address: address("198.51.100.1:4000"),
            server: address("10.0.0.1:3478"),
            transport: Transport::Udp,
            link: Link(0),
        };
        Arc::new(Neighbour::new(client, protocol, Instant::now()))
    }

    #[test]
    fn an_address_is_own_while_anything_is_relayed_on_it() {
        let neighbours = Neighbours::default();
        let (a, b) = (address("10.0.0.1:50000"), address("10.0.0.1:50001"));
        neighbours.insert(a, a, &neighbour());
        neighbours.insert(b, b, &neighbour());
        neighbours.remove(UDP, a, a);
        assert!(neighbours.is_own(a.ip()));
        assert!(!neighbours.is_relayed(UDP, a));
        assert!(neighbours.is_relayed(UDP, b));
        neighbours.remove(UDP, b, b);
        assert!(!neighbours.is_own(a.ip()));
    }

    #[test]
    fn an_external_address_is_known_by_its_local_one() {
        let neighbours = Neighbours::default();
        let (relayed, local) = (address("198.51.100.1:50000"), address("10.0.0.1:50000"));
        neighbours.insert(relayed, local, &neighbour());
        assert_eq!(neighbours.behind(UDP, relayed).map(|(_, local)| local), Some(local));
        assert_eq!(neighbours.relayed_of(UDP, local), Some(relayed));
        assert!(neighbours.is_own(relayed.ip()) && neighbours.is_own(local.ip()));
    }

    #[test]
    fn a_port_of_udp_and_the_same_port_of_tcp_are_two() {
        let neighbours = Neighbours::default();
        let now = Instant::now();
        let address = address("10.0.0.1:50000");
        neighbours.insert(address, address, &neighbour_by(TCP));
        assert!(neighbours.is_taken(TCP, address, now) && !neighbours.is_taken(UDP, address, now));
        assert!(neighbours.behind(UDP, address).is_none());
        assert!(neighbours.reserve([1; 8], address, now));
        neighbours.insert(address, address, &neighbour_by(UDP));
        neighbours.remove(TCP, address, address);
        assert!(neighbours.is_relayed(UDP, address) && !neighbours.is_relayed(TCP, address));
        assert!(neighbours.is_own(address.ip()));
        assert!(!neighbours.is_taken(TCP, address, now), "what is reserved is a port of UDP");
    }

    #[test]
    fn a_reservation_is_good_once_and_for_half_a_minute() {
        let neighbours = Neighbours::default();
        let local = address("10.0.0.1:50001");
        let now = Instant::now();
        assert!(neighbours.reserve([1; 8], local, now));
        assert!(!neighbours.reserve([2; 8], local, now), "it is kept for another");
        assert!(neighbours.is_taken(UDP, local, now + Duration::from_secs(29)));
        assert_eq!(neighbours.redeem([1; 8], now + Duration::from_secs(29)), Some(local));
        assert_eq!(neighbours.redeem([1; 8], now), None);
        assert!(neighbours.reserve([2; 8], local, now));
        assert!(!neighbours.is_taken(UDP, local, now + RESERVATION_LIFETIME));
        assert_eq!(neighbours.redeem([2; 8], now + RESERVATION_LIFETIME), None);
        neighbours.insert(local, local, &neighbour());
        assert!(!neighbours.reserve([3; 8], local, now), "it is in use");
    }
}
