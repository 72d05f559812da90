//! What cannot be done, and why.

use serde::Serialize;

use crate::join_control::Unauthorized;

/// The longest event name that a [`Refused`] repeats, in characters.
pub(super) const MAX_REPEATED_NAME_CHARS: usize = 64;

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
        Refused::with_message(event, code, code.message(event))
    }

    /// Refuses a `join` for what is wrong with its token.
    pub fn unauthorized(why: Unauthorized) -> Refused {
        Refused::with_message("join", Code::Unauthorized, why.message())
    }

    /// Refuses a `message` that is too long to be kept for whoever comes.
    pub fn too_large_to_keep() -> Refused {
        let help = "Data that is kept for whoever comes may have 16384 bytes of JSON. Keep less, or send \
                    it when you hear otherjoined.";
        Refused::with_message("message", Code::TooLarge, help)
    }

    /// Refuses `event` with a sentence of its own.
    pub fn with_message(event: &str, code: Code, message: &'static str) -> Refused {
        let event = event.chars().take(MAX_REPEATED_NAME_CHARS).collect();
        Refused { event, code, message }
    }
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The argument is not what the event needs.
    Malformed,
    /// The socket holds no seat in the room.
    NotJoined,
    /// Nobody else is in the room.
    Alone,
    /// As much waits for the one who is away as may.
    QueueFull,
    /// The data of a message is too long.
    TooLarge,
    /// A later `join` of the same client has the seat.
    Outdated,
    /// The socket sends more events than one may.
    TooFast,
    /// More joins come from the address than may.
    TooManyJoins,
    /// The socket holds as many seats as one may.
    TooManyRooms,
    /// More sockets come from the address than may; the refusal of a connection, not of an event.
    TooManySockets,
    /// The server lets in only those with a token, and there is something wrong with this one.
    Unauthorized,
    /// There is no event of this name.
    UnknownEvent,
}

impl Code {
    /// Every code there is.
    pub const ALL: [Code; 12] = [
        Code::Malformed,
        Code::NotJoined,
        Code::Alone,
        Code::QueueFull,
        Code::TooLarge,
        Code::Outdated,
        Code::TooFast,
        Code::TooManyJoins,
        Code::TooManyRooms,
        Code::TooManySockets,
        Code::Unauthorized,
        Code::UnknownEvent,
    ];

    /// The code as it stands in the message.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Malformed => "malformed",
            Code::NotJoined => "not_joined",
            Code::Alone => "alone",
            Code::QueueFull => "queue_full",
            Code::TooLarge => "too_large",
            Code::Outdated => "outdated",
            Code::TooFast => "too_fast",
            Code::TooManyJoins => "too_many_joins",
            Code::TooManyRooms => "too_many_rooms",
            Code::TooManySockets => "too_many_sockets",
            Code::Unauthorized => "unauthorized",
            Code::UnknownEvent => "unknown_event",
        }
    }

    /// What is wrong with `event`, and what to do instead.
    pub fn message(self, event: &str) -> &'static str {
        match self {
            Code::Malformed => match event {
                "join" => "Send one object, {\"roomId\": …}, with a name of 1 to 128 characters.",
                "message" => {
                    "Send one object, {\"roomId\": …, \"data\": …}, with any JSON as data; keep, if it is \
                     there, is true or false."
                }
                _ => "Send one object, {\"roomId\": …}, with the room's name.",
            },
            Code::NotJoined => "You have no seat in this room. Send join first.",
            Code::Alone => {
                "Nobody else is in the room. Send again when you hear otherjoined, or now with \
                 \"keep\": true for whoever comes."
            }
            Code::QueueFull => {
                "The other one is away, and as much waits as may. Send again when you hear peerback."
            }
            Code::TooLarge => "The data is longer than 65536 bytes of JSON. Send it in parts.",
            Code::Outdated => {
                "You have joined this room again since, over another connection. Use that one, or join \
                 with a greater n."
            }
            Code::TooFast => "You send too many events a second. Wait a second, then send slower.",
            Code::TooManyJoins => {
                "Too many joins come from your network. Wait some seconds, then join again."
            }
            Code::TooManyRooms => "You sit in as many rooms as one socket may. Leave one first.",
            Code::TooManySockets => {
                "Too many connections come from your network. Close some, then connect again."
            }
            Code::Unauthorized => Unauthorized::Absent.message(),
            Code::UnknownEvent => {
                "There is no such event. Send join, message, leave or iceservers."
            }
        }
    }
}
