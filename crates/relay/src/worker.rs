//! A worker: one thread that waits for its sockets and feeds its server.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nix::sys::eventfd::EventFd;
use slab::Slab;
use tracing::{debug, error, trace, warn};
use twocan_turn::{
    AllocationId, Client, Command, HEADROOM, Link, Now, Server, TAILROOM, ToPeer, Transport,
};

use crate::{
    clock,
    connection::{Connection, Ended, Kind},
    listener::{Listeners, UDP_BUFFER},
    poller::{Poller, Ready, Token},
};

/// Packets taken from a socket before the others get their turn.
const TURN_LENGTH: usize = 64;

/// The longest packet that UDP carries, in bytes.
const MAX_DATAGRAM: usize = 65_535;

/// How long a connection without an allocation may be silent.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);

/// How often silent connections are looked for, and how long accepting pauses when the system
/// has no room for another connection.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A thread's sockets and its server.
#[derive(Debug)]
pub(crate) struct Worker {
    sockets: Sockets,
    server: Server,
    stop: Arc<AtomicBool>,
    buffer: Vec<u8>,
    next_sweep: Option<Instant>,
    /// TCP listeners that wait for room, as accepting failed.
    paused: Vec<usize>,
}

/// What the server's commands act on.
#[derive(Debug)]
struct Sockets {
    poller: Poller,
    listeners: Listeners,
    connections: Slab<Connection>,
    /// The allocations' sockets, by the allocations' numbers.
    relayed: Vec<Option<UdpSocket>>,
}

impl Worker {
    pub(crate) fn new(
        server: Server,
        listeners: Listeners,
        wake: &EventFd,
        stop: Arc<AtomicBool>,
    ) -> io::Result<Worker> {
        let poller = Poller::new()?;
        poller.add(wake, Token::Wake)?;
        for (index, socket) in listeners.udp.iter().enumerate() {
            poller.add(socket, Token::Udp(index))?;
        }
        for (index, socket) in listeners.tcp.iter().enumerate() {
            poller.add(socket, Token::Tcp(index))?;
        }
        Ok(Worker {
            sockets: Sockets { poller, listeners, connections: Slab::new(), relayed: Vec::new() },
            server,
            stop,
            buffer: vec![0; HEADROOM + MAX_DATAGRAM + TAILROOM],
            next_sweep: None,
            paused: Vec::new(),
        })
    }

    /// Serves until it is told to stop.
    pub(crate) fn run(mut self) {
        let mut ready: Vec<Ready> = Vec::new();
        let mut now = clock::now();
        while !self.stop.load(Ordering::Acquire) {
            let deadline = earliest(self.server.poll_timeout(), self.next_sweep);
            if let Err(error) = self.sockets.poller.wait(deadline, now.instant, &mut ready) {
                error!(%error, "the relay cannot wait for its sockets; restart the server");
                return;
            }
            now = clock::now();
            for ready in ready.drain(..) {
                self.handle(ready, now);
            }
            self.server.handle_timeout(now);
            self.sweep(now);
            self.carry_out(now);
        }
        debug!(allocations = self.server.allocation_count(), "a relay thread stops");
    }

    fn handle(&mut self, ready: Ready, now: Now) {
        match ready.token {
            Token::Wake => {}
            Token::Udp(index) => self.receive(index, now),
            Token::Tcp(index) => self.accept(index, now),
            Token::Connection(key) => {
                if ready.writable {
                    self.sockets.flush(key, &mut self.server);
                }
                if ready.readable {
                    self.read(key, now);
                }
            }
            Token::Relayed(index) => self.receive_relayed(AllocationId(index), now),
        }
    }

    /// Takes datagrams from clients.
    fn receive(&mut self, index: usize, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(listener) = self.sockets.listeners.udp.get_mut(index) else {
                return;
            };
            let received = match listener.receive(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    // Such as a client's ICMP error; it concerns nobody else.
                    trace!(%error, "a datagram could not be received");
                    continue;
                }
            };
            let client = Client {
                address: received.from,
                server: received.to,
                transport: Transport::Udp,
                link: Link(index),
            };
            let Some(bytes) = self.buffer.get(..received.length) else {
                continue;
            };
            if let Some(to_peer) = self.server.handle_client(client, bytes, now) {
                self.sockets.send_to_peer(&to_peer);
            } else {
                self.carry_out(now);
            }
        }
    }

    /// Takes packets from the peers of an allocation.
    fn receive_relayed(&mut self, id: AllocationId, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(Some(socket)) = self.sockets.relayed.get(id.0) else {
                return;
            };
            let end = self.buffer.len() - TAILROOM;
            let Some(room) = self.buffer.get_mut(HEADROOM..end) else {
                return;
            };
            let (length, peer) = match socket.recv_from(room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    trace!(%error, "a peer's packet could not be received");
                    continue;
                }
            };
            let to_client = self.server.handle_peer(id, peer, &mut self.buffer, length, now);
            if let Some(to_client) = to_client
                && let Some(message) = self.buffer.get(to_client.message)
            {
                self.sockets.send_to_client(
                    to_client.client,
                    message,
                    Kind::Data,
                    &mut self.server,
                );
            }
        }
    }

    fn accept(&mut self, index: usize, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(listener) = self.sockets.listeners.tcp.get(index) else {
                return;
            };
            let (stream, address) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    warn!(%error, "cannot accept a TURN connection; more open files (ulimit -n) may help");
                    if self.sockets.poller.remove(listener).is_ok() {
                        self.paused.push(index);
                        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
                    }
                    return;
                }
            };
            if let Err(error) = self.sockets.connect(stream, address, now) {
                debug!(client = %address, %error, "a TURN connection ended at once");
            }
            self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        }
    }

    /// Takes messages from a connection.
    fn read(&mut self, key: usize, now: Now) {
        let Some(connection) = self.sockets.connections.get_mut(key) else {
            return;
        };
        connection.last_heard = now.instant;
        let client = connection.client;
        let relayed = &self.sockets.relayed;
        let outcome = connection.read(&mut self.buffer, |message| {
            if let Some(to_peer) = self.server.handle_client(client, message, now) {
                send_to_peer(relayed, &to_peer);
            }
        });
        self.carry_out(now);
        if let Err(why) = outcome {
            self.sockets.disconnect(key, &why, &mut self.server);
            self.carry_out(now);
        }
    }

    /// Closes connections of strangers who fell silent, and accepts again after a pause.
    fn sweep(&mut self, now: Now) {
        if self.next_sweep.is_none_or(|at| now.instant < at) {
            return;
        }
        let silent: Vec<usize> = self
            .sockets
            .connections
            .iter()
            .filter(|(_, connection)| {
                now.instant.duration_since(connection.last_heard) > STRANGER_TIMEOUT
                    && !self.server.has_allocation(&connection.client)
            })
            .map(|(key, _)| key)
            .collect();
        for key in silent {
            let why = Ended::Failed(io::ErrorKind::TimedOut.into());
            self.sockets.disconnect(key, &why, &mut self.server);
        }
        for index in std::mem::take(&mut self.paused) {
            if let Some(listener) = self.sockets.listeners.tcp.get(index)
                && self.sockets.poller.add(listener, Token::Tcp(index)).is_err()
            {
                self.paused.push(index);
            }
        }
        let idle = self.sockets.connections.is_empty() && self.paused.is_empty();
        self.next_sweep = (!idle).then(|| now.instant + SWEEP_INTERVAL);
    }

    /// Does what the server asks for, until it asks for nothing more.
    fn carry_out(&mut self, now: Now) {
        while let Some(command) = self.server.poll_command() {
            match command {
                Command::Send { client, bytes } => {
                    self.sockets.send_to_client(client, &bytes, Kind::Answer, &mut self.server);
                }
                Command::Open { allocation, local } => {
                    let opened = self.sockets.open(allocation, local);
                    if let Err(error) = &opened {
                        debug!(%local, %error, "a relay port could not be bound");
                    }
                    self.server.handle_opened(allocation, opened.is_ok(), now);
                }
                Command::Close { allocation } => self.sockets.close(allocation),
            }
        }
    }
}

impl Sockets {
    fn send_to_peer(&self, to_peer: &ToPeer<'_>) {
        send_to_peer(&self.relayed, to_peer);
    }

    /// Sends a message by the way that the client came.
    fn send_to_client(&mut self, client: Client, message: &[u8], kind: Kind, server: &mut Server) {
        let Client { address, link: Link(link), .. } = client;
        match client.transport {
            Transport::Udp => {
                if let Some(listener) = self.listeners.udp.get(link)
                    && let Err(error) = listener.send(message, address, client.server.ip())
                {
                    trace!(client = %address, %error, "a datagram could not be sent");
                }
            }
            Transport::Tcp => {
                let Some(connection) = self.connections.get_mut(link) else {
                    return;
                };
                let outcome = connection.write(message, kind);
                self.after_write(link, outcome, server);
            }
        }
    }

    fn flush(&mut self, key: usize, server: &mut Server) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let outcome = connection.flush();
        self.after_write(key, outcome, server);
    }

    fn after_write(&mut self, key: usize, outcome: Result<bool, Ended>, server: &mut Server) {
        let outcome = outcome.and_then(|queued| {
            let Some(connection) = self.connections.get_mut(key) else {
                return Ok(());
            };
            if connection.waits_for_room == queued {
                return Ok(());
            }
            connection.waits_for_room = queued;
            Ok(self.poller.want_write(&*connection, Token::Connection(key), queued)?)
        });
        if let Err(why) = outcome {
            self.disconnect(key, &why, server);
        }
    }

    /// Takes over a connection that was accepted.
    fn connect(
        &mut self,
        stream: std::net::TcpStream,
        address: SocketAddr,
        now: Now,
    ) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        // A message must not wait for the next one.
        stream.set_nodelay(true)?;
        let server = stream.local_addr()?;
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let client = Client { address, server, transport: Transport::Tcp, link: Link(key) };
        let connection = Connection::new(client, stream, now.instant);
        self.poller.add(&connection, Token::Connection(key))?;
        entry.insert(connection);
        trace!(client = %address, "a TURN connection");
        Ok(())
    }

    fn disconnect(&mut self, key: usize, why: &Ended, server: &mut Server) {
        if let Some(connection) = self.connections.try_remove(key) {
            trace!(client = %connection.client.address, %why, "a TURN connection ended");
            server.handle_disconnected(connection.client);
        }
    }

    /// Binds an allocation's socket.
    fn open(&mut self, AllocationId(index): AllocationId, local: SocketAddr) -> io::Result<()> {
        let socket = UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(UDP_BUFFER);
        self.poller.add(&socket, Token::Relayed(index))?;
        if self.relayed.len() <= index {
            self.relayed.resize_with(index + 1, || None);
        }
        if let Some(place) = self.relayed.get_mut(index) {
            *place = Some(socket);
        }
        Ok(())
    }

    fn close(&mut self, AllocationId(index): AllocationId) {
        if let Some(place) = self.relayed.get_mut(index) {
            *place = None;
        }
    }
}

/// A packet that cannot be sent is lost, as any packet may be: no route to a peer's private
/// address, or a peer's ICMP error, is no reason to end an allocation that serves other peers.
fn send_to_peer(relayed: &[Option<UdpSocket>], to_peer: &ToPeer<'_>) {
    if let Some(Some(socket)) = relayed.get(to_peer.allocation.0)
        && let Err(error) = socket.send_to(to_peer.data, to_peer.peer)
    {
        trace!(peer = %to_peer.peer, %error, "a packet could not be sent to a peer");
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
