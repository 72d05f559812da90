//! The data path: from client to peer, and from peer to client.

use std::net::SocketAddr;

use rand::Rng as _;
use twocan_stun::{
    Attribute as _, ChannelData, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{Data, XorPeerAddress},
    channel_data,
};

use super::{Server, reply};
use crate::{
    AllocationId, Client, Now, ToClient, ToPeer, Transport,
    allocation::{Allocation, Reach},
};

/// Bytes that [`Server::handle_peer`] needs free in front of a peer's data: the header of a Data
/// indication with an IPv6 address.
pub const HEADROOM: usize = 48;

/// Bytes that it needs free behind the data, for padding.
pub const TAILROOM: usize = 3;

impl Server {
    /// Takes a packet from a peer, which arrived at an allocation's socket.
    ///
    /// The packet's `length` bytes stand in `buffer` behind [`HEADROOM`] bytes, with [`TAILROOM`]
    /// bytes behind them; header and padding are written around them. `None` if the client gave
    /// the peer no permission, or the buffer is too short.
    ///
    /// [RFC 8656 §11.3](https://www.rfc-editor.org/rfc/rfc8656#section-11.3),
    /// [§12.6](https://www.rfc-editor.org/rfc/rfc8656#section-12.6)
    pub fn handle_peer(
        &mut self,
        id: AllocationId,
        peer: SocketAddr,
        buffer: &mut [u8],
        length: usize,
        now: Now,
    ) -> Option<ToClient> {
        let allocation = self.allocations.get(id.0)?;
        let peer = if self.config.external == crate::ForFamily::default() {
            peer
        } else {
            // Behind a one-to-one NAT, a neighbour's packet comes from its local address.
            self.relayed.relayed_of(peer).unwrap_or(peer)
        };
        let reach = allocation.permissions.reach(peer.ip(), now.instant)?;
        if reach == Reach::RelayedOnly {
            self.relayed.local_of(peer)?;
        }
        let client = allocation.client;
        let end = HEADROOM + length;
        if let Some(number) = allocation.channels.number_of(peer, now.instant) {
            let header = ChannelData::header(number, u16::try_from(length).ok()?);
            let start = HEADROOM - channel_data::HEADER_LENGTH;
            buffer.get_mut(start..HEADROOM)?.copy_from_slice(&header);
            let end = match client.transport {
                Transport::Udp => end,
                Transport::Tcp => pad(buffer, end)?,
            };
            return Some(ToClient { client, message: start..end });
        }
        let mut id = TransactionId([0; 12]);
        self.random.fill(&mut id.0);
        let start = write_data_indication(buffer, id, peer, length)?;
        Some(ToClient { client, message: start..pad(buffer, end)? })
    }

    /// [RFC 8656 §12.5](https://www.rfc-editor.org/rfc/rfc8656#section-12.5)
    pub(super) fn handle_channel_data<'a>(
        &mut self,
        client: Client,
        bytes: &'a [u8],
        now: Now,
    ) -> Option<ToPeer<'a>> {
        let ChannelData { number, data } = ChannelData::decode(bytes)?;
        let (id, allocation) = self.allocation_of(client)?;
        let channel = allocation.channels.by_number(number, now.instant)?;
        let peer = self.route(channel.peer, channel.reach)?;
        Some(ToPeer { allocation: id, peer, data })
    }

    /// [RFC 8656 §11.2](https://www.rfc-editor.org/rfc/rfc8656#section-11.2)
    pub(super) fn handle_send<'a>(
        &mut self,
        client: Client,
        message: &Message<'a>,
        now: Now,
    ) -> Option<ToPeer<'a>> {
        reply::refuse_unknown(message).ok()?;
        let (Ok(Some(XorPeerAddress(peer))), Ok(Some(Data(data)))) = (message.get(), message.get())
        else {
            return None;
        };
        let (id, allocation) = self.allocation_of(client)?;
        let reach = allocation.permissions.reach(peer.ip(), now.instant)?;
        let peer = self.route(peer, reach)?;
        Some(ToPeer { allocation: id, peer, data })
    }

    fn allocation_of(&self, client: Client) -> Option<(AllocationId, &Allocation)> {
        let id = *self.by_client.get(&client)?;
        Some((id, self.allocations.get(id.0)?))
    }

    /// Where a packet for this peer goes: to the local address of a neighbour's socket if the
    /// peer is this host, and nowhere if nothing is relayed there.
    fn route(&self, peer: SocketAddr, reach: Reach) -> Option<SocketAddr> {
        match reach {
            Reach::Whole => Some(peer),
            Reach::RelayedOnly => self.relayed.local_of(peer),
        }
    }
}

/// Writes a Data indication's header so that it ends where the data begins; returns its start.
fn write_data_indication(
    buffer: &mut [u8],
    id: TransactionId,
    peer: SocketAddr,
    length: usize,
) -> Option<usize> {
    let mut message = MessageBuilder::new(Class::Indication, Method::DATA, id);
    message.push(&XorPeerAddress(peer));
    let mut header = message.finish();
    header.extend(Data::TYPE.to_be_bytes());
    header.extend(u16::try_from(length).ok()?.to_be_bytes());
    let whole = header.len() - twocan_stun::message::HEADER_LENGTH + length.next_multiple_of(4);
    header.get_mut(2..4)?.copy_from_slice(&u16::try_from(whole).ok()?.to_be_bytes());
    let start = HEADROOM.checked_sub(header.len())?;
    buffer.get_mut(start..HEADROOM)?.copy_from_slice(&header);
    Some(start)
}

/// Fills up to a multiple of four bytes behind the headroom; returns the padded end.
fn pad(buffer: &mut [u8], end: usize) -> Option<usize> {
    let padded = end.next_multiple_of(4);
    buffer.get_mut(end..padded)?.fill(0);
    Some(padded)
}
