//! Finding the messages in a byte stream, where nothing but their own lengths separates them.

use crate::{channel_data, message};

/// The longest message that a stream can carry, in bytes: a STUN message with a full length field.
pub const LONGEST_MESSAGE: usize = message::HEADER_LENGTH + u16::MAX as usize;

/// The bytes are neither a STUN message nor ChannelData, and the stream cannot be followed further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream carries neither STUN nor ChannelData")]
pub struct NotStun;

/// The length in bytes of the message that `prefix` begins with, padding included; `None` while
/// too little has arrived to tell.
///
/// ChannelData is padded to a multiple of four bytes on streams, and its length field does not
/// count the padding ([RFC 8656 §12.5](https://www.rfc-editor.org/rfc/rfc8656#section-12.5)).
///
/// # Errors
/// [`NotStun`] if the first two bits belong to neither.
pub fn message_length(prefix: &[u8]) -> Result<Option<usize>, NotStun> {
    let Some(first) = prefix.first() else {
        return Ok(None);
    };
    let kind = first >> 6;
    if kind > 1 {
        return Err(NotStun);
    }
    let Some(&[_, _, l0, l1]) = prefix.first_chunk() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    Ok(Some(match kind {
        0 => message::HEADER_LENGTH + length,
        _ => channel_data::HEADER_LENGTH + length.next_multiple_of(4),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_from_either_header() {
        for (prefix, expected) in [
            (&[][..], Ok(None)),
            (&[0x00, 0x01, 0x00], Ok(None)),
            (&[0x00, 0x01, 0x00, 0x08], Ok(Some(28))),
            (&[0x40, 0x00, 0x00, 0x00], Ok(Some(4))),
            (&[0x40, 0x00, 0x00, 0x05], Ok(Some(12))),
            (&[0x7F, 0xFF, 0xFF, 0xFF], Ok(Some(4 + 65_536))),
            (&[0x80], Err(NotStun)),
            (&[b'G' | 0x80, b'E', b'T', b' '], Err(NotStun)),
            (&[0xFF], Err(NotStun)),
        ] {
            assert_eq!(message_length(prefix), expected, "{prefix:?}");
        }
    }
}
