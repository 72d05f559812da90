//! STUN and TURN messages on the wire.
//!
//! This crate turns bytes into messages and messages into bytes. It knows no sockets, no clocks
//! and no allocations.
//!
//! | module | what it holds | where it is defined |
//! |---|---|---|
//! | [`message`] | reading a STUN message | RFC 8489 §5 |
//! | [`builder`] | writing a STUN message | RFC 8489 §5 |
//! | [`attributes`] | the attributes, each a type of its own | RFC 8489 §14, RFC 8656 §18 |
//! | [`channel_data`] | TURN's short framing for relayed data | RFC 8656 §12.4 |
//! | [`stream`] | finding the messages in a byte stream | RFC 8489 §6.2.2, RFC 8656 §12.5 |
//! | [`credentials`] | keys and time-limited usernames | RFC 8489 §9.2 |
//!
//! ```
//! use twocan_stun::{Class, Message, MessageBuilder, Method, TransactionId};
//! use twocan_stun::attributes::XorMappedAddress;
//!
//! let id = TransactionId([7; 12]);
//! let mut answer = MessageBuilder::new(Class::Success, Method::BINDING, id);
//! answer.push(&XorMappedAddress("192.0.2.1:32853".parse().unwrap()));
//! let bytes = answer.finish();
//!
//! let message = Message::decode(&bytes).unwrap();
//! let mapped = message.get::<XorMappedAddress>().unwrap().unwrap();
//! assert_eq!(mapped.0.port(), 32853);
//! ```

pub mod attributes;
pub mod builder;
pub mod channel_data;
pub mod credentials;
mod integrity;
pub mod message;
pub mod stream;

pub use attributes::Attribute;
pub use builder::MessageBuilder;
pub use channel_data::ChannelData;
pub use message::{Class, DecodeError, Message, Method, TransactionId};
