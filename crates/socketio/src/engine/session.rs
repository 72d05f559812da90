//! The protocol of one session as a pure state machine: what came in and the time go in, commands come
//! out. It owns no socket and reads no clock.
//!
//! ```text
//!              poll, post                                   "5" (Upgrade)
//!  Polling ─────────────────►  Polling + candidate  ───────────────────────►  WebSocket
//!              WebSocket opens                │
//!     ▲        with the session's id          │ time-out, wrong packet, close
//!     └───────────────────────────────────────┘ (the polling session goes on)
//! ```
//!
//! While a candidate is being tried, everything is still delivered by polling; see
//! <https://socket.io/docs/v4/engine-io-protocol/#upgrade>.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    CloseReason,
    packet::{InvalidPacket, Message, Packet},
};
use crate::queue::Queue;

/// The periods of a session; see [`Config`](crate::Config).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    pub(crate) upgrade_timeout: Duration,
}

/// How long a polling session that the application closes waits for the poll that brings the news.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// The same when the server shuts down: between two polls of a client that is there, it takes no longer.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// How many packets answer one poll at most; the Python client takes no more.
const MAX_ANSWER: usize = 16;

/// While a candidate is being tried, a poll that waits this long is ended, so that the client may pause.
const NOOP_INTERVAL: Duration = Duration::from_millis(50);

/// The way by which a session's packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Polling,
    WebSocket,
}

/// What the shell is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Hand a message to the application.
    Deliver(Message),
    /// Answer the waiting poll.
    AnswerPoll(Vec<Packet>),
    /// Send a packet to the candidate.
    SendCandidate(Packet),
    /// The candidate is the transport from here on.
    PromoteCandidate,
    /// Close the candidate.
    DropCandidate,
    /// Close the WebSocket, after sending these packets.
    CloseWebSocket(VecDeque<Packet>),
    /// Tell the application that the session has ended. Comes once, and no `Deliver` after it.
    End(CloseReason),
}

/// Why a request of a polling client is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// The session has another transport.
    WrongTransport,
    /// Another request of the same kind is still open; the session ends by it.
    Overlap,
    /// The session has ended.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Session {
    timing: Timing,
    phase: Phase,
    transport: Transport,
    heartbeat: Heartbeat,
    candidate: Option<Candidate>,
    /// Whether a poll waits for its answer.
    polled: bool,
    /// Whether a POST is being read, or waits for its answer.
    posting: bool,
    queue: Queue<Packet>,
    commands: Queue<Command>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The session is to end with the next poll, after what is queued.
    Closing {
        until: Instant,
        farewell: Farewell,
    },
    Closed,
}

/// What a polling client hears last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    Close,
    /// Enough for a client that closed itself.
    Noop,
    /// That there is no such session. All clients come back after that; the Python client does not after a
    /// close.
    Forgotten,
}

impl Farewell {
    fn packet(self) -> Option<Packet> {
        match self {
            Self::Close => Some(Packet::Close),
            Self::Noop => Some(Packet::Noop),
            Self::Forgotten => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Heartbeat {
    PingDue(Instant),
    /// A sign of life other than the pong itself extends the time once: a pong may stand behind a long
    /// upload.
    PongDue {
        until: Instant,
        extended: bool,
    },
}

#[derive(Debug)]
struct Candidate {
    until: Instant,
    /// Set by the probe: when a waiting poll is ended next.
    noop_due: Option<Instant>,
}

impl Session {
    pub(crate) fn new(timing: Timing, transport: Transport, now: Instant) -> Self {
        Self {
            timing,
            phase: Phase::Open,
            transport,
            heartbeat: Heartbeat::PingDue(now + timing.ping_interval),
            candidate: None,
            polled: false,
            posting: false,
            queue: Queue::default(),
            commands: Queue::default(),
        }
    }

    /// What to do next; call until `None` after every input.
    pub(crate) fn next_command(&mut self) -> Option<Command> {
        self.commands.pop()
    }

    /// The next packet for the WebSocket; call whenever it can take one.
    pub(crate) fn next_packet(&mut self) -> Option<Packet> {
        match self.transport {
            Transport::WebSocket => self.queue.pop(),
            Transport::Polling => None,
        }
    }

    /// When [`timeout`](Self::timeout) is to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let heartbeat = match self.heartbeat {
            Heartbeat::PingDue(due) => due,
            Heartbeat::PongDue { until, .. } => until,
        };
        let phase = match self.phase {
            Phase::Open => heartbeat,
            Phase::Closing { until, .. } => until,
            Phase::Closed => return None,
        };
        let candidate = self.candidate.as_ref().map(|candidate| candidate.until);
        let noop = self.noop_due();
        [Some(phase), candidate, noop].into_iter().flatten().min()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    // ---- what the application does ----

    /// Queues a packet for the client.
    pub(crate) fn send(&mut self, packet: Packet) {
        if self.phase == Phase::Open {
            self.queue.push(packet);
        }
    }

    /// Gives what is queued to the waiting poll; call when no more input is at hand, so that packets
    /// that were sent together travel together.
    pub(crate) fn flush(&mut self) {
        if self.transport == Transport::Polling && self.polled && !self.queue.is_empty() {
            let count = self.queue.len().min(MAX_ANSWER);
            let packets = (0..count).map_while(|_| self.queue.pop()).collect();
            self.answer_poll(packets);
        }
    }

    /// The application closes the session, in good order: what is queued is still delivered.
    pub(crate) fn close(&mut self, now: Instant) {
        self.close_orderly(CloseReason::ForcedClose, now + CLOSE_TIMEOUT, Farewell::Close);
    }

    /// The server shuts down: the session is closed in good order too, but soon.
    pub(crate) fn shutdown(&mut self, now: Instant) {
        let until = now + SHUTDOWN_TIMEOUT;
        if let Phase::Closing { until: patience, .. } = &mut self.phase {
            *patience = until.min(*patience);
        }
        self.close_orderly(CloseReason::ServerShutdown, until, Farewell::Forgotten);
    }

    /// Ends the session at once; a waiting poll is told so.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        self.end_with(reason, Farewell::Close);
    }

    // ---- what comes by polling ----

    /// A poll came; `Ok` means that a [`Command::AnswerPoll`] will answer it.
    pub(crate) fn poll(&mut self, now: Instant) -> Result<(), Turned> {
        // A session whose time is over takes no new poll, even if the timer has not fired yet.
        self.timeout(now);
        if self.transport == Transport::WebSocket {
            return Err(Turned::WrongTransport);
        }
        if self.polled {
            self.end(CloseReason::TransportError);
            return Err(Turned::Overlap);
        }
        match self.phase {
            Phase::Closed => return Err(Turned::Ended),
            Phase::Open => {
                self.polled = true;
                if let Some(noop_due) =
                    self.candidate.as_mut().and_then(|candidate| candidate.noop_due.as_mut())
                {
                    *noop_due = now + NOOP_INTERVAL;
                }
            }
            Phase::Closing { farewell, .. } => {
                self.polled = true;
                return self.part(farewell);
            }
        }
        Ok(())
    }

    /// The client went away while its poll waited, or before it had the answer: packets may be lost.
    pub(crate) fn poll_aborted(&mut self) {
        if self.transport == Transport::Polling {
            self.polled = false;
            self.end(CloseReason::TransportError);
        }
    }

    /// A POST came; its body follows with [`posted`](Self::posted), unless it fails or
    /// is refused.
    pub(crate) fn post_started(&mut self) -> Result<(), Turned> {
        if self.transport == Transport::WebSocket {
            return Err(Turned::WrongTransport);
        }
        if self.posting {
            self.end(CloseReason::TransportError);
            return Err(Turned::Overlap);
        }
        if self.phase == Phase::Closed {
            return Err(Turned::Ended);
        }
        self.posting = true;
        Ok(())
    }

    /// The body of the POST; [`post_answered`](Self::post_answered) follows. An error means that it held
    /// something else than packets, and ended the session.
    pub(crate) fn posted(
        &mut self,
        packets: impl Iterator<Item = Result<Packet, InvalidPacket>>,
        now: Instant,
    ) -> Result<(), InvalidPacket> {
        for packet in packets {
            if let Err(error) = packet {
                self.end(CloseReason::ParseError);
                return Err(error);
            }
            self.receive(packet, now);
            if self.phase == Phase::Closed {
                break;
            }
        }
        Ok(())
    }

    /// The POST is answered, and another may come. One that comes before does not wait its turn: it would
    /// bring ever more to an application that cannot take it.
    pub(crate) fn post_answered(&mut self) {
        self.posting = false;
    }

    /// The POST was longer than allowed and has been answered so: nothing of it is taken, and it is the
    /// client's choice to go on.
    pub(crate) fn post_refused(&mut self) {
        self.posting = false;
    }

    /// The POST broke off.
    pub(crate) fn post_failed(&mut self) {
        self.posting = false;
        self.end(CloseReason::TransportError);
    }

    // ---- what comes by WebSocket ----

    /// Something came on the transport.
    pub(crate) fn receive(&mut self, packet: Result<Packet, InvalidPacket>, now: Instant) {
        if self.phase != Phase::Open {
            return;
        }
        let Ok(packet) = packet else {
            self.end(CloseReason::ParseError);
            return;
        };
        if let Heartbeat::PongDue { until, extended: extended @ false } = &mut self.heartbeat {
            *until = now + self.timing.ping_timeout;
            *extended = true;
        }
        match packet {
            Packet::Message(message) => self.commands.push(Command::Deliver(message)),
            Packet::Pong(_) => {
                self.heartbeat = Heartbeat::PingDue(now + self.timing.ping_interval);
            }
            Packet::Close => self.end_with(CloseReason::TransportClose, Farewell::Noop),
            Packet::Ping(_) => self.end(CloseReason::TransportError),
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
    }

    /// Ends the session at once, and drops what is queued: the transport is lost, or does not drain.
    pub(crate) fn abandon(&mut self, reason: CloseReason) {
        self.queue.take();
        self.end(reason);
    }

    /// A WebSocket opened with this session's id; `false` means that it is to be closed.
    pub(crate) fn candidate_opened(&mut self, now: Instant) -> bool {
        let wanted = self.transport == Transport::Polling
            && self.candidate.is_none()
            && self.phase != Phase::Closed;
        if wanted {
            let until = now + self.timing.upgrade_timeout;
            self.candidate = Some(Candidate { until, noop_due: None });
        }
        wanted
    }

    /// Something came on the candidate.
    pub(crate) fn candidate_received(
        &mut self,
        packet: Result<Packet, InvalidPacket>,
        now: Instant,
    ) {
        let Some(candidate) = &mut self.candidate else {
            return;
        };
        match packet {
            // Clients send one probe. The reference answers any number, even to a client that does not
            // read the answers.
            Ok(Packet::Ping(content)) if content == "probe" && candidate.noop_due.is_none() => {
                candidate.noop_due = Some(now);
                self.commands.push(Command::SendCandidate(Packet::Pong(content)));
                self.end_waiting_poll(now);
            }
            Ok(Packet::Upgrade) => self.upgrade(),
            _ => self.drop_candidate(),
        }
    }

    /// The candidate closed or failed; the polling session goes on.
    pub(crate) fn candidate_lost(&mut self) {
        self.candidate = None;
    }

    // ---- what comes with time ----

    /// Does what is due at `now`.
    pub(crate) fn timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Closed => return,
            Phase::Closing { until, .. } if until <= now => {
                self.phase = Phase::Closed;
                self.drop_candidate();
                return;
            }
            Phase::Closing { .. } => {}
            Phase::Open => match self.heartbeat {
                Heartbeat::PingDue(due) if due <= now => {
                    self.queue.push(Packet::Ping(String::new()));
                    // A busy machine lengthens no session; but the client always has half of the time.
                    let Timing { ping_timeout, .. } = self.timing;
                    let until = (due + ping_timeout).max(now + ping_timeout / 2);
                    self.heartbeat = Heartbeat::PongDue { until, extended: false };
                }
                Heartbeat::PongDue { until, .. } if until <= now => {
                    self.abandon(CloseReason::PingTimeout);
                    return;
                }
                _ => {}
            },
        }
        if self.candidate.as_ref().is_some_and(|candidate| candidate.until <= now) {
            self.drop_candidate();
        }
        if self.noop_due().is_some_and(|due| due <= now) {
            self.end_waiting_poll(now);
        }
    }

    // ---- the steps ----

    fn close_orderly(&mut self, reason: CloseReason, until: Instant, farewell: Farewell) {
        if self.phase != Phase::Open {
            return;
        }
        self.flush();
        if self.transport == Transport::WebSocket || self.polled {
            self.end_with(reason, farewell);
        } else {
            self.commands.push(Command::End(reason));
            self.phase = Phase::Closing { until, farewell };
        }
    }

    /// A poll came to a session that is to end with it.
    fn part(&mut self, farewell: Farewell) -> Result<(), Turned> {
        if self.queue.len() >= MAX_ANSWER {
            self.flush();
            return Ok(());
        }
        self.phase = Phase::Closed;
        self.drop_candidate();
        match farewell.packet() {
            None if self.queue.is_empty() => return Err(Turned::Ended),
            None => {}
            Some(packet) => {
                if self.queue.is_empty() {
                    self.queue.push(Packet::Noop);
                }
                self.queue.push(packet);
            }
        }
        self.flush();
        Ok(())
    }

    fn answer_poll(&mut self, packets: Vec<Packet>) {
        self.polled = false;
        self.commands.push(Command::AnswerPoll(packets));
    }

    /// When a poll that waits during an upgrade is to be ended.
    fn noop_due(&self) -> Option<Instant> {
        self.candidate.as_ref()?.noop_due.filter(|_| self.polled)
    }

    fn end_waiting_poll(&mut self, now: Instant) {
        if let Some(Candidate { noop_due: Some(due), .. }) = &mut self.candidate {
            *due = now + NOOP_INTERVAL;
        }
        if self.polled && self.queue.is_empty() {
            self.answer_poll(vec![Packet::Noop]);
        }
    }

    fn upgrade(&mut self) {
        self.candidate = None;
        self.transport = Transport::WebSocket;
        self.commands.push(Command::PromoteCandidate);
        if self.polled {
            self.answer_poll(vec![Packet::Noop]);
        }
        if let Phase::Closing { .. } = self.phase {
            self.phase = Phase::Closed;
            let queue = self.queue.take();
            self.commands.push(Command::CloseWebSocket(queue));
        }
    }

    fn drop_candidate(&mut self) {
        if self.candidate.take().is_some() {
            self.commands.push(Command::DropCandidate);
        }
    }

    fn end_with(&mut self, reason: CloseReason, farewell: Farewell) {
        if self.phase == Phase::Open {
            self.commands.push(Command::End(reason));
        }
        if self.phase == Phase::Closed {
            return;
        }
        self.phase = Phase::Closed;
        let queue = self.queue.take();
        match self.transport {
            Transport::WebSocket => self.commands.push(Command::CloseWebSocket(queue)),
            // Without a word, the poll ends with the session, and is answered so.
            Transport::Polling if self.polled => {
                farewell.packet().into_iter().for_each(|packet| self.answer_poll(vec![packet]));
            }
            Transport::Polling => {}
        }
        self.drop_candidate();
    }
}

#[cfg(test)]
mod tests;
