//! Servers on a free port, and a raw HTTP client.

use std::{convert::Infallible, future::Future, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, protocol::Role},
};
use twocan_socketio::{Body, Peer};

/// Nothing in these tests takes nearly as long; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves on a free port until the test ends.
pub(crate) async fn listen<F>(
    serve: impl Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, remote) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let serve = serve.clone();
            let service = service_fn(move |request| {
                let response = serve(request, Peer { remote, secure: false });
                async move { Ok::<_, Infallible>(response.await) }
            });
            tokio::spawn(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades(),
            );
        }
    });
    address
}

/// Waits for something that must come soon.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A request on a connection of its own.
pub(crate) struct Exchange {
    stream: BufReader<TcpStream>,
}

impl Exchange {
    /// Sends a request; `headers` are whole lines.
    pub(crate) async fn start(
        server: SocketAddr,
        method: &str,
        target: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Self {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {server}\r\n");
        for header in headers {
            request += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        // A server that refuses the body may close before it has read it all.
        let _ = stream.write_all(body).await;
        Self { stream: BufReader::new(stream) }
    }

    /// Sends more of the body.
    pub(crate) async fn write(&mut self, body: &[u8]) {
        self.stream.write_all(body).await.unwrap();
    }

    /// Reads the answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        soon(async {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            let status = line.split(' ').nth(1).expect("a status line").parse().unwrap();
            let mut headers = Vec::new();
            loop {
                line.clear();
                self.stream.read_line(&mut line).await.unwrap();
                let Some((name, value)) = line.trim().split_once(':') else { break };
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            let mut answer = Answer { status, headers, body: String::new() };
            let length =
                answer.header("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.unwrap();
            answer.body = String::from_utf8(body).unwrap();
            answer
        })
        .await
    }
}

pub(crate) async fn get(server: SocketAddr, target: &str) -> Answer {
    request(server, "GET", target, &[], b"").await
}

pub(crate) async fn post(server: SocketAddr, target: &str, body: &[u8]) -> Answer {
    request(server, "POST", target, &[], body).await
}

pub(crate) async fn request(
    server: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> Answer {
    Exchange::start(server, method, target, headers, body).await.answer().await
}

/// The session id in an open packet.
pub(crate) fn sid_of(open: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    json["sid"].as_str().unwrap().to_owned()
}

/// A WebSocket that shows every frame.
pub(crate) struct WebSocket {
    stream: WebSocketStream<BufReader<TcpStream>>,
}

/// The headers that ask for a WebSocket.
pub(crate) const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

impl WebSocket {
    pub(crate) async fn open(server: SocketAddr, target: &str) -> Self {
        let mut exchange = Exchange::start(server, "GET", target, &UPGRADE, b"").await;
        let answer = exchange.answer().await;
        assert_eq!(answer.status, 101, "{answer:?}");
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        let stream = WebSocketStream::from_raw_socket(exchange.stream, Role::Client, None).await;
        Self { stream }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// Sends that many pings with that many bytes each, at most 125, and reads nothing.
    pub(crate) async fn ping(&mut self, count: usize, length: u8) {
        let header = [0x89, 0x80 | length, 0, 0, 0, 0];
        let frame = [&header[..], &vec![0; length.into()]].concat();
        let frames = frame.repeat(count);
        soon(self.stream.get_mut().write_all(&frames)).await.unwrap();
    }

    /// The next frame of any kind, or how the connection ended.
    pub(crate) async fn frame(&mut self) -> Option<Result<Message, Error>> {
        soon(self.stream.next()).await
    }

    /// The next frame; `None` once the server has closed.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.frame().await.and_then(Result::ok).filter(|message| !message.is_close())
    }

    /// The next frame, which must be text.
    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("not a text: {other:?}"),
        }
    }

    /// The short frames, each of text, that come with one read.
    pub(crate) async fn texts_at_once(&mut self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = soon(self.stream.get_mut().read(&mut bytes)).await.unwrap();
        let mut rest = &bytes[..length];
        let mut texts = Vec::new();
        while let [0x81, length @ 0..126, after @ ..] = rest {
            let (text, after) = after.split_at((*length).into());
            texts.push(str::from_utf8(text).unwrap().to_owned());
            rest = after;
        }
        assert!(rest.is_empty(), "not a short frame of text: {rest:?}");
        texts
    }

    /// Checks that the server closes, with nothing before but pings.
    pub(crate) async fn closed(&mut self) {
        while let Some(message) = self.next().await {
            assert_eq!(message, Message::text("2"));
        }
    }
}
