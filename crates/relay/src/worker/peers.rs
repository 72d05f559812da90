//! What a worker does for allocations whose peers are reached by TCP.

use std::{io, ops::Range};

use tracing::{debug, warn};
use twocan_stun::attributes::ConnectionId;
use twocan_turn::{Command, Now, RelayId, ServerId};

use super::{MAX_HELD_FOR_STRANGERS, SWEEP_INTERVAL, TURN_LENGTH, Worker};
use crate::{
    connection::{Connection, Ended},
    mailbox::Letter,
    peers::Progress,
    poller::Token,
};

/// Where the connection goes whose message was just handled.
#[derive(Debug)]
pub(super) enum Departure {
    /// To a peer's, to carry its data.
    Join(ConnectionId),
    /// To another worker, which handles the message.
    HandOver(ServerId),
}

impl Worker {
    /// Does what the server asks for of peers that are reached by TCP.
    pub(super) fn carry_out_for_peers(&mut self, command: Command, now: Now) {
        let poller = &self.sockets.poller;
        match command {
            Command::Listen { relay, local } => {
                let opened = self.peers.listen(relay, local, poller);
                if let Err(error) = &opened {
                    debug!(%local, %error, "a relay port could not be bound");
                }
                self.server.handle_opened(relay, opened.is_ok(), now);
            }
            Command::Connect { connection, local, peer } => {
                if let Err(error) = self.peers.connect(connection, local, peer, poller) {
                    debug!(%local, %peer, %error, "a peer could not be connected to");
                    self.server.handle_connected(connection, false, now);
                }
            }
            Command::Disconnect { connection } => self.peers.disconnect(connection),
            Command::Join { connection, .. } => {
                self.departure = Some(Departure::Join(connection));
            }
            Command::HandOver { server, .. } => {
                self.departure = Some(Departure::HandOver(server));
            }
            Command::Send { .. }
            | Command::Open { .. }
            | Command::Close { .. }
            | Command::Move(_)
            | Command::Again { .. } => {}
        }
    }

    /// Takes the connections that peers began.
    pub(super) fn accept_peers(&mut self, relay: RelayId, now: Now) {
        for _ in 0..TURN_LENGTH {
            let Some(listener) = self.peers.listener(relay) else { break };
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    warn!(%error, "cannot accept a peer's connection; more open files (ulimit -n) may help");
                    if self.sockets.poller.remove(listener).is_ok() {
                        let again = now.instant + SWEEP_INTERVAL;
                        self.peers.set_alarm(Token::PeerListener(relay.0), again);
                    }
                    break;
                }
            };
            let Some(connection) = self.server.handle_incoming(relay, peer, now) else {
                continue;
            };
            if let Err(error) = self.peers.insert(connection, stream, &self.sockets.poller) {
                debug!(%peer, %error, "a peer's connection ended at once");
                self.server.handle_closed(connection);
            }
        }
        self.carry_out(now);
    }

    /// Something happened to a peer's connection, or to the client's that is joined to it.
    pub(super) fn attend_to_peer(&mut self, connection: ConnectionId, now: Now) {
        match self.peers.progress(connection) {
            Some(Progress::Waiting) => {}
            Some(progress) => {
                let connected = progress == Progress::Connected;
                self.server.handle_connected(connection, connected, now);
            }
            None => {
                let server = &self.server;
                let may_pass = |bytes| server.may_pass(connection, bytes, now);
                if self.peers.turn(connection, &mut self.buffer, now.instant, may_pass) {
                    self.server.handle_closed(connection);
                }
            }
        }
        self.carry_out(now);
    }

    /// Looks at the sockets whose time has come.
    pub(super) fn attend_to_alarms(&mut self, now: Now) {
        for token in self.peers.take_alarms(now.instant) {
            match token {
                Token::Peer(connection) => self.attend_to_peer(connection, now),
                Token::PeerListener(index) => {
                    if let Some(listener) = self.peers.listener(RelayId(index))
                        && self.sockets.poller.add(listener, token).is_err()
                    {
                        self.peers.set_alarm(token, now.instant + SWEEP_INTERVAL);
                    }
                }
                _ => {}
            }
        }
    }

    /// Gives a connection away after a message of its that stands in the buffer, with what came
    /// behind it.
    pub(super) fn depart(
        &mut self,
        key: usize,
        departure: Departure,
        message: Range<usize>,
        rest: Range<usize>,
        now: Now,
    ) -> Result<(), Ended> {
        let received = match departure {
            Departure::Join(_) => rest,
            Departure::HandOver(_) => message.start..rest.end,
        };
        let received = self.buffer.get(received).unwrap_or_default().to_vec();
        // Whoever sends data before it has its answer did not wait for leave.
        let holds_too_much = received.len() > MAX_HELD_FOR_STRANGERS;
        let connection = if holds_too_much { None } else { self.sockets.release(key) };
        match (departure, connection) {
            (Departure::Join(id), Some(connection)) => {
                let poller = &self.sockets.poller;
                match self.peers.join(id, connection, received, poller, now.instant) {
                    Ok(()) => self.attend_to_peer(id, now),
                    Err(error) => {
                        debug!(%error, "a data connection ended at once");
                        self.abandon(id);
                    }
                }
            }
            (Departure::Join(id), None) => self.abandon(id),
            (Departure::HandOver(worker), Some(connection)) => {
                self.send_over(worker, connection, received);
            }
            (Departure::HandOver(_), None) => {}
        }
        if holds_too_much { Err(Ended::HoldsTooMuch) } else { Ok(()) }
    }

    /// Takes over a connection from another worker, which has read a message that concerns this one.
    pub(super) fn welcome(&mut self, connection: Connection, now: Now) {
        let address = connection.client.address;
        match self.sockets.take_over(connection) {
            Ok(key) => {
                self.sockets.flush(key, &mut self.server);
                self.read(key, now);
                self.next_sweep.get_or_insert(now.instant + SWEEP_INTERVAL);
            }
            Err(error) => debug!(client = %address, %error, "a TURN connection ended at once"),
        }
    }

    fn send_over(&self, ServerId(worker): ServerId, mut connection: Connection, received: Vec<u8>) {
        connection.begin_again_with(received);
        if let Some(mailbox) = self.mailboxes.get(worker)
            && let Err(error) = mailbox.post(Letter::Connection(Box::new(connection)))
        {
            warn!(%error, "a relay thread cannot be told of a connection");
        }
    }

    /// Closes a peer's connection that its client cannot have.
    fn abandon(&mut self, connection: ConnectionId) {
        self.peers.disconnect(connection);
        self.server.handle_closed(connection);
    }
}
