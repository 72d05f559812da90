//! A server with nothing but the signalling, on a free port.

use std::{
    convert::Infallible,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{interval, timeout},
};
use twocan_signal::{
    binding::Signalling,
    credentials::{SeatName, Turn, Way},
    figures::Figures,
    limits::Limits,
    rooms::Config,
};
use twocan_socketio::{Peer, Server};

/// Nothing in these tests takes nearly as long; what takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// So short that seats are lost and so long that seats are taken back.
pub(crate) const GRACE: Duration = Duration::from_millis(60);

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) signalling: Signalling,
    pub(crate) sockets: Server<Signalling>,
    pub(crate) ended: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Running {
    pub(crate) async fn start() -> Running {
        Running::with_limits(None).await
    }

    pub(crate) async fn with_limits(limits: Option<Limits>) -> Running {
        let turn = Turn { host: None, ways: vec![Way::Udp(3478)], secret: "north".into() };
        let config = Config {
            room_size: NonZeroUsize::new(2).unwrap(),
            turn: Some(turn),
            secret: "a secret".into(),
            grace: GRACE,
            join_control: None,
            limits,
        };
        let ended = Arc::<Mutex<Vec<String>>>::default();
        let names = Arc::clone(&ended);
        let on_ended = move |seat: SeatName| names.lock().unwrap().push(seat.to_string());
        let signalling = Signalling::new(config, on_ended);
        let sockets = Server::new(twocan_socketio::Config::default(), signalling.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, sockets.clone()));
        let timers = signalling.clone();
        tasks.spawn(async move { match timers.run_timers().await {} });
        Running { address, signalling, sockets, ended, _tasks: tasks }
    }

    /// Waits until nothing is left of anybody, and the credentials of each seat have ended.
    pub(crate) async fn is_empty(&self) {
        self.shows("an empty server", |figures| {
            let left = (figures.rooms, figures.seats, figures.away, figures.sockets);
            left == (0, 0, 0, 0) && self.ended.lock().unwrap().len() as u64 == figures.joins
        })
        .await;
    }

    /// Waits until so many sockets are connected.
    pub(crate) async fn has_sockets(&self, count: usize) {
        self.shows("sockets", |figures| figures.sockets == count).await;
    }

    async fn shows(&self, what: &str, right: impl Fn(Figures) -> bool) {
        let mut look = interval(Duration::from_millis(5));
        let shown = timeout(PATIENCE, async {
            while !right(self.signalling.figures()) {
                look.tick().await;
            }
        });
        assert!(shown.await.is_ok(), "no {what}: {:?}", self.signalling.figures());
    }
}

async fn accept(listener: TcpListener, sockets: Server<Signalling>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, remote) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let sockets = sockets.clone();
        let service = service_fn(move |request| {
            let sockets = sockets.clone();
            let peer = Peer { remote, secure: false };
            async move { Ok::<_, Infallible>(sockets.serve(request, peer).await) }
        });
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
        connections.spawn(async move {
            // A client that breaks off is what is tested.
            let _ = connection.await;
        });
    }
}
