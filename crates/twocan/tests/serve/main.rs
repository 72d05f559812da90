//! The server from outside: what it answers, and how it stops.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod metrics;
mod proxy;
mod support;

use std::{fs, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use support::{Polling, Running, dist, exchange, exchange_at};

#[tokio::test]
async fn the_page_comes_with_its_policies() {
    let server = Running::start(&[]);
    for path in ["/", "/r/tea"] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, dist("index.html"));
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=(self)"));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'sha256-"));
        assert!(!policy.contains("unsafe"));
    }
    server.stop().await;
}

#[tokio::test]
async fn only_sites_that_are_named_may_show_the_page_in_a_frame() {
    let server = Running::start(&["--frame-ancestor", "https://site.example"]);
    let in_frame = |site| ["sec-fetch-dest: iframe".to_owned(), format!("referer: {site}/")];
    let allowed = in_frame("https://site.example");
    let page = server.get("/r/tea", &allowed.each_ref().map(String::as_str)).await;
    assert_eq!((page.status, &page.body), (200, &dist("index.html")));
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("; frame-ancestors https://site.example"), "{policy}");

    let other = in_frame("https://other.example");
    let refusal = server.get("/r/tea", &other.each_ref().map(String::as_str)).await;
    assert_eq!(refusal.status, 403);
    let text = String::from_utf8(refusal.body).unwrap();
    assert!(text.contains("--frame-ancestor https://other.example"), "{text}");
    server.stop().await;

    let server = Running::start(&[]);
    let page = server.get("/", &[]).await;
    assert!(page.header("content-security-policy").ends_with("; frame-ancestors 'none'"));
    server.stop().await;
}

#[tokio::test]
async fn hashed_files_come_compressed_and_only_once() {
    let server = Running::start(&[]);
    let page = String::from_utf8(dist("index.html")).unwrap();
    let start = page.find("/assets/").expect("the page names an asset");
    let path = page[start..].split('"').next().unwrap();
    let file = path.trim_start_matches('/');

    let brotli = server.get(path, &["accept-encoding: gzip, br"]).await;
    assert_eq!(brotli.status, 200);
    assert_eq!(brotli.header("content-encoding"), "br");
    assert_eq!(brotli.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(brotli.body, dist(&format!("{file}.br")));

    let gzip = server.get(path, &["accept-encoding: gzip"]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.body, dist(&format!("{file}.gz")));

    let tag = format!("if-none-match: {}", brotli.header("etag"));
    let known = server.get(path, &["accept-encoding: br", &tag]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));

    let head = server.request("HEAD", path, &["accept-encoding: br"], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), brotli.body.len().to_string());
    server.stop().await;
}

#[tokio::test]
async fn health_is_told_and_the_rest_is_not_there() {
    let server = Running::start(&[]);
    let health = server.get("/healthz", &[]).await;
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok"[..]));
    for path in ["/assets/none.js", "/assets/", "/index.html", "/r/", "//", "/../"] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
    let post = server.request("POST", "/", &[], "").await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
    server.stop().await;
}

#[tokio::test]
async fn only_a_page_on_this_computer_is_told_how_others_reach_it() {
    let server = Running::start(&[]);
    assert_eq!(server.get("/reach", &[]).await.status, 404, "by another name, as through a proxy");
    let passed_on = ["host: localhost:8080", "x-forwarded-for: 198.51.100.7"];
    assert_eq!(server.get("/reach", &passed_on).await.status, 404, "by a proxy that says so");
    let answer = server.get("/reach", &["host: localhost:8080"]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    // The listener of the test is for this computer alone.
    assert_eq!(answer.body, br#"{"origins":[]}"#);
    server.stop().await;
}

#[tokio::test]
async fn a_socket_joins_and_is_given_turn_under_the_name_it_used() {
    let server = Running::start(&[]);
    let mut ann = Polling::open(&server).await;
    ann.send(r#"42["join",{"roomId":"tea","capabilities":{"v":1}}]"#).await;
    let joined = ann.receive().await;
    let turn = server.addresses.turn[0].port();
    for part in [
        r#"42["joined",{"roomId":"tea","userNum":1,"userId":""#,
        r#""polite":false"#,
        r#""peer":null"#,
        &format!(r#""urls":["stun:twocan.example:{turn}"]"#),
        &format!(r#""turn:twocan.example:{turn}?transport=tcp"],"username":""#),
    ] {
        assert!(joined.contains(part), "{part} is not in {joined}");
    }

    let mut ben = Polling::open(&server).await;
    ben.send(r#"420["join",{"roomId":"tea"}]"#).await;
    let both = ben.receive_all(2).await;
    assert!(both[0].starts_with(r#"42["joined",{"roomId":"tea","userNum":2,"#), "{both:?}");
    assert!(both[0].contains(r#""capabilities":{"v":1}"#), "{both:?}");
    assert_eq!(both[1], both[0].replacen(r#"42["joined","#, "430[", 1), "the acknowledgement");
    assert!(ann.receive().await.starts_with(r#"42["otherjoined",{"roomId":"tea","userId":""#));

    ben.send(r#"42["message",{"roomId":"tea","data":{"z": 1,"a":[1.0]}}]"#).await;
    assert_eq!(ann.receive().await, r#"42["message",{"z": 1,"a":[1.0]}]"#);
    ben.send("41").await;
    assert!(ann.receive().await.starts_with(r#"42["bye",{"roomId":"tea","userId":""#));

    for (event, code) in [
        (r#"42["message",{"roomId":"tea","data":1}]"#, "alone"),
        (r#"42["message",{"roomId":"tea"}]"#, "malformed"),
        (r#"42["leave",{"roomId":"cup"}]"#, "not_joined"),
        (r#"42["sing"]"#, "unknown_event"),
    ] {
        ann.send(event).await;
        let refused = ann.receive().await;
        assert!(refused.starts_with(r#"42["refused",{"event":""#), "{refused}");
        assert!(refused.contains(&format!(r#""code":"{code}""#)), "{refused}");
    }
    server.stop().await;
}

#[tokio::test]
async fn without_turn_there_are_no_ice_servers() {
    let server = Running::start(&["--turn", "off"]);
    assert!(server.addresses.turn.is_empty());
    let mut ann = Polling::open(&server).await;
    ann.send(r#"42["join",{"roomId":"tea"}]"#).await;
    assert!(ann.receive().await.contains(r#""iceServers":[]"#));
    server.stop().await;
}

#[tokio::test]
async fn another_origin_may_connect_when_it_is_allowed() {
    let server = Running::start(&["--origin", "https://friend.example"]);
    for (origin, status) in [("https://friend.example", 200), ("https://stranger.example", 403)] {
        let header = format!("origin: {origin}");
        let answer = server.get("/socket.io/?EIO=4&transport=polling", &[&header]).await;
        assert_eq!(answer.status, status, "{origin}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_given_certificate_is_served() {
    let folder = std::env::temp_dir().join(format!("twocan-serve-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["twocan.example".to_owned()]).unwrap();
    let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&cert_file, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();

    let [cert_file, key_file] = [cert_file, key_file].map(|path| path.to_str().unwrap().to_owned());
    let server = Running::start(&["--tls-cert", &cert_file, "--tls-key", &key_file]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&cert_file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.addresses.https[0]).await.unwrap();
    let name = ServerName::try_from("twocan.example").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let answer = exchange(stream, "GET", "/healthz", &[], "").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    server.stop().await;
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_stop_ends_waiting_polls_and_idle_connections() {
    let server = Running::start(&[]);
    let ann = Polling::open(&server).await;
    let ben = Polling::open(&server).await;
    let (address, path) = (server.http(), ben.path.clone());
    let poll = tokio::spawn(exchange_at(server.http(), "GET", ann.path.clone()));
    let mut idle = TcpStream::connect(server.http()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: twocan.example\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    let (stopped, late) = tokio::join!(server.stop(), async {
        tokio::task::yield_now().await;
        exchange_at(address, "GET", path).await
    });
    let () = stopped;
    for answer in [poll.await.unwrap(), late] {
        // Whoever polls hears that its session is unknown, and comes back for a new one.
        let body = String::from_utf8(answer.body).unwrap();
        assert_eq!((answer.status, &*body), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
}
