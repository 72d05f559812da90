//! A flood of requests whose source addresses are forged, as far as the server can tell.

use std::{
    io::IoSlice,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd as _,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg};
use twocan_stun::{Class, MessageBuilder, Method, TransactionId, attributes::RequestedTransport};

use crate::{Failed, local_only, report_end, report_start};

/// How long the last answers are waited for.
const LAST_ANSWERS: Duration = Duration::from_millis(300);

/// Requests between two looks at the clock.
const RUN: u32 = 20;

/// Send Allocate requests without credentials, each from another address of 127.0.0.0/8.
#[derive(Debug, Args)]
pub(crate) struct Flood {
    /// The server, on a loopback IPv4 address
    server: SocketAddrV4,
    /// How many requests
    #[arg(long, value_parser = clap::value_parser!(u32).range(..1 << 23))]
    count: u32,
    /// How many requests a second
    #[arg(long)]
    rate: f64,
}

impl Flood {
    pub(crate) fn run(&self) -> Result<(), Failed> {
        local_only(SocketAddr::V4(self.server))?;
        // Every address of 127.0.0.0/8 is this machine's: the socket sends from all, and gets the
        // answers to all.
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(LAST_ANSWERS))?;
        let (answers, done) = (AtomicU32::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| count_answers(&socket, &answers, &done));
            report_start();
            let start = Instant::now();
            let sent = self.send(&socket, start);
            let seconds = start.elapsed().as_secs_f64();
            thread::sleep(LAST_ANSWERS);
            done.store(true, Ordering::Relaxed);
            sent?;
            report_end(answers.load(Ordering::Relaxed), self.count, seconds);
            Ok(())
        })
    }

    fn send(&self, socket: &UdpSocket, start: Instant) -> Result<(), Failed> {
        for number in 0..self.count {
            if number % RUN == 0 {
                let due = start + Duration::from_secs_f64(f64::from(number) / self.rate);
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            self.send_from(socket, Ipv4Addr::from_bits((127 << 24 | 1 << 23) + number), number)?;
        }
        Ok(())
    }

    fn send_from(&self, socket: &UdpSocket, from: Ipv4Addr, number: u32) -> Result<(), Failed> {
        let mut id = TransactionId([0; 12]);
        id.0[..4].copy_from_slice(&number.to_be_bytes());
        let mut request = MessageBuilder::new(Class::Request, Method::ALLOCATE, id);
        request.push(&RequestedTransport::UDP);
        let from = libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        sendmsg(
            socket.as_raw_fd(),
            &[IoSlice::new(&request.finish())],
            &[ControlMessage::Ipv4PacketInfo(&from)],
            MsgFlags::empty(),
            Some(&SockaddrIn::from(self.server)),
        )
        .map_err(std::io::Error::from)?;
        Ok(())
    }
}

fn count_answers(socket: &UdpSocket, answers: &AtomicU32, done: &AtomicBool) {
    let mut buffer = [0; 2048];
    while !done.load(Ordering::Relaxed) {
        if socket.recv(&mut buffer).is_ok() {
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}
