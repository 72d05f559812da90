//! ChannelData: four bytes of header in front of relayed data.

use std::ops::RangeInclusive;

/// Length in bytes of the header. [RFC 8656 §12.4](https://www.rfc-editor.org/rfc/rfc8656#section-12.4)
pub const HEADER_LENGTH: usize = 4;

/// The numbers that a channel may have.
///
/// RFC 8656 ends the range at 0x4FFF; RFC 5766 ended it at 0x7FFF, and clients of that time are in use.
/// [RFC 8656 §12](https://www.rfc-editor.org/rfc/rfc8656#section-12)
pub const CHANNEL_NUMBERS: RangeInclusive<u16> = 0x4000..=0x7FFF;

/// A ChannelData message, borrowed from the bytes that it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelData<'a> {
    /// The channel.
    pub number: u16,
    /// What is relayed, without padding.
    pub data: &'a [u8],
}

impl<'a> ChannelData<'a> {
    /// Reads a ChannelData message; padding behind the data is allowed.
    ///
    /// `None` if the bytes are cut short, or their first two are no channel number.
    ///
    /// [RFC 8656 §12.4](https://www.rfc-editor.org/rfc/rfc8656#section-12.4)
    pub fn decode(bytes: &'a [u8]) -> Option<ChannelData<'a>> {
        let (&[n0, n1, l0, l1], rest) = bytes.split_first_chunk::<HEADER_LENGTH>()?;
        let number = u16::from_be_bytes([n0, n1]);
        if !CHANNEL_NUMBERS.contains(&number) {
            return None;
        }
        let data = rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
        Some(ChannelData { number, data })
    }

    /// The header in front of `length` bytes of data.
    pub const fn header(number: u16, length: u16) -> [u8; HEADER_LENGTH] {
        let [n0, n1] = number.to_be_bytes();
        let [l0, l1] = length.to_be_bytes();
        [n0, n1, l0, l1]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn data_survives_its_framing(
            number in CHANNEL_NUMBERS,
            data in proptest::collection::vec(any::<u8>(), 0..100),
            padding in 0usize..4,
        ) {
            let mut bytes = ChannelData::header(number, data.len() as u16).to_vec();
            bytes.extend(&data);
            bytes.resize(bytes.len() + padding, 0);
            prop_assert_eq!(ChannelData::decode(&bytes), Some(ChannelData { number, data: &data }));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            let _ = ChannelData::decode(&bytes);
        }
    }

    #[test]
    fn cut_or_foreign_bytes_are_no_channel_data() {
        assert_eq!(ChannelData::decode(&[0x40, 0, 0]), None);
        assert_eq!(ChannelData::decode(&[0x40, 0, 0, 1]), None);
        assert_eq!(ChannelData::decode(&[0x80, 0, 0, 0]), None);
        assert_eq!(ChannelData::decode(&[0x3F, 0xFF, 0, 0]), None);
    }
}
