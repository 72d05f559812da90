//! ERROR-CODE and ADDRESS-ERROR-CODE.

use super::{AddressFamily, Attribute, AttributeError};
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

/// ADDRESS-ERROR-CODE: why there is no relayed address of one of two families.
///
/// [RFC 8656 §18.12](https://www.rfc-editor.org/rfc/rfc8656#section-18.12)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressErrorCode<'a> {
    /// The family.
    pub family: AddressFamily,
    /// 300 to 699.
    pub code: u16,
    /// For people; fewer than 128 characters.
    pub reason: &'a str,
}

impl<'a> Attribute<'a> for AddressErrorCode<'a> {
    const TYPE: u16 = 0x8001;

    fn decode(value: &'a [u8], id: TransactionId) -> Result<Self, AttributeError> {
        let malformed = AttributeError { kind: Self::TYPE };
        let family = value.first().and_then(|number| AddressFamily::from_number(*number));
        let ErrorCode { code, reason } = ErrorCode::decode(value, id).map_err(|_| malformed)?;
        Ok(AddressErrorCode { family: family.ok_or(malformed)?, code, reason })
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([self.family.number(), 0, (self.code / 100) as u8, (self.code % 100) as u8]);
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
    fn a_family_with_its_code_survives_its_encoding() {
        let id = TransactionId([0; 12]);
        let error =
            AddressErrorCode { family: AddressFamily::V6, code: 440, reason: "no such family" };
        let mut bytes = Vec::new();
        error.encode(id, &mut bytes);
        assert_eq!(AddressErrorCode::decode(&bytes, id), Ok(error));
        bytes[0] = 3;
        assert!(AddressErrorCode::decode(&bytes, id).is_err());
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
