//! Verifying a bundle: which file, if any, is not as it was signed.

use std::collections::BTreeMap;

use super::keys::signed_by;
use super::manifest::sums;
use super::{MANIFEST, Manifest, PUBLIC_KEY, SCHEMA, SIGNATURE, SUMS, sha256};

/// A bundle as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Every file of the folder or archive, with its SHA-256 in hexadecimal.
    pub hashes: BTreeMap<String, String>,
    /// The octets of manifest, signature, public key and sums.
    pub manifest: Vec<u8>,
    /// As above.
    pub signature: Vec<u8>,
    /// As above.
    pub public_key: Vec<u8>,
    /// As above.
    pub sums: Vec<u8>,
}

/// A bundle that is as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The manifest.
    pub manifest: Manifest,
    /// Its SHA-256 in hexadecimal.
    pub manifest_sha256: String,
    /// Fingerprint of the key that signed it.
    pub key: String,
}

/// The first file that is not as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct Touched {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

fn touched(file: &str, problem: impl Into<String>) -> Touched {
    Touched { file: file.to_owned(), problem: problem.into() }
}

/// Verifies the signature, and every file against the manifest.
///
/// That the key is the sensor's, only its owner can say; a bundle made anew with another key verifies, with another
/// fingerprint.
///
/// # Errors
///
/// Fails with the first file that was touched, is missing, or was added.
pub fn verify(found: &Found) -> Result<Verified, Touched> {
    for name in [MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS] {
        if !found.hashes.contains_key(name) {
            return Err(touched(name, "it is missing"));
        }
    }
    let public_key = String::from_utf8_lossy(&found.public_key);
    let Some(key) = signed_by(&public_key, &found.manifest, &found.signature) else {
        return Err(unsigned(found));
    };
    let manifest: Manifest = serde_json::from_slice(&found.manifest).map_err(|error| {
        touched(MANIFEST, format!("signed, but no manifest that this version reads: {error}"))
    })?;
    if manifest.schema != SCHEMA {
        return Err(touched(MANIFEST, format!("of schema {}, this version reads {SCHEMA}", manifest.schema)));
    }
    if manifest.key != key {
        return Err(touched(PUBLIC_KEY, format!("{key} signed, and the manifest names {}", manifest.key)));
    }
    for entry in &manifest.files {
        match found.hashes.get(&entry.name) {
            None => return Err(touched(&entry.name, "it is missing")),
            Some(hash) if *hash != entry.sha256 => {
                return Err(touched(&entry.name, "it is not as it was signed: its SHA-256 is another"));
            }
            Some(_) => {}
        }
    }
    let listed = |name: &str| {
        [MANIFEST, SIGNATURE, SUMS].contains(&name) || manifest.files.iter().any(|entry| entry.name == name)
    };
    if let Some(name) = found.hashes.keys().find(|name| !listed(name)) {
        return Err(touched(name, "it was added: the manifest does not name it"));
    }
    let all = found.hashes.iter().filter(|(name, _)| *name != SUMS);
    if sums(all.map(|(name, hash)| (name.as_str(), hash.clone()))).as_bytes() != found.sums {
        return Err(touched(
            SUMS,
            "it is not as it was made: the files are as they were signed, and it says otherwise",
        ));
    }
    Ok(Verified { manifest_sha256: sha256(&found.manifest), manifest, key })
}

/// Which of manifest, signature and key was touched, by the sums.
fn unsigned(found: &Found) -> Touched {
    let sums = String::from_utf8_lossy(&found.sums);
    let stated = |name: &str| {
        let line = sums.lines().find_map(|line| line.split_once("  ").filter(|(_, named)| *named == name));
        line.map(|(hash, _)| hash.to_owned())
    };
    let differs = |name: &&&str| stated(name).as_ref() != found.hashes.get(**name);
    match [MANIFEST, SIGNATURE, PUBLIC_KEY].iter().find(differs) {
        Some(name) => touched(name, "the signature does not hold, and this file is not as it was made"),
        None => touched(
            MANIFEST,
            format!(
                "{SIGNATURE} does not hold for it by {PUBLIC_KEY}, and {SUMS} was made anew with one of them"
            ),
        ),
    }
}
