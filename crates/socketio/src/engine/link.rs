//! The way into a session's task, for everyone outside it: a queue of inputs that never blocks.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::sync::oneshot;

use super::{Message, packet::Packet, refusal::Refusal, session::Turned, websocket::WebSocket};
use crate::queue::Queue;

/// What each queued packet counts besides its content, so that many small ones are bounded too.
const PACKET_COST: usize = 64;

/// Sends to one session, from anywhere. Cheap to clone; once the session has ended, what is sent goes
/// nowhere.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    max_queue: usize,
}

struct State {
    inputs: Queue<Input>,
    /// The cost of all packets that are not yet on their way.
    queued: usize,
    phase: Phase,
    on_websocket: bool,
    /// The session's task is to look again, though there may be no input.
    stirred: bool,
    /// Wakes the session's task; absent while it runs, since it looks for more before it rests.
    resting: Option<Waker>,
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
    Candidate(Box<WebSocket>),
}

impl Link {
    pub(crate) fn new(max_queue: usize) -> Self {
        let state = State {
            inputs: Queue::default(),
            queued: 0,
            phase: Phase::Open,
            on_websocket: false,
            stirred: false,
            resting: None,
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), max_queue }) }
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
            state.inputs.push(Input::Send(packet));
        }
        if state.queued > self.shared.max_queue {
            state.phase = Phase::Closing;
            state.inputs.retain(|input| !matches!(input, Input::Send(_)));
            state.inputs.push(Input::Overflow);
        }
        rouse(state);
    }

    /// Closes the session, after what is queued has been sent.
    pub fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
            state.inputs.push(Input::Close);
        }
        rouse(state);
    }

    /// Lets the session's task look again whether its [`Receiver`](super::Receiver) is ready, and poll
    /// the application's future.
    pub fn wake(&self) {
        let mut state = self.lock();
        state.stirred = true;
        rouse(state);
    }

    /// Waits until at least half of the queue is free, or the session has ended. To be awaited in the
    /// session's own task only, which polls it after each of its turns: nothing else wakes it.
    pub(crate) fn writable(&self) -> impl Future<Output = ()> + Send + use<> {
        let link = self.clone();
        poll_fn(move |_| {
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
        state.inputs.push(input);
        rouse(state);
        Ok(())
    }

    /// The inputs since the last call. Until the task [rests](Self::rest), nothing wakes it.
    pub(crate) fn take(&self) -> VecDeque<Input> {
        let mut state = self.lock();
        state.resting = None;
        state.inputs.take()
    }

    /// Lets the session's task rest until there is something to do; false if there is already.
    pub(crate) fn rest(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        if mem::take(&mut state.stirred) || !state.inputs.is_empty() {
            return false;
        }
        state.resting = Some(cx.waker().clone());
        true
    }

    /// Gives back the emptied queue of [`take`](Self::take), to use its memory again.
    pub(crate) fn recycle(&self, emptied: VecDeque<Input>) {
        if emptied.capacity() > 0 {
            self.lock().inputs.reuse(emptied);
        }
    }

    /// Packets of this [cost](message_cost) are on their way.
    pub(crate) fn sent(&self, cost: usize) {
        if cost == 0 {
            return;
        }
        let mut state = self.lock();
        state.queued = state.queued.saturating_sub(cost);
    }

    /// The session goes on by WebSocket.
    pub(crate) fn set_on_websocket(&self) {
        self.lock().on_websocket = true;
    }

    pub(crate) fn is_on_websocket(&self) -> bool {
        self.lock().on_websocket
    }

    /// The application may send no more; the client's requests are still answered.
    pub(crate) fn set_closing(&self) {
        self.lock().phase = Phase::Closing;
    }

    /// The session has ended; inputs that nobody will look at are returned.
    pub(crate) fn set_closed(&self) -> VecDeque<Input> {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.inputs.take()
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

/// Wakes the session's task if it rests.
fn rouse(mut state: MutexGuard<'_, State>) {
    let waker = state.resting.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn cost(packet: &Packet) -> usize {
    PACKET_COST + packet.len()
}

/// What a packet counts while it waits. Only messages count; the engine's own packets are few.
pub(crate) fn message_cost(packet: &Packet) -> usize {
    match packet {
        Packet::Message(_) => cost(packet),
        _ => 0,
    }
}
