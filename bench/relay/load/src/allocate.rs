//! Many allocations, made as fast as the server lets them be made.

use std::{io, net::SocketAddr, thread, time::Instant};

use clap::Args;

use crate::{Failed, client::Client, local_only, report_end, report_start};

/// Make allocations, several at a time, and keep them until standard input ends.
#[derive(Debug, Args)]
pub(crate) struct Allocate {
    /// The server, on a loopback address
    server: SocketAddr,
    /// The secret of its time-limited credentials
    #[arg(long)]
    secret: String,
    /// How many allocations
    #[arg(long)]
    count: usize,
    /// How many requests are under way at a time
    #[arg(long)]
    parallel: usize,
}

impl Allocate {
    pub(crate) fn run(&self) -> Result<(), Failed> {
        local_only(self.server)?;
        report_start();
        let start = Instant::now();
        let clients = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..self.parallel).map(|index| scope.spawn(move || self.share(index))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
        });
        let seconds = start.elapsed().as_secs_f64();
        let clients: Vec<Client> =
            clients.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        report_end(clients.len(), self.count, seconds);
        io::copy(&mut io::stdin(), &mut io::sink())?;
        Ok(())
    }

    /// One thread's share of the allocations.
    fn share(&self, index: usize) -> Result<Vec<Client>, Failed> {
        (index..self.count)
            .step_by(self.parallel)
            .map(|_| Client::allocate(self.server, &self.secret))
            .collect()
    }
}
