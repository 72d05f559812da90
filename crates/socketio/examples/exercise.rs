//! A Socket.IO test server that does what its client asks for, and prints every call of its handler to
//! the standard output as a line of JSON.
//!
//! | event | what happens |
//! |---|---|
//! | `ask` | its argument is sent as `question`; the client's acknowledgement comes back as `answered` |
//! | `slow` | takes 50 ms |
//! | `leave` | the server disconnects the socket |
//! | `drop` | the server closes the session |
//! | `flood` N | N events of 1 KB |
//! | `panic` | the handler panics |

mod support;

use std::time::Duration;

use clap::Parser;
use serde_json::{json, value::RawValue};
use support::Options;
use twocan_socketio::{
    ConnectError, ConnectRequest, DisconnectReason, Event, Handler, RequestError, Server, Socket,
};

// One thread: requests on different connections are answered in the order in which they came.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let server = Server::new(options.config(), Exercise);
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

struct Exercise;

impl Handler for Exercise {
    type State = Socket;

    async fn connect(
        &self,
        socket: Socket,
        request: &ConnectRequest,
    ) -> Result<Socket, ConnectError> {
        let auth = request.auth.as_deref().map(RawValue::get);
        println!("{}", json!({ "call": "connect", "socket": socket.id(), "auth": auth }));
        match request.namespace.as_str() {
            "/" => Ok(socket),
            "/private" => {
                let details = RawValue::from_string(r#"{"status":401}"#.to_owned());
                let refused = ConnectError::new("not you");
                Err(details.into_iter().fold(refused, ConnectError::with_data))
            }
            _ => Err(ConnectError::invalid_namespace()),
        }
    }

    async fn event(&self, socket: &mut Socket, event: Event) {
        match event.name.as_str() {
            "ask" => ask(socket, &event).await,
            "slow" => tokio::time::sleep(Duration::from_millis(50)).await,
            "leave" => socket.disconnect(),
            "drop" => socket.close(),
            "flood" => flood(socket, &event),
            "panic" => panic!("as asked"),
            _ => {}
        }
        let args: Vec<_> = event.args.iter().map(|arg| arg.get()).collect();
        println!("{}", json!({ "call": "event", "name": event.name, "args": args }));
    }

    async fn disconnect(&self, socket: Socket, reason: DisconnectReason) {
        let reason = reason.to_string();
        println!("{}", json!({ "call": "disconnect", "socket": socket.id(), "reason": reason }));
    }
}

async fn ask(socket: &Socket, event: &Event) {
    let attachments = event.attachments.clone();
    let asked =
        socket.request_raw("question", &event.args, attachments, Duration::from_millis(200));
    match asked.await {
        Ok(reply) => socket.emit_raw("answered", &reply.args, reply.attachments),
        Err(error @ (RequestError::Timeout | RequestError::Closed | RequestError::Emit(_))) => {
            if let Err(error) = socket.emit("failed", &error.to_string()) {
                println!("{error}");
            }
        }
    }
}

fn flood(socket: &Socket, event: &Event) {
    let count = event.args.first().and_then(|count| count.get().parse().ok()).unwrap_or(0);
    let kilobyte = "x".repeat(1000);
    for _ in 0..count {
        if let Err(error) = socket.emit("water", &kilobyte) {
            println!("{error}");
        }
    }
}
