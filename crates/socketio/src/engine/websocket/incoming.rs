//! Where the frames of a client end. Pure.

use std::io::Cursor;

use tungstenite::protocol::frame::{FrameHeader, coding::OpCode};

/// The longest header of a frame, in bytes.
const MAX_HEADER: usize = 14;

/// Follows the frames of a client from end to end, to know when none has begun.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// How much of the last frame has not come yet.
    remaining: usize,
    /// Whether the last message has more frames.
    unfinished: bool,
}

impl Incoming {
    /// How many bytes at the front of `input` are of one frame; they count as taken. None, if not even
    /// the frame's header is complete.
    pub(crate) fn next(&mut self, input: &[u8]) -> usize {
        if self.remaining == 0 {
            self.remaining = self.begin(input);
        }
        let taken = self.remaining.min(input.len());
        self.remaining -= taken;
        taken
    }

    /// Whether the last message is complete, and nothing has come of another.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.remaining == 0 && !self.unfinished
    }

    /// The length of the frame at the front of `input`, with its header.
    fn begin(&mut self, input: &[u8]) -> usize {
        let front = input.get(..MAX_HEADER).unwrap_or(input);
        let mut cursor = Cursor::new(front);
        match FrameHeader::parse(&mut cursor) {
            Ok(None) => 0,
            Ok(Some((header, length))) => {
                // Control frames may stand between those of a message.
                if let OpCode::Data(_) = header.opcode {
                    self.unfinished = !header.is_final;
                }
                let header = usize::try_from(cursor.position()).unwrap_or(MAX_HEADER);
                usize::try_from(length).unwrap_or(usize::MAX).saturating_add(header)
            }
            // Not to be followed; whoever reads it complains.
            Err(_) => usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_is_waited_for() {
        let mut incoming = Incoming::default();
        for length in 0..8 {
            assert_eq!(incoming.next(&frame(0x82, 300)[..length]), 0);
            assert!(incoming.is_between_messages());
        }
        assert_eq!(incoming.next(&frame(0x82, 300)[..8]), 8);
        assert!(!incoming.is_between_messages());
        assert_eq!(incoming.next(&[0; 500]), 300);
        assert!(incoming.is_between_messages());
    }

    #[test]
    fn what_is_no_frame_is_taken_whole() {
        assert_eq!(Incoming::default().next(&[0x83, 0x80, 1, 2, 3, 4, 5]), 7);
    }

    #[test]
    fn a_message_ends_with_its_last_frame() {
        let mut incoming = Incoming::default();
        let mut take = |first: u8| {
            let bytes = frame(first, 10);
            assert_eq!(incoming.next(&bytes), bytes.len());
            incoming.is_between_messages()
        };
        // A text in three frames, a ping within, and a binary message.
        let ended: Vec<_> = [0x01, 0x00, 0x89, 0x80, 0x8a, 0x82].map(&mut take).into();
        assert_eq!(ended, [false, false, false, true, true, true]);
    }

    proptest! {
        #[test]
        fn frames_end_where_they_end_however_they_are_cut(
            lengths in prop::collection::vec(0_usize..70_000, 1..6),
            cuts in prop::collection::vec(1_usize..20_000, 1..20),
        ) {
            let frames: Vec<_> = lengths.iter().map(|length| frame(0x82, *length)).collect();
            let mut ends = frames.iter().scan(0, |end, frame| {
                *end += frame.len();
                Some(*end)
            });
            let bytes = frames.concat();
            let (mut incoming, mut taken) = (Incoming::default(), 0);
            let mut come = 0;
            for cut in cuts.into_iter().cycle() {
                come = bytes.len().min(come + cut);
                loop {
                    let count = incoming.next(&bytes[taken..come]);
                    taken += count;
                    if count == 0 {
                        break;
                    }
                    if incoming.is_between_messages() {
                        prop_assert_eq!(Some(taken), ends.next());
                    }
                }
                if come == bytes.len() {
                    break;
                }
            }
            prop_assert_eq!(taken, bytes.len());
            prop_assert_eq!(ends.next(), None);
        }
    }

    /// A client's frame with zeros in it.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let header = FrameHeader {
            is_final: first & 0x80 != 0,
            opcode: OpCode::from(first & 0x0f),
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        let mut bytes = Vec::new();
        header.format(length as u64, &mut bytes).unwrap();
        bytes.resize(bytes.len() + length, 0);
        bytes
    }
}
