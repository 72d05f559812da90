//! The relayed addresses of all servers in a process.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

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
