//! The sums at a message's end: MESSAGE-INTEGRITY and FINGERPRINT.

use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use crate::message::{ATTRIBUTE_HEADER_LENGTH, HEADER_LENGTH};

/// Length in bytes of MESSAGE-INTEGRITY's value.
pub(crate) const INTEGRITY_LENGTH: usize = 20;

/// Length in bytes of FINGERPRINT's value.
pub(crate) const FINGERPRINT_LENGTH: usize = 4;

/// What the CRC is combined with, so that it differs from the CRC of other protocols.
///
/// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// MESSAGE-INTEGRITY over `covered`: the message up to, and without, the attribute.
///
/// [RFC 8489 §14.5](https://www.rfc-editor.org/rfc/rfc8489#section-14.5)
pub(crate) fn integrity(key: &[u8], covered: &[u8]) -> [u8; INTEGRITY_LENGTH] {
    mac(key, covered).map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default()
}

/// Whether `value` is the MESSAGE-INTEGRITY of `covered`, compared in constant time.
pub(crate) fn verify(key: &[u8], covered: &[u8], value: &[u8]) -> bool {
    mac(key, covered).is_some_and(|mac| mac.verify_slice(value).is_ok())
}

/// FINGERPRINT over `covered`: the message up to, and without, the attribute.
///
/// [RFC 8489 §14.7](https://www.rfc-editor.org/rfc/rfc8489#section-14.7)
pub(crate) fn fingerprint(covered: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    feed(covered, FINGERPRINT_LENGTH, |part| crc.update(part));
    crc.finalize() ^ FINGERPRINT_XOR
}

fn mac(key: &[u8], covered: &[u8]) -> Option<Hmac<Sha1>> {
    // HMAC takes keys of any length; the error cannot occur.
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    feed(covered, INTEGRITY_LENGTH, |part| mac.update(part));
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
