//! Nonces without state: a time, signed together with the client's address.

use std::{net::SocketAddr, time::Duration};

use hmac::{Hmac, Mac as _};
use sha1::Sha1;

/// How long a nonce is good for; the client then gets 438 and a fresh one.
///
/// [RFC 8656 §5](https://www.rfc-editor.org/rfc/rfc8656#section-5) wants at least one an hour.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The cookie and the features that it announces: bit 0, the leftmost of 24, for
/// PASSWORD-ALGORITHMS; not bit 1, for USERHASH.
///
/// [RFC 8489 §9.2](https://www.rfc-editor.org/rfc/rfc8489#section-9.2),
/// [§18.1](https://www.rfc-editor.org/rfc/rfc8489#section-18.1)
const COOKIE: &str = "obMatJos2gAAA";

/// Hexadecimal digits of the time in seconds.
const TIME_DIGITS: usize = 8;

/// Hexadecimal digits of the signature: 64 bits, out of reach for guesses within the lifetime.
const SIGNATURE_DIGITS: usize = 16;

/// Makes nonces and knows its own again.
#[derive(Debug, Clone)]
pub(crate) struct Nonces {
    key: [u8; 32],
}

impl Nonces {
    pub(crate) fn new(key: [u8; 32]) -> Nonces {
        Nonces { key }
    }

    /// A nonce for this client.
    pub(crate) fn issue(&self, client: SocketAddr, unix: Duration) -> String {
        let time = unix.as_secs() as u32;
        format!("{COOKIE}{time:0TIME_DIGITS$x}{:0SIGNATURE_DIGITS$x}", self.signature(client, time))
    }

    /// Whether the nonce was issued to this client, and not too long ago.
    pub(crate) fn accepts(&self, nonce: &str, client: SocketAddr, unix: Duration) -> bool {
        let parts = nonce.strip_prefix(COOKIE).and_then(|rest| rest.split_at_checked(TIME_DIGITS));
        let Some((time, signature)) = parts else {
            return false;
        };
        let (Ok(time), Ok(signature)) =
            (u32::from_str_radix(time, 16), u64::from_str_radix(signature, 16))
        else {
            return false;
        };
        // The other thread that issued it may have read its clock a moment later.
        let age = (unix.as_secs() as u32).wrapping_add(1).wrapping_sub(time);
        u64::from(age) <= LIFETIME.as_secs() + 1 && signature == self.signature(client, time)
    }

    fn signature(&self, client: SocketAddr, time: u32) -> u64 {
        // HMAC takes keys of any length; the error cannot occur.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.key) else {
            return 0;
        };
        mac.update(&time.to_be_bytes());
        mac.update(&client.port().to_be_bytes());
        match client {
            SocketAddr::V4(address) => mac.update(&address.ip().octets()),
            SocketAddr::V6(address) => mac.update(&address.ip().octets()),
        }
        let sum: [u8; 20] = mac.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, ..] = sum;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn client() -> SocketAddr {
        "198.51.100.1:4000".parse().unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_an_hour() {
        let nonces = Nonces::new([1; 32]);
        let nonce = nonces.issue(client(), NOW);
        assert_eq!(nonce.len(), COOKIE.len() + TIME_DIGITS + SIGNATURE_DIGITS);
        assert!(nonces.accepts(&nonce, client(), NOW));
        assert!(nonces.accepts(&nonce, client(), NOW + LIFETIME));
        assert!(!nonces.accepts(&nonce, client(), NOW + LIFETIME + Duration::from_secs(1)));
        assert!(!nonces.accepts(&nonce, client(), NOW - Duration::from_secs(2)));
    }

    #[test]
    fn a_nonce_is_good_for_its_client_and_server_alone() {
        let nonces = Nonces::new([1; 32]);
        let nonce = nonces.issue(client(), NOW);
        assert!(!nonces.accepts(&nonce, "198.51.100.1:4001".parse().unwrap(), NOW));
        assert!(!nonces.accepts(&nonce, "198.51.100.2:4000".parse().unwrap(), NOW));
        assert!(!Nonces::new([2; 32]).accepts(&nonce, client(), NOW));
    }

    #[test]
    fn anything_else_is_no_nonce() {
        let nonces = Nonces::new([1; 32]);
        for rest in
            ["", "x", "ééééé", "00000000", "0000000g0000000000000000", "000000000000000000000000"]
        {
            let nonce = &format!("{COOKIE}{rest}");
            assert!(!nonces.accepts(rest, client(), NOW), "{rest}");
            assert!(!nonces.accepts(nonce, client(), NOW), "{nonce}");
        }
    }
}
