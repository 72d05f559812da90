//! What is to be done, and said.

use crate::{
    protocol::{Bye, InRoom, OtherJoined, PeerAway, PeerBack, RoomId, ServerEvent, SocketId},
    store::{Asker, Notice},
};

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Emit the event to the socket that asked, and give its argument to the acknowledgement if
    /// one was wanted.
    Answer(Asker, ServerEvent),
    /// Emit nothing, and give this to the acknowledgement if one was wanted.
    Acknowledge(Asker, InRoom),
    /// Emit the event to a socket that did not ask.
    Tell(SocketId, ServerEvent),
}

/// What the holder of a seat in a room hears.
pub(super) fn event(room_id: RoomId, notice: Notice) -> ServerEvent {
    match notice {
        Notice::OtherJoined { peer, kept } => {
            ServerEvent::OtherJoined(OtherJoined { room_id, peer, kept })
        }
        Notice::Message(data) => ServerEvent::Message(data),
        Notice::Bye(user_id) => ServerEvent::Bye(Bye { room_id, user_id }),
        Notice::PeerAway(user_id) => ServerEvent::PeerAway(PeerAway { room_id, user_id }),
        Notice::PeerBack(peer) => ServerEvent::PeerBack(PeerBack { room_id, peer }),
        Notice::Replaced => ServerEvent::Replaced(InRoom { room_id }),
    }
}
