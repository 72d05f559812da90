//! The long-term credential mechanism with time-limited usernames.

use twocan_stun::{
    Message,
    attributes::{MESSAGE_INTEGRITY, Nonce, Realm, Username},
    credentials::{
        LONG_TERM_KEY_LENGTH, long_term_key, time_limited_expiry, time_limited_password,
    },
};

use super::{Server, reply::Rejection};
use crate::{Client, Now};

/// A user whose password was right.
#[derive(Debug)]
pub(super) struct Authenticated<'a> {
    pub(super) username: &'a str,
    pub(super) key: [u8; LONG_TERM_KEY_LENGTH],
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
        if !message.has(MESSAGE_INTEGRITY) {
            return Err(Rejection::UNAUTHENTICATED);
        }
        let (Ok(Some(Username(username))), Ok(Some(Realm(realm))), Ok(Some(Nonce(nonce)))) =
            (message.get(), message.get(), message.get())
        else {
            return Err(Rejection::bad_request("USERNAME, REALM and NONCE are required"));
        };
        if !self.nonces.accepts(nonce, client.address, now.unix) {
            return Err(Rejection::STALE_NONCE);
        }
        if realm != self.config.realm
            || time_limited_expiry(username).is_none_or(|expiry| expiry <= now.unix.as_secs())
        {
            return Err(Rejection::UNAUTHENTICATED);
        }
        if self.quotas.is_revoked(username) {
            return Err(Rejection::UNAUTHENTICATED);
        }
        let password = time_limited_password(&self.config.secret, username);
        let key = long_term_key(username.as_bytes(), realm.as_bytes(), password.as_bytes());
        if !message.verify_integrity(&key) {
            return Err(Rejection::UNAUTHENTICATED);
        }
        Ok(Authenticated { username, key })
    }
}
