//! Peers that are reached by TCP: the listeners of relayed addresses, and the connections.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    time::Instant,
};

use socket2::Type;
use twocan_stun::attributes::ConnectionId;
use twocan_turn::RelayId;

use crate::{
    connection::Connection,
    listener::new_socket,
    poller::{Poller, Token},
    splice::{CHUNK, Splice, Wait},
    stream::Stream,
};

/// Connections that may wait to be accepted at a relayed address.
const BACKLOG: i32 = 16;

/// A worker's peers.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    listeners: HashMap<RelayId, TcpListener>,
    connecting: HashMap<ConnectionId, TcpStream>,
    /// Connections whose clients have not asked for the data. The kernel keeps what arrives.
    unbound: HashMap<ConnectionId, TcpStream>,
    spliced: HashMap<ConnectionId, Splice>,
    /// When to look at a socket without an event.
    alarms: BTreeSet<(Instant, Token)>,
    alarm_of: HashMap<Token, Instant>,
}

/// How far a connection to a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Connected,
    Failed,
}

impl Peers {
    /// Listens at a relayed address.
    ///
    /// # Errors
    /// If the address is in use.
    pub(crate) fn listen(
        &mut self,
        relay: RelayId,
        local: SocketAddr,
        poller: &Poller,
    ) -> io::Result<()> {
        let socket = new_socket(local, Type::STREAM)?;
        // Connections of an allocation that just ended are no hindrance.
        socket.set_reuse_address(true)?;
        socket.bind(&local.into())?;
        socket.listen(BACKLOG)?;
        // The address is nobody else's from here on; connections from it to peers share it.
        socket.set_reuse_port(true)?;
        let listener = TcpListener::from(socket);
        poller.add(&listener, Token::PeerListener(relay.0))?;
        self.listeners.insert(relay, listener);
        Ok(())
    }

    /// The listener of a relayed address.
    pub(crate) fn listener(&self, relay: RelayId) -> Option<&TcpListener> {
        self.listeners.get(&relay)
    }

    /// Stops listening at a relayed address.
    pub(crate) fn close(&mut self, relay: RelayId) {
        self.listeners.remove(&relay);
        self.clear_alarm(Token::PeerListener(relay.0));
    }

    /// Begins to connect to a peer.
    ///
    /// # Errors
    /// If that fails at once.
    pub(crate) fn connect(
        &mut self,
        connection: ConnectionId,
        local: SocketAddr,
        peer: SocketAddr,
        poller: &Poller,
    ) -> io::Result<()> {
        let socket = new_socket(local, Type::STREAM)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&local.into())?;
        match socket.connect(&peer.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        let stream = TcpStream::from(socket);
        poller.add(&stream, Token::Peer(connection))?;
        self.connecting.insert(connection, stream);
        Ok(())
    }

    /// Looks how far a connection is that is being made; `None` if it is none of those.
    pub(crate) fn progress(&mut self, connection: ConnectionId) -> Option<Progress> {
        let stream = self.connecting.get(&connection)?;
        let progress = match (stream.take_error(), stream.peer_addr()) {
            (Ok(None), Ok(_)) => match self.keep(connection) {
                Ok(()) => Progress::Connected,
                Err(_) => Progress::Failed,
            },
            (Ok(None), Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                Progress::Waiting
            }
            _ => Progress::Failed,
        };
        if progress == Progress::Failed {
            self.connecting.remove(&connection);
        }
        Some(progress)
    }

    fn keep(&mut self, connection: ConnectionId) -> io::Result<()> {
        if let Some(stream) = self.connecting.remove(&connection) {
            stream.set_nodelay(true)?;
            self.unbound.insert(connection, stream);
        }
        Ok(())
    }

    /// Keeps a connection of a peer's until its client asks for it.
    ///
    /// # Errors
    /// If the system refuses; it is closed then.
    pub(crate) fn insert(
        &mut self,
        connection: ConnectionId,
        stream: TcpStream,
        poller: &Poller,
    ) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        poller.add(&stream, Token::Peer(connection))?;
        self.unbound.insert(connection, stream);
        Ok(())
    }

    /// Joins a client's connection, of which the poller does not tell, to a peer's; `received` is
    /// what came by it already.
    ///
    /// # Errors
    /// If the peer's connection is gone, or the system refuses; both are closed then.
    pub(crate) fn join(
        &mut self,
        connection: ConnectionId,
        client: Connection,
        received: Vec<u8>,
        poller: &Poller,
        now: Instant,
    ) -> io::Result<()> {
        let peer = self.unbound.remove(&connection).ok_or(io::ErrorKind::NotConnected)?;
        let (client, queued) = client.into_parts();
        poller.add(&client, Token::Peer(connection))?;
        let splice = Splice::new(client, Stream::Plain(peer), queued, received, now);
        self.spliced.insert(connection, splice);
        Ok(())
    }

    /// Moves the data of a connection that is joined; whether it is over.
    pub(crate) fn turn(
        &mut self,
        connection: ConnectionId,
        buffer: &mut [u8],
        now: Instant,
        may_pass: impl FnMut(usize) -> Result<usize, Instant>,
    ) -> bool {
        let Some(splice) = self.spliced.get_mut(&connection) else {
            return false;
        };
        let scratch = buffer.get_mut(..CHUNK).unwrap_or_default();
        match splice.turn(scratch, now, may_pass) {
            Wait::Event => self.clear_alarm(Token::Peer(connection)),
            Wait::Until(time) => self.set_alarm(Token::Peer(connection), time),
            Wait::Over => {
                self.disconnect(connection);
                return true;
            }
        }
        false
    }

    /// Closes a connection, and the client's that is joined to it.
    pub(crate) fn disconnect(&mut self, connection: ConnectionId) {
        self.connecting.remove(&connection);
        self.unbound.remove(&connection);
        if let Some(mut splice) = self.spliced.remove(&connection) {
            splice.close();
        }
        self.clear_alarm(Token::Peer(connection));
    }

    /// When the first alarm goes off.
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(time, _)| *time)
    }

    /// The sockets whose time has come.
    pub(crate) fn take_alarms(&mut self, now: Instant) -> Vec<Token> {
        let mut due = Vec::new();
        while let Some((_, token)) = self.alarms.first().copied().filter(|(time, _)| *time <= now) {
            self.clear_alarm(token);
            due.push(token);
        }
        due
    }

    /// Looks at a socket at this time, whatever was said before.
    pub(crate) fn set_alarm(&mut self, token: Token, time: Instant) {
        self.clear_alarm(token);
        self.alarms.insert((time, token));
        self.alarm_of.insert(token, time);
    }

    fn clear_alarm(&mut self, token: Token) {
        if let Some(time) = self.alarm_of.remove(&token) {
            self.alarms.remove(&(time, token));
        }
    }
}
