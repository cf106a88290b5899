//! HTTPS of our own: the certificate and its key, read again when the operator says so.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::TlsFiles;

/// A TLS handshake is two round trips.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("certificate and key do not fit: {0}")]
    Rustls(#[from] rustls::Error),
}

/// What new connections are greeted with.
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    pub fn open(files: TlsFiles) -> Result<Tls, TlsError> {
        let current = RwLock::new(Arc::new(read(&files)?));
        Ok(Tls { files, current })
    }

    /// Reads both files again. If they cannot be used, the old ones stay.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Shakes hands with a newcomer, within a limit.
    pub async fn greet(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let greeted = timeout(HANDSHAKE_WITHIN, TlsAcceptor::from(current).accept(stream)).await;
        if !matches!(greeted, Ok(Ok(_))) {
            metrics::counter!("tls_handshakes_failed_total").increment(1);
        }
        greeted.ok()?.ok()
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let wrong = |path: &std::path::Path, why: String| TlsError::File { path: path.display().to_string(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&files.certificate, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
