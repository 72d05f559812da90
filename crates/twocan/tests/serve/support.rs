//! A server on ports of its own, and plain clients.

use std::{collections::HashMap, fs, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use twocan::{
    serve::{Addresses, Server},
    settings::{Command, CommandLine},
};

/// A server on ports of its own.
pub(crate) struct Running {
    pub(crate) addresses: Addresses,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(flags: &[&str]) -> Running {
        let mut all = vec!["twocan", "serve", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"];
        if !flags.contains(&"--turn") {
            all.extend(["--turn", "127.0.0.1:0", "--relay-threads", "1"]);
        }
        all.extend(flags);
        let Command::Serve(settings) = CommandLine::parse_from(all).command;
        let server = Server::open(&settings).unwrap();
        let addresses = server.addresses().clone();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        Running {
            addresses,
            stop,
            ended: tokio::spawn(async { server.run(shutdown).await.unwrap() }),
        }
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.addresses.http[0]
    }

    pub(crate) async fn get(&self, path: &str, headers: &[&str]) -> Answer {
        self.request("GET", path, headers, "").await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Answer {
        let stream = TcpStream::connect(self.http()).await.unwrap();
        exchange(stream, method, path, headers, body).await
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(Duration::from_secs(2), self.ended).await.expect("it stops in time").unwrap();
    }
}

/// A Socket.IO client that knows polling only.
pub(crate) struct Polling<'a> {
    server: &'a Running,
    pub(crate) path: String,
    received: Vec<String>,
}

impl Polling<'_> {
    pub(crate) async fn open(server: &Running) -> Polling<'_> {
        let path = "/socket.io/?EIO=4&transport=polling";
        let open = server.get(path, &[]).await;
        let open = String::from_utf8(open.body).unwrap();
        let (_, id) = open.split_once(r#""sid":""#).unwrap();
        let id = id.split('"').next().unwrap();
        let mut client = Polling { server, path: format!("{path}&sid={id}"), received: Vec::new() };
        client.send("40").await;
        assert!(client.receive().await.starts_with(r#"40{"sid":""#));
        client
    }

    pub(crate) async fn send(&self, packet: &str) {
        let answer = self.server.request("POST", &self.path, &[], packet).await;
        assert_eq!(answer.body, b"ok");
    }

    pub(crate) async fn receive(&mut self) -> String {
        self.receive_all(1).await.remove(0)
    }

    pub(crate) async fn receive_all(&mut self, count: usize) -> Vec<String> {
        while self.received.len() < count {
            let answer = self.server.get(&self.path, &[]).await;
            assert_eq!(answer.status, 200);
            let body = String::from_utf8(answer.body).unwrap();
            self.received.extend(body.split('\x1e').map(str::to_owned));
        }
        self.received.drain(..count).collect()
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

pub(crate) async fn exchange_at(address: SocketAddr, method: &'static str, path: String) -> Answer {
    exchange(TcpStream::connect(address).await.unwrap(), method, &path, &[], "").await
}

/// One request on a connection of its own.
pub(crate) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> Answer {
    let named = headers.iter().any(|header| header.starts_with("host:"));
    let host = if named { "" } else { "host: twocan.example:8443\r\n" };
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{host}connection: close\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    Answer { status, headers: lines.map(header).collect(), body: answer[end + 4..].to_vec() }
}

/// A file of the built page.
pub(crate) fn dist(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist"));
    fs::read(folder.join(name)).unwrap()
}
