//! What RFC 8489 added to the long-term credentials: other hashes, and names that are not told.

use super::{Attribute, AttributeError};
use crate::message::TransactionId;

/// How a key is made of a password.
///
/// [RFC 8489 §18.5](https://www.rfc-editor.org/rfc/rfc8489#section-18.5)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordAlgorithm {
    /// MD5, as ever.
    Md5,
    /// SHA-256.
    Sha256,
    /// Another number of the registry; its parameters, if it has any, are skipped.
    Other(u16),
}

impl PasswordAlgorithm {
    fn number(self) -> u16 {
        match self {
            PasswordAlgorithm::Md5 => 1,
            PasswordAlgorithm::Sha256 => 2,
            PasswordAlgorithm::Other(number) => number,
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend(self.number().to_be_bytes());
        out.extend([0, 0]);
    }

    /// Reads one entry; returns it with what follows.
    fn read(value: &[u8]) -> Option<(PasswordAlgorithm, &[u8])> {
        let (&[n0, n1, l0, l1], rest) = value.split_first_chunk::<4>()?;
        let number = u16::from_be_bytes([n0, n1]);
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        // The last entry's padding may be left out, as it is the attribute's own.
        let rest = rest.get(length..)?;
        let rest = rest.get(length.next_multiple_of(4) - length..).unwrap_or_default();
        let algorithm = match (number, length) {
            (1, 0) => PasswordAlgorithm::Md5,
            (2, 0) => PasswordAlgorithm::Sha256,
            // Neither of the two has parameters.
            (1 | 2, _) => return None,
            _ => PasswordAlgorithm::Other(number),
        };
        Some((algorithm, rest))
    }
}

/// PASSWORD-ALGORITHM: the one that the client chose.
///
/// [RFC 8489 §14.12](https://www.rfc-editor.org/rfc/rfc8489#section-14.12)
impl Attribute<'_> for PasswordAlgorithm {
    const TYPE: u16 = 0x001D;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        match PasswordAlgorithm::read(value) {
            Some((algorithm, [])) => Ok(algorithm),
            _ => Err(AttributeError { kind: Self::TYPE }),
        }
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        self.write(out);
    }
}

/// PASSWORD-ALGORITHMS: those that the server offers, the preferred one first.
///
/// [RFC 8489 §14.11](https://www.rfc-editor.org/rfc/rfc8489#section-14.11)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordAlgorithms(pub Vec<PasswordAlgorithm>);

impl Attribute<'_> for PasswordAlgorithms {
    const TYPE: u16 = 0x8002;

    fn decode(mut value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let mut algorithms = Vec::new();
        while !value.is_empty() {
            let algorithm;
            (algorithm, value) =
                PasswordAlgorithm::read(value).ok_or(AttributeError { kind: Self::TYPE })?;
            algorithms.push(algorithm);
        }
        Ok(PasswordAlgorithms(algorithms))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        for algorithm in &self.0 {
            algorithm.write(out);
        }
    }
}

/// USERHASH: SHA-256 of `username:realm`, in place of USERNAME.
///
/// [RFC 8489 §14.4](https://www.rfc-editor.org/rfc/rfc8489#section-14.4)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserHash(pub [u8; 32]);

impl Attribute<'_> for UserHash {
    const TYPE: u16 = 0x001E;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        value.try_into().map(UserHash).map_err(|_| AttributeError { kind: Self::TYPE })
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = TransactionId([0; 12]);

    #[test]
    fn the_list_survives_its_encoding() {
        let list = PasswordAlgorithms(vec![
            PasswordAlgorithm::Sha256,
            PasswordAlgorithm::Md5,
            PasswordAlgorithm::Other(9),
        ]);
        let mut bytes = Vec::new();
        list.encode(ID, &mut bytes);
        assert_eq!(bytes, [0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0]);
        assert_eq!(PasswordAlgorithms::decode(&bytes, ID), Ok(list));
    }

    #[test]
    fn parameters_are_skipped_where_an_algorithm_may_have_them() {
        let bytes = [0, 9, 0, 3, 1, 2, 3, 0, 0, 1, 0, 0];
        assert_eq!(
            PasswordAlgorithms::decode(&bytes, ID),
            Ok(PasswordAlgorithms(vec![PasswordAlgorithm::Other(9), PasswordAlgorithm::Md5]))
        );
        assert!(PasswordAlgorithms::decode(&[0, 2, 0, 4, 1, 2, 3, 4], ID).is_err());
        assert!(PasswordAlgorithms::decode(&[0, 2, 0, 9, 1], ID).is_err());
        assert!(PasswordAlgorithm::decode(&[0, 2], ID).is_err());
        assert!(PasswordAlgorithm::decode(&[0, 2, 0, 0, 0, 1, 0, 0], ID).is_err());
    }
}
