//! What belongs to an incident: assets, proofs, findings, bundles, files.

use std::path::Path;
use std::process::ExitCode;

use inventory::Snapshot;
use inventory::incident::EntryKind;
use register::NewEntry;

use super::arguments::Attach;
use super::{add, find};
use crate::bundle::{found, hash_file};
use crate::export::naming;
use crate::failure::Failure;
use crate::findings;
use crate::session;

/// Most characters of what is said of an attachment: a finding may name hundreds of devices.
const TEXT_CHARS_MAX: usize = 1000;

fn attached(kind: &str, reference: String, text: String) -> NewEntry {
    let short = |text: String| text.chars().take(TEXT_CHARS_MAX).collect();
    let (reference, text) = (short(reference), short(text));
    NewEntry { kind: EntryKind::Attached, name: kind.to_owned(), reference, moment: None, text }
}

pub(super) fn run(arguments: &Attach) -> Result<ExitCode, Failure> {
    let (mut register, _) = find(&arguments.db.db, arguments.incident)?;
    let mut entries = Vec::new();
    let needs_snapshot =
        !(arguments.asset.is_empty() && arguments.evidence.is_empty() && arguments.finding.is_empty());
    if needs_snapshot {
        let snapshot = register.snapshot(None, session::resolve)?;
        for wanted in &arguments.asset {
            entries.push(asset(&snapshot, wanted)?);
        }
        for pair in arguments.evidence.chunks(2) {
            if let [wanted, attribute] = pair {
                entries.push(proof(&snapshot, wanted, attribute)?);
            }
        }
        for wanted in &arguments.finding {
            entries.push(finding(&snapshot, wanted)?);
        }
    }
    for path in &arguments.bundle {
        entries.push(bundle(path)?);
    }
    for path in &arguments.file {
        entries.push(file(path)?);
    }
    if entries.is_empty() {
        return Err(Failure::Usage(
            "nothing to attach: give --asset, --evidence, --finding, --bundle or --file".to_owned(),
        ));
    }
    add(&mut register, arguments.incident, &arguments.who, entries)
}

pub(super) fn asset(snapshot: &Snapshot, wanted: &str) -> Result<NewEntry, Failure> {
    let index = session::find(snapshot, wanted)?;
    let id = snapshot.identified.get(index).map(|identified| identified.id.clone()).unwrap_or_default();
    let name = snapshot.inventory.assets.get(index).map(|asset| asset.name.clone()).unwrap_or_default();
    Ok(attached("asset", id, name))
}

pub(super) fn finding(snapshot: &Snapshot, wanted: &str) -> Result<NewEntry, Failure> {
    let finding = findings::find(snapshot, wanted)?;
    Ok(attached("finding", finding.id(), finding.text.clone()))
}

/// The octets behind the winning value of an attribute.
fn proof(snapshot: &Snapshot, wanted: &str, attribute: &str) -> Result<NewEntry, Failure> {
    let index = session::find(snapshot, wanted)?;
    let asset = snapshot.inventory.assets.get(index);
    let candidates = asset.and_then(|asset| asset.attributes.get(attribute));
    let winner = candidates.and_then(|candidates| candidates.first()).ok_or_else(|| {
        let known = asset.into_iter().flat_map(|asset| asset.attributes.keys()).map(String::as_str);
        let meant = crate::config::nearest(known, attribute).map(|name| format!("; did you mean {name}?"));
        Failure::Usage(format!("{wanted} has no attribute \"{attribute}\"{}", meant.unwrap_or_default()))
    })?;
    let proof = winner.proof.as_ref().filter(|proof| !proof.evidence.ranges.is_empty()).ok_or_else(|| {
        Failure::Usage(format!(
            "{attribute} of {wanted} is {} and has no octets that prove it",
            winner.basis.as_str()
        ))
    })?;
    let ranges = proof.evidence.ranges.iter();
    let ranges =
        ranges.map(|range| format!("frame {} offset {} length {}", range.frame, range.offset, range.length));
    let place = format!("capture {} {}", proof.capture, ranges.collect::<Vec<_>>().join(", "));
    let name = asset.map(|asset| asset.name.as_str()).unwrap_or_default();
    Ok(attached(
        "evidence",
        place,
        format!("{attribute} \"{}\" of {name}, rule {}", winner.value, proof.rule),
    ))
}

/// A bundle that is as it was signed, by the hash of its manifest.
fn bundle(path: &Path) -> Result<NewEntry, Failure> {
    let (found, _) = found(path)?;
    let verified = ::export::bundle::verify(&found)
        .map_err(|touched| Failure::Check(format!("{}: not as it was signed: {touched}", path.display())))?;
    let made = &verified.manifest;
    let text = format!("{}, made {} by {}: {}", file_name(path), made.created, made.operator, made.reason);
    Ok(attached("bundle", format!("sha256:{}", verified.manifest_sha256), text))
}

/// A file by its hash.
fn file(path: &Path) -> Result<NewEntry, Failure> {
    let metadata = path.metadata().map_err(|error| naming(path, error))?;
    if !metadata.is_file() {
        return Err(Failure::Usage(format!("{}: no file", path.display())));
    }
    let hash = hash_file(path).map_err(|error| naming(path, error))?;
    let text = format!("{}, {}", file_name(path), observation::number_of(metadata.len(), "octet"));
    Ok(attached("file", format!("sha256:{hash}"), text))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    ::export::safe_text(&name.to_string_lossy()).into_owned()
}
