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

/// A signal by which an operator asks a running server for something, again and again.
#[derive(Debug)]
pub(crate) struct Asked(Signal);

impl Asked {
    /// SIGHUP: files have changed.
    ///
    /// # Errors
    /// If the system takes no handler.
    pub(crate) fn to_read_again() -> io::Result<Asked> {
        signal(SignalKind::hangup()).map(Asked)
    }

    /// SIGUSR1: no new allocation shall begin here.
    ///
    /// # Errors
    /// If the system takes no handler.
    pub(crate) fn to_drain() -> io::Result<Asked> {
        signal(SignalKind::user_defined1()).map(Asked)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}
