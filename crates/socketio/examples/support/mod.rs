//! What the test servers share: flags, and a listener.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::{Ipv4Addr, Ipv6Addr},
    pin::pin,
    time::Duration,
};

use clap::Parser;
use futures_util::future::OptionFuture;
use hyper::{
    Request, Response,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use twocan_socketio::{Body, Config, Origin, Peer};

#[derive(Parser)]
pub(crate) struct Options {
    /// The TCP port on localhost; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Milliseconds between a pong and the next ping.
    #[arg(long, default_value_t = 25_000, value_name = "MS")]
    ping_interval: u64,
    /// Milliseconds that a client has for its pong.
    #[arg(long, default_value_t = 20_000, value_name = "MS")]
    ping_timeout: u64,
    /// Another origin whose pages may connect; repeatable.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<Origin>,
}

impl Options {
    pub(crate) fn config(&self) -> Config {
        Config {
            ping_interval: Duration::from_millis(self.ping_interval),
            ping_timeout: Duration::from_millis(self.ping_timeout),
            origins: self.origins.clone(),
            ..Config::default()
        }
    }
}

/// Serves until SIGINT or SIGTERM, then waits for `stop` and for the last answers to be written. Prints
/// the address once it listens.
pub(crate) async fn listen<F>(
    port: u16,
    serve: impl Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    // Clients that look up 'localhost' may try IPv6 first; not every machine has it.
    let listener6 = TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await.ok();
    println!("listening on http://{address}");

    let (stopping, _) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Meanwhile connections are still accepted: a client that polls hears of the end by its next poll.
    let mut stopped = pin!(async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(accepted) = OptionFuture::from(listener6.as_ref().map(TcpListener::accept)) => {
                accepted
            }
            Some(_) = connections.join_next() => continue,
            () = &mut stopped => break,
        };
        let (stream, remote) = accepted?;
        stream.set_nodelay(true)?;
        let serve = serve.clone();
        let service = service_fn(move |request| {
            let response = serve(request, Peer { remote, secure: false });
            async move { Ok::<_, Infallible>(response.await) }
        });
        connections.spawn(serve_connection(stream, service, stopping.subscribe()));
    }
    stopping.send_replace(());
    connections.join_all().await;
    Ok(())
}

async fn serve_connection<F>(
    stream: TcpStream,
    service: impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future = F>,
    mut stopping: watch::Receiver<()>,
) where
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection failed");
    }
}
