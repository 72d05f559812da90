//! The sockets and threads that drive the TURN server.
//!
//! ```text
//!                 ┌──────────────── worker thread (one for each core) ────────────────┐
//!  UDP listener ──┤ epoll ─► twocan_turn::Server ─► relayed sockets ─► peers           │
//!  TCP listener ──┤   ▲            │                                                   │
//!                 │   └────────────┴── commands: send, open, connect, join, close      │
//!                 └────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Every worker has listeners of its own on the same addresses (`SO_REUSEPORT`); the kernel
//! sends a client's packets to the same worker each time, so an allocation lives in one worker,
//! and nothing is handed between threads; but for a client's connection for the data of a peer that
//! is reached by TCP, which goes to the worker that has the peer's, and is joined to it there. Between a UDP
//! listener and the server stands DTLS, for the clients that speak it.

mod clock;
mod connection;
mod datagram;
mod dtls;
mod listener;
mod mailbox;
mod peers;
mod poller;
mod relayed;
mod reserved;
mod run;
mod sockets;
mod splice;
mod stream;
mod worker;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    num::NonZeroUsize,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use ipnet::IpNet;
use rustls::ServerConnection;
use tracing::{info, warn};
use twocan_turn::{ForFamily, Neighbours, PeerPolicy, Quotas, Server, ServerId};
pub use twocan_turn::{Limits, Rate};

pub use self::dtls::{Certificate, UnfitKey};

use crate::{
    dtls::Dtls,
    listener::{Listeners, Protocol},
    mailbox::{Adopted, Letter, Mailbox},
    reserved::Reserved,
    worker::Worker,
};

/// What the relay listens on and what it allows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where STUN and TURN are served.
    pub listeners: Vec<Listen>,
    /// Number of worker threads.
    pub threads: NonZeroUsize,
    /// The realm of the long-term credentials.
    pub realm: String,
    /// The shared secret of the time-limited credentials.
    pub secret: String,
    /// Addresses that relayed candidates carry behind a one-to-one NAT, one for each family.
    pub external_ips: Vec<IpAddr>,
    /// Ports from which relayed addresses are drawn.
    pub relay_ports: RangeInclusive<u16>,
    /// Special-purpose ranges that may be relayed to.
    pub allowed_peers: Vec<IpNet>,
    /// How much anyone may have.
    pub limits: Limits,
    /// What DTLS is served with on the UDP listeners; it may be replaced at any time.
    pub dtls: Certificate,
}

/// An address to listen on. Port 0 takes a free one, the same for both protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// Whether over TCP as well as over UDP: not if another listener has the port, and hands the
    /// connections of TURN clients over by [`Handle::adopt`].
    pub tcp: bool,
}

/// Why the relay could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address is taken, not this machine's, or not permitted.
    #[error("cannot listen for TURN on {address} over {protocol}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something that every start needs.
    #[error("cannot start the relay's threads: {0}")]
    System(#[from] io::Error),
}

/// A running relay. It stops when dropped.
#[derive(Debug)]
pub struct Relay {
    addresses: Vec<SocketAddr>,
    quotas: Arc<Quotas>,
    workers: Vec<(Arc<Mailbox>, JoinHandle<()>)>,
}

/// Speaks to a running relay from other parts of the program. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    quotas: Arc<Quotas>,
    mailboxes: Vec<Arc<Mailbox>>,
    next: AtomicUsize,
}

impl Handle {
    /// Hands over a connection of a TURN client that was accepted elsewhere, with its TLS if it has
    /// any; the handshake must be done. What was received already may stand in `tls`.
    ///
    /// # Errors
    /// If the relay's thread cannot be told.
    pub fn adopt(&self, stream: TcpStream, tls: Option<Box<ServerConnection>>) -> io::Result<()> {
        let Shared { mailboxes, next, .. } = &*self.shared;
        let turn = next.fetch_add(1, Ordering::Relaxed) % mailboxes.len().max(1);
        match mailboxes.get(turn) {
            Some(mailbox) => mailbox.post(Letter::Adopt(Box::new(Adopted { stream, tls }))),
            None => Ok(()),
        }
    }

    /// How many allocations there are.
    pub fn allocation_count(&self) -> usize {
        self.shared.quotas.allocation_count()
    }

    /// Ends the credentials of a name, the part of a username behind its expiry: their allocations
    /// are closed at once, and no others made. `until` is when the last of them expires by itself,
    /// as time since 1970.
    pub fn revoke(&self, name: &str, until: Duration) {
        self.shared.quotas.revoke(name, until, clock::now().unix);
        for mailbox in &self.shared.mailboxes {
            if let Err(error) = mailbox.post(Letter::Revoked(name.into())) {
                warn!(%error, "a relay thread cannot be told of ended credentials");
            }
        }
    }
}

impl Relay {
    /// Binds every listener and starts the threads. `on_failure` is called if a thread ends before
    /// it is told to: nobody serves its clients then, and the program should end.
    ///
    /// # Errors
    /// [`StartError`] if a listener cannot be bound or a thread not be started; nothing runs then.
    pub fn start(
        config: Config,
        on_failure: impl Fn() + Send + Sync + 'static,
    ) -> Result<Relay, StartError> {
        let on_failure: Arc<dyn Fn() + Send + Sync> = Arc::new(on_failure);
        let (addresses, listeners) = Listeners::bind(&config.listeners, config.threads)?;
        let mut nonce_key = [0; 32];
        fill_random(&mut nonce_key)?;
        let mut cookie_key = [0; 32];
        fill_random(&mut cookie_key)?;
        let dtls =
            dtls::Settings::new(config.dtls.clone(), &cookie_key).map_err(io::Error::other)?;
        let own = own_addresses(&config);
        let settings = twocan_turn::Config {
            id: ServerId::default(),
            servers: config.threads.try_into().map_err(io::Error::other)?,
            listeners: addresses.clone(),
            realm: config.realm,
            secret: config.secret,
            nonce_key,
            relay_ports: config.relay_ports,
            own,
            external: for_family(config.external_ips),
            local: local_addresses(&config.listeners),
            peers: PeerPolicy::new(config.allowed_peers),
        };
        let neighbours = Arc::new(Neighbours::default());
        let reserved = Arc::new(Reserved::default());
        let start = clock::now().instant;
        let quotas = Arc::new(Quotas::new(config.limits, start));
        let mut relay = Relay { addresses, quotas: Arc::clone(&quotas), workers: Vec::new() };
        let mailboxes = listeners.iter().map(|_| Mailbox::new().map(Arc::new));
        let mailboxes: Arc<[Arc<Mailbox>]> = mailboxes.collect::<io::Result<_>>()?;
        for (index, (listeners, mailbox)) in listeners.into_iter().zip(&*mailboxes).enumerate() {
            let mut seed = [0; 32];
            fill_random(&mut seed)?;
            let (neighbours, quotas) = (Arc::clone(&neighbours), Arc::clone(&quotas));
            let settings = twocan_turn::Config { id: ServerId(index), ..settings.clone() };
            let server = Server::new(settings, neighbours, quotas, seed, start);
            let (mailbox, all) = (Arc::clone(mailbox), Arc::clone(&mailboxes));
            let dtls = Dtls::new(dtls.clone());
            let (own, reserved) = (Arc::clone(&mailbox), Arc::clone(&reserved));
            let worker = Worker::new(server, listeners, dtls, own, all, reserved)?;
            let thread = thread::Builder::new().name(format!("relay-{index}")).spawn({
                let alarm = Alarm { on_failure: Arc::clone(&on_failure), armed: true };
                move || worker.run(alarm)
            })?;
            relay.workers.push((mailbox, thread));
        }
        for address in &relay.addresses {
            info!(%address, threads = relay.workers.len(), "TURN listens");
        }
        Ok(relay)
    }

    /// The addresses that are listened on, in the order of the configuration.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// For the other parts of the program.
    pub fn handle(&self) -> Handle {
        let mailboxes = self.workers.iter().map(|(mailbox, _)| Arc::clone(mailbox)).collect();
        let quotas = Arc::clone(&self.quotas);
        Handle { shared: Arc::new(Shared { quotas, mailboxes, next: AtomicUsize::new(0) }) }
    }

    /// Stops the threads and waits for them; every allocation ends.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        for (mailbox, thread) in self.workers.drain(..) {
            if let Err(error) = mailbox.post(Letter::Stop) {
                warn!(%error, "a relay thread cannot be told to stop");
                continue;
            }
            if thread.join().is_err() {
                warn!("a relay thread ended by a panic");
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Goes off when it is dropped armed: when a thread ends by a panic, or by an error.
struct Alarm {
    on_failure: Arc<dyn Fn() + Send + Sync>,
    armed: bool,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if self.armed {
            (self.on_failure)();
        }
    }
}

impl StartError {
    fn listen(address: SocketAddr, protocol: Protocol, source: io::Error) -> StartError {
        StartError::Listen { address, protocol: protocol.name(), source }
    }
}

fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

fn for_family(ips: impl IntoIterator<Item = IpAddr>) -> ForFamily {
    let mut found = ForFamily::default();
    for ip in ips {
        match ip {
            IpAddr::V4(ip) => found.v4 = found.v4.or(Some(ip)),
            IpAddr::V6(ip) => found.v6 = found.v6.or(Some(ip)),
        }
    }
    found
}

/// Every address of this host, as far as the system and the settings tell.
fn own_addresses(config: &Config) -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        warn!(%error, "the addresses of this host cannot be listed");
        Vec::new()
    });
    let named = config.listeners.iter().map(|listen| listen.address.ip());
    let mut own: Vec<IpAddr> = interfaces.iter().map(|interface| interface.ip()).collect();
    own.extend(named.chain(config.external_ips.iter().copied()).filter(|ip| !ip.is_unspecified()));
    own
}

/// The addresses for allocations of the family by which a client did not come: those that are
/// listened on by name, else those that lead to the internet.
fn local_addresses(listeners: &[Listen]) -> ForFamily {
    let mut named: Vec<IpAddr> =
        listeners.iter().map(|one| one.address.ip()).filter(|ip| !ip.is_unspecified()).collect();
    named.sort_by_key(IpAddr::is_loopback);
    // Connecting a UDP socket sends nothing; it asks the routing table for a source address.
    let routed = [("0.0.0.0:0", "1.0.0.1:9"), ("[::]:0", "[2600::1]:9")].into_iter().filter_map(
        |(from, to)| {
            let socket = UdpSocket::bind(from).ok()?;
            socket.connect(to).ok()?;
            Some(socket.local_addr().ok()?.ip())
        },
    );
    for_family(named.into_iter().chain(routed))
}
