//! A worker's part in DTLS: the messages of its sessions go the same way as others.

use std::ops::Range;

use twocan_turn::{Client, Now, Transport};

use super::{Worker, room};

impl Worker {
    /// Takes a datagram of DTLS that stands in the buffer, with nothing behind it.
    pub(super) fn receive_dtls(&mut self, plain: Client, datagram: Range<usize>, now: Now) {
        let client = Client { transport: Transport::Dtls, ..plain };
        let start = datagram.start;
        let Some(datagram) = self.buffer.get(datagram) else { return };
        if self.dtls.receive(client, datagram, now, &mut self.sockets, &mut self.server) {
            while let Some(room) = room(&mut self.buffer, start)
                && let Some(length) =
                    self.dtls.next_message(client, room, now, &mut self.sockets, &mut self.server)
            {
                self.take(client, start..start + length, now);
                // The next message stands in the same place.
                self.sockets.send_runs(&self.buffer);
            }
        }
        self.carry_out(now);
    }
}
