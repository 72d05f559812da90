//! The certificate of TLS and DTLS: from files, or made at the start.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use time::{Duration, OffsetDateTime};
use tracing::info;
use twocan_relay::Certificate;

use crate::defaults::CERTIFICATE_DAYS;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{flag} {}: {source}. Check the path, and that this user may read the file.", .path.display())]
    Read {
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{flag} {}: there is no {wanted} in this file. Give a PEM file that has one.", .path.display())]
    Missing {
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What should be in it.
        wanted: &'static str,
    },
    /// Certificate and key do not fit together.
    #[error(
        "--tls-cert and --tls-key cannot be used together: {0}. Check that the key belongs to the \
         first certificate of the file."
    )]
    Mismatch(rustls::Error),
    /// No certificate could be made.
    #[error(
        "cannot make a certificate: {0}. Give one with --tls-cert and --tls-key, or turn HTTPS off with --https off."
    )]
    SelfMade(#[from] rcgen::Error),
}

/// What the listeners serve TLS with, and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    /// For the listeners; a certificate that is read again serves the next handshake.
    pub(crate) config: Arc<ServerConfig>,
    /// The same certificate for the relay, if it can use it.
    pub(crate) dtls: Certificate,
    /// Present if the certificate can be read again.
    pub(crate) files: Option<Files>,
}

/// A certificate in files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    cert: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    dtls: Certificate,
    /// The files as they were when they were last read.
    seen: [Option<(SystemTime, u64)>; 2],
}

/// The certificate that the next handshake gets.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// TLS with the certificate and key of these PEM files.
    pub(crate) fn from_files(cert: &Path, key: &Path) -> Result<Tls, TlsError> {
        let seen = [stamp(cert), stamp(key)];
        let dtls = Certificate::default();
        let current = Arc::new(Current(RwLock::new(read(cert, key, &dtls)?)));
        let config = config(current.clone())?;
        let files =
            Files { cert: cert.to_owned(), key: key.to_owned(), current, dtls: dtls.clone(), seen };
        Ok(Tls { config, dtls, files: Some(files) })
    }

    /// TLS with a certificate made on the spot for these names and addresses.
    pub(crate) fn self_made(names: &[String], addresses: &[IpAddr]) -> Result<Tls, TlsError> {
        let mut params = CertificateParams::new(names)?;
        params
            .subject_alt_names
            .extend(addresses.iter().map(|&address| SanType::IpAddress(address)));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "twocan, made by itself");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // A day of grace for devices whose clock is behind.
        let start = OffsetDateTime::from(SystemTime::now()) - Duration::days(1);
        params.not_before = start;
        params.not_after = start + Duration::days(CERTIFICATE_DAYS);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let dtls = Certificate::default();
        let certified = certified(vec![certificate.into()], key.into(), &dtls)?;
        let config = config(Arc::new(Current(RwLock::new(certified))))?;
        Ok(Tls { config, dtls, files: None })
    }
}

impl Files {
    /// Reads the files again if they changed, or in any case. Whether there is a new certificate.
    ///
    /// # Errors
    /// If the files cannot be used; the old certificate stays.
    pub(crate) fn refresh(&mut self, in_any_case: bool) -> Result<bool, TlsError> {
        let seen = [stamp(&self.cert), stamp(&self.key)];
        if seen == self.seen && !in_any_case {
            return Ok(false);
        }
        self.seen = seen;
        let certified = read(&self.cert, &self.key, &self.dtls)?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(true)
    }
}

/// What changes when a file does.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(cert: &Path, key: &Path, dtls: &Certificate) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("--tls-cert", cert, "certificate", error))?;
    if chain.is_empty() {
        return Err(unreadable("--tls-cert", cert, "certificate", pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unreadable("--tls-key", key, "private key", error))?;
    certified(chain, key, dtls)
}

/// A certificate with its key, for TLS, and for DTLS as well.
fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    dtls: &Certificate,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let certified = CertifiedKey::from_der(chain, key.clone_key(), &ring::default_provider())
        .map_err(TlsError::Mismatch)?;
    if let Some(certificate) = certified.cert.first()
        && let Err(error) = dtls.set(certificate, &key)
    {
        info!(%error, "STUN and TURN over DTLS are not offered");
    }
    Ok(Arc::new(certified))
}

fn config(current: Arc<Current>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?
        .with_no_client_auth()
        .with_cert_resolver(current);
    // RFC 7443 names the second, for clients that ask for it.
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"stun.turn".to_vec()];
    Ok(Arc::new(config))
}

fn unreadable(
    flag: &'static str,
    path: &Path,
    wanted: &'static str,
    error: pem::Error,
) -> TlsError {
    let path = path.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Read { flag, path, source },
        _ => TlsError::Missing { flag, path, wanted },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_self_made_certificate_serves() {
        let names = ["localhost".to_owned()];
        let tls = Tls::self_made(&names, &["192.0.2.7".parse().unwrap()]).unwrap();
        assert_eq!(tls.config.alpn_protocols[0], b"http/1.1");
        assert!(tls.files.is_none());
    }

    #[test]
    fn a_new_certificate_is_taken_and_a_broken_one_is_not() {
        let folder = std::env::temp_dir().join(format!("twocan-refresh-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let write = |name: &str| {
            let pair = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            let certificate = params.self_signed(&pair).unwrap();
            fs::write(&cert, certificate.pem()).unwrap();
            fs::write(&key, pair.serialize_pem()).unwrap();
            certificate.der().to_vec()
        };
        let served = |files: &Files| files.current.0.read().unwrap().cert[0].to_vec();
        let first = write("first.example");
        let mut files = Tls::from_files(&cert, &key).unwrap().files.unwrap();
        assert_eq!(served(&files), first);
        assert!(!files.refresh(false).unwrap(), "nothing changed");
        let second = write("second-and-longer.example");
        assert!(files.refresh(false).unwrap());
        assert_eq!(served(&files), second);
        fs::write(&key, "hello").unwrap();
        assert!(files.refresh(false).is_err());
        assert_eq!(served(&files), second, "the old one stays");
        assert!(!files.refresh(false).unwrap(), "it is said once");
        assert!(files.refresh(true).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_flag() {
        let folder = std::env::temp_dir().join(format!("twocan-tls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = |name| folder.join(name);
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(path("cert.pem"), certificate.pem()).unwrap();
        fs::write(path("key.pem"), key.serialize_pem()).unwrap();
        fs::write(path("other.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        fs::write(path("text.pem"), "hello").unwrap();

        assert!(Tls::from_files(&path("cert.pem"), &path("key.pem")).is_ok());
        for (cert, key, words) in [
            ("none.pem", "key.pem", ["--tls-cert", "none.pem", "Check the path"]),
            ("cert.pem", "none.pem", ["--tls-key", "none.pem", "Check the path"]),
            ("text.pem", "key.pem", ["--tls-cert", "text.pem", "no certificate"]),
            ("key.pem", "key.pem", ["--tls-cert", "key.pem", "no certificate"]),
            ("cert.pem", "text.pem", ["--tls-key", "text.pem", "no private key"]),
            ("cert.pem", "other.pem", ["--tls-cert", "--tls-key", "belongs to"]),
        ] {
            let error = Tls::from_files(&path(cert), &path(key)).unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{word:?} is not in {error:?}");
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
