//! A call: two people sit down in a room, exchange an offer, an answer and ten candidates each, and leave.

use crate::{
    Failed,
    websocket::{TEXT, write_frame},
};

/// How long an offer and an answer are, in bytes of JSON.
const DESCRIPTION_BYTES: usize = 2048;

/// How many candidates each side sends.
const CANDIDATES: usize = 10;

/// One of the two: the first to come makes the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one who is there first.
    First,
    /// The one who comes then.
    Second,
}

impl Side {
    pub(crate) fn other(self) -> Side {
        match self {
            Side::First => Side::Second,
            Side::Second => Side::First,
        }
    }
}

/// What one side sends in a call, as frames, and what the other must hear of it.
#[derive(Debug)]
struct Lines {
    join: Vec<u8>,
    /// The description, then the candidates.
    messages: Vec<Vec<u8>>,
    leave: Vec<u8>,
    /// What the other side hears of each message.
    heard: Vec<Vec<u8>>,
}

/// Everything that is said in the calls of one room, made once.
#[derive(Debug)]
pub(crate) struct Script {
    first: Lines,
    second: Lines,
}

/// What a side does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Sits down.
    Join,
    /// Sends the description.
    Describe,
    /// Sends the description and all candidates.
    DescribeAll,
    /// Sends all candidates.
    Trickle,
    /// Leaves.
    Leave,
}

impl Act {
    /// Whether its frames are messages, which the other side hears.
    pub(crate) fn is_message(self) -> bool {
        matches!(self, Act::Describe | Act::DescribeAll | Act::Trickle)
    }
}

/// The meaning of what a side heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// What the call needs next.
    pub(crate) next: Next,
    /// Whether it was a message of the other side's.
    pub(crate) relayed: bool,
}

/// What a call needs next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// To hear more.
    Wait,
    /// That this side does this.
    Do(Side, Act),
    /// Nothing: both have left.
    Done,
}

/// How far a call is.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// Messages that each side has heard.
    heard: [usize; 2],
    /// Whether the first has left, and whether the second has heard of it.
    left: bool,
    bye: bool,
}

impl Script {
    /// The calls of the room `room`.
    pub(crate) fn new(room: &str) -> Script {
        Script { first: Lines::new(room, "offer"), second: Lines::new(room, "answer") }
    }

    /// The frames of an act, each to be sent by itself.
    pub(crate) fn frames(&self, side: Side, act: Act) -> &[Vec<u8>] {
        let lines = self.lines(side);
        match act {
            Act::Join => std::slice::from_ref(&lines.join),
            Act::Describe => lines.messages.get(..1).unwrap_or_default(),
            Act::DescribeAll => &lines.messages,
            Act::Trickle => lines.messages.get(1..).unwrap_or_default(),
            Act::Leave => std::slice::from_ref(&lines.leave),
        }
    }

    fn lines(&self, side: Side) -> &Lines {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }
}

impl Lines {
    fn new(room: &str, kind: &str) -> Lines {
        let mut lines = Lines {
            join: event("join", &format!(r#"{{"roomId":"{room}"}}"#)),
            leave: event("leave", &format!(r#"{{"roomId":"{room}"}}"#)),
            messages: Vec::new(),
            heard: Vec::new(),
        };
        for data in std::iter::once(description(kind)).chain((0..CANDIDATES).map(candidate)) {
            lines.heard.push(format!(r#"42["message",{data}]"#).into_bytes());
            lines
                .messages
                .push(event("message", &format!(r#"{{"roomId":"{room}","data":{data}}}"#)));
        }
        lines
    }
}

/// The frame of an event with one argument.
fn event(name: &str, argument: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(&mut frame, TEXT, format!(r#"42["{name}",{argument}]"#).as_bytes());
    frame
}

/// An offer or an answer: lines as a browser writes them, up to the usual length.
fn description(kind: &str) -> String {
    let head = format!(r#"{{"type":"{kind}","value":{{"type":"{kind}","sdp":""#);
    let tail = r#""}}"#;
    let mut json = head + r"v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    for payload in 96.. {
        let line = format!(r"a=rtpmap:{payload} VP8/90000\r\na=rtcp-fb:{payload} transport-cc\r\n");
        if json.len() + line.len() + tail.len() > DESCRIPTION_BYTES {
            break;
        }
        json += &line;
    }
    let rest = DESCRIPTION_BYTES - json.len() - tail.len();
    json + &"x".repeat(rest) + tail
}

/// The number makes each distinct, so that a wrong order shows.
fn candidate(number: usize) -> String {
    format!(
        r#"{{"type":"candidate","value":{{"candidate":"candidate:842163{number} 1 udp 1677729535 198.51.100.7 {} typ srflx raddr 192.168.1.7 rport 51472 generation 0 ufrag 9uXo network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"9uXo"}}}}"#,
        50_000 + number
    )
}

impl Call {
    /// Takes what a side heard. The call begins when the first side joins.
    ///
    /// # Errors
    /// If it is not what a right server sends then.
    pub(crate) fn hear(
        &mut self,
        script: &Script,
        side: Side,
        text: &[u8],
    ) -> Result<Heard, Failed> {
        let name = text
            .strip_prefix(br#"42[""#)
            .and_then(|rest| rest.split(|&byte| byte == b'"').next())
            .unwrap_or_default();
        let next = match (name, side) {
            (b"message", _) => {
                return Ok(Heard { next: self.message(script, side, text)?, relayed: true });
            }
            (b"joined", Side::First) => Next::Do(Side::Second, Act::Join),
            (b"joined", Side::Second) => Next::Wait,
            (b"otherjoined", Side::First) => Next::Do(Side::First, Act::Describe),
            (b"leaved", Side::First) => {
                self.left = true;
                self.after_leaving()
            }
            (b"bye", Side::Second) => {
                self.bye = true;
                self.after_leaving()
            }
            (b"leaved", Side::Second) => Next::Done,
            _ => return Err(unexpected(text)),
        };
        Ok(Heard { next, relayed: false })
    }

    fn message(&mut self, script: &Script, side: Side, text: &[u8]) -> Result<Next, Failed> {
        let count = &mut self.heard[side as usize];
        let due = script.lines(side.other()).heard.get(*count);
        if due.is_none_or(|due| due != text) {
            return Err(unexpected(text));
        }
        *count += 1;
        let all = 1 + CANDIDATES;
        Ok(match (side, *count) {
            (Side::Second, 1) => Next::Do(Side::Second, Act::DescribeAll),
            (Side::First, 1) => Next::Do(Side::First, Act::Trickle),
            _ if self.heard == [all, all] => Next::Do(Side::First, Act::Leave),
            _ => Next::Wait,
        })
    }

    fn after_leaving(&self) -> Next {
        if self.left && self.bye { Next::Do(Side::Second, Act::Leave) } else { Next::Wait }
    }
}

fn unexpected(text: &[u8]) -> Failed {
    Failed::Answer(String::from_utf8_lossy(text).chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_the_length_that_is_promised() {
        assert_eq!(description("offer").len(), DESCRIPTION_BYTES);
        assert_eq!(description("answer").len(), DESCRIPTION_BYTES);
    }

    #[test]
    fn a_call_goes_from_join_to_leave() {
        use Side::{First, Second};
        let script = Script::new("tea");
        let mut call = Call::default();
        let mut hear = |side, text: &str| call.hear(&script, side, text.as_bytes()).unwrap().next;
        assert_eq!(hear(First, r#"42["joined",{"userNum":1}]"#), Next::Do(Second, Act::Join));
        assert_eq!(hear(Second, r#"42["joined",{"userNum":2}]"#), Next::Wait);
        assert_eq!(hear(First, r#"42["otherjoined",{}]"#), Next::Do(First, Act::Describe));
        let offer = format!(r#"42["message",{}]"#, description("offer"));
        assert_eq!(hear(Second, &offer), Next::Do(Second, Act::DescribeAll));
        let answer = format!(r#"42["message",{}]"#, description("answer"));
        assert_eq!(hear(First, &answer), Next::Do(First, Act::Trickle));
        for number in 0..CANDIDATES {
            let candidate = format!(r#"42["message",{}]"#, candidate(number));
            assert_eq!(hear(First, &candidate), Next::Wait);
            let last = number + 1 == CANDIDATES;
            let next = if last { Next::Do(First, Act::Leave) } else { Next::Wait };
            assert_eq!(hear(Second, &candidate), next);
        }
        assert_eq!(hear(Second, r#"42["bye",{}]"#), Next::Wait);
        assert_eq!(hear(First, r#"42["leaved",{}]"#), Next::Do(Second, Act::Leave));
        assert_eq!(hear(Second, r#"42["leaved",{}]"#), Next::Done);
    }

    #[test]
    fn what_is_lost_changed_or_out_of_order_is_an_error() {
        let script = Script::new("tea");
        let offer = format!(r#"42["message",{}]"#, description("offer"));
        let changed = offer.replace("VP8", "VP9");
        let early = format!(r#"42["message",{}]"#, candidate(0));
        for text in [&changed, &early, r#"42["refused",{}]"#, r#"42["bye",{}]"#, "", "41"] {
            let mut call = Call::default();
            assert!(call.hear(&script, Side::First, text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_frames_of_an_act_are_those_of_its_messages() {
        let script = Script::new("tea");
        for (act, count) in [
            (Act::Join, 1),
            (Act::Describe, 1),
            (Act::DescribeAll, 1 + CANDIDATES),
            (Act::Trickle, CANDIDATES),
            (Act::Leave, 1),
        ] {
            assert_eq!(script.frames(Side::Second, act).len(), count);
        }
    }
}
