//! The server as a whole: everything is opened first, then runs until it is asked to stop.

use std::{
    future::Future,
    io,
    net::{SocketAddr, UdpSocket},
    num::NonZeroUsize,
    sync::Arc,
    thread::available_parallelism,
};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};
use twocan_relay::Relay;
use twocan_signal::{binding::Signalling, credentials::Turn, rooms};

use crate::{
    defaults,
    greeting::Greeting,
    http::Site,
    listen::{self, ListenError},
    network::Network,
    settings::{Listener, Secret, Settings, SettingsError},
    tls::{self, TlsError},
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
    #[error("cannot make a TURN secret: {0}. Give one with --turn-secret.")]
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
    tls: Option<TlsAcceptor>,
    addresses: Addresses,
    relay: Option<Relay>,
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
}

impl Server {
    /// Opens every listener and starts the relay. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// If anything that the settings ask for cannot be had.
    pub fn open(settings: &Settings) -> Result<Server, StartError> {
        let listeners = settings.listeners()?;
        let certificate = settings.certificate()?;
        let network = Network::look();

        let http = bind_all(&listeners.http)?;
        let https = bind_all(&listeners.https)?;
        let tls = match certificate {
            _ if https.is_empty() => None,
            Some((cert, key)) => Some(tls::from_files(cert, key)?),
            None => Some(tls::self_made(
                &network.certificate_names(),
                &network.certificate_addresses(),
            )?),
        };

        let secret = match &settings.turn_secret {
            Some(secret) => secret.clone(),
            None => Secret::random()?,
        };
        let relay = start_relay(settings, &listeners.turn, &secret)?;
        let turn = relay.as_ref().and_then(|relay| relay.local_addrs().first()).map(|first| Turn {
            host: settings.turn_host.clone(),
            port: first.port(),
            secret: secret.reveal().to_owned(),
        });

        let signalling =
            Signalling::new(rooms::Config { room_size: settings.room_size.into(), turn });
        let sockets = twocan_socketio::Config {
            ping_interval: settings.ping_interval(),
            ping_timeout: settings.ping_timeout(),
            max_payload: defaults::MAX_PAYLOAD,
            max_queue: defaults::MAX_QUEUE,
            origins: settings.origin.clone(),
            ..twocan_socketio::Config::default()
        };
        let site = Site::new(twocan_socketio::Server::new(sockets, signalling.clone()));

        let addresses = Addresses {
            http: local_addresses(&http)?,
            https: local_addresses(&https)?,
            turn: relay.as_ref().map(|relay| relay.local_addrs().to_vec()).unwrap_or_default(),
        };
        info!(
            http = ?addresses.http, https = ?addresses.https, turn = ?addresses.turn,
            version = env!("CARGO_PKG_VERSION"), "serving"
        );
        Ok(Server {
            http,
            https,
            tls: tls.map(TlsAcceptor::from),
            addresses,
            relay,
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
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Server { http, https, tls, relay, signalling, site, .. } = self;
        let (stop, stopped) = watch::channel(false);
        let plain = http.into_iter().map(|listener| (listener, None));
        let secure = https.into_iter().map(|listener| (listener, tls.clone()));
        let mut accepting = JoinSet::new();
        for (listener, tls) in plain.chain(secure) {
            accepting.spawn(listen::accept(listener, tls, site.clone(), stopped.clone()));
        }

        tokio::select! {
            () = shutdown => {}
            never = signalling.run_timers() => match never {},
        }

        info!("stopping");
        // There may be no listener left to hear it.
        let _ = stop.send(true);
        let answered = timeout(defaults::STOP_TIMEOUT, async {
            site.sockets.shutdown().await;
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
    }
}

fn bind_all(listeners: &[Listener]) -> Result<Vec<TcpListener>, ListenError> {
    listeners.iter().filter_map(|listener| listen::bind(listener).transpose()).collect()
}

fn local_addresses(listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    listeners.iter().map(TcpListener::local_addr).collect()
}

fn start_relay(
    settings: &Settings,
    listeners: &[Listener],
    secret: &Secret,
) -> Result<Option<Relay>, StartError> {
    let possible = |listener: &&Listener| match UdpSocket::bind((listener.address.ip(), 0)) {
        Err(error) if listen::is_skippable(listener, &error) => {
            info!(address = %listener.address, %error, "skipped a default listener: no IPv6 here");
            false
        }
        // Whatever else is wrong, the relay says it with the port.
        _ => true,
    };
    let listeners: Vec<SocketAddr> =
        listeners.iter().filter(possible).map(|listener| listener.address).collect();
    if listeners.is_empty() {
        return Ok(None);
    }
    for listener in &listeners {
        if matches!(listener.port(), 1..1024) && ![53, 80, 443].contains(&listener.port()) {
            warn!(
                port = listener.port(),
                "browsers use TURN only on ports 53, 80, 443 and from 1024: choose another --turn"
            );
        }
    }
    let threads = settings.relay_threads.or_else(|| available_parallelism().ok());
    Ok(Some(Relay::start(twocan_relay::Config {
        listeners,
        threads: threads.unwrap_or(NonZeroUsize::MIN),
        realm: settings.turn_realm.clone(),
        secret: secret.reveal().to_owned(),
        external_ips: settings.external_ip.clone(),
        relay_ports: settings.relay_ports.from..=settings.relay_ports.to,
        allowed_peers: settings.allow_peer.clone(),
    })?))
}
