//! What one client's session shares between its task, its sockets and whoever sends to them: the link,
//! the work that waits for the handler, and the acknowledgements that are awaited.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use crate::{
    DisconnectReason, Reply,
    engine::{CloseReason, Link, Message, Receiver},
    protocol::{Assembler, Incoming, Kind},
    queue::Queue,
};

/// While this many packets wait for the handler, the client is not read.
const MAX_WORK: usize = 64;

pub(crate) struct Client {
    link: Link,
    work: Mutex<Queue<Work>>,
    acks: Mutex<Acks>,
}

/// What waits for the handler.
pub(crate) enum Work {
    Packet(Incoming),
    /// The program disconnected the socket with this id. Not the socket itself, which holds this client: it
    /// would keep both for ever behind the last work.
    Left(String),
    /// The session has ended: the last work.
    Ended(DisconnectReason),
}

#[derive(Default)]
struct Acks {
    next: u64,
    waiting: HashMap<u64, Waiting>,
    ended: bool,
}

struct Waiting {
    namespace: String,
    reply: oneshot::Sender<Reply>,
}

impl Client {
    pub(crate) fn new(link: Link) -> Arc<Self> {
        Arc::new(Self { link, work: Mutex::default(), acks: Mutex::default() })
    }

    pub(crate) fn send(&self, messages: impl IntoIterator<Item = Message>) {
        self.link.send_all(messages);
    }

    pub(crate) fn close(&self) {
        self.link.close();
    }

    pub(crate) fn is_on_websocket(&self) -> bool {
        self.link.is_on_websocket()
    }

    /// The program disconnected a socket.
    pub(crate) fn left(&self, socket_id: &str) {
        self.push(Work::Left(socket_id.to_owned()));
        self.link.wake();
    }

    /// Waits until what was sent has mostly reached the client, or the session has ended.
    pub(crate) async fn writable(&self) {
        self.link.writable().await;
    }

    /// The next work, in the order of its arrival, if there is some. Nothing wakes a task that waits for
    /// it: the session's own looks for it after each turn of the transport.
    pub(crate) fn next_work(&self) -> Option<Work> {
        let mut work = self.lock_work();
        let next = work.pop()?;
        let freed = work.len() + 1 == MAX_WORK;
        drop(work);
        if freed {
            self.link.wake();
        }
        Some(next)
    }

    /// Prepares for the acknowledgement of an event that is about to be sent.
    pub(crate) fn expect_ack(self: &Arc<Self>, namespace: &str) -> ExpectedAck {
        let (reply, replied) = oneshot::channel();
        let mut acks = self.lock_acks();
        let id = acks.next;
        acks.next += 1;
        if !acks.ended {
            acks.waiting.insert(id, Waiting { namespace: namespace.to_owned(), reply });
        }
        ExpectedAck { client: Arc::clone(self), id, replied }
    }

    fn acknowledge(&self, namespace: &str, id: u64, reply: Reply) {
        let mut acks = self.lock_acks();
        let expected = acks.waiting.get(&id).is_some_and(|waiting| waiting.namespace == namespace);
        if expected && let Some(waiting) = acks.waiting.remove(&id) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.reply.send(reply);
        }
    }

    fn push(&self, work: Work) {
        self.lock_work().push(work);
    }

    fn lock_work(&self) -> MutexGuard<'_, Queue<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_acks(&self) -> MutexGuard<'_, Acks> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An acknowledgement that is awaited; `None` if the session ends first.
pub(crate) struct ExpectedAck {
    client: Arc<Client>,
    id: u64,
    replied: oneshot::Receiver<Reply>,
}

impl ExpectedAck {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl Future for ExpectedAck {
    type Output = Option<Reply>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        Pin::new(&mut self.replied).poll(cx).map(Result::ok)
    }
}

impl Drop for ExpectedAck {
    fn drop(&mut self) {
        self.client.lock_acks().waiting.remove(&self.id);
    }
}

/// Takes the session's messages: acknowledgements go to those who wait for them, all else waits for the
/// handler in order.
pub(crate) struct Inbox {
    client: Arc<Client>,
    assembler: Assembler,
    broken: bool,
}

impl Inbox {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, assembler: Assembler::default(), broken: false }
    }
}

impl Receiver for Inbox {
    fn receive(&mut self, message: Message) {
        if self.broken {
            return;
        }
        match self.assembler.add(message) {
            Ok(None) => {}
            Ok(Some(Incoming { namespace, kind: Kind::Ack { args, attachments, id } })) => {
                self.client.acknowledge(&namespace, id, Reply { args, attachments });
            }
            Ok(Some(incoming)) => self.client.push(Work::Packet(incoming)),
            Err(error) => {
                tracing::debug!(%error, "session closed");
                self.broken = true;
                self.client.close();
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.client.lock_work().len() < MAX_WORK
    }

    fn closed(&mut self, reason: CloseReason) {
        let mut acks = self.client.lock_acks();
        acks.ended = true;
        acks.waiting.clear();
        drop(acks);
        let reason = match reason {
            CloseReason::ForcedClose if self.broken => DisconnectReason::ParseError,
            CloseReason::ForcedClose => DisconnectReason::ForcedClose,
            CloseReason::TransportClose => DisconnectReason::TransportClose,
            CloseReason::TransportError => DisconnectReason::TransportError,
            CloseReason::PingTimeout => DisconnectReason::PingTimeout,
            CloseReason::ParseError => DisconnectReason::ParseError,
            CloseReason::SlowClient => DisconnectReason::SlowClient,
            CloseReason::ServerShutdown => DisconnectReason::ServerShutdown,
        };
        self.client.push(Work::Ended(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Socket;

    #[test]
    fn a_socket_disconnected_after_its_session_has_ended_keeps_nothing() {
        let client = Client::new(Link::new(1024));
        let kept = Arc::downgrade(&client);
        let socket = Socket::new("a".to_owned(), "/".to_owned(), Arc::clone(&client));
        Inbox::new(client).closed(CloseReason::TransportClose);
        socket.disconnect();
        drop(socket);
        assert!(kept.upgrade().is_none());
    }
}
