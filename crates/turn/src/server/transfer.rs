//! The data path: from client to peer, from peer to client, and from client to client.

use std::{net::SocketAddr, ops::Range};

use rand::Rng as _;
use tracing::trace;
use twocan_stun::{
    Attribute as _, ChannelData, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{Data, DontFragment, Icmp, XorPeerAddress},
    channel_data,
};

use super::{Server, allocate::family_of, reply};
use crate::{
    Client, Command, ForFamily, Forward, Now, RelayId, ToClient, ToPeer, Transport,
    allocation::{AllocationId, Protocol},
    book::{Book, Reach},
};

/// Bytes in front of data that may be written over: the header of a Data indication with an IPv6
/// address.
pub const HEADROOM: usize = 48;

/// Bytes behind data that may be written over, for padding.
pub const TAILROOM: usize = 3;

impl Server {
    /// Takes a packet from a peer, which arrived at a relayed address.
    ///
    /// The packet is `data` in `buffer`, with [`HEADROOM`] bytes before it and [`TAILROOM`] bytes
    /// behind it that header and padding may be written to. `None` if the client gave the peer no
    /// permission, or the buffer is too short.
    ///
    /// [RFC 8656 §11.3](https://www.rfc-editor.org/rfc/rfc8656#section-11.3),
    /// [§12.6](https://www.rfc-editor.org/rfc/rfc8656#section-12.6)
    pub fn handle_peer(
        &mut self,
        id: RelayId,
        peer: SocketAddr,
        buffer: &mut [u8],
        data: Range<usize>,
        now: Now,
    ) -> Option<ToClient> {
        let relay = self.relays.get(id.0)?;
        let allocation = self.allocations.get(relay.allocation.0)?;
        let peer = if self.config.external == ForFamily::default() {
            peer
        } else {
            // Behind a one-to-one NAT, a neighbour's packet comes from its local address.
            self.neighbours.relayed_of(Protocol::Udp, peer).unwrap_or(peer)
        };
        let book = allocation.shared.book();
        let reach = book.reach(peer.ip(), now.instant)?;
        if reach == Reach::RelayedOnly && !self.neighbours.is_relayed(Protocol::Udp, peer) {
            return None;
        }
        if !self.quotas.may_pass(&allocation.shared.meter, data.len(), now.instant) {
            return None;
        }
        let client = book.client?;
        let message = wrap(&book, client, peer, buffer, data, &mut self.random, now)?;
        Some(ToClient { client, message })
    }

    /// Takes an ICMP error that a packet from a relayed address to a peer met, and tells the client.
    ///
    /// [RFC 8656 §11.5](https://www.rfc-editor.org/rfc/rfc8656#section-11.5)
    pub fn handle_icmp(&mut self, id: RelayId, peer: SocketAddr, icmp: Icmp, now: Now) {
        let Some(relay) = self.relays.get(id.0) else { return };
        let Some(allocation) = self.allocations.get(relay.allocation.0) else { return };
        let book = allocation.shared.book();
        let (Some(_), Some(client)) = (book.reach(peer.ip(), now.instant), book.client) else {
            return;
        };
        trace!(%peer, kind = icmp.kind, code = icmp.code, "a peer could not be reached");
        let mut id = TransactionId([0; 12]);
        self.random.fill(&mut id.0);
        let mut message = MessageBuilder::new(Class::Indication, Method::DATA, id);
        message.push(&XorPeerAddress(peer));
        message.push(&icmp);
        self.commands.push_back(Command::Send { client, bytes: message.finish() });
    }

    /// [RFC 8656 §12.5](https://www.rfc-editor.org/rfc/rfc8656#section-12.5)
    pub(super) fn handle_channel_data(
        &mut self,
        client: Client,
        buffer: &mut [u8],
        message: Range<usize>,
        now: Now,
    ) -> Option<Forward> {
        let ChannelData { number, data } = ChannelData::decode(buffer.get(message.clone())?)?;
        let start = message.start + channel_data::HEADER_LENGTH;
        let data = start..start + data.len();
        let id = self.sender(client, buffer, message)?;
        let channel = self.allocations.get(id.0)?.shared.book().channel(number, now.instant)?;
        self.forward(id, channel.peer, channel.reach, buffer, data, false, now)
    }

    /// [RFC 8656 §11.2](https://www.rfc-editor.org/rfc/rfc8656#section-11.2)
    pub(super) fn handle_send(
        &mut self,
        id: AllocationId,
        buffer: &mut [u8],
        peer: SocketAddr,
        data: Range<usize>,
        dont_fragment: bool,
        now: Now,
    ) -> Option<Forward> {
        let shared = &self.allocations.get(id.0)?.shared;
        if shared.protocol != Protocol::Udp {
            return None;
        }
        let reach = shared.book().reach(peer.ip(), now.instant)?;
        self.forward(id, peer, reach, buffer, data, dont_fragment, now)
    }

    /// Sends data on to a peer. If the peer is a relayed address of this process, the data goes to
    /// its client directly, provided that this client may send to that one.
    #[allow(clippy::too_many_arguments, reason = "the parts of one packet, on the hot path")]
    fn forward(
        &mut self,
        sender: AllocationId,
        peer: SocketAddr,
        reach: Reach,
        buffer: &mut [u8],
        data: Range<usize>,
        dont_fragment: bool,
        now: Now,
    ) -> Option<Forward> {
        let allocation = self.allocations.get(sender.0)?;
        let id = allocation.relays.get(family_of(peer))?;
        if !self.quotas.may_pass(&allocation.shared.meter, data.len(), now.instant) {
            return None;
        }
        let to_peer = |peer| {
            Some(Forward::ToPeer(ToPeer { relay: id, peer, data: data.clone(), dont_fragment }))
        };
        if reach == Reach::Elsewhere {
            return to_peer(peer);
        }
        let Some((neighbour, local)) = self.neighbours.behind(Protocol::Udp, peer) else {
            return if reach == Reach::OwnHost { to_peer(peer) } else { None };
        };
        let from = self.relays.get(id.0)?.relayed;
        let book = neighbour.book();
        let receiver = book.client?;
        if receiver.transport != Transport::Udp && !self.by_client.contains_key(&receiver) {
            // Its connection or session is another thread's; its socket is the way there.
            return to_peer(local);
        }
        book.reach(from.ip(), now.instant)?;
        if !self.quotas.may_pass(&neighbour.meter, data.len(), now.instant) {
            return None;
        }
        let message = wrap(&book, receiver, from, buffer, data, &mut self.random, now)?;
        Some(Forward::ToClient(ToClient { client: receiver, message }))
    }
}

/// What a Send indication asks for: peer, where in the message the data stands, and whether it may
/// be cut on its way.
pub(super) fn parse_send(message: &Message<'_>) -> Option<(SocketAddr, Range<usize>, bool)> {
    reply::refuse_unknown(message).ok()?;
    let XorPeerAddress(peer) = message.get().ok()??;
    let data = message.attributes().find(|attribute| attribute.kind == Data::TYPE)?;
    Some((peer, data.range(), message.has(DontFragment::TYPE)))
}

/// Puts a peer's data into the form in which its client gets it: ChannelData if the peer has a
/// channel, else a Data indication.
fn wrap(
    book: &Book,
    client: Client,
    peer: SocketAddr,
    buffer: &mut [u8],
    data: Range<usize>,
    random: &mut impl rand::Rng,
    now: Now,
) -> Option<Range<usize>> {
    let length = u16::try_from(data.len()).ok()?;
    if let Some(number) = book.number_of(peer, now.instant) {
        let start = data.start.checked_sub(channel_data::HEADER_LENGTH)?;
        buffer.get_mut(start..data.start)?.copy_from_slice(&ChannelData::header(number, length));
        let end = match client.transport {
            Transport::Udp | Transport::Dtls => data.end,
            Transport::Tcp => pad(buffer, &data)?,
        };
        return Some(start..end);
    }
    let mut id = TransactionId([0; 12]);
    random.fill(&mut id.0);
    let mut header = MessageBuilder::new(Class::Indication, Method::DATA, id);
    header.push(&XorPeerAddress(peer));
    let mut header = header.finish();
    header.extend(Data::TYPE.to_be_bytes());
    header.extend(length.to_be_bytes());
    let whole = header.len() - twocan_stun::message::HEADER_LENGTH + data.len().next_multiple_of(4);
    header.get_mut(2..4)?.copy_from_slice(&u16::try_from(whole).ok()?.to_be_bytes());
    let start = data.start.checked_sub(header.len())?;
    buffer.get_mut(start..data.start)?.copy_from_slice(&header);
    Some(start..pad(buffer, &data)?)
}

/// Fills up to a multiple of four bytes of data; returns the padded end.
fn pad(buffer: &mut [u8], data: &Range<usize>) -> Option<usize> {
    let padded = data.start + data.len().next_multiple_of(4);
    buffer.get_mut(data.end..padded)?.fill(0);
    Some(padded)
}
