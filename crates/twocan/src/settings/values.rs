//! What the values of settings look like, and what to write instead of a wrong one.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU16,
    str::FromStr,
};

use clap::ValueEnum;
use ipnet::IpNet;
use twocan_signal::credentials::Host;

use crate::defaults;

/// A value of `--limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// As usual.
    On,
    /// Not at all.
    Off,
}

/// A value of `--http`, `--https`, `--turn` or `--turn-tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// On this address.
    At(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        if text == "off" {
            return Ok(Listen::Off);
        }
        let help = "write an IP address with a port, such as 0.0.0.0:8080 or [::]:8080, or `off`";
        text.parse().map(Listen::At).map_err(|_| help.into())
    }
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayPorts {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

impl FromStr for RelayPorts {
    type Err = String;

    fn from_str(text: &str) -> Result<RelayPorts, String> {
        let ports = text.split_once('-').and_then(|(from, to)| {
            Some(RelayPorts { from: from.parse().ok()?, to: to.parse().ok()? })
        });
        match ports {
            Some(ports) if 0 < ports.from && ports.from <= ports.to => Ok(ports),
            _ => Err("write the lowest and the highest port, such as 49152-65535".into()),
        }
    }
}

impl fmt::Display for RelayPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> Result<Secret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The value, for those who need it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Secret, &'static str> {
        match text {
            "" => Err("write a long random text, such as `openssl rand -hex 32` prints"),
            _ => Ok(Secret(text.to_owned())),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

pub(super) fn parse_host(text: &str) -> Result<Host, &'static str> {
    Host::parse(text).ok_or(
        "write a host name or an IP address without a port, such as turn.example.org; the port is \
         that of the first --turn",
    )
}

pub(super) fn parse_realm(text: &str) -> Result<String, &'static str> {
    // RFC 8489 §14.9 allows 763 bytes; 127 characters are the RFC's own limit before encoding. The
    // quotation mark and the backslash would have to be escaped by every client in the same way.
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if (1..=127).contains(&text.len()) && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(
        "write 1 to 127 ASCII letters, digits or signs without spaces and quotation marks, such as \
         the server's domain name",
    )
}

pub(super) fn parse_range(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(format!("write {} for this one address", IpNet::from(address)));
    }
    let help = "write an address, a slash and the length of the prefix, such as 192.168.0.0/16";
    let range: IpNet = text.parse().map_err(|_| help)?;
    let network = range.trunc();
    if range != network {
        return Err(format!(
            "the address has bits beyond its prefix; write {network} for the whole range, or {} \
             for this one address",
            IpNet::from(range.addr())
        ));
    }
    Ok(range)
}

pub(super) fn parse_room_size(text: &str) -> Result<NonZeroU16, &'static str> {
    match text.parse() {
        Ok(size) if size >= defaults::ROOM_SIZE => Ok(size),
        _ => Err("write a number from 2 to 65535"),
    }
}
