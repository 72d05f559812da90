//! The body of a poll or a POST: packets as text, with the character 0x1E between them.
//!
//! <https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1>

use super::packet::{InvalidPacket, Packet};

const SEPARATOR: char = '\u{1e}';

/// Writes packets as one body.
pub(crate) fn encode(packets: &[Packet]) -> String {
    let mut body = String::new();
    for (n, packet) in packets.iter().enumerate() {
        if n > 0 {
            body.push(SEPARATOR);
        }
        packet.write_text(&mut body);
    }
    body
}

/// Reads the packets of a body, one by one, so that those before an invalid one still count.
pub(crate) fn decode(body: &str) -> impl Iterator<Item = Result<Packet, InvalidPacket>> {
    body.split(SEPARATOR).map(Packet::from_text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::packet::{Message, any_packet};

    #[test]
    fn the_example_of_the_specification() {
        let packets = vec![
            Packet::Message(Message::Text("hello".into())),
            Packet::Ping(String::new()),
            Packet::Message(Message::Text("world".into())),
        ];
        assert_eq!(encode(&packets), "4hello\u{1e}2\u{1e}4world");
        assert_eq!(decode("4hello\u{1e}2\u{1e}4world").collect::<Result<Vec<_>, _>>(), Ok(packets));
    }

    #[test]
    fn packets_before_an_invalid_one_are_read() {
        let read: Vec<_> = decode("6\u{1e}x").collect();
        assert_eq!(read, [Ok(Packet::Noop), Err(InvalidPacket)]);
    }

    #[test]
    fn an_empty_body_is_invalid() {
        assert_eq!(decode("").collect::<Vec<_>>(), [Err(InvalidPacket)]);
    }

    proptest! {
        #[test]
        fn round_trip(packets in prop::collection::vec(any_packet(), 1..8)) {
            prop_assert_eq!(decode(&encode(&packets)).collect::<Result<Vec<_>, _>>(), Ok(packets));
        }
    }
}
