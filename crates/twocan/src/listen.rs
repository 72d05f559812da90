//! Listening sockets, and the connections that they accept.

use std::{io, net::SocketAddr, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::{debug, info, trace, warn};
use twocan_relay::Handle;
use twocan_socketio::Peer;

use crate::{defaults, http::Site, settings::Listener};

/// A listener that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{flag} {address}: {}", explain(*.address, .protocol, .source))]
pub struct ListenError {
    /// The flag that the address belongs to.
    pub flag: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// `UDP` or `TCP`.
    pub protocol: &'static str,
    /// What is wrong.
    pub source: io::Error,
}

/// Opens a TCP listener; `None` if it is a default one of an address family that this machine
/// lacks.
pub(crate) fn bind(listener: &Listener) -> Result<Option<TcpListener>, ListenError> {
    match try_bind(listener.address) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if is_skippable(listener, &error) => {
            info!(address = %listener.address, %error, "skipped a default listener: no IPv6 here");
            Ok(None)
        }
        Err(source) => {
            let Listener { flag, address, .. } = *listener;
            Err(ListenError { flag, address, protocol: "TCP", source })
        }
    }
}

/// Whether a listener that fails with this error is merely one that was hoped for.
pub(crate) fn is_skippable(listener: &Listener, error: &io::Error) -> bool {
    let lacking = error.kind() == io::ErrorKind::AddrNotAvailable
        || error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error() == Some(EAFNOSUPPORT);
    !listener.explicit && listener.address.is_ipv6() && lacking
}

/// 'Address family not supported by protocol'; the standard library has no kind of its own for it.
const EAFNOSUPPORT: i32 = if cfg!(target_os = "linux") { 97 } else { 47 };

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // So that a listener for IPv4 fits beside it on the same port.
        socket.set_only_v6(true)?;
    }
    // A restart need not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(defaults::BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// What to do about an address that cannot be listened on.
fn explain(address: SocketAddr, protocol: &str, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{protocol} port {port} is taken by another program. Stop that one, or choose another port with \
             this flag, or turn it `off`"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "this user may not listen on {protocol} port {port}. Choose a port from 1024, or allow low ports \
             with `sudo setcap cap_net_bind_service=+ep` on the program"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {}. Give one that it has", address.ip())
        }
        _ => error.to_string(),
    }
}

/// What a listener leads to. Which of them a connection wants is told by its first bytes: those of a
/// STUN message begin with two zero bits and a small number, those of HTTP with a letter, those of
/// TLS with 22.
#[derive(Clone)]
pub(crate) struct Door {
    /// Present if the listener speaks TLS.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Present if page and signalling are here.
    pub(crate) site: Option<Arc<Site>>,
    /// Present if there is a relay.
    pub(crate) relay: Option<Handle>,
}

/// Accepts connections and serves them until `stop` says so, then waits for the answers that are on
/// their way.
pub(crate) async fn accept(listener: TcpListener, door: Door, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = asked_to(&mut stop) => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                trace!(%remote, "connection accepted");
                connections.spawn(serve(stream, remote, door.clone(), stop.clone()));
            }
            Err(error) if concerns_one_connection(&error) => debug!(%error, "connection lost"),
            Err(error) => {
                warn!(%error, "cannot accept connections; raise the limit of open files if it is that");
                sleep(defaults::ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn asked_to(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which asks as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn serve(stream: TcpStream, remote: SocketAddr, door: Door, mut stop: watch::Receiver<bool>) {
    let served = async {
        // Small frames would otherwise wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        let mut first = [0];
        let silent = stream.peek(&mut first).await? == 0;
        match &door.relay {
            _ if silent => Ok(None),
            Some(relay) if is_stun(first[0]) => {
                relay.adopt(stream.into_std()?, None)?;
                Ok(None)
            }
            _ => match &door.tls {
                Some(tls) => secure(stream, tls, door.relay.as_ref()).await,
                None => Ok(Some(Wanted::Http(stream))),
            },
        }
    };
    let served = tokio::select! {
        served = timeout(defaults::HEADER_TIMEOUT, served) => served,
        () = asked_to(&mut stop) => return,
    };
    let wanted: Wanted = match served {
        Ok(Ok(Some(wanted))) => wanted,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return debug!(%remote, %error, "connection ended"),
        Err(_) => return debug!(%remote, "the connection's first words took too long"),
    };
    let Some(site) = door.site else {
        return debug!(%remote, "only TURN is served here");
    };
    match wanted {
        Wanted::Http(stream) => answer(stream, Peer { remote, secure: false }, site, stop).await,
        Wanted::Https(stream) => answer(stream, Peer { remote, secure: true }, site, stop).await,
    }
}

/// A connection that is for page and signalling.
enum Wanted {
    Http(TcpStream),
    Https(Box<TlsStream<TcpStream>>),
}

/// Does the TLS handshake, and hands the connection over to the relay if it is for that.
async fn secure(
    stream: TcpStream,
    tls: &TlsAcceptor,
    relay: Option<&Handle>,
) -> io::Result<Option<Wanted>> {
    let mut stream = tls.accept(stream).await?;
    let Some(relay) = relay else {
        return Ok(Some(Wanted::Https(Box::new(stream))));
    };
    match stream.fill_buf().await?.first() {
        None => Ok(None),
        Some(&first) if is_stun(first) => {
            let (tcp, session) = stream.into_inner();
            relay.adopt(tcp.into_std()?, Some(Box::new(session)))?;
            Ok(None)
        }
        Some(_) => Ok(Some(Wanted::Https(Box::new(stream)))),
    }
}

/// Whether a stream that begins so is one of a TURN client: with the type of a request, whose method
/// is below 0x80 ([RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)).
fn is_stun(first: u8) -> bool {
    first == 0
}

async fn answer<S>(stream: S, peer: Peer, site: Arc<Site>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let site = site.clone();
        async move { Ok::<_, std::convert::Infallible>(site.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(defaults::HEADER_TIMEOUT)
        .max_buf_size(defaults::READ_BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked_to(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(remote = %peer.remote, %error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(address: &str, explicit: bool) -> Listener {
        Listener { address: address.parse().unwrap(), flag: "--http", explicit }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_flag() {
        let first = bind(&listener("127.0.0.1:0", true)).unwrap().unwrap();
        let taken = first.local_addr().unwrap();
        let error = bind(&listener(&taken.to_string(), false)).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "--http {taken}: TCP port {} is taken by another program. Stop that one, or choose \
                 another port with this flag, or turn it `off`",
                taken.port()
            )
        );
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_an_error() {
        let error = bind(&listener("192.0.2.1:0", true)).unwrap_err().to_string();
        assert!(error.contains("this machine has no address 192.0.2.1"), "{error}");
    }

    #[test]
    fn only_a_default_listener_for_ipv6_may_be_lacking() {
        let lacking = io::Error::from_raw_os_error(EAFNOSUPPORT);
        let taken = io::Error::from(io::ErrorKind::AddrInUse);
        assert!(is_skippable(&listener("[::1]:0", false), &lacking));
        assert!(!is_skippable(&listener("[::1]:0", true), &lacking));
        assert!(!is_skippable(&listener("127.0.0.1:0", false), &lacking));
        assert!(!is_skippable(&listener("[::1]:0", false), &taken));
    }
}
