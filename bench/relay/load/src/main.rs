//! Load for TURN servers that coturn's own client cannot make: bursts, many allocations at once, and
//! requests from forged addresses.
//!
//! Each load writes `start` to its standard output when the server is ready for what is to be
//! measured, and `end` with its counts when that is over, so that whoever measures knows when to look.

mod allocate;
mod client;
mod flood;
mod stream;

use std::{fmt, io, process::ExitCode};

use clap::{Parser, Subcommand};

/// Load for TURN servers, on this machine only.
#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Make allocations, and keep them until standard input ends
    Allocate(allocate::Allocate),
    /// Relay frames, each a run of equal packets, between the two ends of calls
    Stream(stream::Stream),
    /// Send Allocate requests without credentials, each from another address of 127.0.0.0/8
    Flood(flood::Flood),
}

/// Why a load could not be made.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0} is not on this machine; choose a server on a loopback address")]
    NotLocal(std::net::SocketAddr),
    #[error("the server did not answer {0} requests in a row")]
    NoAnswer(u32),
    #[error("the server refused a request: {0}")]
    Refused(String),
    #[error("the server's answer cannot be read: {0}")]
    BadAnswer(&'static str),
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    System(#[from] io::Error),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().load {
        Load::Allocate(load) => load.run(),
        Load::Stream(load) => load.run(),
        Load::Flood(load) => load.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::FAILURE
        }
    }
}

/// Refuses to send load to other machines.
fn local_only(server: std::net::SocketAddr) -> Result<(), Failed> {
    if server.ip().is_loopback() { Ok(()) } else { Err(Failed::NotLocal(server)) }
}

/// Says that the part to be measured begins.
fn report_start() {
    println!("start");
}

/// Says that it is over: so many things done, of so many that were tried, in so many seconds.
fn report_end(done: impl fmt::Display, tried: impl fmt::Display, seconds: f64) {
    println!("end {done} {tried} {seconds:.3}");
}
