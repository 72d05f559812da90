//! Scenarios in virtual time.

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
fn a_late_timer_lengthens_no_session_but_leaves_half_of_the_time_for_the_pong() {
    for (late, left) in [(0, 200), (60, 140), (100, 100), (5000, 100)] {
        let mut client = Client::websocket();
        client.now += Duration::from_millis(300 + late);
        client.session.timeout(client.now);
        client.wait(left - 1);
        client.expect(&[]);
        client.wait(1);
        client.expect(&["end ping timeout", "close"]);
    }
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
fn a_post_before_the_answer_to_the_last_one_ends_the_session() {
    let mut client = Client::polling();
    assert_eq!(client.session.post_started(), Ok(()));
    let body = crate::engine::payload::decode("4a");
    assert_eq!(client.session.posted(body, client.now), Ok(()));
    assert_eq!(client.session.post_started(), Err(Turned::Overlap));
    client.expect(&["deliver a", "end transport error"]);
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
    let body = crate::engine::payload::decode("4a\u{1e}x\u{1e}4b");
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
    assert_eq!(client.session.poll(client.now), Err(Turned::Ended));
    client.expect(&[]);
}

#[test]
fn a_shutdown_lets_a_polling_session_be_forgotten_after_what_is_queued() {
    let mut client = Client::polling();
    client.poll();
    client.session.shutdown(client.now);
    client.expect(&["end server shutting down"]);
    assert!(client.session.is_closed());

    let mut client = Client::polling();
    client.send("a");
    client.session.shutdown(client.now);
    client.poll();
    client.expect(&["end server shutting down", "answer 4a"]);
    assert!(client.session.is_closed());
}

#[test]
fn a_poll_is_answered_with_sixteen_packets_at_most() {
    let sixteen = |from: usize| {
        let packets: Vec<_> = (from..from + 16).map(|n| format!("4{n}")).collect();
        format!("answer {}", packets.join(" "))
    };
    let mut client = Client::polling();
    (0..33).for_each(|n| client.send(&n.to_string()));
    client.poll();
    client.expect(&[&sixteen(0)]);
    client.session.close(client.now);
    client.expect(&["end forced server close"]);
    client.poll();
    client.expect(&[&sixteen(16)]);
    client.poll();
    client.expect(&["answer 432 1"]);
    assert!(client.session.is_closed());
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
    for failure in ["lost", "4a", "2", "2probe", "x", "late"] {
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
    client.expect(&["end server shutting down", "drop candidate"]);
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
        let packets = crate::engine::payload::decode(body);
        assert_eq!(self.session.posted(packets, self.now), Ok(()));
        self.session.post_answered();
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
