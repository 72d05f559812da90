//! UNKNOWN-ATTRIBUTES.

use super::{Attribute, AttributeError};
use crate::message::TransactionId;

/// UNKNOWN-ATTRIBUTES: the types that a request had and the server did not understand.
///
/// [RFC 8489 §14.13](https://www.rfc-editor.org/rfc/rfc8489#section-14.13)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownAttributes(pub Vec<u16>);

impl Attribute<'_> for UnknownAttributes {
    const TYPE: u16 = 0x000A;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let (kinds, []) = value.as_chunks::<2>() else {
            return Err(AttributeError { kind: Self::TYPE });
        };
        Ok(UnknownAttributes(kinds.iter().map(|kind| u16::from_be_bytes(*kind)).collect()))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0.iter().flat_map(|kind| kind.to_be_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_survives_its_encoding() {
        let id = TransactionId([0; 12]);
        let list = UnknownAttributes(vec![0x0018, 0x001A]);
        let mut bytes = Vec::new();
        list.encode(id, &mut bytes);
        assert_eq!(bytes, [0, 0x18, 0, 0x1A]);
        assert_eq!(UnknownAttributes::decode(&bytes, id), Ok(list));
        assert!(UnknownAttributes::decode(&bytes[..3], id).is_err());
    }
}
