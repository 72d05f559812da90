//! `twocan serve`: everything that a video call for two needs.

use std::{
    error::Error,
    io::{IsTerminal as _, Write as _, stdout},
    process::ExitCode,
};

use clap::Parser as _;
use tokio::runtime::Runtime;
use tracing::{error, info};
use twocan::{
    limits, logging,
    serve::Server,
    settings::{Command, CommandLine, Settings},
    shutdown,
};

fn main() -> ExitCode {
    let Command::Serve(settings) = CommandLine::parse().command;
    match serve(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(settings: &Settings) -> Result<(), Box<dyn Error>> {
    logging::start()?;
    limits::raise_open_files();
    Runtime::new()?.block_on(async {
        let server = Server::open(settings)?;
        // Whoever started the program may have closed its output; that is no reason to stop.
        let _ = write!(stdout(), "{}", server.greeting().text(stdout().is_terminal()));
        server
            .run(async {
                match shutdown::requested().await {
                    Ok(signal) => info!(signal, "asked to stop"),
                    Err(error) => error!(%error, "cannot listen for signals, so this is the end"),
                }
            })
            .await?;
        Ok(())
    })
}
