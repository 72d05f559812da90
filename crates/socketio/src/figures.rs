//! What a server counts, for whoever watches over it.

/// How many sessions there are, and who was turned away since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sessions that poll.
    pub polling: usize,
    /// Sessions with a WebSocket, those included that polled first.
    pub websocket: usize,
    /// Requests of pages of other origins, which were answered with 403.
    pub rejected_origins: u64,
    /// Requests for a session beyond [`Config::max_sessions`](crate::Config::max_sessions), which were
    /// answered with 503.
    pub turned_away: u64,
}
