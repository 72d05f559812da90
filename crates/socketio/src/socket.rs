//! The program's handle to one client in one namespace.

use std::{
    fmt, iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    client::{Client, ExpectedAck},
    engine::Message,
    protocol::{Control, Encoder, EventKind, encode_connect, encode_control},
};

/// Room for most arguments, so that the text of an event is seldom moved while it is written.
const TYPICAL_ARGUMENT: usize = 256;

/// One client in one namespace. Cheap to clone, usable from anywhere; once the socket has ended, what is
/// sent goes nowhere.
#[derive(Clone)]
pub struct Socket {
    inner: Arc<Inner>,
}

struct Inner {
    id: String,
    namespace: String,
    client: Arc<Client>,
    phase: Mutex<Phase>,
}

/// Nothing may reach the client before the answer to its CONNECT.
enum Phase {
    /// The handler is deciding, or the client is still to read the answer; what is sent meanwhile is held.
    Connecting {
        answered: bool,
        held: Vec<Message>,
    },
    Connected,
    Ended,
}

impl Socket {
    pub(crate) fn new(id: String, namespace: String, client: Arc<Client>) -> Self {
        let phase = Mutex::new(Phase::Connecting { answered: false, held: Vec::new() });
        Self { inner: Arc::new(Inner { id, namespace, client, phase }) }
    }

    /// The socket's public name: random, and unrelated to the session id, so it may be told to others.
    /// The client knows it as `socket.id`.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The namespace, with its slash.
    pub fn namespace(&self) -> &str {
        &self.inner.namespace
    }

    /// Sends an event with one argument. Never blocks; see [`Config::max_queue`](crate::Config::max_queue).
    pub fn emit<T: Serialize + ?Sized>(&self, event: &str, argument: &T) -> Result<(), EmitError> {
        self.send_one(EventKind::Event { name: event, id: None }, argument)
    }

    /// Sends an event with any number of arguments that are JSON already, and the attachments that their
    /// placeholders name (see [`Event::args`](crate::Event::args)). Never blocks.
    pub fn emit_raw(&self, event: &str, args: &[Box<RawValue>], attachments: Vec<Bytes>) {
        self.send_raw(EventKind::Event { name: event, id: None }, args, attachments);
    }

    /// Sends an event with one argument and waits for the client's acknowledgement, at most `timeout`.
    pub async fn request<T: Serialize + ?Sized>(
        &self,
        event: &str,
        argument: &T,
        timeout: Duration,
    ) -> Result<Reply, RequestError> {
        let waiting = self.inner.client.expect_ack(&self.inner.namespace);
        self.send_one(EventKind::Event { name: event, id: Some(waiting.id()) }, argument)?;
        reply(waiting, timeout).await
    }

    /// Like [`request`](Self::request), with the arguments of [`emit_raw`](Self::emit_raw).
    pub async fn request_raw(
        &self,
        event: &str,
        args: &[Box<RawValue>],
        attachments: Vec<Bytes>,
        timeout: Duration,
    ) -> Result<Reply, RequestError> {
        let waiting = self.inner.client.expect_ack(&self.inner.namespace);
        let id = Some(waiting.id());
        self.send_raw(EventKind::Event { name: event, id }, args, attachments);
        reply(waiting, timeout).await
    }

    /// Disconnects the client from this namespace. Its events that are not yet handled are dropped, and
    /// [`Handler::disconnect`](crate::Handler::disconnect) follows.
    pub fn disconnect(&self) {
        let packet = encode_control(Control::Disconnect, self.namespace(), "");
        {
            let mut phase = self.phase();
            match std::mem::replace(&mut *phase, Phase::Ended) {
                Phase::Connecting { answered, mut held } => {
                    if !answered {
                        held.insert(0, encode_connect(self.namespace(), self.id()));
                    }
                    held.push(packet);
                    self.inner.client.send(held);
                }
                Phase::Connected => self.inner.client.send([packet]),
                Phase::Ended => return,
            }
        }
        self.inner.client.left(self.id());
    }

    /// Closes the client's session with all its namespaces, after what is queued for it has been sent.
    /// The client sees 'transport close', and so comes back by itself.
    pub fn close(&self) {
        self.inner.client.close();
    }

    /// Tells the client that it is connected; [`release`](Self::release) must follow. Says whether
    /// something is held for it.
    pub(crate) fn accept(&self) -> bool {
        match &mut *self.phase() {
            Phase::Connecting { answered, held } => {
                self.inner.client.send([encode_connect(self.namespace(), self.id())]);
                *answered = true;
                !held.is_empty()
            }
            Phase::Connected | Phase::Ended => false,
        }
    }

    /// Sends what was held for the client, and holds no more.
    pub(crate) fn release(&self) {
        let mut phase = self.phase();
        if let Phase::Connecting { held, .. } = &mut *phase {
            self.inner.client.send(std::mem::take(held));
            *phase = Phase::Connected;
        }
    }

    /// From here on, nothing is sent.
    pub(crate) fn end(&self) {
        *self.phase() = Phase::Ended;
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(*self.phase(), Phase::Ended)
    }

    pub(crate) fn ack(&self, id: u64) -> Ack {
        Ack { socket: self.clone(), id }
    }

    fn send_one<T: Serialize + ?Sized>(
        &self,
        kind: EventKind<'_>,
        argument: &T,
    ) -> Result<(), EmitError> {
        if self.has_ended() {
            return Ok(());
        }
        let mut encoder = Encoder::new(kind, self.namespace(), 0, TYPICAL_ARGUMENT);
        encoder.push(argument)?;
        self.send(encoder.finish()?, Vec::new());
        Ok(())
    }

    fn send_raw(&self, kind: EventKind<'_>, args: &[Box<RawValue>], attachments: Vec<Bytes>) {
        let length = args.iter().map(|arg| arg.get().len() + 1).sum();
        let mut encoder = Encoder::new(kind, self.namespace(), attachments.len(), length);
        args.iter().for_each(|arg| encoder.push_raw(arg));
        // What came as text is text.
        if let Ok(text) = encoder.finish() {
            self.send(text, attachments);
        }
    }

    fn send(&self, text: Message, attachments: Vec<Bytes>) {
        let messages = iter::once(text).chain(attachments.into_iter().map(Message::Binary));
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Connecting { held, .. } => held.extend(messages),
            Phase::Connected => self.inner.client.send(messages),
            Phase::Ended => {}
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.inner.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn reply(waiting: ExpectedAck, timeout: Duration) -> Result<Reply, RequestError> {
    match tokio::time::timeout(timeout, waiting).await {
        Ok(Some(reply)) => Ok(reply),
        Ok(None) => Err(RequestError::Closed),
        Err(_) => Err(RequestError::Timeout),
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .field("namespace", &self.namespace())
            .finish_non_exhaustive()
    }
}

/// The client's wish for an acknowledgement of one event. Dropping it leaves the client without one.
#[derive(Debug)]
pub struct Ack {
    socket: Socket,
    id: u64,
}

impl Ack {
    /// Acknowledges with one argument.
    pub fn send<T: Serialize + ?Sized>(self, argument: &T) -> Result<(), EmitError> {
        self.socket.send_one(EventKind::Ack { id: self.id }, argument)
    }

    /// Acknowledges with the arguments of [`Socket::emit_raw`].
    pub fn send_raw(self, args: &[Box<RawValue>], attachments: Vec<Bytes>) {
        self.socket.send_raw(EventKind::Ack { id: self.id }, args, attachments);
    }
}

/// A client's acknowledgement of an event.
#[derive(Debug)]
pub struct Reply {
    /// The arguments, as raw JSON; see [`Event::args`](crate::Event::args).
    pub args: Vec<Box<RawValue>>,
    /// The binary arguments.
    pub attachments: Vec<Bytes>,
}

/// The value cannot be written as JSON, so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the argument cannot be written as JSON: {0}")]
pub struct EmitError(#[from] serde_json::Error);

/// Why an event was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The value cannot be written as JSON, so nothing was sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The client did not acknowledge in time.
    #[error("the client did not acknowledge the event in time")]
    Timeout,
    /// The socket ended first.
    #[error("the socket ended before the client acknowledged the event")]
    Closed,
}
