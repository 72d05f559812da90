//! A Socket.IO client on a bare WebSocket, which can be cut at any moment.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::server::PATIENCE;

/// Dropping it cuts the connection, without any goodbye.
pub(crate) struct Client {
    stream: WebSocketStream<BufReader<TcpStream>>,
    requests: u64,
}

/// The server has closed the connection, or does not take any.
#[derive(Debug)]
pub(crate) struct Gone;

impl Client {
    pub(crate) async fn connect(server: SocketAddr) -> Result<Client, Gone> {
        let (client, _) = Client::connect_with(server, json!({})).await?;
        Ok(client)
    }

    /// Connects with this `auth`, and tells as which socket.
    pub(crate) async fn connect_with(
        server: SocketAddr,
        auth: Value,
    ) -> Result<(Client, String), Gone> {
        let mut client = Client::open(server, &auth).await?;
        loop {
            if let Some(connected) = client.next().await?.strip_prefix("40") {
                let connected: Value = serde_json::from_str(connected).unwrap();
                return Ok((client, connected["sid"].as_str().unwrap().to_owned()));
            }
        }
    }

    /// The answer to a connection that the server refuses.
    pub(crate) async fn refused(server: SocketAddr) -> Result<Value, Gone> {
        let mut client = Client::open(server, &json!({})).await?;
        loop {
            if let Some(error) = client.next().await?.strip_prefix("44") {
                return Ok(serde_json::from_str(error).unwrap());
            }
        }
    }

    /// Asks to be connected.
    async fn open(server: SocketAddr, auth: &Value) -> Result<Client, Gone> {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.map_err(|_| Gone)?;
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = timeout(PATIENCE, stream.read_line(&mut head)).await.expect("no answer");
            if read.map_err(|_| Gone)? == 0 {
                return Err(Gone);
            }
        }
        if !head.starts_with("HTTP/1.1 101 ") {
            return Err(Gone);
        }
        let stream = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let mut client = Client { stream, requests: 0 };
        client.send(&format!("40{auth}")).await?;
        Ok(client)
    }

    /// The next event with its argument, which must be the next packet.
    pub(crate) async fn event(&mut self) -> Result<(String, Value), Gone> {
        let packet = self.next().await?;
        Ok(serde_json::from_str(packet.strip_prefix("42").expect(&packet)).unwrap())
    }

    /// Sends an event and waits for its acknowledgement; what comes before it is given to `hear`.
    pub(crate) async fn ask(
        &mut self,
        event: &str,
        argument: Value,
        mut hear: impl FnMut(&str, &Value),
    ) -> Result<Value, Gone> {
        self.requests += 1;
        let ack = format!("43{}[", self.requests);
        self.send(&format!("42{}{}", self.requests, json!([event, argument]))).await?;
        loop {
            let packet = self.next().await?;
            if let Some(answer) = packet.strip_prefix(&ack) {
                return Ok(serde_json::from_str(answer.strip_suffix(']').unwrap()).unwrap());
            }
            if let Some(event) = packet.strip_prefix("42") {
                let event: (String, Value) = serde_json::from_str(event).unwrap();
                hear(&event.0, &event.1);
            }
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) -> Result<(), Gone> {
        self.send("41").await
    }

    async fn send(&mut self, packet: &str) -> Result<(), Gone> {
        self.stream.send(Message::text(packet)).await.map_err(|_| Gone)
    }

    async fn next(&mut self) -> Result<String, Gone> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("no answer") {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {}
            }
        }
    }
}
