//! The certificate that DTLS is served with.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// The certificate that the next DTLS handshake gets; there may be none, and then there is no DTLS.
/// Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Certificate(Arc<RwLock<Option<Arc<dimpl::DtlsCertificate>>>>);

/// A key that DTLS cannot be served with.
#[derive(Debug, thiserror::Error)]
#[error(
    "DTLS needs a certificate with an ECDSA key, of the curve P-256 or P-384; this one has another"
)]
pub struct UnfitKey;

impl Certificate {
    /// Takes another certificate, without those above it, and its key.
    ///
    /// # Errors
    /// [`UnfitKey`] if DTLS cannot be served with this key; there is no DTLS then.
    pub fn set(
        &self,
        certificate: &CertificateDer<'_>,
        key: &PrivateKeyDer<'_>,
    ) -> Result<(), UnfitKey> {
        let fits = any_ecdsa_type(key).is_ok_and(|key| {
            use SignatureScheme::{ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384};
            key.choose_scheme(&[ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384]).is_some()
        });
        let pair = fits.then(|| {
            Arc::new(dimpl::DtlsCertificate {
                certificate: certificate.to_vec(),
                private_key: key.secret_der().to_vec(),
            })
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
        fits.then_some(()).ok_or(UnfitKey)
    }

    pub(super) fn get(&self) -> Option<Arc<dimpl::DtlsCertificate>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
