//! The way into a session's task, for everyone outside it: a queue of inputs that never blocks.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;

use super::{Message, packet::Packet, refusal::Refusal, session::Turned, websocket::WebSocket};

/// What each queued packet counts besides its content, so that many small ones are bounded too.
const PACKET_COST: usize = 64;

/// The inputs' queue keeps this much room when it runs empty; more is given back.
const KEPT_CAPACITY: usize = 8;

/// Sends to one session, from anywhere. Cheap to clone; once the session has ended, what is sent goes
/// nowhere.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Wakes the session's task.
    task: AtomicWaker,
    /// Wakes whoever waits for the queue to drain.
    drained: AtomicWaker,
    max_queue: usize,
}

struct State {
    inputs: VecDeque<Input>,
    /// The cost of all packets that are not yet on their way.
    queued: usize,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// No message goes out, but requests of the client are still answered.
    Closing,
    Closed,
}

/// What the session's task is told.
pub(crate) enum Input {
    Send(Packet),
    Close,
    /// More is queued than may be.
    Overflow,
    Shutdown,
    Poll(oneshot::Sender<Result<String, Refusal>>),
    PollAborted,
    PostStarted(oneshot::Sender<Result<(), Turned>>),
    Posted(String, oneshot::Sender<Result<(), Refusal>>),
    PostFailed,
    PostRefused,
    Candidate(WebSocket),
}

impl Link {
    pub(crate) fn new(max_queue: usize) -> Self {
        let state = State { inputs: VecDeque::new(), queued: 0, phase: Phase::Open };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                task: AtomicWaker::new(),
                drained: AtomicWaker::new(),
                max_queue,
            }),
        }
    }

    /// Sends a message. Never blocks: a client that leaves more than
    /// [`Config::max_queue`](crate::Config::max_queue) bytes unread is closed.
    pub fn send(&self, message: Message) {
        self.send_all([message]);
    }

    /// Sends messages that belong together, with none of another sender between them.
    pub fn send_all(&self, messages: impl IntoIterator<Item = Message>) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        for message in messages {
            let packet = Packet::Message(message);
            state.queued += cost(&packet);
            state.inputs.push_back(Input::Send(packet));
        }
        if state.queued > self.shared.max_queue {
            state.phase = Phase::Closing;
            state.inputs.retain(|input| !matches!(input, Input::Send(_)));
            state.inputs.push_back(Input::Overflow);
        }
        drop(state);
        self.wake();
    }

    /// Closes the session, after what is queued has been sent.
    pub fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
            state.inputs.push_back(Input::Close);
        }
        drop(state);
        self.wake();
    }

    /// Lets the session look again whether its [`Receiver`](super::Receiver) is ready.
    pub fn wake(&self) {
        self.shared.task.wake();
    }

    /// Waits until at least half of the queue is free, or the session has ended. Only one future may
    /// wait for each session.
    pub fn writable(&self) -> impl Future<Output = ()> + Send + use<> {
        let link = self.clone();
        poll_fn(move |cx| {
            link.shared.drained.register(cx.waker());
            let state = link.lock();
            if state.phase != Phase::Open || state.queued <= link.shared.max_queue / 2 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    /// Hands an input to the session's task, or gives it back if the session has ended.
    pub(crate) fn push(&self, input: Input) -> Result<(), Input> {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return Err(input);
        }
        state.inputs.push_back(input);
        drop(state);
        self.wake();
        Ok(())
    }

    /// The inputs since the last call; the task is woken when there are more.
    pub(crate) fn take(&self, cx: &Context<'_>) -> VecDeque<Input> {
        self.shared.task.register(cx.waker());
        std::mem::take(&mut self.lock().inputs)
    }

    /// Gives back the emptied queue of [`take`](Self::take), to use its memory again.
    pub(crate) fn recycle(&self, mut emptied: VecDeque<Input>) {
        let mut state = self.lock();
        if state.inputs.capacity() == 0 && emptied.is_empty() {
            emptied.shrink_to(KEPT_CAPACITY);
            state.inputs = emptied;
        }
    }

    pub(crate) fn has_input(&self) -> bool {
        !self.lock().inputs.is_empty()
    }

    /// Packets are on their way.
    pub(crate) fn sent<'a>(&self, packets: impl IntoIterator<Item = &'a Packet>) {
        let freed = packets.into_iter().map(message_cost).sum::<usize>();
        let mut state = self.lock();
        state.queued = state.queued.saturating_sub(freed);
        let low = state.queued <= self.shared.max_queue / 2;
        drop(state);
        if low {
            self.shared.drained.wake();
        }
    }

    /// The application may send no more; the client's requests are still answered.
    pub(crate) fn set_closing(&self) {
        self.lock().phase = Phase::Closing;
        self.shared.drained.wake();
    }

    /// The session has ended; inputs that nobody will look at are returned.
    pub(crate) fn set_closed(&self) -> VecDeque<Input> {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let inputs = std::mem::take(&mut state.inputs);
        drop(state);
        self.shared.drained.wake();
        inputs
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

fn cost(packet: &Packet) -> usize {
    PACKET_COST + packet.len()
}

/// Only messages are counted; the engine's own packets are few.
fn message_cost(packet: &Packet) -> usize {
    match packet {
        Packet::Message(_) => cost(packet),
        _ => 0,
    }
}
