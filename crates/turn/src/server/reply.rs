//! The forms of answers.

use twocan_stun::{
    Attribute as _, Class, Message, MessageBuilder,
    attributes::{
        AlternateServer, ChannelNumber, ConnectionId, Data, DontFragment, ErrorCode, EvenPort,
        Lifetime, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, Nonce, PasswordAlgorithm,
        PasswordAlgorithms, Realm, RequestedAddressFamily, RequestedTransport, ReservationToken,
        UnknownAttributes, UserHash, Username, XorMappedAddress, XorPeerAddress, XorRelayedAddress,
    },
};

use super::{Server, auth::ALGORITHMS};
use crate::{Client, Now, key::Key};

/// The attributes below 0x8000 that this server understands.
const UNDERSTOOD: [u16; 19] = [
    ChannelNumber::TYPE,
    ConnectionId::TYPE,
    Data::TYPE,
    DontFragment::TYPE,
    EvenPort::TYPE,
    Lifetime::TYPE,
    MESSAGE_INTEGRITY,
    MESSAGE_INTEGRITY_SHA256,
    Nonce::TYPE,
    PasswordAlgorithm::TYPE,
    Realm::TYPE,
    RequestedAddressFamily::TYPE,
    RequestedTransport::TYPE,
    ReservationToken::TYPE,
    UserHash::TYPE,
    Username::TYPE,
    XorMappedAddress::TYPE,
    XorPeerAddress::TYPE,
    XorRelayedAddress::TYPE,
];

/// Why a request is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    /// Whether the client is told how to authenticate.
    challenge: bool,
}

impl Rejection {
    pub(super) const TRY_ALTERNATE: Rejection = Rejection::new(300, "Try Alternate");
    pub(super) const UNAUTHENTICATED: Rejection = Rejection::challenge(401, "Unauthenticated");
    pub(super) const MOBILITY_FORBIDDEN: Rejection =
        Rejection::new(405, "Mobility Forbidden: the new address has its share of allocations");
    pub(super) const UNKNOWN_ATTRIBUTE: Rejection = Rejection::new(420, "Unknown Attribute");
    pub(super) const STALE_NONCE: Rejection = Rejection::challenge(438, "Stale Nonce");
    pub(super) const ALLOCATION_MISMATCH: Rejection = Rejection::new(437, "Allocation Mismatch");
    pub(super) const WRONG_CREDENTIALS: Rejection = Rejection::new(441, "Wrong Credentials");
    pub(super) const FAMILY_NOT_SUPPORTED: Rejection =
        Rejection::new(440, "Address Family not Supported");
    pub(super) const PROTOCOL_NOT_SUPPORTED: Rejection =
        Rejection::new(442, "Unsupported Transport Protocol: UDP and TCP are relayed");
    pub(super) const FAMILY_MISMATCH: Rejection =
        Rejection::new(443, "Peer Address Family Mismatch");
    pub(super) const QUOTA_REACHED: Rejection = Rejection::new(486, "Allocation Quota Reached");
    pub(super) const INSUFFICIENT_CAPACITY: Rejection =
        Rejection::new(508, "Insufficient Capacity");

    pub(super) const fn new(code: u16, reason: &'static str) -> Rejection {
        Rejection { code, reason, challenge: false }
    }

    const fn challenge(code: u16, reason: &'static str) -> Rejection {
        Rejection { code, reason, challenge: true }
    }

    pub(super) const fn bad_request(reason: &'static str) -> Rejection {
        Rejection::new(400, reason)
    }
}

/// 420 for attributes that must be understood and are not.
///
/// [RFC 8489 §6.3.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1)
pub(super) fn refuse_unknown(message: &Message<'_>) -> Result<(), Rejection> {
    refuse_unknown_but(message, &[])
}

/// The same, with these understood besides.
pub(super) fn refuse_unknown_but(message: &Message<'_>, known: &[u16]) -> Result<(), Rejection> {
    let unknown = message.unknown_required(&UNDERSTOOD);
    if unknown.iter().all(|kind| known.contains(kind)) {
        Ok(())
    } else {
        Err(Rejection::UNKNOWN_ATTRIBUTE)
    }
}

/// The beginning of a success response.
pub(super) fn success(request: &Message<'_>) -> MessageBuilder {
    MessageBuilder::new(Class::Success, request.method(), request.transaction_id())
}

/// Ends an answer: signed if the request was authenticated, with a fingerprint if it had one.
///
/// [RFC 8489 §9.2.5](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.5),
/// [§6.3.1.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1.1)
pub(super) fn finish(
    mut answer: MessageBuilder,
    request: &Message<'_>,
    key: Option<&Key>,
) -> Vec<u8> {
    if let Some(key) = key {
        key.sign(&mut answer);
    }
    if request.verify_fingerprint().is_some() {
        answer.push_fingerprint();
    }
    answer.finish()
}

impl Server {
    /// Sends an error response.
    ///
    /// [RFC 8489 §6.3.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1),
    /// [§9.2.4](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.4)
    pub(super) fn reject(
        &mut self,
        client: Client,
        request: &Message<'_>,
        rejection: Rejection,
        key: Option<&Key>,
        now: Now,
    ) {
        let mut answer =
            MessageBuilder::new(Class::Error, request.method(), request.transaction_id());
        answer.push(&ErrorCode { code: rejection.code, reason: rejection.reason });
        if rejection == Rejection::TRY_ALTERNATE {
            // The one that the client surely reaches comes first.
            let mut alternates = self.config.alternates.clone();
            alternates.sort_by_key(|one| one.is_ipv4() != client.address.is_ipv4());
            for alternate in alternates {
                answer.push(&AlternateServer(alternate));
            }
        }
        if rejection == Rejection::UNKNOWN_ATTRIBUTE {
            answer.push(&UnknownAttributes(request.unknown_required(&UNDERSTOOD)));
        }
        if rejection.challenge {
            answer.push(&Realm(&self.config.realm));
            answer.push(&Nonce(&self.nonces.issue(client.address, now.unix)));
            answer.push(&PasswordAlgorithms(ALGORITHMS.to_vec()));
        }
        let bytes = finish(answer, request, key);
        match key {
            Some(_) => self.send(client, bytes),
            None => self.answer_stranger(client, request.len(), bytes, now),
        }
    }
}
