//! The attributes that hold text, or bytes that nobody looks into.

use super::{Attribute, AttributeError};
use crate::message::TransactionId;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $kind:literal, at most $limit:literal bytes) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a>(pub &'a str);

        impl<'a> Attribute<'a> for $name<'a> {
            const TYPE: u16 = $kind;

            fn decode(value: &'a [u8], _: TransactionId) -> Result<Self, AttributeError> {
                match str::from_utf8(value) {
                    Ok(text) if value.len() <= $limit => Ok(Self(text)),
                    _ => Err(AttributeError { kind: Self::TYPE }),
                }
            }

            fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
                out.extend(self.0.as_bytes());
            }
        }
    };
}

text! {
    /// USERNAME: who asks; UTF-8 of at most 508 bytes.
    ///
    /// [RFC 8489 §14.3](https://www.rfc-editor.org/rfc/rfc8489#section-14.3)
    Username, 0x0006, at most 508 bytes
}

text! {
    /// REALM: whose credentials are meant; UTF-8 of at most 763 bytes.
    ///
    /// [RFC 8489 §14.9](https://www.rfc-editor.org/rfc/rfc8489#section-14.9)
    Realm, 0x0014, at most 763 bytes
}

text! {
    /// NONCE: what the server gave out against replays; UTF-8 of at most 763 bytes.
    ///
    /// [RFC 8489 §14.10](https://www.rfc-editor.org/rfc/rfc8489#section-14.10)
    Nonce, 0x0015, at most 763 bytes
}

text! {
    /// SOFTWARE: what the sender is, for people; UTF-8 of at most 763 bytes.
    ///
    /// [RFC 8489 §14.14](https://www.rfc-editor.org/rfc/rfc8489#section-14.14)
    Software, 0x8022, at most 763 bytes
}

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a>(pub &'a [u8]);

        impl<'a> Attribute<'a> for $name<'a> {
            const TYPE: u16 = $kind;

            fn decode(value: &'a [u8], _: TransactionId) -> Result<Self, AttributeError> {
                Ok(Self(value))
            }

            fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
                out.extend(self.0);
            }
        }
    };
}

bytes! {
    /// DATA: what is relayed.
    ///
    /// [RFC 8656 §18.4](https://www.rfc-editor.org/rfc/rfc8656#section-18.4)
    Data, 0x0013
}

bytes! {
    /// PADDING: bytes that make a message long.
    ///
    /// [RFC 5780 §7.6](https://www.rfc-editor.org/rfc/rfc5780#section-7.6)
    Padding, 0x0026
}

bytes! {
    /// MOBILITY-TICKET: by which a client finds its allocation from another address; empty in the
    /// request that asks for one.
    ///
    /// [RFC 8016 §3.1](https://www.rfc-editor.org/rfc/rfc8016#section-3.1)
    MobilityTicket, 0x8030
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = TransactionId([0; 12]);

    #[test]
    fn text_is_bounded_and_utf8() {
        assert_eq!(Username::decode(b"1700000000:seat", ID), Ok(Username("1700000000:seat")));
        assert!(Username::decode(&[b'a'; 508], ID).is_ok());
        assert!(Username::decode(&[b'a'; 509], ID).is_err());
        assert!(Realm::decode(&[0xFF], ID).is_err());
        assert!(Nonce::decode(&[b'a'; 764], ID).is_err());
    }
}
