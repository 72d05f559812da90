//! The namespaces of one session: its work is taken one by one, in order, to the handler.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use serde_json::value::RawValue;
use tokio::time::{Sleep, sleep};
use tracing::{debug, error};

use crate::{
    ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Handshake, Socket,
    client::{Client, Work},
    engine::Message,
    id::random_id,
    protocol::{Control, Incoming, Kind, encode_control},
};

/// By WebSocket, what the handler sends while a client connects follows the answer at this distance.
/// Clients that take one frame at a time, as the specification's own tests do, lose what comes with another
/// in one read.
const GREETING_GAP: Duration = Duration::from_millis(20);

/// Calls the handler for one session until the session has ended and every socket has had its
/// `disconnect`.
pub(crate) async fn run<H: Handler>(
    handler: &H,
    client: Arc<Client>,
    handshake: Arc<Handshake>,
    connect_timeout: Duration,
) {
    let mut connect_by = Some(Box::pin(sleep(connect_timeout)));
    let mut namespaces =
        Namespaces { handler, client, handshake, joined: Vec::new(), broken: false };
    let reason = loop {
        match poll_fn(|cx| namespaces.poll_work(cx, &mut connect_by)).await {
            Some(Work::Ended(reason)) => break reason,
            // Boxed, since a call of the handler is far larger than what an idle session is.
            Some(work) => Box::pin(namespaces.carry_out(work)).await,
            None => {
                debug!("session closed: no namespace was connected in time");
                namespaces.client.close();
            }
        }
    };
    Box::pin(namespaces.end(reason)).await;
}

struct Namespaces<'a, H: Handler> {
    handler: &'a H,
    client: Arc<Client>,
    handshake: Arc<Handshake>,
    /// By name; few clients use more than one.
    joined: Vec<Joined<H::State>>,
    /// The client broke the rules: it is not listened to until its session has closed.
    broken: bool,
}

struct Joined<S> {
    socket: Socket,
    /// Absent once the program has disconnected the client, which may not know it yet: what it sends is
    /// ignored.
    state: Option<S>,
}

/// The client broke the rules; the session is to be closed.
struct Violation;

impl<H: Handler> Namespaces<'_, H> {
    /// The next work; `None`, once, if no namespace was connected in time.
    fn poll_work(
        &mut self,
        cx: &mut Context<'_>,
        connect_by: &mut Option<Pin<Box<Sleep>>>,
    ) -> Poll<Option<Work>> {
        if !self.joined.is_empty() {
            *connect_by = None;
        }
        if let Some(work) = self.client.next_work() {
            return Poll::Ready(Some(work));
        }
        if let Some(timer) = connect_by
            && timer.as_mut().poll(cx).is_ready()
        {
            *connect_by = None;
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    async fn carry_out(&mut self, work: Work) {
        match work {
            Work::Left(socket_id) => self.leave(&socket_id).await,
            Work::Packet(packet) if !self.broken => {
                self.broken = self.handle(packet).await.is_err();
                if self.broken {
                    debug!("session closed: a packet that may not come here");
                    self.client.close();
                }
            }
            Work::Packet(_) | Work::Ended(_) => {}
        }
    }

    async fn handle(&mut self, packet: Incoming) -> Result<(), Violation> {
        let Incoming { namespace, kind } = packet;
        let found = self.joined.binary_search_by(|one| one.socket.namespace().cmp(&namespace));
        let joined = found.ok().and_then(|place| self.joined.get_mut(place));
        match (kind, joined) {
            (Kind::Connect { .. }, Some(Joined { state: Some(_), .. })) => Err(Violation),
            (Kind::Connect { auth }, _) => {
                self.connect(&namespace, auth).await;
                Ok(())
            }
            // Taken by the inbox, out of order, since a handler may be waiting for it.
            (Kind::Ack { .. }, _) => Ok(()),
            (_, None) => Err(Violation),
            (Kind::Disconnect, Some(Joined { socket, state })) => {
                socket.end();
                let state = state.take();
                self.joined.retain(|one| one.socket.namespace() != namespace);
                if let Some(state) = state {
                    self.disconnect(state, DisconnectReason::ClientDisconnect).await;
                }
                Ok(())
            }
            (Kind::Event { name, args, attachments, id }, Some(Joined { socket, state })) => {
                // Whoever does not read the answers is not served more.
                self.client.writable().await;
                if let Some(state) = state
                    && !socket.has_ended()
                {
                    let ack = id.map(|id| socket.ack(id));
                    let event = Event { name, args, attachments, ack };
                    if guarded(self.handler.event(state, event)).await.is_none() {
                        self.client.close();
                    }
                }
                Ok(())
            }
        }
    }

    async fn connect(&mut self, namespace: &str, auth: Option<Box<RawValue>>) {
        let id = match random_id() {
            Ok(id) => id,
            Err(error) => {
                error!(%error, "the system gives no random bytes");
                return self.client.close();
            }
        };
        let socket = Socket::new(id, namespace.to_owned(), Arc::clone(&self.client));
        let handshake = Arc::clone(&self.handshake);
        let request = ConnectRequest { namespace: namespace.to_owned(), auth, handshake };
        match guarded(self.handler.connect(socket.clone(), &request)).await {
            Some(Ok(mut state)) => {
                debug!(socket = socket.id(), namespace, "connected");
                if socket.accept() && self.client.is_on_websocket() {
                    sleep(GREETING_GAP).await;
                }
                socket.release();
                if !socket.has_ended()
                    && guarded(self.handler.connected(&mut state, request)).await.is_none()
                {
                    self.client.close();
                }
                self.join(Joined { socket, state: Some(state) });
            }
            Some(Err(refused)) => {
                debug!(namespace, reason = refused.message, "connection refused");
                socket.end();
                self.client.send([refusal(namespace, &refused)]);
            }
            None => {
                socket.end();
                self.client.close();
            }
        }
    }

    fn join(&mut self, joined: Joined<H::State>) {
        let name = joined.socket.namespace();
        match self.joined.binary_search_by(|one| one.socket.namespace().cmp(name)) {
            // The program disconnected the one that was there.
            Ok(place) => self.joined.splice(place..=place, [joined]).for_each(drop),
            Err(place) => {
                self.joined.reserve_exact(1);
                self.joined.insert(place, joined);
            }
        }
    }

    /// The program disconnected a socket.
    async fn leave(&mut self, socket_id: &str) {
        let joined = self.joined.iter_mut().find(|one| one.socket.id() == socket_id);
        if let Some(state) = joined.and_then(|one| one.state.take()) {
            self.disconnect(state, DisconnectReason::ServerDisconnect).await;
        }
    }

    async fn end(mut self, reason: DisconnectReason) {
        for Joined { socket, state } in std::mem::take(&mut self.joined) {
            socket.end();
            if let Some(state) = state {
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
