//! Writing a STUN message.

use crate::{
    attributes::{self, Attribute},
    integrity,
    message::{
        ATTRIBUTE_HEADER_LENGTH, Class, HEADER_LENGTH, MAGIC_COOKIE, Method, TransactionId,
        encode_type,
    },
};

/// Builds a message from its header on, attribute by attribute.
///
/// [RFC 8489 §5](https://www.rfc-editor.org/rfc/rfc8489#section-5)
#[derive(Debug)]
pub struct MessageBuilder {
    bytes: Vec<u8>,
    transaction_id: TransactionId,
}

impl MessageBuilder {
    /// Begins a message without attributes.
    pub fn new(class: Class, method: Method, transaction_id: TransactionId) -> MessageBuilder {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(encode_type(class, method).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend(transaction_id.0);
        MessageBuilder { bytes, transaction_id }
    }

    /// Appends an attribute.
    ///
    /// A value that would take the message beyond the 65,535 bytes of its length field is cut;
    /// the attributes of this crate stay far below, but for DATA, whose writers know its bound.
    pub fn push<'a, A: Attribute<'a>>(&mut self, attribute: &A) {
        let id = self.transaction_id;
        self.push_with(A::TYPE, |out| attribute.encode(id, out));
    }

    /// Appends MESSAGE-INTEGRITY, made with `key` over all that was pushed before.
    ///
    /// [RFC 8489 §14.5](https://www.rfc-editor.org/rfc/rfc8489#section-14.5)
    pub fn push_integrity(&mut self, key: &[u8]) {
        let sum = integrity::sha1(key, &self.bytes);
        self.push_with(attributes::MESSAGE_INTEGRITY, |out| out.extend(sum));
    }

    /// Appends MESSAGE-INTEGRITY-SHA256, made with `key` over all that was pushed before.
    ///
    /// [RFC 8489 §14.6](https://www.rfc-editor.org/rfc/rfc8489#section-14.6)
    pub fn push_integrity_sha256(&mut self, key: &[u8]) {
        let sum = integrity::sha256(key, &self.bytes);
        self.push_with(attributes::MESSAGE_INTEGRITY_SHA256, |out| out.extend(sum));
    }

    /// Appends FINGERPRINT; nothing may be pushed after it.
    ///
    /// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
    pub fn push_fingerprint(&mut self) {
        let sum = integrity::fingerprint(&self.bytes);
        self.push_with(attributes::FINGERPRINT, |out| out.extend(sum.to_be_bytes()));
    }

    /// The message's bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn push_with(&mut self, kind: u16, encode: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        let value = start + ATTRIBUTE_HEADER_LENGTH;
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend([0, 0]);
        encode(&mut self.bytes);
        let room = (usize::from(u16::MAX) & !3).saturating_sub(value - HEADER_LENGTH);
        self.bytes.truncate(value + room);
        let length = self.bytes.len() - value;
        self.bytes.resize(value + length.next_multiple_of(4), 0);
        self.patch_u16(start + 2, length);
        self.patch_u16(2, self.bytes.len() - HEADER_LENGTH);
    }

    fn patch_u16(&mut self, at: usize, number: usize) {
        if let Some(field) = self.bytes.get_mut(at..at + 2) {
            field.copy_from_slice(&(number as u16).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Message,
        attributes::{Data, ErrorCode, Nonce, Realm, Software, Username, XorPeerAddress},
    };

    proptest! {
        #[test]
        fn what_is_built_is_read_back(
            id: [u8; 12],
            username in "[ -~]{0,100}",
            data in proptest::collection::vec(any::<u8>(), 0..300),
            key in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let peer = "198.51.100.7:9".parse().unwrap();
            let mut builder = MessageBuilder::new(Class::Request, Method::SEND, TransactionId(id));
            builder.push(&Username(&username));
            builder.push(&Data(&data));
            builder.push(&XorPeerAddress(peer));
            builder.push_integrity(&key);
            builder.push_fingerprint();
            let bytes = builder.finish();

            let message = Message::decode(&bytes).unwrap();
            prop_assert_eq!(message.class(), Class::Request);
            prop_assert_eq!(message.method(), Method::SEND);
            prop_assert_eq!(message.transaction_id(), TransactionId(id));
            prop_assert_eq!(message.get(), Ok(Some(Username(&username))));
            prop_assert_eq!(message.get(), Ok(Some(Data(&data))));
            prop_assert_eq!(message.get(), Ok(Some(XorPeerAddress(peer))));
            prop_assert_eq!(message.get::<Realm>(), Ok(None));
            prop_assert_eq!(message.verify_fingerprint(), Some(true));
            prop_assert!(message.verify_integrity(&key));
        }

        #[test]
        fn one_changed_bit_is_noticed(
            data in proptest::collection::vec(any::<u8>(), 1..60),
            position: prop::sample::Index,
            bit in 0..8u8,
        ) {
            let mut builder = MessageBuilder::new(Class::Request, Method::ALLOCATE, TransactionId([9; 12]));
            builder.push(&Data(&data));
            builder.push_integrity(b"key");
            builder.push_fingerprint();
            let mut bytes = builder.finish();
            let position = position.index(bytes.len());
            bytes[position] ^= 1 << bit;
            if let Ok(message) = Message::decode(&bytes) {
                prop_assert_ne!(message.verify_fingerprint(), Some(true));
            }
        }
    }

    #[test]
    fn attributes_behind_the_integrity_do_not_count() {
        let mut builder =
            MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12]));
        builder.push(&Realm("covered"));
        builder.push_integrity(b"key");
        builder.push(&Nonce("smuggled"));
        builder.push_fingerprint();
        let bytes = builder.finish();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.get(), Ok(Some(Realm("covered"))));
        assert_eq!(message.get::<Nonce>(), Ok(None));
        assert!(message.verify_integrity(b"key"));
        assert_eq!(message.verify_fingerprint(), Some(true));
    }

    #[test]
    fn both_integrities_stand_side_by_side() {
        let mut builder =
            MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12]));
        builder.push(&Realm("covered"));
        builder.push_integrity(b"one");
        builder.push_integrity_sha256(b"two");
        builder.push(&Nonce("smuggled"));
        builder.push_fingerprint();
        let bytes = builder.finish();
        let message = Message::decode(&bytes).unwrap();
        assert!(message.verify_integrity(b"one") && !message.verify_integrity(b"two"));
        assert!(
            message.verify_integrity_sha256(b"two") && !message.verify_integrity_sha256(b"one")
        );
        assert_eq!(message.get::<Nonce<'_>>(), Ok(None));
        assert_eq!(message.verify_fingerprint(), Some(true));
    }

    #[test]
    fn a_cut_sha256_integrity_counts_from_16_bytes_on() {
        for (length, counts) in [(12, false), (16, true), (18, false), (28, true), (32, true)] {
            let mut builder =
                MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12]));
            builder.push(&Realm("covered"));
            let covered = builder.bytes.clone();
            let mut whole = covered.clone();
            whole[2..4].copy_from_slice(&((covered.len() + 4 + length - 20) as u16).to_be_bytes());
            let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::Mac>::new_from_slice(b"key").unwrap();
            hmac::Mac::update(&mut mac, &whole);
            let sum = hmac::Mac::finalize(mac).into_bytes();
            builder.push_with(attributes::MESSAGE_INTEGRITY_SHA256, |out| {
                out.extend(&sum[..length]);
            });
            let bytes = builder.finish();
            let message = Message::decode(&bytes).unwrap();
            assert_eq!(message.verify_integrity_sha256(b"key"), counts, "{length}");
        }
    }

    #[test]
    fn what_does_not_fit_the_length_field_is_cut() {
        let mut builder =
            MessageBuilder::new(Class::Indication, Method::DATA, TransactionId([1; 12]));
        builder.push(&Data(&vec![1; 70_000]));
        let bytes = builder.finish();
        assert!(Message::decode(&bytes).is_ok());
        assert_eq!(bytes.len(), 20 + 65_532);
    }

    #[test]
    fn an_error_is_read_back() {
        let mut builder =
            MessageBuilder::new(Class::Error, Method::ALLOCATE, TransactionId([1; 12]));
        builder.push(&ErrorCode { code: 401, reason: "Unauthenticated" });
        builder.push(&Software("twocan"));
        let bytes = builder.finish();
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.get(), Ok(Some(ErrorCode { code: 401, reason: "Unauthenticated" })));
        assert_eq!(message.verify_fingerprint(), None);
        assert!(!message.verify_integrity(b"key"));
    }
}
