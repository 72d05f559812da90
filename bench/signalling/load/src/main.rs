//! Load for Socket.IO servers with the rooms of the two-person tutorial: calls, as many as the server
//! takes or so many a second, and sockets that only stay.
//!
//! Each load writes `start` to its standard output when what is to be measured begins, and `end` with its
//! counts when that is over, so that whoever measures knows when to look.

mod call;
mod calls;
mod connection;
mod idle;
mod poller;
mod room;
mod tls;
mod websocket;

use std::{io, net::SocketAddr, process::ExitCode};

use clap::{Parser, Subcommand};

/// Load for signalling servers, on this machine only.
#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Make calls, the next one in each room as soon as the one before has ended
    Calls(calls::Calls),
    /// Open sockets that do nothing but answer pings, and keep them until standard input ends
    Idle(idle::Idle),
}

/// Why a load could not be made.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0} is not on this machine; choose a server on an IPv4 loopback address")]
    NotLocal(SocketAddr),
    #[error("the server sent what does not belong there: {0:?}")]
    Answer(String),
    #[error("the server closed a connection")]
    Closed,
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the certificate {0} cannot be used: {1}")]
    Certificate(std::path::PathBuf, String),
    #[error(transparent)]
    System(#[from] io::Error),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().load {
        Load::Calls(load) => load.run(),
        Load::Idle(load) => load.run(),
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
fn local_only(server: SocketAddr) -> Result<(), Failed> {
    if server.ip().is_loopback() && server.is_ipv4() {
        Ok(())
    } else {
        Err(Failed::NotLocal(server))
    }
}

/// Says that the part to be measured begins.
fn report_start() {
    println!("start");
}
