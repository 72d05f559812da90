//! Waiting for sockets: epoll, with a token that says which socket is meant.

use std::{
    io,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
};

/// Events taken from the kernel at a time.
const EVENTS: usize = 256;

/// Which socket an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// Another thread has something to say.
    Mailbox,
    /// A UDP listener, by its index.
    Udp(usize),
    /// A TCP listener, by its index.
    Tcp(usize),
    /// A client's connection, by its key.
    Connection(usize),
    /// An allocation's socket, by the allocation's number.
    Relayed(usize),
}

/// The kind stands in the highest byte, the index below it.
const KIND_SHIFT: u32 = 56;

impl Token {
    fn encode(self) -> u64 {
        let (kind, index) = match self {
            Token::Mailbox => (0, 0),
            Token::Udp(index) => (1, index),
            Token::Tcp(index) => (2, index),
            Token::Connection(index) => (3, index),
            Token::Relayed(index) => (4, index),
        };
        kind << KIND_SHIFT | index as u64
    }

    fn decode(bits: u64) -> Token {
        let index = (bits & ((1 << KIND_SHIFT) - 1)) as usize;
        match bits >> KIND_SHIFT {
            1 => Token::Udp(index),
            2 => Token::Tcp(index),
            3 => Token::Connection(index),
            4 => Token::Relayed(index),
            _ => Token::Mailbox,
        }
    }
}

/// What a socket is ready for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ready {
    pub(crate) token: Token,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// Whether an error waits to be taken.
    pub(crate) failed: bool,
}

/// A set of sockets, level-triggered: what is not read to its end is reported again.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Poller> {
        Ok(Poller {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            events: vec![EpollEvent::empty(); EVENTS],
        })
    }

    /// Watches a socket for something to read. It is forgotten when it is closed.
    pub(crate) fn add(&self, socket: impl AsFd, token: Token) -> io::Result<()> {
        Ok(self.epoll.add(socket, event(token, false))?)
    }

    /// Says whether room to write is of interest as well.
    pub(crate) fn want_write(
        &self,
        socket: impl AsFd,
        token: Token,
        wanted: bool,
    ) -> io::Result<()> {
        Ok(self.epoll.modify(socket, &mut event(token, wanted))?)
    }

    /// Stops watching a socket that stays open.
    pub(crate) fn remove(&self, socket: impl AsFd) -> io::Result<()> {
        Ok(self.epoll.delete(socket)?)
    }

    /// Waits until a socket is ready, or until the deadline; appends what is ready to `ready`.
    pub(crate) fn wait(
        &mut self,
        deadline: Option<Instant>,
        now: Instant,
        ready: &mut Vec<Ready>,
    ) -> io::Result<()> {
        let timeout = deadline.map_or(EpollTimeout::NONE, |deadline| {
            // Rounded up, so that the deadline has passed when the wait is over.
            let wait = deadline.saturating_duration_since(now) + Duration::from_micros(999);
            EpollTimeout::try_from(wait).unwrap_or(EpollTimeout::MAX)
        });
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        ready.extend(self.events.iter().take(count).map(|event| {
            let flags = event.events();
            Ready {
                token: Token::decode(event.data()),
                readable: flags
                    .intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR),
                writable: flags.contains(EpollFlags::EPOLLOUT),
                failed: flags.contains(EpollFlags::EPOLLERR),
            }
        }));
        Ok(())
    }
}

fn event(token: Token, write: bool) -> EpollEvent {
    let mut flags = EpollFlags::EPOLLIN;
    flags.set(EpollFlags::EPOLLOUT, write);
    EpollEvent::new(flags, token.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_their_encoding() {
        for token in [
            Token::Mailbox,
            Token::Udp(0),
            Token::Tcp(3),
            Token::Connection(70_000),
            Token::Relayed((1 << KIND_SHIFT) - 1),
        ] {
            assert_eq!(Token::decode(token.encode()), token);
        }
    }
}
