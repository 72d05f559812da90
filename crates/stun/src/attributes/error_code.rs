//! ERROR-CODE.

use super::{Attribute, AttributeError};
use crate::message::TransactionId;

/// ERROR-CODE: why a request was not carried out, as a number and in words.
///
/// [RFC 8489 §14.8](https://www.rfc-editor.org/rfc/rfc8489#section-14.8)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode<'a> {
    /// 300 to 699.
    pub code: u16,
    /// For people; fewer than 128 characters.
    pub reason: &'a str,
}

impl<'a> Attribute<'a> for ErrorCode<'a> {
    const TYPE: u16 = 0x0009;

    fn decode(value: &'a [u8], _: TransactionId) -> Result<Self, AttributeError> {
        let malformed = AttributeError { kind: Self::TYPE };
        let (&[_, _, class, number], reason) = value.split_first_chunk().ok_or(malformed)?;
        let class = class & 0x07;
        if !(3..=6).contains(&class) || number > 99 {
            return Err(malformed);
        }
        let reason = str::from_utf8(reason).map_err(|_| malformed)?;
        Ok(ErrorCode { code: u16::from(class) * 100 + u16::from(number), reason })
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([0, 0, (self.code / 100) as u8, (self.code % 100) as u8]);
        out.extend(self.reason.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_their_encoding() {
        let id = TransactionId([0; 12]);
        for code in [300, 401, 438, 508, 699] {
            let mut bytes = Vec::new();
            ErrorCode { code, reason: "why" }.encode(id, &mut bytes);
            assert_eq!(ErrorCode::decode(&bytes, id), Ok(ErrorCode { code, reason: "why" }));
        }
    }

    #[test]
    fn codes_beyond_the_range_are_malformed() {
        let id = TransactionId([0; 12]);
        for value in
            [&[0, 0, 4][..], &[0, 0, 2, 0], &[0, 0, 7, 0], &[0, 0, 4, 100], &[0, 0, 4, 1, 0xFF]]
        {
            assert!(ErrorCode::decode(value, id).is_err(), "{value:?}");
        }
    }
}
