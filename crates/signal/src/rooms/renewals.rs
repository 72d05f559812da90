//! When which seat is due for fresh credentials.

use std::{collections::BTreeMap, time::Instant};

use crate::protocol::{RoomId, SocketId};

/// An appointment. The number tells those at the same moment apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Renewal {
    due: Instant,
    number: u64,
}

#[derive(Debug, Default)]
pub(super) struct Renewals {
    appointments: BTreeMap<Renewal, (SocketId, RoomId)>,
    number: u64,
}

impl Renewals {
    pub(super) fn schedule(&mut self, due: Instant, socket: SocketId, room: RoomId) -> Renewal {
        self.number += 1;
        let renewal = Renewal { due, number: self.number };
        self.appointments.insert(renewal, (socket, room));
        renewal
    }

    pub(super) fn cancel(&mut self, renewal: Option<Renewal>) {
        if let Some(renewal) = renewal {
            self.appointments.remove(&renewal);
        }
    }

    /// The earliest appointment's time.
    pub(super) fn first(&self) -> Option<Instant> {
        self.appointments.first_key_value().map(|(renewal, _)| renewal.due)
    }

    /// Takes out one that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(SocketId, RoomId)> {
        let entry = self.appointments.first_entry().filter(|entry| entry.key().due <= now)?;
        Some(entry.remove())
    }
}
