//! Random orders of events, against a model so plain that it is seen to be right: a list of
//! (room, person), in order of arrival.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{num::NonZeroUsize, time::Instant};

use proptest::prelude::*;
use serde_json::value::RawValue;
use twocan_signal::{
    protocol::{Code, Raw, Request, RoomId, ServerEvent, UserId},
    rooms::{Command, Config, MAX_ROOMS_OF_A_SOCKET, Now, Parting, Rooms},
};

const ROOM_SIZE: usize = 2;
const PEOPLE: u8 = 5;

#[derive(Debug, Clone)]
enum Step {
    Connect(u8),
    Disconnect(u8),
    Join(u8, u8),
    Leave(u8, u8),
    Message(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    // Few people and rooms, so that they meet; more rooms than one socket may sit in.
    let person = 0..PEOPLE;
    let room = prop_oneof![3 => 0..3_u8, 1 => 0..20_u8];
    prop_oneof![
        2 => person.clone().prop_map(Step::Connect),
        1 => person.clone().prop_map(Step::Disconnect),
        8 => (person.clone(), room.clone()).prop_map(|(person, room)| Step::Join(person, room)),
        3 => (person.clone(), room.clone()).prop_map(|(person, room)| Step::Leave(person, room)),
        4 => (person, room).prop_map(|(person, room)| Step::Message(person, room)),
    ]
}

proptest! {
    #[test]
    fn rooms_agree_with_a_plain_list(steps in prop::collection::vec(step(), 0..200)) {
        let room_size = NonZeroUsize::new(ROOM_SIZE).unwrap();
        let mut rooms = Rooms::new(Config { room_size, turn: None }, || 0);
        let mut model = Model::default();
        let now = Now { monotonic: Instant::now(), unix: 0 };

        for step in steps {
            let (said, expected) = match step {
                Step::Connect(person) => {
                    if !model.connected.contains(&person) {
                        rooms.connect(user(person), None);
                        model.connected.push(person);
                    }
                    continue;
                }
                Step::Disconnect(person) => {
                    (rooms.disconnect(&user(person), Parting::Lost, now), model.disconnect(person))
                }
                Step::Join(person, room) => {
                    let request = Request::Join { room: name(room), capabilities: None };
                    (rooms.request(&user(person), request, now), model.join(person, room))
                }
                Step::Leave(person, room) => {
                    let request = Request::Leave { room: name(room) };
                    (rooms.request(&user(person), request, now), model.leave(person, room))
                }
                Step::Message(person, room) => {
                    let request = Request::Message { room: name(room), data: data() };
                    (rooms.request(&user(person), request, now), model.message(person, room))
                }
            };
            let said: Vec<String> = said.into_iter().map(brief).collect();
            prop_assert_eq!(said, expected);

            let mut taken: Vec<u8> = model.seats.iter().map(|&(room, _)| room).collect();
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(rooms.room_count(), taken.len());
            prop_assert_eq!(rooms.socket_count(), model.connected.len());
            for person in 0..PEOPLE {
                let seats = model.seats.iter().filter(|seat| seat.1 == person).count();
                prop_assert_eq!(rooms.seat_count(&user(person)), seats);
            }
        }

        for person in model.connected.clone() {
            rooms.disconnect(&user(person), Parting::Lost, now);
        }
        prop_assert_eq!((rooms.room_count(), rooms.socket_count()), (0, 0));
    }
}

#[derive(Default)]
struct Model {
    connected: Vec<u8>,
    seats: Vec<(u8, u8)>,
}

impl Model {
    fn join(&mut self, person: u8, room: u8) -> Vec<String> {
        if !self.connected.contains(&person) {
            return Vec::new();
        }
        if !self.seats.contains(&(room, person)) {
            let others = self.others(person, room);
            if others.len() == ROOM_SIZE {
                return vec![format!("full {ROOM_SIZE}")];
            }
            let rooms = self.seats.iter().filter(|seat| seat.1 == person).count();
            if rooms == MAX_ROOMS_OF_A_SOCKET {
                return vec!["refused too_many_rooms".into()];
            }
            self.seats.push((room, person));
            let mut said = self.joined(person, room);
            said.extend(others.iter().map(|other| format!("{other}: otherjoined {person}")));
            return said;
        }
        self.joined(person, room)
    }

    fn joined(&self, person: u8, room: u8) -> Vec<String> {
        let others = self.others(person, room);
        let first = self.seats.iter().find(|seat| seat.0 == room).map(|seat| seat.1);
        let polite = first != Some(person);
        let peer = others.first().map_or("nobody".into(), u8::to_string);
        vec![format!("joined {} polite {polite} peer {peer}", others.len() + 1)]
    }

    fn leave(&mut self, person: u8, room: u8) -> Vec<String> {
        if !self.seats.contains(&(room, person)) {
            return vec!["refused not_joined".into()];
        }
        let mut said = vec!["leaved".into()];
        said.extend(self.vacate(person, room));
        said
    }

    fn message(&self, person: u8, room: u8) -> Vec<String> {
        if !self.seats.contains(&(room, person)) {
            return vec!["refused not_joined".into()];
        }
        let others = self.others(person, room);
        if others.is_empty() {
            return vec!["refused alone".into()];
        }
        let mut said: Vec<_> = others.iter().map(|other| format!("{other}: message")).collect();
        said.push("acknowledged".into());
        said
    }

    fn disconnect(&mut self, person: u8) -> Vec<String> {
        self.connected.retain(|&other| other != person);
        let mut rooms: Vec<u8> =
            self.seats.iter().filter(|seat| seat.1 == person).map(|seat| seat.0).collect();
        let mut said = Vec::new();
        for room in rooms.drain(..) {
            said.extend(self.vacate(person, room));
        }
        said
    }

    fn vacate(&mut self, person: u8, room: u8) -> Vec<String> {
        self.seats.retain(|&seat| seat != (room, person));
        self.others(person, room).iter().map(|other| format!("{other}: bye {person}")).collect()
    }

    fn others(&self, person: u8, room: u8) -> Vec<u8> {
        let in_room = self.seats.iter().filter(|seat| seat.0 == room && seat.1 != person);
        in_room.map(|seat| seat.1).collect()
    }
}

fn brief(command: Command) -> String {
    match command {
        Command::Answer(ServerEvent::Joined(joined)) => {
            let peer = joined.peer.map_or("nobody".into(), |peer| peer.user_id.as_str().to_owned());
            format!("joined {} polite {} peer {peer}", joined.user_num, joined.polite)
        }
        Command::Answer(ServerEvent::Full(full)) => format!("full {}", full.user_num),
        Command::Answer(ServerEvent::Refused(refused)) => {
            assert_ne!(refused.code, Code::Malformed);
            format!("refused {}", refused.code.as_str())
        }
        Command::Answer(event) => event.name().into(),
        Command::Acknowledge(_) => "acknowledged".into(),
        Command::Tell(to, event) => {
            let about = match &event {
                ServerEvent::Bye(bye) => format!(" {}", bye.user_id.as_str()),
                ServerEvent::OtherJoined(other) => format!(" {}", other.peer.user_id.as_str()),
                _ => String::new(),
            };
            format!("{}: {}{about}", to.as_str(), event.name())
        }
    }
}

fn user(person: u8) -> UserId {
    person.to_string().as_str().into()
}

fn name(room: u8) -> RoomId {
    RoomId::try_from(format!("room {room}")).unwrap()
}

fn data() -> Raw {
    RawValue::from_string("1".into()).unwrap().into()
}
