//! TLS as a browser that comes for the first time speaks it.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::Failed;

/// Trusts the certificate in the PEM file `path`, and takes up no session of before.
///
/// # Errors
/// If the file cannot be read or used.
pub(crate) fn trusting(path: &Path) -> Result<Arc<ClientConfig>, Failed> {
    let failed =
        |error: &dyn std::fmt::Display| Failed::Certificate(path.to_owned(), error.to_string());
    let certificate = CertificateDer::from_pem_file(path).map_err(|error| failed(&error))?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(|error| failed(&error))?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
