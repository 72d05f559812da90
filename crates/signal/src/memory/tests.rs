use std::num::NonZeroUsize;

use serde_json::value::RawValue;

use super::*;
use crate::store::{Attempt, Sitter};

/// However a message stops being kept, nothing is left of it.
#[test]
fn nothing_is_remembered_of_who_keeps_nothing() {
    let now = Now { monotonic: Instant::now(), unix: 1000 };
    let room = || RoomId::try_from("tea".to_owned()).unwrap();
    let leave = |memory: &mut Memory| memory.leave(asker("ann"), room(), now);
    let lose = |memory: &mut Memory| memory.part(&"ann".into(), &room(), Parting::Lost, now);
    let close = |memory: &mut Memory| memory.part(&"ann".into(), &room(), Parting::Goodbye, now);
    let given = |memory: &mut Memory| memory.join(join("ben", room(), 2), now);
    let taken_over = |memory: &mut Memory| memory.join(join("ann2", room(), 1), now);
    let ends: [&dyn Fn(&mut Memory); 5] = [&leave, &lose, &close, &given, &taken_over];
    for (which, end) in ends.into_iter().enumerate() {
        let mut memory = Memory::new(Duration::from_secs(20), 1);
        memory.join(join("ann", room(), 1), now);
        let data = RawValue::from_string("1".to_owned()).unwrap();
        memory.relay(asker("ann"), room(), data.into(), true);
        assert_eq!(memory.keeping.len(), 1);
        end(&mut memory);
        assert_eq!(memory.keeping.len(), 0, "{which}");
    }
}

fn join(socket: &str, room: RoomId, client: u8) -> Join {
    Join {
        asker: asker(socket),
        room,
        size: NonZeroUsize::new(2).unwrap(),
        claim: None,
        attempt: Some(Attempt { client: [client; 16], n: 0 }),
        barred: None,
        name: SeatName(client.into()),
        takes_kept: true,
        sitter: Sitter { capabilities: None, can_resume: true, person: None },
    }
}

fn asker(socket: &str) -> Asker {
    Asker { socket: socket.into(), request: 1 }
}
