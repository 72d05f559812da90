//! The arithmetic of STUN's credentials: keys, and TURN's time-limited usernames.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;

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
