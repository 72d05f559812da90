//! Calls: streams of frames, each a run of equal packets, as video makes.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use twocan_stun::ChannelData;

use crate::{Failed, client::Client, local_only, report_end, report_start};

/// How long the last packets are waited for.
const LAST_PACKETS: Duration = Duration::from_millis(300);

/// How often the receiver looks whether it is to end, in milliseconds.
const LOOK: u16 = 100;

/// The channel that each client binds.
const CHANNEL: u16 = 0x4000;

/// Relay frames, each a run of equal packets, between the two ends of calls.
#[derive(Debug, Args)]
pub(crate) struct Stream {
    /// The server, on a loopback address
    server: SocketAddr,
    /// The secret of its time-limited credentials
    #[arg(long)]
    secret: String,
    /// How many calls
    #[arg(long)]
    calls: u32,
    /// How the other end of each call is reached
    #[arg(long)]
    other: Other,
    /// How many packets a frame has
    #[arg(long)]
    packets: u32,
    /// How many bytes a packet has
    #[arg(long)]
    bytes: u16,
    /// How many frames are sent a second, by all ends together
    #[arg(long)]
    frames: f64,
    /// For how long
    #[arg(long)]
    seconds: f64,
}

/// How the other end of a call is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Other {
    /// It has a relayed address of its own.
    Relayed,
    /// Its own address is the peer.
    Direct,
}

/// One end of a call.
#[derive(Debug)]
struct End {
    /// Connected to where its packets go: the server, or the other end's relayed address.
    socket: UdpSocket,
    packet: Vec<u8>,
}

impl Stream {
    pub(crate) fn run(&self) -> Result<(), Failed> {
        local_only(self.server)?;
        let mut ends = Vec::new();
        for _ in 0..self.calls {
            ends.extend(self.call()?);
        }
        let (received, done) = (AtomicU64::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let receiver = scope.spawn(|| receive(&ends, &received, &done));
            report_start();
            let start = Instant::now();
            let sent = self.send(&ends, start);
            let seconds = start.elapsed().as_secs_f64();
            thread::sleep(LAST_PACKETS);
            done.store(true, Ordering::Relaxed);
            receiver.join().map_err(|_| io::Error::other("the receiver ended by a panic"))??;
            report_end(received.load(Ordering::Relaxed), sent, seconds);
            Ok(())
        })
    }

    fn call(&self) -> Result<[End; 2], Failed> {
        let data = vec![0xA5; usize::from(self.bytes)];
        let mut framed = ChannelData::header(CHANNEL, self.bytes).to_vec();
        framed.extend(&data);
        let mut client = Client::allocate(self.server, &self.secret)?;
        let other = match self.other {
            Other::Relayed => {
                let mut other = Client::allocate(self.server, &self.secret)?;
                other.bind_channel(CHANNEL, client.relayed)?;
                client.bind_channel(CHANNEL, other.relayed)?;
                End { socket: other.socket, packet: framed.clone() }
            }
            Other::Direct => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                socket.connect(client.relayed)?;
                client.bind_channel(CHANNEL, socket.local_addr()?)?;
                End { socket, packet: data }
            }
        };
        Ok([End { socket: client.socket, packet: framed }, other])
    }

    /// Sends the ends' frames in turn, evenly spread over time; returns the number of packets.
    fn send(&self, ends: &[End], start: Instant) -> u64 {
        let mut sent = 0;
        let frames = (self.frames * self.seconds) as u32;
        for (number, end) in (0..frames).zip(ends.iter().cycle()) {
            let due = start + Duration::from_secs_f64(f64::from(number) / self.frames);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            sent += (0..self.packets).filter(|_| end.socket.send(&end.packet).is_ok()).count();
        }
        sent as u64
    }
}

/// Counts what arrives at any end.
fn receive(ends: &[End], received: &AtomicU64, done: &AtomicBool) -> io::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (index, end) in ends.iter().enumerate() {
        end.socket.set_nonblocking(true)?;
        epoll.add(&end.socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
    }
    let mut events = [EpollEvent::empty(); 64];
    let mut buffer = [0; 2048];
    while !done.load(Ordering::Relaxed) {
        let count = epoll.wait(&mut events, LOOK)?;
        for event in events.iter().take(count) {
            if let Some(end) = ends.get(event.data() as usize) {
                while end.socket.recv(&mut buffer).is_ok() {
                    received.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
    Ok(())
}
