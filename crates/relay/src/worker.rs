//! A worker: one thread that waits for its sockets and feeds its server.

mod dtls;
mod moving;
mod peers;

use std::{
    io, mem,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{debug, error, trace, warn};
use twocan_stun::stream::LONGEST_MESSAGE;
use twocan_turn::{
    Client, Command, Forward, HEADROOM, Link, Now, RelayId, Server, TAILROOM, ToClient, ToPeer,
    Transport,
};

use self::peers::Departure;
use crate::{
    Alarm, clock,
    connection::{Ended, Kind, next_message},
    dtls::{Dtls, is_dtls},
    listener::Listeners,
    mailbox::{Adopted, Letter, Mailbox},
    peers::Peers,
    poller::{Poller, Ready, Token},
    reserved::Reserved,
    run::Way,
    sockets::Sockets,
};

/// Packets or connections taken from a socket before the others get their turn.
const TURN_LENGTH: usize = 64;

/// Bytes that the longest packet takes in the buffer.
const PLACE: usize = HEADROOM + LONGEST_MESSAGE + TAILROOM;

/// Bytes of the buffer: a turn of packets that a usual network carries, with room for a longest one
/// behind them. Packets stand close together, so that the few of most turns stay in the cache.
const BUFFER: usize = TURN_LENGTH * 2048 + PLACE;

/// Packets begin where the processor's cache lines do.
const CACHE_LINE: usize = 64;

/// How long a connection, or a session of DTLS, may be silent without an allocation.
pub(crate) const STRANGER_TIMEOUT: Duration = Duration::from_secs(60);

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
    dtls: Dtls,
    mailbox: Arc<Mailbox>,
    /// Those of all workers, in their order.
    mailboxes: Arc<[Arc<Mailbox>]>,
    peers: Peers,
    /// Where the connection goes whose message was just handled, if it does not stay.
    departure: Option<Departure>,
    stopping: bool,
    /// The packets of a turn, one behind another until they leave, or what a stream brought.
    buffer: Vec<u8>,
    next_sweep: Option<Instant>,
    /// TCP listeners that wait for room, as accepting failed.
    paused: Vec<usize>,
    /// Datagram sockets whose turn ended before they were read to their end: nobody reports them again.
    unfinished: Vec<Token>,
}

impl Worker {
    pub(crate) fn new(
        server: Server,
        listeners: Listeners,
        dtls: Dtls,
        mailbox: Arc<Mailbox>,
        mailboxes: Arc<[Arc<Mailbox>]>,
        reserved: Arc<Reserved>,
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
            sockets: Sockets::new(poller, listeners, reserved),
            server,
            dtls,
            mailbox,
            mailboxes,
            peers: Peers::default(),
            departure: None,
            stopping: false,
            buffer: vec![0; BUFFER],
            next_sweep: None,
            paused: Vec::new(),
            unfinished: Vec::new(),
        })
    }

    /// Serves until it is told to stop, and disarms the alarm then.
    pub(crate) fn run(mut self, mut alarm: Alarm) {
        let mut ready: Vec<Ready> = Vec::new();
        let mut now = clock::now();
        while !self.stopping {
            let deadline = earliest(self.server.poll_timeout(), self.next_sweep);
            let deadline = earliest(deadline, self.dtls.poll_timeout());
            let unfinished = mem::take(&mut self.unfinished);
            let (overdue, alarm) = match self.peers.next_alarm() {
                Some(time) if time <= now.instant => (true, None),
                alarm => (false, alarm),
            };
            let at_once = overdue || !unfinished.is_empty();
            let deadline = earliest(deadline, alarm);
            if let Err(error) = self.sockets.poller.wait(deadline, at_once, now.instant, &mut ready)
            {
                return error!(%error, "a relay thread cannot wait for its sockets");
            }
            now = clock::now();
            for mut ready in ready.drain(..) {
                // A socket has one turn, however often it is told of.
                ready.readable &= !unfinished.contains(&ready.token);
                self.handle(ready, now);
            }
            for token in unfinished {
                self.handle_readable(token, now);
            }
            self.attend_to_alarms(now);
            self.server.handle_timeout(now);
            self.dtls.handle_timeout(now, &mut self.sockets, &mut self.server);
            self.sweep(now);
            self.carry_out(now);
        }
        self.dtls.close(&mut self.sockets);
        alarm.armed = false;
        debug!(allocations = self.server.allocation_count(), "a relay thread stops");
    }

    fn handle(&mut self, ready: Ready, now: Now) {
        match ready.token {
            Token::Connection(key) if ready.writable => {
                self.sockets.flush(key, &mut self.server);
            }
            Token::Relayed(index) if ready.failed => self.take_errors(RelayId(index), now),
            Token::Peer(connection) => self.attend_to_peer(connection, now),
            _ => {}
        }
        if ready.readable {
            self.handle_readable(ready.token, now);
        }
    }

    fn handle_readable(&mut self, token: Token, now: Now) {
        match token {
            Token::Mailbox => self.read_mail(now),
            Token::Udp(index) => self.receive(index, now),
            Token::Tcp(index) => self.accept(index, now),
            Token::Connection(key) => self.read(key, now),
            Token::Relayed(index) => self.receive_relayed(RelayId(index), now),
            Token::PeerListener(index) => self.accept_peers(RelayId(index), now),
            Token::Peer(_) | Token::Timer => {}
        }
    }

    fn read_mail(&mut self, now: Now) {
        // A letter may bring a socket by a number that is free, once its own is closed.
        self.carry_out(now);
        for letter in self.mailbox.take() {
            match letter {
                Letter::Adopt(adopted) => self.adopt(*adopted, now),
                Letter::Connection(connection) => self.welcome(*connection, now),
                Letter::Revoked(name) => self.server.handle_revoked(&name),
                Letter::Move(order) => self.pack(order),
                Letter::Parcel(delivery) => self.unpack(*delivery, now),
                Letter::Stop => self.stopping = true,
            }
            self.carry_out(now);
        }
    }

    /// Takes datagrams from clients.
    fn receive(&mut self, index: usize, now: Now) {
        let mut start = HEADROOM;
        for taken in 0.. {
            let Some(listener) = self.sockets.listeners.udp.get_mut(index) else { break };
            let Some(room) = room(&mut self.buffer, start).filter(|_| taken < TURN_LENGTH) else {
                self.unfinished.push(Token::Udp(index));
                break;
            };
            let received = match listener.receive(room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
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
            let message = start..start + received.length;
            if self.buffer.get(start).copied().is_some_and(is_dtls) {
                self.receive_dtls(client, message, now);
                continue;
            }
            start = next_start(message.end);
            self.take(client, message, now);
        }
        self.sockets.send_runs(&self.buffer);
    }

    /// Hands a message that stands in the buffer to the server, and does what it answers.
    fn take(&mut self, client: Client, message: Range<usize>, now: Now) {
        match self.server.handle_client(client, &mut self.buffer, message, now) {
            Some(Forward::ToPeer(ToPeer { relay, peer, data, dont_fragment })) => {
                let way = Way::ToPeer { relay, peer, dont_fragment };
                self.sockets.send(way, &data);
            }
            Some(Forward::ToClient(to_client)) => self.forward(to_client),
            None => {
                // What was received first leaves first: a command may close its socket.
                self.sockets.send_runs(&self.buffer);
                self.carry_out(now);
            }
        }
    }

    /// Takes packets from the peers of a relayed address.
    fn receive_relayed(&mut self, id: RelayId, now: Now) {
        let mut start = HEADROOM;
        for taken in 0.. {
            let Some(Some(socket)) = self.sockets.relayed.get(id.0) else { break };
            let Some(room) = room(&mut self.buffer, start).filter(|_| taken < TURN_LENGTH) else {
                self.unfinished.push(Token::Relayed(id.0));
                break;
            };
            let (length, peer) = match socket.receive(room) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    trace!(%error, "a peer's packet could not be received");
                    continue;
                }
            };
            let data = start..start + length;
            start = next_start(data.end);
            if let Some(to_client) = self.server.handle_peer(id, peer, &mut self.buffer, data, now)
            {
                self.forward(to_client);
            }
        }
        self.sockets.send_runs(&self.buffer);
    }

    /// Sends relayed data that stands in the buffer to a client.
    fn forward(&mut self, ToClient { client, message }: ToClient) {
        let Client { address, server, transport, link } = client;
        match transport {
            Transport::Udp => {
                let way = Way::ToClient { link, client: address, from: server.ip() };
                self.sockets.send(way, &message);
            }
            Transport::Dtls => {
                let message = self.buffer.get(message).unwrap_or_default();
                self.dtls.send(client, message, &mut self.sockets, &mut self.server);
            }
            Transport::Tcp => {
                let message = self.buffer.get(message).unwrap_or_default();
                self.sockets.write(link.0, message, Kind::Data, &mut self.server);
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
                self.take(client, message.clone(), now);
                // The next message's header may be written over the end of this one.
                self.sockets.send_runs(&self.buffer);
                if let Some(departure) = self.departure.take() {
                    return self.depart(key, departure, message, range, now);
                }
            }
            let is_stranger = !self.server.has_allocation(&client);
            if let Some(connection) = self.sockets.connections.get_mut(key) {
                // Nobody holds a connection by questions that need no credentials.
                if !is_stranger {
                    connection.last_heard = now.instant;
                }
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
        for index in mem::take(&mut self.paused) {
            if let Some(listener) = self.sockets.listeners.tcp.get(index)
                && self.sockets.poller.add(listener, Token::Tcp(index)).is_err()
            {
                self.paused.push(index);
            }
        }
        let keeps = self.sockets.reserved.expire(now.instant);
        let idle = self.sockets.connections.is_empty() && self.paused.is_empty() && !keeps;
        self.next_sweep = (!idle).then(|| now.instant + SWEEP_INTERVAL);
    }

    /// Does what the server asks for, until it asks for nothing more.
    fn carry_out(&mut self, now: Now) {
        while let Some(command) = self.server.poll_command() {
            match command {
                Command::Send { client, bytes } => self.answer(client, &bytes),
                Command::Open { relay, local, keep } => {
                    let opened = self.sockets.open(relay, local, keep, now);
                    if let Err(error) = &opened {
                        debug!(%local, %error, "a relay port could not be bound");
                    }
                    if keep.is_some() {
                        self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
                    }
                    self.server.handle_opened(relay, opened.is_ok(), now);
                }
                Command::Close { relay } => {
                    self.sockets.close(relay);
                    self.peers.close(relay);
                }
                Command::Move(order) => self.pass_on(order),
                Command::Again { client, bytes } => self.take_again(client, &bytes, now),
                for_peers => self.carry_out_for_peers(for_peers, now),
            }
        }
    }

    /// Sends an answer by the way that the client came.
    fn answer(&mut self, client: Client, bytes: &[u8]) {
        match client.transport {
            Transport::Udp => {
                let way = Way::ToClient {
                    link: client.link,
                    client: client.address,
                    from: client.server.ip(),
                };
                self.sockets.send_at_once(way, bytes);
            }
            Transport::Dtls => {
                self.dtls.send(client, bytes, &mut self.sockets, &mut self.server);
            }
            Transport::Tcp => {
                self.sockets.write(client.link.0, bytes, Kind::Answer, &mut self.server);
            }
        }
    }
}

/// The part of the buffer that a packet is received into; `None` if the longest would not fit.
fn room(buffer: &mut [u8], start: usize) -> Option<&mut [u8]> {
    buffer.get_mut(start..start + LONGEST_MESSAGE + TAILROOM)?.get_mut(..LONGEST_MESSAGE)
}

/// Where a packet may begin behind one that ends here.
fn next_start(end: usize) -> usize {
    (end + TAILROOM + HEADROOM).next_multiple_of(CACHE_LINE)
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
