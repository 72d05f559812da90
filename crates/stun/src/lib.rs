//! STUN and TURN messages on the wire.

pub mod credentials;
