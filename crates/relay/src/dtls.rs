//! DTLS: the sessions of a worker's clients, beside plain STUN and TURN on the same UDP listeners.
//!
//! [RFC 7350](https://www.rfc-editor.org/rfc/rfc7350) for STUN,
//! [RFC 8656 §2.1](https://www.rfc-editor.org/rfc/rfc8656#section-2.1) for TURN

mod certificate;
mod crypto;
mod hello;
mod session;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{debug, trace};
use twocan_turn::{Client, Now, Server};

pub use self::certificate::{Certificate, UnfitKey};
use self::{
    crypto::{AES_128_GCM, CHACHA20, provider},
    hello::{Cookies, Hello, Refusal},
    session::{Ended, Event, LONGEST_RECORD, Session},
};
use crate::{run::Way, sockets::Sockets, worker::STRANGER_TIMEOUT};

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many sessions may be without an allocation, those in their handshake included. The oldest make
/// room: an honest client has its allocation after some round trips, and whoever fills the room must
/// show a cookie, and so an address of its own, for each in that time. 20 MB.
const MAX_STRANGERS: usize = 2048;

/// How often handshakes are helped along, and silent sessions looked for.
const TICK: Duration = Duration::from_millis(500);

/// What the workers have in common.
#[derive(Clone)]
pub(crate) struct Settings {
    certificate: Certificate,
    cookies: Cookies,
    /// For clients that know ChaCha20, and for others.
    chacha20: Arc<dimpl::Config>,
    gcm: Arc<dimpl::Config>,
}

impl Settings {
    /// `key` signs cookies; random.
    pub(crate) fn new(certificate: Certificate, key: &[u8; 32]) -> Result<Settings, dimpl::Error> {
        let config = |suite| {
            let config = dimpl::Config::builder()
                .with_crypto_provider(provider())
                .dtls12_cipher_suites(&[suite])
                .require_client_certificate(false)
                .handshake_timeout(HANDSHAKE_TIMEOUT);
            config.build().map(Arc::new)
        };
        let (chacha20, gcm) = (config(CHACHA20)?, config(AES_128_GCM)?);
        Ok(Settings { certificate, cookies: Cookies::new(key), chacha20, gcm })
    }
}

/// Whether a datagram that begins so is one of DTLS.
///
/// [RFC 7983 §7](https://www.rfc-editor.org/rfc/rfc7983#section-7)
pub(crate) fn is_dtls(first: u8) -> bool {
    matches!(first, 20..=63)
}

/// The sessions of a worker.
pub(crate) struct Dtls {
    settings: Settings,
    sessions: HashMap<Client, Box<Session>>,
    /// Those that were without an allocation, in the order in which they make room.
    strangers: VecDeque<Client>,
    next_tick: Option<Instant>,
    /// For packets on their way out.
    scratch: Vec<u8>,
}

impl fmt::Debug for Dtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dtls").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

impl Dtls {
    pub(crate) fn new(settings: Settings) -> Dtls {
        Dtls {
            settings,
            sessions: HashMap::new(),
            strangers: VecDeque::new(),
            next_tick: None,
            scratch: vec![0; usize::from(u16::MAX)],
        }
    }

    /// Takes a datagram of a client. Whether there may be messages in it.
    pub(crate) fn receive(
        &mut self,
        client: Client,
        datagram: &[u8],
        now: Now,
        sockets: &mut Sockets,
        server: &mut Server,
    ) -> bool {
        if let Some(hello) = Hello::parse(datagram)
            && self.sessions.get(&client).is_none_or(|session| session.random != *hello.random)
        {
            self.greet(client, &hello, now, sockets, server);
        }
        let Some(session) = self.sessions.get_mut(&client) else {
            return false;
        };
        let received = session.receive(datagram, now.instant);
        self.end_unless(received, client, sockets, server)
    }

    /// The next message of a client, which is written to the beginning of `room`: its length.
    pub(crate) fn next_message(
        &mut self,
        client: Client,
        room: &mut [u8],
        now: Now,
        sockets: &mut Sockets,
        server: &mut Server,
    ) -> Option<usize> {
        loop {
            let session = self.sessions.get_mut(&client)?;
            match session.poll(room, true) {
                Ok(Some(Event::Message(length))) => {
                    session.last_heard = now.instant;
                    return Some(length);
                }
                Ok(Some(Event::Packet(length))) => {
                    sockets.send_at_once(way(client), room.get(..length).unwrap_or_default());
                }
                Ok(None) => return None,
                Err(why) => {
                    self.end(client, &why, sockets, server);
                    return None;
                }
            }
        }
    }

    /// Sends a message to a client.
    pub(crate) fn send(
        &mut self,
        client: Client,
        message: &[u8],
        sockets: &mut Sockets,
        server: &mut Server,
    ) {
        let Some(session) = self.sessions.get_mut(&client) else { return };
        if message.len() > LONGEST_RECORD {
            return trace!(client = %client.address, "a message is too long for DTLS");
        }
        let sent =
            session.send(message).and_then(|()| flush(client, session, &mut self.scratch, sockets));
        self.end_unless(sent, client, sockets, server);
    }

    /// Helps handshakes along, and ends silent sessions. To be called when [`Dtls::poll_timeout`] says
    /// so; calling it earlier does nothing.
    pub(crate) fn handle_timeout(&mut self, now: Now, sockets: &mut Sockets, server: &mut Server) {
        if self.next_tick.is_none_or(|at| now.instant < at) {
            return;
        }
        let (mut ended, mut idle) = (Vec::new(), Vec::new());
        for (client, session) in &mut self.sessions {
            if !session.established {
                let helped = session
                    .handle_timeout(now.instant)
                    .and_then(|()| flush(*client, session, &mut self.scratch, sockets));
                ended.extend(helped.err().map(|why| (*client, why)));
            } else if !server.has_allocation(client) {
                if now.instant.saturating_duration_since(session.last_heard) > STRANGER_TIMEOUT {
                    ended.push((*client, Ended::Silent));
                } else if !session.queued {
                    idle.push(*client);
                }
            }
        }
        for (client, why) in ended {
            self.end(client, &why, sockets, server);
        }
        for client in idle {
            self.enqueue(client, sockets, server);
        }
        self.next_tick = (!self.sessions.is_empty()).then(|| now.instant + TICK);
    }

    /// When [`Dtls::handle_timeout`] wants to be called; `None` while there is no session.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next_tick
    }

    /// Says good-bye to everybody.
    pub(crate) fn close(&mut self, sockets: &mut Sockets) {
        for (client, mut session) in self.sessions.drain() {
            farewell(client, &mut session, &mut self.scratch, sockets);
        }
    }

    /// Answers a hello: with a cookie, or, if it brings a good one, with a session.
    fn greet(
        &mut self,
        client: Client,
        hello: &Hello<'_>,
        now: Now,
        sockets: &mut Sockets,
        server: &mut Server,
    ) {
        let Settings { certificate, cookies, chacha20, gcm } = &self.settings;
        let Some(certificate) = certificate.get() else { return };
        let mut refuse = |refusal| sockets.send_at_once(way(client), &hello::alert(refusal));
        if !hello.knows_dtls_1_2() {
            return refuse(Refusal::Version);
        }
        let uses_gcm = !hello.offers(CHACHA20.as_u16());
        if uses_gcm && !hello.offers(AES_128_GCM.as_u16()) {
            return refuse(Refusal::Failure);
        }
        let Some(cookie) = cookies.check(&client, hello, now) else {
            let cookie = cookies.issue(&client, hello, now);
            return sockets.send_at_once(way(client), &hello::verify_request(&cookie));
        };
        let config = if uses_gcm { gcm } else { chacha20 };
        let begun =
            Session::begin(config, &certificate, *hello.random, cookie, uses_gcm, now.instant);
        match begun {
            Ok(session) => {
                self.end(client, &Ended::Replaced, sockets, server);
                self.sessions.insert(client, Box::new(session));
                self.enqueue(client, sockets, server);
                self.next_tick.get_or_insert(now.instant + TICK);
            }
            Err(why) => debug!(client = %client.address, %why, "no DTLS session"),
        }
    }

    /// Puts a session behind those that make room for others.
    fn enqueue(&mut self, client: Client, sockets: &mut Sockets, server: &mut Server) {
        if let Some(session) = self.sessions.get_mut(&client) {
            session.queued = true;
            self.strangers.push_back(client);
        }
        if self.strangers.len() > MAX_STRANGERS
            && let Some(oldest) = self.strangers.pop_front()
            && let Some(session) = self.sessions.get_mut(&oldest)
        {
            session.queued = false;
            if !server.has_allocation(&oldest) {
                self.end(oldest, &Ended::Crowded, sockets, server);
            }
        }
    }

    /// Ends the session if something failed. Whether it goes on.
    fn end_unless(
        &mut self,
        outcome: Result<(), Ended>,
        client: Client,
        sockets: &mut Sockets,
        server: &mut Server,
    ) -> bool {
        match outcome {
            Ok(()) => true,
            Err(why) => {
                self.end(client, &why, sockets, server);
                false
            }
        }
    }

    /// Ends a session, and with it the client's allocation.
    fn end(&mut self, client: Client, why: &Ended, sockets: &mut Sockets, server: &mut Server) {
        let Some(mut session) = self.sessions.remove(&client) else { return };
        trace!(client = %client.address, %why, "a DTLS session ended");
        // Whoever begins another session would take it for the end of that.
        if !matches!(why, Ended::Replaced) {
            farewell(client, &mut session, &mut self.scratch, sockets);
        }
        server.handle_disconnected(client);
    }
}

/// Sends the packets that a session has.
fn flush(
    client: Client,
    session: &mut Session,
    scratch: &mut [u8],
    sockets: &mut Sockets,
) -> Result<(), Ended> {
    while let Some(event) = session.poll(scratch, false)? {
        if let Event::Packet(length) = event {
            sockets.send_at_once(way(client), scratch.get(..length).unwrap_or_default());
        }
    }
    Ok(())
}

/// Tells a client that its session is over.
fn farewell(client: Client, session: &mut Session, scratch: &mut [u8], sockets: &mut Sockets) {
    if session.established {
        // It is over in any case.
        let _ = session.close().and_then(|()| flush(client, session, scratch, sockets));
    } else {
        sockets.send_at_once(way(client), &hello::alert(Refusal::Failure));
    }
}

/// The way of a client's packets, which is that of a client without DTLS.
fn way(Client { address, server, link, .. }: Client) -> Way {
    Way::ToClient { link, client: address, from: server.ip() }
}
