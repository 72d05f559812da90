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

/// While a candidate is being tried, a poll that waits this long is ended, so that the client may pause.
const NOOP_INTERVAL: Duration = Duration::from_millis(50);

/// How late a timer may fire without lengthening what depends on it.
const CLOCK_SLACK: Duration = Duration::from_millis(20);

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
    /// Whether a POST is being read.
    posting: bool,
    queue: VecDeque<Packet>,
    commands: VecDeque<Command>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The application has closed the session; the next poll brings the news.
    Closing {
        until: Instant,
    },
    Closed,
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
            queue: VecDeque::new(),
            commands: VecDeque::new(),
        }
    }

    /// What to do next; call until `None` after every input.
    pub(crate) fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// The next packet for the WebSocket; call whenever it can take one.
    pub(crate) fn next_packet(&mut self) -> Option<Packet> {
        match self.transport {
            Transport::WebSocket => self.queue.pop_front(),
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
            Phase::Closing { until } => until,
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
            self.queue.push_back(packet);
        }
    }

    /// Gives what is queued to the waiting poll; call when no more input is at hand, so that packets
    /// that were sent together travel together.
    pub(crate) fn flush(&mut self) {
        if self.transport == Transport::Polling && self.polled && !self.queue.is_empty() {
            let packets = self.queue.drain(..).collect();
            self.answer_poll(packets);
        }
    }

    /// The application closes the session, in good order: what is queued is still delivered.
    pub(crate) fn close(&mut self, now: Instant) {
        self.close_orderly(CloseReason::ForcedClose, now + CLOSE_TIMEOUT);
    }

    /// The server shuts down: the session is closed in good order too, but soon.
    pub(crate) fn shutdown(&mut self, now: Instant) {
        let until = now + SHUTDOWN_TIMEOUT;
        if let Phase::Closing { until: patience } = &mut self.phase {
            *patience = until.min(*patience);
        }
        self.close_orderly(CloseReason::ServerShutdown, until);
    }

    /// Ends the session at once; a waiting poll is told so.
    pub(crate) fn end(&mut self, reason: CloseReason) {
        self.end_with(reason, Packet::Close);
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
            Phase::Closing { .. } => {
                self.polled = true;
                self.phase = Phase::Closed;
                if self.queue.is_empty() {
                    self.queue.push_back(Packet::Noop);
                }
                self.queue.push_back(Packet::Close);
                self.flush();
                self.drop_candidate();
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

    /// The body of the POST. An error means that it held something else than packets.
    pub(crate) fn posted(
        &mut self,
        packets: impl Iterator<Item = Result<Packet, InvalidPacket>>,
        now: Instant,
    ) -> Result<(), InvalidPacket> {
        self.posting = false;
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
            Packet::Message(message) => self.commands.push_back(Command::Deliver(message)),
            Packet::Pong(_) => {
                self.heartbeat = Heartbeat::PingDue(now + self.timing.ping_interval);
            }
            Packet::Close => self.end_with(CloseReason::TransportClose, Packet::Noop),
            Packet::Ping(_) => self.end(CloseReason::TransportError),
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
    }

    /// Ends the session at once, and drops what is queued: the transport is lost, or does not drain.
    pub(crate) fn abandon(&mut self, reason: CloseReason) {
        self.queue.clear();
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
            Ok(Packet::Ping(content)) if content == "probe" => {
                candidate.noop_due = Some(now);
                self.commands.push_back(Command::SendCandidate(Packet::Pong(content)));
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
            Phase::Closing { until } if until <= now => {
                self.phase = Phase::Closed;
                self.drop_candidate();
                return;
            }
            Phase::Closing { .. } => {}
            Phase::Open => match self.heartbeat {
                Heartbeat::PingDue(due) if due <= now => {
                    self.queue.push_back(Packet::Ping(String::new()));
                    let pinged = if now < due + CLOCK_SLACK { due } else { now };
                    let until = pinged + self.timing.ping_timeout;
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

    fn close_orderly(&mut self, reason: CloseReason, until: Instant) {
        if self.phase != Phase::Open {
            return;
        }
        self.flush();
        if self.transport == Transport::WebSocket || self.polled {
            self.end(reason);
        } else {
            self.commands.push_back(Command::End(reason));
            self.phase = Phase::Closing { until };
        }
    }

    fn answer_poll(&mut self, packets: Vec<Packet>) {
        self.polled = false;
        self.commands.push_back(Command::AnswerPoll(packets));
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
        self.commands.push_back(Command::PromoteCandidate);
        if self.polled {
            self.answer_poll(vec![Packet::Noop]);
        }
        if let Phase::Closing { .. } = self.phase {
            self.phase = Phase::Closed;
            let queue = std::mem::take(&mut self.queue);
            self.commands.push_back(Command::CloseWebSocket(queue));
        }
    }

    fn drop_candidate(&mut self) {
        if self.candidate.take().is_some() {
            self.commands.push_back(Command::DropCandidate);
        }
    }

    fn end_with(&mut self, reason: CloseReason, last_word: Packet) {
        if self.phase == Phase::Open {
            self.commands.push_back(Command::End(reason));
        }
        if self.phase == Phase::Closed {
            return;
        }
        self.phase = Phase::Closed;
        let queue = std::mem::take(&mut self.queue);
        match self.transport {
            Transport::WebSocket => self.commands.push_back(Command::CloseWebSocket(queue)),
            Transport::Polling if self.polled => self.answer_poll(vec![last_word]),
            Transport::Polling => {}
        }
        self.drop_candidate();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        upgrade_timeout: Duration::from_millis(1000),
    };

    #[test]
    fn packets_wait_for_the_poll_and_travel_together() {
        let mut client = Client::polling();
        client.send("a");
        client.send("b");
        client.expect(&[]);
        client.poll();
        client.expect(&["answer 4a 4b"]);
        client.poll();
        client.expect(&[]);
        client.send("c");
        client.expect(&["answer 4c"]);
    }

    #[test]
    fn packets_of_a_post_are_delivered_in_order() {
        let mut client = Client::polling();
        client.post("4a\u{1e}4b\u{1e}bAQI=");
        client.expect(&["deliver a", "deliver b", "deliver [1, 2]"]);
    }

    #[test]
    fn the_first_ping_comes_after_the_interval_and_each_pong_starts_a_new_one() {
        let mut client = Client::polling();
        client.poll();
        client.wait(299);
        client.expect(&[]);
        client.wait(1);
        client.expect(&["answer 2"]);
        client.wait(100);
        client.post("3");
        client.poll();
        client.wait(299);
        client.expect(&[]);
        client.wait(1);
        client.expect(&["answer 2"]);
    }

    #[test]
    fn a_missed_pong_ends_the_session() {
        let mut client = Client::polling();
        client.wait(499);
        client.expect(&[]);
        client.wait(1);
        client.expect(&["end ping timeout"]);
        assert_eq!(client.session.poll(client.now), Err(Turned::Ended));

        let mut client = Client::websocket();
        client.wait(500);
        client.expect(&["end ping timeout", "close"]);
    }

    #[test]
    fn a_poll_at_the_last_moment_does_not_outrun_the_timer() {
        let mut client = Client::polling();
        client.wait(300);
        client.now += Duration::from_millis(200);
        assert_eq!(client.session.poll(client.now), Err(Turned::Ended));
        client.expect(&["end ping timeout"]);
    }

    #[test]
    fn another_sign_of_life_extends_the_wait_for_a_pong_once() {
        let mut client = Client::websocket();
        client.wait(300);
        assert_eq!(client.session.next_packet(), Some(Packet::Ping(String::new())));
        client.wait(150);
        client.receive("4a");
        client.wait(150);
        client.receive("4b");
        client.expect(&["deliver a", "deliver b"]);
        client.wait(50);
        client.expect(&["end ping timeout", "close"]);
    }

    #[test]
    fn two_polls_at_once_end_the_session() {
        let mut client = Client::polling();
        client.poll();
        assert_eq!(client.session.poll(client.now), Err(Turned::Overlap));
        client.expect(&["end transport error", "answer 1"]);
        assert_eq!(client.session.poll(client.now), Err(Turned::Ended));
    }

    #[test]
    fn two_posts_at_once_end_the_session() {
        let mut client = Client::polling();
        assert_eq!(client.session.post_started(), Ok(()));
        assert_eq!(client.session.post_started(), Err(Turned::Overlap));
        client.expect(&["end transport error"]);
        assert_eq!(client.session.post_started(), Err(Turned::Overlap));
    }

    #[test]
    fn a_cancelled_poll_ends_the_session() {
        let mut client = Client::polling();
        client.poll();
        client.session.poll_aborted();
        client.expect(&["end transport error"]);
    }

    #[test]
    fn a_broken_post_ends_the_session() {
        let mut client = Client::polling();
        client.poll();
        assert_eq!(client.session.post_started(), Ok(()));
        client.session.post_failed();
        client.expect(&["end transport error", "answer 1"]);
    }

    #[test]
    fn a_post_that_is_too_long_changes_nothing() {
        let mut client = Client::polling();
        client.poll();
        assert_eq!(client.session.post_started(), Ok(()));
        client.session.post_refused();
        client.expect(&[]);
        client.post("4a");
        client.expect(&["deliver a"]);
    }

    #[test]
    fn a_packet_that_is_none_ends_the_session_after_those_before_it() {
        let mut client = Client::polling();
        assert_eq!(client.session.post_started(), Ok(()));
        let body = super::super::payload::decode("4a\u{1e}x\u{1e}4b");
        assert_eq!(client.session.posted(body, client.now), Err(InvalidPacket));
        client.expect(&["deliver a", "end parse error"]);

        let mut client = Client::websocket();
        client.receive("x");
        client.expect(&["end parse error", "close"]);
    }

    #[test]
    fn a_ping_from_the_client_ends_the_session() {
        let mut client = Client::websocket();
        client.receive("2");
        client.expect(&["end transport error", "close"]);
    }

    #[test]
    fn the_client_closes() {
        let mut client = Client::polling();
        client.poll();
        client.post("1\u{1e}4late");
        client.expect(&["end transport close", "answer 6"]);

        let mut client = Client::websocket();
        client.receive("1");
        client.expect(&["end transport close", "close"]);
    }

    #[test]
    fn the_server_closes_by_the_waiting_poll() {
        let mut client = Client::polling();
        client.poll();
        client.session.close(client.now);
        client.expect(&["end forced server close", "answer 1"]);
        assert!(client.session.is_closed());
    }

    #[test]
    fn the_server_closes_by_the_next_poll_after_what_is_queued() {
        let mut client = Client::polling();
        client.send("a");
        client.session.close(client.now);
        client.send("too late");
        client.expect(&["end forced server close"]);
        assert!(!client.session.is_closed());
        client.poll();
        client.expect(&["answer 4a 1"]);
        assert!(client.session.is_closed());

        let mut client = Client::polling();
        client.session.close(client.now);
        client.poll();
        client.expect(&["end forced server close", "answer 6 1"]);

        let mut client = Client::polling();
        client.session.close(client.now);
        client.wait(29_999);
        assert!(!client.session.is_closed());
        client.wait(1);
        assert!(client.session.is_closed());
    }

    #[test]
    fn a_shutdown_waits_for_the_next_poll_only_a_moment() {
        let mut client = Client::polling();
        client.session.close(client.now);
        client.session.shutdown(client.now);
        client.expect(&["end forced server close"]);
        client.wait(1000);
        assert!(client.session.is_closed());

        let mut client = Client::polling();
        client.session.shutdown(client.now);
        client.expect(&["end server shutting down"]);
        client.wait(999);
        client.poll();
        client.expect(&["answer 6 1"]);
    }

    #[test]
    fn the_server_closes_a_websocket_after_what_is_queued() {
        let mut client = Client::websocket();
        client.send("a");
        client.session.close(client.now);
        client.expect(&["end forced server close", "close 4a"]);
    }

    #[test]
    fn what_cannot_be_delivered_is_dropped_when_the_transport_is_lost() {
        let mut client = Client::websocket();
        client.send("a");
        client.session.abandon(CloseReason::SlowClient);
        client.expect(&["end slow client", "close"]);
        client.session.abandon(CloseReason::TransportClose);
        client.session.close(client.now);
        client.expect(&[]);
    }

    #[test]
    fn an_upgrade_delivers_by_polling_until_it_is_confirmed() {
        let mut client = Client::polling();
        client.poll();
        assert!(client.session.candidate_opened(client.now));
        assert!(!client.session.candidate_opened(client.now));
        client.expect(&[]);
        client.candidate("2probe");
        client.expect(&["candidate 3probe", "answer 6"]);
        client.poll();
        client.send("a");
        client.expect(&["answer 4a"]);
        client.send("b");
        client.candidate("5");
        client.expect(&["promote"]);
        assert_eq!(client.session.poll(client.now), Err(Turned::WrongTransport));
        assert_eq!(client.session.post_started(), Err(Turned::WrongTransport));
        assert_eq!(client.session.next_packet(), Some(message("b")));
        assert_eq!(client.session.next_packet(), None);
        assert!(!client.session.candidate_opened(client.now));
        client.receive("4c");
        client.expect(&["deliver c"]);
    }

    #[test]
    fn a_poll_that_comes_during_an_upgrade_is_ended_soon() {
        let mut client = Client::polling();
        assert!(client.session.candidate_opened(client.now));
        client.candidate("2probe");
        client.expect(&["candidate 3probe"]);
        client.poll();
        client.wait(49);
        client.expect(&[]);
        client.wait(1);
        client.expect(&["answer 6"]);
    }

    #[test]
    fn a_poll_still_waiting_at_the_upgrade_is_ended() {
        let mut client = Client::polling();
        assert!(client.session.candidate_opened(client.now));
        client.candidate("2probe");
        client.poll();
        client.candidate("5");
        client.expect(&["candidate 3probe", "promote", "answer 6"]);
    }

    #[test]
    fn a_failed_upgrade_leaves_the_polling_session_alive() {
        for failure in ["lost", "4a", "2", "x", "late"] {
            let mut client = Client::polling();
            assert!(client.session.candidate_opened(client.now));
            client.candidate("2probe");
            client.expect(&["candidate 3probe"]);
            match failure {
                "lost" => client.session.candidate_lost(),
                "late" => {
                    for _ in 0..5 {
                        client.post("3");
                        client.wait(200);
                    }
                    client.expect(&["drop candidate"]);
                }
                packet => {
                    client.candidate(packet);
                    client.expect(&["drop candidate"]);
                }
            }
            client.post("4still here");
            client.expect(&["deliver still here"]);
            assert!(client.session.candidate_opened(client.now), "{failure}");
        }
    }

    #[test]
    fn a_session_that_closes_drops_its_candidate() {
        let mut client = Client::polling();
        assert!(client.session.candidate_opened(client.now));
        client.poll();
        client.session.shutdown(client.now);
        client.expect(&["end server shutting down", "answer 1", "drop candidate"]);
        assert!(!client.session.candidate_opened(client.now));
    }

    #[test]
    fn an_upgrade_while_closing_ends_by_websocket() {
        let mut client = Client::polling();
        assert!(client.session.candidate_opened(client.now));
        client.send("a");
        client.session.close(client.now);
        client.candidate("5");
        client.expect(&["end forced server close", "promote", "close 4a"]);
        assert!(client.session.is_closed());
    }

    fn message(text: &str) -> Packet {
        Packet::Message(Message::Text(text.to_owned()))
    }

    /// A session under test, with virtual time.
    struct Client {
        session: Session,
        now: Instant,
    }

    impl Client {
        fn polling() -> Self {
            let now = Instant::now();
            Self { session: Session::new(TIMING, Transport::Polling, now), now }
        }

        fn websocket() -> Self {
            let now = Instant::now();
            Self { session: Session::new(TIMING, Transport::WebSocket, now), now }
        }

        fn send(&mut self, text: &str) {
            self.session.send(message(text));
        }

        fn poll(&mut self) {
            assert_eq!(self.session.poll(self.now), Ok(()));
        }

        fn post(&mut self, body: &str) {
            assert_eq!(self.session.post_started(), Ok(()));
            let packets = super::super::payload::decode(body);
            assert_eq!(self.session.posted(packets, self.now), Ok(()));
        }

        fn receive(&mut self, packet: &str) {
            self.session.receive(Packet::from_text(packet), self.now);
        }

        fn candidate(&mut self, packet: &str) {
            self.session.candidate_received(Packet::from_text(packet), self.now);
        }

        /// Lets time pass, and serves each deadline on its way.
        fn wait(&mut self, millis: u64) {
            let until = self.now + Duration::from_millis(millis);
            while let Some(deadline) = self.session.deadline().filter(|due| *due <= until) {
                self.now = self.now.max(deadline);
                self.session.timeout(self.now);
                self.session.flush();
            }
            self.now = until;
        }

        /// Checks all commands since the last check, and that there is nothing else.
        #[track_caller]
        fn expect(&mut self, expected: &[&str]) {
            self.session.flush();
            let mut commands = Vec::new();
            while let Some(command) = self.session.next_command() {
                commands.push(describe(command));
            }
            assert_eq!(commands, expected);
        }
    }

    fn describe(command: Command) -> String {
        let texts = |packets: &mut dyn Iterator<Item = &Packet>| {
            packets.fold(String::new(), |mut all, packet| {
                all.push(' ');
                packet.write_text(&mut all);
                all
            })
        };
        match command {
            Command::Deliver(Message::Text(text)) => format!("deliver {text}"),
            Command::Deliver(Message::Binary(bytes)) => format!("deliver {:?}", &bytes[..]),
            Command::AnswerPoll(packets) => format!("answer{}", texts(&mut packets.iter())),
            Command::SendCandidate(packet) => format!("candidate{}", texts(&mut [packet].iter())),
            Command::PromoteCandidate => "promote".to_owned(),
            Command::DropCandidate => "drop candidate".to_owned(),
            Command::CloseWebSocket(packets) => format!("close{}", texts(&mut packets.iter())),
            Command::End(reason) => format!("end {reason}"),
        }
    }
}
