//! Socket.IO packets as text: `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`.
//!
//! <https://socket.io/docs/v4/socket-io-protocol/#packet-encoding>

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
    ser,
};
use serde_json::{Value, value::RawValue};

use crate::engine::Message;

/// The most attachments that one packet may have, as in the reference.
const MAX_ATTACHMENTS: usize = 10;

/// Names that a client cannot send, since its own library uses them.
const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// The message is not a packet, or not one that may come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Socket.IO packet")]
pub(crate) struct InvalidPacket;

/// A packet's text, taken apart.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) content: Content,
    /// How many binary messages follow.
    pub(crate) attachments: usize,
}

#[derive(Debug)]
pub(crate) enum Content {
    Connect { auth: Option<Box<RawValue>> },
    Disconnect,
    Event { name: String, args: Vec<Box<RawValue>>, id: Option<u64> },
    Ack { args: Vec<Box<RawValue>>, id: u64 },
}

impl Content {
    /// Whether each placeholder names one of so many attachments; another client could not read the
    /// packet otherwise.
    pub(crate) fn check_placeholders(&self, attachments: usize) -> Result<(), InvalidPacket> {
        let (Self::Event { args, .. } | Self::Ack { args, .. }) = self else {
            return Ok(());
        };
        let valid = args.iter().all(|arg| {
            serde_json::from_str(arg.get()).is_ok_and(|value| has_attachments(&value, attachments))
        });
        if valid { Ok(()) } else { Err(InvalidPacket) }
    }
}

fn has_attachments(value: &Value, attachments: usize) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| has_attachments(value, attachments)),
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let place = fields.get("num").and_then(Value::as_u64);
            place.is_some_and(|place| usize::try_from(place).is_ok_and(|place| place < attachments))
        }
        Value::Object(fields) => fields.values().all(|value| has_attachments(value, attachments)),
        _ => true,
    }
}

impl<'a> Packet<'a> {
    /// Reads the text of a packet that a client may send.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidPacket> {
        let kind = *text.as_bytes().first().ok_or(InvalidPacket)?;
        let rest = text.get(1..).ok_or(InvalidPacket)?;
        let (attachments, rest) = match kind {
            b'5' | b'6' => attachments(rest)?,
            _ => (0, rest),
        };
        let (namespace, rest) = namespace(rest);
        let (id, json) = ack_id(rest)?;
        let content = match kind {
            b'0' => Content::Connect { auth: auth(json)? },
            b'1' if json.is_empty() => Content::Disconnect,
            b'2' | b'5' => {
                let Event { name, args } = event(json)?;
                Content::Event { name, args, id }
            }
            b'3' | b'6' => Content::Ack { args: array(json)?, id: id.ok_or(InvalidPacket)? },
            _ => return Err(InvalidPacket),
        };
        Ok(Self { namespace, content, attachments })
    }
}

fn attachments(text: &str) -> Result<(usize, &str), InvalidPacket> {
    let (count, rest) = text.split_once('-').ok_or(InvalidPacket)?;
    let count = count.parse().map_err(|_| InvalidPacket)?;
    if (1..=MAX_ATTACHMENTS).contains(&count) { Ok((count, rest)) } else { Err(InvalidPacket) }
}

fn namespace(text: &str) -> (&str, &str) {
    if text.starts_with('/') { text.split_once(',').unwrap_or((text, "")) } else { ("/", text) }
}

fn ack_id(text: &str) -> Result<(Option<u64>, &str), InvalidPacket> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (id, json) = text.split_at(digits);
    if id.is_empty() {
        return Ok((None, json));
    }
    Ok((Some(id.parse().map_err(|_| InvalidPacket)?), json))
}

fn auth(json: &str) -> Result<Option<Box<RawValue>>, InvalidPacket> {
    if json.is_empty() {
        return Ok(None);
    }
    let auth: Box<RawValue> = serde_json::from_str(json).map_err(|_| InvalidPacket)?;
    if auth.get().starts_with('{') { Ok(Some(auth)) } else { Err(InvalidPacket) }
}

fn array(json: &str) -> Result<Vec<Box<RawValue>>, InvalidPacket> {
    serde_json::from_str(json).map_err(|_| InvalidPacket)
}

/// The name of an event and its arguments, which are one array.
struct Event {
    name: String,
    args: Vec<Box<RawValue>>,
}

fn event(json: &str) -> Result<Event, InvalidPacket> {
    serde_json::from_str(json).map_err(|_| InvalidPacket)
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array that begins with a name")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Event, A::Error> {
        let name: &RawValue =
            array.next_element()?.ok_or_else(|| de::Error::custom("the name is missing"))?;
        let name = event_name(name.get()).map_err(de::Error::custom)?;
        let mut args = Vec::new();
        while let Some(arg) = array.next_element()? {
            args.push(arg);
        }
        Ok(Event { name, args })
    }
}

/// A name is a string, or a number for the clients that like it short.
fn event_name(json: &str) -> Result<String, InvalidPacket> {
    match json.as_bytes().first() {
        Some(b'"') => {
            let name: String = serde_json::from_str(json).map_err(|_| InvalidPacket)?;
            if RESERVED_EVENTS.contains(&name.as_str()) { Err(InvalidPacket) } else { Ok(name) }
        }
        Some(b'-' | b'0'..=b'9') => Ok(json.to_owned()),
        _ => Err(InvalidPacket),
    }
}

/// A packet with nothing but a JSON object, or without content at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Disconnect,
    ConnectError,
}

/// The answer to a client that may connect.
pub(crate) fn encode_connect(namespace: &str, socket_id: &str) -> Message {
    // The id is made of letters, digits, '-' and '_': nothing in it needs an escape.
    let json = format!("{{\"sid\":\"{socket_id}\"}}");
    let mut text = String::with_capacity(namespace.len() + json.len() + 2);
    push_header(&mut text, '0', 0, namespace, None);
    text.push_str(&json);
    Message::Text(text)
}

/// A packet that ends, or refuses, a connection to a namespace; `json` is empty or an object.
pub(crate) fn encode_control(control: Control, namespace: &str, json: &str) -> Message {
    let kind = match control {
        Control::Disconnect => '1',
        Control::ConnectError => '4',
    };
    let mut text = String::with_capacity(namespace.len() + json.len() + 2);
    push_header(&mut text, kind, 0, namespace, None);
    text.push_str(json);
    Message::Text(text)
}

/// What an [`Encoder`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind<'a> {
    /// An event by this name, which the client acknowledges by the id.
    Event { name: &'a str, id: Option<u64> },
    /// The acknowledgement of the event with this id.
    Ack { id: u64 },
}

/// Writes the text of an event or an acknowledgement, argument by argument.
#[derive(Debug)]
pub(crate) struct Encoder {
    text: Vec<u8>,
    /// Whether a comma must stand before the next element.
    filled: bool,
}

impl Encoder {
    /// Begins a packet that so many attachments will follow; `length` is about how long its arguments
    /// are.
    pub(crate) fn new(
        kind: EventKind<'_>,
        namespace: &str,
        attachments: usize,
        length: usize,
    ) -> Self {
        let (digit, id, name) = match kind {
            EventKind::Event { name, id } => {
                (if attachments == 0 { '2' } else { '5' }, id, Some(name))
            }
            EventKind::Ack { id } => (if attachments == 0 { '3' } else { '6' }, Some(id), None),
        };
        let room = namespace.len() + name.map_or(0, str::len) + length + 32;
        let mut text = String::with_capacity(room);
        push_header(&mut text, digit, attachments, namespace, id);
        text.push('[');
        let mut encoder = Self { text: text.into_bytes(), filled: false };
        if let Some(name) = name {
            // A text can always be written.
            let _ = encoder.push(name);
        }
        encoder
    }

    /// Adds an argument.
    pub(crate) fn push<T: Serialize + ?Sized>(&mut self, arg: &T) -> serde_json::Result<()> {
        self.separate();
        serde_json::to_writer(&mut self.text, arg)
    }

    /// Adds an argument that is JSON already.
    pub(crate) fn push_raw(&mut self, arg: &RawValue) {
        self.separate();
        self.text.extend_from_slice(arg.get().as_bytes());
    }

    /// The message; its attachments come right behind it.
    pub(crate) fn finish(mut self) -> serde_json::Result<Message> {
        self.text.push(b']');
        String::from_utf8(self.text).map(Message::Text).map_err(ser::Error::custom)
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.filled, true) {
            self.text.push(b',');
        }
    }
}

fn push_header(
    text: &mut String,
    kind: char,
    attachments: usize,
    namespace: &str,
    id: Option<u64>,
) {
    text.push(kind);
    if attachments > 0 {
        text.push_str(&attachments.to_string());
        text.push('-');
    }
    if namespace != "/" {
        text.push_str(namespace);
        text.push(',');
    }
    if let Some(id) = id {
        text.push_str(&id.to_string());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_of_the_specification_are_read() {
        let cases = [
            ("0", "/ connect -"),
            ("0{\"token\":\"123\"}", "/ connect {\"token\":\"123\"}"),
            ("0/admin,", "/admin connect -"),
            ("0/admin", "/admin connect -"),
            ("0/admin,{\"a\": 1}", "/admin connect {\"a\": 1}"),
            ("1", "/ disconnect"),
            ("1/admin,", "/admin disconnect"),
            ("2[\"foo\"]", "/ event foo [] -"),
            ("2[\"foo\",1, {\"b\" :2,\"a\":1}]", "/ event foo [1|{\"b\" :2,\"a\":1}] -"),
            ("2/admin,[\"bar\"]", "/admin event bar [] -"),
            ("212[\"foo\"]", "/ event foo [] 12"),
            ("2/admin,456[\"a\",\"b\"]", "/admin event a [\"b\"] 456"),
            ("2[7,true]", "/ event 7 [true] -"),
            ("2[\"a\\\"b\"]", "/ event a\"b [] -"),
            ("3/admin,456[]", "/admin ack 456 []"),
            ("312[\"bar\"]", "/ ack 12 [\"bar\"]"),
            (
                "51-[\"baz\",{\"_placeholder\":true,\"num\":0}]",
                "/ event baz [{\"_placeholder\":true,\"num\":0}] - +1",
            ),
            ("52-/admin,9[\"baz\"]", "/admin event baz [] 9 +2"),
            ("61-/admin,456[null]", "/admin ack 456 [null] +1"),
        ];
        for (text, expected) in cases {
            assert_eq!(describe(&Packet::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            "",
            "7",
            "a",
            "€",
            "4{}",
            "0[]",
            "0null",
            "0\"a\"",
            "0{",
            "1{}",
            "1[]",
            "2",
            "2{}",
            "2[]",
            "2[{}]",
            "2[\"a\"",
            "2[\"a\"]x",
            "2[\"connect\"]",
            "2[\"disconnecting\"]",
            "2abc[\"a\"]",
            "299999999999999999999[\"a\"]",
            "3[]",
            "3",
            "31{}",
            "5[\"a\"]",
            "50-[\"a\"]",
            "5-1-[\"a\"]",
            "511-[\"a\"]",
            "5a-[\"a\"]",
            "61-[]",
        ];
        for text in cases {
            assert!(Packet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn packets_of_the_specification_are_written() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let cases = [
            (encode_connect("/", "a-b"), "0{\"sid\":\"a-b\"}"),
            (encode_connect("/admin", "a"), "0/admin,{\"sid\":\"a\"}"),
            (encode_control(Control::Disconnect, "/", ""), "1"),
            (encode_control(Control::Disconnect, "/admin", ""), "1/admin,"),
            (
                encode_control(Control::ConnectError, "/x", "{\"message\":\"no\"}"),
                "4/x,{\"message\":\"no\"}",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(message, Message::Text(expected.into()));
        }
        let event = |name, id| EventKind::Event { name, id };
        let cases = [
            (encode(event("a\"b", None), "/", 0, &[]), "2[\"a\\\"b\"]"),
            (encode(event("a", Some(3)), "/n", 0, &[raw("1"), raw("{ }")]), "2/n,3[\"a\",1,{ }]"),
            (encode(EventKind::Ack { id: 0 }, "/", 0, &[]), "30[]"),
            (encode(EventKind::Ack { id: 4 }, "/", 0, &[raw("1"), raw("2")]), "34[1,2]"),
            (encode(event("a", None), "/", 1, &[raw("null")]), "51-[\"a\",null]"),
            (encode(EventKind::Ack { id: 5 }, "/n", 2, &[raw("1")]), "62-/n,5[1]"),
        ];
        for (text, expected) in cases {
            assert_eq!(text, expected);
        }
        let mut encoder = Encoder::new(event("a", None), "/", 0, 0);
        encoder.push(&vec!["€"]).unwrap();
        encoder.push(&None::<()>).unwrap();
        assert_eq!(encoder.finish().unwrap(), Message::Text("2[\"a\",[\"€\"],null]".into()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-6]?([0-9]-)?(/[a-z]*,)?[0-9]{0,3}\\PC*") {
            let _ = Packet::parse(&text);
        }

        #[test]
        fn events_survive_the_round_trip(
            name in "\\PC*",
            namespace in "/[a-z]{0,8}",
            id in proptest::option::of(any::<u64>()),
            args in prop::collection::vec("\\PC*", 0..4),
        ) {
            prop_assume!(!RESERVED_EVENTS.contains(&name.as_str()));
            let args: Vec<_> = args
                .iter()
                .map(|arg| serde_json::value::to_raw_value(arg).unwrap())
                .collect();
            let kind = EventKind::Event { name: &name, id };
            let text = encode(kind, &namespace, 0, &args);
            let packet = Packet::parse(&text).unwrap();
            prop_assert_eq!(packet.namespace, &namespace);
            let Content::Event { name: read_name, args: read_args, id: read_id } = packet.content
            else { panic!("an event") };
            prop_assert_eq!(read_name, name);
            prop_assert_eq!(read_id, id);
            let texts = |args: &[Box<RawValue>]| {
                args.iter().map(|arg| arg.get().to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(texts(&read_args), texts(&args));
        }
    }

    fn encode(
        kind: EventKind<'_>,
        namespace: &str,
        attachments: usize,
        args: &[Box<RawValue>],
    ) -> String {
        let mut encoder = Encoder::new(kind, namespace, attachments, 0);
        args.iter().for_each(|arg| encoder.push_raw(arg));
        match encoder.finish().unwrap() {
            Message::Text(text) => text,
            Message::Binary(_) => panic!("not a text"),
        }
    }

    fn describe(packet: &Packet<'_>) -> String {
        let list = |args: &[Box<RawValue>]| {
            let args: Vec<_> = args.iter().map(|arg| arg.get()).collect();
            format!("[{}]", args.join("|"))
        };
        let mut text = match &packet.content {
            Content::Connect { auth } => {
                format!("connect {}", auth.as_ref().map_or("-", |auth| auth.get()))
            }
            Content::Disconnect => "disconnect".to_owned(),
            Content::Event { name, args, id } => {
                let id = id.map_or("-".to_owned(), |id| id.to_string());
                format!("event {name} {} {id}", list(args))
            }
            Content::Ack { args, id } => format!("ack {id} {}", list(args)),
        };
        if packet.attachments > 0 {
            text += &format!(" +{}", packet.attachments);
        }
        format!("{} {text}", packet.namespace)
    }
}
