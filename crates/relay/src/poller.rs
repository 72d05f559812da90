//! Waiting for sockets: epoll, with a token that says which socket is meant.

use std::{
    io,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use twocan_stun::attributes::ConnectionId;

/// Events taken from the kernel at a time.
const EVENTS: usize = 256;

/// Which socket an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The poller's own.
    Timer,
    /// The listener of a relayed address that speaks TCP, by the relayed address's number.
    PeerListener(usize),
    /// A connection of a peer's, or the client's that is joined to it.
    Peer(ConnectionId),
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
            Token::Timer => (5, 0),
            Token::PeerListener(index) => (6, index),
            Token::Peer(ConnectionId(name)) => (7, name as usize),
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
            5 => Token::Timer,
            6 => Token::PeerListener(index),
            7 => Token::Peer(ConnectionId(index as u32)),
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

/// A set of sockets, and a deadline.
///
/// Datagram sockets are edge-triggered: each packet is reported, and a socket that was not read to its
/// end is not reported again for what is left. So are the connections of peers, with room to write as
/// well. Everything else is level-triggered.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    events: Vec<EpollEvent>,
    /// Tells of the deadline. A time-out of the kernel's wait would be set and cancelled with each
    /// wait, while the deadline changes once a second.
    timer: TimerFd,
    deadline: Option<Instant>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Poller> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let poller = Poller {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            events: vec![EpollEvent::empty(); EVENTS],
            timer: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?,
            deadline: None,
        };
        poller.add(&poller.timer, Token::Timer)?;
        Ok(poller)
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

    /// Waits until a socket is ready, or until the deadline; with `at_once` it only looks. Appends
    /// what is ready to `ready`.
    pub(crate) fn wait(
        &mut self,
        deadline: Option<Instant>,
        at_once: bool,
        now: Instant,
        ready: &mut Vec<Ready>,
    ) -> io::Result<()> {
        if deadline != self.deadline {
            self.set_timer(deadline, now)?;
        }
        let timeout = if at_once { EpollTimeout::ZERO } else { EpollTimeout::NONE };
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in self.events.iter().take(count) {
            let flags = event.events();
            let token = Token::decode(event.data());
            if token == Token::Timer {
                // The deadline is over, and unset until the next one.
                self.timer.unset()?;
                self.deadline = None;
                continue;
            }
            ready.push(Ready {
                token,
                readable: flags
                    .intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR),
                writable: flags.contains(EpollFlags::EPOLLOUT),
                failed: flags.contains(EpollFlags::EPOLLERR),
            });
        }
        Ok(())
    }

    fn set_timer(&mut self, deadline: Option<Instant>, now: Instant) -> io::Result<()> {
        match deadline {
            // A time of zero would unset the timer.
            Some(deadline) => {
                let wait = deadline.saturating_duration_since(now).max(Duration::from_nanos(1));
                let wait = Expiration::OneShot(wait.into());
                self.timer.set(wait, TimerSetTimeFlags::empty())?;
            }
            None => self.timer.unset()?,
        }
        self.deadline = deadline;
        Ok(())
    }
}

fn event(token: Token, write: bool) -> EpollEvent {
    let mut flags = EpollFlags::EPOLLIN;
    let edges = matches!(token, Token::Udp(_) | Token::Relayed(_) | Token::Peer(_));
    flags.set(EpollFlags::EPOLLET, edges);
    flags.set(EpollFlags::EPOLLOUT, write || matches!(token, Token::Peer(_)));
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
            Token::Timer,
            Token::PeerListener(5),
            Token::Peer(ConnectionId(u32::MAX)),
        ] {
            assert_eq!(Token::decode(token.encode()), token);
        }
    }

    #[test]
    fn a_deadline_ends_the_wait_once_and_may_be_moved() {
        let mut poller = Poller::new().unwrap();
        let mut ready = Vec::new();
        let start = Instant::now();
        for milliseconds in [20, 40] {
            let deadline = start + Duration::from_millis(milliseconds);
            poller.wait(Some(start + Duration::from_secs(60)), true, start, &mut ready).unwrap();
            poller.wait(Some(deadline), false, Instant::now(), &mut ready).unwrap();
            assert!(Instant::now() >= deadline);
        }
        assert!(ready.is_empty(), "the poller's own timer concerns nobody else");
    }
}
