//! One session's task: it carries out what the [state machine](super::session) commands, on the
//! session's WebSocket and on the requests that the server hands over.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Instant,
};

use tokio::{
    sync::oneshot,
    task::coop::unconstrained,
    time::{Instant as TokioInstant, Sleep, sleep_until},
};
use tracing::{debug, trace};
use tungstenite::protocol::CloseFrame;

use super::{
    CloseReason, Receiver,
    link::{Input, Link, message_cost},
    packet::{InvalidPacket, Packet},
    payload,
    refusal::Refusal,
    registry::Entry,
    session::{Command, Session, Timing, Transport},
    websocket::{Received, SendFailed, WebSocket},
};

/// How many packets are read in a row before others get their turn.
const READ_BUDGET: usize = 64;

/// How often transport and application take turns before the task lets other tasks run.
const TURNS: usize = 8;

/// What a session's task starts with.
pub(crate) struct Start<R> {
    /// For telling sessions apart in the logs; the session id is a secret.
    pub(crate) number: u64,
    pub(crate) timing: Timing,
    /// The first packet; a polling client has had it with its handshake.
    pub(crate) open: Option<Packet>,
    pub(crate) socket: Option<Box<WebSocket>>,
    pub(crate) link: Link,
    pub(crate) receiver: R,
    pub(crate) entry: Entry,
}

/// Runs a session to its end: the transport, and the application's future beside it.
pub(crate) async fn run<R: Receiver>(start: Start<R>, application: impl Future<Output = ()>) {
    let mut driver = Driver::new(start);
    let mut application = pin!(application);
    let (mut transport_done, mut application_done) = (false, false);
    poll_fn(move |cx| {
        for _ in 0..TURNS {
            if !transport_done {
                transport_done = driver.poll(cx).is_ready();
            }
            if !application_done {
                application_done = application.as_mut().poll(cx).is_ready();
            }
            if transport_done && application_done {
                return Poll::Ready(());
            }
            if driver.link.rest(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Driver<R> {
    number: u64,
    session: Session,
    link: Link,
    receiver: R,
    entry: Entry,
    /// Fires at the session's deadline, or before it.
    timer: Pin<Box<Sleep>>,
    /// Whether the timer wakes the task.
    timer_armed: bool,
    poll: Option<oneshot::Sender<Result<String, Refusal>>>,
    /// A POST whose packets are delivered; it is answered when the application can take more.
    post: Option<oneshot::Sender<Result<(), Refusal>>>,
    socket: Option<Box<WebSocket>>,
    candidate: Option<Box<WebSocket>>,
}

impl<R: Receiver> Driver<R> {
    fn new(start: Start<R>) -> Self {
        let now = now();
        let transport =
            if start.socket.is_some() { Transport::WebSocket } else { Transport::Polling };
        let mut session = Session::new(start.timing, transport, now);
        if let Some(open) = start.open {
            session.send(open);
        }
        if transport == Transport::WebSocket {
            start.link.set_on_websocket();
        }
        debug!(session = start.number, ?transport, "session opened");
        Self {
            number: start.number,
            timer: Box::pin(sleep_until(session.deadline().unwrap_or(now).into())),
            timer_armed: false,
            session,
            link: start.link,
            receiver: start.receiver,
            entry: start.entry,
            poll: None,
            post: None,
            socket: start.socket,
            candidate: None,
        }
    }

    /// Does all that can be done at once; ready when the session has ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = now();
        // A candidate that is there already spoke before whoever asks by a request.
        self.read_candidate(cx, now);
        let mut inputs = self.link.take();
        for input in inputs.drain(..) {
            self.accept(input, now);
        }
        self.link.recycle(inputs);

        // A new candidate before the transport: what it has received behind its `upgrade` is read in the
        // same turn, since nothing would wake the task for it.
        self.read_candidate(cx, now);
        self.read(cx, now);
        if self.session.deadline().is_some_and(|deadline| deadline <= now) {
            self.session.timeout(now);
        }
        self.session.flush();
        self.carry_out();
        self.write(cx);
        self.flush_candidate(cx);
        self.answer_post();

        if self.session.is_closed() {
            self.finish();
            return Poll::Ready(());
        }
        self.arm_timer(cx, now);
        Poll::Pending
    }

    fn accept(&mut self, input: Input, now: Instant) {
        match input {
            Input::Send(packet) => self.session.send(packet),
            Input::Close => self.session.close(now),
            Input::Overflow => self.session.abandon(CloseReason::SlowClient),
            Input::Shutdown => self.session.shutdown(now),
            Input::Poll(answer) => match self.session.poll(now) {
                Ok(()) => self.poll = Some(answer),
                Err(turned) => {
                    // Whoever asked may be gone, here and below; its guard has told us then.
                    let _ = answer.send(Err(turned.into()));
                }
            },
            Input::PollAborted => self.session.poll_aborted(),
            Input::PostStarted(answer) => {
                let _ = answer.send(self.session.post_started());
            }
            Input::Posted(body, answer) => {
                trace!(session = self.number, bytes = body.len(), "POST received");
                if self.session.posted(payload::decode(&body), now).is_err() {
                    let _ = answer.send(Err(Refusal::BadRequest));
                } else {
                    self.post = Some(answer);
                }
            }
            Input::PostFailed => self.session.post_failed(),
            Input::PostRefused => self.session.post_refused(),
            Input::Candidate(candidate) => {
                if self.session.candidate_opened(now) {
                    self.candidate = Some(candidate);
                } else {
                    self.close(candidate, VecDeque::new(), None);
                }
            }
        }
        // Each input's commands come before the next input, so that answers find their requests.
        self.carry_out();
    }

    fn read(&mut self, cx: &mut Context<'_>, now: Instant) {
        for _ in 0..READ_BUDGET {
            if self.session.is_closed() || !self.receiver.is_ready() {
                return;
            }
            let Some(socket) = &mut self.socket else {
                return;
            };
            let Poll::Ready(received) = socket.poll_receive(cx) else {
                return;
            };
            match received {
                Received::Packet(packet) => {
                    trace!(session = self.number, packet = describe(&packet), "received");
                    self.session.receive(packet, now);
                }
                Received::Broken(close) => {
                    debug!(session = self.number, %close, "a message that may not be");
                    if let Some(socket) = self.socket.take() {
                        self.close(socket, VecDeque::new(), Some(close));
                    }
                    self.session.abandon(CloseReason::TransportError);
                }
                Received::Lost => self.session.abandon(CloseReason::TransportClose),
            }
            self.carry_out();
        }
        cx.waker().wake_by_ref();
    }

    fn read_candidate(&mut self, cx: &mut Context<'_>, now: Instant) {
        while let Some(candidate) = &mut self.candidate {
            let Poll::Ready(received) = candidate.poll_receive(cx) else {
                return;
            };
            match received {
                Received::Packet(packet) => {
                    trace!(session = self.number, packet = describe(&packet), "candidate received");
                    self.session.candidate_received(packet, now);
                }
                Received::Broken(_) | Received::Lost => {
                    debug!(session = self.number, "upgrade failed: the WebSocket closed");
                    let close = match received {
                        Received::Broken(close) => Some(close),
                        _ => None,
                    };
                    self.session.candidate_lost();
                    if let Some(candidate) = self.candidate.take() {
                        self.close(candidate, VecDeque::new(), close);
                    }
                }
            }
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Deliver(message) => self.receiver.receive(message),
                Command::AnswerPoll(packets) => {
                    self.link.sent(packets.iter().map(message_cost).sum());
                    let body = payload::encode(&packets);
                    let (packets, bytes) = (packets.len(), body.len());
                    trace!(session = self.number, packets, bytes, "poll answered");
                    if let Some(poll) = self.poll.take() {
                        let _ = poll.send(Ok(body));
                    }
                }
                Command::SendCandidate(packet) => {
                    if let Some(candidate) = &mut self.candidate {
                        candidate.send(&packet);
                    }
                }
                Command::PromoteCandidate => {
                    debug!(session = self.number, "upgraded to WebSocket");
                    self.socket = self.candidate.take();
                    self.entry.upgraded();
                    self.link.set_on_websocket();
                }
                Command::DropCandidate => {
                    debug!(session = self.number, "upgrade given up");
                    if let Some(candidate) = self.candidate.take() {
                        self.close(candidate, VecDeque::new(), None);
                    }
                }
                Command::CloseWebSocket(packets) => {
                    if let Some(socket) = self.socket.take() {
                        self.close(socket, packets, None);
                    }
                }
                Command::End(reason) => {
                    debug!(session = self.number, %reason, "session ended");
                    self.link.set_closing();
                    self.receiver.closed(reason);
                }
            }
        }
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        let mut sent = 0;
        let failed = loop {
            match socket.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(SendFailed)) => break true,
                Poll::Pending => break false,
            }
            let Some(packet) = self.session.next_packet() else {
                break matches!(socket.poll_flush(cx), Poll::Ready(Err(SendFailed)));
            };
            trace!(session = self.number, packet = packet.kind(), bytes = packet.len(), "sent");
            sent += message_cost(&packet);
            socket.send(&packet);
        };
        self.link.sent(sent);
        if failed {
            self.session.abandon(CloseReason::TransportClose);
            self.carry_out();
        }
    }

    fn flush_candidate(&mut self, cx: &mut Context<'_>) {
        if let Some(candidate) = &mut self.candidate
            && let Poll::Ready(Err(_)) = candidate.poll_flush(cx)
        {
            self.session.candidate_lost();
            self.candidate = None;
        }
    }

    fn answer_post(&mut self) {
        if (self.receiver.is_ready() || self.session.is_closed())
            && let Some(post) = self.post.take()
        {
            self.session.post_answered();
            let _ = post.send(Ok(()));
        }
    }

    fn arm_timer(&mut self, cx: &mut Context<'_>, now: Instant) {
        let Some(deadline) = self.session.deadline() else {
            return;
        };
        let (deadline, now) = (TokioInstant::from_std(deadline), TokioInstant::from_std(now));
        // A deadline that moved away is left to fire too early: a pong then costs no timer.
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
            self.timer_armed = false;
        }
        if self.timer_armed && now < self.timer.deadline() {
            return;
        }
        // Without regard to the task's budget: a timer that is told to wait for its turn, since the client
        // sends so much, would not have been set.
        while Pin::new(&mut unconstrained(self.timer.as_mut())).poll(cx).is_ready() {
            if TokioInstant::now() >= deadline {
                cx.waker().wake_by_ref();
                self.timer.as_mut().reset(deadline);
                self.timer_armed = false;
                return;
            }
            self.timer.as_mut().reset(deadline);
        }
        self.timer_armed = true;
    }

    /// Nobody is left to answer the requests that came too late: their senders are dropped.
    fn finish(&mut self) {
        self.entry.leave();
        drop(self.link.set_closed());
        self.poll = None;
    }

    /// Closes a WebSocket in a task of its own, since the client may take its time.
    fn close(&self, socket: Box<WebSocket>, packets: VecDeque<Packet>, reason: Option<CloseFrame>) {
        let guard = self.entry.another_task();
        tokio::spawn(async move {
            socket.close(packets, reason).await;
            drop(guard);
        });
    }
}

/// The kind of a packet for the logs; what is in it may be secret.
fn describe(packet: &Result<Packet, InvalidPacket>) -> &'static str {
    packet.as_ref().map_or("invalid", Packet::kind)
}

/// Tokio's clock, so that tests with a paused clock see one time everywhere.
fn now() -> Instant {
    TokioInstant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::{sync::mpsc, task::coop::consume_budget, time::timeout};

    use super::*;
    use crate::engine::{Message, registry::Registry};

    struct Ending {
        ended: mpsc::UnboundedSender<CloseReason>,
    }

    impl Receiver for Ending {
        fn receive(&mut self, _: Message) {}

        fn closed(&mut self, reason: CloseReason) {
            self.ended.send(reason).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_timer_is_set_though_the_task_has_used_up_its_turn() {
        let (ended, mut end) = mpsc::unbounded_channel();
        let link = Link::new(1024);
        let registry = Registry::default();
        let enter = registry.enter(Arc::from("a"), link.clone(), Transport::Polling, 1);
        let Ok(entry) = enter else { panic!("no place") };
        let start = Start {
            number: 0,
            timing: Timing {
                ping_interval: Duration::from_secs(25),
                ping_timeout: Duration::from_secs(20),
                upgrade_timeout: Duration::from_secs(10),
            },
            open: None,
            socket: None,
            link,
            receiver: Ending { ended },
            entry,
        };
        let mut session = Box::pin(run(start, std::future::ready(())));
        // What many reads in a row do: the runtime lets nothing more happen in this turn.
        poll_fn(|cx| {
            while pin!(consume_budget()).poll(cx).is_ready() {}
            assert!(session.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        timeout(Duration::from_secs(46), session).await.expect("nothing wakes the task");
        assert_eq!(end.recv().await, Some(CloseReason::PingTimeout));
    }
}
