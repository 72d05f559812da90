//! A TURN client that waits for each answer.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use twocan_stun::{
    Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        ChannelNumber, ErrorCode, Nonce, Realm, RequestedTransport, Username, XorPeerAddress,
        XorRelayedAddress,
    },
    credentials::{long_term_key, time_limited_password, time_limited_username},
};

use crate::Failed;

/// How long an answer may take before the request is sent again
/// ([RFC 8489 §6.2.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.2.1)).
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a request is sent.
const ATTEMPTS: u32 = 7;

/// How long credentials are good for.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A client with an allocation.
#[derive(Debug)]
pub(crate) struct Client {
    /// Connected to the server.
    pub(crate) socket: UdpSocket,
    /// What peers send to.
    pub(crate) relayed: SocketAddr,
    identity: Identity,
}

/// Who asks, and what the server wants to be told with each request.
#[derive(Debug)]
struct Identity {
    username: String,
    password: String,
    realm: String,
    nonce: String,
    key: Vec<u8>,
}

impl Client {
    /// Makes an allocation with time-limited credentials.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    pub(crate) fn allocate(server: SocketAddr, secret: &str) -> Result<Client, Failed> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut identity = Identity::new(secret);
        let answer = request(&socket, &mut identity, Method::ALLOCATE, |request| {
            request.push(&RequestedTransport::UDP);
        })?;
        let answer = read(&answer)?;
        let relayed = answer.get::<XorRelayedAddress>().ok().flatten();
        let XorRelayedAddress(relayed) =
            relayed.ok_or(Failed::BadAnswer("no XOR-RELAYED-ADDRESS"))?;
        Ok(Client { socket, relayed, identity })
    }

    /// Binds a channel to a peer, which permits the peer as well.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    pub(crate) fn bind_channel(&mut self, number: u16, peer: SocketAddr) -> Result<(), Failed> {
        request(&self.socket, &mut self.identity, Method::CHANNEL_BIND, |request| {
            request.push(&ChannelNumber(number));
            request.push(&XorPeerAddress(peer));
        })
        .map(drop)
    }
}

impl Identity {
    fn new(secret: &str) -> Identity {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let username = time_limited_username((since_1970 + DAY).as_secs(), "bench");
        let password = time_limited_password(secret, &username);
        Identity { username, password, realm: String::new(), nonce: String::new(), key: Vec::new() }
    }

    /// Takes realm and nonce from a 401 or 438.
    fn learn(&mut self, answer: &Message<'_>) -> Result<(), Failed> {
        let (Ok(Some(Realm(realm))), Ok(Some(Nonce(nonce)))) = (answer.get(), answer.get()) else {
            return Err(Failed::BadAnswer("no REALM and NONCE"));
        };
        realm.clone_into(&mut self.realm);
        nonce.clone_into(&mut self.nonce);
        let (username, password) = (self.username.as_bytes(), self.password.as_bytes());
        self.key = long_term_key(username, realm.as_bytes(), password).to_vec();
        Ok(())
    }
}

/// Asks until the server is content or refuses for good; returns the success response.
fn request(
    socket: &UdpSocket,
    identity: &mut Identity,
    method: Method,
    push: impl Fn(&mut MessageBuilder),
) -> Result<Vec<u8>, Failed> {
    let mut challenged = false;
    loop {
        let mut id = TransactionId([0; 12]);
        getrandom::fill(&mut id.0)?;
        let mut message = MessageBuilder::new(Class::Request, method, id);
        push(&mut message);
        if !identity.nonce.is_empty() {
            message.push(&Username(&identity.username));
            message.push(&Realm(&identity.realm));
            message.push(&Nonce(&identity.nonce));
            message.push_integrity(&identity.key);
        }
        let bytes = transact(socket, id, &message.finish())?;
        let answer = read(&bytes)?;
        if answer.class() == Class::Success {
            return Ok(bytes);
        }
        match answer.get() {
            Ok(Some(ErrorCode { code: 401 | 438, .. })) if !challenged => {
                challenged = true;
                identity.learn(&answer)?;
            }
            Ok(Some(ErrorCode { code, reason })) => {
                return Err(Failed::Refused(format!("{code} {reason}")));
            }
            _ => return Err(Failed::BadAnswer("no ERROR-CODE")),
        }
    }
}

/// Sends a request until its answer comes.
fn transact(socket: &UdpSocket, id: TransactionId, message: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut buffer = [0; 2048];
    for _ in 0..ATTEMPTS {
        socket.send(message)?;
        loop {
            let bytes = match socket.recv(&mut buffer) {
                Ok(length) => buffer.get(..length).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            if Message::decode(bytes).is_ok_and(|answer| answer.transaction_id() == id) {
                return Ok(bytes.to_vec());
            }
        }
    }
    Err(Failed::NoAnswer(ATTEMPTS))
}

fn read(bytes: &[u8]) -> Result<Message<'_>, Failed> {
    Message::decode(bytes).map_err(|_| Failed::BadAnswer("not a STUN message"))
}
