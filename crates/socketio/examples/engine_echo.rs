//! An Engine.IO test server on `/engine.io/`: text and binary messages come back.

mod support;

use std::{
    future::{Future, ready},
    sync::Arc,
};

use clap::Parser;
use support::Options;
use twocan_socketio::{
    Config, Handshake,
    engine::{CloseReason, Link, Message, Receiver, Server, Service},
};

// One thread: requests on different connections are answered in the order in which they came.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let config = Config { path: "/engine.io/".to_owned(), ..options.config() };
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
