//! The events that client and server exchange, and nothing about what they cause.
//!
//! | a client sends | it is answered | and the others in the room hear |
//! |---|---|---|
//! | `join {"roomId":"tea"}` | `joined {"roomId":"tea","userNum":1,…}` or `full {"roomId":"tea","userNum":2}` | `otherjoined {"roomId":"tea","userId":"Xq…"}` |
//! | `message {"roomId":"tea","data":…}` | | `message …` (the bare data) |
//! | `leave {"roomId":"tea"}` | `leaved {"roomId":"tea"}` | `bye {"roomId":"tea","userId":"Xq…"}` |
//! | `iceservers {"roomId":"tea"}` | `iceservers {"roomId":"tea","iceServers":[…]}` | |
//!
//! Whatever cannot be done is answered
//! `refused {"event":"leave","code":"not_joined","message":"You have no seat in this room. …"}`.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::credentials::IceServer;

/// The longest room name, in characters.
pub const MAX_ROOM_ID_CHARS: usize = 128;

/// The largest `capabilities` object, in bytes of JSON: it is kept for as long as the seat is held.
pub const MAX_CAPABILITIES_BYTES: usize = 4096;

/// The longest event name that a [`Refused`] repeats, in characters.
const MAX_REPEATED_NAME_CHARS: usize = 64;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// To sit down in a room.
    Join {
        /// The room.
        room: RoomId,
        /// What the client can do, as it describes itself; the others are told.
        capabilities: Option<Raw>,
    },
    /// To have data handed to the others in the room.
    Message {
        /// The room.
        room: RoomId,
        /// The data, opaque to the server.
        data: Raw,
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
            "join" => serde_json::from_str(argument).ok().and_then(JoinFields::check),
            "message" => serde_json::from_str(argument)
                .ok()
                .map(|MessageFields { room_id, data }| Request::Message { room: room_id, data }),
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

    /// The name of the event that carried the request.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Join { .. } => "join",
            Request::Message { .. } => "message",
            Request::Leave { .. } => "leave",
            Request::IceServers { .. } => "iceservers",
        }
    }
}

/// What the server tells a client. Serialises to the event's one argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ServerEvent {
    /// `joined`: the seat is yours.
    Joined(Joined),
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
}

/// The argument of `leaved`, and what the acknowledgement of a relayed `message` carries.
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

/// The argument of `iceservers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IceServers {
    /// The room that the seat is in.
    pub room_id: RoomId,
    /// What goes into `RTCConfiguration.iceServers`.
    pub ice_servers: Vec<IceServer>,
}

/// The argument of `refused`: why nothing was done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused {
    /// The event that was refused, as the client named it.
    pub event: String,
    /// The reason, for programs.
    pub code: Code,
    /// The reason and the remedy, for people.
    pub message: &'static str,
}

impl Refused {
    /// Refuses `event` with the sentence that belongs to it and `code`.
    pub fn new(event: &str, code: Code) -> Refused {
        let message = match code {
            Code::Malformed => match event {
                "join" => "Send one object, {\"roomId\": …}, with a name of 1 to 128 characters.",
                "message" => {
                    "Send one object, {\"roomId\": …, \"data\": …}, with any JSON as data."
                }
                _ => "Send one object, {\"roomId\": …}, with the room's name.",
            },
            Code::NotJoined => "You have no seat in this room. Send join first.",
            Code::Alone => "Nobody else is in the room. Send again when you hear otherjoined.",
            Code::TooManyRooms => "You sit in as many rooms as one socket may. Leave one first.",
            Code::UnknownEvent => {
                "There is no such event. Send join, message, leave or iceservers."
            }
        };
        Refused::with_message(event, code, message)
    }

    /// Refuses `event` with a sentence of its own.
    pub fn with_message(event: &str, code: Code, message: &'static str) -> Refused {
        let event = event.chars().take(MAX_REPEATED_NAME_CHARS).collect();
        Refused { event, code, message }
    }
}

/// Why an event was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The argument is not what the event needs.
    Malformed,
    /// The socket holds no seat in the room.
    NotJoined,
    /// Nobody else is in the room.
    Alone,
    /// The socket holds as many seats as one may.
    TooManyRooms,
    /// There is no event of this name.
    UnknownEvent,
}

impl Code {
    /// The code as it stands in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Malformed => "malformed",
            Code::NotJoined => "not_joined",
            Code::Alone => "alone",
            Code::TooManyRooms => "too_many_rooms",
            Code::UnknownEvent => "unknown_event",
        }
    }
}

/// A room's name: 1 to [`MAX_ROOM_ID_CHARS`] characters.
///
/// Whoever knows it can join, so it counts as a secret and [`fmt::Debug`] does not show it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct RoomId(Arc<str>);

impl RoomId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoomId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<RoomId, Self::Error> {
        // A character has at most four bytes, so longer strings need not be counted.
        let short =
            name.len() <= 4 * MAX_ROOM_ID_CHARS && name.chars().count() <= MAX_ROOM_ID_CHARS;
        if name.is_empty() || !short {
            return Err("a room's name has 1 to 128 characters");
        }
        Ok(RoomId(name.into()))
    }
}

impl Serialize for RoomId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomId(..)")
    }
}

/// The public id of a socket: what the others in a room know it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserId {
    fn from(id: &str) -> UserId {
        UserId(id.into())
    }
}

impl Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// JSON that is handed on as it came, byte by byte: order of keys, spelling of numbers and all.
///
/// It may hold addresses and keys of a call, so [`fmt::Debug`] shows its length only.
#[derive(Clone, Deserialize)]
#[serde(from = "Box<RawValue>")]
pub struct Raw(Arc<RawValue>);

impl Raw {
    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for Raw {
    fn from(raw: Box<RawValue>) -> Raw {
        Raw(raw.into())
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Raw) -> bool {
        self.get() == other.get()
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.get().len())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JoinFields {
    room_id: RoomId,
    capabilities: Option<Raw>,
}

impl JoinFields {
    fn check(self) -> Option<Request> {
        let JoinFields { room_id, capabilities } = self;
        let fits =
            |raw: &Raw| raw.get().starts_with('{') && raw.get().len() <= MAX_CAPABILITIES_BYTES;
        capabilities
            .as_ref()
            .is_none_or(fits)
            .then_some(Request::Join { room: room_id, capabilities })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageFields {
    room_id: RoomId,
    data: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomFields {
    room_id: RoomId,
}

#[cfg(test)]
mod tests;
