//! Calls, again and again in the same rooms: as many as the server takes, or so many a second.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    Failed,
    connection::READ_BYTES,
    idle::Flock,
    local_only,
    poller::Poller,
    report_start,
    room::{Outcome, Room},
};

/// How long calls that have begun may take to end when the time is over.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls in many rooms at a time.
#[derive(Debug, Args)]
pub(crate) struct Calls {
    /// The server's address
    server: SocketAddr,
    /// Rooms that calls are made in at a time
    #[arg(long, default_value_t = 64)]
    rooms: usize,
    /// Connect anew for each call
    #[arg(long)]
    fresh: bool,
    /// Begin so many calls a second instead of as many as the server takes
    #[arg(long)]
    rate: Option<u32>,
    /// Sockets that only stay, beside the calls
    #[arg(long, default_value_t = 0)]
    idle: usize,
    /// Seconds of calls before measuring begins
    #[arg(long)]
    warm_up: u64,
    /// Seconds of calls while measuring
    #[arg(long)]
    seconds: u64,
}

impl Calls {
    /// Reports `end` with the calls that ended, those that were due, the seconds, and the median and the
    /// 99th percentile of the microseconds that a message took from one side to the other.
    pub(crate) fn run(self) -> Result<(), Failed> {
        local_only(self.server)?;
        let mut work = Work::new(self)?;
        work.call_for(work.load.warm_up)?;
        work.counts = Counts::default();
        report_start();
        let begun = Instant::now();
        work.call_for(work.load.seconds)?;
        let seconds = begun.elapsed().as_secs_f64();
        let Counts { due, ended, mut delays } = work.counts;
        delays.sort_unstable();
        let [median, high] = [0.5, 0.99].map(|share| percentile(&delays, share) / 1e3);
        println!("end {ended} {due} {seconds:.3} {median:.1} {high:.1}");
        Ok(())
    }
}

fn percentile(sorted: &[u64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index).copied().unwrap_or_default() as f64
}

struct Work {
    load: Calls,
    poller: Poller,
    scratch: Vec<u8>,
    rooms: Vec<Room>,
    /// Rooms in which the next call may begin.
    resting: VecDeque<usize>,
    flock: Flock,
    /// How many connections the rooms have opened.
    opened: usize,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    due: u64,
    ended: u64,
    /// Nanoseconds of each message.
    delays: Vec<u64>,
}

impl Work {
    /// Everything that is there before the calls.
    fn new(load: Calls) -> Result<Work, Failed> {
        let mut work = Work {
            poller: Poller::new()?,
            scratch: vec![0; READ_BYTES],
            rooms: (0..load.rooms).map(Room::new).collect(),
            resting: VecDeque::new(),
            flock: Flock::new(load.server, load.idle, Room::sockets(load.rooms), None),
            opened: 0,
            counts: Counts::default(),
            load,
        };
        while !work.flock.is_open() {
            work.flock.open_more(&work.poller)?;
            work.turn(None)?;
        }
        if work.load.fresh {
            work.resting.extend(0..work.load.rooms);
        } else {
            for room in 0..work.load.rooms {
                work.connect(room)?;
            }
            while work.is_calling() {
                work.turn(None)?;
            }
        }
        Ok(work)
    }

    /// Begins calls for a time, then waits for their ends.
    fn call_for(&mut self, seconds: u64) -> Result<(), Failed> {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(seconds);
        let mut due = begun;
        while Instant::now() < end {
            let deadline = match self.load.rate.map(|rate| Duration::from_secs(1) / rate) {
                None => {
                    self.begin_all()?;
                    end
                }
                Some(interval) => {
                    while due <= Instant::now() && due < end {
                        due += interval;
                        self.begin_one()?;
                    }
                    due.min(end)
                }
            };
            self.turn(Some(deadline))?;
        }
        let patience = Instant::now() + PATIENCE;
        while self.is_calling() && Instant::now() < patience {
            self.turn(Some(patience))?;
        }
        Ok(())
    }

    fn is_calling(&self) -> bool {
        self.resting.len() < self.rooms.len()
    }

    fn begin_all(&mut self) -> Result<(), Failed> {
        while !self.resting.is_empty() {
            self.begin_one()?;
        }
        Ok(())
    }

    /// Begins a call, if there is a room for it; it was due in any case.
    fn begin_one(&mut self) -> Result<(), Failed> {
        self.counts.due += 1;
        match self.resting.pop_front() {
            Some(number) if self.load.fresh => self.connect(number),
            Some(number) => self.rooms[number].begin(),
            None => Ok(()),
        }
    }

    fn connect(&mut self, number: usize) -> Result<(), Failed> {
        self.rooms[number].connect(self.load.server, self.opened, &self.poller)?;
        self.opened += 2;
        Ok(())
    }

    /// Waits for the server once, and handles what it says.
    fn turn(&mut self, deadline: Option<Instant>) -> Result<(), Failed> {
        for socket in self.poller.wait(deadline)? {
            if socket >= Room::sockets(self.rooms.len()) {
                self.flock.handle(socket, &mut self.scratch)?;
                continue;
            }
            let (number, side) = Room::of_socket(socket);
            let room = &mut self.rooms[number];
            match room.handle(side, &mut self.scratch, &mut self.counts.delays)? {
                Outcome::Nothing => {}
                Outcome::Connected if self.load.fresh => room.begin()?,
                Outcome::Ended => {
                    self.counts.ended += 1;
                    if self.load.fresh {
                        room.close()?;
                    } else {
                        self.resting.push_back(number);
                    }
                }
                Outcome::Connected | Outcome::Closed => self.resting.push_back(number),
            }
        }
        Ok(())
    }
}
