use serde_json::json;

use super::{refusal::MAX_REPEATED_NAME_CHARS, *};

#[test]
fn requests_are_read() {
    for (name, argument, request) in [
        ("join", r#"{"roomId":"tea"}"#, Request::Join(Join::new(room("tea")))),
        (
            "join",
            r#"{"roomId":"tea","capabilities":null,"token":null,"of a newer client":1}"#,
            Request::Join(Join::new(room("tea"))),
        ),
        (
            "join",
            r#"{"roomId":"tea","attempt":"0123456789abcdef","n":2}"#,
            Request::Join(Join {
                attempt: Some("0123456789abcdef".to_owned().into()),
                n: 2,
                ..Join::new(room("tea"))
            }),
        ),
        (
            "join",
            r#"{"capabilities":{"b":1,"a":2},"roomId":"tea","token":"T","resume":"R"}"#,
            Request::Join(Join {
                capabilities: Some(raw(r#"{"b":1,"a":2}"#)),
                token: Some("T".to_owned().into()),
                resume: Some("R".to_owned().into()),
                ..Join::new(room("tea"))
            }),
        ),
        (
            "message",
            r#"{"roomId":"tea","data":{"z":1.0,"a":[1e3]}}"#,
            Request::Message {
                room: room("tea"),
                data: raw(r#"{"z":1.0,"a":[1e3]}"#),
                keep: false,
            },
        ),
        (
            "message",
            r#"{"roomId":"tea","data":null,"keep":false}"#,
            Request::Message { room: room("tea"), data: raw("null"), keep: false },
        ),
        (
            "message",
            r#"{"keep":true,"roomId":"tea","data":[]}"#,
            Request::Message { room: room("tea"), data: raw("[]"), keep: true },
        ),
        ("leave", r#"{"roomId":"tea"}"#, Request::Leave { room: room("tea") }),
        ("iceservers", r#"{"roomId":"tea"}"#, Request::IceServers { room: room("tea") }),
    ] {
        assert_eq!(Request::parse(name, &args(&[argument])), Ok(request), "{name} {argument}");
    }
}

#[test]
fn anything_malformed_is_refused_with_words_that_help() {
    let long_name = format!(r#"{{"roomId":"{}"}}"#, "é".repeat(MAX_ROOM_ID_CHARS + 1));
    let long_attempt = format!(r#"{{"roomId":"tea","attempt":"{}"}}"#, "x".repeat(65));
    let big_capabilities =
        format!(r#"{{"roomId":"tea","capabilities":{{"a":"{}"}}}}"#, "x".repeat(5000));
    for (name, arguments) in [
        ("join", vec![]),
        ("join", vec!["null"]),
        ("join", vec!["\"tea\""]),
        ("join", vec!["{}"]),
        ("join", vec![r#"{"roomId":""}"#]),
        ("join", vec![r#"{"roomId":7}"#]),
        ("join", vec![r#"{"roomId":null}"#]),
        ("join", vec![r#"{"roomId":["tea"]}"#]),
        ("join", vec![r#"{"roomId":"tea"}"#, "1"]),
        ("join", vec![r#"{"roomId":"tea","capabilities":"all"}"#]),
        ("join", vec![r#"{"roomId":"tea","capabilities":[]}"#]),
        ("join", vec![r#"{"roomId":"tea","roomId":"coffee"}"#]),
        ("join", vec![r#"{"roomId":"tea","token":7}"#]),
        ("join", vec![r#"{"roomId":"tea","resume":{}}"#]),
        ("join", vec![r#"{"roomId":"tea","attempt":1}"#]),
        ("join", vec![r#"{"roomId":"tea","attempt":"0123456789abcde"}"#]),
        ("join", vec![long_attempt.as_str()]),
        ("join", vec![r#"{"roomId":"tea","n":-1}"#]),
        ("join", vec![r#"{"roomId":"tea","n":1.5}"#]),
        ("join", vec![long_name.as_str()]),
        ("join", vec![big_capabilities.as_str()]),
        ("message", vec![]),
        ("message", vec![r#"{"roomId":"tea"}"#]),
        ("message", vec![r#"{"data":1}"#]),
        ("message", vec![r#"{"roomId":{},"data":1}"#]),
        ("message", vec![r#"{"roomId":"tea","data":1,"keep":1}"#]),
        ("message", vec![r#"{"roomId":"tea","data":1,"keep":"true"}"#]),
        ("message", vec![r#"{"roomId":"tea","data":1,"keep":null}"#]),
        ("leave", vec!["[]"]),
        ("leave", vec![r#"{"room":"tea"}"#]),
        ("iceservers", vec!["true"]),
    ] {
        let refused = Request::parse(name, &args(&arguments)).expect_err(name);
        assert_eq!(refused.code, Code::Malformed, "{name} {arguments:?}");
        assert_eq!(refused.event, name);
        assert!(refused.message.starts_with("Send one object"), "{}", refused.message);
    }
}

#[test]
fn the_join_in_a_connections_auth_is_read_as_that_of_an_event() {
    for join in [
        r#"{"roomId":"tea"}"#,
        r#"{"roomId":"tea","capabilities":{"b":1,"a":2},"token":"T","resume":"R"}"#,
        "{}",
        "null",
        "[1]",
        r#""tea""#,
    ] {
        let auth = RawValue::from_string(format!(r#"{{"token":1,"join":{join}}}"#)).unwrap();
        let event = Request::parse("join", &args(&[join]));
        assert_eq!(Request::parse_auth(&auth), Some(event), "{join}");
    }
    for auth in ["{}", r#"{"roomId":"tea"}"#, r#"{"Join":{}}"#, r#"{"token":{"join":{}}}"#] {
        let auth = RawValue::from_string(auth.to_owned()).unwrap();
        assert_eq!(Request::parse_auth(&auth), None, "{auth}");
    }
}

#[test]
fn an_unknown_event_is_named_but_not_repeated_at_any_length() {
    let refused = Request::parse(&"x".repeat(100_000), &[]).unwrap_err();
    assert_eq!(refused.code, Code::UnknownEvent);
    assert_eq!(refused.event.len(), MAX_REPEATED_NAME_CHARS);
}

#[test]
fn the_longest_name_is_counted_in_characters() {
    let name = "界".repeat(MAX_ROOM_ID_CHARS);
    let request = Request::parse("leave", &args(&[&format!(r#"{{"roomId":"{name}"}}"#)]));
    assert_eq!(request, Ok(Request::Leave { room: room(&name) }));
}

#[test]
fn a_client_can_do_what_it_says_and_nothing_else() {
    for (capabilities, can_resume, takes_kept) in [
        (r#"{"resume":true}"#, true, false),
        (r#"{"kept":true}"#, false, true),
        (r#"{"media":{},"resume": true ,"x":[],"kept":true}"#, true, true),
        (r#"{"resume":false,"kept":true}"#, false, true),
        (r#"{"resume":true,"kept":[1]}"#, true, false),
        (r#"{"resume":"true","kept":null}"#, false, false),
        (r#"{"resume":true,"resume":true}"#, false, false),
        (r#"{"Resume":true,"Kept":true}"#, false, false),
        ("{}", false, false),
    ] {
        let join = Join { capabilities: Some(raw(capabilities)), ..Join::new(room("tea")) };
        assert_eq!(
            (join.can_resume(), join.takes_kept()),
            (can_resume, takes_kept),
            "{capabilities}"
        );
    }
    let join = Join::new(room("tea"));
    assert!(!join.can_resume() && !join.takes_kept());
}

#[test]
fn events_serialise_as_the_protocol_says() {
    let user_id = UserId::from("Xq");
    let capabilities = Some(raw(r#"{"b":1,"a":2}"#));
    let peer = Peer { user_id: user_id.clone(), capabilities, name: None, away: false };
    let joined = Joined {
        room_id: room("tea"),
        user_num: 1,
        user_id: user_id.clone(),
        polite: false,
        ice_servers: Vec::new(),
        peer: None,
        resume: None,
        resumed: false,
    };
    for (event, name, body) in [
        (
            ServerEvent::Joined(Box::new(joined.clone())),
            "joined",
            json!({
                "roomId": "tea", "userNum": 1, "userId": "Xq", "polite": false,
                "iceServers": [], "peer": null,
            }),
        ),
        (
            ServerEvent::Joined(Box::new(Joined {
                resume: Some("R".to_owned().into()),
                resumed: true,
                peer: Some(Peer { away: true, ..peer.clone() }),
                ..joined
            })),
            "joined",
            json!({
                "roomId": "tea", "userNum": 1, "userId": "Xq", "polite": false,
                "iceServers": [], "resume": "R", "resumed": true,
                "peer": {"userId": "Xq", "capabilities": {"a": 2, "b": 1}, "away": true},
            }),
        ),
        (
            ServerEvent::Full(Full { room_id: room("tea"), user_num: 2 }),
            "full",
            json!({"roomId": "tea", "userNum": 2}),
        ),
        (
            ServerEvent::OtherJoined(OtherJoined {
                room_id: room("tea"),
                peer: peer.clone(),
                kept: true,
            }),
            "otherjoined",
            json!({
                "roomId": "tea", "userId": "Xq", "capabilities": {"a": 2, "b": 1}, "kept": true,
            }),
        ),
        (
            ServerEvent::OtherJoined(OtherJoined {
                room_id: room("tea"),
                peer: Peer { capabilities: None, ..peer.clone() },
                kept: false,
            }),
            "otherjoined",
            json!({"roomId": "tea", "userId": "Xq"}),
        ),
        (
            ServerEvent::PeerBack(PeerBack {
                room_id: room("tea"),
                peer: Peer { name: Some("Ann".to_owned().try_into().unwrap()), ..peer },
            }),
            "peerback",
            json!({
                "roomId": "tea", "userId": "Xq", "capabilities": {"a": 2, "b": 1}, "name": "Ann",
            }),
        ),
        (
            ServerEvent::PeerAway(PeerAway { room_id: room("tea"), user_id: user_id.clone() }),
            "peeraway",
            json!({"roomId": "tea", "userId": "Xq"}),
        ),
        (
            ServerEvent::Replaced(InRoom { room_id: room("tea") }),
            "replaced",
            json!({"roomId": "tea"}),
        ),
        (ServerEvent::Message(raw("[1]")), "message", json!([1])),
        (ServerEvent::Leaved(InRoom { room_id: room("tea") }), "leaved", json!({"roomId": "tea"})),
        (
            ServerEvent::Bye(Bye { room_id: room("tea"), user_id }),
            "bye",
            json!({"roomId": "tea", "userId": "Xq"}),
        ),
        (
            ServerEvent::IceServers(IceServers { room_id: room("tea"), ice_servers: Vec::new() }),
            "iceservers",
            json!({"roomId": "tea", "iceServers": []}),
        ),
        (
            ServerEvent::Refused(Refused::new("leave", Code::NotJoined)),
            "refused",
            json!({
                "event": "leave",
                "code": "not_joined",
                "message": "You have no seat in this room. Send join first.",
            }),
        ),
    ] {
        assert_eq!(event.name(), name);
        assert_eq!(serde_json::to_value(&event).unwrap(), body);
    }
}

#[test]
fn codes_are_spelt_alike_in_messages_and_logs() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}

#[test]
fn relayed_json_keeps_every_byte() {
    let text = r#"{"z":1.0,  "a":"A","n":1e400}"#;
    let event = ServerEvent::Message(raw(text));
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
}

#[test]
fn room_names_data_and_tokens_stay_out_of_debug_output() {
    let (room_id, data) = (room("secret-room"), raw("\"secret data\""));
    let message = Request::Message { room: room_id, data, keep: true };
    assert!(!format!("{message:?}").contains("secret"));
    let token = || Some("a secret token".to_owned().into());
    let join = Join { token: token(), resume: token(), ..Join::new(room("secret-room")) };
    assert!(!format!("{join:?}").contains("secret"));
}

fn room(name: &str) -> RoomId {
    RoomId::try_from(name.to_owned()).unwrap()
}

fn raw(json: &str) -> Raw {
    RawValue::from_string(json.to_owned()).unwrap().into()
}

fn args(json: &[&str]) -> Vec<Box<RawValue>> {
    json.iter().map(|&json| RawValue::from_string(json.to_owned()).unwrap()).collect()
}
