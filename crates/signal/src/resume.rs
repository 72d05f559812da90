//! Resume tokens: with what somebody proves that a seat is its own.
//!
//! A token is signed, and the server keeps none: so it is good after a restart too, as long as the secret
//! is the same.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use crate::{
    credentials::SeatName,
    protocol::{RoomId, Token, UserId},
    store::Claim,
};

/// What the key is for, so that the same secret can serve other purposes.
const PURPOSE: &[u8] = b"twocan resume token 1";

/// Bytes of the signature.
const TAG: usize = 32;

/// Bytes of a claim up to the public id: epoch, end, name, politeness.
const FIXED: usize = 8 + 8 + 8 + 1;

/// The key that signs resume tokens.
pub(crate) struct ResumeKey(hmac::Key);

impl ResumeKey {
    /// The key that belongs to a secret: HMAC-SHA-256 of the purpose under it
    /// ([RFC 5869 §3.3](https://www.rfc-editor.org/rfc/rfc5869#section-3.3)).
    pub(crate) fn new(secret: &str) -> ResumeKey {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        ResumeKey(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, PURPOSE).as_ref()))
    }

    /// The token of a seat in a room: base64url of the claim and an HMAC-SHA-256 over it and the room.
    pub(crate) fn sign(&self, room: &RoomId, claim: &Claim) -> Token {
        let mut bytes = Vec::with_capacity(FIXED + claim.user.as_str().len() + TAG);
        bytes.extend(claim.epoch.to_be_bytes());
        bytes.extend(claim.ends.to_be_bytes());
        bytes.extend(claim.name.0.to_be_bytes());
        bytes.push(claim.polite.into());
        bytes.extend(claim.user.as_str().as_bytes());
        let tag = hmac::sign(&self.0, &signed(&bytes, room));
        bytes.extend(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// A client's attempt, hashed: what is kept of it opens nothing, and how long a comparison takes tells
    /// nothing.
    pub(crate) fn hash(&self, attempt: &Token) -> [u8; 16] {
        // What else is signed with the key begins with a length, which is no text.
        let text = ["attempt ", attempt.reveal()].concat();
        let tag = hmac::sign(&self.0, text.as_bytes());
        let mut hash = [0; 16];
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        hash
    }

    /// The seat whose token this is, if it is one for the room. Whether the seat is still there, and
    /// whether the claim has ended, is for the store to say.
    pub(crate) fn read(&self, room: &RoomId, token: &Token) -> Option<Claim> {
        let bytes = URL_SAFE_NO_PAD.decode(token.reveal()).ok()?;
        let (bytes, tag) = bytes.split_last_chunk::<TAG>()?;
        // Takes as long for any tag.
        hmac::verify(&self.0, &signed(bytes, room), tag).ok()?;
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (ends, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_first_chunk()?;
        let (&polite, user) = rest.split_first()?;
        Some(Claim {
            user: UserId::from(str::from_utf8(user).ok()?),
            name: SeatName(u64::from_be_bytes(*name)),
            polite: polite == 1,
            epoch: u64::from_be_bytes(*epoch),
            ends: u64::from_be_bytes(*ends),
        })
    }
}

impl fmt::Debug for ResumeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeKey(..)")
    }
}

/// What is signed: the claim with its length, so that nothing of it can pass for a part of the room's name.
fn signed(claim: &[u8], room: &RoomId) -> Vec<u8> {
    let length = (claim.len() as u64).to_be_bytes();
    [&length, claim, room.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_which_seat_its_bearer_had() {
        let key = ResumeKey::new("north");
        let token = key.sign(&room("tea"), &claim());
        assert_eq!(key.read(&room("tea"), &token), Some(claim()));
        let impolite = Claim { polite: false, ..claim() };
        assert_eq!(key.read(&room("tea"), &key.sign(&room("tea"), &impolite)), Some(impolite));
        assert!(
            token
                .reveal()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }

    #[test]
    fn a_token_is_good_for_its_room_and_its_secret_alone() {
        let key = ResumeKey::new("north");
        let token = key.sign(&room("tea"), &claim());
        assert_eq!(key.read(&room("tea2"), &token), None);
        assert_eq!(key.read(&room("te"), &token), None);
        assert_eq!(ResumeKey::new("south").read(&room("tea"), &token), None);
        assert_eq!(ResumeKey::new("north").read(&room("tea"), &token), Some(claim()));
    }

    #[test]
    fn a_token_with_any_bit_changed_is_none() {
        let key = ResumeKey::new("north");
        let token = key.sign(&room("tea"), &claim());
        let bytes = URL_SAFE_NO_PAD.decode(token.reveal()).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let token = Token::from(URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(key.read(&room("tea"), &token), None, "bit {bit}");
        }
        for length in 0..token.reveal().len() {
            let token = Token::from(token.reveal()[..length].to_owned());
            assert_eq!(key.read(&room("tea"), &token), None, "{length} characters");
        }
        for foreign in ["", "AAAA", "not base64!", "é"] {
            assert_eq!(key.read(&room("tea"), &Token::from(foreign.to_owned())), None);
        }
    }

    #[test]
    fn what_moves_from_the_claim_to_the_room_is_no_token() {
        let key = ResumeKey::new("north");
        let token = key.sign(&room("tea"), &claim());
        let mut bytes = URL_SAFE_NO_PAD.decode(token.reveal()).unwrap();
        let last = bytes.len() - TAG - 1;
        bytes.remove(last);
        let token = Token::from(URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(key.read(&room("qtea"), &token), None);
    }

    fn claim() -> Claim {
        Claim {
            user: UserId::from("Xq"),
            name: SeatName(7),
            polite: true,
            epoch: 3,
            ends: 1_800_000_000,
        }
    }

    fn room(name: &str) -> RoomId {
        RoomId::try_from(name.to_owned()).unwrap()
    }
}
