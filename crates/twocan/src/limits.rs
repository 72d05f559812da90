//! What the system lets the program have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Takes as many open files as the system lets this user have: each connection and each relayed
/// address is one, and the usual first limit of 1,024 is for programs of another time.
pub fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| {
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        Ok(most)
    });
    match raised {
        Ok(most) => debug!(most, "raised the limit of open files"),
        Err(error) => warn!(%error, "the limit of open files cannot be raised; see `ulimit -n`"),
    }
}
