//! Engine.IO v4 packets and their encodings, one at a time: as text (long polling, and text frames of a
//! WebSocket) and as WebSocket frames.
//!
//! <https://socket.io/docs/v4/engine-io-protocol/#protocol>

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;

/// What an application sends and receives: text, or bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The length of the content in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One packet of either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// The server's handshake, as JSON.
    Open(String),
    /// The end of the session.
    Close,
    /// A heartbeat (empty), or the probe of an upgrade.
    Ping(String),
    /// The answer to a ping, with the same content.
    Pong(String),
    /// A message of the application.
    Message(Message),
    /// The client's last word on an upgrade: the WebSocket is the transport from here on.
    Upgrade,
    /// Nothing; ends a waiting poll.
    Noop,
}

/// The text is not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Engine.IO packet")]
pub(crate) struct InvalidPacket;

/// A packet as a WebSocket carries it: bytes travel as they are, and all else as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The digit of the packet's kind, and what stands behind it.
    Text(u8, &'a str),
    Binary(&'a [u8]),
}

/// Browsers pad base64, other clients may not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Packet {
    /// Reads a packet from text.
    pub(crate) fn from_text(text: &str) -> Result<Self, InvalidPacket> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(InvalidPacket)?;
        let content = rest.as_str();
        Ok(match kind {
            '0' => Self::Open(content.to_owned()),
            '1' => Self::Close,
            '2' => Self::Ping(content.to_owned()),
            '3' => Self::Pong(content.to_owned()),
            '4' => Self::Message(Message::Text(content.to_owned())),
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            'b' => {
                let bytes = BASE64.decode(content).map_err(|_| InvalidPacket)?;
                Self::Message(Message::Binary(bytes.into()))
            }
            _ => return Err(InvalidPacket),
        })
    }

    /// The packet as a WebSocket frame.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match self {
            Self::Open(content) => Frame::Text(b'0', content),
            Self::Close => Frame::Text(b'1', ""),
            Self::Ping(content) => Frame::Text(b'2', content),
            Self::Pong(content) => Frame::Text(b'3', content),
            Self::Message(Message::Text(content)) => Frame::Text(b'4', content),
            Self::Message(Message::Binary(bytes)) => Frame::Binary(bytes),
            Self::Upgrade => Frame::Text(b'5', ""),
            Self::Noop => Frame::Text(b'6', ""),
        }
    }

    /// Appends the packet as text; bytes are written as base64 after a `b`.
    pub(crate) fn write_text(&self, text: &mut String) {
        match self.frame() {
            Frame::Text(kind, content) => {
                text.reserve(1 + content.len());
                text.push(kind.into());
                text.push_str(content);
            }
            Frame::Binary(bytes) => {
                text.push('b');
                BASE64.encode_string(bytes, text);
            }
        }
    }

    /// The packet's name in the specification, for the logs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Close => "close",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Message(_) => "message",
            Self::Upgrade => "upgrade",
            Self::Noop => "noop",
        }
    }

    /// The length of the content in bytes, for the bound on what may wait for a client.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Open(text) | Self::Ping(text) | Self::Pong(text) => text.len(),
            Self::Message(message) => message.len(),
            Self::Close | Self::Upgrade | Self::Noop => 0,
        }
    }
}

#[cfg(test)]
pub(crate) use tests::any_packet;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_forms_of_the_specification() {
        let cases = [
            ("0{\"sid\":\"a\"}", Packet::Open("{\"sid\":\"a\"}".into())),
            ("1", Packet::Close),
            ("2", Packet::Ping(String::new())),
            ("2probe", Packet::Ping("probe".into())),
            ("3probe", Packet::Pong("probe".into())),
            ("4hello", Packet::Message(Message::Text("hello".into()))),
            ("4€", Packet::Message(Message::Text("€".into()))),
            ("bAQIDBA==", Packet::Message(Message::Binary(Bytes::from_static(&[1, 2, 3, 4])))),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
        ];
        for (text, packet) in cases {
            assert_eq!(Packet::from_text(text), Ok(packet.clone()), "{text}");
            assert_eq!(text_of(&packet), text);
        }
    }

    #[test]
    fn base64_without_padding_is_read() {
        let packet = Packet::from_text("bAQIDBA");
        assert_eq!(packet, Ok(Packet::Message(Message::Binary(Bytes::from_static(&[1, 2, 3, 4])))));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "7", "abc", "€", "b!", "b€"] {
            assert_eq!(Packet::from_text(text), Err(InvalidPacket), "{text}");
        }
    }

    #[test]
    fn bytes_are_binary_frames_and_all_else_is_text() {
        let bytes = Bytes::from_static(b"\x00\xff");
        let binary = Packet::Message(Message::Binary(bytes.clone()));
        assert_eq!(binary.frame(), Frame::Binary(&bytes));
        assert_eq!(Packet::Noop.frame(), Frame::Text(b'6', ""));
    }

    proptest! {
        #[test]
        fn text_round_trip(packet in any_packet()) {
            prop_assert_eq!(Packet::from_text(&text_of(&packet)), Ok(packet));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Packet::from_text(&text);
        }
    }

    fn text_of(packet: &Packet) -> String {
        let mut text = String::new();
        packet.write_text(&mut text);
        text
    }

    pub(crate) fn any_packet() -> impl Strategy<Value = Packet> {
        let text = "[^\u{1e}]*";
        prop_oneof![
            text.prop_map(Packet::Open),
            Just(Packet::Close),
            text.prop_map(Packet::Ping),
            text.prop_map(Packet::Pong),
            text.prop_map(|text| Packet::Message(Message::Text(text))),
            any::<Vec<u8>>().prop_map(|bytes| Packet::Message(Message::Binary(bytes.into()))),
            Just(Packet::Upgrade),
            Just(Packet::Noop),
        ]
    }
}
