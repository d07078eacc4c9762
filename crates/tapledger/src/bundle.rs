//! `evidence create` and `evidence verify`: signed bundles.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::archive::{NamedFile, read_zip};
use ::export::bundle::{
    self, Clock, Found, JOURNAL, JournalState, MANIFEST, Manifest, PUBLIC_KEY, SCHEMA, SIGNATURE, SUMS,
    Touched, Verified, hexadecimal, sha256,
};
use ::export::csv::CsvOptions;
use ::export::proofs::Wanted;
use ::export::time::rfc3339;
use inventory::Snapshot;
use register::{JournalCheck, JournalEntry, Register, check_journal};
use sha2::{Digest, Sha256};

use crate::custody::{json_lines, read_lines};
use crate::custody_arguments::{CreateBundle, VerifyBundle};
use crate::export::{TOOL, failure, naming, write_files};
use crate::failure::{CHECK_FAILED, Failure};
use crate::frames::{Proving, proving};
use crate::keys;
use crate::session::{actor, now, person, snapshot};
use crate::terminal;

/// What the journal calls the making of a bundle; its subject is the hash of the manifest.
const CREATED: &str = "evidence create";

/// Largest manifest, signature, key and sums that are read into memory.
const SMALL_OCTETS_MAX: u64 = 64 << 20;

/// Octets of a file that are hashed at a time.
const HASHED_OCTETS: usize = 1 << 16;

pub(crate) fn create(arguments: &CreateBundle) -> Result<ExitCode, Failure> {
    let key = keys::load(&arguments.db.db, arguments.keys.keys.as_deref())?;
    refuse_used(&arguments.output)?;
    let (mut register, snapshot) = snapshot(&arguments.db.db, None)?;
    let journal = register.journal()?;
    let state = match check_journal(journal.iter().cloned()) {
        JournalCheck::Intact { lines, last_hash } => JournalState { lines, head: last_hash },
        JournalCheck::Broken { seq, problem } => {
            return Err(Failure::Other(anyhow::anyhow!(
                "the custody journal is broken at line {seq}: {problem}; nothing is signed over it"
            )));
        }
    };
    let proving = proving(&register, &snapshot, &Wanted::default())?;
    let files = files(&snapshot, &proving, &journal)?;
    let operator = arguments.operator.clone().unwrap_or_else(person);
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        created: rfc3339(now()),
        clock: clock(),
        host: host(),
        tool: bundle_tool(),
        operator: ::export::safe_text(&operator).into_owned(),
        reason: ::export::safe_text(&arguments.reason).into_owned(),
        key: String::new(),
        previous_manifest_sha256: previous(&journal),
        journal: state,
        captures: snapshot.captures.iter().map(bundle::CaptureState::of).collect(),
        frames: proving.frames.len() as u64,
        frames_not_kept: proving.not_kept,
        frames_masked: proving.masked,
        files: Vec::new(),
    };
    let (files, hash) = bundle::seal(files, manifest, &key).map_err(keys::other)?;
    // Before anything is written: a bundle that the journal does not know is worse than a line too many.
    let detail = format!("{} by {operator}, to {}", arguments.reason, arguments.output.display());
    register.record(&actor(&person()), CREATED, &hash, &detail)?;
    write_files(&files, &arguments.output)?;
    let fingerprint = key.fingerprint().map_err(keys::other)?;
    terminal::print(&format!("manifest  {hash}\nkey       {fingerprint}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// A bundle never mixes with what is there already.
fn refuse_used(output: &Path) -> Result<(), Failure> {
    let is_used = match fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => output.exists(),
    };
    if is_used {
        return Err(Failure::Usage(format!(
            "{} is there already; a bundle needs a new place",
            output.display()
        )));
    }
    Ok(())
}

fn files(
    snapshot: &Snapshot,
    proving: &Proving,
    journal: &[JournalEntry],
) -> Result<Vec<NamedFile>, Failure> {
    let options = CsvOptions::default();
    let mut files = Vec::new();
    let mut add = |name: &str, write: &dyn Fn(&mut Vec<u8>) -> Result<(), ::export::Error>| {
        let mut octets = Vec::new();
        write(&mut octets).map_err(failure)?;
        files.push(NamedFile { name: name.to_owned(), octets });
        Ok::<(), Failure>(())
    };
    add("register.json", &|out| ::export::json::write(snapshot, &TOOL, out))?;
    add("assets.csv", &|out| ::export::csv::write_assets(snapshot, out, &options))?;
    add("conversations.csv", &|out| ::export::csv::write_conversations(snapshot, out, &options))?;
    add("findings.csv", &|out| ::export::csv::write_findings(snapshot, out, &options))?;
    add("frames.pcapng", &|out| proving.write("everything", out))?;
    files.push(NamedFile { name: JOURNAL.to_owned(), octets: json_lines(journal)?.into_bytes() });
    Ok(files)
}

/// The manifest of the last bundle that the journal knows.
fn previous(journal: &[JournalEntry]) -> Option<String> {
    journal.iter().rev().find(|entry| entry.action == CREATED).map(|entry| entry.subject.clone())
}

fn bundle_tool() -> bundle::ToolState {
    let hash = std::env::current_exe().ok().and_then(|path| hash_file(&path).ok());
    bundle::ToolState { name: TOOL.name.to_owned(), version: TOOL.version.to_owned(), binary_sha256: hash }
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    ::export::safe_text(name.trim()).into_owned()
}

/// What systemd-timesyncd says of the clock; others do not leave a word in a file.
fn clock() -> Clock {
    let folder = Path::new("/run/systemd/timesync");
    let (synchronised, source) = if folder.join("synchronized").exists() {
        (Some(true), "systemd-timesyncd")
    } else if folder.exists() {
        (Some(false), "systemd-timesyncd")
    } else {
        (None, "not known: systemd-timesyncd does not run here")
    };
    Clock { synchronised, source: source.to_owned() }
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files; this one is hashed in pieces")]
pub(crate) fn hash_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut digest, mut piece) = (Sha256::new(), vec![0; HASHED_OCTETS]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal(&digest.finalize())),
            read => digest.update(piece.get(..read).unwrap_or_default()),
        }
    }
}

pub(crate) fn verify(arguments: &VerifyBundle) -> Result<ExitCode, Failure> {
    let (found, journal) = found(&arguments.bundle)?;
    let checked = bundle::verify(&found).and_then(|verified| {
        check_chain(arguments, &verified, &journal)?;
        Ok(verified)
    });
    let verified = match checked {
        Ok(verified) => verified,
        Err(touched) => {
            terminal::say(&format!("NOT AS IT WAS SIGNED: {}", ::export::safe_text(&touched.to_string())));
            return Ok(ExitCode::from(CHECK_FAILED));
        }
    };
    for (path, check) in [(&arguments.previous, "previous"), (&arguments.register, "register")] {
        let Some(path) = path else { continue };
        let problem = if check == "previous" { follows(path, &verified)? } else { goes_on(path, &verified)? };
        if let Some(problem) = problem {
            terminal::say(&format!("{}: {problem}", path.display()));
            return Ok(ExitCode::from(CHECK_FAILED));
        }
    }
    let manifest = &verified.manifest;
    let note = if arguments.fingerprint.is_some() { "as asked" } else { "compare it with the one noted" };
    let text = format!(
        "whole     {} files, {} captures, {} frames\nmade      {} by {}: {}\nmanifest  {}\nfollows   {}\nkey       {} ({note})\n",
        manifest.files.len(),
        manifest.captures.len(),
        manifest.frames,
        manifest.created,
        manifest.operator,
        manifest.reason,
        verified.manifest_sha256,
        manifest.previous_manifest_sha256.as_deref().unwrap_or("none: the first"),
        verified.key,
    );
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// The journal in the bundle, and the key if one is asked for.
fn check_chain(arguments: &VerifyBundle, verified: &Verified, journal: &str) -> Result<(), Touched> {
    let touched = |file: &str, problem: String| Touched { file: file.to_owned(), problem };
    if let Some(wanted) = arguments.fingerprint.as_ref().filter(|wanted| **wanted != verified.key) {
        return Err(touched(PUBLIC_KEY, format!("the key is {}, and {wanted} is asked for", verified.key)));
    }
    let Some(entries) = read_lines(journal) else {
        return Err(touched(JOURNAL, "a line of it is none of a custody journal".to_owned()));
    };
    let stated = &verified.manifest.journal;
    match check_journal(entries) {
        JournalCheck::Intact { lines, last_hash } if lines == stated.lines && last_hash == stated.head => {
            Ok(())
        }
        JournalCheck::Intact { .. } => {
            Err(touched(JOURNAL, "it does not end where the manifest says".to_owned()))
        }
        JournalCheck::Broken { seq, problem } => Err(touched(JOURNAL, format!("line {seq}: {problem}"))),
    }
}

/// What speaks against another bundle being the one before.
fn follows(path: &Path, verified: &Verified) -> Result<Option<String>, Failure> {
    let (found, _) = found(path)?;
    Ok(match bundle::verify(&found) {
        Err(touched) => Some(format!("not as it was signed: {touched}")),
        Ok(before)
            if verified.manifest.previous_manifest_sha256.as_ref() != Some(&before.manifest_sha256) =>
        {
            Some(format!("its manifest is {}, and the bundle follows another", before.manifest_sha256))
        }
        Ok(_) => None,
    })
}

/// What speaks against a register being the one that the bundle was made of.
fn goes_on(path: &Path, verified: &Verified) -> Result<Option<String>, Failure> {
    let journal = Register::open_existing(path)?.journal()?;
    let stated = &verified.manifest.journal;
    let at = usize::try_from(stated.lines).unwrap_or(usize::MAX).checked_sub(1);
    let head = at.and_then(|at| journal.get(at)).map(|entry| entry.hash.as_str());
    Ok(if let JournalCheck::Broken { seq, problem } = check_journal(journal.iter().cloned()) {
        Some(format!("its custody journal is broken at line {seq}: {problem}"))
    } else if stated.lines > 0 && head != Some(stated.head.as_str()) {
        Some(
            "its custody journal is not the one that the bundle holds: it was rewritten or cut off"
                .to_owned(),
        )
    } else if !journal
        .iter()
        .any(|entry| entry.action == CREATED && entry.subject == verified.manifest_sha256)
    {
        Some("its custody journal does not name the bundle".to_owned())
    } else {
        None
    })
}

/// A bundle in a folder or an archive, and its journal.
pub(crate) fn found(path: &Path) -> Result<(Found, String), Failure> {
    let mut found = Found::default();
    let mut small: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let is_small = |name: &str| [MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS, JOURNAL].contains(&name);
    if path.is_dir() {
        for (name, file) in listed(path)? {
            let hash = hash_file(&file).map_err(|error| naming(&file, error))?;
            if is_small(&name) {
                small.insert(name.clone(), read_small(&file)?);
            }
            found.hashes.insert(name, hash);
        }
    } else {
        for NamedFile { name, octets } in read_archive(path)? {
            found.hashes.insert(name.clone(), sha256(&octets));
            if is_small(&name) {
                small.insert(name, octets);
            }
        }
    }
    let mut take = |name: &str| small.remove(name).unwrap_or_default();
    (found.manifest, found.signature) = (take(MANIFEST), take(SIGNATURE));
    (found.public_key, found.sums) = (take(PUBLIC_KEY), take(SUMS));
    let journal = String::from_utf8_lossy(&take(JOURNAL)).into_owned();
    Ok((found, journal))
}

/// The files of a folder; folders within are named too, and nothing in a bundle is one.
fn listed(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| naming(folder, error))? {
        let entry = entry.map_err(|error| naming(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().map_err(|error| naming(&entry.path(), error))?.is_file();
        if !is_file {
            return Err(Failure::Other(anyhow::anyhow!("{name}: no file; a bundle holds nothing else")));
        }
        files.push((name, entry.path()));
    }
    Ok(files)
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files; what is read is bounded")]
fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| naming(path, error))?;
    let mut octets = Vec::new();
    file.take(SMALL_OCTETS_MAX).read_to_end(&mut octets).map_err(|error| naming(path, error))?;
    Ok(octets)
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
fn read_archive(path: &Path) -> Result<Vec<NamedFile>, Failure> {
    let file = File::open(path).map_err(|error| naming(path, error))?;
    read_zip(io::BufReader::new(file))
        .map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display())))
}
