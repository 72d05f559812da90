//! The way to a worker from other threads.

use std::{
    io, mem,
    net::TcpStream,
    os::fd::{AsFd, BorrowedFd},
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::sys::eventfd::{EfdFlags, EventFd};
use rustls::ServerConnection;
use twocan_turn::{Order, Parcel};

use crate::{connection::Connection, relayed::Relayed};

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Letter {
    /// A connection to take over that another part of the program has accepted.
    Adopt(Box<Adopted>),
    /// A connection to take over from another worker, with a message that concerns this one.
    Connection(Box<Connection>),
    /// The credentials of this name were ended.
    Revoked(Box<str>),
    /// An allocation of this worker's that another one is to have.
    Move(Order),
    /// An allocation that another worker had.
    Parcel(Box<Delivery>),
    /// Stop.
    Stop,
}

/// A connection that another part of the program has accepted.
#[derive(Debug)]
pub(crate) struct Adopted {
    pub(crate) stream: TcpStream,
    /// Present if the client speaks TLS; the handshake is done.
    pub(crate) tls: Option<Box<ServerConnection>>,
}

/// An allocation on its way, with the sockets of its relayed addresses in their order.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) parcel: Parcel,
    pub(crate) sockets: Vec<io::Result<Relayed>>,
}

/// Letters to a worker, and a bell that its poller hears.
#[derive(Debug)]
pub(crate) struct Mailbox {
    letters: Mutex<Vec<Letter>>,
    bell: EventFd,
}

impl Mailbox {
    pub(crate) fn new() -> io::Result<Mailbox> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Mailbox { letters: Mutex::default(), bell })
    }

    /// Puts a letter in and rings.
    pub(crate) fn post(&self, letter: Letter) -> io::Result<()> {
        self.letters().push(letter);
        self.bell.write(1)?;
        Ok(())
    }

    /// Takes all letters out.
    pub(crate) fn take(&self) -> Vec<Letter> {
        // An error means that nobody has rung.
        let _ = self.bell.read();
        mem::take(&mut *self.letters())
    }

    fn letters(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Mailbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_taken_once_and_in_order() {
        let mailbox = Mailbox::new().unwrap();
        assert!(mailbox.take().is_empty());
        mailbox.post(Letter::Revoked("seat".into())).unwrap();
        mailbox.post(Letter::Stop).unwrap();
        let taken = mailbox.take();
        assert!(matches!(&taken[..], [Letter::Revoked(_), Letter::Stop]), "{taken:?}");
        assert!(mailbox.take().is_empty());
    }
}
