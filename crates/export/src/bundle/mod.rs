//! Evidence bundles: files, a manifest that names the hash of each, and an Ed25519 signature over the manifest that stock
//! OpenSSL verifies.
//!
//! `SHA256SUMS` is for `sha256sum -c`; it is not signed and proves nothing by itself, but where the signature does not
//! hold it tells which of manifest, signature and key was touched.

mod keys;
mod manifest;
mod verify;

pub use keys::{Key, KeyError, PRIVATE_KEY, PUBLIC_KEY};
pub use manifest::{CaptureState, Clock, FileEntry, JournalState, Manifest, SCHEMA, ToolState, seal};
pub use verify::{Found, Touched, Verified, verify};

/// The manifest.
pub const MANIFEST: &str = "manifest.json";

/// The signature over the octets of the manifest: 64 octets.
pub const SIGNATURE: &str = "manifest.json.sig";

/// Hashes of all files but itself, for `sha256sum -c`.
pub const SUMS: &str = "SHA256SUMS";

/// How to verify without tapledger.
pub const HOW: &str = "VERIFY.txt";

/// The custody journal up to the bundle.
pub const JOURNAL: &str = "journal.jsonl";

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(octets: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hexadecimal(&Sha256::digest(octets))
}

/// Octets in hexadecimal.
#[must_use]
pub fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
