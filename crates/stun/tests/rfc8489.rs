//! The test vector of [RFC 8489, appendix B.1](https://www.rfc-editor.org/rfc/rfc8489#appendix-B.1),
//! which replaces the one of RFC 5769 that has no user hash.
//!
//! The vector's length field counts 20 bytes that the message has not, and its sum is made over that
//! field. Here the field is right, and the sum made anew with Python's `hmac` and `hashlib`.

#![allow(clippy::unwrap_used, reason = "a test ends where a vector is not as expected")]

use twocan_stun::{
    Message,
    attributes::{Nonce, Realm, UserHash},
    credentials::{long_term_key_sha256, user_hash},
};

const REQUEST: &str = "
    00 01 00 88 21 12 a4 42 78 ad 34 33 c6 ad 72 c0 29 da 41 2e
    00 1e 00 20 4a 3c f3 8f ef 69 92 bd a9 52 c6 78 04 17 da 0f 24 81 94 15 56 9e 60 b2 05 c4 6e 41
    40 7f 17 04
    00 15 00 29 6f 62 4d 61 74 4a 6f 73 32 41 41 41 43 66 2f 2f 34 39 39 6b 39 35 34 64 36 4f 4c 33
    34 6f 4c 39 46 53 54 76 79 36 34 73 41 00 00 00
    00 14 00 0b 65 78 61 6d 70 6c 65 2e 6f 72 67 00
    00 1c 00 20 23 41 12 fb d4 e2 7f 98 3e b4 03 28 36 f9 98 21 6f 5b 23 f8 d9 27 75 3f bc 4f 88 2b
    fb df 0d ec";

#[test]
fn sample_request_with_a_user_hash_and_sha256() {
    let bytes: Vec<u8> =
        REQUEST.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let message = Message::decode(&bytes).unwrap();
    let username = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}".as_bytes();
    assert_eq!(message.get(), Ok(Some(UserHash(user_hash(username, b"example.org")))));
    assert_eq!(message.get(), Ok(Some(Nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"))));
    assert_eq!(message.get(), Ok(Some(Realm("example.org"))));
    let key = long_term_key_sha256(username, b"example.org", b"TheMatrIX");
    assert!(message.verify_integrity_sha256(&key));
    assert!(!message.verify_integrity_sha256(b"another key"));
}
