//! Signalling for calls between two people: rooms, seats, and TURN credentials for each seat.
//!
//! The core is pure. [`protocol`] turns what a client sent into a typed [`protocol::Request`],
//! [`rooms::Rooms`] turns a request and the time into a list of [`rooms::Command`]s, and
//! [`credentials`] makes the ICE servers of a seat. Who sits where is kept in a [`store::Store`], of which
//! [`memory::Memory`] is one. None of them reads a clock, opens a socket or draws a random number.
//! [`binding::Signalling`] runs them on a Socket.IO server.

pub mod binding;
pub mod credentials;
pub mod figures;
pub mod join_control;
pub mod limits;
pub mod memory;
pub mod protocol;
mod resume;
pub mod rooms;
pub mod store;
