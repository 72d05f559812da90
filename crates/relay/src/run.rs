//! Runs: packets of one size from one socket to one address, which the kernel takes in one call.
//!
//! A frame of video is several such packets. They reach the relay together, and a call for each of
//! them would cost more than everything else that is done for them. Nothing waits for a run to grow:
//! it holds what had arrived before, and leaves as soon as that is looked through. Packets of several
//! calls that arrive in turns are put in order; and what leaves in one go wakes its receivers less often.

use std::{
    io::{self, IoSlice},
    mem,
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use twocan_turn::{Link, RelayId};

/// How many packets a run has at most: the kernel's own bound, before Linux 6.9.
const MAX_PACKETS: usize = 64;

/// How many bytes a run has at most: what fits into one IPv6 packet beside its headers, since the
/// kernel builds one of the whole run before it cuts it.
const MAX_BYTES: usize = u16::MAX as usize - 48;

/// The way of a packet out of the relay by UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From a listener to a client, by the address that the client sends to.
    ToClient { link: Link, client: SocketAddr, from: IpAddr },
    /// From a relayed address to a peer.
    ToPeer { relay: RelayId, peer: SocketAddr, dont_fragment: bool },
}

impl Way {
    /// Whether the other leads from the same socket to the same receiver.
    fn leads_to(self, other: Way) -> bool {
        match (self, other) {
            (Way::ToPeer { relay, peer, .. }, Way::ToPeer { relay: from, peer: to, .. }) => {
                (relay, peer) == (from, to)
            }
            _ => self == other,
        }
    }
}

/// The packets of a turn, gathered into runs. To one receiver, none overtakes another.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// Those behind `open` are empty, and kept for their memory.
    runs: Vec<Run>,
    open: usize,
}

impl Runs {
    /// Appends a packet that stands in the worker's buffer, and is to stay there until it is sent.
    pub(crate) fn push(&mut self, way: Way, packet: &Range<usize>) {
        let open = self.runs.get_mut(..self.open).unwrap_or_default();
        let latest = open.iter_mut().rev().find(|run| run.way.is_some_and(|one| one.leads_to(way)));
        if latest.is_some_and(|run| run.push(way, packet)) {
            return;
        }
        if self.runs.len() == self.open {
            self.runs.push(Run::default());
        }
        if let Some(run) = self.runs.get_mut(self.open) {
            run.push(way, packet);
            self.open += 1;
        }
    }

    /// Sends everything, by `send` as [`Run::send`] uses it.
    pub(crate) fn send(
        &mut self,
        buffer: &[u8],
        mut send: impl FnMut(Way, &[IoSlice<'_>], Option<u16>) -> io::Result<()>,
    ) {
        for run in self.runs.iter_mut().take(mem::take(&mut self.open)) {
            run.send(buffer, &mut send);
        }
    }
}

/// Packets that leave together. All have the size of the first, but for the last, which may be
/// shorter.
#[derive(Debug, Default)]
struct Run {
    way: Option<Way>,
    /// Where the packets stand in the worker's buffer.
    packets: Vec<Range<usize>>,
    bytes: usize,
}

impl Run {
    /// Appends a packet; false if it does not fit in.
    fn push(&mut self, way: Way, packet: &Range<usize>) -> bool {
        if let (Some(first), Some(last)) = (self.packets.first(), self.packets.last())
            && (self.way != Some(way)
                || last.len() != first.len()
                || packet.len() > first.len()
                || packet.is_empty()
                || self.packets.len() == MAX_PACKETS
                || self.bytes + packet.len() > MAX_BYTES)
        {
            return false;
        }
        self.way = Some(way);
        self.bytes += packet.len();
        self.packets.push(packet.clone());
        true
    }

    /// Hands the packets over to be sent, and begins anew. `send` takes one packet, or several and
    /// their size. If it fails for several, each is tried by itself: the kernel cuts no packets that
    /// are too long for the path to their receiver.
    fn send(
        &mut self,
        buffer: &[u8],
        send: &mut impl FnMut(Way, &[IoSlice<'_>], Option<u16>) -> io::Result<()>,
    ) {
        let Some(way) = self.way.take() else { return };
        let slice =
            |packet: &Range<usize>| IoSlice::new(buffer.get(packet.clone()).unwrap_or_default());
        let together = match &self.packets[..] {
            [first, _, ..] => {
                let parts: Vec<IoSlice<'_>> = self.packets.iter().map(slice).collect();
                send(way, &parts, u16::try_from(first.len()).ok()).is_ok()
            }
            _ => false,
        };
        if !together {
            for packet in &self.packets {
                // A packet may be lost.
                let _ = send(way, &[slice(packet)], None);
            }
        }
        self.packets.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_client(port: u16) -> Way {
        let ip = IpAddr::from([127, 0, 0, 1]);
        Way::ToClient { link: Link(0), client: SocketAddr::new(ip, port), from: ip }
    }

    /// The sizes of what is sent, run by run, if the kernel takes no run with more bytes than this.
    fn sent(run: &mut Run, most: usize) -> Vec<(Option<u16>, Vec<usize>)> {
        let buffer = vec![0; 1 << 17];
        let mut sent = Vec::new();
        run.send(&buffer, &mut |_, slices: &[IoSlice<'_>], size: Option<u16>| {
            let sizes: Vec<usize> = slices.iter().map(|slice| slice.len()).collect();
            if size.is_some() && sizes.iter().sum::<usize>() > most {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            sent.push((size, sizes));
            Ok(())
        });
        sent
    }

    #[test]
    fn packets_of_one_size_and_a_shorter_last_one_leave_together() {
        let mut run = Run::default();
        for start in [0, 100, 200] {
            assert!(run.push(to_client(1), &(start..start + 100)));
        }
        assert!(run.push(to_client(1), &(300..320)));
        assert!(!run.push(to_client(1), &(400..420)), "only the last may be shorter");
        assert_eq!(sent(&mut run, usize::MAX), [(Some(100), vec![100, 100, 100, 20])]);
        assert_eq!(sent(&mut run, usize::MAX), [], "all has been sent");
    }

    #[test]
    fn a_single_packet_is_no_run() {
        let mut run = Run::default();
        assert!(run.push(to_client(1), &(0..100)));
        assert_eq!(sent(&mut run, 0), [(None, vec![100])]);
    }

    #[test]
    fn what_differs_does_not_join() {
        let mut run = Run::default();
        assert!(run.push(to_client(1), &(0..100)));
        assert!(!run.push(to_client(2), &(100..200)), "another receiver");
        assert!(!run.push(to_client(1), &(100..201)), "longer");
        assert!(!run.push(to_client(1), &(100..100)), "empty");
    }

    #[test]
    fn a_run_is_bounded() {
        let mut run = Run::default();
        let long = (0..).map(|n| n * 1200..(n + 1) * 1200);
        assert_eq!(long.take_while(|packet| run.push(to_client(1), packet)).count(), 54);
        sent(&mut run, usize::MAX);
        let short = (0..).map(|n| n..n + 1);
        assert_eq!(short.take_while(|packet| run.push(to_client(1), packet)).count(), 64);
    }

    #[test]
    fn a_run_that_is_not_taken_goes_packet_by_packet() {
        let mut run = Run::default();
        assert!(run.push(to_client(1), &(0..100)) && run.push(to_client(1), &(100..150)));
        assert_eq!(sent(&mut run, 120), [(None, vec![100]), (None, vec![50])]);
    }

    #[test]
    fn packets_that_arrive_in_turns_leave_in_runs_and_none_overtakes_another() {
        let mut runs = Runs::default();
        for turn in 0..2 {
            let sizes = [(1, 100), (2, 100), (1, 100), (1, 120), (2, 50), (1, 100), (2, 100)];
            let mut start = 0;
            for (port, size) in sizes {
                runs.push(to_client(port), &(start..start + size));
                start += size;
            }
            let mut sent = Vec::new();
            runs.send(&[0; 1000], |way, slices, _| {
                sent.push((way, slices.iter().map(|slice| slice.len()).collect::<Vec<_>>()));
                Ok(())
            });
            let (one, two) = (to_client(1), to_client(2));
            assert_eq!(
                sent,
                [
                    (one, vec![100, 100]),
                    (two, vec![100, 50]),
                    (one, vec![120, 100]),
                    (two, vec![100])
                ],
                "turn {turn}"
            );
        }
    }

    #[test]
    fn packets_that_must_not_be_cut_overtake_no_others() {
        let to = |dont_fragment| Way::ToPeer {
            relay: RelayId(0),
            peer: SocketAddr::from(([127, 0, 0, 1], 9)),
            dont_fragment,
        };
        let mut runs = Runs::default();
        for (number, way) in [to(false), to(true), to(false)].into_iter().enumerate() {
            runs.push(way, &(number * 10..number * 10 + 10));
        }
        let mut ways = Vec::new();
        runs.send(&[0; 100], |way, _, _| {
            ways.push(way);
            Ok(())
        });
        assert_eq!(ways, [to(false), to(true), to(false)]);
    }
}
