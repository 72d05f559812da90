//! Waiting for sockets: epoll, edge-triggered, so that nothing has to be changed after the first word.

use std::{
    io,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
};

/// Sockets that are reported at a time.
const EVENTS: usize = 256;

/// A set of sockets, each with the number that its owner knows it by.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl Poller {
    /// An empty set.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn new() -> io::Result<Poller> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Poller { epoll, events: vec![EpollEvent::empty(); EVENTS] })
    }

    /// Watches a socket until it is closed.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn add(&self, socket: impl AsFd, number: usize) -> io::Result<()> {
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        Ok(self.epoll.add(socket, EpollEvent::new(flags, number as u64))?)
    }

    /// Waits for sockets until `deadline`, if there is one, and returns their numbers.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Vec<usize>> {
        let timeout = match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
            None => EpollTimeout::NONE,
            // Rounded up: a deadline that has not quite come would be waited for at full speed.
            Some(left) => EpollTimeout::try_from(left + Duration::from_micros(999))
                .unwrap_or(EpollTimeout::MAX),
        };
        match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => {
                Ok(self.events.iter().take(count).map(|event| event.data() as usize).collect())
            }
            Err(Errno::EINTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}
