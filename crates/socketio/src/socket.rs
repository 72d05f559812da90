//! The program's handle to one client in one namespace.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

/// One client in one namespace. Cheap to clone, usable from anywhere; once the socket has ended, what is
/// sent goes nowhere.
#[derive(Clone)]
pub struct Socket {
    inner: Arc<Inner>,
}

struct Inner {
    id: String,
    namespace: String,
}

impl Socket {
    /// The socket's public name: random, and unrelated to the session id, so it may be told to others.
    /// The client knows it as `socket.id`.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The namespace, with its slash.
    pub fn namespace(&self) -> &str {
        &self.inner.namespace
    }

    /// Sends an event with one argument. Never blocks; see [`Config::max_queue`](crate::Config::max_queue).
    pub fn emit<T: Serialize + ?Sized>(&self, event: &str, argument: &T) -> Result<(), EmitError> {
        let argument = serde_json::value::to_raw_value(argument)?;
        self.emit_raw(event, &[argument], Vec::new());
        Ok(())
    }

    /// Sends an event with any number of arguments that are JSON already, and the attachments that their
    /// placeholders name (see [`Event::args`](crate::Event::args)). Never blocks.
    pub fn emit_raw(&self, event: &str, args: &[Box<RawValue>], attachments: Vec<Bytes>) {
        let _ = (event, args, attachments);
    }

    /// Sends an event with one argument and waits for the client's acknowledgement, at most `timeout`.
    pub async fn request<T: Serialize + ?Sized>(
        &self,
        event: &str,
        argument: &T,
        timeout: Duration,
    ) -> Result<Reply, RequestError> {
        let argument = serde_json::value::to_raw_value(argument).map_err(EmitError)?;
        self.request_raw(event, &[argument], Vec::new(), timeout)
            .await
    }

    /// Like [`request`](Self::request), with the arguments of [`emit_raw`](Self::emit_raw).
    pub async fn request_raw(
        &self,
        event: &str,
        args: &[Box<RawValue>],
        attachments: Vec<Bytes>,
        timeout: Duration,
    ) -> Result<Reply, RequestError> {
        let _ = (event, args, attachments, timeout);
        Err(RequestError::Closed)
    }

    /// Disconnects the client from this namespace. Its events that are not yet handled are dropped, and
    /// [`Handler::disconnect`](crate::Handler::disconnect) follows.
    pub fn disconnect(&self) {}

    /// Closes the client's session with all its namespaces, after what is queued for it has been sent.
    pub fn close(&self) {}
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .field("namespace", &self.namespace())
            .finish()
    }
}

/// The client's wish for an acknowledgement of one event. Dropping it leaves the client without one.
#[derive(Debug)]
pub struct Ack {
    socket: Socket,
    id: u64,
}

impl Ack {
    /// Acknowledges with one argument.
    pub fn send<T: Serialize + ?Sized>(self, argument: &T) -> Result<(), EmitError> {
        let argument = serde_json::value::to_raw_value(argument)?;
        self.send_raw(&[argument], Vec::new());
        Ok(())
    }

    /// Acknowledges with the arguments of [`Socket::emit_raw`].
    pub fn send_raw(self, args: &[Box<RawValue>], attachments: Vec<Bytes>) {
        let _ = (args, attachments, self.socket, self.id);
    }
}

/// A client's acknowledgement of an event.
#[derive(Debug)]
pub struct Reply {
    /// The arguments, as raw JSON; see [`Event::args`](crate::Event::args).
    pub args: Vec<Box<RawValue>>,
    /// The binary arguments.
    pub attachments: Vec<Bytes>,
}

/// The value cannot be written as JSON, so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the argument cannot be written as JSON: {0}")]
pub struct EmitError(#[from] serde_json::Error);

/// Why an event was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The value cannot be written as JSON, so nothing was sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The client did not acknowledge in time.
    #[error("the client did not acknowledge the event in time")]
    Timeout,
    /// The socket ended first.
    #[error("the socket ended before the client acknowledged the event")]
    Closed,
}
