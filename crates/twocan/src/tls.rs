//! The certificate of the HTTPS listeners: from files, or made at the start.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem, pem::PemObject as _},
};
use time::{Duration, OffsetDateTime};

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

/// TLS with the certificate and key of these PEM files.
pub(crate) fn from_files(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("--tls-cert", cert, "certificate", error))?;
    if chain.is_empty() {
        return Err(unreadable("--tls-cert", cert, "certificate", pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unreadable("--tls-key", key, "private key", error))?;
    config(chain, key)
}

/// TLS with a certificate made on the spot for these names and addresses.
pub(crate) fn self_made(
    names: &[String],
    addresses: &[IpAddr],
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut params = CertificateParams::new(names)?;
    params.subject_alt_names.extend(addresses.iter().map(|&address| SanType::IpAddress(address)));
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
    config(vec![certificate.into()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
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
        let config = self_made(&names, &["192.0.2.7".parse().unwrap()]).unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
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

        assert!(from_files(&path("cert.pem"), &path("key.pem")).is_ok());
        for (cert, key, words) in [
            ("none.pem", "key.pem", ["--tls-cert", "none.pem", "Check the path"]),
            ("cert.pem", "none.pem", ["--tls-key", "none.pem", "Check the path"]),
            ("text.pem", "key.pem", ["--tls-cert", "text.pem", "no certificate"]),
            ("key.pem", "key.pem", ["--tls-cert", "key.pem", "no certificate"]),
            ("cert.pem", "text.pem", ["--tls-key", "text.pem", "no private key"]),
            ("cert.pem", "other.pem", ["--tls-cert", "--tls-key", "belongs to"]),
        ] {
            let error = from_files(&path(cert), &path(key)).unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{word:?} is not in {error:?}");
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
