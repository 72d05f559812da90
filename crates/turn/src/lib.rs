//! A TURN server as a pure state machine: bytes and time in, commands out.
//!
//! This crate opens no socket, reads no clock and draws no randomness of its own. A shell feeds
//! [`Server`] with what arrives, with the time, and carries out what it answers:
//!
//! ```text
//!              handle_client ──► Option<Forward>     the data path: a value, at once, and the
//!  shell  ──►  handle_peer   ──► Option<ToClient>    header written in place
//!              handle_opened, handle_icmp, handle_disconnected, handle_timeout
//!              handle_connected, handle_incoming, handle_closed      peers reached by TCP
//!         ◄──  poll_command  ──► Send, Open, Connect, Join, …  the control path: a queue to drain
//!         ◄──  poll_timeout  ──► when to call handle_timeout
//!              hand_over, take_over          an allocation, from one server to another
//! ```
//!
//! One `Server` serves one thread, and several share [`Neighbours`], so that clients of
//! different threads reach each other. An allocation lives in the server that its client's
//! packets reach; if that is another one after the client has moved, the allocation follows it.
//!
//! [RFC 8656](https://www.rfc-editor.org/rfc/rfc8656) for TURN,
//! [RFC 8489](https://www.rfc-editor.org/rfc/rfc8489) for STUN and its long-term credentials,
//! [RFC 6062](https://www.rfc-editor.org/rfc/rfc6062) for peers that are reached by TCP.

mod allocation;
mod book;
mod client;
mod command;
mod config;
mod key;
mod meter;
mod neighbours;
mod nonce;
mod peers;
mod quotas;
mod tickets;

mod server;

pub use allocation::RelayId;
pub use client::{Client, Link, Transport};
pub use command::{Command, Forward, ToClient, ToPeer};
pub use config::{Config, ForFamily, Now, ServerId};
pub use meter::Rate;
pub use neighbours::{Neighbours, RESERVATION_LIFETIME};
pub use peers::PeerPolicy;
pub use quotas::{Limits, Quotas};
pub use server::{HEADROOM, Order, Parcel, Server, TAILROOM};
