//! Where logs go and how many.

use std::{env, io, io::IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::defaults;

/// The filter of the logs is not one.
#[derive(Debug, thiserror::Error)]
#[error(
    "{variable}={value}: {source}. Write a level (error, warn, info, debug, trace), or levels for \
     parts of the program, such as warn,twocan_relay=debug."
)]
pub struct LogError {
    variable: &'static str,
    value: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Sends logs to standard error, filtered by `TWOCAN_LOG`, else by `RUST_LOG`.
///
/// # Errors
/// If the filter cannot be read.
pub fn start() -> Result<(), LogError> {
    let given = ["TWOCAN_LOG", "RUST_LOG"]
        .into_iter()
        .find_map(|variable| Some((variable, env::var(variable).ok().filter(|v| !v.is_empty())?)));
    let filter = match given {
        None => EnvFilter::new(defaults::LOG),
        Some((variable, value)) => {
            EnvFilter::try_new(&value).map_err(|source| LogError { variable, value, source })?
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none())
        .init();
    Ok(())
}
