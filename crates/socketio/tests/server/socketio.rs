//! Socket.IO by raw packets: the rules of the protocol, and the promises to the handler.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::support::{Exchange, WebSocket, get, listen, post, sid_of, soon};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use twocan_socketio::{
    Config, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Server, Socket,
};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";
const OPEN_WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

#[tokio::test]
async fn namespaces_are_joined_refused_and_left() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = WebSocket::open(server, OPEN_WEBSOCKET).await;
    let sid = sid_of(&client.text().await);
    client.send("40{\"token\":\"a\"}").await;
    let connected = client.text().await;
    let id = connected.strip_prefix("40{\"sid\":\"").unwrap().strip_suffix("\"}").unwrap();
    assert_ne!(id, sid);
    assert_eq!(calls.next().await, Call::Connect(0, "/".into(), Some("{\"token\":\"a\"}".into())));
    assert_eq!(client.text().await, "42[\"welcome\",0]");

    client.send("40/unknown,").await;
    assert_eq!(client.text().await, "44/unknown,{\"message\":\"Invalid namespace\"}");
    client.send("40/room").await;
    assert!(client.text().await.starts_with("40/room,{\"sid\":"));
    assert_eq!(client.text().await, "42/room,[\"welcome\",1]");
    assert_eq!(calls.next().await, Call::Connect(1, "/room".into(), None));

    client.send("42/room,7[\"echo\", {\"b\":1, \"a\":2}]").await;
    assert_eq!(client.text().await, "43/room,7[{\"b\":1, \"a\":2}]");
    assert_eq!(calls.next().await, Call::Event(1, "echo".into()));

    client.send("41/room,").await;
    assert_eq!(calls.next().await, Call::Disconnect(1, DisconnectReason::ClientDisconnect));
    client.send("42[\"echo\"]").await;
    assert_eq!(calls.next().await, Call::Event(0, "echo".into()));
    drop(client);
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::TransportClose));
    calls.nothing_more();
}

#[tokio::test]
async fn what_breaks_the_rules_closes_the_session() {
    let forced = DisconnectReason::ForcedClose;
    let parse = DisconnectReason::ParseError;
    for (packet, reason) in [
        ("40", forced),
        ("42/elsewhere,[\"a\"]", forced),
        ("41/elsewhere", forced),
        ("4abc", parse),
        ("42{}", parse),
        ("42[\"connect\"]", parse),
        ("40[]", parse),
        ("44{}", parse),
        ("4", parse),
    ] {
        let (server, mut calls) = start(Config::default()).await;
        let mut client = connect(server).await;
        calls.next().await;
        client.send(packet).await;
        // What follows is not listened to.
        client.send("42[\"echo\"]").await;
        client.closed().await;
        assert_eq!(calls.next().await, Call::Disconnect(0, reason), "{packet}");
        calls.nothing_more();
    }
}

#[tokio::test]
async fn a_session_without_a_namespace_is_closed() {
    let (server, mut calls) =
        start(Config { connect_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut silent = WebSocket::open(server, OPEN_WEBSOCKET).await;
    silent.text().await;
    silent.closed().await;
    let session = format!("{OPEN}&sid={}", sid_of(&get(server, OPEN).await.body));
    assert_eq!(get(server, &session).await.body, "1");
    calls.nothing_more();
}

#[tokio::test]
async fn a_session_with_a_namespace_stays() {
    let config = Config::default();
    let later = config.connect_timeout + Duration::from_secs(1);
    // No ping comes in that time.
    let (server, mut calls) = start(Config { ping_interval: 2 * later, ..config }).await;
    let mut client = connect(server).await;
    calls.next().await;
    tokio::time::pause();
    tokio::time::advance(later).await;
    tokio::time::resume();
    client.send("421[\"echo\"]").await;
    assert_eq!(client.text().await, "431[]");
}

#[tokio::test]
async fn the_disconnect_comes_after_all_events_of_a_client_that_is_gone() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = connect(server).await;
    calls.next().await;
    for _ in 0..100 {
        client.send("42[\"nap\"]").await;
    }
    drop(client);
    for _ in 0..100 {
        assert_eq!(calls.next().await, Call::Event(0, "nap".into()));
    }
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::TransportClose));
    calls.nothing_more();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let (server, mut calls) = start(Config { max_queue: 1 << 20, ..Config::default() }).await;
    let mut client = connect(server).await;
    calls.next().await;
    client.send("42[\"flood\"]").await;
    assert_eq!(calls.next().await, Call::Event(0, "flood".into()));
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::SlowClient));

    let session = format!("{OPEN}&sid={}", sid_of(&get(server, OPEN).await.body));
    assert_eq!(post(server, &session, b"40\x1e42[\"flood\"]").await.status, 200);
    assert!(matches!(calls.next().await, Call::Connect(1, ..)));
    assert_eq!(calls.next().await, Call::Event(1, "flood".into()));
    assert_eq!(calls.next().await, Call::Disconnect(1, DisconnectReason::SlowClient));
}

#[tokio::test]
async fn pings_of_a_client_that_does_not_read_pile_up_nowhere() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = connect(server).await;
    calls.next().await;
    // Far more than the system's buffers hold.
    let count = 160_000;
    client.ping(count, 125).await;
    client.ping(1, 7).await;
    client.send("421[\"echo\"]").await;
    assert_eq!(calls.next().await, Call::Event(0, "echo".into()));
    let mut pongs = Vec::new();
    let (mut answered, mut last) = (false, false);
    while !(answered && last) {
        match client.next().await {
            Some(Message::Pong(content)) => {
                pongs.push(content.len());
                last = content.len() == 7;
            }
            Some(Message::Text(text)) => answered = text == "431[]",
            other => panic!("{other:?}"),
        }
    }
    assert!(pongs.len() < count, "each ping has its pong");
}

#[tokio::test]
async fn a_client_that_sends_without_reading_is_held_back_not_closed() {
    let (server, mut calls) = start(Config { max_queue: 64 << 10, ..Config::default() }).await;
    let session = format!("{OPEN}&sid={}", sid_of(&get(server, OPEN).await.body));
    assert_eq!(post(server, &session, b"40").await.status, 200);
    calls.next().await;
    let body = vec!["421[\"echo\"]"; 5000].join("\x1e");
    // The server answers the POST once it has room for more, which takes the polls below.
    let mut upload = Exchange::start(server, "POST", &session, &[], body.as_bytes()).await;
    let mut answers = 0;
    while answers < 5000 {
        let body = get(server, &session).await.body;
        answers += body.split('\x1e').filter(|packet| *packet == "431[]").count();
    }
    assert_eq!(upload.answer().await.status, 200);
}

#[tokio::test]
async fn a_client_that_posts_without_waiting_for_answers_brings_no_more_than_one_post() {
    let (server, mut calls) = start(Config::default()).await;
    let session = format!("{OPEN}&sid={}", sid_of(&get(server, OPEN).await.body));
    assert_eq!(post(server, &session, b"40").await.status, 200);
    calls.next().await;
    // The handler waits for an acknowledgement, and more than it may leave lying stands behind that.
    let body =
        ["42[\"ask\"]"].into_iter().chain(["42[\"echo\"]"; 100]).collect::<Vec<_>>().join("\x1e");
    let mut first = Exchange::start(server, "POST", &session, &[], body.as_bytes()).await;
    soon(async { while !get(server, &session).await.body.contains("question") {} }).await;
    assert_eq!(post(server, &session, body.as_bytes()).await.status, 400);
    assert_eq!(first.answer().await.status, 200);
    let failed = "ask: the socket ended before the client acknowledged the event";
    assert_eq!(calls.next().await, Call::Event(0, failed.into()));
    let mut echoed = 0;
    let last = loop {
        match calls.next().await {
            Call::Event(0, name) if name == "echo" => echoed += 1,
            other => break other,
        }
    };
    assert_eq!((echoed, last), (100, Call::Disconnect(0, DisconnectReason::TransportError)));
}

#[tokio::test]
async fn acknowledgements_reach_a_handler_that_waits_for_them() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = connect(server).await;
    calls.next().await;
    client.send("42[\"ask\"]").await;
    assert_eq!(client.text().await, "420[\"question\",1]");
    // Not the acknowledgement that is waited for: another id, another namespace.
    client.send("431[\"no\"]").await;
    client.send("43/other,0[\"no\"]").await;
    client.send("430[\"yes\"]").await;
    assert_eq!(calls.next().await, Call::Event(0, "ask: [\"yes\"]".into()));

    client.send("42[\"ask\"]").await;
    assert_eq!(client.text().await, "421[\"question\",1]");
    drop(client);
    let failed = "ask: the socket ended before the client acknowledged the event";
    assert_eq!(calls.next().await, Call::Event(0, failed.into()));
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::TransportClose));
}

#[tokio::test]
async fn packets_that_crossed_a_disconnect_are_ignored() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = connect(server).await;
    calls.next().await;
    client.send("42[\"leave\"]").await;
    client.send("42[\"echo\"]").await;
    client.send("41").await;
    client.send("40").await;
    assert_eq!(calls.next().await, Call::Event(0, "leave".into()));
    assert_eq!(client.text().await, "41");
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::ServerDisconnect));
    assert!(matches!(calls.next().await, Call::Connect(1, ..)));
    assert!(client.text().await.starts_with("40{"));
}

#[tokio::test]
async fn a_socket_may_be_disconnected_before_it_is_connected() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = WebSocket::open(server, OPEN_WEBSOCKET).await;
    client.text().await;
    client.send("40/away,").await;
    assert!(client.text().await.starts_with("40/away,{"));
    assert_eq!(client.text().await, "41/away,");
    assert!(matches!(calls.next().await, Call::Connect(0, ..)));
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::ServerDisconnect));
}

#[tokio::test]
async fn what_is_said_once_connected_follows_the_answer_at_once() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = WebSocket::open(server, OPEN_WEBSOCKET).await;
    client.text().await;
    client.send("40/prompt,{\"a\": 1}").await;
    let said = client.texts_at_once().await;
    assert!(said[0].starts_with("40/prompt,{\"sid\":"), "{said:?}");
    assert_eq!(said[1..], ["42/prompt,[\"asked\",{\"a\": 1}]", "42/prompt,[\"more\",0]"]);
    client.send("42/prompt,[\"echo\"]").await;
    assert!(matches!(calls.next().await, Call::Connect(0, ..)));
    assert_eq!(calls.next().await, Call::Event(0, "(connected)".into()));
    assert_eq!(calls.next().await, Call::Event(0, "echo".into()));

    let session = format!("{OPEN}&sid={}", sid_of(&get(server, OPEN).await.body));
    assert_eq!(post(server, &session, b"40/prompt,{}\x1e42/prompt,7[\"echo\"]").await.status, 200);
    let body = get(server, &session).await.body;
    let said: Vec<_> = body.split('\x1e').collect();
    assert!(said[0].starts_with("40/prompt,{\"sid\":"), "{said:?}");
    let expected = ["42/prompt,[\"asked\",{}]", "42/prompt,[\"more\",1]", "43/prompt,7[]"];
    assert_eq!(said[1..], expected);
}

#[tokio::test]
async fn a_panic_once_connected_ends_the_session_with_a_disconnect() {
    let (server, mut calls) = start(Config::default()).await;
    let mut client = WebSocket::open(server, OPEN_WEBSOCKET).await;
    client.text().await;
    client.send("40/panic,").await;
    assert!(client.text().await.starts_with("40/panic,{"));
    client.closed().await;
    assert!(matches!(calls.next().await, Call::Connect(0, ..)));
    assert_eq!(calls.next().await, Call::Disconnect(0, DisconnectReason::ForcedClose));
}

#[tokio::test]
async fn a_shutdown_ends_every_socket_and_takes_no_new_ones() {
    let (calls_in, calls) = mpsc::unbounded_channel();
    let mut calls = Calls { calls };
    let server = Server::new(Config::default(), Recorder::new(calls_in));
    let address = serve(server.clone()).await;
    let mut client = connect(address).await;
    let session = format!("{OPEN}&sid={}", sid_of(&get(address, OPEN).await.body));
    assert_eq!(post(address, &session, b"40").await.status, 200);
    assert!(get(address, &session).await.body.starts_with("40{"));
    let mut poll = Exchange::start(address, "GET", &session, &[], b"").await;
    calls.next().await;
    calls.next().await;

    soon(server.shutdown()).await;
    let mut ended = [calls.next().await, calls.next().await];
    ended.sort_by_key(|call| format!("{call:?}"));
    let reason = DisconnectReason::ServerShutdown;
    assert_eq!(ended, [Call::Disconnect(0, reason), Call::Disconnect(1, reason)]);
    client.closed().await;
    assert_eq!(poll.answer().await.body, r#"{"code":1,"message":"Session ID unknown"}"#);
    assert_eq!(get(address, OPEN).await.status, 503);
    calls.nothing_more();
}

/// Clients that come, send and vanish at random leave each exactly one disconnect, after its events.
#[tokio::test]
async fn no_end_of_a_client_leaves_a_ghost() {
    let (server, mut calls) = start(Config::default()).await;
    let mut runner = TestRunner::deterministic();
    let ends = proptest::sample::select(vec!["drop", "close", "leave", "41", "garbage", "upgrade"]);
    let scripts = proptest::collection::vec((0..20_usize, ends), 40);
    let script = scripts.new_tree(&mut runner).unwrap().current();
    let clients: Vec<_> = script
        .into_iter()
        .map(|(events, end)| tokio::spawn(come_and_go(server, events, end)))
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let mut open = HashMap::new();
    let mut ended = 0;
    while ended < 40 {
        match calls.next().await {
            Call::Connect(n, ..) => assert_eq!(open.insert(n, true), None),
            Call::Event(n, _) => assert_eq!(open.get(&n), Some(&true), "event after the end"),
            Call::Disconnect(n, _) => {
                assert_eq!(open.insert(n, false), Some(true), "two ends");
                ended += 1;
            }
        }
    }
    calls.nothing_more();
}

async fn come_and_go(server: SocketAddr, events: usize, end: &str) {
    if end == "upgrade" {
        let sid = sid_of(&get(server, OPEN).await.body);
        let session = format!("{OPEN}&sid={sid}");
        post(server, &session, b"40").await;
        let mut client = WebSocket::open(server, &format!("{OPEN_WEBSOCKET}&sid={sid}")).await;
        client.send("2probe").await;
        client.send("5").await;
        assert_eq!(client.text().await, "3probe");
        return;
    }
    let mut client = connect(server).await;
    for _ in 0..events {
        client.send("42[\"note\"]").await;
    }
    match end {
        "drop" => {}
        "close" => client.send("1").await,
        "leave" => client.send("42[\"leave\"]").await,
        "41" => client.send("41").await,
        _ => client.send("garbage").await,
    }
}

/// Opens a WebSocket session in the namespace `/`.
async fn connect(server: SocketAddr) -> WebSocket {
    let mut client = WebSocket::open(server, OPEN_WEBSOCKET).await;
    client.text().await;
    client.send("40").await;
    assert!(client.text().await.starts_with("40{"));
    assert!(client.text().await.starts_with("42[\"welcome\""));
    client
}

async fn start(config: Config) -> (SocketAddr, Calls) {
    let (calls_in, calls) = mpsc::unbounded_channel();
    (serve(Server::new(config, Recorder::new(calls_in))).await, Calls { calls })
}

async fn serve(server: Server<Recorder>) -> SocketAddr {
    listen(move |request, peer| {
        let server = server.clone();
        async move { server.serve(request, peer).await }
    })
    .await
}

/// What the handler was called for; sockets are numbered in the order of their connects.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    Connect(u64, String, Option<String>),
    Event(u64, String),
    Disconnect(u64, DisconnectReason),
}

struct Calls {
    calls: mpsc::UnboundedReceiver<Call>,
}

impl Calls {
    async fn next(&mut self) -> Call {
        soon(self.calls.recv()).await.unwrap()
    }

    #[track_caller]
    fn nothing_more(&mut self) {
        assert!(self.calls.try_recv().is_err());
    }
}

struct Recorder {
    calls: mpsc::UnboundedSender<Call>,
    connected: AtomicU64,
}

impl Recorder {
    fn new(calls: mpsc::UnboundedSender<Call>) -> Self {
        Self { calls, connected: AtomicU64::new(0) }
    }
}

impl Handler for Recorder {
    type State = (u64, Socket);

    async fn connect(
        &self,
        socket: Socket,
        request: &ConnectRequest,
    ) -> Result<(u64, Socket), ConnectError> {
        let namespace = request.namespace.clone();
        if !matches!(namespace.as_str(), "/" | "/room" | "/away" | "/prompt" | "/panic") {
            return Err(ConnectError::invalid_namespace());
        }
        let n = self.connected.fetch_add(1, Ordering::Relaxed);
        let auth = request.auth.as_deref().map(|auth| auth.get().to_owned());
        self.calls.send(Call::Connect(n, namespace, auth)).unwrap();
        match socket.namespace() {
            "/away" => socket.disconnect(),
            "/prompt" | "/panic" => {}
            _ => socket.emit("welcome", &n).unwrap(),
        }
        Ok((n, socket))
    }

    async fn connected(&self, (n, socket): &mut (u64, Socket), request: ConnectRequest) {
        match request.namespace.as_str() {
            "/prompt" | "/away" => {
                self.calls.send(Call::Event(*n, "(connected)".into())).unwrap();
                socket.emit_raw("asked", &Vec::from_iter(request.auth), Vec::new());
                socket.emit("more", n).unwrap();
            }
            "/panic" => panic!("as the test wants it"),
            _ => {}
        }
    }

    async fn event(&self, (n, socket): &mut (u64, Socket), event: Event) {
        let mut name = event.name;
        match name.as_str() {
            "nap" => tokio::time::sleep(Duration::from_millis(1)).await,
            "leave" => socket.disconnect(),
            "ask" => {
                let reply = socket.request("question", &1, Duration::from_secs(5)).await;
                name = match reply {
                    Ok(reply) => format!("ask: [{}]", reply.args[0]),
                    Err(error) => format!("ask: {error}"),
                };
            }
            "flood" => {
                let kilobyte = "x".repeat(1000);
                for _ in 0..20_000 {
                    socket.emit("water", &kilobyte).unwrap();
                }
            }
            _ => {}
        }
        self.calls.send(Call::Event(*n, name)).unwrap();
        if let Some(ack) = event.ack {
            ack.send_raw(&event.args, event.attachments);
        }
    }

    async fn disconnect(&self, (n, _): (u64, Socket), reason: DisconnectReason) {
        self.calls.send(Call::Disconnect(n, reason)).unwrap();
    }
}
