//! Sockets that do nothing but answer pings.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use rustls::ClientConfig;

use crate::{
    Failed,
    connection::{Connection, READ_BYTES, Said},
    local_only,
    poller::Poller,
    report_start, tls,
};

/// Connections that are being opened at a time.
const OPENING: usize = 64;

/// Sockets that only stay.
#[derive(Debug, Args)]
pub(crate) struct Idle {
    /// The server's address
    server: SocketAddr,
    /// How many
    #[arg(long)]
    count: usize,
    /// How long they stay before the end is reported
    #[arg(long)]
    seconds: u64,
    /// Speak TLS, and trust the certificate in this PEM file
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
}

impl Idle {
    /// Reports `end` with how many sockets there are still, of how many, after how many seconds.
    pub(crate) fn run(self) -> Result<(), Failed> {
        local_only(self.server)?;
        let tls = self.tls.as_deref().map(tls::trusting).transpose()?;
        let mut poller = Poller::new()?;
        let mut flock = Flock::new(self.server, self.count, 0, tls);
        let mut scratch = vec![0; READ_BYTES];
        while !flock.is_open() {
            flock.open_more(&poller)?;
            for number in poller.wait(None)? {
                flock.handle(number, &mut scratch)?;
            }
        }
        report_start();
        let begun = Instant::now();
        let end = begun + Duration::from_secs(self.seconds);
        while Instant::now() < end {
            for number in poller.wait(Some(end))? {
                flock.handle(number, &mut scratch)?;
            }
        }
        println!("end {} {} {:.3}", flock.ready, self.count, begun.elapsed().as_secs_f64());
        io::copy(&mut io::stdin(), &mut io::sink())?;
        Ok(())
    }
}

/// Connections that are opened a few at a time, and then stay.
#[derive(Debug)]
pub(crate) struct Flock {
    server: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    /// The number by which the poller knows the first.
    first: usize,
    count: usize,
    connections: Vec<Connection>,
    pub(crate) ready: usize,
}

impl Flock {
    /// So many connections to be opened, known to the poller by the numbers from `first` on.
    pub(crate) fn new(
        server: SocketAddr,
        count: usize,
        first: usize,
        tls: Option<Arc<ClientConfig>>,
    ) -> Flock {
        Flock { server, tls, first, count, connections: Vec::with_capacity(count), ready: 0 }
    }

    /// Whether all are open.
    pub(crate) fn is_open(&self) -> bool {
        self.ready == self.count
    }

    /// Begins to open as many as may be under way.
    pub(crate) fn open_more(&mut self, poller: &Poller) -> Result<(), Failed> {
        let until = self.count.min(self.ready + OPENING);
        while self.connections.len() < until {
            let number = self.connections.len();
            let connection = Connection::open(self.server, number, self.tls.as_ref())?;
            poller.add(&connection, self.first + number)?;
            self.connections.push(connection);
        }
        Ok(())
    }

    /// A socket has something to say.
    ///
    /// # Errors
    /// If a connection ends: the server has no reason to let one go.
    pub(crate) fn handle(&mut self, number: usize, scratch: &mut [u8]) -> Result<(), Failed> {
        let Some(connection) = self.connections.get_mut(number - self.first) else {
            return Ok(());
        };
        connection.exchange(scratch)?;
        while let Some(said) = connection.next()? {
            match said {
                Said::Ready => self.ready += 1,
                Said::Closed => return Err(Failed::Closed),
                Said::Text(text) => {
                    return Err(Failed::Answer(String::from_utf8_lossy(text).into_owned()));
                }
            }
        }
        Ok(())
    }
}
