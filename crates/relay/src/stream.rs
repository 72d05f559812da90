//! A byte stream to a client: TCP, or TLS over it.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    os::fd::{AsFd, BorrowedFd},
};

use rustls::ServerConnection;

/// A non-blocking stream.
#[derive(Debug)]
pub(crate) enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS, its handshake done.
    Tls(TcpStream, Box<ServerConnection>),
}

impl Stream {
    /// Reads some bytes; 0 means that the client has ended the stream.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing to read; whatever else ends the stream.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Stream::Tls(tcp, tls) = self else {
            return self.tcp().read(buffer);
        };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            if tls.read_tls(tcp)? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(io::Error::other)?;
            // Whatever TLS itself has to say goes out now, or with the next message.
            while tls.wants_write() && tls.write_tls(tcp).is_ok() {}
        }
    }

    /// Whether bytes were received that only another [`Stream::read`] hands out, and no event tells of.
    pub(crate) fn holds_back(&mut self) -> bool {
        match self {
            Stream::Plain(_) => false,
            Stream::Tls(_, tls) => {
                tls.process_new_packets().is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
            }
        }
    }

    /// Writes some bytes.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; whatever else ends the stream.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Stream::Tls(tcp, tls) = self else {
            return self.tcp().write(bytes);
        };
        // What is encrypted must leave before more is: so the queue is the caller's, and bounded.
        while tls.wants_write() {
            tls.write_tls(tcp)?;
        }
        let written = tls.writer().write(bytes)?;
        self.flush().map(|_| written)
    }

    /// Sends what is encrypted and has not left. Whether all has.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        let Stream::Tls(tcp, tls) = self else {
            return Ok(true);
        };
        while tls.wants_write() {
            match tls.write_tls(tcp) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Ends what is sent, and goes on receiving. Whether all has left, and the end as well.
    ///
    /// # Errors
    /// If the stream is broken.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        if let Stream::Tls(_, tls) = self {
            tls.send_close_notify();
        }
        if !self.flush()? {
            return Ok(false);
        }
        self.tcp().shutdown(Shutdown::Write)?;
        Ok(true)
    }

    /// Says good-bye, as far as there is room for it.
    pub(crate) fn close(&mut self) {
        if let Stream::Tls(tcp, tls) = self {
            tls.send_close_notify();
            let _ = tls.write_tls(tcp);
        }
    }

    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Stream::Plain(tcp) | Stream::Tls(tcp, _) => tcp,
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Plain(tcp) | Stream::Tls(tcp, _) => tcp.as_fd(),
        }
    }
}
