//! A Socket.IO test server: the namespaces `/` and `/custom` give back what they are sent.
//!
//! On connect, `auth` is emitted with the CONNECT payload (or `{}`); `message` comes back as
//! `message-back` with the same arguments; `message-with-ack` is acknowledged with them.

mod support;

use std::time::Duration;

use clap::Parser;
use serde_json::value::RawValue;
use support::Options;
use twocan_socketio::{
    Config, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Server, Socket,
};

// One thread: requests on different connections are answered in the order in which they came.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let config = Config { connect_timeout: Duration::from_secs(1), ..options.config() };
    let server = Server::new(config, Echo);
    let stopping = server.clone();
    support::listen(
        options.port,
        move |request, peer| {
            let server = server.clone();
            async move { server.serve(request, peer).await }
        },
        async move { stopping.shutdown().await },
    )
    .await
}

struct Echo;

impl Handler for Echo {
    type State = Socket;

    async fn connect(
        &self,
        socket: Socket,
        request: &ConnectRequest,
    ) -> Result<Socket, ConnectError> {
        if !matches!(request.namespace.as_str(), "/" | "/custom") {
            return Err(ConnectError::invalid_namespace());
        }
        let auth = request.auth.clone().or_else(|| RawValue::from_string("{}".to_owned()).ok());
        socket.emit_raw("auth", &Vec::from_iter(auth), Vec::new());
        Ok(socket)
    }

    async fn event(&self, socket: &mut Socket, event: Event) {
        match (event.name.as_str(), event.ack) {
            ("message", _) => socket.emit_raw("message-back", &event.args, event.attachments),
            ("message-with-ack", Some(ack)) => ack.send_raw(&event.args, event.attachments),
            _ => {}
        }
    }

    async fn disconnect(&self, _: Socket, _: DisconnectReason) {}
}
