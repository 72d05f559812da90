//! The attributes that hold a number of fixed size.

use std::time::Duration;

use super::{Attribute, AttributeError};
use crate::message::TransactionId;

/// LIFETIME: how long an allocation lasts without a refresh, in whole seconds.
///
/// [RFC 8656 §18.2](https://www.rfc-editor.org/rfc/rfc8656#section-18.2)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(pub Duration);

impl Attribute<'_> for Lifetime {
    const TYPE: u16 = 0x000D;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let seconds = u32::from_be_bytes(exactly(value, Self::TYPE)?);
        Ok(Lifetime(Duration::from_secs(seconds.into())))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX).to_be_bytes());
    }
}

/// CHANNEL-NUMBER: the channel that a request is about.
///
/// [RFC 8656 §18.1](https://www.rfc-editor.org/rfc/rfc8656#section-18.1)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelNumber(pub u16);

impl Attribute<'_> for ChannelNumber {
    const TYPE: u16 = 0x000C;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [n0, n1, _, _] = exactly(value, Self::TYPE)?;
        Ok(ChannelNumber(u16::from_be_bytes([n0, n1])))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
        out.extend([0, 0]);
    }
}

/// REQUESTED-TRANSPORT: the protocol between server and peer, by its number in the IP header.
///
/// [RFC 8656 §18.8](https://www.rfc-editor.org/rfc/rfc8656#section-18.8)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedTransport(pub u8);

impl RequestedTransport {
    /// UDP.
    pub const UDP: RequestedTransport = RequestedTransport(17);
    /// TCP. [RFC 6062 §4.1](https://www.rfc-editor.org/rfc/rfc6062#section-4.1)
    pub const TCP: RequestedTransport = RequestedTransport(6);
}

impl Attribute<'_> for RequestedTransport {
    const TYPE: u16 = 0x0019;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [protocol, _, _, _] = exactly(value, Self::TYPE)?;
        Ok(RequestedTransport(protocol))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([self.0, 0, 0, 0]);
    }
}

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressFamily {
    /// The number in an attribute.
    pub(super) fn number(self) -> u8 {
        match self {
            AddressFamily::V4 => 0x01,
            AddressFamily::V6 => 0x02,
        }
    }

    /// The family with this number.
    pub(super) fn from_number(number: u8) -> Option<AddressFamily> {
        match number {
            0x01 => Some(AddressFamily::V4),
            0x02 => Some(AddressFamily::V6),
            _ => None,
        }
    }
}

/// REQUESTED-ADDRESS-FAMILY: the family of the relayed address; `None` is a number that names
/// neither family, which a server answers with 440 and not with 400.
///
/// [RFC 8656 §18.6](https://www.rfc-editor.org/rfc/rfc8656#section-18.6)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedAddressFamily(pub Option<AddressFamily>);

impl Attribute<'_> for RequestedAddressFamily {
    const TYPE: u16 = 0x0017;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [family, _, _, _] = exactly(value, Self::TYPE)?;
        Ok(RequestedAddressFamily(AddressFamily::from_number(family)))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([self.0.map_or(0, AddressFamily::number), 0, 0, 0]);
    }
}

/// EVEN-PORT: the relayed port shall be even, and if the value is true, the next higher one be
/// kept for a later request.
///
/// [RFC 8656 §18.7](https://www.rfc-editor.org/rfc/rfc8656#section-18.7)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvenPort(pub bool);

impl Attribute<'_> for EvenPort {
    const TYPE: u16 = 0x0018;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [flags] = exactly(value, Self::TYPE)?;
        Ok(EvenPort(flags & 0x80 != 0))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.push(if self.0 { 0x80 } else { 0 });
    }
}

/// RESERVATION-TOKEN: names a port that was kept by [`EvenPort`].
///
/// [RFC 8656 §18.10](https://www.rfc-editor.org/rfc/rfc8656#section-18.10)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationToken(pub [u8; 8]);

impl Attribute<'_> for ReservationToken {
    const TYPE: u16 = 0x0022;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        exactly(value, Self::TYPE).map(ReservationToken)
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0);
    }
}

/// ADDITIONAL-ADDRESS-FAMILY: the second family of a dual allocation.
///
/// [RFC 8656 §18.11](https://www.rfc-editor.org/rfc/rfc8656#section-18.11)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdditionalAddressFamily(pub Option<AddressFamily>);

impl Attribute<'_> for AdditionalAddressFamily {
    const TYPE: u16 = 0x8000;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [family, _, _, _] = exactly(value, Self::TYPE)?;
        Ok(AdditionalAddressFamily(AddressFamily::from_number(family)))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([self.0.map_or(0, AddressFamily::number), 0, 0, 0]);
    }
}

/// ADDITIONAL-ADDRESS-FAMILY by the number of the drafts before the RFC, which coturn's clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftAdditionalAddressFamily(pub AdditionalAddressFamily);

impl Attribute<'_> for DraftAdditionalAddressFamily {
    const TYPE: u16 = 0x8032;

    fn decode(value: &[u8], id: TransactionId) -> Result<Self, AttributeError> {
        let malformed = |_| AttributeError { kind: Self::TYPE };
        AdditionalAddressFamily::decode(value, id)
            .map(DraftAdditionalAddressFamily)
            .map_err(malformed)
    }

    fn encode(&self, id: TransactionId, out: &mut Vec<u8>) {
        self.0.encode(id, out);
    }
}

/// DONT-FRAGMENT: datagrams to peers shall not be cut on their way.
///
/// [RFC 8656 §18.9](https://www.rfc-editor.org/rfc/rfc8656#section-18.9)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DontFragment;

impl Attribute<'_> for DontFragment {
    const TYPE: u16 = 0x001A;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [] = exactly(value, Self::TYPE)?;
        Ok(DontFragment)
    }

    fn encode(&self, _: TransactionId, _: &mut Vec<u8>) {}
}

/// ICMP: the error that a datagram to a peer met.
///
/// [RFC 8656 §18.13](https://www.rfc-editor.org/rfc/rfc8656#section-18.13)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmp {
    /// The ICMP or ICMPv6 type, 0 to 127.
    pub kind: u8,
    /// The ICMP or ICMPv6 code, 0 to 511.
    pub code: u16,
    /// What else the error says: the path's MTU for 'too big'.
    pub data: [u8; 4],
}

impl Attribute<'_> for Icmp {
    const TYPE: u16 = 0x8004;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [_, _, high, low, data @ ..] = exactly::<8>(value, Self::TYPE)?;
        let code = u16::from_be_bytes([high & 1, low]);
        Ok(Icmp { kind: high >> 1, code, data })
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        let type_and_code = u16::from(self.kind) << 9 | self.code & 0x1FF;
        out.extend([0, 0]);
        out.extend(type_and_code.to_be_bytes());
        out.extend(self.data);
    }
}

/// CONNECTION-ID: names a TCP connection to a peer.
///
/// [RFC 6062 §6.2.1](https://www.rfc-editor.org/rfc/rfc6062#section-6.2.1)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

impl Attribute<'_> for ConnectionId {
    const TYPE: u16 = 0x002A;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        exactly(value, Self::TYPE).map(|bytes| ConnectionId(u32::from_be_bytes(bytes)))
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
    }
}

/// CHANGE-REQUEST: the answer shall come from another address or port of the server.
///
/// [RFC 5780 §7.2](https://www.rfc-editor.org/rfc/rfc5780#section-7.2)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRequest {
    /// From the other address.
    pub ip: bool,
    /// From the other port.
    pub port: bool,
}

impl Attribute<'_> for ChangeRequest {
    const TYPE: u16 = 0x0003;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        let [_, _, _, flags] = exactly(value, Self::TYPE)?;
        Ok(ChangeRequest { ip: flags & 0x04 != 0, port: flags & 0x02 != 0 })
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend([0, 0, 0, u8::from(self.ip) << 2 | u8::from(self.port) << 1]);
    }
}

/// RESPONSE-PORT: the client's port that the answer shall go to.
///
/// [RFC 5780 §7.5](https://www.rfc-editor.org/rfc/rfc5780#section-7.5)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponsePort(pub u16);

impl Attribute<'_> for ResponsePort {
    const TYPE: u16 = 0x0027;

    fn decode(value: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        // The RFC's figure has two bytes of port and two of padding; lengths of both kinds occur.
        match value {
            [p0, p1] | [p0, p1, _, _] => Ok(ResponsePort(u16::from_be_bytes([*p0, *p1]))),
            _ => Err(AttributeError { kind: Self::TYPE }),
        }
    }

    fn encode(&self, _: TransactionId, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
        out.extend([0, 0]);
    }
}

fn exactly<const N: usize>(value: &[u8], kind: u16) -> Result<[u8; N], AttributeError> {
    value.try_into().map_err(|_| AttributeError { kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = TransactionId([0; 12]);

    fn encoded<'a>(attribute: &impl Attribute<'a>) -> Vec<u8> {
        let mut bytes = Vec::new();
        attribute.encode(ID, &mut bytes);
        bytes
    }

    #[test]
    fn numbers_survive_their_encoding() {
        let lifetime = Lifetime(Duration::from_secs(600));
        assert_eq!(encoded(&lifetime), [0, 0, 2, 88]);
        assert_eq!(Lifetime::decode(&encoded(&lifetime), ID), Ok(lifetime));

        let channel = ChannelNumber(0x4001);
        assert_eq!(encoded(&channel), [0x40, 1, 0, 0]);
        assert_eq!(ChannelNumber::decode(&encoded(&channel), ID), Ok(channel));

        assert_eq!(encoded(&RequestedTransport::UDP), [17, 0, 0, 0]);
        assert_eq!(RequestedTransport::decode(&[6, 0, 0, 0], ID), Ok(RequestedTransport::TCP));

        for reserve in [false, true] {
            let attribute = EvenPort(reserve);
            assert_eq!(EvenPort::decode(&encoded(&attribute), ID), Ok(attribute));
        }

        let token = ReservationToken([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(ReservationToken::decode(&encoded(&token), ID), Ok(token));

        for family in [Some(AddressFamily::V4), Some(AddressFamily::V6), None] {
            let attribute = RequestedAddressFamily(family);
            assert_eq!(RequestedAddressFamily::decode(&encoded(&attribute), ID), Ok(attribute));
        }
    }

    #[test]
    fn the_numbers_of_later_documents_survive_their_encoding() {
        let icmp = Icmp { kind: 3, code: 4, data: [0, 0, 5, 220] };
        assert_eq!(encoded(&icmp), [0, 0, 6, 4, 0, 0, 5, 220]);
        assert_eq!(Icmp::decode(&encoded(&icmp), ID), Ok(icmp));
        let icmp = Icmp { kind: 127, code: 511, data: [1; 4] };
        assert_eq!(Icmp::decode(&encoded(&icmp), ID), Ok(icmp));

        let id = ConnectionId(0x0102_0304);
        assert_eq!(ConnectionId::decode(&encoded(&id), ID), Ok(id));

        for (ip, port, last) in [(true, true, 6), (true, false, 4), (false, true, 2)] {
            let change = ChangeRequest { ip, port };
            assert_eq!(encoded(&change), [0, 0, 0, last]);
            assert_eq!(ChangeRequest::decode(&encoded(&change), ID), Ok(change));
        }

        let port = ResponsePort(0x1234);
        assert_eq!(ResponsePort::decode(&encoded(&port), ID), Ok(port));
        assert_eq!(ResponsePort::decode(&[0x12, 0x34], ID), Ok(port));

        assert_eq!(DontFragment::decode(&encoded(&DontFragment), ID), Ok(DontFragment));
        assert!(DontFragment::decode(&[0], ID).is_err());

        let family = AdditionalAddressFamily(Some(AddressFamily::V6));
        assert_eq!(AdditionalAddressFamily::decode(&encoded(&family), ID), Ok(family));
        let drafted = DraftAdditionalAddressFamily(family);
        assert_eq!(DraftAdditionalAddressFamily::decode(&encoded(&drafted), ID), Ok(drafted));
    }

    #[test]
    fn a_lifetime_beyond_the_field_is_the_longest() {
        assert_eq!(encoded(&Lifetime(Duration::MAX)), [0xFF; 4]);
    }

    #[test]
    fn other_lengths_are_malformed() {
        assert!(Lifetime::decode(&[0, 0, 1], ID).is_err());
        assert!(ChannelNumber::decode(&[0x40, 0], ID).is_err());
        assert!(RequestedTransport::decode(&[], ID).is_err());
        assert!(RequestedAddressFamily::decode(&[1, 0, 0, 0, 0], ID).is_err());
    }
}
