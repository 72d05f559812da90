//! How much of the server anyone may have, and who may have nothing any longer.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::meter::{Meter, Rate};

/// The bounds. What has none is unbounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Allocations for each user: for each name in usernames of the form `expiry:name`.
    pub for_user: Option<usize>,
    /// Allocations for each address that clients come from: an IPv4 address, or an IPv6 /64.
    pub for_address: Option<usize>,
    /// Allocations in total.
    pub in_total: Option<usize>,
    /// Bytes a second for each allocation, both directions together.
    pub bandwidth: Option<Rate>,
    /// Bytes a second in total.
    pub total_bandwidth: Option<Rate>,
    /// Answers a second to requests without credentials, for each network that they come from: an
    /// IPv4 /24 or an IPv6 /56.
    pub strangers: Option<Rate>,
}

/// How many names of ended credentials are kept. The oldest make room; their credentials have at
/// most a day left.
const MAX_REVOKED: usize = 100_000;

/// When data that waits is looked at again, if a rate does not tell.
const RETRY: Duration = Duration::from_millis(10);

/// What is used of the limits, shared by the servers of a process.
#[derive(Debug)]
pub struct Quotas {
    limits: Limits,
    counts: Mutex<Counts>,
    total: Meter,
}

#[derive(Debug, Default)]
struct Counts {
    by_user: HashMap<Box<str>, usize>,
    by_address: HashMap<IpAddr, usize>,
    total: usize,
    /// Names whose credentials are no longer good, with the time when they expire by themselves.
    revoked: HashMap<Box<str>, Duration>,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    User,
    Address,
    Total,
}

impl Quotas {
    /// Nothing used yet. `start` is the time of the shell's clock.
    pub fn new(limits: Limits, start: Instant) -> Quotas {
        Quotas { limits, counts: Mutex::default(), total: Meter::new(start) }
    }

    /// How many allocations there are, of all servers.
    pub fn allocation_count(&self) -> usize {
        self.counts().total
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts an allocation in, or says which limit is reached.
    pub(crate) fn enter(&self, username: &str, address: IpAddr) -> Result<(), Reached> {
        let mut counts = self.counts();
        let (user, address) = (name_of(username), network_of(address));
        let used_by_user = counts.by_user.get(user).copied().unwrap_or_default();
        let used_by_address = counts.by_address.get(&address).copied().unwrap_or_default();
        let reached = |limit: Option<usize>, used| limit.is_some_and(|limit| used >= limit);
        if reached(self.limits.for_user, used_by_user) {
            return Err(Reached::User);
        }
        if reached(self.limits.for_address, used_by_address) {
            return Err(Reached::Address);
        }
        if reached(self.limits.in_total, counts.total) {
            return Err(Reached::Total);
        }
        *counts.by_user.entry(user.into()).or_default() += 1;
        *counts.by_address.entry(address).or_default() += 1;
        counts.total += 1;
        Ok(())
    }

    /// Counts an allocation out that was counted in.
    pub(crate) fn leave(&self, username: &str, address: IpAddr) {
        let mut counts = self.counts();
        let (user, address) = (name_of(username), network_of(address));
        if let Some(count) = counts.by_user.get_mut(user) {
            *count -= 1;
            if *count == 0 {
                counts.by_user.remove(user);
            }
        }
        if let Some(count) = counts.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
        counts.total = counts.total.saturating_sub(1);
    }

    /// Whether so many bytes may pass for an allocation with this meter.
    pub(crate) fn may_pass(&self, meter: &Meter, bytes: usize, now: Instant) -> bool {
        let bytes = bytes as u64;
        self.limits.bandwidth.is_none_or(|rate| meter.take(rate, bytes, now))
            && self.limits.total_bandwidth.is_none_or(|rate| self.total.take(rate, bytes, now))
    }

    /// How many of these bytes may pass for an allocation with this meter where data can wait: one at
    /// least, or the time to ask again.
    pub(crate) fn may_pass_in_part(
        &self,
        meter: &Meter,
        bytes: usize,
        now: Instant,
    ) -> Result<usize, Instant> {
        let rates = [(self.limits.bandwidth, meter), (self.limits.total_bandwidth, &self.total)];
        let rates = || rates.iter().filter_map(|(rate, meter)| Some(((*rate)?, *meter)));
        let part = rates().fold(bytes as u64, |part, (rate, _)| part.min(rate.burst()));
        let free = rates().map(|(rate, meter)| meter.free(rate, part, now)).max().unwrap_or(now);
        if free > now {
            return Err(free);
        }
        // Another thread may have been quicker, and a rate may be too low for anything at once.
        let part = usize::try_from(part).unwrap_or(bytes);
        if part > 0 && self.may_pass(meter, part, now) { Ok(part) } else { Err(now + RETRY) }
    }

    /// Ends the credentials of a name, until they would end by themselves; `until` and `unix` are
    /// times since 1970. Allocations that exist are ended by
    /// [`Server::handle_revoked`](crate::Server::handle_revoked).
    pub fn revoke(&self, name: &str, until: Duration, unix: Duration) {
        let mut counts = self.counts();
        if counts.revoked.len() >= MAX_REVOKED {
            counts.revoked.retain(|_, until| unix < *until);
        }
        if counts.revoked.len() >= MAX_REVOKED
            && let Some(oldest) =
                counts.revoked.iter().min_by_key(|(_, until)| **until).map(|(name, _)| name.clone())
        {
            counts.revoked.remove(&oldest);
        }
        counts.revoked.insert(name.into(), until);
    }

    pub(crate) fn is_revoked(&self, username: &str) -> bool {
        self.counts().revoked.contains_key(name_of(username))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // The counts are whole between any two statements, so a panic elsewhere cannot have broken
        // them.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a username that names its user.
pub(crate) fn name_of(username: &str) -> &str {
    username.split_once(':').map_or(username, |(_, name)| name)
}

/// What counts as one address: a household has an IPv6 /64 at least.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !(u128::MAX >> 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_limit_is_kept_and_given_back() {
        let limits = Limits {
            for_user: Some(2),
            for_address: Some(3),
            in_total: Some(4),
            ..Limits::default()
        };
        let quotas = Quotas::new(limits, Instant::now());
        let (a, b) = (ip("198.51.100.1"), ip("198.51.100.2"));
        assert_eq!(quotas.enter("1:x", a), Ok(()));
        assert_eq!(quotas.enter("2:x", a), Ok(()), "a later credential of the same user");
        assert_eq!(quotas.enter("1:x", a), Err(Reached::User));
        assert_eq!(quotas.enter("1:y", a), Ok(()));
        assert_eq!(quotas.enter("1:z", a), Err(Reached::Address));
        assert_eq!(quotas.enter("1:z", b), Ok(()));
        assert_eq!(quotas.enter("1:v", b), Err(Reached::Total));
        assert_eq!(quotas.allocation_count(), 4);
        quotas.leave("1:x", a);
        assert_eq!(quotas.enter("1:x", a), Ok(()));
        for (user, address) in [("1:x", a), ("2:x", a), ("1:y", a), ("1:z", b)] {
            quotas.leave(user, address);
        }
        let counts = quotas.counts();
        assert!(counts.by_user.is_empty() && counts.by_address.is_empty() && counts.total == 0);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let limits = Limits { for_address: Some(1), ..Limits::default() };
        let quotas = Quotas::new(limits, Instant::now());
        assert_eq!(quotas.enter("1:x", ip("2001:db8::1")), Ok(()));
        assert_eq!(quotas.enter("1:y", ip("2001:db8::ffff:1")), Err(Reached::Address));
        assert_eq!(quotas.enter("1:y", ip("2001:db8:0:1::1")), Ok(()));
    }

    #[test]
    fn what_can_wait_passes_in_parts_at_the_rate() {
        let rate = |each_second: u64| {
            let each_second = std::num::NonZeroU64::new(each_second).unwrap();
            Some(Rate { each_second, burst: Duration::from_secs(2) })
        };
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        for limits in [
            Limits { bandwidth: rate(1000), total_bandwidth: rate(5000), ..Limits::default() },
            Limits { bandwidth: rate(5000), total_bandwidth: rate(1000), ..Limits::default() },
        ] {
            let quotas = Quotas::new(limits, start);
            let meter = Meter::new(start);
            assert_eq!(quotas.may_pass_in_part(&meter, 500, at(0)), Ok(500));
            assert_eq!(quotas.may_pass_in_part(&meter, 5000, at(0)), Err(at(500)), "a whole part");
            assert_eq!(quotas.may_pass_in_part(&meter, 5000, at(500)), Ok(2000), "a burst");
            assert_eq!(quotas.may_pass_in_part(&meter, 100, at(500)), Err(at(600)));
            assert_eq!(quotas.may_pass_in_part(&meter, 100, at(600)), Ok(100));
        }
        let quotas = Quotas::new(Limits::default(), start);
        assert_eq!(quotas.may_pass_in_part(&Meter::new(start), 9000, at(0)), Ok(9000));
    }

    #[test]
    fn revoked_names_are_kept_until_they_end_by_themselves_and_are_bounded() {
        let quotas = Quotas::new(Limits::default(), Instant::now());
        let second = Duration::from_secs;
        quotas.revoke("x", second(100), second(0));
        assert!(quotas.is_revoked("100:x") && quotas.is_revoked("7:x"));
        assert!(!quotas.is_revoked("100:y"));
        for n in 0..MAX_REVOKED as u64 + 10 {
            quotas.revoke(&n.to_string(), second(200 + n), second(150));
        }
        assert!(!quotas.is_revoked("100:x"), "it had ended by itself");
        assert!(quotas.counts().revoked.len() <= MAX_REVOKED);
        assert!(quotas.is_revoked(&format!("1:{}", MAX_REVOKED + 9)));
    }
}
