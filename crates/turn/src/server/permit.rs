//! CreatePermission and ChannelBind: which peers a client may exchange data with.

use std::net::{IpAddr, SocketAddr};

use tracing::{debug, info};
use twocan_stun::{
    Attribute as _, Message,
    attributes::{ChannelNumber, XorPeerAddress},
    channel_data::CHANNEL_NUMBERS,
};

use super::{
    Server,
    allocate::family_of,
    auth::Authenticated,
    reply::{self, Rejection},
};
use crate::{
    Client, Now, PeerPolicy,
    allocation::Protocol,
    book::{BindError, CAPACITY, Reach},
};

const FORBIDDEN: Rejection =
    Rejection::new(403, "Forbidden: this server does not relay to special-purpose addresses");

impl Server {
    /// [RFC 8656 §10.2](https://www.rfc-editor.org/rfc/rfc8656#section-10.2)
    pub(super) fn create_permission(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let relays = self.own_allocation(client, user)?.1.relays;
        let mut peers: Vec<(IpAddr, Reach)> = Vec::new();
        for attribute in message.attributes().filter(|one| one.kind == XorPeerAddress::TYPE) {
            let XorPeerAddress(peer) =
                XorPeerAddress::decode(attribute.value, message.transaction_id())
                    .map_err(|_| Rejection::bad_request("XOR-PEER-ADDRESS is malformed"))?;
            if relays.get(family_of(peer)).is_none() {
                return Err(Rejection::FAMILY_MISMATCH);
            }
            if !peers.iter().any(|(ip, _)| *ip == peer.ip()) {
                peers.push((peer.ip(), self.judge(peer)?));
            }
            if peers.len() > CAPACITY {
                return Err(Rejection::INSUFFICIENT_CAPACITY);
            }
        }
        if peers.is_empty() {
            return Err(Rejection::bad_request("XOR-PEER-ADDRESS is required"));
        }
        let (_, allocation) = self.own_allocation(client, user)?;
        let ips: Vec<IpAddr> = peers.iter().map(|(ip, _)| *ip).collect();
        let mut book = allocation.shared.book_mut();
        if !book.has_room_for(&ips) {
            return Err(Rejection::INSUFFICIENT_CAPACITY);
        }
        for (ip, reach) in peers {
            book.permit(ip, reach, now.instant);
        }
        drop(book);
        self.send(client, reply::finish(reply::success(message), message, Some(&user.key)));
        Ok(())
    }

    /// [RFC 8656 §12.2](https://www.rfc-editor.org/rfc/rfc8656#section-12.2)
    pub(super) fn channel_bind(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let (_, allocation) = self.own_allocation(client, user)?;
        if allocation.shared.protocol != Protocol::Udp {
            return Err(Rejection::bad_request(
                "An allocation for TCP has no channels; use Connect",
            ));
        }
        let relays = allocation.relays;
        let (Ok(Some(ChannelNumber(number))), Ok(Some(XorPeerAddress(peer)))) =
            (message.get(), message.get())
        else {
            return Err(Rejection::bad_request("CHANNEL-NUMBER and XOR-PEER-ADDRESS are required"));
        };
        if !CHANNEL_NUMBERS.contains(&number) {
            return Err(Rejection::bad_request("The channel number is outside 0x4000-0x7FFF"));
        }
        if relays.get(family_of(peer)).is_none() {
            return Err(Rejection::FAMILY_MISMATCH);
        }
        let reach = self.judge(peer)?;
        let (_, allocation) = self.own_allocation(client, user)?;
        let mut book = allocation.shared.book_mut();
        if !book.has_room_for(&[peer.ip()]) {
            return Err(Rejection::INSUFFICIENT_CAPACITY);
        }
        book.bind(number, peer, reach, now.instant).map_err(|error| match error {
            BindError::NumberTaken => {
                Rejection::bad_request("The channel number is bound to another peer")
            }
            BindError::PeerTaken => {
                Rejection::bad_request("The peer is bound to another channel number")
            }
            BindError::Full => Rejection::INSUFFICIENT_CAPACITY,
        })?;
        book.permit(peer.ip(), reach, now.instant);
        drop(book);
        self.send(client, reply::finish(reply::success(message), message, Some(&user.key)));
        Ok(())
    }

    /// What of a peer's host may be reached, or 403.
    ///
    /// [RFC 8656 §21.1.4](https://www.rfc-editor.org/rfc/rfc8656#section-21.1.4)
    pub(super) fn judge(&mut self, peer: SocketAddr) -> Result<Reach, Rejection> {
        let ip = peer.ip();
        let meant = PeerPolicy::meant(ip);
        let relays = self.neighbours.is_own(ip) || self.neighbours.is_own(meant);
        let own = relays || self.config.own.contains(&ip) || self.config.own.contains(&meant);
        let special = PeerPolicy::is_special(ip);
        match (own, self.config.peers.is_allowed(ip)) {
            (true, true) => return Ok(Reach::OwnHost),
            // Of loopback and the like, only what is relayed on is no peer to be refused.
            (true, false) if relays || !special => return Ok(Reach::RelayedOnly),
            (false, true) => return Ok(Reach::Elsewhere),
            (false, false) if !special => return Ok(Reach::Elsewhere),
            _ => {}
        }
        // Each call behind a router offers a private address or two; so this is no warning, and
        // the advice need not be read twice.
        if self.told_of_allow_peer {
            debug!(peer = %ip, "refused a special-purpose peer");
        } else {
            self.told_of_allow_peer = true;
            info!(
                peer = %ip,
                "refused to relay to a special-purpose address, as is usual; --allow-peer {ip} would allow it"
            );
        }
        Err(FORBIDDEN)
    }
}
