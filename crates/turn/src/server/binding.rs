//! Binding: a client's own address, and how its NAT behaves where the server has two addresses.

use std::net::SocketAddr;

use twocan_stun::{
    Attribute as _, Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        ChangeRequest, MappedAddress, OtherAddress, Padding, ResponseOrigin, ResponsePort,
        XorMappedAddress,
    },
    message::MAGIC_COOKIE,
};

use super::{
    Server,
    reply::{self, Rejection},
};
use crate::{Client, Link, Now, Transport};

impl Server {
    /// A Binding request needs no credentials.
    ///
    /// [RFC 8489 §6.3.1](https://www.rfc-editor.org/rfc/rfc8489#section-6.3.1),
    /// [RFC 5780 §6.1](https://www.rfc-editor.org/rfc/rfc5780#section-6.1)
    pub(super) fn handle_binding(&mut self, client: Client, message: &Message<'_>, now: Now) {
        let (from, to) = match self.answer_ways(client, message) {
            Ok(ways) => ways,
            Err(rejection) => return self.reject(client, message, rejection, None, now),
        };
        let mut answer = reply::success(message);
        answer.push(&XorMappedAddress(client.address));
        if let Some(other) = self.other(client) {
            answer.push(&MappedAddress(client.address));
            answer.push(&ResponseOrigin(from.server));
            answer.push(&OtherAddress(other));
            // As long as the question's, so that the answer is cut where the question was, and
            // nobody gets more than was sent in his name.
            if let Ok(Some(padding)) = message.get::<Padding<'_>>() {
                answer.push(&padding);
            }
        }
        let bytes = reply::finish(answer, message, None);
        let way = Client { address: to, ..from };
        self.answer_stranger(way, message.len(), bytes, now);
    }

    /// A client of RFC 3489 has no magic cookie, and 16 bytes of transaction id in its place.
    ///
    /// [RFC 8489 §11](https://www.rfc-editor.org/rfc/rfc8489#section-11)
    pub(super) fn answer_rfc3489_binding(&mut self, client: Client, request: &[u8], now: Now) {
        let Some(id) = request.get(4..20) else { return };
        let mut answer =
            MessageBuilder::new(Class::Success, Method::BINDING, TransactionId([0; 12]));
        answer.push(&MappedAddress(client.address));
        let mut bytes = answer.finish();
        if let Some(place) = bytes.get_mut(4..20) {
            place.copy_from_slice(id);
        }
        self.answer_stranger(client, request.len(), bytes, now);
    }

    /// From which of the server's addresses the answer goes, as the way of a client there, and to
    /// which address.
    fn answer_ways(
        &self,
        client: Client,
        message: &Message<'_>,
    ) -> Result<(Client, SocketAddr), Rejection> {
        let other = self.other(client);
        let discovery: &[u16] = if other.is_some() {
            &[ChangeRequest::TYPE, Padding::TYPE, ResponsePort::TYPE]
        } else {
            &[]
        };
        reply::refuse_unknown_but(message, discovery)?;
        let (Ok(change), Ok(port)) =
            (message.get::<ChangeRequest>(), message.get::<ResponsePort>())
        else {
            return Err(Rejection::bad_request("CHANGE-REQUEST or RESPONSE-PORT is malformed"));
        };
        let mut from = client;
        if let (Some(ChangeRequest { ip, port }), Some(other)) = (change, other) {
            let ip = if ip { other.ip() } else { client.server.ip() };
            let port = if port { other.port() } else { client.server.port() };
            from.server = SocketAddr::new(ip, port);
            from.link = self.listener(from.server).unwrap_or(client.link);
        }
        if port.is_some() && message.has(Padding::TYPE) {
            return Err(Rejection::bad_request("PADDING and RESPONSE-PORT exclude each other"));
        }
        let mut to = client.address;
        if let Some(ResponsePort(port)) = port {
            to.set_port(port);
        }
        Ok((from, to))
    }

    /// The server's address that differs from the one a client uses in address and in port, if the
    /// listeners are two addresses with two ports each.
    ///
    /// [RFC 5780 §6](https://www.rfc-editor.org/rfc/rfc5780#section-6)
    fn other(&self, client: Client) -> Option<SocketAddr> {
        let server = client.server;
        let listens = |ip, port| self.listener(SocketAddr::new(ip, port)).is_some();
        self.config.listeners.iter().copied().find(|other| {
            client.transport == Transport::Udp
                && other.is_ipv4() == server.is_ipv4()
                && other.ip() != server.ip()
                && other.port() != server.port()
                && listens(server.ip(), other.port())
                && listens(other.ip(), server.port())
        })
    }

    fn listener(&self, address: SocketAddr) -> Option<Link> {
        self.config.listeners.iter().position(|one| *one == address).map(Link)
    }
}

/// Whether these bytes are a Binding request without the magic cookie and without attributes.
pub(super) fn is_rfc3489_binding(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 1, 0, 0, cookie @ ..]
        if cookie.len() == 16 && !cookie.starts_with(&MAGIC_COOKIE.to_be_bytes()))
}
