//! Sending datagrams: what the standard library has no call for.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket},
    os::fd::AsRawFd as _,
};

use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};

/// Bytes that the kernel may hold for a UDP socket in each direction: at 1.5 Mbit/s, over 20
/// seconds of a call, or the packets of some thousand calls for as long as a thread may be busy.
pub(crate) const UDP_BUFFER: usize = 4 << 20;

/// Sends the parts as one datagram; or, with a size, cut into datagrams of that many bytes, of which
/// the last may be shorter. `from` is the local address to send from, if the socket is bound to none.
///
/// # Errors
/// What the kernel says; nothing has left then.
pub(crate) fn send(
    socket: &UdpSocket,
    parts: &[IoSlice<'_>],
    size: Option<u16>,
    to: SocketAddr,
    from: Option<IpAddr>,
) -> io::Result<()> {
    if let ([packet], None) = (parts, from) {
        // Almost every packet; and the kernel looks at nothing but address and data.
        return socket.send_to(packet, to).map(drop);
    }
    let (v4, v6);
    let from = match from {
        None => None,
        Some(IpAddr::V4(ip)) => {
            v4 = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            Some(ControlMessage::Ipv4PacketInfo(&v4))
        }
        Some(IpAddr::V6(ip)) => {
            v6 = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
                ipi6_ifindex: 0,
            };
            Some(ControlMessage::Ipv6PacketInfo(&v6))
        }
    };
    let size = size.as_ref().map(ControlMessage::UdpGsoSegments);
    let control: &[ControlMessage<'_>] = match (size, from) {
        (Some(size), Some(from)) => &[size, from],
        (Some(one), None) | (None, Some(one)) => &[one],
        (None, None) => &[],
    };
    let to = SockaddrStorage::from(to);
    sendmsg(socket.as_raw_fd(), parts, control, MsgFlags::empty(), Some(&to))?;
    Ok(())
}

/// The address that a call of the kernel's filled in.
pub(crate) fn socket_address(storage: SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn datagrams_are_cut_to_size_and_come_from_the_address_that_is_named() {
        for (any, from) in [("0.0.0.0:0", "127.0.0.2"), ("[::]:0", "::1")] {
            let from: IpAddr = from.parse().unwrap();
            let (sender, receiver) =
                (UdpSocket::bind(any).unwrap(), UdpSocket::bind((from, 0)).unwrap());
            let to = receiver.local_addr().unwrap();
            let parts = [IoSlice::new(b"abcd"), IoSlice::new(b"efgh"), IoSlice::new(b"ij")];
            send(&sender, &parts, Some(4), to, Some(from)).unwrap();
            send(&sender, &parts, None, to, Some(from)).unwrap();
            for expected in ["abcd", "efgh", "ij", "abcdefghij"] {
                let mut buffer = [0; 100];
                let (length, source) = receiver.recv_from(&mut buffer).unwrap();
                assert_eq!(&buffer[..length], expected.as_bytes());
                assert_eq!(source, SocketAddr::new(from, sender.local_addr().unwrap().port()));
            }
        }
    }
}
