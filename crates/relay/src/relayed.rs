//! A relayed address: the socket that an allocation's data passes through.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    os::fd::{AsFd, AsRawFd as _, BorrowedFd},
};

use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
};
use rustix::net::sockopt::{
    Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
};
use twocan_stun::attributes::Icmp;

use crate::datagram::{self, UDP_BUFFER, socket_address};

/// The socket of a relayed address.
#[derive(Debug)]
pub(crate) struct Relayed {
    socket: UdpSocket,
    is_ipv4: bool,
    dont_fragment: bool,
}

impl Relayed {
    /// Binds a socket that cuts long packets as needed, and keeps the ICMP errors that it meets.
    pub(crate) fn bind(local: SocketAddr) -> io::Result<Relayed> {
        let socket = UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        // The kernel may grant less; that is no reason to fail.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(UDP_BUFFER);
        let mut relayed = Relayed { socket, is_ipv4: local.is_ipv4(), dont_fragment: true };
        relayed.set_dont_fragment(false)?;
        if relayed.is_ipv4 {
            setsockopt(&relayed.socket, sockopt::Ipv4RecvErr, &true)?;
        } else {
            setsockopt(&relayed.socket, sockopt::Ipv6RecvErr, &true)?;
        }
        Ok(relayed)
    }

    /// Takes one packet.
    ///
    /// # Errors
    /// `WouldBlock` if there is none.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer)
    }

    /// Sends packets as [`datagram::send`] does; `dont_fragment` forbids every router to cut them.
    ///
    /// [RFC 8656 §14](https://www.rfc-editor.org/rfc/rfc8656#section-14)
    ///
    /// # Errors
    /// What the kernel says; nothing has left then.
    pub(crate) fn send(
        &mut self,
        parts: &[IoSlice<'_>],
        size: Option<u16>,
        peer: SocketAddr,
        dont_fragment: bool,
    ) -> io::Result<()> {
        if dont_fragment != self.dont_fragment {
            self.set_dont_fragment(dont_fragment)?;
        }
        match datagram::send(&self.socket, parts, size, peer, None) {
            // An earlier packet's ICMP error is reported by the next call, which sends nothing.
            Err(error) if is_icmp(&error) => datagram::send(&self.socket, parts, size, peer, None),
            sent => sent,
        }
    }

    /// The next ICMP error, and the peer whose packet met it.
    pub(crate) fn next_error(&self) -> Option<(SocketAddr, Icmp)> {
        let mut control = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        loop {
            let mut parts = [IoSliceMut::new(&mut [])];
            let message = recvmsg::<SockaddrStorage>(
                self.socket.as_raw_fd(),
                &mut parts,
                Some(&mut control),
                MsgFlags::MSG_ERRQUEUE,
            )
            .ok()?;
            let Some(peer) = message.address.and_then(socket_address) else { continue };
            let error = message.cmsgs().ok()?.find_map(|control| match control {
                ControlMessageOwned::Ipv4RecvErr(error, _)
                    if error.ee_origin == libc::SO_EE_ORIGIN_ICMP =>
                {
                    Some(error)
                }
                ControlMessageOwned::Ipv6RecvErr(error, _)
                    if error.ee_origin == libc::SO_EE_ORIGIN_ICMP6 =>
                {
                    Some(error)
                }
                _ => None,
            });
            if let Some(error) = error {
                let (kind, code) = (error.ee_type, error.ee_code.into());
                return Some((peer, Icmp { kind, code, data: error.ee_info.to_be_bytes() }));
            }
        }
    }

    fn set_dont_fragment(&mut self, dont_fragment: bool) -> io::Result<()> {
        match (self.is_ipv4, dont_fragment) {
            (true, true) => set_ip_mtu_discover(&self.socket, Ipv4PathMtuDiscovery::PROBE)?,
            (true, false) => set_ip_mtu_discover(&self.socket, Ipv4PathMtuDiscovery::DONT)?,
            (false, true) => set_ipv6_mtu_discover(&self.socket, Ipv6PathMtuDiscovery::PROBE)?,
            (false, false) => set_ipv6_mtu_discover(&self.socket, Ipv6PathMtuDiscovery::DONT)?,
        }
        self.dont_fragment = dont_fragment;
        Ok(())
    }
}

impl AsFd for Relayed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn is_icmp(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}
