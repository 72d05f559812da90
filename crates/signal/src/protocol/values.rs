//! What events are made of: names, ids, and JSON that is handed on.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{MAX_PERSON_NAME_CHARS, MAX_ROOM_ID_CHARS};

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

/// The public id of a seat: what the others in the room know whoever sits in it by.
///
/// It is that of the socket which took the seat first, and stays with the seat when another takes it
/// over. It tells nothing, and opens nothing.
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

impl From<&SocketId> for UserId {
    fn from(id: &SocketId) -> UserId {
        UserId(id.0.clone())
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The id of a socket, which no other socket ever has, on this server or on another: so it also tells
/// who holds a seat from whoever held it before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(Arc<str>);

impl SocketId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SocketId {
    fn from(id: &str) -> SocketId {
        SocketId(id.into())
    }
}

/// A person's name, as a site vouches for it: at most [`MAX_PERSON_NAME_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PersonName(Arc<str>);

impl PersonName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<PersonName, Self::Error> {
        if name.chars().count() > MAX_PERSON_NAME_CHARS {
            return Err("a person's name has at most 128 characters");
        }
        Ok(PersonName(name.into()))
    }
}

impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text that gives its bearer a right, so [`fmt::Debug`] does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Token {
    fn from(text: String) -> Token {
        Token(text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
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
