use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "a secret of the site";

#[test]
fn a_token_lets_its_bearer_into_its_room_until_it_ends() {
    let control = JoinControl::from_secret(SECRET);
    let token = hs256(json!({"room": "tea", "name": "Ann", "exp": NOW + 60}), SECRET);
    let check = |room: &str, unix| control.check(Some(&token), &id(room), unix);
    assert_eq!(check("tea", NOW).unwrap().unwrap().as_str(), "Ann");
    assert_eq!(check("tea", NOW + 59).map(|name| name.is_some()), Ok(true));
    assert_eq!(check("tea", NOW + 60), Err(Unauthorized::Expired));
    assert_eq!(check("cup", NOW), Err(Unauthorized::ForeignRoom));
    let nameless = hs256(json!({"room": "tea", "exp": NOW as f64 + 0.5}), SECRET);
    assert_eq!(control.check(Some(&nameless), &id("tea"), NOW), Ok(None));
}

#[test]
fn a_token_for_later_is_no_good_before() {
    let control = JoinControl::from_secret(SECRET);
    let token = hs256(json!({"room": "tea", "nbf": NOW, "exp": NOW + 60}), SECRET);
    let check = |unix| control.check(Some(&token), &id("tea"), unix);
    assert_eq!(check(NOW - 61), Err(Unauthorized::TooEarly));
    assert_eq!(check(NOW - 60), Ok(None), "the site's clock may be ahead");
    assert_eq!(check(NOW), Ok(None));
}

#[test]
fn whatever_is_wrong_with_a_token_is_told_apart() {
    let control = JoinControl::from_secret(SECRET);
    let good = json!({"room": "tea", "exp": NOW + 60});
    let check = |token: &str| control.check(Some(token), &id("tea"), NOW);
    assert_eq!(control.check(None, &id("tea"), NOW), Err(Unauthorized::Absent));
    assert_eq!(check(&hs256(good.clone(), "another")), Err(Unauthorized::Signature));
    assert_eq!(check(&eddsa(good.clone(), &pair(1))), Err(Unauthorized::Algorithm));
    let unsigned = format!("{}.{}.", encode(json!({"alg": "none"})), encode(good.clone()));
    assert_eq!(check(&unsigned), Err(Unauthorized::Malformed));
    let extended = json!({"alg": "HS256", "crit": ["b64"], "b64": true});
    assert_eq!(check(&hs256_with(extended, good.clone(), SECRET)), Err(Unauthorized::Malformed));
    let token = hs256(good, SECRET);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let foreign = format!("{}.{signature}", signed.replacen('.', ".e", 1));
    assert_eq!(check(&foreign), Err(Unauthorized::Signature));
    for malformed in ["", ".", "..", "a.b.c", &token[1..], signed] {
        assert_eq!(check(malformed), Err(Unauthorized::Malformed), "{malformed:?}");
    }
    for claims in [
        json!({"room": "tea"}),
        json!({"exp": NOW + 60}),
        json!({"room": "tea", "exp": "never"}),
        json!({"room": "tea", "exp": null}),
        json!({"room": "tea", "exp": NOW + 60, "nbf": "now"}),
        json!({"room": ["tea"], "exp": NOW + 60}),
        json!({"room": "tea", "exp": NOW + 60, "name": 7}),
        json!({"room": "tea", "exp": NOW + 60, "name": "x".repeat(300)}),
        json!(["tea"]),
    ] {
        let token = hs256(claims.clone(), SECRET);
        assert_eq!(check(&token), Err(Unauthorized::Malformed), "{claims}");
    }
}

#[test]
fn a_public_key_checks_what_its_private_key_signed() {
    let control = JoinControl::from_public_key_pem(&pem(&pair(1))).unwrap();
    let good = json!({"room": "tea", "name": "Ann", "exp": NOW + 60});
    let check = |token: &str| control.check(Some(token), &id("tea"), NOW);
    assert!(check(&eddsa(good.clone(), &pair(1))).is_ok());
    assert_eq!(check(&eddsa(good.clone(), &pair(2))), Err(Unauthorized::Signature));
    // The public key is known to everybody, so it must not pass for a secret.
    let forged = hs256(good, &pem(&pair(1)));
    assert_eq!(check(&forged), Err(Unauthorized::Algorithm));
}

#[test]
fn only_an_ed25519_public_key_is_one() {
    let pem = pem(&pair(1));
    for wrong in ["", SECRET, &pem.replace("PUBLIC", "PRIVATE"), &pem.replace("MCow", "MCox")] {
        assert_eq!(JoinControl::from_public_key_pem(wrong).err(), Some(InvalidKey), "{wrong}");
    }
}

#[test]
fn the_secret_stays_out_of_debug_output() {
    assert_eq!(format!("{:?}", JoinControl::from_secret(SECRET)), r#"JoinControl("HS256")"#);
}

fn id(room: &str) -> RoomId {
    RoomId::try_from(room.to_owned()).unwrap()
}

fn encode(json: Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn hs256(claims: Value, secret: &str) -> String {
    hs256_with(json!({"alg": "HS256", "typ": "JWT"}), claims, secret)
}

fn hs256_with(header: Value, claims: Value, secret: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn eddsa(claims: Value, pair: &Ed25519KeyPair) -> String {
    let message = format!("{}.{}", encode(json!({"alg": "EdDSA", "typ": "JWT"})), encode(claims));
    let signature = pair.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn pem(pair: &Ed25519KeyPair) -> String {
    let der = [&ED25519_PREFIX, pair.public_key().as_ref()].concat();
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}
