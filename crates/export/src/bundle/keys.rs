//! The key of a sensor: Ed25519, PKCS#8 (RFC 8410) in PEM, as OpenSSL reads and writes it.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::sha256;

/// File name of the private key.
pub const PRIVATE_KEY: &str = "sensor.key.pem";

/// File name of the public key.
pub const PUBLIC_KEY: &str = "sensor.pub.pem";

/// The text is no key.
#[derive(Debug, thiserror::Error)]
#[error("no Ed25519 key in PKCS#8 PEM: {0}")]
pub struct KeyError(String);

impl KeyError {
    pub(super) fn text(error: &impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A private key with its public one.
pub struct Key(SigningKey);

impl Key {
    /// The key of 32 octets that nobody else knows.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a PEM file.
    ///
    /// # Errors
    ///
    /// Fails if it is none of Ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|error| KeyError(error.to_string()))
    }

    /// The private key as PEM. Without the public one in it (version 1): older versions of OpenSSL read no other.
    ///
    /// # Errors
    ///
    /// Fails only if the encoder does.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| KeyError(error.to_string()))?;
        Ok(pem.to_string())
    }

    /// The public key as PEM.
    ///
    /// # Errors
    ///
    /// Fails only if the encoder does.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        self.0.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| KeyError(error.to_string()))
    }

    /// The fingerprint of the public key.
    ///
    /// # Errors
    ///
    /// Fails only if the encoder does.
    pub fn fingerprint(&self) -> Result<String, KeyError> {
        fingerprint(&self.0.verifying_key())
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// `SHA256:` and the hash of the public key's SubjectPublicKeyInfo in DER, in hexadecimal.
fn fingerprint(key: &VerifyingKey) -> Result<String, KeyError> {
    let der = key.to_public_key_der().map_err(|error| KeyError(error.to_string()))?;
    Ok(format!("SHA256:{}", sha256(der.as_bytes())))
}

/// The fingerprint of the key that signed a message; `None` if it did not.
pub(super) fn signed_by(public_pem: &str, message: &[u8], signature: &[u8]) -> Option<String> {
    let key = VerifyingKey::from_public_key_pem(public_pem).ok()?;
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(message, &signature).ok()?;
    fingerprint(&key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_pem_and_signs_what_the_public_one_verifies() {
        let key = Key::from_seed(&[7; 32]);
        let again = Key::from_pem(&key.to_pem().unwrap()).unwrap();
        let (public, print) = (key.public_pem().unwrap(), key.fingerprint().unwrap());
        assert_eq!(again.public_pem().unwrap(), public);
        let signature = again.sign(b"message");
        assert_eq!(signed_by(&public, b"message", &signature), Some(print));
        assert_eq!(signed_by(&public, b"massage", &signature), None);
        assert_eq!(signed_by("no key", b"message", &signature), None);
        assert!(Key::from_pem("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n").is_err());
    }

    #[test]
    fn the_signature_is_that_of_rfc_8032() {
        // Section 7.1, test 1: the empty message.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let octets: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&seed[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let key = Key::from_seed(&octets.try_into().unwrap());
        let signature = super::super::hexadecimal(&key.sign(b""));
        assert!(
            signature.starts_with(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            )
        );
    }
}
