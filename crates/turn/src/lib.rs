//! A TURN server as a pure state machine: bytes and time in, commands out.
//!
//! This crate opens no socket, reads no clock and draws no randomness of its own. A shell feeds
//! [`Server`] with what arrives, with the time, and carries out what it answers:
//!
//! ```text
//!              handle_client ──► Option<ToPeer>      the data path: a value, at once
//!  shell  ──►  handle_peer   ──► Option<ToClient>    the same, the header written in place
//!              handle_opened, handle_disconnected, handle_timeout
//!         ◄──  poll_command  ──► Send, Open, Close   the control path: a queue to drain
//!         ◄──  poll_timeout  ──► when to call handle_timeout
//! ```
//!
//! One `Server` serves one thread, and several share [`RelayedAddresses`], so that clients of
//! different threads reach each other. An allocation lives in the server that its client's
//! packets reach.
//!
//! [RFC 8656](https://www.rfc-editor.org/rfc/rfc8656) for TURN,
//! [RFC 8489](https://www.rfc-editor.org/rfc/rfc8489) for STUN and its long-term credentials.

mod allocation;
mod client;
mod command;
mod config;
mod nonce;
mod peers;
mod relayed;
mod server;

pub use allocation::AllocationId;
pub use client::{Client, Link, Transport};
pub use command::{Command, ToClient, ToPeer};
pub use config::{Config, ForFamily, Now};
pub use peers::PeerPolicy;
pub use relayed::RelayedAddresses;
pub use server::{HEADROOM, Server, TAILROOM};
