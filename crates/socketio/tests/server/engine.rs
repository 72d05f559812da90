//! The engine by raw HTTP and WebSocket frames: what a proxy, a broken client or a test suite sends.

use std::{
    future::{Future, ready},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::support::{Exchange, UPGRADE, WebSocket, get, listen, post, request, sid_of, soon};
use tokio_tungstenite::tungstenite::Message as Frame;
use tracing_subscriber::fmt::MakeWriter;
use twocan_socketio::{
    Config, Figures, Handshake,
    engine::{CloseReason, Link, Message, Receiver, Server, Service},
};

const OPEN: &str = "/engine.io/?EIO=4&transport=polling";
const OPEN_WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

#[tokio::test]
async fn a_handshake_tells_the_settings() {
    let server = start(config()).await;
    let answer = get(server, OPEN).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let sid = sid_of(&answer.body);
    assert_eq!(sid.len(), 20);
    let open: serde_json::Value = serde_json::from_str(&answer.body[1..]).unwrap();
    let expected = serde_json::json!({
        "sid": sid,
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1000,
    });
    assert_eq!(open, expected);

    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    let open: serde_json::Value = serde_json::from_str(&socket.text().await[1..]).unwrap();
    assert_eq!(open["upgrades"], serde_json::json!([]));
}

#[tokio::test]
async fn errors_have_the_codes_and_bodies_of_the_reference() {
    let server = start(config()).await;
    let sid = open(server).await;
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    let websocket_sid = sid_of(&socket.text().await);

    let unknown_transport = r#"{"code":0,"message":"Transport unknown"}"#;
    let unknown_session = r#"{"code":1,"message":"Session ID unknown"}"#;
    let bad_method = r#"{"code":2,"message":"Bad handshake method"}"#;
    let bad_request = r#"{"code":3,"message":"Bad request"}"#;
    let unsupported = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    let cases = [
        ("GET", "/engine.io/".to_owned(), unknown_transport),
        ("GET", "/engine.io/?EIO=4&transport=abc".to_owned(), unknown_transport),
        ("GET", format!("{OPEN}&sid=abc"), unknown_session),
        ("POST", format!("{OPEN}&sid=abc"), unknown_session),
        ("POST", OPEN.to_owned(), bad_method),
        ("PUT", OPEN.to_owned(), bad_method),
        ("GET", OPEN_WEBSOCKET.to_owned(), bad_request),
        ("GET", format!("{OPEN_WEBSOCKET}&sid={sid}"), bad_request),
        ("GET", format!("{OPEN}&sid={websocket_sid}"), bad_request),
        ("POST", format!("{OPEN}&sid={websocket_sid}"), bad_request),
        ("DELETE", format!("{OPEN}&sid={sid}"), bad_request),
        ("GET", "/engine.io/?transport=polling".to_owned(), unsupported),
        ("GET", "/engine.io/?EIO=3&transport=polling".to_owned(), unsupported),
    ];
    for (method, target, body) in cases {
        let answer = request(server, method, &target, &[], b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (400, body), "{method} {target}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }

    let upgrades = [
        ("/engine.io/?EIO=4&transport=abc".to_owned(), unknown_transport),
        (format!("{OPEN_WEBSOCKET}&sid=abc"), unknown_session),
        (OPEN.to_owned(), bad_request),
        ("/engine.io/?EIO=3&transport=websocket".to_owned(), unsupported),
    ];
    for (target, body) in upgrades {
        let answer = request(server, "GET", &target, &UPGRADE, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (400, body), "{target}");
    }

    assert_eq!(get(server, "/elsewhere").await.status, 404);
}

#[tokio::test]
async fn more_sessions_than_allowed_are_refused_until_one_ends() {
    let server = start(Config { max_sessions: 2, ..config() }).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    let full = (503, r#"{"code":6,"message":"Too many sessions; try again later"}"#);
    for (target, headers) in [(OPEN, &[][..]), (OPEN_WEBSOCKET, &UPGRADE[..])] {
        let answer = request(server, "GET", target, headers, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), full, "{target}");
    }
    assert_eq!(post(server, &session, b"1").await.body, "ok");
    let mut another = WebSocket::open(server, OPEN_WEBSOCKET).await;
    assert!(another.text().await.starts_with('0'));
    // The one that was there is as it was.
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test]
async fn payloads_come_back_in_one_piece() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    let body = "4first\x1e4zw€i\x1ebAQIDBA==\x1e4";
    let answer = post(server, &session, body.as_bytes()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let answer = get(server, &session).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
}

#[tokio::test]
async fn a_poll_waits_for_what_comes() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    let mut poll = Exchange::start(server, "GET", &session, &[], b"").await;
    assert_eq!(post(server, &session, b"4hello").await.status, 200);
    assert_eq!(poll.answer().await.body, "4hello");
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    // Whichever comes first waits, and hears of the end; the other is refused without words.
    let mut polls = [
        Exchange::start(server, "GET", &session, &[], b"").await,
        Exchange::start(server, "GET", &session, &[], b"").await,
    ];
    let [a, b] = &mut polls;
    let (a, b) = tokio::join!(a.answer(), b.answer());
    let mut answers = [(a.status, a.body), (b.status, b.body)];
    answers.sort();
    assert_eq!(answers, [(200, "1".to_owned()), (400, String::new())]);
    assert_unknown(server, &session).await;
}

#[tokio::test]
async fn two_posts_at_once_end_the_session() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    // The first is announced, and asked for its body, which never comes.
    let headers = ["Content-Length: 5", "Expect: 100-continue"];
    let mut first = Exchange::start(server, "POST", &session, &headers, b"").await;
    assert_eq!(first.answer().await.status, 100);
    assert_eq!(post(server, &session, b"4b").await.status, 400);
    assert_unknown(server, &session).await;
}

#[tokio::test]
async fn a_cancelled_poll_ends_the_session() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    drop(Exchange::start(server, "GET", &session, &[], b"").await);
    // The poll's connection is looked at by another task than this request's: it may take a moment.
    soon(async {
        while post(server, &session, b"6").await.status == 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_unknown(server, &session).await;
}

#[tokio::test]
async fn a_post_longer_than_allowed_is_refused() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    let answer = post(server, &session, &[b'4'; 1001]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, "The message is too large: at most 1000 bytes are taken.\n");
    let body = [&b"4"[..], &[b'x'; 999]].concat();
    assert_eq!(post(server, &session, &body).await.status, 200);
}

#[tokio::test]
async fn a_chunked_post_longer_than_allowed_is_refused() {
    let server = start(config()).await;
    let session = format!("{OPEN}&sid={}", open(server).await);
    let chunk = format!("200\r\n{}\r\n", "4".repeat(512));
    let body = format!("{chunk}{chunk}{chunk}0\r\n\r\n");
    let mut exchange =
        Exchange::start(server, "POST", &session, &["Transfer-Encoding: chunked"], b"").await;
    exchange.write(body.as_bytes()).await;
    assert_eq!(exchange.answer().await.status, 413);
}

#[tokio::test]
async fn what_is_no_packet_ends_the_session() {
    let server = start(config()).await;
    for body in [&b"abc"[..], b"4\xff", b"b*"] {
        let session = format!("{OPEN}&sid={}", open(server).await);
        assert_eq!(post(server, &session, body).await.status, 400);
        assert_unknown(server, &session).await;
    }
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    socket.send("abc").await;
    socket.closed().await;
}

#[tokio::test]
async fn the_client_closes() {
    let server = start(config()).await;
    // Nothing tells from outside that the poll waits: a close that came first is tried again.
    soon(async {
        loop {
            let session = format!("{OPEN}&sid={}", open(server).await);
            let mut poll = Exchange::start(server, "GET", &session, &[], b"").await;
            assert_eq!(post(server, &session, b"1").await.body, "ok");
            let answer = poll.answer().await;
            assert_unknown(server, &session).await;
            if answer.status == 200 {
                assert_eq!(answer.body, "6");
                break;
            }
        }
    })
    .await;

    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    socket.send("1").await;
    socket.closed().await;
}

#[tokio::test]
async fn websocket_messages_come_back() {
    let server = start(config()).await;
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    socket.send_binary(&[1, 2, 3]).await;
    assert_eq!(socket.next().await, Some(Frame::binary(&[1, 2, 3][..])));
}

#[tokio::test]
async fn a_websocket_message_longer_than_allowed_ends_the_session_with_a_reason() {
    let server = start(config()).await;
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    socket.send(&"4".repeat(1000)).await;
    assert_eq!(socket.text().await.len(), 1000);
    socket.send(&"4".repeat(1001)).await;
    let Some(Ok(Frame::Close(Some(reason)))) = socket.frame().await else { panic!("a reason") };
    assert_eq!(u16::from(reason.code), 1009);
    assert_eq!(reason.reason.as_str(), "message too large: at most 1000 bytes are taken");
}

#[tokio::test]
async fn the_first_ping_comes_after_the_interval_and_a_missed_pong_ends_the_session() {
    let server = start(Config {
        ping_interval: Duration::from_millis(100),
        ping_timeout: Duration::from_millis(80),
        ..config()
    })
    .await;

    let opened = Instant::now();
    let session = format!("{OPEN}&sid={}", open(server).await);
    assert_eq!(get(server, &session).await.body, "2");
    assert!(opened.elapsed() >= Duration::from_millis(100));
    assert_eq!(post(server, &session, b"3").await.status, 200);
    assert_eq!(get(server, &session).await.body, "2");
    assert_eq!(get(server, &session).await.body, "1");
    assert!(opened.elapsed() >= Duration::from_millis(280));
    assert_unknown(server, &session).await;

    let opened = Instant::now();
    let mut socket = WebSocket::open(server, OPEN_WEBSOCKET).await;
    socket.text().await;
    assert_eq!(socket.text().await, "2");
    assert!(opened.elapsed() >= Duration::from_millis(100));
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    socket.closed().await;
    assert!(opened.elapsed() >= Duration::from_millis(280));
}

#[tokio::test]
async fn an_upgrade_delivers_by_polling_until_it_is_confirmed() {
    let server = start(config()).await;
    let sid = open(server).await;
    let session = format!("{OPEN}&sid={sid}");
    let upgrade = format!("{OPEN_WEBSOCKET}&sid={sid}");
    let mut socket = WebSocket::open(server, &upgrade).await;
    assert_eq!(post(server, &session, b"4before").await.status, 200);
    assert_eq!(get(server, &session).await.body, "4before");
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(get(server, &session).await.body, "6");
    assert_eq!(post(server, &session, b"4between").await.status, 200);
    assert_eq!(get(server, &session).await.body, "4between");

    let mut second = WebSocket::open(server, &upgrade).await;
    second.closed().await;

    socket.send("5").await;
    socket.send("4after").await;
    assert_eq!(socket.text().await, "4after");
    assert_eq!(get(server, &session).await.body, r#"{"code":3,"message":"Bad request"}"#);
    let mut third = WebSocket::open(server, &upgrade).await;
    third.closed().await;
    socket.send("4still here").await;
    assert_eq!(socket.text().await, "4still here");
}

#[tokio::test]
async fn a_failed_upgrade_leaves_the_polling_session_alive() {
    let server = start(Config { upgrade_timeout: Duration::from_millis(50), ..config() }).await;
    let sid = open(server).await;
    let session = format!("{OPEN}&sid={sid}");
    for attempt in ["gone", "4too early", "garbage", "silence"] {
        let mut socket = WebSocket::open(server, &format!("{OPEN_WEBSOCKET}&sid={sid}")).await;
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        match attempt {
            "gone" => drop(socket),
            "silence" => socket.closed().await,
            packet => {
                socket.send(packet).await;
                socket.closed().await;
            }
        }
        assert_eq!(post(server, &session, b"4alive").await.status, 200);
        assert_eq!(get(server, &session).await.body, "4alive", "after {attempt}");
    }
}

#[tokio::test]
async fn only_allowed_origins_connect_by_any_transport() {
    let origins = vec!["https://app.example".parse().unwrap()];
    let server = start(Config { origins, ..config() }).await;
    let own = format!("Origin: http://{server}");
    let forbidden = r#"{"code":4,"message":"Forbidden"}"#;
    for (origin, allowed) in [
        (own.as_str(), true),
        ("Origin: https://app.example", true),
        ("Origin: http://app.example", false),
        ("Origin: https://evil.example", false),
        ("Origin: null", false),
    ] {
        let answer = request(server, "GET", OPEN, &[origin], b"").await;
        if allowed {
            assert_eq!(answer.status, 200, "{origin}");
            let value = origin.strip_prefix("Origin: ");
            assert_eq!(answer.header("access-control-allow-origin"), value);
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(answer.header("vary"), Some("Origin"));
        } else {
            assert_eq!((answer.status, answer.body.as_str()), (403, forbidden), "{origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        let headers = [&UPGRADE[..], &[origin]].concat();
        let answer = request(server, "GET", OPEN_WEBSOCKET, &headers, b"").await;
        assert_eq!(answer.status, if allowed { 101 } else { 403 }, "{origin}");
    }
}

#[tokio::test]
async fn a_refused_origin_is_logged_whatever_the_transport() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(
        tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish(),
    );
    let server = start(config()).await;
    for (target, origin, headers) in [
        (OPEN, "https://polling.example", &[][..]),
        (OPEN_WEBSOCKET, "https://websocket.example", &UPGRADE),
    ] {
        let line = format!("Origin: {origin}");
        let headers = [headers, &[line.as_str()]].concat();
        assert_eq!(request(server, "GET", target, &headers, b"").await.status, 403);
        let written = log.text();
        assert!(written.contains("WARN"), "{written}");
        assert!(written.contains(&format!("start with --origin {origin}")), "{written}");
    }
}

#[tokio::test]
async fn a_browser_may_ask_before_it_sends() {
    let origins = vec!["https://app.example".parse().unwrap()];
    let server = start(Config { origins, ..config() }).await;
    let headers = ["Origin: https://app.example", "Access-Control-Request-Headers: x-extra"];
    let answer = request(server, "OPTIONS", OPEN, &headers, b"").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-extra"));
    let answer = request(server, "OPTIONS", OPEN, &["Origin: https://evil.example"], b"").await;
    assert_eq!(answer.status, 403);
}

/// What is logged.
#[derive(Clone, Default)]
struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn config() -> Config {
    Config { path: "/engine.io/".to_owned(), max_payload: 1000, ..Config::default() }
}

#[tokio::test]
async fn sessions_are_counted_by_their_transports() {
    let server = Server::new(config(), Echo);
    let address = serve(server.clone()).await;
    let counts = || {
        let Figures { polling, websocket, rejected_origins, turned_away } = server.figures();
        (polling, websocket, rejected_origins, turned_away)
    };
    assert_eq!(counts(), (0, 0, 0, 0));
    let sid = open(address).await;
    assert_eq!(counts(), (1, 0, 0, 0));
    let mut socket = WebSocket::open(address, OPEN_WEBSOCKET).await;
    socket.text().await;
    assert_eq!(counts(), (1, 1, 0, 0));
    let mut upgrade = WebSocket::open(address, &format!("{OPEN_WEBSOCKET}&sid={sid}")).await;
    upgrade.send("2probe").await;
    upgrade.send("5").await;
    upgrade.send("4hello").await;
    assert_eq!(upgrade.text().await, "3probe");
    assert_eq!(upgrade.text().await, "4hello");
    assert_eq!(counts(), (0, 2, 0, 0));
    request(address, "GET", OPEN, &["Origin: https://evil.example"], b"").await;
    for mut socket in [socket, upgrade] {
        socket.send("1").await;
        socket.closed().await;
    }
    assert_eq!(counts(), (0, 0, 1, 0));
}

async fn start(config: Config) -> SocketAddr {
    serve(Server::new(config, Echo)).await
}

async fn serve(server: Server<Echo>) -> SocketAddr {
    listen(move |request, peer| {
        let server = server.clone();
        async move { server.serve(request, peer).await }
    })
    .await
}

/// Opens a polling session.
async fn open(server: SocketAddr) -> String {
    sid_of(&get(server, OPEN).await.body)
}

async fn assert_unknown(server: SocketAddr, session: &str) {
    let answer = get(server, session).await;
    assert_eq!(answer.body, r#"{"code":1,"message":"Session ID unknown"}"#);
}

struct Echo;

impl Service for Echo {
    type Receiver = EchoReceiver;

    fn open(
        self: Arc<Self>,
        link: Link,
        _: Arc<Handshake>,
    ) -> (EchoReceiver, impl Future<Output = ()> + Send + 'static) {
        (EchoReceiver { link }, ready(()))
    }
}

struct EchoReceiver {
    link: Link,
}

impl Receiver for EchoReceiver {
    fn receive(&mut self, message: Message) {
        self.link.send(message);
    }

    fn closed(&mut self, _: CloseReason) {}
}
