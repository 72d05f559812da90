//! The first words of a handshake, answered without keeping anything of them.
//!
//! Whoever says hello is asked to say it again with a cookie, made of its address: so nothing is kept
//! for a forged address, and nothing larger than the question is sent there.
//!
//! [RFC 6347 §4.2.1](https://www.rfc-editor.org/rfc/rfc6347#section-4.2.1)

use std::{net::IpAddr, time::Duration};

use ring::hmac;
use twocan_turn::{Client, Now};

/// The content types of records.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// The types of handshake messages.
const CLIENT_HELLO: u8 = 1;
const HELLO_VERIFY_REQUEST: u8 = 3;

/// The versions on the wire.
const DTLS_1_0: [u8; 2] = [254, 255];
const DTLS_1_2: [u8; 2] = [254, 253];

/// How long a cookie is good, at least; at most twice as long.
const COOKIE_PERIOD: Duration = Duration::from_secs(30);

/// A cookie.
pub(super) type Cookie = [u8; 32];

/// The beginning of a ClientHello, as far as it tells who speaks and what is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hello<'a> {
    version: [u8; 2],
    /// What tells one hello of a client from another; the same with and without a cookie.
    pub(super) random: &'a [u8; 32],
    /// Empty at first.
    pub(super) cookie: &'a [u8],
    /// The offered suites, two bytes each; some may be missing, if the hello comes in pieces.
    suites: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Reads a datagram that begins with the first, or only, piece of a ClientHello. `None` for
    /// anything else.
    pub(super) fn parse(datagram: &'a [u8]) -> Option<Hello<'a>> {
        let (record, rest) = datagram.split_first_chunk::<13>()?;
        let [HANDSHAKE, 254, _, 0, 0, _, _, _, _, _, _, high, low] = *record else { return None };
        let body = rest.get(..usize::from(u16::from_be_bytes([high, low])))?;
        let (header, body) = body.split_first_chunk::<12>()?;
        // The offset of the piece is 0.
        let [CLIENT_HELLO, _, _, _, _, _, 0, 0, 0, ..] = *header else { return None };
        let (version, body) = body.split_first_chunk()?;
        let (random, body) = body.split_first_chunk()?;
        let (_session, body) = split_vector(body)?;
        let (cookie, body) = split_vector(body)?;
        let (length, body) = body.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(body.len());
        Some(Hello { version: *version, random, cookie, suites: body.get(..length)? })
    }

    /// Whether the client knows DTLS 1.2. Whoever knows more says so elsewhere.
    pub(super) fn knows_dtls_1_2(&self) -> bool {
        self.version == DTLS_1_2
    }

    /// Whether the client offers this cipher suite.
    pub(super) fn offers(&self, suite: u16) -> bool {
        self.suites.chunks_exact(2).any(|offered| offered == suite.to_be_bytes())
    }
}

/// Splits off bytes that stand behind their number.
fn split_vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(length))
}

/// Makes cookies and knows its own again.
#[derive(Debug, Clone)]
pub(super) struct Cookies(hmac::Key);

impl Cookies {
    pub(super) fn new(key: &[u8; 32]) -> Cookies {
        Cookies(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The cookie for this client's hello.
    pub(super) fn issue(&self, client: &Client, hello: &Hello<'_>, now: Now) -> Cookie {
        let mut cookie = Cookie::default();
        cookie.copy_from_slice(hmac::sign(&self.0, &signed(client, hello, period(now))).as_ref());
        cookie
    }

    /// The hello's cookie, if it was issued for it, and not too long ago.
    pub(super) fn check(&self, client: &Client, hello: &Hello<'_>, now: Now) -> Option<Cookie> {
        let cookie = Cookie::try_from(hello.cookie).ok()?;
        let period = period(now);
        // Another thread may have issued it, whose clock was read a moment later.
        [period, period.wrapping_sub(1), period.wrapping_add(1)]
            .into_iter()
            .any(|one| hmac::verify(&self.0, &signed(client, hello, one), &cookie).is_ok())
            .then_some(cookie)
    }
}

/// What a cookie vouches for.
fn signed(client: &Client, hello: &Hello<'_>, period: u64) -> Vec<u8> {
    let mut bytes = period.to_be_bytes().to_vec();
    for address in [client.address, client.server] {
        bytes.extend(address.port().to_be_bytes());
        match address.ip() {
            IpAddr::V4(ip) => bytes.extend(ip.octets()),
            IpAddr::V6(ip) => bytes.extend(ip.octets()),
        }
    }
    bytes.extend(hello.random);
    bytes
}

fn period(now: Now) -> u64 {
    now.unix.as_secs() / COOKIE_PERIOD.as_secs()
}

/// The HelloVerifyRequest that hands a cookie out.
///
/// Its record has the number 0, since a session's own records go on from 1: with the number of the
/// hello's record, as the RFC has it, one that is said twice would make the client take the first
/// record of the session for a repetition.
pub(super) fn verify_request(cookie: &Cookie) -> Vec<u8> {
    let length = DTLS_1_0.len() + 1 + cookie.len();
    let message = handshake(HELLO_VERIFY_REQUEST, length);
    let body = [&message[..], &DTLS_1_0, &[cookie.len() as u8], cookie].concat();
    record(HANDSHAKE, DTLS_1_0, 0, &body)
}

/// Why there is no session, or an end of it before it began.
///
/// [RFC 5246 §7.2](https://www.rfc-editor.org/rfc/rfc5246#section-7.2)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The handshake failed.
    Failure = 40,
    /// The client knows only a version that nobody should use any longer.
    Version = 70,
}

/// The alert that refuses a session. Its number is beyond those of the records before it.
pub(super) fn alert(refusal: Refusal) -> Vec<u8> {
    const FATAL: u8 = 2;
    let version = match refusal {
        Refusal::Failure => DTLS_1_2,
        Refusal::Version => DTLS_1_0,
    };
    record(ALERT, version, u16::MAX, &[FATAL, refusal as u8])
}

/// A hello that asks for a cookie, from nobody in particular.
pub(super) fn blank() -> Vec<u8> {
    const NO_SESSION_NO_COOKIE: [u8; 2] = [0, 0];
    const ONE_SUITE: [u8; 4] = [0, 2, 0xC0, 0x2B];
    const NO_COMPRESSION: [u8; 2] = [1, 0];
    let body =
        [&DTLS_1_2[..], &[0; 32], &NO_SESSION_NO_COOKIE, &ONE_SUITE, &NO_COMPRESSION].concat();
    let message = handshake(CLIENT_HELLO, body.len());
    record(HANDSHAKE, DTLS_1_2, 0, &[&message[..], &body].concat())
}

/// The header of a first handshake message that comes whole.
///
/// [RFC 6347 §4.2.2](https://www.rfc-editor.org/rfc/rfc6347#section-4.2.2)
fn handshake(kind: u8, length: usize) -> [u8; 12] {
    let length = length as u8;
    [kind, 0, 0, length, 0, 0, 0, 0, 0, 0, 0, length]
}

/// A record before there is a key.
///
/// [RFC 6347 §4.1](https://www.rfc-editor.org/rfc/rfc6347#section-4.1)
fn record(kind: u8, [major, minor]: [u8; 2], number: u16, body: &[u8]) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    let header = [kind, major, minor, 0, 0, 0, 0, 0, 0, high, low, 0, body.len() as u8];
    [&header[..], body].concat()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use twocan_turn::{Link, Transport};

    use super::*;

    fn client(address: &str) -> Client {
        Client {
            address: address.parse().unwrap(),
            server: "203.0.113.1:3478".parse().unwrap(),
            transport: Transport::Dtls,
            link: Link(0),
        }
    }

    fn at(seconds: u64) -> Now {
        Now { instant: Instant::now(), unix: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_hello_is_read_as_far_as_it_matters() {
        let bytes = blank();
        let hello = Hello::parse(&bytes).unwrap();
        assert_eq!((hello.random, hello.cookie), (&[0; 32], &[][..]));
        assert!(hello.knows_dtls_1_2());
        assert!(hello.offers(0xC02B) && !hello.offers(0xCCA9));
        for length in 0..bytes.len() {
            assert!(Hello::parse(&bytes[..length]).is_none(), "{length} bytes");
        }
        let with = |place: usize, byte| {
            let mut other = bytes.clone();
            other[place] = byte;
            other
        };
        for (place, byte) in [(0, 23), (1, 3), (4, 1), (13, 2), (19, 1), (21, 1), (59, 255)] {
            assert!(Hello::parse(&with(place, byte)).is_none(), "byte {place} as {byte}");
        }
        assert!(!Hello::parse(&with(26, 255)).unwrap().knows_dtls_1_2());
    }

    #[test]
    fn a_cookie_is_good_for_its_client_and_its_hello_and_for_a_while() {
        let cookies = Cookies::new(&[7; 32]);
        let bytes = blank();
        let hello = Hello::parse(&bytes).unwrap();
        let a = client("198.51.100.1:4000");
        let cookie = cookies.issue(&a, &hello, at(1000));
        let with = |cookie| Hello { cookie, ..hello };
        assert_eq!(cookies.check(&a, &with(&cookie), at(1000)), Some(cookie));
        assert_eq!(cookies.check(&a, &with(&cookie), at(1030)), Some(cookie));
        assert_eq!(cookies.check(&a, &with(&cookie), at(1060)), None, "too old");
        assert_eq!(cookies.check(&a, &with(&cookie[..31]), at(1000)), None);
        assert_eq!(cookies.check(&a, &hello, at(1000)), None, "none");
        for other in ["198.51.100.1:4001", "198.51.100.2:4000"] {
            assert_eq!(cookies.check(&client(other), &with(&cookie), at(1000)), None);
        }
        let another = Hello { random: &[1; 32], ..with(&cookie) };
        assert_eq!(cookies.check(&a, &another, at(1000)), None);
        assert_eq!(Cookies::new(&[8; 32]).check(&a, &with(&cookie), at(1000)), None);
    }

    #[test]
    fn the_answer_to_a_stranger_is_no_larger_than_the_smallest_question() {
        assert!(verify_request(&[0; 32]).len() <= blank().len());
    }
}
