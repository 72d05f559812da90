//! An Engine.IO v4 and Socket.IO v5 server for [hyper](https://docs.rs/hyper) 1.x.
//!
//! ```text
//!   HTTP request                                        your Handler
//!        │                                                   ▲
//!        ▼                                                   │ connect, event, disconnect: awaited
//!  ┌───────────┐  Origin, session id   ┌─────────────────────┴───────────────────┐ one by one, in order
//!  │  Server   ├──────────────────────►│  one task for each session              │
//!  └───────────┘  polls, posts,        │   transport ─ engine ─ socketio ─ calls │
//!                 WebSockets           └─────────────────────▲───────────────────┘
//!                                                            │ bounded queue, never blocks
//!                                                    Socket::emit, from anywhere
//! ```
//!
//! - [`Server`] answers the requests of one path (`/socket.io/`); the listener, TLS and every other
//!   path belong to the program. Set `TCP_NODELAY` on accepted connections: small frames otherwise
//!   wait for the acknowledgement of the one before.
//! - [`Handler`] is what the program does with its sockets. Each session is one task; its events are
//!   handled one after the other in the order of their arrival, and
//!   [`disconnect`](Handler::disconnect) comes last and exactly once, whatever ended the session.
//! - [`Socket`] sends events from anywhere. It never blocks: a client that does not read is closed
//!   once [`Config::max_queue`] bytes wait for it.
//! - The engine below (handshake, long polling, WebSocket, upgrade, heartbeat) is usable by itself,
//!   see [`engine`].
//!
//! Compression of WebSocket messages (permessage-deflate) is left out on purpose: its windows cost
//! some 300 KB for each connection, and compressing secrets beside text that an attacker chooses
//! gives the secrets away by their length.
//!
//! # Example
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use hyper::service::service_fn;
//! use hyper_util::rt::TokioIo;
//! use twocan_socketio::{
//!     Config, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Peer, Server, Socket,
//! };
//!
//! struct Echo;
//!
//! impl Handler for Echo {
//!     type State = Socket;
//!
//!     async fn connect(
//!         &self,
//!         socket: Socket,
//!         request: &ConnectRequest,
//!     ) -> Result<Socket, ConnectError> {
//!         match request.namespace.as_str() {
//!             "/" => Ok(socket),
//!             _ => Err(ConnectError::invalid_namespace()),
//!         }
//!     }
//!
//!     async fn event(&self, socket: &mut Socket, event: Event) {
//!         socket.emit_raw(&event.name, &event.args, event.attachments);
//!     }
//!
//!     async fn disconnect(&self, socket: Socket, reason: DisconnectReason) {
//!         println!("{} left: {reason}", socket.id());
//!     }
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let server = Server::new(Config::default(), Echo);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! loop {
//!     let (stream, remote) = listener.accept().await?;
//!     stream.set_nodelay(true)?;
//!     let server = server.clone();
//!     tokio::spawn(async move {
//!         let service = service_fn(move |request| {
//!             let server = server.clone();
//!             let peer = Peer { remote, secure: false };
//!             async move { Ok::<_, std::convert::Infallible>(server.serve(request, peer).await) }
//!         });
//!         let _ = hyper::server::conn::http1::Builder::new()
//!             .serve_connection(TokioIo::new(stream), service)
//!             .with_upgrades()
//!             .await;
//!     });
//! }
//! # }
//! ```

mod client;
mod config;
pub mod engine;
mod figures;
mod handler;
mod handshake;
mod id;
mod namespaces;
mod origin;
mod protocol;
mod queue;
mod server;
mod socket;

pub use config::Config;
pub use figures::Figures;
pub use handler::{ConnectError, ConnectRequest, DisconnectReason, Event, Handler};
pub use handshake::{Handshake, Peer};
pub use origin::{InvalidOrigin, Origin};
pub use server::{Body, Server};
pub use socket::{Ack, EmitError, Reply, RequestError, Socket};
