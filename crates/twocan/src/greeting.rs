//! What the terminal says when the server has started.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use qrcode::{QrCode, render::unicode::Dense1x2};

use crate::serve::Addresses;

/// The words for the person who started the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    here: Option<String>,
    elsewhere: Vec<String>,
    self_made: bool,
    turn: Vec<SocketAddr>,
}

impl Greeting {
    /// For a server that listens on `addresses`, on a machine that others reach by `reachable`, the
    /// likeliest first; `self_made` says of what kind the certificate is.
    pub(crate) fn new(addresses: &Addresses, reachable: &[IpAddr], self_made: bool) -> Greeting {
        let local = addresses.http.iter().find(|address| is_local(address.ip()));
        let here = local.map(|address| url("http", "localhost", address.port())).or_else(|| {
            let address = addresses.https.iter().find(|address| is_local(address.ip()))?;
            Some(url("https", "localhost", address.port()))
        });
        let elsewhere = elsewhere(addresses, reachable);
        Greeting { here, elsewhere, self_made, turn: addresses.turn.clone() }
    }

    /// The text; with a QR code if a person looks at it.
    pub fn text(&self, qr_code: bool) -> String {
        let mut text = String::from("\n  twocan is ready.\n\n");
        if let Some(url) = &self.here {
            line(&mut text, "On this computer", url);
        }
        if let Some((first, more)) = self.elsewhere.split_first() {
            line(&mut text, "On other devices", first);
            for url in more {
                line(&mut text, "", url);
            }
            if qr_code && let Ok(code) = QrCode::new(first) {
                text.push('\n');
                text.push_str(&draw(&code));
            }
            if self.self_made {
                text.push_str(WARNING);
            }
        }
        if self.here.is_none() && self.elsewhere.is_empty() {
            text.push_str(
                "  The page is not served here: HTTP and HTTPS are off, or reach nobody.\n",
            );
        }
        text.push('\n');
        match self.turn.first() {
            Some(_) => {
                let addresses: Vec<_> = self.turn.iter().map(SocketAddr::to_string).collect();
                line(
                    &mut text,
                    "STUN and TURN",
                    &format!("{} (UDP and TCP)", addresses.join(", ")),
                );
            }
            None => line(&mut text, "STUN and TURN", "off: calls across NATs may not connect"),
        }
        line(&mut text, "Stop", "Ctrl+C");
        text
    }
}

const WARNING: &str = "
  The browser will warn about the certificate there: this server made it itself, so nobody
  else vouches for it. Choose 'Advanced' and continue, once for each start of the server, or
  give a certificate of your own with --tls-cert and --tls-key.
";

fn line(text: &mut String, label: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {label:<18}{value}");
}

/// The page's addresses for other devices, the likeliest first.
pub(crate) fn elsewhere(addresses: &Addresses, reachable: &[IpAddr]) -> Vec<String> {
    let mut elsewhere: Vec<String> = addresses
        .https
        .iter()
        .flat_map(|&address| by_address(address, reachable))
        .map(|address| url("https", &host(address.ip()), address.port()))
        .collect();
    elsewhere.dedup();
    elsewhere
}

/// Whether `localhost` leads to a listener on this address.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

/// The addresses by which other devices reach a listener.
fn by_address(listener: SocketAddr, reachable: &[IpAddr]) -> Vec<SocketAddr> {
    let ip = listener.ip();
    let ips = if ip.is_unspecified() {
        reachable.iter().copied().filter(|other| other.is_ipv4() == ip.is_ipv4()).collect()
    } else if ip.is_loopback() {
        Vec::new()
    } else {
        vec![ip]
    };
    ips.into_iter().map(|ip| SocketAddr::new(ip, listener.port())).collect()
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn url(scheme: &str, host: &str, port: u16) -> String {
    match (scheme, port) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{host}/"),
        _ => format!("{scheme}://{host}:{port}/"),
    }
}

/// The code in half blocks, black on white whatever the terminal's colours are: readers of such
/// codes fail on many an inverted one.
fn draw(code: &QrCode) -> String {
    let blocks = code.render::<Dense1x2>().build();
    let mut text = String::new();
    for row in blocks.lines() {
        let _ = writeln!(text, "  \x1b[38;5;16;48;5;231m{row}\x1b[0m");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_greeted_in_full() {
        let addresses = Addresses {
            http: vec!["127.0.0.1:8080".parse().unwrap(), "[::1]:8080".parse().unwrap()],
            https: vec!["0.0.0.0:8443".parse().unwrap()],
            turn: vec!["0.0.0.0:3478".parse().unwrap(), "[::]:3478".parse().unwrap()],
            ..Addresses::default()
        };
        let reachable = ["192.168.1.5", "172.17.0.1", "2001:db8::5"];
        let greeting = Greeting::new(&addresses, &reachable.map(|ip| ip.parse().unwrap()), true);
        assert_eq!(
            greeting.text(false),
            "
  twocan is ready.

  On this computer  http://localhost:8080/
  On other devices  https://192.168.1.5:8443/
                    https://172.17.0.1:8443/

  The browser will warn about the certificate there: this server made it itself, so nobody
  else vouches for it. Choose 'Advanced' and continue, once for each start of the server, or
  give a certificate of your own with --tls-cert and --tls-key.

  STUN and TURN     0.0.0.0:3478, [::]:3478 (UDP and TCP)
  Stop              Ctrl+C
"
        );
    }

    #[test]
    fn a_public_server_is_greeted_without_ports_and_warnings() {
        let addresses = Addresses {
            https: vec!["203.0.113.7:443".parse().unwrap(), "[2001:db8::7]:443".parse().unwrap()],
            ..Addresses::default()
        };
        assert_eq!(
            Greeting::new(&addresses, &[], false).text(false),
            "
  twocan is ready.

  On other devices  https://203.0.113.7/
                    https://[2001:db8::7]/

  STUN and TURN     off: calls across NATs may not connect
  Stop              Ctrl+C
"
        );
    }

    #[test]
    fn a_relay_alone_says_that_there_is_no_page() {
        let turn = vec!["0.0.0.0:3478".parse().unwrap()];
        let text =
            Greeting::new(&Addresses { turn, ..Addresses::default() }, &[], true).text(false);
        assert!(text.contains("The page is not served here"), "{text}");
        assert!(!text.contains("certificate"), "{text}");
    }

    #[test]
    fn the_code_is_for_people_and_leads_to_the_first_address() {
        let https = vec!["192.168.1.5:8443".parse().unwrap()];
        let addresses = Addresses { https, ..Addresses::default() };
        let greeting = Greeting::new(&addresses, &[], true);
        let code = draw(&QrCode::new("https://192.168.1.5:8443/").unwrap());
        assert!(greeting.text(true).contains(&code));
        assert!(!greeting.text(false).contains('\x1b'));
    }
}
