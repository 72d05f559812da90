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
    /// Whether anything moved in this turn, or ended.
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
                Ok(0) => (self.stage, self.moved) = (Stage::Ended, true),
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

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{Shutdown, TcpListener, TcpStream},
    };

    use socket2::SockRef;

    use super::*;

    /// The near end of a connection as a splice has it, and the far end.
    fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        far.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let (near, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        (Stream::Plain(near), far)
    }

    fn splice(now: Instant) -> (Splice, TcpStream, TcpStream) {
        let ((client, far_client), (peer, far_peer)) = (pair(), pair());
        let waiting = (b"to the client".to_vec(), b"to the peer".to_vec());
        (Splice::new(client, peer, waiting.0, waiting.1, now), far_client, far_peer)
    }

    fn turn(splice: &mut Splice, now: Instant) -> Wait {
        splice.turn(&mut [0; CHUNK], now, Ok)
    }

    /// Gives it turns until it waits for this; loopback is quick, and not instant.
    fn turn_until(splice: &mut Splice, now: Instant, wait: Wait) {
        let begun = Instant::now();
        while turn_past_events(splice, now) != wait {
            assert!(begun.elapsed() < Duration::from_secs(10), "not {wait:?}");
        }
    }

    /// Gives it turns until it waits for something else than an event.
    fn turn_past_events(splice: &mut Splice, now: Instant) -> Wait {
        let begun = Instant::now();
        loop {
            match turn(splice, now) {
                Wait::Event => assert!(begun.elapsed() < Duration::from_secs(10), "no event"),
                wait => return wait,
            }
        }
    }

    fn read(stream: &mut TcpStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_waits_goes_first_and_each_end_is_told_on_its_own() {
        let now = Instant::now();
        let (mut splice, mut client, mut peer) = splice(now);
        assert_eq!(turn(&mut splice, now), Wait::Event);
        client.write_all(b", and more").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        turn_until(&mut splice, now, Wait::Until(now + LINGER));
        assert_eq!(read(&mut peer), b"to the peer, and more");
        peer.write_all(b", as well").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        turn_until(&mut splice, now, Wait::Over);
        assert_eq!(read(&mut client), b"to the client, as well");
    }

    #[test]
    fn nothing_lingers_for_long_once_one_side_has_ended() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut splice, client, mut peer) = splice(start);
        assert_eq!(
            turn(&mut splice, at(0)),
            Wait::Event,
            "while both are there, silence is no end"
        );
        assert_eq!(turn(&mut splice, at(5000)), Wait::Event);
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(turn_past_events(&mut splice, at(5010)), Wait::Until(at(5070)));
        peer.write_all(b"something").unwrap();
        turn_until(&mut splice, at(5060), Wait::Until(at(5120)));
        assert_eq!(turn(&mut splice, at(5119)), Wait::Until(at(5120)));
        assert_eq!(turn(&mut splice, at(5120)), Wait::Over);
    }

    #[test]
    fn a_reset_ends_both_once_what_came_before_is_delivered() {
        let now = Instant::now();
        let (mut splice, mut client, mut peer) = splice(now);
        turn(&mut splice, now);
        peer.write_all(b", and last words").unwrap();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        // Its receive buffer is not empty either: closing it resets the connection.
        drop(peer);
        turn_until(&mut splice, now, Wait::Over);
        drop(splice);
        assert_eq!(read(&mut client), b"to the client, and last words");
    }

    #[test]
    fn what_may_not_pass_waits_and_nothing_more_is_read() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let (mut splice, mut client, mut peer) = splice(now);
        client.write_all(&[7; 100_000]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut scratch = [0; CHUNK];
        assert_eq!(splice.turn(&mut scratch, now, |_| Err(later)), Wait::Until(later));
        let mut granted = Some(5);
        let wait = splice.turn(&mut scratch, now, |_| granted.take().ok_or(later));
        assert_eq!(wait, Wait::Until(later));
        assert_eq!(splice.to_peer.waiting, b"e peer");
        turn_until(&mut splice, now, Wait::Until(now + LINGER));
        assert_eq!(read(&mut peer), [b"to the peer", &[7; 100_000][..]].concat());
    }
}
