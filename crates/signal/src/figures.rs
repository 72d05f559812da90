//! What the signalling counts, for whoever watches over the server.

use crate::protocol::Code;

/// How much there is, and how much there has been since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// The rooms with somebody in them.
    pub rooms: usize,
    /// The seats that are taken, those included whose socket is lost.
    pub seats: usize,
    /// The seats that wait for their socket to come back.
    pub away: usize,
    /// The connected sockets, seated or not.
    pub sockets: usize,
    /// New seats taken so far.
    pub joins: u64,
    /// Messages taken so far, whether they were handed on at once, wait, or are kept.
    pub messages: u64,
    /// Seats taken back so far that had lost their socket, or were remembered after a restart.
    pub resumes: u64,
    /// Seats taken over so far from a socket that was still connected.
    pub takeovers: u64,
    /// Joins so far that met a full room.
    pub full: u64,
    /// Refusals so far.
    pub refused: Refusals,
}

/// How often each [`Code`] has been given as the reason of a refusal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals([u64; Code::ALL.len()]);

impl Refusals {
    /// Every code with its number.
    pub fn iter(&self) -> impl Iterator<Item = (Code, u64)> + '_ {
        Code::ALL.into_iter().zip(self.0)
    }

    pub(crate) fn count(&mut self, code: Code) {
        if let Some(number) = self.0.get_mut(code as usize) {
            *number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_counts_for_its_own_code() {
        for counted in Code::ALL {
            let mut refusals = Refusals::default();
            refusals.count(counted);
            for (code, number) in refusals.iter() {
                assert_eq!(number, u64::from(code == counted), "{code:?}");
            }
        }
    }
}
