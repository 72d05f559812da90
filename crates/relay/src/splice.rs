//! Two streams joined into one: what comes from either goes to the other, byte for byte.
//!
//! Whoever reads too slowly makes the other wait: what waits is bounded, and nothing more is read
//! until it has left.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use crate::stream::Stream;

/// Bytes taken from a stream at a time, and so the most that waits for the other.
pub(crate) const CHUNK: usize = 16 << 10;

/// Chunks taken from a stream before others get their turn.
const CHUNKS_IN_A_TURN: usize = 16;

/// How long nothing may move once one side has ended what it sends. A side that has closed its
/// connection looks no different from one that still listens.
const LINGER: Duration = Duration::from_secs(60);

/// A client's stream and a peer's, of which the poller tells by edges.
#[derive(Debug)]
pub(crate) struct Splice {
    client: Stream,
    peer: Stream,
    to_peer: Lane,
    to_client: Lane,
    last_moved: Instant,
}

/// What a splice waits for after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// An event of either stream.
    Event,
    /// The same, and at the latest this time.
    Until(Instant),
    /// Nothing: both streams are over.
    Over,
}

impl Splice {
    /// Joins two non-blocking streams; what was received of one and has not reached the other goes
    /// first.
    pub(crate) fn new(
        client: Stream,
        peer: Stream,
        to_client: Vec<u8>,
        to_peer: Vec<u8>,
        now: Instant,
    ) -> Splice {
        let lane = |waiting| Lane { waiting, ..Lane::default() };
        Splice { client, peer, to_peer: lane(to_peer), to_client: lane(to_client), last_moved: now }
    }

    /// Moves what can be moved. `may_pass` says how many of some bytes may be sent on, or when to
    /// ask again; `scratch` has room for a [`CHUNK`].
    pub(crate) fn turn(
        &mut self,
        scratch: &mut [u8],
        now: Instant,
        mut may_pass: impl FnMut(usize) -> Result<usize, Instant>,
    ) -> Wait {
        let Splice { client, peer, to_peer, to_client, last_moved } = self;
        let lanes = [
            to_peer.run(client, peer, scratch, now, &mut may_pass),
            to_client.run(peer, client, scratch, now, &mut may_pass),
        ];
        if mem::take(&mut to_peer.moved) | mem::take(&mut to_client.moved) {
            *last_moved = now;
        }
        // Whoever reset its connection receives nothing either.
        let is_reset = |lane: &Lane| lane.stage == Stage::Done && lane.reset;
        if [&*to_peer, to_client].iter().all(|lane| lane.stage == Stage::Done)
            || is_reset(to_peer)
            || is_reset(to_client)
        {
            return Wait::Over;
        }
        let mut wake = lanes.into_iter().flatten().min();
        if [&*to_peer, to_client].iter().any(|lane| lane.stage != Stage::Open) {
            let end = *last_moved + LINGER;
            if end <= now {
                return Wait::Over;
            }
            wake = Some(wake.map_or(end, |wake| wake.min(end)));
        }
        wake.map_or(Wait::Event, Wait::Until)
    }

    /// Says good-bye to both.
    pub(crate) fn close(&mut self) {
        self.client.close();
        self.peer.close();
    }
}

/// One of the two directions.
#[derive(Debug, Default)]
struct Lane {
    stage: Stage,
    /// Whether the sender's connection broke, rather than ended.
    reset: bool,
    /// What was received and has not been sent on.
    waiting: Vec<u8>,
    /// How many of the next bytes may pass.
    granted: usize,
    /// Whether anything moved in this turn.
    moved: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// The sender has ended; the receiver has not been told.
    Ended,
    /// The receiver has been told, or is gone.
    Done,
}

/// Why a lane stands still.
#[derive(Debug)]
enum Pause {
    /// A stream has no room, or no data.
    Event,
    /// It is not time yet.
    Until(Instant),
}

impl Lane {
    /// Moves what can be moved; returns when to try again, if no event tells.
    fn run(
        &mut self,
        from: &mut Stream,
        to: &mut Stream,
        scratch: &mut [u8],
        now: Instant,
        may_pass: &mut impl FnMut(usize) -> Result<usize, Instant>,
    ) -> Option<Instant> {
        if self.stage == Stage::Done {
            return None;
        }
        match self.advance(from, to, scratch, now, may_pass) {
            Ok(Pause::Event) => None,
            Ok(Pause::Until(time)) => Some(time),
            Err(_) => {
                // The receiver is gone; its own lane will tell.
                (self.stage, self.waiting) = (Stage::Done, Vec::new());
                None
            }
        }
    }

    /// # Errors
    /// If the receiver is gone.
    fn advance(
        &mut self,
        from: &mut Stream,
        to: &mut Stream,
        scratch: &mut [u8],
        now: Instant,
        may_pass: &mut impl FnMut(usize) -> Result<usize, Instant>,
    ) -> io::Result<Pause> {
        if !to.flush()? {
            return Ok(Pause::Event);
        }
        let waiting = mem::take(&mut self.waiting);
        if let Some(pause) = self.pass_on(&waiting, to, may_pass)? {
            return Ok(pause);
        }
        let mut chunks = 0;
        while self.stage == Stage::Open {
            if chunks == CHUNKS_IN_A_TURN {
                return Ok(Pause::Until(now));
            }
            match from.read(scratch) {
                Ok(0) => self.stage = Stage::Ended,
                Ok(length) => {
                    chunks += 1;
                    let chunk = scratch.get(..length).unwrap_or_default();
                    if let Some(pause) = self.pass_on(chunk, to, may_pass)? {
                        return Ok(pause);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Pause::Event),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => (self.stage, self.reset) = (Stage::Ended, true),
            }
        }
        if to.finish()? {
            self.stage = Stage::Done;
        }
        Ok(Pause::Event)
    }

    /// Writes bytes; what cannot be written waits.
    fn pass_on(
        &mut self,
        mut bytes: &[u8],
        to: &mut Stream,
        may_pass: &mut impl FnMut(usize) -> Result<usize, Instant>,
    ) -> io::Result<Option<Pause>> {
        while !bytes.is_empty() {
            if self.granted == 0 {
                match may_pass(bytes.len()) {
                    Ok(granted) => self.granted = granted,
                    Err(time) => return Ok(Some(self.wait(bytes, Pause::Until(time)))),
                }
            }
            match to.write(bytes.get(..self.granted).unwrap_or(bytes)) {
                Ok(written) => {
                    self.moved = true;
                    self.granted -= written.min(self.granted);
                    bytes = bytes.get(written..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Some(self.wait(bytes, Pause::Event)));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn wait(&mut self, bytes: &[u8], pause: Pause) -> Pause {
        self.waiting = bytes.to_vec();
        pause
    }
}
