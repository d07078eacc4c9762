//! The manifest, and sealing a bundle.

use observation::CaptureSummary;
use serde::{Deserialize, Serialize};

use super::{HOW, Key, KeyError, MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS, sha256};
use crate::archive::NamedFile;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and major version of the manifest.
pub const SCHEMA: &str = "tapledger.manifest/1";

/// What a bundle says of itself; every text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it was made, by the wall clock.
    pub created: String,
    /// The state of that clock.
    pub clock: Clock,
    /// Name of the computer.
    pub host: String,
    /// The program.
    pub tool: ToolState,
    /// Who made it.
    pub operator: String,
    /// What for.
    pub reason: String,
    /// Fingerprint of the key that signs it.
    pub key: String,
    /// SHA-256 of the manifest of the bundle before; none for the first.
    pub previous_manifest_sha256: Option<String>,
    /// The custody journal at that moment.
    pub journal: JournalState,
    /// The captures behind the register.
    pub captures: Vec<CaptureState>,
    /// Frames that prove something and are in the bundle.
    pub frames: u64,
    /// Frames that prove something and are not: they were never kept, and stand in the captures only.
    pub frames_not_kept: u64,
    /// Frames of the bundle in which secrets are masked.
    pub frames_masked: u64,
    /// The files, by name; not this one, its signature and the sums.
    pub files: Vec<FileEntry>,
}

/// The state of the wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// True if the system says that it is synchronised, false if it says that it is not; none if it does not say.
    pub synchronised: Option<bool>,
    /// How that is known.
    pub source: String,
}

/// The program that made the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolState {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file; none if it cannot be read.
    pub binary_sha256: Option<String>,
}

/// The custody journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalState {
    /// How many lines.
    pub lines: u64,
    /// Hash of the last one.
    pub head: String,
}

/// A capture behind the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureState {
    /// SHA-256 of a file, UUID of a live session.
    pub id: String,
    /// `file` or `live`.
    pub kind: String,
    /// File name, or interface.
    pub name: String,
    /// Its site.
    pub site: String,
    /// The sensor, empty for files.
    pub sensor: String,
    /// The interface, empty for files.
    pub interface: String,
    /// Earliest frame.
    pub first: Option<String>,
    /// Latest frame.
    pub last: Option<String>,
    /// Frames read.
    pub frames: u64,
    /// Octets read.
    pub octets: u64,
    /// Frames that the operating system lost.
    pub kernel_drops: u64,
    /// `complete`, `truncated` or `damaged`.
    pub status: String,
    /// Where and why reading stopped.
    pub stopped: Option<String>,
}

impl CaptureState {
    /// Of a capture.
    #[must_use]
    pub fn of(summary: &CaptureSummary) -> Self {
        let shown = |text: &str| safe_text(text).into_owned();
        Self {
            id: summary.uid.clone(),
            kind: summary.kind.as_str().to_owned(),
            name: shown(&summary.name),
            site: shown(&summary.site),
            sensor: shown(&summary.sensor),
            interface: shown(&summary.interface),
            first: summary.first.map(rfc3339),
            last: summary.last.map(rfc3339),
            frames: summary.frames,
            octets: summary.octets,
            kernel_drops: summary.kernel_drops,
            status: summary.status.as_str().to_owned(),
            stopped: summary.stopped.as_deref().map(shown),
        }
    }
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its size.
    pub octets: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Adds to files what makes them a bundle: the public key, how to verify, the manifest (its `files` and `key` are filled
/// in here), its signature and the sums. Returns all files and the SHA-256 of the manifest.
///
/// # Errors
///
/// Fails only if the encoder of keys does.
pub fn seal(
    mut files: Vec<NamedFile>,
    mut manifest: Manifest,
    key: &Key,
) -> Result<(Vec<NamedFile>, String), KeyError> {
    let file = |name: &str, octets: Vec<u8>| NamedFile { name: name.to_owned(), octets };
    manifest.key = key.fingerprint()?;
    files.push(file(PUBLIC_KEY, key.public_pem()?.into_bytes()));
    files.push(file(HOW, how(&manifest).into_bytes()));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    manifest.files = files
        .iter()
        .map(|file| FileEntry {
            name: file.name.clone(),
            octets: file.octets.len() as u64,
            sha256: sha256(&file.octets),
        })
        .collect();
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| KeyError::text(&error))?;
    text.push(b'\n');
    let hash = sha256(&text);
    files.push(file(SIGNATURE, key.sign(&text).to_vec()));
    files.push(file(MANIFEST, text));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let sums = sums(files.iter().map(|file| (file.name.as_str(), sha256(&file.octets))));
    files.push(file(SUMS, sums.into_bytes()));
    Ok((files, hash))
}

/// What `sha256sum` prints of files.
pub(super) fn sums<'a>(files: impl Iterator<Item = (&'a str, String)>) -> String {
    files.map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}

fn how(manifest: &Manifest) -> String {
    format!(
        "An evidence bundle of {} {}, made {} by {}.\n\n\
         To verify it with OpenSSL 3 and sha256sum, in this folder:\n\n  \
         openssl pkeyutl -verify -pubin -inkey {PUBLIC_KEY} -rawin -in {MANIFEST} -sigfile {SIGNATURE}\n  \
         sha256sum -c {SUMS}\n\n\
         The first says that the manifest was signed by the key, the second that the files are whole. The manifest names\n\
         the hash of each file: that of {SUMS} alone proves nothing. The signature says which key signed, not whose it\n\
         is. Compare its fingerprint with the one that the sensor's owner noted:\n\n  {}\n  \
         openssl pkey -pubin -in {PUBLIC_KEY} -outform DER | sha256sum\n\n\
         Frames in the pcapng have their secrets masked (as *), so their checksums may not fit; the comment of such a\n\
         frame says where. With tapledger: tapledger evidence verify DIR\n",
        manifest.tool.name, manifest.tool.version, manifest.created, manifest.operator, manifest.key,
    )
}
