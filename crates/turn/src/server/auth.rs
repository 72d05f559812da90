//! The long-term credential mechanism with time-limited usernames.

use std::net::SocketAddr;

use twocan_stun::{
    Attribute as _, Message,
    attributes::{
        MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, Nonce, PasswordAlgorithm, PasswordAlgorithms,
        Realm, UserHash, Username,
    },
    credentials::{time_limited_expiry, time_limited_password},
};

use super::{Server, reply::Rejection};
use crate::{Client, Now, key::Key};

/// What this server offers, the preferred one first.
pub(super) const ALGORITHMS: [PasswordAlgorithm; 2] =
    [PasswordAlgorithm::Sha256, PasswordAlgorithm::Md5];

/// A user whose password was right.
#[derive(Debug)]
pub(super) struct Authenticated<'a> {
    pub(super) username: &'a str,
    pub(super) key: Key,
}

/// Who a request claims to come from.
#[derive(Debug)]
struct Claim<'a> {
    username: &'a str,
    realm: &'a str,
    nonce: &'a str,
}

impl Server {
    /// Tells who sent a request.
    ///
    /// [RFC 8489 §9.2.4](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.4), in its order.
    pub(super) fn authenticate<'a>(
        &self,
        client: Client,
        message: &Message<'a>,
        now: Now,
    ) -> Result<Authenticated<'a>, Rejection> {
        self.authenticate_from(&[client.address], message, now)
    }

    /// The same, with a nonce that was issued to any of these addresses.
    pub(super) fn authenticate_from<'a>(
        &self,
        addresses: &[SocketAddr],
        message: &Message<'a>,
        now: Now,
    ) -> Result<Authenticated<'a>, Rejection> {
        let claim = claim(message)?;
        if !addresses.iter().any(|one| self.nonces.accepts(claim.nonce, *one, now.unix)) {
            return Err(Rejection::STALE_NONCE);
        }
        self.verify(claim, message, now)
    }

    /// Whether a request was signed with good credentials, whatever nonce it has: enough to take
    /// some trouble over it, and no more, since it may be a repetition.
    pub(super) fn has_credentials(&self, message: &Message<'_>, now: Now) -> bool {
        claim(message).and_then(|claim| self.verify(claim, message, now)).is_ok()
    }

    fn verify<'a>(
        &self,
        Claim { username, realm, .. }: Claim<'a>,
        message: &Message<'a>,
        now: Now,
    ) -> Result<Authenticated<'a>, Rejection> {
        let algorithm = chosen_algorithm(message)?;
        if realm != self.config.realm
            || time_limited_expiry(username).is_none_or(|expiry| expiry <= now.unix.as_secs())
            || self.quotas.is_revoked(username)
        {
            return Err(Rejection::UNAUTHENTICATED);
        }
        let password = time_limited_password(&self.config.secret, username);
        match Key::of(message, algorithm, username, realm, &password) {
            Some(key) if key.signed(message) => Ok(Authenticated { username, key }),
            _ => Err(Rejection::UNAUTHENTICATED),
        }
    }
}

/// Reads who a request claims to come from.
fn claim<'a>(message: &Message<'a>) -> Result<Claim<'a>, Rejection> {
    if !message.has(MESSAGE_INTEGRITY) && !message.has(MESSAGE_INTEGRITY_SHA256) {
        return Err(Rejection::UNAUTHENTICATED);
    }
    let unnamed = Rejection::bad_request("USERNAME, REALM and NONCE are required");
    match (message.get(), message.get(), message.get()) {
        (Ok(Some(Realm(realm))), Ok(Some(Nonce(nonce))), Ok(Some(Username(username)))) => {
            Ok(Claim { username, realm, nonce })
        }
        // A name that is not told cannot be found without a list of all names.
        (Ok(Some(_)), Ok(Some(_)), Ok(None)) if message.has(UserHash::TYPE) => {
            Err(Rejection::UNAUTHENTICATED)
        }
        _ => Err(unnamed),
    }
}

/// The algorithm that the client chose. It must name those that it was offered, so that nobody on
/// the way can have taken the better one out of the offer.
///
/// [RFC 8489 §9.2.4](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.4)
fn chosen_algorithm(message: &Message<'_>) -> Result<PasswordAlgorithm, Rejection> {
    let bad = Rejection::bad_request("PASSWORD-ALGORITHM is not one of those offered");
    match (message.get::<PasswordAlgorithms>(), message.get::<PasswordAlgorithm>()) {
        (Ok(None), Ok(None)) => Ok(PasswordAlgorithm::Md5),
        (Ok(Some(PasswordAlgorithms(offered))), Ok(Some(chosen)))
            if offered == ALGORITHMS && ALGORITHMS.contains(&chosen) =>
        {
            Ok(chosen)
        }
        _ => Err(bad),
    }
}
