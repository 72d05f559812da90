//! A client's connection: TCP, TLS if wanted, the WebSocket, Engine.IO's handshake and heartbeat, and the
//! way into Socket.IO's default namespace.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

use nix::{
    libc::EINPROGRESS,
    sys::socket::{setsockopt, sockopt::IpBindAddressNoPort},
};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};
use socket2::{Domain, Protocol, Socket, Type};

use crate::{
    Failed,
    websocket::{CLOSE, Incoming, TEXT, write_frame},
};

/// Addresses that clients come from: each has 28,000 ports, and a port rests for a minute.
const SOURCES: usize = 200;

/// How much is read at once.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// A client's connection to the server. Its socket is to be watched edge-triggered.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
    incoming: Incoming,
    /// What the socket has not taken.
    outgoing: Vec<u8>,
    stage: Stage,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The WebSocket is asked for.
    Upgrading,
    /// Engine.IO's handshake is to come.
    Opening,
    /// The default namespace has been asked for.
    Entering,
    /// Events go to and fro.
    Ready,
    /// The server has closed it.
    Closed,
}

/// What a connection has to tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It is ready for events.
    Ready,
    /// A packet of Socket.IO, with Engine.IO's type before it.
    Text(&'a [u8]),
    /// The server has closed it.
    Closed,
}

impl Connection {
    /// Begins to connect. The `number` decides from which address.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn open(
        server: SocketAddr,
        number: usize,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Connection, Failed> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        setsockopt(&socket, IpBindAddressNoPort, &true).map_err(io::Error::from)?;
        let source = Ipv4Addr::new(127, 0, 1, (1 + number % SOURCES) as u8);
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        match socket.connect(&server.into()) {
            Err(error) if error.raw_os_error() != Some(EINPROGRESS) => return Err(error.into()),
            _ => {}
        }
        let tls = tls.map(|config| {
            ClientConnection::new(Arc::clone(config), ServerName::from(server.ip())).map(Box::new)
        });
        let tls = tls.transpose()?;
        let mut connection = Connection {
            socket,
            outgoing: Vec::new(),
            incoming: Incoming::default(),
            stage: Stage::Upgrading,
            tls,
        };
        let request = upgrade_request(server, connection.tls.is_some());
        match &mut connection.tls {
            Some(session) => session.writer().write_all(request.as_bytes())?,
            None => connection.outgoing.extend_from_slice(request.as_bytes()),
        }
        Ok(connection)
    }

    /// Sends and receives what there is, as the socket allows.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn exchange(&mut self, scratch: &mut [u8]) -> Result<(), Failed> {
        loop {
            let read = match (&self.socket).read(scratch) {
                Ok(0) => {
                    self.stage = Stage::Closed;
                    break;
                }
                Ok(read) => read,
                // Not yet connected, or nothing there.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            let received = scratch.get(..read).unwrap_or_default();
            match &mut self.tls {
                None => self.incoming.extend(received),
                Some(session) => decrypt(session, received, &mut self.incoming)?,
            }
        }
        self.flush()
    }

    /// The next of what has been received; `None` if that is all. Answers the server's handshake and heartbeat by the way.
    ///
    /// # Errors
    /// If the server sends what no server of Socket.IO sends then.
    pub(crate) fn next(&mut self) -> Result<Option<Said<'_>>, Failed> {
        if self.stage == Stage::Upgrading {
            let Some(head) = self.incoming.take_head() else {
                return Ok((self.stage == Stage::Closed).then_some(Said::Closed));
            };
            if !head.starts_with("HTTP/1.1 101 ") {
                return Err(Failed::Answer(head));
            }
            self.stage = Stage::Opening;
        }
        while let Some(frame) = self.incoming.take_frame()? {
            let payload = self.incoming.payload(&frame);
            match (self.stage, frame.opcode, payload) {
                // The end of the connection follows.
                (Stage::Closed, ..) | (_, CLOSE, _) => {}
                (_, TEXT, b"2") => self.send(&packet("3"))?,
                (Stage::Opening, TEXT, [b'0', ..]) => {
                    self.stage = Stage::Entering;
                    self.send(&packet("40"))?;
                }
                (Stage::Entering, TEXT, [b'4', b'0', ..]) => {
                    self.stage = Stage::Ready;
                    return Ok(Some(Said::Ready));
                }
                (Stage::Ready, TEXT, _) => {
                    return Ok(Some(Said::Text(self.incoming.payload(&frame))));
                }
                _ => return Err(Failed::Answer(String::from_utf8_lossy(payload).into_owned())),
            }
        }
        Ok((self.stage == Stage::Closed).then_some(Said::Closed))
    }

    /// Sends a frame as soon as possible.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn send(&mut self, frame: &[u8]) -> Result<(), Failed> {
        match &mut self.tls {
            Some(session) => session.writer().write_all(frame)?,
            None => self.outgoing.extend_from_slice(frame),
        }
        self.flush()
    }

    /// Leaves the namespace and closes the WebSocket, as stock clients do.
    ///
    /// # Errors
    /// If the connection fails.
    pub(crate) fn close(&mut self) -> Result<(), Failed> {
        let mut frames = packet("41");
        write_frame(&mut frames, CLOSE, &[]);
        self.send(&frames)
    }

    fn flush(&mut self) -> Result<(), Failed> {
        let written = match &mut self.tls {
            Some(session) => {
                let mut written = Ok(());
                while session.wants_write() && written.is_ok() {
                    written = session.write_tls(&mut &self.socket).map(drop);
                }
                written
            }
            None => {
                let mut taken = 0;
                let written = loop {
                    match self.outgoing.get(taken..) {
                        None | Some([]) => break Ok(()),
                        Some(rest) => match (&self.socket).write(rest) {
                            Ok(count) => taken += count,
                            Err(error) => break Err(error),
                        },
                    }
                };
                self.outgoing.drain(..taken);
                written
            }
        };
        match written {
            // The server may close while something is said to it.
            Err(error)
                if ![ErrorKind::WouldBlock, ErrorKind::NotConnected].contains(&error.kind()) =>
            {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn decrypt(
    session: &mut ClientConnection,
    mut received: &[u8],
    incoming: &mut Incoming,
) -> Result<(), Failed> {
    while !received.is_empty() {
        session.read_tls(&mut received)?;
        let state = session.process_new_packets()?;
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        session.reader().read_exact(&mut plain)?;
        incoming.extend(&plain);
    }
    Ok(())
}

/// The frame of a packet of Engine.IO.
fn packet(text: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(&mut frame, TEXT, text.as_bytes());
    frame
}

/// What a browser asks for: servers may keep parts of it for as long as the connection lives.
fn upgrade_request(server: SocketAddr, secure: bool) -> String {
    let scheme = if secure { "https" } else { "http" };
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\
         Host: {server}\r\n\
         Connection: Upgrade\r\n\
         Pragma: no-cache\r\n\
         Cache-Control: no-cache\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/140.0.0.0 Safari/537.36\r\n\
         Upgrade: websocket\r\n\
         Origin: {scheme}://{server}\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: en-GB,en;q=0.9\r\n\
         Sec-WebSocket-Key: dHdvY2FuIGJlbmNobWFyaw==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
         \r\n"
    )
}
