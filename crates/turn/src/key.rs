//! The key of a user: how it was made of the password, and which integrity it makes.

use twocan_stun::{
    Message, MessageBuilder,
    attributes::{MESSAGE_INTEGRITY_SHA256, PasswordAlgorithm},
    credentials::{long_term_key, long_term_key_sha256},
};

/// A key of the long-term credential mechanism.
///
/// [RFC 8489 §9.2.2](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.2)
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    made: Made,
    integrity: Integrity,
}

#[derive(Debug, Clone, Copy)]
enum Made {
    Md5([u8; 16]),
    Sha256([u8; 32]),
}

/// An answer has the integrity that its request had.
///
/// [RFC 8489 §9.2.5](https://www.rfc-editor.org/rfc/rfc8489#section-9.2.5)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Integrity {
    Sha1,
    Sha256,
}

impl Key {
    /// The key for a request, by the algorithm that it names; `None` if the algorithm is unknown.
    pub(crate) fn of(
        request: &Message<'_>,
        algorithm: PasswordAlgorithm,
        username: &str,
        realm: &str,
        password: &str,
    ) -> Option<Key> {
        let (username, realm) = (username.as_bytes(), realm.as_bytes());
        let password = password.as_bytes();
        let made = match algorithm {
            PasswordAlgorithm::Md5 => Made::Md5(long_term_key(username, realm, password)),
            PasswordAlgorithm::Sha256 => {
                Made::Sha256(long_term_key_sha256(username, realm, password))
            }
            PasswordAlgorithm::Other(_) => return None,
        };
        let integrity =
            if request.has(MESSAGE_INTEGRITY_SHA256) { Integrity::Sha256 } else { Integrity::Sha1 };
        Some(Key { made, integrity })
    }

    /// Whether a request was signed with this key.
    pub(crate) fn signed(&self, request: &Message<'_>) -> bool {
        match self.integrity {
            Integrity::Sha1 => request.verify_integrity(self.bytes()),
            Integrity::Sha256 => request.verify_integrity_sha256(self.bytes()),
        }
    }

    /// Signs an answer.
    pub(crate) fn sign(&self, answer: &mut MessageBuilder) {
        match self.integrity {
            Integrity::Sha1 => answer.push_integrity(self.bytes()),
            Integrity::Sha256 => answer.push_integrity_sha256(self.bytes()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.made {
            Made::Md5(bytes) => bytes,
            Made::Sha256(bytes) => bytes,
        }
    }
}
