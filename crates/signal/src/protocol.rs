//! The events that client and server exchange, and nothing about what they cause.
//!
//! | a client sends | it is answered | and the others in the room hear |
//! |---|---|---|
//! | `join {"roomId":"tea"}` | `joined {"roomId":"tea","userNum":1,…}` or `full {"roomId":"tea","userNum":2}` | `otherjoined {"roomId":"tea","userId":"Xq…"}` |
//! | `message {"roomId":"tea","data":…}` | | `message …` (the bare data) |
//! | `message {"roomId":"tea","data":…,"keep":true}`, alone | | `message …`, after the `joined` of whoever comes |
//! | `leave {"roomId":"tea"}` | `leaved {"roomId":"tea"}` | `bye {"roomId":"tea","userId":"Xq…"}` |
//! | `iceservers {"roomId":"tea"}` | `iceservers {"roomId":"tea","iceServers":[…]}` | |
//! | (its connection is lost) | | `peeraway {"roomId":"tea","userId":"Xq…"}`, and `bye` if it stays away |
//! | `join {"roomId":"tea","resume":"AW…"}` | `joined {"roomId":"tea","resumed":true,…}` | `peerback {"roomId":"tea","userId":"Xq…"}` |
//!
//! Whatever cannot be done is answered
//! `refused {"event":"leave","code":"not_joined","message":"You have no seat in this room. …"}`.

mod events;
mod refusal;
mod values;

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use self::{
    events::{
        Bye, Full, IceServers, InRoom, Joined, OtherJoined, Peer, PeerAway, PeerBack, ServerEvent,
    },
    refusal::{Code, Refused},
    values::{PersonName, Raw, RoomId, SocketId, Token, UserId},
};

/// The longest room name, in characters.
pub const MAX_ROOM_ID_CHARS: usize = 128;

/// The longest name of a person, in characters.
pub const MAX_PERSON_NAME_CHARS: usize = 128;

/// The largest `capabilities` object, in bytes of JSON: it is kept for as long as the seat is held.
pub const MAX_CAPABILITIES_BYTES: usize = 4096;

/// How long an `attempt` is, in bytes: nobody guesses it, and it costs little.
pub const ATTEMPT_BYTES: RangeInclusive<usize> = 16..=64;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// To sit down in a room.
    Join(Join),
    /// To have data handed to the others in the room.
    Message {
        /// The room.
        room: RoomId,
        /// The data, opaque to the server.
        data: Raw,
        /// Whether to keep it for whoever comes if nobody else is in the room.
        keep: bool,
    },
    /// To leave a room.
    Leave {
        /// The room.
        room: RoomId,
    },
    /// To be given fresh TURN credentials.
    IceServers {
        /// The room.
        room: RoomId,
    },
}

/// The argument of `join`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// The room.
    pub room_id: RoomId,
    /// What the client can do, as it describes itself; the others are told.
    pub capabilities: Option<Raw>,
    /// What a site gave its user, if the server lets in nobody without.
    pub token: Option<Token>,
    /// What `joined` gave the client, if it wants a seat back.
    pub resume: Option<Token>,
    /// A secret of the client's own by which it asks for the same seat again if no answer came.
    pub attempt: Option<Token>,
    /// Which of the client's joins with that attempt it is: of two, the greater is the later one.
    #[serde(default)]
    pub n: u64,
}

impl Join {
    /// A wish for a new seat in a room.
    pub fn new(room_id: RoomId) -> Join {
        Join { room_id, capabilities: None, token: None, resume: None, attempt: None, n: 0 }
    }

    /// Whether the client's seat is to be held for it when its connection is lost.
    pub fn can_resume(&self) -> bool {
        is_true(self.server_capabilities().resume)
    }

    /// Whether the client is to be given what others keep for whoever comes.
    pub fn takes_kept(&self) -> bool {
        is_true(self.server_capabilities().kept)
    }

    /// Those capabilities that tell the server something, whatever they are; the others may be anything.
    fn server_capabilities(&self) -> ServerCapabilities<'_> {
        self.capabilities
            .as_ref()
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }

    fn is_fit(&self) -> bool {
        let capabilities = self.capabilities.as_ref().is_none_or(|raw| {
            raw.get().starts_with('{') && raw.get().len() <= MAX_CAPABILITIES_BYTES
        });
        let attempt = self.attempt.as_ref();
        capabilities
            && attempt.is_none_or(|attempt| ATTEMPT_BYTES.contains(&attempt.reveal().len()))
    }
}

impl Request {
    /// Reads the event `name` with its JSON arguments.
    ///
    /// Unknown fields are ignored, so that newer clients can talk to older servers.
    ///
    /// # Errors
    /// A [`Refused`] that tells the client what to send instead.
    pub fn parse(name: &str, args: &[Box<RawValue>]) -> Result<Request, Refused> {
        // Text that is no JSON, for anything but one argument.
        let argument = if let [argument] = args { argument.get() } else { "" };
        let request = match name {
            "join" => serde_json::from_str(argument).ok().filter(Join::is_fit).map(Request::Join),
            "message" => {
                serde_json::from_str(argument).ok().map(|MessageFields { room_id, data, keep }| {
                    Request::Message { room: room_id, data, keep }
                })
            }
            "leave" => serde_json::from_str(argument)
                .ok()
                .map(|RoomFields { room_id }| Request::Leave { room: room_id }),
            "iceservers" => serde_json::from_str(argument)
                .ok()
                .map(|RoomFields { room_id }| Request::IceServers { room: room_id }),
            _ => return Err(Refused::new(name, Code::UnknownEvent)),
        };
        request.ok_or_else(|| Refused::new(name, Code::Malformed))
    }

    /// Reads the `join` in the `auth` object of a connection as the argument of that event; `None` if there
    /// is none.
    ///
    /// # Errors
    /// As [`Request::parse`].
    pub fn parse_auth(auth: &RawValue) -> Option<Result<Request, Refused>> {
        let Auth { join } = serde_json::from_str(auth.get()).ok()?;
        join.map(|join| Request::parse("join", &[join]))
    }

    /// The name of the event that carried the request.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Join(_) => "join",
            Request::Message { .. } => "message",
            Request::Leave { .. } => "leave",
            Request::IceServers { .. } => "iceservers",
        }
    }
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default, deserialize_with = "present")]
    join: Option<Box<RawValue>>,
}

/// Reads a field that is there, `null` or not.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(field).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageFields {
    room_id: RoomId,
    data: Raw,
    #[serde(default)]
    keep: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomFields {
    room_id: RoomId,
}

/// Read as they stand, so that a strange value of one is no obstacle to the other.
#[derive(Default, Deserialize)]
struct ServerCapabilities<'a> {
    #[serde(borrow)]
    resume: Option<&'a RawValue>,
    #[serde(borrow)]
    kept: Option<&'a RawValue>,
}

fn is_true(capability: Option<&RawValue>) -> bool {
    capability.is_some_and(|raw| raw.get() == "true")
}

#[cfg(test)]
mod tests;
