//! What the program is asked by signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGINT or SIGTERM, and returns its name.
///
/// # Errors
/// If the system takes no handler for one of them.
pub async fn requested() -> io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}

/// SIGHUP, by which an operator says that files have changed.
#[derive(Debug)]
pub(crate) struct Hangups(Signal);

impl Hangups {
    /// # Errors
    /// If the system takes no handler.
    pub(crate) fn new() -> io::Result<Hangups> {
        signal(SignalKind::hangup()).map(Hangups)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}
