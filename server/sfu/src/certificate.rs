//! The one certificate that a relay shows to every browser.

use rtc_crypto::{RTCCryptoProvider, SignatureScheme, providers::AwsLcRsProvider};
use rtc_dtls::crypto::Certificate as DtlsCertificate;
use std::fmt::Write as _;
use std::sync::Arc;

/// A self-signed P-256 certificate with its key. Making one draws on the system's randomness, so
/// it happens at the edge, once; as DER it can be kept and given again after a restart.
#[derive(Clone)]
pub struct Certificate {
    certificate_der: Vec<u8>,
    private_key_der: Vec<u8>,
    inner: DtlsCertificate,
    provider: Arc<dyn RTCCryptoProvider>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("certificate could not be made: {0}")]
    NotMade(String),
    #[error("private key is not an exportable P-256 key in PKCS#8: {0}")]
    BadKey(String),
}

impl Certificate {
    /// A fresh certificate and key.
    pub fn generate() -> Result<Certificate, CertificateError> {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let inner = DtlsCertificate::generate_self_signed(vec!["preau".to_owned()], provider.crypto())
            .map_err(|error| CertificateError::NotMade(error.to_string()))?;
        let certificate_der = inner
            .certificate
            .first()
            .map(|der| der.as_ref().to_vec())
            .ok_or_else(|| CertificateError::NotMade("empty chain".to_owned()))?;
        let private_key_der = inner
            .private_key
            .signing_key
            .to_pkcs8_der()
            .map_err(|error| CertificateError::BadKey(error.to_string()))?
            .ok_or_else(|| CertificateError::BadKey("not exportable".to_owned()))?
            .as_ref()
            .to_vec();
        Ok(Certificate { certificate_der, private_key_der, inner, provider })
    }

    /// The certificate kept earlier: X.509 DER and its P-256 key as PKCS#8 DER.
    pub fn from_der(certificate_der: &[u8], private_key_der: &[u8]) -> Result<Certificate, CertificateError> {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let key = provider
            .crypto()
            .import_signing_key(SignatureScheme::EcdsaP256Sha256, private_key_der)
            .map_err(|error| CertificateError::BadKey(error.to_string()))?;
        let inner = DtlsCertificate::from_signing_key(vec![certificate_der.to_vec().into()], key);
        Ok(Certificate {
            certificate_der: certificate_der.to_vec(),
            private_key_der: private_key_der.to_vec(),
            inner,
            provider,
        })
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// PKCS#8. Keep it as you would any private key.
    pub fn private_key_der(&self) -> &[u8] {
        &self.private_key_der
    }

    /// `AB:CD:…`, the SHA-256 as an SDP `a=fingerprint` has it (RFC 8122 §5).
    pub fn fingerprint(&self) -> String {
        fingerprint_text(&sha256(&self.certificate_der))
    }

    pub(crate) fn for_dtls(&self) -> DtlsCertificate {
        self.inner.clone()
    }

    pub(crate) fn provider(&self) -> Arc<dyn RTCCryptoProvider> {
        self.provider.clone()
    }
}

/// SHA-256 of a certificate in DER.
pub(crate) fn sha256(der: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

fn fingerprint_text(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(95);
    for (i, byte) in digest.iter().enumerate() {
        let colon = if i == 0 { "" } else { ":" };
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_survives_a_restart() {
        let made = Certificate::generate().unwrap();
        let kept = Certificate::from_der(made.certificate_der(), made.private_key_der()).unwrap();
        assert_eq!(kept.fingerprint(), made.fingerprint());
        assert_eq!(made.fingerprint().len(), 95);
    }

    #[test]
    fn a_key_of_noise_is_refused() {
        let made = Certificate::generate().unwrap();
        let refused = Certificate::from_der(made.certificate_der(), b"noise").err();
        assert!(matches!(refused, Some(CertificateError::BadKey(_))));
    }
}
