//! What waits for a seat whose socket is away.

use std::collections::VecDeque;

use crate::{credentials::SeatName, protocol::Raw};

/// How many messages may wait for a seat: an offer, and all the candidates that belong to it.
pub const MAX_WAITING_MESSAGES: usize = 64;

/// How many bytes of JSON may wait for a seat; as long as the longest message.
pub const MAX_WAITING_BYTES: usize = 64 * 1024;

/// Messages in the order of their arrival, each with the seat that sent it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<(SeatName, Raw)>,
    bytes: usize,
}

impl Queue {
    pub(super) fn fits(&self, data: &Raw) -> bool {
        self.messages.len() < MAX_WAITING_MESSAGES
            && self.bytes + data.get().len() <= MAX_WAITING_BYTES
    }

    /// Adds what fits.
    pub(super) fn push(&mut self, from: SeatName, data: Raw) {
        self.bytes += data.get().len();
        self.messages.push_back((from, data));
    }

    /// Drops what a seat has sent that is there no more: an offer of somebody who has left must not be
    /// taken for one of whoever sits there by then.
    pub(super) fn forget(&mut self, from: SeatName) {
        self.messages.retain(|(sender, _)| *sender != from);
        self.bytes = self.messages.iter().map(|(_, data)| data.get().len()).sum();
    }

    pub(super) fn into_messages(self) -> Vec<Raw> {
        self.messages.into_iter().map(|(_, data)| data).collect()
    }
}
