//! Behind a reverse proxy: whose word counts about the client.

use crate::support::Running;

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test]
async fn the_scheme_that_a_trusted_proxy_tells_decides_about_the_origin() {
    let origin = "origin: http://twocan.example:8443";
    let by_https = "x-forwarded-proto: https";
    let trusting = Running::start(&["--trusted-proxy", "127.0.0.0/8"]);
    assert_eq!(trusting.get(OPEN, &[origin]).await.status, 200);
    assert_eq!(trusting.get(OPEN, &[origin, by_https]).await.status, 403, "a page without TLS");
    let secure = "origin: https://twocan.example:8443";
    assert_eq!(trusting.get(OPEN, &[secure, by_https]).await.status, 200);
    trusting.stop().await;

    let careful = Running::start(&[]);
    assert_eq!(careful.get(OPEN, &[origin, by_https]).await.status, 200, "anybody may say so");
    careful.stop().await;
}

#[tokio::test]
async fn the_address_that_a_trusted_proxy_tells_decides_about_the_metrics() {
    let watcher = "x-forwarded-for: 203.0.113.9, 198.51.100.7";
    let stranger = "x-forwarded-for: 198.51.100.7, 203.0.113.9";
    let standard = "forwarded: for=198.51.100.7";
    let range = ["--metrics-from", "198.51.100.0/24"];

    let trusting = Running::start(&[&range[..], &["--trusted-proxy", "127.0.0.0/8"]].concat());
    for (header, status) in [(watcher, 200), (standard, 200), (stranger, 403)] {
        assert_eq!(trusting.get("/metrics", &[header]).await.status, status, "{header}");
    }
    trusting.stop().await;

    let careful = Running::start(&range);
    for header in [watcher, standard] {
        assert_eq!(careful.get("/metrics", &[header]).await.status, 403, "{header}");
    }
    careful.stop().await;
}

#[tokio::test]
async fn one_client_of_a_proxy_cannot_open_all_the_sessions_there_are() {
    let greedy = "x-forwarded-for: 198.51.100.7";
    let server = Running::start(&["--trusted-proxy", "127.0.0.0/8"]);
    let foreign = [greedy, "origin: https://stranger.example"];
    assert_eq!(server.get(OPEN, &foreign).await.status, 403, "which counts for nothing");
    let mut opened = 0;
    let refused = loop {
        let answer = server.get(OPEN, &[greedy]).await;
        if answer.status != 200 {
            break answer;
        }
        opened += 1;
        assert!(opened < 10_000, "there is no end");
    };
    assert!(opened >= 2000, "{opened}");
    assert_eq!(refused.status, 429);
    assert!(String::from_utf8(refused.body).unwrap().contains("from your network"));
    assert_eq!(server.get(OPEN, &["x-forwarded-for: 198.51.100.8"]).await.status, 200);
    server.stop().await;
}
