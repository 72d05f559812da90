//! What the server tells a client.

use serde::Serialize;

use super::{PersonName, Raw, Refused, RoomId, Token, UserId};
use crate::credentials::IceServer;

/// What the server tells a client. Serialises to the event's one argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ServerEvent {
    /// `joined`: the seat is yours.
    Joined(Box<Joined>),
    /// `full`: every seat of the room is taken.
    Full(Full),
    /// `otherjoined`: somebody sat down in your room.
    OtherJoined(OtherJoined),
    /// `message`: the bare data that somebody in your room sent.
    Message(Raw),
    /// `leaved`: you have left the room.
    Leaved(InRoom),
    /// `bye`: somebody left your room.
    Bye(Bye),
    /// `peeraway`: somebody in your room has lost the connection, and is waited for.
    PeerAway(PeerAway),
    /// `peerback`: somebody in your room has a connection again.
    PeerBack(PeerBack),
    /// `replaced`: your seat has been taken over by another connection of your own.
    Replaced(InRoom),
    /// `iceservers`: fresh TURN credentials.
    IceServers(IceServers),
    /// `refused`: what you sent was not done.
    Refused(Refused),
}

impl ServerEvent {
    /// The name of the event.
    pub fn name(&self) -> &'static str {
        match self {
            ServerEvent::Joined(_) => "joined",
            ServerEvent::Full(_) => "full",
            ServerEvent::OtherJoined(_) => "otherjoined",
            ServerEvent::Message(_) => "message",
            ServerEvent::Leaved(_) => "leaved",
            ServerEvent::Bye(_) => "bye",
            ServerEvent::PeerAway(_) => "peeraway",
            ServerEvent::PeerBack(_) => "peerback",
            ServerEvent::Replaced(_) => "replaced",
            ServerEvent::IceServers(_) => "iceservers",
            ServerEvent::Refused(_) => "refused",
        }
    }
}

/// The argument of `joined`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// The room.
    pub room_id: RoomId,
    /// How many people hold a seat in it, this one included.
    pub user_num: usize,
    /// The public id of the one who joined.
    pub user_id: UserId,
    /// Whether this side gives way when both sides make an offer at once: the newcomer does.
    pub polite: bool,
    /// What goes into `RTCConfiguration.iceServers`.
    pub ice_servers: Vec<IceServer>,
    /// The one who has been there longest, if there is anybody.
    pub peer: Option<Peer>,
    /// With what the seat can be had back; present if the client can do so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Token>,
    /// Whether this is a seat that the client had before.
    #[serde(skip_serializing_if = "is_false")]
    pub resumed: bool,
}

/// Somebody else in the room.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The public id.
    pub user_id: UserId,
    /// The `capabilities` of that person's `join`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Raw>,
    /// The name in that person's token, for which the site vouches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// Whether that person's connection is lost, and waited for.
    #[serde(skip_serializing_if = "is_false")]
    pub away: bool,
}

/// The argument of `full`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Full {
    /// The room.
    pub room_id: RoomId,
    /// How many people hold a seat in it.
    pub user_num: usize,
}

/// The argument of `otherjoined`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherJoined {
    /// The room.
    pub room_id: RoomId,
    /// The newcomer.
    #[serde(flatten)]
    pub peer: Peer,
    /// Whether the newcomer was given what the one who hears this had kept for whoever comes.
    #[serde(skip_serializing_if = "is_false")]
    pub kept: bool,
}

/// The argument of `leaved` and `replaced`, and what the acknowledgement of a relayed `message`
/// carries.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InRoom {
    /// The room.
    pub room_id: RoomId,
}

/// The argument of `bye`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bye {
    /// The room.
    pub room_id: RoomId,
    /// Who left it.
    pub user_id: UserId,
}

/// The argument of `peeraway`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerAway {
    /// The room.
    pub room_id: RoomId,
    /// Whose connection is lost.
    pub user_id: UserId,
}

/// The argument of `peerback`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerBack {
    /// The room.
    pub room_id: RoomId,
    /// The one who is back, with what the new connection's client can do.
    #[serde(flatten)]
    pub peer: Peer,
}

/// The argument of `iceservers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IceServers {
    /// The room that the seat is in.
    pub room_id: RoomId,
    /// What goes into `RTCConfiguration.iceServers`.
    pub ice_servers: Vec<IceServer>,
}

fn is_false(value: &bool) -> bool {
    !value
}
