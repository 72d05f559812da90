//! The relayed addresses of all servers in a process.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

/// How long a port is kept for whoever has the token.
///
/// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2) wants at least this.
const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);

/// The relayed addresses that are in use, shared by the servers of a process.
///
/// The server's own host is a peer like no other: its relayed addresses are the usual way from
/// one relayed client to another, while everything else on it is not for strangers. This table
/// tells the two apart, and knows the way behind a one-to-one NAT, which seldom leads a packet
/// back in.
#[derive(Debug, Default)]
pub struct RelayedAddresses {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    local_of: HashMap<SocketAddr, SocketAddr>,
    relayed_of: HashMap<SocketAddr, SocketAddr>,
    /// How many relayed addresses there are on each of the host's addresses, local or external.
    ips: HashMap<IpAddr, usize>,
    reservations: HashMap<[u8; 8], Reservation>,
}

/// A port that is kept for a later request, which may well reach another server of the process.
#[derive(Debug, Clone, Copy)]
struct Reservation {
    local: SocketAddr,
    expires: Instant,
}

impl RelayedAddresses {
    /// Notes that `relayed` is what clients know the socket bound to `local` by.
    pub(crate) fn insert(&self, relayed: SocketAddr, local: SocketAddr) {
        let mut table = self.write();
        table.local_of.insert(relayed, local);
        table.relayed_of.insert(local, relayed);
        for ip in [relayed.ip(), local.ip()] {
            *table.ips.entry(ip).or_default() += 1;
        }
    }

    /// Forgets a pair that was inserted before.
    pub(crate) fn remove(&self, relayed: SocketAddr, local: SocketAddr) {
        let mut table = self.write();
        table.local_of.remove(&relayed);
        table.relayed_of.remove(&local);
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

    /// Where the socket is bound that clients know by this address.
    pub(crate) fn local_of(&self, relayed: SocketAddr) -> Option<SocketAddr> {
        self.read().local_of.get(&relayed).copied()
    }

    /// By which address clients know the socket that is bound here.
    pub(crate) fn relayed_of(&self, local: SocketAddr) -> Option<SocketAddr> {
        self.read().relayed_of.get(&local).copied()
    }

    /// Keeps the socket address `local` for whoever brings the token; false if it is in use.
    pub(crate) fn reserve(&self, token: [u8; 8], local: SocketAddr, now: Instant) -> bool {
        let mut table = self.write();
        table.reservations.retain(|_, reservation| now < reservation.expires);
        let taken = table.relayed_of.contains_key(&local)
            || table.reservations.values().any(|reservation| reservation.local == local);
        if !taken {
            let expires = now + RESERVATION_LIFETIME;
            table.reservations.insert(token, Reservation { local, expires });
        }
        !taken
    }

    /// What was kept for this token; a token is good once.
    pub(crate) fn redeem(&self, token: [u8; 8], now: Instant) -> Option<SocketAddr> {
        let reservation = self.write().reservations.remove(&token)?;
        (now < reservation.expires).then_some(reservation.local)
    }

    /// Whether this socket address is in use, or kept for somebody.
    pub(crate) fn is_taken(&self, local: SocketAddr, now: Instant) -> bool {
        let table = self.read();
        table.relayed_of.contains_key(&local)
            || table.reservations.values().any(|one| one.local == local && now < one.expires)
    }

    // The table is whole between any two statements, so a panic elsewhere cannot have broken it.
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_own_while_anything_is_relayed_on_it() {
        let addresses = RelayedAddresses::default();
        let a: SocketAddr = "10.0.0.1:50000".parse().unwrap();
        let b: SocketAddr = "10.0.0.1:50001".parse().unwrap();
        addresses.insert(a, a);
        addresses.insert(b, b);
        addresses.remove(a, a);
        assert!(addresses.is_own(a.ip()));
        assert_eq!(addresses.local_of(a), None);
        assert_eq!(addresses.local_of(b), Some(b));
        addresses.remove(b, b);
        assert!(!addresses.is_own(a.ip()));
    }

    #[test]
    fn a_reservation_is_good_once_and_for_half_a_minute() {
        let addresses = RelayedAddresses::default();
        let local: SocketAddr = "10.0.0.1:50001".parse().unwrap();
        let now = Instant::now();
        assert!(addresses.reserve([1; 8], local, now));
        assert!(!addresses.reserve([2; 8], local, now), "it is kept for another");
        assert!(addresses.is_taken(local, now + Duration::from_secs(29)));
        assert_eq!(addresses.redeem([1; 8], now + Duration::from_secs(29)), Some(local));
        assert_eq!(addresses.redeem([1; 8], now), None);
        assert!(addresses.reserve([2; 8], local, now));
        assert!(!addresses.is_taken(local, now + RESERVATION_LIFETIME));
        assert_eq!(addresses.redeem([2; 8], now + RESERVATION_LIFETIME), None);
        addresses.insert(local, local);
        assert!(!addresses.reserve([3; 8], local, now), "it is in use");
    }

    #[test]
    fn an_external_address_is_known_by_its_local_one() {
        let addresses = RelayedAddresses::default();
        let relayed: SocketAddr = "198.51.100.1:50000".parse().unwrap();
        let local: SocketAddr = "10.0.0.1:50000".parse().unwrap();
        addresses.insert(relayed, local);
        assert_eq!(addresses.local_of(relayed), Some(local));
        assert_eq!(addresses.relayed_of(local), Some(relayed));
        assert!(addresses.is_own(relayed.ip()) && addresses.is_own(local.ip()));
    }
}
