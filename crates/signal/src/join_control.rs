//! Who may join: tokens that a site gives to its own users, checked with the site's key.
//!
//! A token is a JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) signed with HS256 or
//! EdDSA, with the claims `room`, `exp` and, if the others are to be told, `name`; `nbf` is heeded. No
//! other claim is looked at.

use std::{fmt, sync::Once};

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, errors::ErrorKind,
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
use serde::Deserialize;

use crate::protocol::{PersonName, RoomId};

mod crypto;

/// By how many seconds a site's clock may be ahead: those who put the present time in `nbf` would else
/// send their users away for some seconds
/// ([RFC 7519 §4.1.5](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5)).
const CLOCK_SKEW: f64 = 60.0;

/// The DER of an Ed25519 public key up to its 32 bytes
/// ([RFC 8410 §4](https://www.rfc-editor.org/rfc/rfc8410#section-4)).
const ED25519_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The key with which the tokens of those who may join are checked.
#[derive(Clone)]
pub struct JoinControl {
    key: DecodingKey,
    validation: Validation,
}

impl JoinControl {
    /// For tokens signed with HS256: a shared secret.
    pub fn from_secret(secret: &str) -> JoinControl {
        JoinControl::new(DecodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)
    }

    /// For tokens signed with EdDSA: an Ed25519 public key in PEM (`-----BEGIN PUBLIC KEY-----`), as
    /// `openssl pkey -pubout` prints it.
    ///
    /// # Errors
    /// [`InvalidKey`] if it is anything else.
    pub fn from_public_key_pem(pem: &str) -> Result<JoinControl, InvalidKey> {
        let der =
            SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| InvalidKey)?;
        let key = der.strip_prefix(&ED25519_PREFIX).filter(|key| key.len() == 32);
        let key = DecodingKey::from_ed_der(key.ok_or(InvalidKey)?);
        Ok(JoinControl::new(key, Algorithm::EdDSA))
    }

    fn new(key: DecodingKey, algorithm: Algorithm) -> JoinControl {
        static INSTALL: Once = Once::new();
        // Fails only if the program chose another, which then has to know the two algorithms.
        INSTALL.call_once(|| {
            let _ = crypto::PROVIDER.install_default();
        });
        let mut validation = Validation::new(algorithm);
        // The time is given to the check, and who else a token is for is not this server's business.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        JoinControl { key, validation }
    }

    /// Whether the bearer of `token` may join `room`, and as whom.
    ///
    /// `unix` is the time in seconds since 1970.
    ///
    /// # Errors
    /// [`Unauthorized`], which says what is wrong with the token.
    pub fn check(
        &self,
        token: Option<&str>,
        room: &RoomId,
        unix: u64,
    ) -> Result<Option<PersonName>, Unauthorized> {
        let token = token.ok_or(Unauthorized::Absent)?;
        let claims = match decode::<Claims>(token, &self.key, &self.validation) {
            // It asks for extensions to be understood, of which there is none here
            // ([RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)).
            Ok(token) if token.header.crit.is_some() => return Err(Unauthorized::Malformed),
            Ok(token) => token.claims,
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::InvalidSignature => Unauthorized::Signature,
                    ErrorKind::InvalidAlgorithm => Unauthorized::Algorithm,
                    _ => Unauthorized::Malformed,
                });
            }
        };
        if claims.room != room.as_str() {
            return Err(Unauthorized::ForeignRoom);
        }
        let now = unix as f64;
        if claims.exp <= now {
            return Err(Unauthorized::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + CLOCK_SKEW) {
            return Err(Unauthorized::TooEarly);
        }
        Ok(claims.name)
    }
}

impl fmt::Debug for JoinControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match self.key.family() {
            AlgorithmFamily::Hmac => "HS256",
            _ => "EdDSA",
        };
        f.debug_tuple("JoinControl").field(&keys).finish()
    }
}

/// The text is no Ed25519 public key in PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no Ed25519 public key in PEM. Make a pair with `openssl genpkey -algorithm ed25519 -out \
     private.pem`, and give what `openssl pkey -in private.pem -pubout` prints."
)]
pub struct InvalidKey;

/// What is wrong with the token of somebody who wants to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorized {
    /// There is none.
    Absent,
    /// It is no JSON Web Token, or lacks a claim.
    Malformed,
    /// It is signed with another algorithm than the server's key is for.
    Algorithm,
    /// Its signature was not made with the server's key.
    Signature,
    /// It is for another room.
    ForeignRoom,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    TooEarly,
}

impl Unauthorized {
    /// What is wrong, and what to do about it.
    pub fn message(self) -> &'static str {
        match self {
            Unauthorized::Absent => {
                "This server lets in only those who have a token. Ask the site that sent you here for \
                 one, and send it with join."
            }
            Unauthorized::Malformed => {
                "The token cannot be read. Send a JSON Web Token with the claims room and exp."
            }
            Unauthorized::Algorithm => {
                "The token is signed with another algorithm than this server's key is for. Sign with \
                 HS256 for a secret, with EdDSA for a public key."
            }
            Unauthorized::Signature => {
                "The token's signature does not fit this server's key. Ask the site that sent you here \
                 for another."
            }
            Unauthorized::ForeignRoom => {
                "The token is for another room. Ask the site that sent you here for one for this room."
            }
            Unauthorized::Expired => {
                "The token has expired. Ask the site that sent you here for a fresh one."
            }
            Unauthorized::TooEarly => {
                "The token is for a later time. Come back then, or ask the site that sent you here for \
                 another."
            }
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    room: String,
    /// RFC 7519 §2 allows fractions of a second.
    exp: f64,
    nbf: Option<f64>,
    name: Option<PersonName>,
}

#[cfg(test)]
mod tests;
