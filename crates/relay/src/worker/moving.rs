//! Allocations that move from one worker to another, since their clients' packets do.

use std::mem;

use tracing::warn;
use twocan_turn::{Client, HEADROOM, Now, Order, ServerId, TAILROOM};

use super::Worker;
use crate::mailbox::{Delivery, Letter};

impl Worker {
    /// Has the worker with an allocation pack it up.
    pub(super) fn pass_on(&self, order: Order) {
        self.post(order.from(), Letter::Move(order));
    }

    /// Packs an allocation up for another worker.
    pub(super) fn pack(&mut self, order: Order) {
        let parcel = self.server.pack(order);
        let sockets = parcel.relays().map(|id| self.sockets.detach(id)).collect();
        self.post(parcel.to(), Letter::Parcel(Box::new(Delivery { parcel, sockets })));
    }

    /// Unpacks an allocation from another worker.
    pub(super) fn unpack(&mut self, Delivery { parcel, sockets }: Delivery, now: Now) {
        let numbers = self.server.unpack(parcel, now);
        for (id, socket) in numbers.into_iter().zip(sockets) {
            if let Err(error) = socket.and_then(|socket| self.sockets.attach(id, socket)) {
                warn!(%error, "a relayed address was lost on its way to another thread");
                self.server.handle_broken(id);
            }
        }
    }

    /// Handles a message that had to wait for its client's allocation.
    pub(super) fn take_again(&mut self, client: Client, message: &[u8], now: Now) {
        let mut aside = vec![0; HEADROOM];
        aside.extend(message);
        let end = aside.len();
        aside.extend([0; TAILROOM]);
        mem::swap(&mut self.buffer, &mut aside);
        self.take(client, HEADROOM..end, now);
        self.sockets.send_runs(&self.buffer);
        mem::swap(&mut self.buffer, &mut aside);
    }

    fn post(&self, ServerId(index): ServerId, letter: Letter) {
        if let Some(mailbox) = self.mailboxes.get(index)
            && let Err(error) = mailbox.post(letter)
        {
            warn!(%error, "a relay thread cannot be told of an allocation that moves");
        }
    }
}
