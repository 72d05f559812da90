//! Every default, with its reason.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU16,
    time::Duration,
};

use crate::settings::RelayPorts;

/// Plain HTTP only on this machine: browsers give the camera to pages on `localhost` or HTTPS, so
/// there is nothing to gain from more. Both families, since `localhost` may mean either.
pub(crate) const HTTP: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 8080),
];

/// HTTPS for the other devices of the network. The customary second port of HTTPS, which needs no
/// privileges.
pub(crate) const HTTPS: [SocketAddr; 1] =
    [SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8443)];

/// The registered port of STUN and TURN (RFC 8489 §16, RFC 8656 §5), on every address.
pub(crate) const TURN: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 3478),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 3478),
];

/// The range that RFC 8656 §7.2 recommends, since nothing else is registered in it.
pub(crate) const RELAY_PORTS: RelayPorts = RelayPorts { from: 49152, to: 65535 };

/// Allocations for each seat: a browser makes one for each way to the relay and each of its own
/// networks, and as many again when it looks for a new path.
pub(crate) const TURN_USER_QUOTA: usize = 32;

/// Allocations for each address: an office of some dozen people behind one.
pub(crate) const TURN_ADDRESS_QUOTA: usize = 512;

/// Allocations in total: half of the relay ports, so that a free one is found at once.
pub(crate) const TURN_QUOTA: usize = 8192;

/// Answers a second to requests without credentials, for each network: more than an office needs
/// when everybody calls at once, and too little to flood anybody with.
pub(crate) const STRANGERS: u64 = 100;

/// How much of a rate may be used at once, as time at the full rate: a key frame, a page that opens.
pub(crate) const BURST: Duration = Duration::from_secs(2);

/// How often the certificate's files are looked at.
pub(crate) const CERTIFICATE_CHECK: Duration = Duration::from_secs(10);

/// Seen by clients only.
pub(crate) const TURN_REALM: &str = "twocan";

/// A call is between two people.
pub(crate) const ROOM_SIZE: NonZeroU16 = NonZeroU16::MIN.saturating_add(1);

/// Engine.IO's own defaults, in milliseconds: clients of all kinds are used to them.
pub(crate) const PING_INTERVAL_MS: u64 = 25_000;
/// See [`PING_INTERVAL_MS`].
pub(crate) const PING_TIMEOUT_MS: u64 = 20_000;

/// Open files that the system allows for each signalling connection: a client that polls may hold two,
/// and each allocation of the relay takes one.
pub(crate) const OPEN_FILES_PER_SOCKET: u64 = 2;

/// Signalling connections in total, however many files may be open: half a gigabyte when all are idle.
pub(crate) const MAX_SOCKETS: usize = 65_536;

/// The longest event. Messages may carry 64 KB; what is somewhat longer is still read, so that it can
/// be refused with words instead of a closed connection.
pub(crate) const MAX_PAYLOAD: usize = 256 * 1024;

/// How long a seat waits for its socket to come back, in milliseconds: longer than a page takes to
/// reload, or a phone to change from one network to another.
pub(crate) const RESUME_GRACE_MS: u64 = 20_000;

/// Secrets with fewer characters are warned about: whoever holds a token or a credential can try them
/// all, at home. 16 random letters and digits are more than can be tried.
pub(crate) const SHORT_SECRET: usize = 16;

/// What may wait for one client: a few events of the longest kind. Whoever lets more pile up does
/// not read.
pub(crate) const MAX_QUEUE: usize = 1 << 20;

/// How long a client may take for a request's head, between two requests on one connection, and for
/// the TLS handshake with the first bytes behind it.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest head of a request, and how far the read buffer of a connection may grow. Browsers send
/// about 1 KB, and the cookies of everything else that was ever on `localhost`.
pub(crate) const READ_BUFFER: usize = 16 * 1024;

/// Connections that wait for the program to accept them: the kernel's own usual limit.
pub(crate) const BACKLOG: i32 = 4096;

/// How long the accepting rests when the system is short of something, such as file descriptors.
pub(crate) const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How long a stop waits for answers that are on their way.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the self-made certificate is valid. Apple's systems refuse any that is valid for more
/// than 825 days.
pub(crate) const CERTIFICATE_DAYS: i64 = 365;

/// What is logged when neither `TWOCAN_LOG` nor `RUST_LOG` says.
pub(crate) const LOG: &str = "info";
