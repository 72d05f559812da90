//! A worker: one thread that waits for its sockets and feeds its server.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::ServerConnection;
use slab::Slab;
use tracing::{debug, error, trace, warn};
use twocan_stun::stream::LONGEST_MESSAGE;
use twocan_turn::{
    Client, Command, Forward, HEADROOM, Link, Now, RelayId, Server, TAILROOM, ToClient, ToPeer,
    Transport,
};

use crate::{
    Alarm, clock,
    connection::{Connection, Ended, Kind, next_message},
    listener::Listeners,
    mailbox::{Adopted, Letter, Mailbox},
    poller::{Poller, Ready, Token},
    relayed::Relayed,
    stream::Stream,
};

/// Packets taken from a socket before the others get their turn.
const TURN_LENGTH: usize = 64;

/// How long a connection without an allocation may be silent.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes that may wait in either direction for a client without an allocation: some requests and
/// their answers.
const MAX_HELD_FOR_STRANGERS: usize = 8 << 10;

/// How often silent connections are looked for, and how long accepting pauses when the system
/// has no room for another connection.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A thread's sockets and its server.
#[derive(Debug)]
pub(crate) struct Worker {
    sockets: Sockets,
    server: Server,
    mailbox: Arc<Mailbox>,
    stopping: bool,
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
    /// The relayed addresses, by their numbers.
    relayed: Vec<Option<Relayed>>,
}

impl Worker {
    pub(crate) fn new(
        server: Server,
        listeners: Listeners,
        mailbox: Arc<Mailbox>,
    ) -> io::Result<Worker> {
        let poller = Poller::new()?;
        poller.add(&mailbox, Token::Mailbox)?;
        for (index, socket) in listeners.udp.iter().enumerate() {
            poller.add(socket, Token::Udp(index))?;
        }
        for (index, socket) in listeners.tcp.iter().enumerate() {
            poller.add(socket, Token::Tcp(index))?;
        }
        Ok(Worker {
            sockets: Sockets { poller, listeners, connections: Slab::new(), relayed: Vec::new() },
            server,
            mailbox,
            stopping: false,
            buffer: vec![0; HEADROOM + LONGEST_MESSAGE + TAILROOM],
            next_sweep: None,
            paused: Vec::new(),
        })
    }

    /// Serves until it is told to stop, and disarms the alarm then.
    pub(crate) fn run(mut self, mut alarm: Alarm) {
        let mut ready: Vec<Ready> = Vec::new();
        let mut now = clock::now();
        while !self.stopping {
            let deadline = earliest(self.server.poll_timeout(), self.next_sweep);
            if let Err(error) = self.sockets.poller.wait(deadline, now.instant, &mut ready) {
                return error!(%error, "a relay thread cannot wait for its sockets");
            }
            now = clock::now();
            for ready in ready.drain(..) {
                self.handle(ready, now);
            }
            self.server.handle_timeout(now);
            self.sweep(now);
            self.carry_out(now);
        }
        alarm.armed = false;
        debug!(allocations = self.server.allocation_count(), "a relay thread stops");
    }

    fn handle(&mut self, ready: Ready, now: Now) {
        match ready.token {
            Token::Mailbox => self.read_mail(now),
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
            Token::Relayed(index) => {
                if ready.failed {
                    self.take_errors(RelayId(index), now);
                }
                self.receive_relayed(RelayId(index), now);
            }
        }
    }

    fn read_mail(&mut self, now: Now) {
        for letter in self.mailbox.take() {
            match letter {
                Letter::Adopt(adopted) => self.adopt(*adopted, now),
                Letter::Revoked(name) => self.server.handle_revoked(&name),
                Letter::Stop => self.stopping = true,
            }
        }
        self.carry_out(now);
    }

    /// Takes datagrams from clients.
    fn receive(&mut self, index: usize, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(listener) = self.sockets.listeners.udp.get_mut(index) else {
                return;
            };
            let end = self.buffer.len() - TAILROOM;
            let Some(room) = self.buffer.get_mut(HEADROOM..end) else { return };
            let received = match listener.receive(room) {
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
            self.take(client, HEADROOM..HEADROOM + received.length, now);
        }
    }

    /// Hands a message that stands in the buffer to the server, and does what it answers.
    fn take(&mut self, client: Client, message: Range<usize>, now: Now) {
        match self.server.handle_client(client, &mut self.buffer, message, now) {
            Some(Forward::ToPeer(to_peer)) => self.sockets.send_to_peer(&to_peer, &self.buffer),
            Some(Forward::ToClient(to_client)) => self.forward(to_client),
            None => self.carry_out(now),
        }
    }

    /// Takes packets from the peers of a relayed address.
    fn receive_relayed(&mut self, id: RelayId, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(Some(socket)) = self.sockets.relayed.get(id.0) else {
                return;
            };
            let end = self.buffer.len() - TAILROOM;
            let Some(room) = self.buffer.get_mut(HEADROOM..end) else { return };
            let (length, peer) = match socket.receive(room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    trace!(%error, "a peer's packet could not be received");
                    continue;
                }
            };
            if let Some(to_client) =
                self.server.handle_peer(id, peer, &mut self.buffer, length, now)
            {
                self.forward(to_client);
            }
        }
    }

    /// Takes the ICMP errors that a relayed address met.
    fn take_errors(&mut self, id: RelayId, now: Now) {
        while let Some(Some(socket)) = self.sockets.relayed.get(id.0)
            && let Some((peer, icmp)) = socket.next_error()
        {
            self.server.handle_icmp(id, peer, icmp, now);
        }
        self.carry_out(now);
    }

    /// Sends relayed data that stands in the buffer to a client.
    fn forward(&mut self, to_client: ToClient) {
        if let Some(message) = self.buffer.get(to_client.message) {
            self.sockets.send_to_client(to_client.client, message, Kind::Data, &mut self.server);
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
            if let Err(error) = self.sockets.connect(stream, None, address, now) {
                debug!(client = %address, %error, "a TURN connection ended at once");
            }
            self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
        }
    }

    /// Takes messages from a connection.
    fn read(&mut self, key: usize, now: Now) {
        if let Err(why) = self.read_messages(key, now) {
            self.sockets.disconnect(key, &why, &mut self.server);
        }
        self.carry_out(now);
    }

    fn read_messages(&mut self, key: usize, now: Now) -> Result<(), Ended> {
        // An answer that cannot be sent may end the connection at any time.
        while let Some(connection) = self.sockets.connections.get_mut(key) {
            let client = connection.client;
            let mut range = connection.read(&mut self.buffer)?;
            while let Some(message) = next_message(&self.buffer, &mut range)? {
                self.take(client, message, now);
                if let Some(connection) = self.sockets.connections.get_mut(key) {
                    connection.last_heard = now.instant;
                }
            }
            let is_stranger = !self.server.has_allocation(&client);
            if let Some(connection) = self.sockets.connections.get_mut(key) {
                connection.keep(self.buffer.get(range).unwrap_or_default());
                if is_stranger && connection.holds() > MAX_HELD_FOR_STRANGERS {
                    return Err(Ended::HoldsTooMuch);
                }
                if !connection.holds_back() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes over a connection that another part of the program has accepted.
    fn adopt(&mut self, Adopted { stream, tls }: Adopted, now: Now) {
        let address = match stream.peer_addr() {
            Ok(address) => address,
            Err(error) => return debug!(%error, "a TURN connection ended at once"),
        };
        match self.sockets.connect(stream, tls, address, now) {
            // What has been received already is told by no event.
            Ok(key) => self.read(key, now),
            Err(error) => debug!(client = %address, %error, "a TURN connection ended at once"),
        }
        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
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
                Command::Open { relay, local } => {
                    let opened = self.sockets.open(relay, local);
                    if let Err(error) = &opened {
                        debug!(%local, %error, "a relay port could not be bound");
                    }
                    self.server.handle_opened(relay, opened.is_ok(), now);
                }
                Command::Close { relay } => self.sockets.close(relay),
            }
        }
    }
}

impl Sockets {
    /// A packet that cannot be sent is lost, as any packet may be: no route to a peer's private
    /// address, or a peer's ICMP error, is no reason to end an allocation that serves other peers.
    fn send_to_peer(&mut self, to_peer: &ToPeer, buffer: &[u8]) {
        if let Some(Some(socket)) = self.relayed.get_mut(to_peer.relay.0)
            && let Some(data) = buffer.get(to_peer.data.clone())
            && let Err(error) = socket.send(data, to_peer.peer, to_peer.dont_fragment)
        {
            trace!(peer = %to_peer.peer, %error, "a packet could not be sent to a peer");
        }
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

    /// Takes over a connection that was accepted; returns its key.
    fn connect(
        &mut self,
        stream: TcpStream,
        tls: Option<Box<ServerConnection>>,
        address: SocketAddr,
        now: Now,
    ) -> io::Result<usize> {
        stream.set_nonblocking(true)?;
        // A message must not wait for the next one.
        stream.set_nodelay(true)?;
        let server = stream.local_addr()?;
        let stream = match tls {
            Some(tls) => Stream::Tls(stream, tls),
            None => Stream::Plain(stream),
        };
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let client = Client { address, server, transport: Transport::Tcp, link: Link(key) };
        let connection = Connection::new(client, stream, now.instant);
        self.poller.add(&connection, Token::Connection(key))?;
        entry.insert(connection);
        trace!(client = %address, "a TURN connection");
        Ok(key)
    }

    fn disconnect(&mut self, key: usize, why: &Ended, server: &mut Server) {
        if let Some(mut connection) = self.connections.try_remove(key) {
            connection.close();
            trace!(client = %connection.client.address, %why, "a TURN connection ended");
            server.handle_disconnected(connection.client);
        }
    }

    /// Binds the socket of a relayed address.
    fn open(&mut self, RelayId(index): RelayId, local: SocketAddr) -> io::Result<()> {
        let socket = Relayed::bind(local)?;
        self.poller.add(&socket, Token::Relayed(index))?;
        if self.relayed.len() <= index {
            self.relayed.resize_with(index + 1, || None);
        }
        if let Some(place) = self.relayed.get_mut(index) {
            *place = Some(socket);
        }
        Ok(())
    }

    fn close(&mut self, RelayId(index): RelayId) {
        if let Some(place) = self.relayed.get_mut(index) {
            *place = None;
        }
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
