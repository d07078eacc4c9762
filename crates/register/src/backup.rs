//! Backups: the register as one file, complete or not at all, with its hash beside it.

use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use observation::number_of;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::check::{Soundness, soundness};
use crate::error::{Error, Result};
use crate::journal::{Actor, hexadecimal};
use crate::migrate::{beside, version_of};
use crate::open::{Kind, Register, kind_of};

/// Octets read at a time when a file is hashed.
const CHUNK_OCTETS: usize = 1 << 16;

/// What stands behind a backup's name in that of its hash.
const CHECKSUM: &str = ".sha256";

/// Longest file of a hash that is read, in octets.
const CHECKSUM_OCTETS_MAX: u64 = 8192;

/// A backup that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256, in hexadecimal; it stands in `<path>.sha256` too, as `sha256sum --check` reads it.
    pub sha256: String,
    /// Its size.
    pub octets: u64,
}

impl Register {
    /// Copies the register as it is now to `target`, while others write: the copy appears there when it is whole, on
    /// the disk, and was found sound. Its hash is written beside it, and the journal of this register (not of the
    /// copy) gets a line.
    ///
    /// # Errors
    ///
    /// Fails if there is such a file and it is not to be `replace`d, or it cannot be written.
    pub fn back_up(&mut self, target: &Path, replace: bool, actor: &Actor<'_>) -> Result<Backup> {
        let failed = |source| Error::File { path: target.into(), source };
        if let (Some(own), Ok(other)) = (&self.path, std::fs::canonicalize(target))
            && std::fs::canonicalize(own).is_ok_and(|own| own == other)
        {
            return Err(failed(std::io::Error::other("is the register itself")));
        }
        if target.exists() && !replace {
            let text = "exists already; name another file, or replace it with --force";
            return Err(failed(std::io::Error::new(std::io::ErrorKind::AlreadyExists, text)));
        }
        let partial = Partial::of(target)?;
        copy_into(&self.connection, &partial.0)?;
        if let Some(metadata) = self.path.as_ref().and_then(|path| path.metadata().ok()) {
            mode_like(&partial.0, &metadata)?;
        }
        inspect(&partial.0)?.require(target)?;
        let sha256 = digest(&partial.0)?;
        let octets = partial.0.metadata().map_err(failed)?.len();
        // An older hash must not stand beside a newer file.
        remove(&beside(target, CHECKSUM))?;
        partial.become_file(target)?;
        write_checksum(target, &sha256)?;
        let name = target.file_name().unwrap_or(target.as_os_str()).to_string_lossy();
        self.record(actor, "backup", &name, &format!("SHA-256 {sha256}; {}", number_of(octets, "octet")))?;
        Ok(Backup { path: target.into(), sha256, octets })
    }
}

/// A file that is not complete yet; removed unless it becomes one.
pub(crate) struct Partial(pub(crate) PathBuf);

impl Partial {
    /// Beside `target`. What a killed process left there is removed.
    pub(crate) fn of(target: &Path) -> Result<Self> {
        let path = beside(target, ".partial");
        remove(&path)?;
        Ok(Self(path))
    }

    /// Gives it its name, when all of it is on the disk.
    pub(crate) fn become_file(self, target: &Path) -> Result<()> {
        let failed = |source| Error::File { path: target.into(), source };
        // Opened for writing: some systems synchronise nothing else.
        File::options().write(true).open(&self.0).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&self.0, target).map_err(failed)?;
        sync_folder(target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It is not there where all went well.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Copies the register as it is now to `target`, which must not be there: the copy holds the write-ahead log too.
pub(crate) fn copy_into(connection: &Connection, target: &Path) -> Result<()> {
    let name = target.to_str().ok_or_else(|| {
        let source = std::io::Error::other("its name is no UTF-8, which a backup needs");
        Error::File { path: target.into(), source }
    })?;
    connection.prepare("VACUUM INTO ?1")?.execute([name])?;
    Ok(())
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: path.into(), source })
        }
        _ => Ok(()),
    }
}

/// Makes the name of a file last.
pub(crate) fn sync_folder(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::options()
        .read(true)
        .open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| Error::File { path: folder.into(), source })
}

/// Gives a file the mode of another: a copy is as secret as what it is of.
pub(crate) fn mode_like(path: &Path, model: &Metadata) -> Result<()> {
    std::fs::set_permissions(path, model.permissions())
        .map_err(|source| Error::File { path: path.into(), source })
}

/// Gives a file the owner of another: what root puts in the place of a service's register is the service's.
pub(crate) fn owner_like(path: &Path, model: &Metadata) -> Result<()> {
    let failed = |source| Error::File { path: path.into(), source };
    let own = path.metadata().map_err(failed)?;
    if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
        std::os::unix::fs::chown(path, Some(model.uid()), Some(model.gid())).map_err(failed)?;
    }
    Ok(())
}

/// The SHA-256 of a file, in hexadecimal.
pub(crate) fn digest(path: &Path) -> Result<String> {
    let failed = |source| Error::File { path: path.into(), source };
    let mut file = File::options().read(true).open(path).map_err(failed)?;
    let (mut digest, mut chunk) = (Sha256::new(), vec![0; CHUNK_OCTETS]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hexadecimal(&digest.finalize())),
            Ok(octets) => digest.update(chunk.get(..octets).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Writes `<hash>  <name>` beside a backup.
fn write_checksum(backup: &Path, sha256: &str) -> Result<()> {
    let target = beside(backup, CHECKSUM);
    let partial = Partial::of(&target)?;
    let mut line = sha256.as_bytes().to_vec();
    line.extend_from_slice(b"  ");
    line.extend_from_slice(backup.file_name().unwrap_or(backup.as_os_str()).as_bytes());
    line.push(b'\n');
    File::options()
        .write(true)
        .create_new(true)
        .open(&partial.0)
        .and_then(|mut file| file.write_all(&line))
        .map_err(|source| Error::File { path: target.clone(), source })?;
    partial.become_file(&target)
}

/// The hash that stands beside a backup; `None` where there is none.
///
/// # Errors
///
/// Fails if the file is there and holds no hash.
pub(crate) fn checksum_of(backup: &Path) -> Result<Option<String>> {
    let path = beside(backup, CHECKSUM);
    let failed = |source| Error::File { path: path.clone(), source };
    let mut text = String::new();
    match File::options().read(true).open(&path) {
        Ok(file) => file.take(CHECKSUM_OCTETS_MAX).read_to_string(&mut text).map_err(failed)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_hash = word.len() == 64 && word.bytes().all(|octet| octet.is_ascii_hexdigit());
    if !is_hash {
        return Err(failed(std::io::Error::other("holds no SHA-256")));
    }
    Ok(Some(word.to_ascii_lowercase()))
}

/// What is found in a register's file that nobody has open.
#[derive(Debug)]
pub(crate) struct Inspection {
    pub(crate) schema: i64,
    pub(crate) soundness: Soundness,
}

impl Inspection {
    /// # Errors
    ///
    /// Fails, naming `path`, if the file is not sound.
    pub(crate) fn require(&self, path: &Path) -> Result<()> {
        match self.soundness.problem() {
            Some(problem) => Err(Error::UnsoundCopy { path: path.into(), problem }),
            None => Ok(()),
        }
    }
}

/// Reads a whole register that nobody has open, and changes nothing: no log, no migration.
///
/// # Errors
///
/// Fails if it cannot be read or is no register.
pub(crate) fn inspect(path: &Path) -> Result<Inspection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let inspect = || -> Result<Inspection> {
        let connection = Connection::open_with_flags(immutable(path), flags)?;
        let reason = match kind_of(&connection)? {
            Kind::Register => {
                return Ok(Inspection {
                    schema: version_of(&connection)?,
                    soundness: soundness(&connection)?,
                });
            }
            Kind::Empty => "it is empty".into(),
            Kind::Foreign(reason) => reason,
        };
        Err(Error::NotARegister { path: path.into(), reason })
    };
    inspect().map_err(|error| error.opening(path))
}

/// True if the file's first page says that it is a register. Changes nothing.
pub(crate) fn is_readable(path: &Path) -> bool {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(immutable(path), flags);
    connection.is_ok_and(|connection| kind_of(&connection).is_ok_and(|kind| kind == Kind::Register))
}

/// The name by which SQLite opens a file as one that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let mut name = b"file:".to_vec();
    for octet in path.as_os_str().as_bytes() {
        match octet {
            b'/' | b'.' | b'-' | b'_' => name.push(*octet),
            octet if octet.is_ascii_alphanumeric() => name.push(*octet),
            octet => name.extend_from_slice(format!("%{octet:02x}").as_bytes()),
        }
    }
    name.extend_from_slice(b"?immutable=1");
    std::ffi::OsString::from_vec(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_no_options() {
        assert_eq!(
            immutable(Path::new("/a b/x?mode=rw#1%20.db")),
            Path::new("file:/a%20b/x%3fmode%3drw%231%2520.db?immutable=1")
        );
    }
}
