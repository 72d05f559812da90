//! How much anyone may ask for: rates as token buckets, and counts for each address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

/// How much anyone may ask for. The defaults let every ordinary call pass by far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The events of each socket, of whatever kind; beyond it, `too_fast`.
    ///
    /// Default: 100 a second, 300 at once. A call sends an offer or an answer and trickles some 30
    /// candidates in its first second, and as many again when it looks for a new path.
    pub messages: Rate,
    /// The joins of each address; beyond it, `too_many_joins`.
    ///
    /// Default: 50 a second, 2,000 at once. A school of 500 people behind one address may come at the
    /// stroke of the bell, and come back together, twice, after a restart of the server; whoever tries
    /// names of rooms gets nowhere.
    pub joins: Rate,
    /// The new sessions of each address, of whom nothing else is known yet; beyond it, `too_many_sockets`.
    ///
    /// Default: 50 a second, 2,000 at once, as for joins. A session that never asks for a socket lasts
    /// for more than a minute: without a bound, one address could soon take all that the server has.
    pub sessions: Rate,
    /// The open sockets of each address; beyond it, `too_many_sockets`.
    ///
    /// Default: 2,000. Each of 500 people behind one address may have a page open, one that is being
    /// reloaded, and two whose end the server has not yet noticed.
    pub sockets_of_an_address: usize,
    /// The rooms in which each socket may sit; beyond it, `too_many_rooms`.
    ///
    /// Default: 16. A page needs one; a few more do no harm, but a socket must not fill the memory with
    /// rooms.
    pub rooms_of_a_socket: usize,
    /// The longest `data` of a message, in bytes of JSON; beyond it, `too_large`.
    ///
    /// Default: 65,536. The description of a call with every codec of a browser has about 10 KB, and a
    /// third more when it is sealed.
    pub data_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            messages: Rate { each_second: 100, burst: 300 },
            joins: Rate { each_second: 50, burst: 2000 },
            sessions: Rate { each_second: 50, burst: 2000 },
            sockets_of_an_address: 2000,
            rooms_of_a_socket: 16,
            data_bytes: 64 * 1024,
        }
    }
}

/// A rate with a burst: what a token bucket allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many a second go on and on; at least 1.
    pub each_second: u32,
    /// How many may come at once after a rest; at least 1.
    pub burst: u32,
}

/// A token bucket, known by the time at which it is full again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(now: Instant) -> Bucket {
        Bucket { full_at: now }
    }

    /// Takes a token out, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let interval = Duration::from_secs(1) / rate.each_second.max(1);
        let full_at = self.full_at.max(now) + interval;
        let allowed = full_at - now <= interval * rate.burst.max(1);
        if allowed {
            self.full_at = full_at;
        }
        allowed
    }

    /// Whether there is a token in it.
    fn has_token(mut self, rate: Rate, now: Instant) -> bool {
        self.take(rate, now)
    }

    fn is_full(self, now: Instant) -> bool {
        self.full_at <= now
    }
}

/// Whom a limit for each address is for: an IPv4 address, or the /64 of an IPv6 address, which is
/// what one customer is given ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from(address.to_bits() >> 64 << 64).into(),
        })
    }
}

/// What each network has and asks for.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    uses: HashMap<Network, Use>,
    /// With this many entries, those that say nothing are looked for: so that their number is bounded by
    /// those that do, and a look costs next to nothing for each newcomer.
    crowded: usize,
}

#[derive(Debug)]
struct Use {
    sockets: usize,
    sessions: Bucket,
    joins: Bucket,
}

impl Use {
    fn says_nothing(&self, now: Instant) -> bool {
        self.sockets == 0 && self.sessions.is_full(now) && self.joins.is_full(now)
    }
}

/// The fewest entries that are looked through.
const FEW: usize = 1024;

impl Networks {
    /// Whether the network may open a session.
    pub(crate) fn may_open(&self, network: Network, rate: Rate, now: Instant) -> bool {
        self.uses.get(&network).is_none_or(|entry| entry.sessions.has_token(rate, now))
    }

    /// Counts a session that the network has opened.
    pub(crate) fn open(&mut self, network: Network, rate: Rate, now: Instant) {
        self.entry(network, now).sessions.take(rate, now);
    }

    /// Counts a socket, unless its network has `most` already.
    pub(crate) fn connect(&mut self, network: Network, most: usize, now: Instant) -> bool {
        let entry = self.entry(network, now);
        let allowed = entry.sockets < most;
        if allowed {
            entry.sockets += 1;
        }
        allowed
    }

    /// A socket that was counted has gone.
    pub(crate) fn disconnect(&mut self, network: Network) {
        if let Some(entry) = self.uses.get_mut(&network) {
            entry.sockets = entry.sockets.saturating_sub(1);
        }
    }

    /// Whether a socket of the network may join.
    pub(crate) fn join(&mut self, network: Network, rate: Rate, now: Instant) -> bool {
        self.uses.get_mut(&network).is_none_or(|entry| entry.joins.take(rate, now))
    }

    fn entry(&mut self, network: Network, now: Instant) -> &mut Use {
        self.tidy(now);
        let full = Bucket::new(now);
        self.uses.entry(network).or_insert(Use { sockets: 0, sessions: full, joins: full })
    }

    /// Forgets networks without sockets, once they might do as much as anybody: sooner, whoever
    /// disconnects between two joins would have no limit.
    fn tidy(&mut self, now: Instant) {
        if self.uses.len() >= self.crowded.max(FEW) {
            self.uses.retain(|_, entry| !entry.says_nothing(now));
            self.crowded = 2 * self.uses.len();
            self.uses.shrink_to(self.crowded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { each_second: 10, burst: 3 };

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_its_rate_from_then_on() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        let at = |ms| start + Duration::from_millis(ms);
        let taken: Vec<bool> = [0, 0, 0, 0, 99, 100, 100, 250, 300, 399, 400]
            .map(|ms| bucket.take(RATE, at(ms)))
            .into();
        let expected = [true, true, true, false, false, true, false, true, true, false, true];
        assert_eq!(taken, expected);
        assert!(bucket.is_full(at(10_000)));
        let refilled: Vec<bool> = (0..4).map(|_| bucket.take(RATE, at(10_000))).collect();
        assert_eq!(refilled, [true, true, true, false], "a rest saves up no more than the burst");
    }

    #[test]
    fn a_network_is_an_address_of_ipv4_and_64_bits_of_ipv6() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(network("192.0.2.7"), network("::ffff:192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
        assert_eq!(network("2001:db8:1:2::7"), network("2001:db8:1:2:ffff::8"));
        assert_ne!(network("2001:db8:1:2::7"), network("2001:db8:1:3::7"));
    }

    #[test]
    fn a_network_may_have_so_many_sockets_and_no_more() {
        let (mut networks, now) = (Networks::default(), Instant::now());
        assert!(networks.connect(network(1), 2, now));
        assert!(networks.connect(network(1), 2, now));
        assert!(!networks.connect(network(1), 2, now));
        assert!(networks.connect(network(2), 2, now));
        networks.disconnect(network(1));
        assert!(networks.connect(network(1), 2, now));
    }

    #[test]
    fn to_come_anew_is_no_way_around_the_rate_of_joins() {
        let (mut networks, now) = (Networks::default(), Instant::now());
        let mut joins = 0;
        for _ in 0..10 {
            assert!(networks.connect(network(1), 1, now));
            joins += usize::from(networks.join(network(1), RATE, now));
            networks.disconnect(network(1));
        }
        assert_eq!(joins, 3);
    }

    #[test]
    fn a_network_may_open_so_many_sessions_and_no_more() {
        let (mut networks, now) = (Networks::default(), Instant::now());
        for _ in 0..3 {
            assert!(networks.may_open(network(1), RATE, now), "to ask takes nothing");
            assert!(networks.may_open(network(1), RATE, now), "to ask takes nothing");
            networks.open(network(1), RATE, now);
        }
        assert!(!networks.may_open(network(1), RATE, now));
        assert!(networks.may_open(network(2), RATE, now));
        assert!(networks.may_open(network(1), RATE, now + Duration::from_millis(100)));
    }

    #[test]
    fn networks_that_went_are_forgotten() {
        let (mut networks, now) = (Networks::default(), Instant::now());
        for number in 0..100_000 {
            let now = now + Duration::from_millis(number);
            networks.open(network(number as u32), RATE, now);
            assert!(networks.connect(network(number as u32), 1, now));
            assert!(networks.join(network(number as u32), RATE, now));
            networks.disconnect(network(number as u32));
        }
        assert!(networks.uses.len() <= 2 * FEW, "{} are left", networks.uses.len());
    }

    fn network(number: u32) -> Network {
        IpAddr::from(number.to_be_bytes()).into()
    }
}
