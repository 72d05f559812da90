//! The sums at a message's end: MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT.

use hmac::{
    Hmac, Mac,
    digest::{KeyInit, OutputSizeUser},
};
use sha1::Sha1;
use sha2::Sha256;

use crate::message::{ATTRIBUTE_HEADER_LENGTH, HEADER_LENGTH};

/// Length in bytes of FINGERPRINT's value.
const FINGERPRINT_LENGTH: usize = 4;

/// What the CRC is combined with, so that it differs from the CRC of other protocols.
///
/// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// The shortest MESSAGE-INTEGRITY-SHA256 that counts, in bytes; it may be cut in steps of four.
///
/// [RFC 8489 §14.6](https://www.rfc-editor.org/rfc/rfc8489#section-14.6)
const SHORTEST_SHA256: usize = 16;

/// MESSAGE-INTEGRITY over `covered`: the message up to, and without, the attribute.
///
/// [RFC 8489 §14.5](https://www.rfc-editor.org/rfc/rfc8489#section-14.5)
pub(crate) fn sha1(key: &[u8], covered: &[u8]) -> [u8; 20] {
    let length = Hmac::<Sha1>::output_size();
    mac::<Hmac<Sha1>>(key, covered, length)
        .map_or([0; 20], |mac| mac.finalize().into_bytes().into())
}

/// MESSAGE-INTEGRITY-SHA256 over `covered`, not cut.
///
/// [RFC 8489 §14.6](https://www.rfc-editor.org/rfc/rfc8489#section-14.6)
pub(crate) fn sha256(key: &[u8], covered: &[u8]) -> [u8; 32] {
    let length = Hmac::<Sha256>::output_size();
    mac::<Hmac<Sha256>>(key, covered, length)
        .map_or([0; 32], |mac| mac.finalize().into_bytes().into())
}

/// Whether `value` is the MESSAGE-INTEGRITY of `covered`, compared in constant time.
pub(crate) fn verify_sha1(key: &[u8], covered: &[u8], value: &[u8]) -> bool {
    mac::<Hmac<Sha1>>(key, covered, value.len()).is_some_and(|mac| mac.verify_slice(value).is_ok())
}

/// Whether `value` is the MESSAGE-INTEGRITY-SHA256 of `covered`, whole or cut.
pub(crate) fn verify_sha256(key: &[u8], covered: &[u8], value: &[u8]) -> bool {
    value.len() >= SHORTEST_SHA256
        && value.len().is_multiple_of(4)
        && mac::<Hmac<Sha256>>(key, covered, value.len())
            .is_some_and(|mac| mac.verify_truncated_left(value).is_ok())
}

/// FINGERPRINT over `covered`: the message up to, and without, the attribute.
///
/// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
pub(crate) fn fingerprint(covered: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    feed(covered, FINGERPRINT_LENGTH, |part| crc.update(part));
    crc.finalize() ^ FINGERPRINT_XOR
}

fn mac<M: Mac + KeyInit>(key: &[u8], covered: &[u8], value_length: usize) -> Option<M> {
    // HMAC takes keys of any length; the error cannot occur.
    let mut mac = <M as Mac>::new_from_slice(key).ok()?;
    feed(covered, value_length, |part| mac.update(part));
    Some(mac)
}

/// Feeds `covered` to a sum, with the header's length field as if the message ended behind the
/// attribute, of `value_length` bytes, that will hold the sum.
fn feed(covered: &[u8], value_length: usize, mut update: impl FnMut(&[u8])) {
    let length = (covered.len() + ATTRIBUTE_HEADER_LENGTH + value_length)
        .saturating_sub(HEADER_LENGTH) as u16;
    update(covered.get(..2).unwrap_or_default());
    update(&length.to_be_bytes());
    update(covered.get(4..).unwrap_or_default());
}
