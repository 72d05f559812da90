//! The sockets that clients reach the server by.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    num::NonZeroUsize,
    os::fd::{AsFd, AsRawFd as _, BorrowedFd},
};

use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
};
use socket2::{Domain, Socket, Type};

use crate::{
    Listen, StartError,
    datagram::{self, UDP_BUFFER, socket_address},
};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How many free ports of UDP are tried over TCP.
const PORT_ATTEMPTS: usize = 16;

/// What a listener speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        }
    }
}

/// One worker's listeners.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    pub(crate) udp: Vec<UdpListener>,
    pub(crate) tcp: Vec<TcpListener>,
}

impl Listeners {
    /// Binds all addresses, once for each thread.
    pub(crate) fn bind(
        wanted: &[Listen],
        threads: NonZeroUsize,
    ) -> Result<(Vec<SocketAddr>, Vec<Listeners>), StartError> {
        let mut bound = Vec::new();
        let mut workers: Vec<Listeners> = Vec::new();
        workers.resize_with(threads.get(), Listeners::default);
        for &listen in wanted {
            let address = free_address(listen)?;
            for worker in &mut workers {
                worker.udp.push(
                    UdpListener::bind(address)
                        .map_err(|error| StartError::listen(address, Protocol::Udp, error))?,
                );
                if listen.tcp {
                    let socket = bind_tcp(address, true)
                        .map_err(|error| StartError::listen(address, Protocol::Tcp, error))?;
                    worker.tcp.push(socket.into());
                }
            }
            bound.push(address);
        }
        Ok((bound, workers))
    }
}

/// Checks that an address is free, and fills in a port if none is given.
///
/// With `SO_REUSEPORT` a second server could bind the same address without an error, and take
/// half of the clients away; so it is bound once without.
fn free_address(listen: Listen) -> Result<SocketAddr, StartError> {
    // A free port of UDP may be taken over TCP; if any will do, another may be free in both.
    let attempts = if listen.address.port() == 0 { PORT_ATTEMPTS } else { 1 };
    (1..attempts).find_map(|_| try_address(listen).ok()).map_or_else(|| try_address(listen), Ok)
}

fn try_address(Listen { address: wanted, tcp }: Listen) -> Result<SocketAddr, StartError> {
    let udp = bind_udp(wanted, false)
        .map_err(|error| StartError::listen(wanted, Protocol::Udp, error))?;
    let address =
        local_address(&udp).map_err(|error| StartError::listen(wanted, Protocol::Udp, error))?;
    if tcp {
        bind_tcp(address, false)
            .map_err(|error| StartError::listen(address, Protocol::Tcp, error))?;
    }
    Ok(address)
}

fn bind_udp(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = new_socket(address, Type::DGRAM)?;
    socket.set_reuse_port(shared)?;
    // The kernel may grant less (net.core.rmem_max); that is no reason to fail.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bind_tcp(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = new_socket(address, Type::STREAM)?;
    // Connections of a server that just ended are no hindrance.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// A non-blocking socket.
pub(crate) fn new_socket(address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// A datagram's way: who sent it, and to which of this host's addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) length: usize,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
}

/// A UDP socket that knows by which local address each datagram came, and answers from the same:
/// a host with several addresses would else answer from one that the client never asked.
#[derive(Debug)]
pub(crate) struct UdpListener {
    socket: UdpSocket,
    address: SocketAddr,
    control: Vec<u8>,
}

impl UdpListener {
    fn bind(address: SocketAddr) -> io::Result<UdpListener> {
        let socket = bind_udp(address, true)?;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => {
                setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
            }
            _ => {}
        }
        Ok(UdpListener {
            socket: socket.into(),
            address,
            control: cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo),
        })
    }

    /// Takes one datagram.
    ///
    /// # Errors
    /// `WouldBlock` if there is none.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        if !self.address.ip().is_unspecified() {
            let (length, from) = self.socket.recv_from(buffer)?;
            return Ok(Received { length, from, to: self.address });
        }
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut self.control),
            MsgFlags::empty(),
        )?;
        let from = message.address.and_then(socket_address).ok_or(io::ErrorKind::InvalidData)?;
        let mut ip = self.address.ip();
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    ip = Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into();
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    ip = Ipv6Addr::from(info.ipi6_addr.s6_addr).into();
                }
                _ => {}
            }
        }
        let to = SocketAddr::new(ip, self.address.port());
        Ok(Received { length: message.bytes, from, to })
    }

    /// Sends datagrams as [`datagram::send`] does, from a given local address.
    ///
    /// # Errors
    /// What the kernel says; nothing has left then.
    pub(crate) fn send(
        &self,
        parts: &[IoSlice<'_>],
        size: Option<u16>,
        to: SocketAddr,
        from: IpAddr,
    ) -> io::Result<()> {
        let from = self.address.ip().is_unspecified().then_some(from);
        datagram::send(&self.socket, parts, size, to, from)
    }
}

impl AsFd for UdpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
