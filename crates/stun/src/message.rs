//! Reading a STUN message: the header, the list of attributes, integrity and fingerprint.

use std::{fmt, ops::Range};

use crate::{
    attributes::{
        self, Attribute, AttributeError, FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256,
    },
    integrity,
};

/// How many types [`Message::unknown_required`] tells at most. Whoever sends so many hears enough.
pub const MAX_UNKNOWN: usize = 16;

/// Length in bytes of a message's header. [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)
pub const HEADER_LENGTH: usize = 20;

/// The constant in bytes 4 to 7 of each message. [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)
pub const MAGIC_COOKIE: u32 = 0x2112_A442;

/// Length in bytes of an attribute's type and length fields.
pub(crate) const ATTRIBUTE_HEADER_LENGTH: usize = 4;

/// What a message is: a request, an indication, or one of the two answers.
///
/// [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The request was carried out.
    Success,
    /// The request was not carried out; ERROR-CODE says why.
    Error,
}

/// What a message is about: a number of 12 bits.
///
/// [RFC 8489 §18.2](https://www.rfc-editor.org/rfc/rfc8489#section-18.2),
/// [RFC 8656 §17](https://www.rfc-editor.org/rfc/rfc8656#section-17)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method(u16);

impl Method {
    /// Asks for one's own address as the server sees it.
    pub const BINDING: Method = Method(0x001);
    /// Asks for a relayed address.
    pub const ALLOCATE: Method = Method(0x003);
    /// Prolongs or ends an allocation.
    pub const REFRESH: Method = Method(0x004);
    /// Carries data from the client towards a peer.
    pub const SEND: Method = Method(0x006);
    /// Carries data from a peer to the client.
    pub const DATA: Method = Method(0x007);
    /// Lets a peer's address send to the client.
    pub const CREATE_PERMISSION: Method = Method(0x008);
    /// Binds a channel number to a peer.
    pub const CHANNEL_BIND: Method = Method(0x009);
    /// Opens a TCP connection to a peer. [RFC 6062 §6.1](https://www.rfc-editor.org/rfc/rfc6062#section-6.1)
    pub const CONNECT: Method = Method(0x00A);
    /// Makes a connection of the client's the data connection of a peer's.
    pub const CONNECTION_BIND: Method = Method(0x00B);
    /// Tells of a peer's TCP connection.
    pub const CONNECTION_ATTEMPT: Method = Method(0x00C);

    /// The method with this number; bits beyond the lowest 12 are dropped.
    pub const fn from_number(number: u16) -> Method {
        Method(number & 0x0FFF)
    }

    /// The method's number, 0 to 0xFFF.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// The message type field: method and class, interleaved.
///
/// [RFC 8489 §5, figure 3](https://www.rfc-editor.org/rfc/rfc8489#section-5)
pub(crate) fn encode_type(class: Class, method: Method) -> u16 {
    let m = method.number();
    let class = match class {
        Class::Request => 0x000,
        Class::Indication => 0x010,
        Class::Success => 0x100,
        Class::Error => 0x110,
    };
    (m & 0x00F) | (m & 0x070) << 1 | (m & 0xF80) << 2 | class
}

fn decode_type(bits: u16) -> (Class, Method) {
    let class = match bits & 0x110 {
        0x000 => Class::Request,
        0x010 => Class::Indication,
        0x100 => Class::Success,
        _ => Class::Error,
    };
    let method = (bits & 0x000F) | (bits & 0x00E0) >> 1 | (bits & 0x3E00) >> 2;
    (class, Method(method))
}

/// The 96 bits by which an answer is matched with its request.
///
/// [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why bytes are no STUN message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer than 20 bytes, or fewer than the header announces.
    #[error("the message is cut short")]
    Truncated,
    /// The first two bits are not zero, or the magic cookie is another number.
    #[error("not a STUN message")]
    NotStun,
    /// The length field is no multiple of four, or differs from the number of bytes that follow.
    #[error("the length field does not fit the message")]
    BadLength,
    /// An attribute reaches beyond the message's end.
    #[error("an attribute reaches beyond the end of the message")]
    BadAttribute,
}

/// A well-formed STUN message, borrowed from the bytes that it came in.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Class,
    method: Method,
    transaction_id: TransactionId,
}

impl<'a> Message<'a> {
    /// Reads one message that fills `bytes` exactly.
    ///
    /// The structure is checked to its end, so that every later look at the attributes succeeds;
    /// the attributes' values are checked by [`Message::get`].
    ///
    /// # Errors
    /// A [`DecodeError`] for anything that is no well-formed STUN message.
    ///
    /// [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5),
    /// [§6.3](https://www.rfc-editor.org/rfc/rfc8489#section-6.3)
    pub fn decode(bytes: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_LENGTH>() else {
            return Err(DecodeError::Truncated);
        };
        let [t0, t1, l0, l1, c0, c1, c2, c3, id @ ..] = *header;
        if t0 & 0xC0 != 0 || u32::from_be_bytes([c0, c1, c2, c3]) != MAGIC_COOKIE {
            return Err(DecodeError::NotStun);
        }
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        if length > body.len() {
            return Err(DecodeError::Truncated);
        }
        if length != body.len() || length % 4 != 0 {
            return Err(DecodeError::BadLength);
        }
        let mut rest = body;
        while !rest.is_empty() {
            (_, _, rest) = split_attribute(rest).ok_or(DecodeError::BadAttribute)?;
        }
        let (class, method) = decode_type(u16::from_be_bytes([t0, t1]));
        Ok(Message { bytes, class, method, transaction_id: TransactionId(id) })
    }

    /// What the message is.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What the message is about.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The number that matches answers with requests.
    pub fn transaction_id(&self) -> TransactionId {
        self.transaction_id
    }

    /// The message's length in bytes, header included.
    #[allow(clippy::len_without_is_empty, reason = "a message has a header at least")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The message as it came.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The attributes that count, in their order.
    ///
    /// What follows MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 is left out, since the integrity
    /// does not cover it; a second integrity and FINGERPRINT excepted.
    /// [RFC 8489 §14.5](https://www.rfc-editor.org/rfc/rfc8489#section-14.5),
    /// [§14.6](https://www.rfc-editor.org/rfc/rfc8489#section-14.6)
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            rest: self.bytes.get(HEADER_LENGTH..).unwrap_or_default(),
            offset: HEADER_LENGTH,
            last: 0,
        }
    }

    /// The first attribute of the type `A`, if there is one.
    ///
    /// # Errors
    /// [`AttributeError`] if its value has not the form that the type prescribes.
    pub fn get<A: Attribute<'a>>(&self) -> Result<Option<A>, AttributeError> {
        self.attributes()
            .find(|attribute| attribute.kind == A::TYPE)
            .map(|attribute| A::decode(attribute.value, self.transaction_id))
            .transpose()
    }

    /// Whether the message has an attribute of this type.
    pub fn has(&self, kind: u16) -> bool {
        self.attributes().any(|attribute| attribute.kind == kind)
    }

    /// The types of the attributes that must be understood and are not among `known`, each once; the
    /// first [`MAX_UNKNOWN`] of them, since a message has room for thousands.
    ///
    /// [RFC 8489 §6.3.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1)
    pub fn unknown_required(&self, known: &[u16]) -> Vec<u16> {
        let mut unknown = Vec::new();
        for RawAttribute { kind, .. } in self.attributes() {
            if kind < 0x8000 && !known.contains(&kind) && !unknown.contains(&kind) {
                unknown.push(kind);
                if unknown.len() == MAX_UNKNOWN {
                    break;
                }
            }
        }
        unknown
    }

    /// Whether MESSAGE-INTEGRITY is present and was made with `key`.
    ///
    /// [RFC 8489 §14.5](https://www.rfc-editor.org/rfc/rfc8489#section-14.5)
    pub fn verify_integrity(&self, key: &[u8]) -> bool {
        self.verify_sum(attributes::MESSAGE_INTEGRITY, |covered, sum| {
            integrity::verify_sha1(key, covered, sum)
        })
    }

    /// Whether MESSAGE-INTEGRITY-SHA256 is present and was made with `key`.
    ///
    /// [RFC 8489 §14.6](https://www.rfc-editor.org/rfc/rfc8489#section-14.6)
    pub fn verify_integrity_sha256(&self, key: &[u8]) -> bool {
        self.verify_sum(attributes::MESSAGE_INTEGRITY_SHA256, |covered, sum| {
            integrity::verify_sha256(key, covered, sum)
        })
    }

    fn verify_sum(&self, kind: u16, verify: impl FnOnce(&[u8], &[u8]) -> bool) -> bool {
        self.attributes().find(|attribute| attribute.kind == kind).is_some_and(|attribute| {
            let covered = self.bytes.get(..attribute.offset).unwrap_or_default();
            verify(covered, attribute.value)
        })
    }

    /// Whether FINGERPRINT is right: `None` if the message has none.
    ///
    /// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
    pub fn verify_fingerprint(&self) -> Option<bool> {
        let attribute =
            self.attributes().find(|attribute| attribute.kind == attributes::FINGERPRINT)?;
        let covered = self.bytes.get(..attribute.offset).unwrap_or_default();
        let is_last =
            attribute.offset + ATTRIBUTE_HEADER_LENGTH + attribute.value.len() == self.bytes.len();
        Some(is_last && attribute.value == integrity::fingerprint(covered).to_be_bytes())
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> =
            self.attributes().map(|attribute| format!("{:#06x}", attribute.kind)).collect();
        f.debug_struct("Message")
            .field("class", &self.class)
            .field("method", &self.method)
            .field("transaction_id", &self.transaction_id)
            .field("attributes", &kinds)
            .finish()
    }
}

/// An attribute as it stands in a message, its value not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// The type's number. Below 0x8000 it must be understood.
    pub kind: u16,
    /// The value, without padding.
    pub value: &'a [u8],
    /// Where the attribute begins, in bytes from the message's start.
    offset: usize,
}

impl RawAttribute<'_> {
    /// Where the value stands, in bytes from the message's start.
    pub fn range(&self) -> Range<usize> {
        let start = self.offset + ATTRIBUTE_HEADER_LENGTH;
        start..start + self.value.len()
    }
}

/// The attributes of a message; made by [`Message::attributes`].
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    offset: usize,
    /// The last attribute that ends the list but for a few: an integrity, or 0.
    last: u16,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = RawAttribute<'a>;

    fn next(&mut self) -> Option<RawAttribute<'a>> {
        loop {
            let (kind, value, rest) = split_attribute(self.rest)?;
            let offset = self.offset;
            self.offset += self.rest.len() - rest.len();
            self.rest = rest;
            let counts = match self.last {
                MESSAGE_INTEGRITY => matches!(kind, MESSAGE_INTEGRITY_SHA256 | FINGERPRINT),
                MESSAGE_INTEGRITY_SHA256 => kind == FINGERPRINT,
                _ => true,
            };
            if !counts {
                continue;
            }
            if matches!(kind, MESSAGE_INTEGRITY | MESSAGE_INTEGRITY_SHA256) {
                self.last = kind;
            }
            return Some(RawAttribute { kind, value, offset });
        }
    }
}

/// The first attribute's type and value, and what follows its padding.
fn split_attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (&[k0, k1, l0, l1], rest) = bytes.split_first_chunk::<ATTRIBUTE_HEADER_LENGTH>()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let value = rest.get(..length)?;
    let rest = rest.get(length.next_multiple_of(4)..)?;
    Some((u16::from_be_bytes([k0, k1]), value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_are_those_of_the_registry() {
        for (class, method, bits) in [
            (Class::Request, Method::BINDING, 0x0001),
            (Class::Success, Method::BINDING, 0x0101),
            (Class::Error, Method::BINDING, 0x0111),
            (Class::Request, Method::ALLOCATE, 0x0003),
            (Class::Indication, Method::SEND, 0x0016),
            (Class::Indication, Method::DATA, 0x0017),
            (Class::Success, Method::CHANNEL_BIND, 0x0109),
        ] {
            assert_eq!(encode_type(class, method), bits);
            assert_eq!(decode_type(bits), (class, method));
        }
    }

    #[test]
    fn malformed_messages_are_told_apart() {
        let good = [
            0, 1, 0, 4, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x22, 0,
            0,
        ];
        assert!(Message::decode(&good).is_ok());
        let with = |index: usize, value: u8| {
            let mut bytes = good;
            bytes[index] = value;
            bytes
        };
        assert_eq!(Message::decode(&good[..19]).unwrap_err(), DecodeError::Truncated);
        assert_eq!(Message::decode(&good[..20]).unwrap_err(), DecodeError::Truncated);
        assert_eq!(Message::decode(&with(0, 0x40)).unwrap_err(), DecodeError::NotStun);
        assert_eq!(Message::decode(&with(4, 0)).unwrap_err(), DecodeError::NotStun);
        assert_eq!(Message::decode(&with(3, 0)).unwrap_err(), DecodeError::BadLength);
        assert_eq!(Message::decode(&with(3, 3)).unwrap_err(), DecodeError::BadLength);
        assert_eq!(Message::decode(&with(23, 1)).unwrap_err(), DecodeError::BadAttribute);
    }

    #[test]
    fn unknown_attributes_are_told_once_and_no_more_than_some() {
        let body: Vec<u8> = (1..=300_u16).flat_map(|n| [0x70, n as u8, 0, 0]).collect();
        let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
        bytes[2..4].copy_from_slice(&(body.len() as u16).to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend(&body);
        let unknown = Message::decode(&bytes).unwrap().unknown_required(&[0x7002]);
        assert_eq!(unknown.len(), MAX_UNKNOWN);
        assert_eq!(unknown[..3], [0x7001, 0x7003, 0x7004]);
    }

    proptest! {
        #[test]
        fn every_method_survives_its_encoding(number in 0u16..0x1000) {
            for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
                let method = Method::from_number(number);
                prop_assert_eq!(decode_type(encode_type(class, method)), (class, method));
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Message::decode(&bytes);
        }

        #[test]
        fn no_attributes_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = vec![0, 1, 0, body.len() as u8, 0x21, 0x12, 0xA4, 0x42];
            bytes.extend([0; 12]);
            bytes.extend(&body);
            if let Ok(message) = Message::decode(&bytes) {
                prop_assert!(message.attributes().count() <= body.len() / 4);
                let _ = message.unknown_required(&[]);
                prop_assert!(!message.verify_integrity(b"key"));
                let _ = message.verify_fingerprint();
                let _ = format!("{message:?}");
            }
        }
    }
}
