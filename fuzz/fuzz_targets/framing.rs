//! Bytes to the reader of ChannelData and to the cutting of streams.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twocan_stun::{
    ChannelData,
    channel_data::CHANNEL_NUMBERS,
    stream::{LONGEST_MESSAGE, message_length},
};

fuzz_target!(|bytes: &[u8]| {
    if let Some(ChannelData { number, data }) = ChannelData::decode(bytes) {
        assert!(CHANNEL_NUMBERS.contains(&number));
        let mut copy = ChannelData::header(number, data.len() as u16).to_vec();
        copy.extend(data);
        assert!(bytes.starts_with(&copy));
    }
    let mut rest = bytes;
    while let Ok(Some(length)) = message_length(rest) {
        assert!((4..=LONGEST_MESSAGE).contains(&length));
        let Some(behind) = rest.get(length..) else { break };
        rest = behind;
    }
});
