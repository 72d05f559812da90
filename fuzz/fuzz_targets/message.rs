//! Bytes to the reader of STUN messages and to every attribute.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twocan_stun::{
    Message, MessageBuilder,
    attributes::{
        AdditionalAddressFamily, AddressErrorCode, AlternateServer, ChangeRequest, ChannelNumber,
        ConnectionId, Data, DontFragment, ErrorCode, EvenPort, Icmp, Lifetime, MappedAddress,
        MobilityTicket, Nonce, OtherAddress, Padding, PasswordAlgorithm, PasswordAlgorithms, Realm,
        RequestedAddressFamily, RequestedTransport, ReservationToken, ResponseOrigin, ResponsePort,
        Software, UnknownAttributes, UserHash, Username, XorMappedAddress, XorPeerAddress,
        XorRelayedAddress,
    },
};

/// What is read and written again reads the same.
macro_rules! again {
    ($message:ident: $($attribute:ty),* $(,)?) => {$(
        if let Ok(Some(attribute)) = $message.get::<$attribute>() {
            let mut builder =
                MessageBuilder::new($message.class(), $message.method(), $message.transaction_id());
            builder.push(&attribute);
            builder.push_integrity(b"key");
            builder.push_integrity_sha256(b"key");
            builder.push_fingerprint();
            let bytes = builder.finish();
            // A value as long as the length field allows leaves no room for sums.
            if bytes.len() < 65_000 {
                let copy = Message::decode(&bytes).expect("a written message reads");
                assert_eq!(copy.get::<$attribute>(), Ok(Some(attribute)));
                assert!(copy.verify_integrity(b"key") && copy.verify_integrity_sha256(b"key"));
                assert_eq!(copy.verify_fingerprint(), Some(true));
            }
        }
    )*};
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::decode(bytes) else { return };
    assert!(message.attributes().all(|one| one.range().end <= message.len()));
    let _ = (message.unknown_required(&[]), message.verify_fingerprint());
    let _ = (message.verify_integrity(b"key"), message.verify_integrity_sha256(b"key"));
    let _ = format!("{message:?}");
    again!(message: AdditionalAddressFamily, AddressErrorCode<'_>, AlternateServer, ChangeRequest, ChannelNumber, ConnectionId, Data<'_>, DontFragment, ErrorCode<'_>, EvenPort, Icmp, Lifetime, MappedAddress, MobilityTicket<'_>, Nonce<'_>, OtherAddress, Padding<'_>, PasswordAlgorithm, PasswordAlgorithms, Realm<'_>, RequestedAddressFamily, RequestedTransport, ReservationToken, ResponseOrigin, ResponsePort, Software<'_>, UnknownAttributes, UserHash, Username<'_>, XorMappedAddress, XorPeerAddress, XorRelayedAddress);
});
