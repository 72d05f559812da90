//! STUN's arithmetic of credentials: keys, and the time-limited usernames of TURN.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// Length in bytes of a key made by [`long_term_key`].
pub const LONG_TERM_KEY_LENGTH: usize = 16;

/// The key of the long-term credential mechanism: MD5 over `username:realm:password`.
///
/// The inputs are taken as they are; SASLprep changes nothing in the names and passwords that
/// this project makes itself, which are ASCII.
///
/// [RFC 8489 §9.2.2](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.2)
pub fn long_term_key(username: &[u8], realm: &[u8], password: &[u8]) -> [u8; LONG_TERM_KEY_LENGTH] {
    let mut md5 = Md5::new();
    md5.update(username);
    md5.update(b":");
    md5.update(realm);
    md5.update(b":");
    md5.update(password);
    md5.finalize().into()
}

/// The key of the long-term credential mechanism with SHA-256.
///
/// [RFC 8489 §18.5.1.2](https://www.rfc-editor.org/rfc/rfc8489#section-18.5.1.2)
pub fn long_term_key_sha256(username: &[u8], realm: &[u8], password: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(username)
        .chain_update(b":")
        .chain_update(realm)
        .chain_update(b":")
        .chain_update(password)
        .finalize()
        .into()
}

/// What USERHASH says in place of a username: SHA-256 over `username:realm`.
///
/// [RFC 8489 §14.4](https://www.rfc-editor.org/rfc/rfc8489#section-14.4)
pub fn user_hash(username: &[u8], realm: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(username).chain_update(b":").chain_update(realm).finalize().into()
}

/// The username of a time-limited credential: `expiry:name`, the expiry in seconds of Unix time.
pub fn time_limited_username(expiry: u64, name: &str) -> String {
    format!("{expiry}:{name}")
}

/// The password that belongs to a time-limited username: base64 of HMAC-SHA1 under the secret
/// that issuer and TURN server share.
pub fn time_limited_password(secret: &str, username: &str) -> String {
    // HMAC takes keys of any length; the error of `new_from_slice` cannot occur for it.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The expiry in seconds of Unix time that a time-limited username carries, if it has the form
/// `expiry:name`.
pub fn time_limited_expiry(username: &str) -> Option<u64> {
    let (expiry, _name) = username.split_once(':')?;
    expiry.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_that_of_the_rfc_2617_construction() {
        // MD5 of "user:realm:pass".
        assert_eq!(
            long_term_key(b"user", b"realm", b"pass"),
            [
                0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb, 0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc,
                0x40, 0xeb
            ],
        );
    }

    #[test]
    fn a_time_limited_password_is_base64_of_hmac_sha1() {
        // HMAC-SHA1 of "1700000000:seat" under "secret", by `openssl dgst -sha1 -hmac secret -binary | base64`.
        let username = time_limited_username(1_700_000_000, "seat");
        assert_eq!(username, "1700000000:seat");
        assert_eq!(time_limited_password("secret", &username), "ZlbFKVJvuzlXdOyVmXmYQcn52fY=");
        assert_eq!(time_limited_expiry(&username), Some(1_700_000_000));
    }

    #[test]
    fn a_username_without_an_expiry_has_none() {
        for username in ["", "seat", ":seat", "12x:seat", "-1:seat", "99999999999999999999999:seat"]
        {
            assert_eq!(time_limited_expiry(username), None, "{username}");
        }
    }
}
