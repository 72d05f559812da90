//! Rooms in a store whose answers take their time, as one on the network would.

use std::{cell::RefCell, collections::VecDeque};

use super::*;

mod random;

#[test]
fn answers_that_come_late_go_to_those_who_asked_in_the_order_of_the_store() {
    let (mut rooms, line, now) = late_rooms();
    for socket in ["ann", "ben"] {
        connect(&mut rooms, socket, now);
        assert_eq!(ask(&mut rooms, socket, 1, "join", r#"{"roomId":"tea"}"#, now), [""; 0]);
        // What follows a join need not wait for it.
        let message = r#"{"roomId":"tea","data":1}"#;
        assert_eq!(ask(&mut rooms, socket, 2, "message", message, now), [""; 0]);
    }
    line.pass_all();
    assert_eq!(
        brief(rooms.handle_timeout(now)),
        [
            "ann 1: joined",
            "ann 2: refused",
            "ben 1: joined",
            "ann: otherjoined",
            "ann: message",
            "ben 2: acknowledged",
        ]
    );
    let servers = ask(&mut rooms, "ann", 3, "iceservers", r#"{"roomId":"tea"}"#, now);
    assert_eq!(servers, ["ann 3: iceservers"]);
}

#[test]
fn a_socket_that_goes_while_the_store_is_asked_leaves_no_ghost() {
    let (mut rooms, line, mut now) = late_rooms();
    connect(&mut rooms, "ann", now);
    ask(&mut rooms, "ann", 1, "join", r#"{"roomId":"tea"}"#, now);
    assert_eq!(brief(rooms.disconnect(&"ann".into(), Parting::Lost, now)), [""; 0]);
    line.pass_all();
    assert_eq!(brief(rooms.handle_timeout(now)), [""; 0]);
    assert_eq!(rooms.figures(), Figures { joins: 1, ..Figures::default() });
    now.monotonic += GRACE;
    rooms.handle_timeout(now);
    assert_eq!(rooms.take_ended().len(), 1);
}

#[test]
fn a_goodbye_while_the_store_is_asked_is_a_goodbye() {
    let (mut rooms, line, now) = late_rooms();
    for socket in ["ann", "ben"] {
        connect(&mut rooms, socket, now);
        let join = r#"{"roomId":"tea","capabilities":{"resume":true}}"#;
        ask(&mut rooms, socket, 1, "join", join, now);
    }
    rooms.disconnect(&"ann".into(), Parting::Goodbye, now);
    line.pass_all();
    let heard = brief(rooms.handle_timeout(now));
    assert_eq!(heard, ["ben 1: joined", "ann: otherjoined", "ben: bye"]);
    assert_eq!((rooms.figures().seats, rooms.figures().away), (1, 0));
}

#[test]
fn a_grace_that_ends_while_the_store_is_asked_ends_the_seat_once() {
    let (mut rooms, line, mut now) = late_rooms();
    connect(&mut rooms, "ann", now);
    let join = r#"{"roomId":"tea","capabilities":{"resume":true}}"#;
    ask(&mut rooms, "ann", 1, "join", join, now);
    line.pass_all();
    let joined = rooms.handle_timeout(now);
    let [Command::Answer(_, ServerEvent::Joined(joined))] = &joined[..] else {
        panic!("{joined:?}");
    };
    let token = joined.resume.clone().unwrap();
    rooms.disconnect(&"ann".into(), Parting::Lost, now);
    line.pass_all();

    // The wish is on its way when the time is over.
    connect(&mut rooms, "ann again", now);
    let join = json!({"roomId": "tea", "resume": token.reveal()}).to_string();
    ask(&mut rooms, "ann again", 1, "join", &join, now);
    now.monotonic += GRACE;
    assert_eq!(brief(rooms.handle_timeout(now)), [""; 0]);
    line.pass_all();
    assert_eq!(brief(rooms.handle_timeout(now)), ["ann again 1: joined"]);
    assert_eq!((rooms.figures().joins, rooms.figures().resumes), (2, 0));
    assert_eq!(rooms.take_ended().len(), 1);
    assert_eq!((rooms.figures().seats, rooms.poll_timeout()), (1, None));
}

#[test]
fn joins_that_are_not_answered_count_among_the_rooms_of_a_socket() {
    let (mut rooms, line, now) = late_rooms();
    connect(&mut rooms, "ann", now);
    let join = |number: u64| format!(r#"{{"roomId":"{number}"}}"#);
    for number in 1..=16 {
        assert_eq!(ask(&mut rooms, "ann", number, "join", &join(number), now), [""; 0]);
    }
    assert_eq!(ask(&mut rooms, "ann", 17, "join", &join(17), now), ["ann 17: refused"]);
    line.pass_all();
    rooms.handle_timeout(now);
    assert_eq!(rooms.seat_count(&"ann".into()), 16);
    assert_eq!(ask(&mut rooms, "ann", 18, "join", &join(17), now), ["ann 18: refused"]);
    ask(&mut rooms, "ann", 19, "leave", &join(1), now);
    line.pass_all();
    rooms.handle_timeout(now);
    assert_eq!(ask(&mut rooms, "ann", 20, "join", &join(17), now), [""; 0]);
}

/// A store that hears of an operation when its line is let through.
struct Late {
    memory: Rc<RefCell<Memory>>,
    line: Line,
}

#[derive(Clone)]
struct Line {
    memory: Rc<RefCell<Memory>>,
    waiting: Rc<RefCell<VecDeque<Operation>>>,
}

type Operation = Box<dyn FnOnce(&mut Memory)>;

impl Line {
    fn pass_all(&self) {
        self.pass(usize::MAX);
    }

    fn pass(&self, most: usize) {
        let count = self.waiting.borrow().len().min(most);
        for operation in self.waiting.borrow_mut().drain(..count) {
            operation(&mut self.memory.borrow_mut());
        }
    }

    fn add(&self, operation: impl FnOnce(&mut Memory) + 'static) {
        self.waiting.borrow_mut().push_back(Box::new(operation));
    }
}

impl Store for Late {
    fn join(&mut self, join: store::Join, now: Now) {
        self.line.add(move |memory| memory.join(join, now));
    }

    fn leave(&mut self, asker: Asker, room: RoomId, now: Now) {
        self.line.add(move |memory| memory.leave(asker, room, now));
    }

    fn relay(&mut self, asker: Asker, room: RoomId, data: Raw, keep: bool) {
        self.line.add(move |memory| memory.relay(asker, room, data, keep));
    }

    fn part(&mut self, socket: &SocketId, room: &RoomId, parting: Parting, now: Now) {
        let (socket, room) = (socket.clone(), room.clone());
        self.line.add(move |memory| memory.part(&socket, &room, parting, now));
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.memory.borrow().poll_timeout()
    }

    fn handle_timeout(&mut self, now: Now) {
        self.memory.borrow_mut().handle_timeout(now);
    }

    fn next_report(&mut self) -> Option<Report> {
        self.memory.borrow_mut().next_report()
    }

    fn count(&self) -> store::Count {
        self.memory.borrow().count()
    }
}

type LateRooms = Rooms<Box<dyn FnMut() -> u64>, Late>;

fn late_rooms() -> (LateRooms, Line, Now) {
    let memory = Rc::new(RefCell::new(Memory::new(GRACE, 1)));
    let line = Line { memory: memory.clone(), waiting: Rc::default() };
    let store = Late { memory, line: line.clone() };
    let now = Now { monotonic: Instant::now(), unix: 1000 };
    (Rooms::with_store(config(2), store, random(&Rc::default())), line, now)
}

fn connect(rooms: &mut LateRooms, socket: &str, now: Now) {
    let caller = Caller { host: None, address: IpAddr::from([192, 0, 2, 7]) };
    rooms.connect(socket.into(), caller, now).unwrap();
}

fn ask(
    rooms: &mut LateRooms,
    socket: &str,
    request: u64,
    event: &str,
    argument: &str,
    now: Now,
) -> Vec<String> {
    let argument = RawValue::from_string(argument.to_owned()).unwrap();
    let asker = Asker { socket: socket.into(), request };
    brief(rooms.request(asker, Request::parse(event, &[argument]), now))
}

fn brief(commands: Vec<Command>) -> Vec<String> {
    let brief = |command| match command {
        Command::Answer(Asker { socket, request }, event) => {
            format!("{} {request}: {}", socket.as_str(), event.name())
        }
        Command::Acknowledge(Asker { socket, request }, _) => {
            format!("{} {request}: acknowledged", socket.as_str())
        }
        Command::Tell(socket, event) => format!("{}: {}", socket.as_str(), event.name()),
    };
    commands.into_iter().map(brief).collect()
}
