//! A room of the server, and the two who call each other in it.

use std::{collections::VecDeque, net::SocketAddr, time::Instant};

use crate::{
    Failed,
    call::{Act, Call, Next, Script, Side},
    connection::{Connection, Said},
    poller::Poller,
};

/// Two clients, connected or not, and their calls.
#[derive(Debug)]
pub(crate) struct Room {
    number: usize,
    script: Script,
    call: Call,
    people: [Option<Connection>; 2],
    ready: usize,
    leaving: bool,
    /// When the messages were sent that are under way to each side.
    sent: [VecDeque<Instant>; 2],
}

/// What became of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing that anybody waits for.
    Nothing,
    /// Both are connected.
    Connected,
    /// The call has ended.
    Ended,
    /// Both connections are closed, as was asked for.
    Closed,
}

impl Room {
    /// The room by this number, in which nobody is.
    pub(crate) fn new(number: usize) -> Room {
        Room {
            number,
            script: Script::new(&format!("room-{number}")),
            call: Call::default(),
            people: [None, None],
            ready: 0,
            leaving: false,
            sent: Default::default(),
        }
    }

    /// How many sockets rooms up to this number have: the poller knows them by the numbers below.
    pub(crate) fn sockets(rooms: usize) -> usize {
        2 * rooms
    }

    /// The room that a socket belongs to, and which of the two it is.
    pub(crate) fn of_socket(socket: usize) -> (usize, Side) {
        (socket / 2, if socket.is_multiple_of(2) { Side::First } else { Side::Second })
    }

    /// Begins to connect both, from addresses that depend on `source`.
    pub(crate) fn connect(
        &mut self,
        server: SocketAddr,
        source: usize,
        poller: &Poller,
    ) -> Result<(), Failed> {
        (self.ready, self.leaving) = (0, false);
        for (index, place) in self.people.iter_mut().enumerate() {
            let connection = Connection::open(server, source + index, None)?;
            poller.add(&connection, 2 * self.number + index)?;
            *place = Some(connection);
        }
        Ok(())
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self) -> Result<(), Failed> {
        self.call = Call::default();
        self.act(Side::First, Act::Join)
    }

    /// Begins to close both connections.
    pub(crate) fn close(&mut self) -> Result<(), Failed> {
        self.leaving = true;
        self.people.iter_mut().flatten().try_for_each(Connection::close)
    }

    /// A socket has something to say; how many nanoseconds each message took is added to `delays`.
    pub(crate) fn handle(
        &mut self,
        side: Side,
        scratch: &mut [u8],
        delays: &mut Vec<u64>,
    ) -> Result<Outcome, Failed> {
        let Some(connection) = &mut self.people[side as usize] else {
            return Ok(Outcome::Nothing);
        };
        match connection.exchange(scratch) {
            // A server may cut short what its client ends.
            Err(Failed::System(_)) if self.leaving => return Ok(self.forget(side)),
            exchanged => exchanged?,
        }
        let now = Instant::now();
        let mut outcome = Outcome::Nothing;
        while let Some(connection) = &mut self.people[side as usize]
            && let Some(said) = connection.next()?
        {
            match said {
                Said::Ready => {
                    self.ready += 1;
                    if self.ready == 2 {
                        outcome = Outcome::Connected;
                    }
                }
                Said::Closed if self.leaving => return Ok(self.forget(side)),
                Said::Closed => return Err(Failed::Closed),
                Said::Text(text) => {
                    let heard = self.call.hear(&self.script, side, text)?;
                    if heard.relayed
                        && let Some(sent) = self.sent[side as usize].pop_front()
                    {
                        delays.push((now - sent).as_nanos() as u64);
                    }
                    match heard.next {
                        Next::Wait => {}
                        Next::Do(side, act) => self.act(side, act)?,
                        Next::Done => outcome = Outcome::Ended,
                    }
                }
            }
        }
        Ok(outcome)
    }

    fn act(&mut self, side: Side, act: Act) -> Result<(), Failed> {
        let Some(connection) = &mut self.people[side as usize] else {
            return Ok(());
        };
        for frame in self.script.frames(side, act) {
            if act.is_message() {
                self.sent[side.other() as usize].push_back(Instant::now());
            }
            connection.send(frame)?;
        }
        Ok(())
    }

    fn forget(&mut self, side: Side) -> Outcome {
        self.people[side as usize] = None;
        let gone = self.people.iter().all(Option::is_none);
        if gone { Outcome::Closed } else { Outcome::Nothing }
    }
}
