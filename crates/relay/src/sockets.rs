//! A worker's sockets: what the server's commands act on.

use std::{
    io::{self, IoSlice},
    net::{SocketAddr, TcpStream},
    ops::Range,
    sync::Arc,
};

use rustls::ServerConnection;
use slab::Slab;
use tracing::trace;
use twocan_turn::{Client, Link, Now, RelayId, Server, Transport};

use crate::{
    connection::{Connection, Ended, Kind},
    listener::Listeners,
    poller::{Poller, Token},
    relayed::Relayed,
    reserved::Reserved,
    run::{Runs, Way},
    stream::Stream,
};

/// All sockets of a worker.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) poller: Poller,
    pub(crate) listeners: Listeners,
    pub(crate) connections: Slab<Connection>,
    /// The relayed addresses, by their numbers.
    pub(crate) relayed: Vec<Option<Relayed>>,
    /// Shared by all workers.
    pub(crate) reserved: Arc<Reserved>,
    runs: Runs,
}

impl Sockets {
    pub(crate) fn new(poller: Poller, listeners: Listeners, reserved: Arc<Reserved>) -> Sockets {
        Sockets {
            poller,
            listeners,
            connections: Slab::new(),
            relayed: Vec::new(),
            reserved,
            runs: Runs::default(),
        }
    }

    /// Sends a packet that stands in the worker's buffer, with the next [`Sockets::send_runs`].
    pub(crate) fn send(&mut self, way: Way, packet: &Range<usize>) {
        self.runs.push(way, packet);
    }

    /// Sends the packets that were to wait for it.
    pub(crate) fn send_runs(&mut self, buffer: &[u8]) {
        let Sockets { runs, listeners, relayed, .. } = self;
        runs.send(buffer, |way, parts, size| send(listeners, relayed, way, parts, size));
    }

    /// Sends a single packet.
    pub(crate) fn send_at_once(&mut self, way: Way, packet: &[u8]) {
        // It may be lost.
        let _ = send(&self.listeners, &mut self.relayed, way, &[IoSlice::new(packet)], None);
    }

    /// Sends a message to a client that came by TCP.
    pub(crate) fn write(&mut self, key: usize, message: &[u8], kind: Kind, server: &mut Server) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let outcome = connection.write(message, kind);
        self.after_write(key, outcome, server);
    }

    pub(crate) fn flush(&mut self, key: usize, server: &mut Server) {
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
    pub(crate) fn connect(
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
        // It gets its own number with its place.
        let client = Client { address, server, transport: Transport::Tcp, link: Link(0) };
        let key = self.take_over(Connection::new(client, stream, now.instant))?;
        trace!(client = %address, "a TURN connection");
        Ok(key)
    }

    /// Takes over a connection that messages come by; returns its key.
    pub(crate) fn take_over(&mut self, mut connection: Connection) -> io::Result<usize> {
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        connection.client.link = Link(key);
        self.poller.add(&connection, Token::Connection(key))?;
        entry.insert(connection);
        Ok(key)
    }

    /// Gives a connection away that has no allocation.
    pub(crate) fn release(&mut self, key: usize) -> Option<Connection> {
        let connection = self.connections.try_remove(key)?;
        self.poller.remove(&connection).ok()?;
        Some(connection)
    }

    pub(crate) fn disconnect(&mut self, key: usize, why: &Ended, server: &mut Server) {
        if let Some(mut connection) = self.connections.try_remove(key) {
            connection.close();
            trace!(client = %connection.client.address, %why, "a TURN connection ended");
            server.handle_disconnected(connection.client);
        }
    }

    /// Binds the socket of a relayed address, or takes the one that was kept; and keeps another.
    pub(crate) fn open(
        &mut self,
        relay: RelayId,
        local: SocketAddr,
        keep: Option<SocketAddr>,
        now: Now,
    ) -> io::Result<()> {
        let socket = match self.reserved.take(local, now.instant) {
            Some(socket) => socket,
            None => Relayed::bind(local)?,
        };
        if let Some(next) = keep {
            self.reserved.keep(next, now.instant)?;
        }
        self.attach(relay, socket)
    }

    /// Watches the socket of a relayed address from here on.
    pub(crate) fn attach(&mut self, RelayId(index): RelayId, socket: Relayed) -> io::Result<()> {
        self.poller.add(&socket, Token::Relayed(index))?;
        if self.relayed.len() <= index {
            self.relayed.resize_with(index + 1, || None);
        }
        if let Some(place) = self.relayed.get_mut(index) {
            *place = Some(socket);
        }
        Ok(())
    }

    /// Stops watching the socket of a relayed address, for another worker to do so. What arrives
    /// meanwhile waits in the kernel.
    pub(crate) fn detach(&mut self, RelayId(index): RelayId) -> io::Result<Relayed> {
        let socket = self.relayed.get_mut(index).and_then(Option::take);
        let socket = socket.ok_or(io::ErrorKind::NotFound)?;
        self.poller.remove(&socket)?;
        Ok(socket)
    }

    pub(crate) fn close(&mut self, RelayId(index): RelayId) {
        if let Some(place) = self.relayed.get_mut(index) {
            *place = None;
        }
    }
}

/// Sends one packet, or several of a size.
///
/// Those that cannot be sent are lost, as any packet may be: no route to a peer's private address, or
/// a peer's ICMP error, is no reason to end an allocation that serves other peers.
fn send(
    listeners: &Listeners,
    relayed: &mut [Option<Relayed>],
    way: Way,
    parts: &[IoSlice<'_>],
    size: Option<u16>,
) -> io::Result<()> {
    let sent = match way {
        Way::ToClient { link, client, from } => match listeners.udp.get(link.0) {
            Some(listener) => listener.send(parts, size, client, from),
            None => Ok(()),
        },
        Way::ToPeer { relay, peer, dont_fragment } => match relayed.get_mut(relay.0) {
            Some(Some(socket)) => socket.send(parts, size, peer, dont_fragment),
            _ => Ok(()),
        },
    };
    sent.inspect_err(|error| trace!(?way, %error, "not sent"))
}
