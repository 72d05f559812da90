//! Sockets that are kept for whoever brings a token, which may well reach another worker.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use twocan_turn::RESERVATION_LIFETIME;

use crate::relayed::Relayed;

/// The kept sockets of all workers.
#[derive(Debug, Default)]
pub(crate) struct Reserved {
    sockets: Mutex<HashMap<SocketAddr, (Relayed, Instant)>>,
}

impl Reserved {
    /// Binds a socket, and keeps it.
    pub(crate) fn keep(&self, local: SocketAddr, now: Instant) -> io::Result<()> {
        self.expire(now);
        self.sockets().insert(local, (Relayed::bind(local)?, now));
        Ok(())
    }

    /// Closes what is too old. Whether anything is left.
    pub(crate) fn expire(&self, now: Instant) -> bool {
        let mut sockets = self.sockets();
        sockets.retain(|_, (_, kept)| now.saturating_duration_since(*kept) < RESERVATION_LIFETIME);
        !sockets.is_empty()
    }

    /// The socket that was kept for this address.
    pub(crate) fn take(&self, local: SocketAddr, now: Instant) -> Option<Relayed> {
        self.expire(now);
        self.sockets().remove(&local).map(|(socket, _)| socket)
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<SocketAddr, (Relayed, Instant)>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_socket_is_there_once_and_until_it_is_too_old() {
        let reserved = Reserved::default();
        // Port 0 is always free.
        let (first, second) = ("127.0.0.1:0".parse().unwrap(), "127.0.0.2:0".parse().unwrap());
        let now = Instant::now();
        reserved.keep(first, now).unwrap();
        assert!(reserved.take(second, now).is_none());
        assert!(reserved.take(first, now).is_some());
        assert!(reserved.take(first, now).is_none());

        reserved.keep(first, now).unwrap();
        let later = now + RESERVATION_LIFETIME;
        reserved.keep(second, later).unwrap();
        assert!(reserved.take(first, later).is_none());
        assert!(reserved.expire(later));
        assert!(!reserved.expire(later + RESERVATION_LIFETIME), "nobody has come for it");
        assert!(reserved.take(second, later).is_none());
    }
}
