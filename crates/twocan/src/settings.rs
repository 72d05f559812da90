//! The settings of `twocan serve`: what they are called, what they may be, and what is wrong with
//! them, in words.

use std::{
    net::{IpAddr, SocketAddr},
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use twocan_relay::{Limits, Rate};
use twocan_signal::{
    credentials::Host,
    join_control::{InvalidKey, JoinControl},
};
use twocan_socketio::Origin;

pub use self::values::{Listen, RelayPorts, Secret, Switch};
use self::values::{parse_alternate, parse_host, parse_range, parse_realm, parse_room_size};
use crate::defaults;

mod auth_key;
mod values;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "twocan", version, about, max_term_width = 100)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve everything that a call needs: the page, the signalling, STUN and TURN
    Serve(Box<Settings>),
}

/// The settings of `twocan serve`.
///
/// Each is a flag and an environment variable. Lists take their values from repeated flags or
/// separated by commas.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Logs go to standard error. TWOCAN_LOG says how much, such as `debug` or \
                        `warn,twocan_relay=debug`; the default is `info`.")]
pub struct Settings {
    /// Where to serve page and signalling over HTTP (repeatable; `off` for nowhere)
    /// [default: port 8080 of 127.0.0.1 and ::1]
    #[arg(long, value_name = "ADDR", env = "TWOCAN_HTTP", value_delimiter = ',')]
    pub http: Vec<Listen>,

    /// Where to serve page and signalling over HTTPS (repeatable; `off` for nowhere)
    /// [default: 0.0.0.0:8443]
    #[arg(long, value_name = "ADDR", env = "TWOCAN_HTTPS", value_delimiter = ',')]
    pub https: Vec<Listen>,

    /// The certificate for HTTPS with its chain, in PEM; without one, a certificate is made at the
    /// start
    #[arg(long, value_name = "FILE", env = "TWOCAN_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "TWOCAN_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// Where to serve STUN and TURN over UDP and TCP (repeatable; `off` for nowhere)
    /// [default: port 3478 of 0.0.0.0 and ::]
    #[arg(long, value_name = "ADDR", env = "TWOCAN_TURN", value_delimiter = ',')]
    pub turn: Vec<Listen>,

    /// Where to serve TURN over TLS alone (repeatable); every --https does so as well
    #[arg(long, value_name = "ADDR", env = "TWOCAN_TURN_TLS", value_delimiter = ',')]
    pub turn_tls: Vec<Listen>,

    /// The public address behind a one-to-one NAT, which relayed candidates carry (repeatable, one
    /// for each of IPv4 and IPv6)
    #[arg(long, value_name = "IP", env = "TWOCAN_EXTERNAL_IP", value_delimiter = ',')]
    pub external_ip: Vec<IpAddr>,

    /// The host that clients are told for STUN and TURN [default: the host by which each client
    /// reached the server]
    #[arg(long, value_name = "NAME", env = "TWOCAN_TURN_HOST", value_parser = parse_host)]
    pub turn_host: Option<Host>,

    /// Where new TURN clients are sent after SIGUSR1, when this server lets no more begin
    /// (repeatable, one for each of IPv4 and IPv6)
    #[arg(
        long,
        value_name = "ADDR",
        env = "TWOCAN_TURN_ALTERNATE",
        value_delimiter = ',',
        value_parser = parse_alternate
    )]
    pub turn_alternate: Vec<SocketAddr>,

    /// The ports from which relayed addresses are drawn
    #[arg(
        long,
        value_name = "FROM-TO",
        env = "TWOCAN_RELAY_PORTS",
        default_value_t = defaults::RELAY_PORTS
    )]
    pub relay_ports: RelayPorts,

    /// The threads of the relay [default: one for each core]
    #[arg(long, value_name = "N", env = "TWOCAN_RELAY_THREADS")]
    pub relay_threads: Option<NonZeroUsize>,

    /// The shared secret of the time-limited TURN credentials [default: made at the start]
    #[arg(long, value_name = "SECRET", env = "TWOCAN_TURN_SECRET", hide_env_values = true)]
    pub turn_secret: Option<Secret>,

    /// The realm of the TURN credentials
    #[arg(
        long,
        value_name = "REALM",
        env = "TWOCAN_TURN_REALM",
        default_value = defaults::TURN_REALM,
        value_parser = parse_realm
    )]
    pub turn_realm: String,

    /// How many allocations each seat may have
    #[arg(
        long,
        value_name = "N",
        env = "TWOCAN_TURN_USER_QUOTA",
        default_value_t = defaults::TURN_USER_QUOTA
    )]
    pub turn_user_quota: usize,

    /// How many allocations the clients of each address may have
    #[arg(
        long,
        value_name = "N",
        env = "TWOCAN_TURN_ADDRESS_QUOTA",
        default_value_t = defaults::TURN_ADDRESS_QUOTA
    )]
    pub turn_address_quota: usize,

    /// How many allocations there may be
    #[arg(
        long,
        value_name = "N",
        env = "TWOCAN_TURN_QUOTA",
        default_value_t = defaults::TURN_QUOTA
    )]
    pub turn_quota: usize,

    /// How much each allocation may relay in both directions together, in bytes a second
    /// [default: as much as passes]
    #[arg(long, value_name = "BYTES", env = "TWOCAN_TURN_BANDWIDTH")]
    pub turn_bandwidth: Option<NonZeroU64>,

    /// How much all allocations together may relay, in bytes a second [default: as much as passes]
    #[arg(long, value_name = "BYTES", env = "TWOCAN_TURN_TOTAL_BANDWIDTH")]
    pub turn_total_bandwidth: Option<NonZeroU64>,

    /// `off` for no rate limits and no caps, for benchmarks and tests
    #[arg(long, value_name = "on|off", env = "TWOCAN_LIMITS", default_value = "on")]
    pub limits: Switch,

    /// A range of special-purpose addresses that may be relayed to (repeatable), such as
    /// 192.168.0.0/16
    #[arg(
        long,
        value_name = "CIDR",
        env = "TWOCAN_ALLOW_PEER",
        value_delimiter = ',',
        value_parser = parse_range
    )]
    pub allow_peer: Vec<IpNet>,

    /// Another origin whose pages may connect (repeatable); the server's own always may
    #[arg(long, value_name = "ORIGIN", env = "TWOCAN_ORIGIN", value_delimiter = ',')]
    pub origin: Vec<Origin>,

    /// The origin of a site that may show the page in a frame (repeatable) [default: none may]
    #[arg(long, value_name = "ORIGIN", env = "TWOCAN_FRAME_ANCESTOR", value_delimiter = ',')]
    pub frame_ancestor: Vec<Origin>,

    /// How many people a room holds
    #[arg(
        long,
        value_name = "N",
        env = "TWOCAN_ROOM_SIZE",
        default_value_t = defaults::ROOM_SIZE,
        value_parser = parse_room_size
    )]
    pub room_size: NonZeroU16,

    /// The secret from which the keys of resume tokens are made: with the same one, people take their
    /// seats back after a restart [default: made at the start]
    #[arg(long, value_name = "SECRET", env = "TWOCAN_SECRET", hide_env_values = true)]
    pub secret: Option<Secret>,

    /// How long a seat waits for somebody whose connection was lost, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        env = "TWOCAN_RESUME_GRACE",
        default_value_t = defaults::RESUME_GRACE_MS,
        value_parser = clap::value_parser!(u64).range(0..=3_600_000)
    )]
    pub resume_grace: u64,

    /// Lets in only those whose token is signed with this key: a secret for HS256, the PEM of an Ed25519
    /// public key, or a file with one of them [default: whoever knows a room's name]
    #[arg(long, value_name = "KEY-OR-FILE", env = "TWOCAN_AUTH_KEY", hide_env_values = true)]
    pub auth_key: Option<Secret>,

    /// A proxy whose Forwarded or X-Forwarded-For says whom it passes requests on for (repeatable), such
    /// as 127.0.0.1/32
    #[arg(
        long,
        value_name = "CIDR",
        env = "TWOCAN_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = parse_range
    )]
    pub trusted_proxy: Vec<IpNet>,

    /// Who may see /metrics besides this computer (repeatable), such as 10.0.0.0/8
    #[arg(
        long,
        value_name = "CIDR",
        env = "TWOCAN_METRICS_FROM",
        value_delimiter = ',',
        value_parser = parse_range
    )]
    pub metrics_from: Vec<IpNet>,

    /// How often a connected client is asked for a sign of life, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        env = "TWOCAN_PING_INTERVAL",
        default_value_t = defaults::PING_INTERVAL_MS,
        value_parser = clap::value_parser!(u64).range(1..=3_600_000)
    )]
    pub ping_interval: u64,

    /// How long the sign of life may take, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        env = "TWOCAN_PING_TIMEOUT",
        default_value_t = defaults::PING_TIMEOUT_MS,
        value_parser = clap::value_parser!(u64).range(1..=3_600_000)
    )]
    pub ping_timeout: u64,
}

impl Settings {
    /// Where everything listens, once the defaults stand in for what was not given.
    ///
    /// # Errors
    /// When the settings contradict each other.
    pub fn listeners(&self) -> Result<Listeners, SettingsError> {
        let listeners = Listeners {
            http: listeners("--http", &self.http, &defaults::HTTP)?,
            https: listeners("--https", &self.https, &defaults::HTTPS)?,
            turn: listeners("--turn", &self.turn, &defaults::TURN)?,
            turn_tls: listeners("--turn-tls", &self.turn_tls, &[])?,
        };
        if listeners.turn.is_empty() && !listeners.turn_tls.is_empty() {
            return Err(SettingsError::TurnTlsWithoutTurn);
        }
        if listeners.http.is_empty() && listeners.https.is_empty() && listeners.turn.is_empty() {
            return Err(SettingsError::NothingToServe);
        }
        for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            let mut external = self.external_ip.iter().filter(|ip| family(ip));
            if let (Some(&first), Some(&second)) = (external.next(), external.next()) {
                return Err(SettingsError::TwoExternalAddresses { first, second });
            }
        }
        for family in [SocketAddr::is_ipv4, SocketAddr::is_ipv6] {
            let mut alternates = self.turn_alternate.iter().filter(|address| family(address));
            if let (Some(&first), Some(&second)) = (alternates.next(), alternates.next()) {
                return Err(SettingsError::TwoAlternates { first, second });
            }
        }
        let itself = listeners.turn.iter().find(|one| self.turn_alternate.contains(&one.address));
        if let Some(&Listener { address, .. }) = itself {
            return Err(SettingsError::AlternateIsItself(address));
        }
        Ok(listeners)
    }

    /// The files of the certificate and of its key, if there are any.
    ///
    /// # Errors
    /// When only one of the two was given.
    pub fn certificate(&self) -> Result<Option<(&PathBuf, &PathBuf)>, SettingsError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(SettingsError::CertificateWithoutKey),
            (None, Some(_)) => Err(SettingsError::KeyWithoutCertificate),
        }
    }

    /// Who may join, if not whoever knows a room's name. Reads the file that the key may be in.
    ///
    /// # Errors
    /// When the key cannot be read or used.
    pub fn join_control(&self) -> Result<Option<JoinControl>, SettingsError> {
        self.auth_key.as_ref().map(auth_key::join_control).transpose()
    }

    /// Those secrets whose length makes them easy to find out, by their flags.
    pub fn short_secrets(&self) -> impl Iterator<Item = &'static str> {
        let is_short = |secret: &Secret| secret.reveal().len() < defaults::SHORT_SECRET;
        let secrets = [
            ("--turn-secret", self.turn_secret.as_ref().is_some_and(is_short)),
            ("--secret", self.secret.as_ref().is_some_and(is_short)),
            ("--auth-key", self.auth_key.as_ref().is_some_and(auth_key::is_short)),
        ];
        secrets.into_iter().filter_map(|(flag, is_short)| is_short.then_some(flag))
    }

    /// How much anyone may have of the relay.
    pub fn turn_limits(&self) -> Limits {
        if self.limits == Switch::Off {
            return Limits::default();
        }
        let rate = |each_second| Rate { each_second, burst: defaults::BURST };
        Limits {
            for_user: Some(self.turn_user_quota),
            for_address: Some(self.turn_address_quota),
            in_total: Some(self.turn_quota),
            bandwidth: self.turn_bandwidth.map(rate),
            total_bandwidth: self.turn_total_bandwidth.map(rate),
            strangers: NonZeroU64::new(defaults::STRANGERS).map(rate),
        }
    }

    /// [`Settings::resume_grace`] as a duration.
    pub fn resume_grace(&self) -> Duration {
        Duration::from_millis(self.resume_grace)
    }

    /// [`Settings::ping_interval`] as a duration.
    pub fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval)
    }

    /// [`Settings::ping_timeout`] as a duration.
    pub fn ping_timeout(&self) -> Duration {
        Duration::from_millis(self.ping_timeout)
    }
}

/// Settings that contradict each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `off` beside addresses.
    #[error("{0} is given both `off` and an address. Leave out one of them.")]
    OffAndOn(&'static str),
    /// The same address twice.
    #[error("{0} is given {1} twice. Leave out one of them.")]
    Twice(&'static str, SocketAddr),
    /// Everything is off.
    #[error("--http, --https and --turn are all `off`, so there is nothing to serve.")]
    NothingToServe,
    /// TURN over TLS without TURN.
    #[error("--turn-tls needs the relay, but --turn is `off`. Give --turn an address.")]
    TurnTlsWithoutTurn,
    /// A certificate without its key.
    #[error("--tls-cert needs the certificate's private key. Add --tls-key FILE.")]
    CertificateWithoutKey,
    /// A key without its certificate.
    #[error("--tls-key needs the certificate that belongs to it. Add --tls-cert FILE.")]
    KeyWithoutCertificate,
    /// The file of the key for join control cannot be read.
    #[error(
        "--auth-key: cannot read the file: {0}. Give a file that can be read, or the key itself; a secret \
         that looks like a path must stand in a file."
    )]
    AuthKeyFile(String),
    /// What should be a key for join control is none.
    #[error("--auth-key: {0}")]
    AuthKey(#[from] InvalidKey),
    /// The file of the key for join control has nothing in it.
    #[error("--auth-key: the file is empty. `openssl rand -hex 32` prints a secret.")]
    EmptyAuthKey,
    /// Two external addresses of one family.
    #[error(
        "--external-ip is given {first} and {second}. Give one address for each of IPv4 and IPv6."
    )]
    TwoExternalAddresses {
        /// The one.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// Two alternate servers of one family.
    #[error(
        "--turn-alternate is given {first} and {second}. Give one address for each of IPv4 and IPv6."
    )]
    TwoAlternates {
        /// The one.
        first: SocketAddr,
        /// The other.
        second: SocketAddr,
    },
    /// An alternate server that is this one.
    #[error(
        "--turn-alternate is given {0}, where this server itself listens. Give another server's \
         address."
    )]
    AlternateIsItself(SocketAddr),
}

/// Where everything listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// HTTP.
    pub http: Vec<Listener>,
    /// HTTPS.
    pub https: Vec<Listener>,
    /// STUN and TURN.
    pub turn: Vec<Listener>,
    /// TURN over TLS alone.
    pub turn_tls: Vec<Listener>,
}

/// One address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The address.
    pub address: SocketAddr,
    /// The flag that it belongs to, for error messages.
    pub flag: &'static str,
    /// Whether somebody asked for it. One that is there by default may be skipped on a machine that
    /// lacks its address family.
    pub explicit: bool,
}

fn listeners(
    flag: &'static str,
    given: &[Listen],
    default: &[SocketAddr],
) -> Result<Vec<Listener>, SettingsError> {
    let explicit = !given.is_empty();
    let mut listeners: Vec<Listener> = Vec::new();
    let listener = |address| Listener { address, flag, explicit };
    if !explicit {
        listeners.extend(default.iter().copied().map(listener));
    }
    for &listen in given {
        match listen {
            Listen::Off if given.len() == 1 => {}
            Listen::Off => return Err(SettingsError::OffAndOn(flag)),
            // Port 0 is a new port each time.
            Listen::At(address)
                if address.port() != 0 && listeners.contains(&listener(address)) =>
            {
                return Err(SettingsError::Twice(flag, address));
            }
            Listen::At(address) => listeners.push(listener(address)),
        }
    }
    Ok(listeners)
}

#[cfg(test)]
mod tests;
