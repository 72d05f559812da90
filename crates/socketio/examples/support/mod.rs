//! What the test servers share: flags, and a listener.

use std::{convert::Infallible, future::Future, io, net::Ipv4Addr, time::Duration};

use clap::Parser;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, signal::unix::SignalKind};
use twocan_socketio::{Body, Config, Origin, Peer};

#[derive(Parser)]
pub(crate) struct Options {
    /// The TCP port on 127.0.0.1; 0 takes a free one.
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

/// Serves until SIGINT or SIGTERM, then waits for `stop`. Prints the address once it listens.
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
    println!("listening on http://{}", listener.local_addr()?);

    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    tokio::select! {
        error = accept(listener, serve) => return error,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.await;
    Ok(())
}

async fn accept<F>(
    listener: TcpListener,
    serve: impl Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
) -> io::Result<()>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    loop {
        let (stream, remote) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let serve = serve.clone();
        let service = service_fn(move |request| {
            let response = serve(request, Peer { remote, secure: false });
            async move { Ok::<_, Infallible>(response.await) }
        });
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection failed");
            }
        });
    }
}
