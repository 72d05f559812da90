//! The namespaces of one session: its work is taken one by one, in order, to the handler.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error};

use crate::{
    ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Handshake, Socket,
    client::{Client, Work},
    engine::Message,
    id::random_id,
    protocol::{Control, Incoming, Kind, encode_control},
};

/// Calls the handler for one session until the session has ended and every socket has had its
/// `disconnect`.
pub(crate) async fn run<H: Handler>(
    handler: &H,
    client: Arc<Client>,
    handshake: Arc<Handshake>,
    connect_timeout: Duration,
) {
    let mut namespaces = Namespaces { handler, client, handshake, joined: HashMap::new() };
    let mut connect_by = Some(Instant::now() + connect_timeout);
    let mut broken = false;
    let reason = loop {
        match namespaces.next_work(&mut connect_by).await {
            Some(Work::Ended(reason)) => break reason,
            Some(Work::Left(socket)) => namespaces.leave(&socket).await,
            // A client that broke the rules is not listened to until its session has closed.
            Some(Work::Packet(_)) if broken => {}
            Some(Work::Packet(packet)) => {
                broken = namespaces.handle(packet).await.is_err();
                if broken {
                    debug!("session closed: a packet that may not come here");
                    namespaces.client.close();
                }
            }
            None => {
                debug!("session closed: no namespace was connected in time");
                namespaces.client.close();
            }
        }
    };
    namespaces.end(reason).await;
}

struct Namespaces<'a, H: Handler> {
    handler: &'a H,
    client: Arc<Client>,
    handshake: Arc<Handshake>,
    joined: HashMap<String, Namespace<H::State>>,
}

enum Namespace<S> {
    Joined {
        socket: Socket,
        state: S,
    },
    /// The program disconnected the client, which may not know it yet: what it sends is ignored.
    Left,
}

/// The client broke the rules; the session is to be closed.
struct Violation;

impl<H: Handler> Namespaces<'_, H> {
    /// The next work; `None`, once, if no namespace was connected by the given time.
    async fn next_work(&mut self, connect_by: &mut Option<Instant>) -> Option<Work> {
        if !self.joined.is_empty() {
            *connect_by = None;
        }
        let Some(deadline) = *connect_by else {
            return Some(self.client.next_work().await);
        };
        let work = timeout_at(deadline, self.client.next_work()).await.ok();
        if work.is_none() {
            *connect_by = None;
        }
        work
    }

    async fn handle(&mut self, packet: Incoming) -> Result<(), Violation> {
        let Incoming { namespace, kind } = packet;
        match kind {
            Kind::Connect { auth } => match self.joined.get(&namespace) {
                Some(Namespace::Joined { .. }) => Err(Violation),
                Some(Namespace::Left) | None => {
                    self.connect(namespace, auth).await;
                    Ok(())
                }
            },
            Kind::Disconnect => {
                let Entry::Occupied(entry) = self.joined.entry(namespace) else {
                    return Err(Violation);
                };
                if let Namespace::Joined { socket, state } = entry.remove() {
                    socket.end();
                    self.disconnect(state, DisconnectReason::ClientDisconnect).await;
                }
                Ok(())
            }
            Kind::Event { name, args, attachments, id } => match self.joined.get_mut(&namespace) {
                Some(Namespace::Joined { socket, state }) => {
                    // Whoever does not read the answers is not served more.
                    self.client.writable().await;
                    if !socket.has_ended() {
                        let ack = id.map(|id| socket.ack(id));
                        let event = Event { name, args, attachments, ack };
                        if guarded(self.handler.event(state, event)).await.is_none() {
                            self.client.close();
                        }
                    }
                    Ok(())
                }
                Some(Namespace::Left) => Ok(()),
                None => Err(Violation),
            },
            // Taken by the inbox, out of order, since a handler may be waiting for it.
            Kind::Ack { .. } => Ok(()),
        }
    }

    async fn connect(&mut self, namespace: String, auth: Option<Box<RawValue>>) {
        let id = match random_id() {
            Ok(id) => id,
            Err(error) => {
                error!(%error, "the system gives no random bytes");
                return self.client.close();
            }
        };
        let socket = Socket::new(id, namespace.clone(), Arc::clone(&self.client));
        let handshake = Arc::clone(&self.handshake);
        let request = ConnectRequest { namespace: namespace.clone(), auth, handshake };
        match guarded(self.handler.connect(socket.clone(), request)).await {
            Some(Ok(state)) => {
                debug!(socket = socket.id(), namespace, "connected");
                socket.accept();
                self.joined.insert(namespace, Namespace::Joined { socket, state });
            }
            Some(Err(refused)) => {
                debug!(namespace, reason = refused.message, "connection refused");
                socket.end();
                self.client.send([refusal(&namespace, &refused)]);
            }
            None => {
                socket.end();
                self.client.close();
            }
        }
    }

    /// The program disconnected a socket.
    async fn leave(&mut self, left: &Socket) {
        let Some(namespace) = self.joined.get_mut(left.namespace()) else {
            return;
        };
        match std::mem::replace(namespace, Namespace::Left) {
            Namespace::Joined { socket, state } if socket.is(left) => {
                self.disconnect(state, DisconnectReason::ServerDisconnect).await;
            }
            other => *namespace = other,
        }
    }

    async fn end(mut self, reason: DisconnectReason) {
        for (_, namespace) in std::mem::take(&mut self.joined) {
            if let Namespace::Joined { socket, state } = namespace {
                socket.end();
                self.disconnect(state, reason).await;
            }
        }
    }

    async fn disconnect(&mut self, state: H::State, reason: DisconnectReason) {
        debug!(%reason, "disconnected");
        // After a panic there is nothing left to tell.
        let _ = guarded(self.handler.disconnect(state, reason)).await;
    }
}

/// Awaits a call of the handler; `None` if it panicked: the session is to be closed then, so that its
/// other sockets still get their `disconnect`.
async fn guarded<T>(call: impl Future<Output = T>) -> Option<T> {
    let result = AssertUnwindSafe(call).catch_unwind().await;
    if result.is_err() {
        error!("the handler panicked; its session is closed");
    }
    result.ok()
}

fn refusal(namespace: &str, error: &ConnectError) -> Message {
    let json = serde_json::to_string(error).unwrap_or_else(|_| "{}".to_owned());
    encode_control(Control::ConnectError, namespace, &json)
}
