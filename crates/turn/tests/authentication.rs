//! Who may ask for anything: RFC 8489 §9.2.

#![allow(clippy::unwrap_used, reason = "a scenario ends where it goes otherwise than written")]

mod common;

use std::time::Duration;

use common::{REALM, SECRET, UNIX, User, World, address, config};
use twocan_stun::{
    Class, Message, MessageBuilder, Method, TransactionId,
    attributes::{
        AttributeError, MappedAddress, Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm,
        UnknownAttributes, UserHash, Username, XorMappedAddress,
    },
    credentials::{long_term_key, long_term_key_sha256, time_limited_password},
};

#[test]
fn a_stranger_is_challenged_and_leaves_nothing_behind() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    let request = user.allocate_request().finish();
    let answer = world.request(user.client, &request);
    assert_eq!(answer.code(), 401);
    assert_eq!(answer.get::<Realm<'_>>(), Realm(REALM));
    assert!(!answer.get::<Nonce<'_>>().0.is_empty());
    assert_eq!(world.server.allocation_count(), 0);
    assert_eq!(world.server.poll_timeout(), None);
}

#[test]
fn a_wrong_password_an_ended_credential_and_a_name_without_expiry_are_challenged() {
    let mut world = World::new(config());
    let expired = (UNIX.as_secs()).to_string() + ":seat";
    let later = (UNIX.as_secs() + 1).to_string() + ":seat";
    for (username, secret, code) in [
        (later.as_str(), SECRET, 0),
        (later.as_str(), "another secret", 401),
        (expired.as_str(), SECRET, 401),
        ("seat", SECRET, 401),
        ("", SECRET, 401),
    ] {
        let mut user = User::at("198.51.100.1:4000");
        let password = time_limited_password(secret, username);
        user.key = long_term_key(username.as_bytes(), REALM.as_bytes(), password.as_bytes());
        user.username = username.to_string();
        user.meet(&mut world);
        let request = user.allocate_request();
        assert_eq!(world.request(user.client, &user.sign(request)).code(), code, "{username}");
    }
}

#[test]
fn another_realm_is_challenged() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&Username(&user.username));
    request.push(&Realm("elsewhere"));
    request.push(&Nonce(&user.nonce));
    request.push_integrity(&user.key);
    assert_eq!(world.request(user.client, &request.finish()).code(), 401);
}

#[test]
fn a_signed_request_without_a_name_is_bad() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    let mut request = user.allocate_request();
    request.push_integrity(&user.key);
    assert_eq!(world.request(user.client, &request.finish()).code(), 400);
}

#[test]
fn a_stale_nonce_is_replaced() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    world.advance(Duration::from_secs(500));
    assert_eq!(user.refresh(&mut world, 3600).code(), 0);
    world.advance(Duration::from_secs(3200));
    let answer = user.refresh(&mut world, 3600);
    assert_eq!(answer.code(), 438);
    user.nonce = answer.get::<Nonce<'_>>().0.to_string();
    assert_eq!(user.refresh(&mut world, 3600).code(), 0);
}

#[test]
fn a_nonce_of_another_client_is_stale() {
    let mut world = World::new(config());
    let mut one = User::at("198.51.100.1:4000");
    one.meet(&mut world);
    let mut two = User::at("198.51.100.2:4000");
    two.nonce = one.nonce.clone();
    let request = two.allocate_request();
    assert_eq!(world.request(two.client, &two.sign(request)).code(), 438);
}

#[test]
fn another_user_cannot_touch_an_allocation() {
    let mut world = World::new(config());
    let mut owner = User::named("198.51.100.1:4000", "owner");
    owner.allocate(&mut world);
    let mut other = User::named("198.51.100.1:4000", "other");
    other.nonce = owner.nonce.clone();
    assert_eq!(other.refresh(&mut world, 0).code(), 441);
    assert_eq!(other.permit(&mut world, &["8.8.8.8:1"]).code(), 441);
    assert_eq!(other.bind(&mut world, 0x4000, "8.8.8.8:1").code(), 441);
    assert_eq!(world.server.allocation_count(), 1);
}

#[test]
fn answers_to_a_known_user_are_signed() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.allocate(&mut world);
    for answer in [user.refresh(&mut world, 600), user.permit(&mut world, &["127.0.0.1:1"])] {
        assert!(answer.message().verify_integrity(&user.key), "{answer:?}");
        assert_eq!(answer.message().verify_fingerprint(), Some(true));
    }
}

/// The forms of credentials: integrity, algorithm and whether the offer is repeated.
#[test]
fn sha256_is_offered_and_taken() {
    let offer = || PasswordAlgorithms(vec![PasswordAlgorithm::Sha256, PasswordAlgorithm::Md5]);
    let worse = || PasswordAlgorithms(vec![PasswordAlgorithm::Md5]);
    let (md5, sha256) = (Some(PasswordAlgorithm::Md5), Some(PasswordAlgorithm::Sha256));
    let other = Some(PasswordAlgorithm::Other(9));
    for (algorithms, chosen, sha256_integrity, code) in [
        (None, None, false, 0),
        (None, None, true, 0),
        (Some(offer()), sha256, true, 0),
        (Some(offer()), sha256, false, 0),
        (Some(offer()), md5, true, 0),
        (Some(worse()), md5, true, 400),
        (Some(offer()), other, true, 400),
        (Some(offer()), None, true, 400),
        (None, sha256, true, 400),
    ] {
        let mut world = World::new(config());
        let mut user = User::at("198.51.100.1:4000");
        let first = user.allocate_request().finish();
        let challenge = world.request(user.client, &first);
        assert_eq!(challenge.get::<PasswordAlgorithms>(), offer());
        let nonce = challenge.get::<Nonce<'_>>().0;
        assert!(nonce.starts_with("obMatJos2gAAA"));

        let mut request = user.allocate_request();
        request.push(&Username(&user.username));
        request.push(&Realm(REALM));
        request.push(&Nonce(nonce));
        if let Some(algorithms) = &algorithms {
            request.push(algorithms);
        }
        if let Some(chosen) = chosen {
            request.push(&chosen);
        }
        let password = time_limited_password(SECRET, &user.username);
        let parts = (user.username.as_bytes(), REALM.as_bytes(), password.as_bytes());
        let key = if chosen == sha256 {
            long_term_key_sha256(parts.0, parts.1, parts.2).to_vec()
        } else {
            long_term_key(parts.0, parts.1, parts.2).to_vec()
        };
        if sha256_integrity {
            request.push_integrity_sha256(&key);
        } else {
            request.push_integrity(&key);
        }
        let answer = world.request(user.client, &request.finish());
        assert_eq!(answer.code(), code, "{algorithms:?} {chosen:?} {sha256_integrity}");
        if code == 0 {
            let message = answer.message();
            assert_eq!(message.verify_integrity_sha256(&key), sha256_integrity);
            assert_eq!(message.verify_integrity(&key), !sha256_integrity);
        }
    }
}

#[test]
fn a_hashed_name_is_not_found() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    let mut request = user.allocate_request();
    request.push(&UserHash([7; 32]));
    request.push(&Realm(REALM));
    request.push(&Nonce(&user.nonce));
    request.push_integrity_sha256(&user.key);
    assert_eq!(world.request(user.client, &request.finish()).code(), 401);
}

#[test]
fn unknown_attributes_are_named() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    user.meet(&mut world);
    // Two attributes that nobody defined, one of them twice.
    let ask = |user: &mut User| {
        let mut request = user.allocate_request();
        request.push(&Empty::<0x7F00>);
        request.push(&Empty::<0x7F01>);
        request.push(&Empty::<0x7F01>);
        request
    };
    let unsigned = ask(&mut user).finish();
    assert_eq!(world.request(user.client, &unsigned).code(), 401, "first who asks, then what");
    let request = ask(&mut user);
    let answer = world.request(user.client, &user.sign(request));
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.get::<UnknownAttributes>().0, [0x7F00, 0x7F01]);

    let mut binding = user.begin(Method::BINDING);
    binding.push(&Empty::<0x7F01>);
    assert_eq!(world.request(user.client, &binding.finish()).code(), 420);
}

/// An attribute without a value.
struct Empty<const KIND: u16>;

impl<const KIND: u16> twocan_stun::Attribute<'_> for Empty<KIND> {
    const TYPE: u16 = KIND;

    fn decode(_: &[u8], _: TransactionId) -> Result<Self, AttributeError> {
        Ok(Empty)
    }

    fn encode(&self, _: TransactionId, _: &mut Vec<u8>) {}
}

#[test]
fn binding_needs_no_credentials() {
    let mut world = World::new(config());
    for client in ["198.51.100.1:4000", "[2001:db8::1]:4000"] {
        let mut user = User::at(client);
        let answer = world.request(user.client, &user.begin(Method::BINDING).finish());
        assert_eq!(answer.get::<XorMappedAddress>().0, address(client));
    }
}

#[test]
fn binding_of_rfc_3489_gets_its_address_in_the_clear() {
    let mut world = World::new(config());
    let user = User::at("198.51.100.1:4000");
    let mut request = vec![0, 1, 0, 0];
    request.extend(1..=16);
    assert_eq!(world.feed(user.client, &request), None);
    let [(_, mut bytes)] = <[_; 1]>::try_from(world.answers()).unwrap();
    assert_eq!(bytes[4..20], request[4..20]);
    bytes[4..8].copy_from_slice(&twocan_stun::message::MAGIC_COOKIE.to_be_bytes());
    let answer = Message::decode(&bytes).unwrap();
    assert_eq!(answer.get(), Ok(Some(MappedAddress(user.client.address))));
}

#[test]
fn what_is_neither_request_nor_data_gets_no_answer() {
    let mut world = World::new(config());
    let mut user = User::at("198.51.100.1:4000");
    let id = TransactionId([1; 12]);
    let mut broken = user.begin(Method::BINDING);
    broken.push_fingerprint();
    let mut broken = broken.finish();
    *broken.last_mut().unwrap() ^= 1;
    for bytes in [
        vec![],
        vec![0],
        vec![0x80; 40],
        vec![0xFF; 40],
        broken,
        MessageBuilder::new(Class::Success, Method::ALLOCATE, id).finish(),
        MessageBuilder::new(Class::Error, Method::ALLOCATE, id).finish(),
        MessageBuilder::new(Class::Indication, Method::BINDING, id).finish(),
        MessageBuilder::new(Class::Indication, Method::ALLOCATE, id).finish(),
        MessageBuilder::new(Class::Request, Method::from_number(0x0FF), id).finish(),
        user.send_indication("8.8.8.8:1", b"data"),
        common::channel_data(0x4000, b"data"),
    ] {
        assert_eq!(world.feed(user.client, &bytes), None, "{bytes:?}");
        assert_eq!(world.answers(), [], "{bytes:?}");
    }
}
