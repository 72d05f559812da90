//! Somebody with one page, or two, and a mind of its own.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    client::{Client, Gone},
    server::GRACE,
};

const ROOMS: [&str; 6] = ["tea", "cup", "pot", "tin", "jar", "can"];

pub(crate) struct Person {
    number: u64,
    server: SocketAddr,
    rng: StdRng,
    page: Option<Page>,
    /// The last token of each room.
    tokens: HashMap<&'static str, Value>,
    sent: u64,
    heard: Arc<Heard>,
}

struct Page {
    client: Client,
    /// The last message that it heard of each person in each room.
    last: HashMap<(u64, String), u64>,
}

/// The messages that anybody heard.
#[derive(Default)]
pub(crate) struct Heard(Mutex<HashSet<(u64, u64)>>);

impl Heard {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Person {
    pub(crate) fn new(number: u64, server: SocketAddr, rng: StdRng, heard: Arc<Heard>) -> Person {
        Person { number, server, rng, page: None, tokens: HashMap::new(), sent: 0, heard }
    }

    /// Does things until it has done enough or the server goes, and ends without a goodbye.
    pub(crate) async fn live(mut self, steps: usize) {
        for _ in 0..steps {
            if self.step().await.is_err() {
                return;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Gone> {
        // Mostly the one in which its friend is.
        let place = match self.rng.random_bool(0.8) {
            true => self.number as usize / 2,
            false => self.rng.random_range(0..ROOMS.len()),
        };
        let room = ROOMS[place % ROOMS.len()];
        let Some(mut page) = self.page.take() else {
            let page = self.open(room).await?;
            self.page = Some(page);
            return Ok(());
        };
        match self.rng.random_range(0..20) {
            0..4 => self.join(&mut page, room).await?,
            4..13 => self.send(&mut page, room).await?,
            13 => drop(page.ask(&self.heard, "leave", json!({"roomId": room})).await?),
            14 => return page.client.close().await,
            // The connection is lost.
            15..18 => return Ok(()),
            18 => {
                // A second tab with the tokens of the first, which goes on for a while.
                let mut other = self.open(room).await?;
                self.send(&mut page, room).await?;
                self.send(&mut other, room).await?;
                page = other;
            }
            _ => sleep(GRACE.mul_f64(self.rng.random_range(0.0..1.5))).await,
        }
        self.page = Some(page);
        Ok(())
    }

    /// Opens a page and joins, with the connection or after it.
    async fn open(&mut self, room: &'static str) -> Result<Page, Gone> {
        if self.rng.random_bool(0.5) {
            let auth = json!({"join": self.wish(room)});
            let (mut client, _) = Client::connect_with(self.server, auth).await?;
            let (event, answer) = client.event().await?;
            assert!(event == "joined" || event == "full", "{event} {answer}");
            self.joined(room, &answer);
            return Ok(Page { client, last: HashMap::new() });
        }
        let client = Client::connect(self.server).await?;
        let mut page = Page { client, last: HashMap::new() };
        self.join(&mut page, room).await?;
        Ok(page)
    }

    async fn join(&mut self, page: &mut Page, room: &'static str) -> Result<(), Gone> {
        let join = self.wish(room);
        let answer = page.ask(&self.heard, "join", join).await?;
        self.joined(room, &answer);
        Ok(())
    }

    /// The argument of a join.
    fn wish(&mut self, room: &str) -> Value {
        let token = self.tokens.get(room).cloned().unwrap_or_default();
        let (resume, kept) = (self.rng.random_bool(0.9), self.rng.random_bool(0.7));
        let capabilities = json!({"resume": resume, "kept": kept});
        json!({"roomId": room, "resume": token, "capabilities": capabilities})
    }

    fn joined(&mut self, room: &'static str, answer: &Value) {
        if let Some(token) = answer.get("resume") {
            self.tokens.insert(room, token.clone());
        }
        assert!(answer["userNum"].as_u64().unwrap() <= 2, "{answer}");
    }

    async fn send(&mut self, page: &mut Page, room: &str) -> Result<(), Gone> {
        self.sent += 1;
        let data = json!({"from": self.number, "number": self.sent, "room": room});
        let message = json!({"roomId": room, "data": data, "keep": self.rng.random_bool(0.3)});
        page.ask(&self.heard, "message", message).await?;
        Ok(())
    }
}

impl Page {
    async fn ask(&mut self, heard: &Heard, event: &str, argument: Value) -> Result<Value, Gone> {
        let Page { client, last } = self;
        let hear = |event: &str, data: &Value| {
            if event == "message" {
                let (from, number) =
                    (data["from"].as_u64().unwrap(), data["number"].as_u64().unwrap());
                assert!(heard.0.lock().unwrap().insert((from, number)), "a message came twice");
                let stream = (from, data["room"].as_str().unwrap().to_owned());
                assert!(last.insert(stream, number) < Some(number), "a message came too late");
            }
        };
        client.ask(event, argument, hear).await
    }
}
