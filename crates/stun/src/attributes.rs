//! The attributes of STUN and TURN, each a type of its own.
//!
//! Registry: [RFC 8489 §18.3](https://www.rfc-editor.org/rfc/rfc8489#section-18.3),
//! [RFC 8656 §18](https://www.rfc-editor.org/rfc/rfc8656#section-18).

mod address;
mod error_code;
mod number;
mod password_algorithm;
mod text;
mod unknown;

pub use address::{
    AlternateServer, MappedAddress, OtherAddress, ResponseOrigin, XorMappedAddress, XorPeerAddress,
    XorRelayedAddress,
};
pub use error_code::{AddressErrorCode, ErrorCode};
pub use number::{
    AdditionalAddressFamily, AddressFamily, ChangeRequest, ChannelNumber, ConnectionId,
    DontFragment, DraftAdditionalAddressFamily, EvenPort, Icmp, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken, ResponsePort,
};
pub use password_algorithm::{PasswordAlgorithm, PasswordAlgorithms, UserHash};
pub use text::{Data, MobilityTicket, Nonce, Padding, Realm, Software, Username};
pub use unknown::UnknownAttributes;

use crate::message::TransactionId;

/// MESSAGE-INTEGRITY; written by [`MessageBuilder`](crate::MessageBuilder), checked by
/// [`Message::verify_integrity`](crate::Message::verify_integrity).
pub const MESSAGE_INTEGRITY: u16 = 0x0008;

/// MESSAGE-INTEGRITY-SHA256; written by [`MessageBuilder`](crate::MessageBuilder), checked by
/// [`Message::verify_integrity_sha256`](crate::Message::verify_integrity_sha256).
pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;

/// FINGERPRINT; written by [`MessageBuilder`](crate::MessageBuilder), checked by
/// [`Message::verify_fingerprint`](crate::Message::verify_fingerprint).
pub const FINGERPRINT: u16 = 0x8028;

/// An attribute: a number for its type, and how its value reads and writes.
pub trait Attribute<'a>: Sized {
    /// The type's number. Below 0x8000 a receiver must understand it.
    const TYPE: u16;

    /// Reads the value.
    ///
    /// # Errors
    /// [`AttributeError`] if `value` has not the form that the type prescribes.
    fn decode(value: &'a [u8], id: TransactionId) -> Result<Self, AttributeError>;

    /// Appends the value to `out`, without padding.
    fn encode(&self, id: TransactionId, out: &mut Vec<u8>);
}

/// An attribute's value has not the form that its type prescribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("attribute {kind:#06x} is malformed")]
pub struct AttributeError {
    /// The attribute's type.
    pub kind: u16,
}
