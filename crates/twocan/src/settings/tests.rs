use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn without_flags_the_defaults_hold() {
    let settings = parse(&[]).unwrap();
    let listeners = settings.listeners().unwrap();
    assert_eq!(addresses(&listeners.http), ["127.0.0.1:8080", "[::1]:8080"]);
    assert_eq!(addresses(&listeners.https), ["0.0.0.0:8443"]);
    assert_eq!(addresses(&listeners.turn), ["0.0.0.0:3478", "[::]:3478"]);
    assert!(listeners.turn.iter().all(|listener| !listener.explicit));
    assert_eq!(settings.relay_ports, RelayPorts { from: 49152, to: 65535 });
    assert_eq!(settings.turn_realm, "twocan");
    assert_eq!(settings.room_size.get(), 2);
    assert_eq!(settings.ping_interval(), Duration::from_secs(25));
    assert_eq!(settings.ping_timeout(), Duration::from_secs(20));
    assert_eq!(settings.resume_grace(), Duration::from_secs(20));
    assert!(settings.join_control().unwrap().is_none());
    assert_eq!(settings.short_secrets().next(), None);
    assert_eq!(settings.certificate(), Ok(None));
}

#[test]
fn every_flag_is_understood() {
    let settings = parse(&[
        "--http",
        "0.0.0.0:80",
        "--http",
        "[::]:80",
        "--https",
        "0.0.0.0:443",
        "--tls-cert",
        "/etc/cert.pem",
        "--tls-key",
        "/etc/key.pem",
        "--turn",
        "0.0.0.0:443",
        "--external-ip",
        "203.0.113.7",
        "--external-ip",
        "2001:db8::7",
        "--turn-host",
        "turn.example.org",
        "--turn-alternate",
        "203.0.113.8:443",
        "--turn-alternate",
        "[2001:db8::8]:443",
        "--relay-ports",
        "50000-50100",
        "--relay-threads",
        "3",
        "--turn-secret",
        "north",
        "--turn-realm",
        "example.org",
        "--allow-peer",
        "10.0.0.0/8",
        "--allow-peer",
        "fd00::/8",
        "--origin",
        "https://example.org",
        "--frame-ancestor",
        "https://example.org,https://example.net",
        "--room-size",
        "4",
        "--secret",
        "south",
        "--resume-grace",
        "5000",
        "--auth-key",
        "east",
        "--trusted-proxy",
        "127.0.0.1/32",
        "--trusted-proxy",
        "fd00::/8",
        "--metrics-from",
        "10.0.0.0/8",
        "--ping-interval",
        "1000",
        "--ping-timeout",
        "500",
    ])
    .unwrap();
    let listeners = settings.listeners().unwrap();
    assert_eq!(addresses(&listeners.http), ["0.0.0.0:80", "[::]:80"]);
    assert_eq!(addresses(&listeners.https), ["0.0.0.0:443"]);
    assert_eq!(addresses(&listeners.turn), ["0.0.0.0:443"]);
    assert!(listeners.turn[0].explicit);
    assert!(settings.certificate().unwrap().is_some());
    let alternates = ["203.0.113.8:443", "[2001:db8::8]:443"].map(|one| one.parse().unwrap());
    assert_eq!(settings.turn_alternate, alternates);
    assert_eq!(settings.turn_host.as_ref().unwrap().to_string(), "turn.example.org");
    assert_eq!(settings.relay_threads.unwrap().get(), 3);
    assert_eq!(settings.allow_peer.len(), 2);
    assert_eq!(settings.frame_ancestor.len(), 2);
    assert_eq!(settings.room_size.get(), 4);
    assert_eq!(settings.resume_grace(), Duration::from_secs(5));
    assert!(settings.join_control().unwrap().is_some());
    assert_eq!(settings.trusted_proxy.len(), 2);
    assert_eq!(settings.metrics_from.len(), 1);
    assert_eq!(
        settings.short_secrets().collect::<Vec<_>>(),
        ["--turn-secret", "--secret", "--auth-key"]
    );
    assert_eq!(settings.turn_secret.unwrap().reveal(), "north");
    assert_eq!(settings.secret.unwrap().reveal(), "south");
}

#[test]
fn lists_may_be_separated_by_commas_as_the_environment_does() {
    let settings = parse(&["--http", "127.0.0.1:80,[::1]:80"]).unwrap();
    assert_eq!(addresses(&settings.listeners().unwrap().http), ["127.0.0.1:80", "[::1]:80"]);
}

#[test]
fn off_means_nowhere() {
    let settings = parse(&["--http", "off", "--turn", "off"]).unwrap();
    let listeners = settings.listeners().unwrap();
    assert_eq!((listeners.http, listeners.turn), (vec![], vec![]));
    assert_eq!(addresses(&listeners.https), ["0.0.0.0:8443"]);
}

#[test]
fn a_wrong_value_is_answered_with_flag_value_and_remedy() {
    for (flag, value, remedy) in [
        ("--http", "8080", "such as 0.0.0.0:8080"),
        ("--https", "localhost:443", "write an IP address with a port"),
        ("--turn", "::1:3478x", "or `off`"),
        ("--external-ip", "example.org", "invalid IP address"),
        ("--turn-host", "example.org:3478", "without a port"),
        ("--turn-host", "", "without a port"),
        ("--turn-alternate", "turn.example.org:443", "such as 203.0.113.8:443"),
        ("--turn-alternate", "0.0.0.0:443", "by which clients reach"),
        ("--turn-alternate", "203.0.113.8:0", "by which clients reach"),
        ("--relay-ports", "50000", "such as 49152-65535"),
        ("--relay-ports", "2-1", "such as 49152-65535"),
        ("--relay-ports", "0-10", "such as 49152-65535"),
        ("--relay-threads", "0", "zero"),
        ("--turn-realm", "my \"realm\"", "without spaces"),
        ("--allow-peer", "10.0.0.0/33", "such as 192.168.0.0/16"),
        ("--allow-peer", "home", "such as 192.168.0.0/16"),
        ("--allow-peer", "10.0.0.5", "write 10.0.0.5/32"),
        ("--allow-peer", "fd00::1", "write fd00::1/128"),
        ("--allow-peer", "10.1.2.3/8", "write 10.0.0.0/8"),
        ("--origin", "example.org", "https://example.org"),
        ("--origin", "https://example.org/call", "without a path"),
        ("--frame-ancestor", "*", "https://example.org"),
        ("--room-size", "1", "from 2 to 65535"),
        ("--resume-grace", "soon", "invalid digit"),
        ("--resume-grace", "3600001", "0..=3600000"),
        ("--trusted-proxy", "10.0.0.5", "write 10.0.0.5/32"),
        ("--trusted-proxy", "10.1.2.3/8", "write 10.0.0.0/8"),
        ("--metrics-from", "prometheus", "such as 192.168.0.0/16"),
        ("--ping-interval", "0", "1..=3600000"),
        ("--ping-timeout", "soon", "invalid digit"),
    ] {
        let error = parse(&[flag, value]).unwrap_err().to_string();
        for part in [flag, value, remedy] {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
}

#[test]
fn contradictions_are_named() {
    for (flags, error) in [
        (vec!["--turn", "off", "--turn", "0.0.0.0:443"], SettingsError::OffAndOn("--turn")),
        (
            vec!["--http", "127.0.0.1:80", "--http", "127.0.0.1:80"],
            SettingsError::Twice("--http", "127.0.0.1:80".parse().unwrap()),
        ),
        (vec!["--http", "off", "--https", "off", "--turn", "off"], SettingsError::NothingToServe),
        (
            vec!["--external-ip", "192.0.2.1", "--external-ip", "192.0.2.2"],
            SettingsError::TwoExternalAddresses {
                first: "192.0.2.1".parse().unwrap(),
                second: "192.0.2.2".parse().unwrap(),
            },
        ),
        (
            vec!["--turn-alternate", "192.0.2.1:443,[2001:db8::1]:443,192.0.2.2:443"],
            SettingsError::TwoAlternates {
                first: "192.0.2.1:443".parse().unwrap(),
                second: "192.0.2.2:443".parse().unwrap(),
            },
        ),
        (
            vec!["--turn", "192.0.2.1:443", "--turn-alternate", "192.0.2.1:443"],
            SettingsError::AlternateIsItself("192.0.2.1:443".parse().unwrap()),
        ),
    ] {
        assert_eq!(parse(&flags).unwrap().listeners(), Err(error));
    }
    let cert_only = parse(&["--tls-cert", "a.pem"]).unwrap();
    assert_eq!(cert_only.certificate(), Err(SettingsError::CertificateWithoutKey));
    let key_only = parse(&["--tls-key", "a.pem"]).unwrap();
    assert_eq!(key_only.certificate(), Err(SettingsError::KeyWithoutCertificate));
}

#[test]
fn secrets_stay_out_of_debug_output() {
    for flag in ["--turn-secret", "--secret", "--auth-key"] {
        let settings = parse(&[flag, "north"]).unwrap();
        assert!(!format!("{settings:?}").contains("north"), "{flag}");
    }
}

fn parse(flags: &[&str]) -> Result<Settings, clap::Error> {
    let command_line = CommandLine::try_parse_from(["twocan", "serve"].iter().chain(flags))?;
    let Command::Serve(settings) = command_line.command;
    Ok(*settings)
}

fn addresses(listeners: &[Listener]) -> Vec<String> {
    listeners.iter().map(|listener| listener.address.to_string()).collect()
}
