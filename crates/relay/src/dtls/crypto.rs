//! The cryptography of DTLS, by the same library that TLS is served with.
//!
//! What the server offers is DTLS 1.2 with ECDHE, ECDSA and an AEAD cipher; the library checks each
//! piece against known answers when its configuration is made.

use std::{cell::Cell, fmt, panic::AssertUnwindSafe};

use dimpl::{
    CryptoError, CryptoOperation,
    crypto::{
        Aad, ActiveKeyExchange, Buf, Cipher, CryptoProvider, Dtls12CipherSuite, Dtls13CipherSuite,
        HashAlgorithm, HashContext, HashProvider, HmacProvider, KeyProvider, NamedGroup, Nonce,
        SecureRandom, SignatureAlgorithm, SignatureVerifier, SigningKey,
        SupportedDtls12CipherSuite, SupportedDtls13CipherSuite, SupportedKxGroup, TmpBuf,
    },
};
use ring::{
    aead::{self, LessSafeKey, UnboundKey},
    agreement::{self, EphemeralPrivateKey, UnparsedPublicKey},
    digest, hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::Signer,
};
use webpki::{EndEntityCert, ring::ECDSA_P256_SHA256};

/// The suite whose nonces are counters.
pub(super) const CHACHA20: Dtls12CipherSuite =
    Dtls12CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;

/// The suite whose nonces the library draws at random, of 64 bits: fit for [`GCM_RECORDS`].
pub(super) const AES_128_GCM: Dtls12CipherSuite = Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256;

/// How many records may leave under one key of [`AES_128_GCM`]. The chance that two have the same
/// nonce, and tell the key that protects them from change, is one in 130,000 then. A day of a call.
pub(super) const GCM_RECORDS: u64 = 1 << 24;

/// Everything that the library asks for.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        kx_groups: &[&Group(NamedGroup::X25519), &Group(NamedGroup::Secp256r1)],
        signature_verification: &Ring,
        key_provider: &Ring,
        secure_random: &Ring,
        hash_provider: &Ring,
        hmac_provider: &Ring,
        cipher_suites: &[&Suite(CHACHA20), &Suite(AES_128_GCM)],
        // No session uses it, but no provider is accepted without one.
        dtls13_cipher_suites: &[&ChaCha20Poly1305],
    }
}

thread_local! {
    static CHECKED: Cell<Option<[u8; 32]>> = const { Cell::new(None) };
}

/// Calls the library with a hello, whose cookie has been checked.
///
/// The library makes cookies as well, with a key for each session: it would keep a session for
/// everybody who says hello, from whatever forged address. So cookies are made and checked before it
/// hears of a hello ([`Cookies`](super::hello::Cookies)), and it is told that this cookie is right.
pub(super) fn with_checked_cookie<T>(cookie: [u8; 32], call: impl FnOnce() -> T) -> T {
    CHECKED.set(Some(cookie));
    let outcome = call();
    CHECKED.set(None);
    outcome
}

/// What needs no state.
#[derive(Debug)]
struct Ring;

impl HmacProvider for Ring {
    /// The library calls this for cookies, and for nothing else.
    fn hmac_sha256(&self, key: &[u8], data: &[u8]) -> Result<[u8; 32], CryptoError> {
        if let Some(cookie) = CHECKED.get() {
            return Ok(cookie);
        }
        let mut out = [0; 32];
        self.hmac(HashAlgorithm::SHA256, key, data, &mut out)?;
        Ok(out)
    }

    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<usize, CryptoError> {
        if hash != HashAlgorithm::SHA256 {
            return Err(CryptoError::UnsupportedHmacHash(hash));
        }
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
        let tag = tag.as_ref();
        out.get_mut(..tag.len()).ok_or(failed(CryptoOperation::ComputeHmac))?.copy_from_slice(tag);
        Ok(tag.len())
    }
}

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        SystemRandom::new().fill(bytes).map_err(|_| failed(CryptoOperation::FillRandom))
    }
}

impl HashProvider for Ring {
    /// The suites have SHA-256 and no other.
    fn create_hash(&self, _: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(Hash(digest::Context::new(&digest::SHA256)))
    }
}

struct Hash(digest::Context);

impl HashContext for Hash {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        replace(out, self.0.clone().finish().as_ref());
    }
}

/// A group for the exchange of keys.
#[derive(Debug)]
struct Group(NamedGroup);

impl SupportedKxGroup for Group {
    fn name(&self) -> NamedGroup {
        self.0
    }

    fn start_exchange(&self, mut public: Buf) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        let algorithm = match self.0 {
            NamedGroup::X25519 => &agreement::X25519,
            NamedGroup::Secp256r1 => &agreement::ECDH_P256,
            other => return Err(CryptoError::UnsupportedKeyExchangeGroup(other)),
        };
        let private = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new())
            .map_err(|_| failed(CryptoOperation::GenerateEphemeralKey))?;
        let computed =
            private.compute_public_key().map_err(|_| failed(CryptoOperation::ComputePublicKey))?;
        replace(&mut public, computed.as_ref());
        Ok(Box::new(Exchange { group: self.0, private, public }))
    }
}

struct Exchange {
    group: NamedGroup,
    private: EphemeralPrivateKey,
    public: Buf,
}

impl ActiveKeyExchange for Exchange {
    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn complete(self: Box<Self>, peer: &[u8], out: &mut Buf) -> Result<(), CryptoError> {
        let peer = UnparsedPublicKey::new(self.private.algorithm(), peer);
        agreement::agree_ephemeral(self.private, &peer, |secret| replace(out, secret))
            .map_err(|_| CryptoError::InvalidPublicKey(self.group))
    }

    fn group(&self) -> NamedGroup {
        self.group
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, der: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        let key = PrivateKeyDer::try_from(der).map_err(|_| CryptoError::InvalidPrivateKey)?;
        let key = any_ecdsa_type(&key).map_err(|_| CryptoError::InvalidPrivateKey)?;
        [
            (SignatureScheme::ECDSA_NISTP256_SHA256, HashAlgorithm::SHA256),
            (SignatureScheme::ECDSA_NISTP384_SHA384, HashAlgorithm::SHA384),
        ]
        .into_iter()
        .find_map(|(scheme, hash)| {
            let signer = key.choose_scheme(&[scheme])?;
            Some(Box::new(Key { signer: AssertUnwindSafe(signer), hash }) as Box<dyn SigningKey>)
        })
        .ok_or(CryptoError::InvalidPrivateKey)
    }
}

#[derive(Debug)]
struct Key {
    /// It keeps no state between two signatures.
    signer: AssertUnwindSafe<Box<dyn Signer>>,
    hash: HashAlgorithm,
}

impl SigningKey for Key {
    fn sign(&mut self, data: &[u8], hash: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        if hash != self.hash {
            return Err(CryptoError::SigningKeyHashMismatch {
                key_hash: self.hash,
                requested: hash,
            });
        }
        let signature = self.signer.sign(data).map_err(|_| failed(CryptoOperation::Sign))?;
        replace(out, &signature);
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.hash
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        std::slice::from_ref(&self.hash)
    }
}

/// Only a client verifies: the server asks nobody for a certificate.
impl SignatureVerifier for Ring {
    fn verify_signature(
        &self,
        certificate: &[u8],
        data: &[u8],
        signature: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        if (algorithm, hash) != (SignatureAlgorithm::ECDSA, HashAlgorithm::SHA256) {
            return Err(CryptoError::UnsupportedSignatureAlgorithm(algorithm));
        }
        let certificate = CertificateDer::from(certificate);
        EndEntityCert::try_from(&certificate)
            .map_err(|_| CryptoError::CertificateParseFailed)?
            .verify_signature(ECDSA_P256_SHA256, data, signature)
            .map_err(|_| failed(CryptoOperation::VerifySignature))
    }
}

/// A cipher suite of DTLS 1.2.
#[derive(Debug)]
struct Suite(Dtls12CipherSuite);

impl Suite {
    fn cipher(&self) -> &'static aead::Algorithm {
        if self.is_gcm() { &aead::AES_128_GCM } else { &aead::CHACHA20_POLY1305 }
    }

    /// Whether a part of the nonce is random, and goes before each record.
    ///
    /// [RFC 5288 §3](https://www.rfc-editor.org/rfc/rfc5288#section-3), and
    /// [RFC 7905 §2](https://www.rfc-editor.org/rfc/rfc7905#section-2) without one
    fn is_gcm(&self) -> bool {
        self.0 == AES_128_GCM
    }
}

impl SupportedDtls12CipherSuite for Suite {
    fn suite(&self) -> Dtls12CipherSuite {
        self.0
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.0.hash_algorithm()
    }

    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, self.cipher().key_len(), if self.is_gcm() { 4 } else { aead::NONCE_LEN })
    }

    fn explicit_nonce_len(&self) -> usize {
        if self.is_gcm() { 8 } else { 0 }
    }

    fn tag_len(&self) -> usize {
        self.cipher().tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(self.cipher(), key)
    }
}

/// A cipher suite of DTLS 1.3.
#[derive(Debug)]
struct ChaCha20Poly1305;

impl SupportedDtls13CipherSuite for ChaCha20Poly1305 {
    fn suite(&self) -> Dtls13CipherSuite {
        Dtls13CipherSuite::CHACHA20_POLY1305_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_len(&self) -> usize {
        aead::CHACHA20_POLY1305.key_len()
    }

    fn iv_len(&self) -> usize {
        aead::NONCE_LEN
    }

    fn tag_len(&self) -> usize {
        aead::CHACHA20_POLY1305.tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(&aead::CHACHA20_POLY1305, key)
    }

    /// Two bytes of the mask are used; ring makes five.
    fn encrypt_sn(&self, key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let mut mask = [0; 16];
        if let Ok(key) = aead::quic::HeaderProtectionKey::new(&aead::quic::CHACHA20, key)
            && let Ok(made) = key.new_mask(sample)
            && let Some(place) = mask.first_chunk_mut()
        {
            *place = made;
        }
        mask
    }
}

fn cipher(algorithm: &'static aead::Algorithm, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
    let key = UnboundKey::new(algorithm, key).map_err(|_| failed(CryptoOperation::CreateCipher))?;
    Ok(Box::new(Aead(LessSafeKey::new(key))))
}

/// Nonces are the library's part: a counter, or random numbers.
struct Aead(LessSafeKey);

impl Cipher for Aead {
    fn encrypt(&mut self, text: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        self.0
            .seal_in_place_append_tag(nonce, aead::Aad::from(&*aad), text)
            .map_err(|_| failed(CryptoOperation::Encrypt))
    }

    fn decrypt(
        &mut self,
        text: &mut TmpBuf<'_>,
        aad: Aad,
        nonce: Nonce,
    ) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let length = self
            .0
            .open_in_place(nonce, aead::Aad::from(&*aad), text.as_mut())
            .map_err(|_| failed(CryptoOperation::Decrypt))?
            .len();
        text.truncate(length);
        Ok(())
    }
}

// Keys and what is made of them are for nobody's eyes.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hash").finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("group", &self.group).finish_non_exhaustive()
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aead").finish_non_exhaustive()
    }
}

fn replace(out: &mut Buf, bytes: &[u8]) {
    out.clear();
    out.extend_from_slice(bytes);
}

fn failed(operation: CryptoOperation) -> CryptoError {
    CryptoError::OperationFailed(operation)
}
