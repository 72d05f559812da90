//! The server by its wire, on real sockets.

// Clippy knows only functions marked as tests, not what they call.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod engine;
mod socketio;
mod support;
