//! What the system lets the program have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::{debug, warn};

use crate::defaults;

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

/// How many signalling connections there may be, so that files are left for everything else.
pub(crate) fn max_sockets() -> usize {
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    let sockets = usize::try_from(files / defaults::OPEN_FILES_PER_SOCKET);
    sockets.unwrap_or(usize::MAX).min(defaults::MAX_SOCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_open_files_for_everything_else() {
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let most = max_sockets();
        assert!((1..=defaults::MAX_SOCKETS).contains(&most), "{most}");
        assert!(most as u64 <= soft / 2, "{most} of {soft}");
    }
}
