//! The server as a whole: everything is opened first, then runs until it is asked to stop.

use std::{
    convert::Infallible,
    future::{Future, pending},
    io,
    net::{SocketAddr, UdpSocket},
    num::NonZeroUsize,
    sync::Arc,
    thread::available_parallelism,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::{JoinSet, spawn_blocking},
    time::{interval, timeout},
};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};
use twocan_relay::{Certificate, Handle, Listen, Relay};
use twocan_signal::{
    binding::Signalling,
    credentials::{LIFETIME, SeatName, Turn, Way},
    limits::Limits,
    rooms,
};

use crate::{
    defaults,
    frames::Frames,
    greeting::{self, Greeting},
    http::Site,
    limits,
    listen::{self, Door, ListenError},
    metrics::Metrics,
    network::Network,
    proxy::Proxies,
    settings::{Listener, Secret, Settings, SettingsError, Switch},
    shutdown::Asked,
    tls::{Files, Tls, TlsError},
};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system has no random numbers.
    #[error("cannot make secrets: {0}. Give them with --turn-secret and --secret.")]
    Random(#[from] getrandom::Error),
    /// Something else that the system refused.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

impl From<twocan_relay::StartError> for StartError {
    fn from(error: twocan_relay::StartError) -> StartError {
        match error {
            twocan_relay::StartError::Listen { address, protocol, source } => {
                ListenError { flag: "--turn", address, protocol, source }.into()
            }
            twocan_relay::StartError::System(error) => error.into(),
        }
    }
}

/// A server whose listeners are open.
pub struct Server {
    http: Vec<TcpListener>,
    https: Vec<TcpListener>,
    turn_tls: Vec<TcpListener>,
    tls: Option<Tls>,
    addresses: Addresses,
    relay: Option<Relay>,
    relay_failed: Arc<Notify>,
    signalling: Signalling,
    site: Arc<Site>,
    network: Network,
    self_made: bool,
}

/// Where a server listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// HTTP.
    pub http: Vec<SocketAddr>,
    /// HTTPS.
    pub https: Vec<SocketAddr>,
    /// STUN and TURN.
    pub turn: Vec<SocketAddr>,
    /// TURN over TLS alone.
    pub turn_tls: Vec<SocketAddr>,
}

impl Server {
    /// Opens every listener and starts the relay. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// If anything that the settings ask for cannot be had.
    pub fn open(settings: &Settings) -> Result<Server, StartError> {
        let listeners = settings.listeners()?;
        let certificate = settings.certificate()?;
        let join_control = settings.join_control()?;
        for flag in settings.short_secrets() {
            warn!(
                "{flag} is so short that it can be found out: `openssl rand -hex 32` prints a better one"
            );
        }
        let network = Network::look();

        let http = bind_all(&listeners.http)?;
        let https = bind_all(&listeners.https)?;
        let turn_tls = bind_all(&listeners.turn_tls)?;
        let tls = match certificate {
            Some((cert, key)) => Some(Tls::from_files(cert, key)?),
            None if https.is_empty() && turn_tls.is_empty() => None,
            None => Some(Tls::self_made(
                &network.certificate_names(),
                &network.certificate_addresses(),
            )?),
        };
        let mut addresses = Addresses {
            http: local_addresses(&http)?,
            https: local_addresses(&https)?,
            turn: Vec::new(),
            turn_tls: local_addresses(&turn_tls)?,
        };

        let secret = secret_or_random(&settings.turn_secret)?;
        let relay_failed = Arc::new(Notify::new());
        let dtls = tls.as_ref().map(|tls| tls.dtls.clone()).unwrap_or_default();
        let relay = start_relay(
            settings,
            &listeners.turn,
            &addresses,
            &secret,
            dtls,
            relay_failed.clone(),
        )?;
        addresses.turn = relay.as_ref().map(|one| one.local_addrs().to_vec()).unwrap_or_default();
        let turn = relay.as_ref().map(|_| Turn {
            host: settings.turn_host.clone(),
            ways: ways(&addresses, certificate.is_some()),
            secret: secret.reveal().to_owned(),
        });

        let handle = relay.as_ref().map(Relay::handle);
        let on_ended = move |seat: SeatName| {
            if let Some(handle) = &handle {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                handle.revoke(&seat.to_string(), now + LIFETIME);
            }
        };
        let limited = settings.limits == Switch::On;
        let config = rooms::Config {
            room_size: settings.room_size.into(),
            turn,
            secret: secret_or_random(&settings.secret)?.reveal().to_owned(),
            grace: settings.resume_grace(),
            join_control,
            limits: limited.then(Limits::default),
        };
        let signalling = Signalling::new(config, on_ended);
        let sockets = twocan_socketio::Config {
            ping_interval: settings.ping_interval(),
            ping_timeout: settings.ping_timeout(),
            max_payload: defaults::MAX_PAYLOAD,
            max_queue: defaults::MAX_QUEUE,
            max_sessions: if limited { limits::max_sockets() } else { usize::MAX },
            origins: settings.origin.clone(),
            ..twocan_socketio::Config::default()
        };
        let elsewhere = greeting::elsewhere(&addresses, &network.addresses);
        let sockets = twocan_socketio::Server::new(sockets, signalling.clone());
        let metrics = Metrics::new(sockets.clone(), relay.as_ref().map(Relay::handle));
        let proxies = Proxies::new(settings.trusted_proxy.clone());
        let frames = Frames::new(settings.frame_ancestor.clone());
        let watchers = settings.metrics_from.clone();
        let site = Site::new(sockets, &elsewhere, proxies, frames, metrics, watchers);

        info!(
            http = ?addresses.http, https = ?addresses.https, turn = ?addresses.turn,
            version = env!("CARGO_PKG_VERSION"), "serving"
        );
        Ok(Server {
            http,
            https,
            turn_tls,
            tls,
            addresses,
            relay,
            relay_failed,
            signalling,
            site: Arc::new(site),
            network,
            self_made: certificate.is_none(),
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What to tell the person who started it.
    pub fn greeting(&self) -> Greeting {
        Greeting::new(&self.addresses, &self.network.addresses, self.self_made)
    }

    /// Serves until `shutdown` completes, then stops: no new connections, every socket closed, the
    /// relay ended.
    ///
    /// # Errors
    /// If the relay failed meanwhile.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RelayFailed> {
        let Server { http, https, turn_tls, tls, relay, relay_failed, signalling, site, .. } = self;
        let (stop, stopped) = watch::channel(false);
        let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.config.clone()));
        let relay_handle = relay.as_ref().map(Relay::handle);
        let door = |tls: Option<TlsAcceptor>, site: Option<Arc<Site>>| Door {
            tls,
            site,
            relay: relay_handle.clone(),
        };
        let plain = http.into_iter().map(|one| (one, door(None, Some(site.clone()))));
        let secure = https.into_iter().map(|one| (one, door(acceptor.clone(), Some(site.clone()))));
        let turn_tls = turn_tls.into_iter().map(|one| (one, door(acceptor.clone(), None)));
        let mut accepting = JoinSet::new();
        for (listener, door) in plain.chain(secure).chain(turn_tls) {
            accepting.spawn(listen::accept(listener, door, stopped.clone()));
        }

        let mut outcome = Ok(());
        tokio::select! {
            () = shutdown => {}
            () = relay_failed.notified() => outcome = Err(RelayFailed),
            never = signalling.run_timers() => match never {},
            never = keep_certificate_fresh(tls.and_then(|tls| tls.files)) => match never {},
            never = drain_when_asked(relay_handle.as_ref()) => match never {},
        }

        info!("stopping");
        let answered = timeout(defaults::STOP_TIMEOUT, async {
            // First, since a client that polls hears of the end by a request of its own.
            site.sockets.shutdown().await;
            // There may be no listener left to hear it.
            let _ = stop.send(true);
            while accepting.join_next().await.is_some() {}
        });
        if answered.await.is_err() {
            info!("gave up on connections that did not end");
        }
        if let Some(relay) = relay
            && spawn_blocking(|| relay.shutdown()).await.is_err()
        {
            error!("the relay failed while stopping; please report this");
        }
        info!("stopped");
        outcome
    }
}

/// A thread of the relay ended by itself, which only a defect or a system out of order can bring about.
#[derive(Debug, thiserror::Error)]
#[error("a thread of the relay failed; the log says why. Start the server again.")]
pub struct RelayFailed;

fn secret_or_random(given: &Option<Secret>) -> Result<Secret, getrandom::Error> {
    given.clone().map_or_else(Secret::random, Ok)
}

fn bind_all(listeners: &[Listener]) -> Result<Vec<TcpListener>, ListenError> {
    listeners.iter().filter_map(|listener| listen::bind(listener).transpose()).collect()
}

fn local_addresses(listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    listeners.iter().map(TcpListener::local_addr).collect()
}

/// Reads the certificate again when its files change, and on SIGHUP.
async fn keep_certificate_fresh(files: Option<Files>) -> Infallible {
    let mut hangups = match Asked::to_read_again() {
        Ok(hangups) => hangups,
        Err(error) => {
            warn!(%error, "SIGHUP cannot be heard");
            return pending().await;
        }
    };
    let Some(mut files) = files else {
        loop {
            hangups.next().await;
            info!("SIGHUP: there is no file to read again");
        }
    };
    let mut check = interval(defaults::CERTIFICATE_CHECK);
    loop {
        let in_any_case = tokio::select! {
            _ = check.tick() => false,
            () = hangups.next() => true,
        };
        match files.refresh(in_any_case) {
            Ok(true) => info!("read the certificate again"),
            Ok(false) => {}
            Err(error) => error!(%error, "the old certificate stays in use"),
        }
    }
}

/// Drains the relay on SIGUSR1.
async fn drain_when_asked(relay: Option<&Handle>) -> Infallible {
    let mut asked = match Asked::to_drain() {
        Ok(asked) => asked,
        Err(error) => {
            warn!(%error, "SIGUSR1 cannot be heard");
            return pending().await;
        }
    };
    loop {
        asked.next().await;
        match relay {
            Some(relay) => relay.drain(),
            None => info!("SIGUSR1: there is no relay to drain"),
        }
    }
}

/// The ways to the relay that clients are told: UDP, then TCP, then TLS, which few networks block.
///
/// Browsers accept TURN over TLS only with a certificate that somebody vouches for.
fn ways(addresses: &Addresses, vouched: bool) -> Vec<Way> {
    let Addresses { https, turn, turn_tls, .. } = addresses;
    let port = |addresses: &[SocketAddr]| addresses.first().map(SocketAddr::port);
    let udp = port(turn).map(Way::Udp);
    // Whichever listener has the port over TCP, TURN is served there.
    let tcp = port(turn).map(Way::Tcp);
    let tls = port(turn_tls).or(port(https)).filter(|_| vouched).map(Way::Tls);
    udp.into_iter().chain(tcp).chain(tls).collect()
}

/// Whether a listener of the web has this port over TCP.
fn is_taken_by_web(address: SocketAddr, web: &[SocketAddr]) -> bool {
    web.iter().any(|other| {
        other.port() == address.port()
            && other.is_ipv4() == address.is_ipv4()
            && (other.ip() == address.ip()
                || other.ip().is_unspecified()
                || address.ip().is_unspecified())
    })
}

fn start_relay(
    settings: &Settings,
    listeners: &[Listener],
    addresses: &Addresses,
    secret: &Secret,
    dtls: Certificate,
    failed: Arc<Notify>,
) -> Result<Option<Relay>, StartError> {
    let possible = |listener: &&Listener| match UdpSocket::bind((listener.address.ip(), 0)) {
        Err(error) if listen::is_skippable(listener, &error) => {
            info!(address = %listener.address, %error, "skipped a default listener: no IPv6 here");
            false
        }
        // Whatever else is wrong, the relay says it with the port.
        _ => true,
    };
    let web = [&addresses.http[..], &addresses.https, &addresses.turn_tls].concat();
    let listeners: Vec<Listen> = listeners
        .iter()
        .filter(possible)
        .map(|&Listener { address, .. }| Listen { address, tcp: !is_taken_by_web(address, &web) })
        .collect();
    if listeners.is_empty() {
        return Ok(None);
    }
    for listener in &listeners {
        let port = listener.address.port();
        if matches!(port, 1..1024) && ![53, 80, 443].contains(&port) {
            warn!(
                port,
                "browsers use TURN only on ports 53, 80, 443 and from 1024: choose another --turn"
            );
        }
    }
    let threads = settings.relay_threads.or_else(|| available_parallelism().ok());
    let config = twocan_relay::Config {
        listeners,
        threads: threads.unwrap_or(NonZeroUsize::MIN),
        realm: settings.turn_realm.clone(),
        secret: secret.reveal().to_owned(),
        external_ips: settings.external_ip.clone(),
        relay_ports: settings.relay_ports.from..=settings.relay_ports.to,
        allowed_peers: settings.allow_peer.clone(),
        limits: settings.turn_limits(),
        dtls,
        alternates: settings.turn_alternate.clone(),
    };
    Ok(Some(Relay::start(config, move || failed.notify_one())?))
}
