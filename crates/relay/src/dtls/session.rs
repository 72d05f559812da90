//! One client's session: the handshake, and then messages in records.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use dimpl::{Dtls, DtlsCertificate, Output};
use tracing::error;

use super::{
    crypto::{GCM_RECORDS, with_checked_cookie},
    hello::{Cookie, blank},
};

/// The longest message that fits into a record.
///
/// [RFC 6347 §4.1](https://www.rfc-editor.org/rfc/rfc6347#section-4.1)
pub(super) const LONGEST_RECORD: usize = 1 << 14;

/// A session.
pub(super) struct Session {
    dtls: Dtls,
    /// Of the hello that began it.
    pub(super) random: [u8; 32],
    cookie: Cookie,
    pub(super) established: bool,
    /// When a message last came; at first, the hello.
    pub(super) last_heard: Instant,
    /// Whether it is among those that make room for others.
    pub(super) queued: bool,
    /// Messages that came while an answer was on its way.
    held: VecDeque<Vec<u8>>,
    /// How many records may leave.
    pub(super) records_left: u64,
}

/// What a session has for its worker. The bytes stand at the beginning of the buffer that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// So many bytes, to be sent to the client.
    Packet(usize),
    /// So many bytes, a message of the client.
    Message(usize),
}

/// Why a session ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("closed by the client")]
    ByClient,
    #[error("silent, and without an allocation")]
    Silent,
    #[error("room was needed for another")]
    Crowded,
    #[error("the client began another")]
    Replaced,
    #[error("too many records under one key")]
    WornOut,
    #[error("{0}")]
    Failed(#[from] dimpl::Error),
    #[error("a defect in the DTLS library")]
    Defect,
}

impl Session {
    /// Begins a session for a client whose hello has a good cookie. The hello is to be handed to
    /// [`Session::receive`] next.
    pub(super) fn begin(
        config: &Arc<dimpl::Config>,
        certificate: &DtlsCertificate,
        random: [u8; 32],
        cookie: Cookie,
        gcm: bool,
        now: Instant,
    ) -> Result<Session, Ended> {
        let dtls = guarded(|| {
            let mut dtls = Dtls::new_12(Arc::clone(config), certificate.clone(), now);
            dtls.handle_timeout(now)?;
            // What has been answered without a session makes it expect a second hello.
            dtls.handle_packet(&blank())?;
            let mut answer = [0; 128];
            while let Output::Packet(_) = dtls.poll_output(&mut answer) {}
            Ok(dtls)
        })?;
        Ok(Session {
            dtls,
            random,
            cookie,
            established: false,
            last_heard: now,
            queued: false,
            held: VecDeque::new(),
            records_left: if gcm { GCM_RECORDS } else { u64::MAX },
        })
    }

    /// Takes a datagram; what comes of it is told by [`Session::poll`].
    pub(super) fn receive(&mut self, datagram: &[u8], now: Instant) -> Result<(), Ended> {
        let dtls = &mut self.dtls;
        with_checked_cookie(self.cookie, || {
            guarded(|| {
                dtls.handle_timeout(now)?;
                dtls.handle_packet(datagram)
            })
        })
    }

    /// Sends again what was not answered, when it is time; what there is to send is told by
    /// [`Session::poll`].
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), Ended> {
        guarded(|| self.dtls.handle_timeout(now))
    }

    /// The next thing that the session has; `None` once there is nothing more. Messages are handed out
    /// only if they are wanted, and kept else.
    pub(super) fn poll(
        &mut self,
        buffer: &mut [u8],
        wants_messages: bool,
    ) -> Result<Option<Event>, Ended> {
        if wants_messages && let Some(message) = self.held.pop_front() {
            let length = message.len().min(buffer.len());
            if let (Some(place), Some(message)) = (buffer.get_mut(..length), message.get(..length))
            {
                place.copy_from_slice(message);
            }
            return Ok(Some(Event::Message(length)));
        }
        loop {
            let polled = guarded(|| {
                Ok(match self.dtls.poll_output(buffer) {
                    Output::Packet(bytes) => Polled::Event(Event::Packet(bytes.len())),
                    Output::ApplicationData(bytes) => Polled::Event(Event::Message(bytes.len())),
                    Output::Connected => Polled::Connected,
                    Output::CloseNotify => Polled::Closed,
                    // Every buffer of the worker has room for the longest datagram.
                    Output::Timeout(_) | Output::BufferTooSmall { .. } => Polled::Nothing,
                    _ => Polled::Other,
                })
            })?;
            match polled {
                Polled::Event(Event::Message(length)) => {
                    if wants_messages {
                        return Ok(Some(Event::Message(length)));
                    }
                    self.held.push_back(buffer.get(..length).unwrap_or_default().to_vec());
                }
                Polled::Event(packet) => {
                    self.records_left = self.records_left.checked_sub(1).ok_or(Ended::WornOut)?;
                    return Ok(Some(packet));
                }
                Polled::Connected => self.established = true,
                Polled::Closed => return Err(Ended::ByClient),
                Polled::Other => {}
                Polled::Nothing => return Ok(None),
            }
        }
    }

    /// Encrypts a message for the client; the packet is told by [`Session::poll`].
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), Ended> {
        guarded(|| self.dtls.send_application_data(message).map(|_| ()))
    }

    /// Says good-bye; the packet is told by [`Session::poll`].
    pub(super) fn close(&mut self) -> Result<(), Ended> {
        guarded(|| self.dtls.close())
    }
}

enum Polled {
    Event(Event),
    Connected,
    Closed,
    Other,
    Nothing,
}

/// Calls the library. It reads what strangers send, in the thread that serves everybody: should it
/// panic, that ends a session, and no more.
fn guarded<T>(call: impl FnOnce() -> Result<T, dimpl::Error>) -> Result<T, Ended> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => Ok(outcome?),
        Err(_) => {
            error!("the DTLS library panicked, and a session ends; please report this");
            debug_assert!(false, "the DTLS library panicked");
            Err(Ended::Defect)
        }
    }
}
