//! Refresh: the prolonging and ending of allocations.

use std::time::Duration;

use twocan_stun::{
    Message,
    attributes::{AddressFamily, Lifetime, RequestedAddressFamily},
};

use super::{
    Server,
    auth::Authenticated,
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
    /// [RFC 8656 §8.2](https://www.rfc-editor.org/rfc/rfc8656#section-8.2)
    pub(super) fn refresh(
        &mut self,
        client: Client,
        message: &Message<'_>,
        user: &Authenticated<'_>,
        now: Now,
    ) -> Result<(), Rejection> {
        let granted = granted_lifetime(message)?;
        let family = requested_family(message)?;
        let (id, allocation) = self.own_allocation(client, user)?;
        let relay =
            family.map(|family| allocation.relays.get(family).ok_or(Rejection::FAMILY_MISMATCH));
        let relay = relay.transpose()?;
        let ends = matches!(message.get(), Ok(Some(Lifetime(Duration::ZERO))));
        let lifetime = if ends { Duration::ZERO } else { granted };
        let mut answer = reply::success(message);
        answer.push(&Lifetime(lifetime));
        let bytes = reply::finish(answer, message, Some(&user.key));
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
                allocation.expires = now.instant + lifetime;
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
