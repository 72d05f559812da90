//! Puts packets together from the messages that carry them: a text, and the attachments that it
//! announces.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::packet::{Content, InvalidPacket, Packet};
use crate::engine::Message;

/// A complete packet from a client.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// With its slash.
    pub(crate) namespace: Cow<'static, str>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Connect { auth: Option<Box<RawValue>> },
    Disconnect,
    Event { name: String, args: Vec<Box<RawValue>>, attachments: Vec<Bytes>, id: Option<u64> },
    Ack { args: Vec<Box<RawValue>>, attachments: Vec<Bytes>, id: u64 },
}

/// Takes a session's messages and gives back its packets.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    started: Option<Box<Started>>,
}

#[derive(Debug)]
struct Started {
    namespace: Cow<'static, str>,
    content: Content,
    announced: usize,
    attachments: Vec<Bytes>,
}

impl Assembler {
    /// Takes the next message; gives a packet once it is complete.
    pub(crate) fn add(&mut self, message: Message) -> Result<Option<Incoming>, InvalidPacket> {
        match (message, &mut self.started) {
            (Message::Text(text), None) => {
                let packet = Packet::parse(&text)?;
                let started = Started {
                    namespace: match packet.namespace {
                        "/" => Cow::Borrowed("/"),
                        other => Cow::Owned(other.to_owned()),
                    },
                    content: packet.content,
                    announced: packet.attachments,
                    attachments: Vec::new(),
                };
                if started.announced == 0 {
                    return started.complete().map(Some);
                }
                self.started = Some(Box::new(started));
                Ok(None)
            }
            (Message::Binary(bytes), Some(started)) => {
                started.attachments.push(bytes);
                if started.attachments.len() < started.announced {
                    return Ok(None);
                }
                self.started.take().map(|started| started.complete()).transpose()
            }
            (Message::Text(_), Some(_)) | (Message::Binary(_), None) => Err(InvalidPacket),
        }
    }
}

impl Started {
    fn complete(self) -> Result<Incoming, InvalidPacket> {
        let attachments = self.attachments;
        if !attachments.is_empty() {
            self.content.check_placeholders(attachments.len())?;
        }
        let kind = match self.content {
            Content::Connect { auth } => Kind::Connect { auth },
            Content::Disconnect => Kind::Disconnect,
            Content::Event { name, args, id } => Kind::Event { name, args, attachments, id },
            Content::Ack { args, id } => Kind::Ack { args, attachments, id },
        };
        Ok(Incoming { namespace: self.namespace, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.to_owned())
    }

    fn binary(bytes: &'static [u8]) -> Message {
        Message::Binary(Bytes::from_static(bytes))
    }

    #[test]
    fn attachments_follow_their_packet() {
        let mut assembler = Assembler::default();
        assert!(assembler.add(text("52-[\"a\"]")).unwrap().is_none());
        assert!(assembler.add(binary(b"one")).unwrap().is_none());
        let incoming = assembler.add(binary(b"two")).unwrap().unwrap();
        let Kind::Event { name, attachments, .. } = incoming.kind else { panic!("an event") };
        assert_eq!((name.as_str(), attachments), ("a", vec!["one".into(), "two".into()]));
        assert!(assembler.add(text("2[\"b\"]")).unwrap().is_some());
    }

    #[test]
    fn placeholders_name_attachments_that_are_there() {
        for (args, valid) in [
            (r#"{"_placeholder":true,"num":0}"#, true),
            (r#"[{"a":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":1}]"#, true),
            (r#"{"_placeholder":false,"num":7}"#, true),
            ("1", true),
            (r#"{"_placeholder":true,"num":2}"#, false),
            (r#"{"_placeholder":true,"num":-1}"#, false),
            (r#"{"_placeholder":true,"num":"0"}"#, false),
            (r#"[0,{"a":{"_placeholder":true}}]"#, false),
        ] {
            for packet in [format!("52-[\"a\",{args}]"), format!("62-7[{args}]")] {
                let mut assembler = Assembler::default();
                assert!(assembler.add(text(&packet)).unwrap().is_none());
                assert!(assembler.add(binary(b"one")).unwrap().is_none());
                assert_eq!(assembler.add(binary(b"two")).is_ok(), valid, "{packet}");
            }
        }
    }

    #[test]
    fn messages_out_of_place_are_refused() {
        let mut assembler = Assembler::default();
        assert!(assembler.add(binary(b"one")).is_err());
        assert!(assembler.add(text("51-[\"a\"]")).unwrap().is_none());
        assert!(assembler.add(text("2[\"b\"]")).is_err());
    }
}
