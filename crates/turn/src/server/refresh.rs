//! Refresh: the prolonging and ending of allocations.

use std::time::Duration;

use twocan_stun::{
    Message,
    attributes::{AddressFamily, Lifetime, MobilityTicket, RequestedAddressFamily},
};

use super::{
    Server,
    auth::Authenticated,
    mobility::Arrival,
    reply::{self, Rejection},
};
use crate::{Client, Now};

/// The lifetime of an allocation whose client asks for less, or for nothing.
///
/// [RFC 8656 §3.2](https://www.rfc-editor.org/rfc/rfc8656#section-3.2)
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The longest lifetime that is granted.
///
/// [RFC 8656 §7.2](https://www.rfc-editor.org/rfc/rfc8656#section-7.2)
const MAX_LIFETIME: Duration = Duration::from_secs(3600);

impl Server {
    /// [RFC 8656 §8.2](https://www.rfc-editor.org/rfc/rfc8656#section-8.2),
    /// [RFC 8016 §3.2.2](https://www.rfc-editor.org/rfc/rfc8016#section-3.2.2)
    pub(super) fn refresh(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let granted = granted_lifetime(message)?;
        let family = requested_family(message)?;
        let ends = matches!(message.get(), Ok(Some(Lifetime(Duration::ZERO))));
        let lifetime = if ends { Duration::ZERO } else { granted };
        let shown = self.show_ticket(client, message, user, granted, now)?;
        let mut answer = reply::success(message);
        answer.push(&Lifetime(lifetime));
        if let Some(shown) = shown.filter(|_| !ends) {
            answer.push(&MobilityTicket(shown.ticket.text().as_bytes()));
        }
        let bytes = reply::finish(answer, message, Some(&user.key));
        if let Some(shown) = shown
            && !self.by_client.contains_key(&client)
        {
            let needs_relays = ends || family.is_some();
            if !needs_relays {
                self.send(client, bytes);
                if shown.at_once {
                    self.arrive(client, Some(user.username), None);
                }
                return Ok(());
            }
            // What concerns the relayed addresses is done where they are, or come to.
            if self.arrive(client, Some(user.username), Some(message.bytes())) == Arrival::OnItsWay
            {
                return Ok(());
            }
        }
        let (id, allocation) = self.own_allocation(client, user)?;
        let relay =
            family.map(|family| allocation.relays.get(family).ok_or(Rejection::FAMILY_MISMATCH));
        let relay = relay.transpose()?;
        // Of a dual allocation, one relayed address can be given back alone.
        let other_stays = allocation.relays.iter().any(|one| Some(one) != relay);
        match (ends, family, relay) {
            (true, Some(family), Some(relay)) if other_stays => {
                allocation.relays.set(family, None);
                self.remove_relay(relay);
                self.end_connections_of(id, family, now);
            }
            (true, ..) => self.remove(id, "its client ended it"),
            (false, ..) => {
                allocation.lifetime = lifetime;
                let expires = now.instant + lifetime;
                allocation.expires = expires;
                if let Some(mobile) = allocation.mobile {
                    self.neighbours.tickets.prolong(mobile, expires);
                }
            }
        }
        self.send(client, bytes);
        Ok(())
    }
}

/// The lifetime to grant for what a request asks.
pub(super) fn granted_lifetime(message: &Message<'_>) -> Result<Duration, Rejection> {
    match message.get() {
        Ok(Some(Lifetime(lifetime))) => Ok(lifetime.clamp(DEFAULT_LIFETIME, MAX_LIFETIME)),
        Ok(None) => Ok(DEFAULT_LIFETIME),
        Err(_) => Err(Rejection::bad_request("LIFETIME is malformed")),
    }
}

/// The family that a request names, if it names one.
pub(super) fn requested_family(message: &Message<'_>) -> Result<Option<AddressFamily>, Rejection> {
    match message.get() {
        Ok(Some(RequestedAddressFamily(None))) => Err(Rejection::FAMILY_NOT_SUPPORTED),
        Ok(Some(RequestedAddressFamily(family))) => Ok(family),
        Ok(None) => Ok(None),
        Err(_) => Err(Rejection::bad_request("REQUESTED-ADDRESS-FAMILY is malformed")),
    }
}
