//! The lock that tells an import that runs from one that died.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{Error, Result};
use crate::migrate::beside;

/// Longest process number that is read from a lock file, in octets.
const PROCESS_OCTETS_MAX: u64 = 20;

/// Held while captures are written. The operating system gives it back when the process ends, however it ends.
///
/// The file stays: removing it would let two processes lock two files of one name.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes `<register>.lock`.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another process, or another register of this process, holds it.
    pub(crate) fn take(register: &Path) -> Result<Self> {
        // Two names of one register must meet in one lock.
        let register = std::fs::canonicalize(register).unwrap_or_else(|_| register.into());
        let path = beside(&register, ".lock");
        let failed = |source| Error::File { path: path.clone(), source };
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { path: register, process: holder(file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Root's lock on the register of a service must not shut the service out. Where that is not ours to give, it stays.
        if let (Ok(register), Ok(own)) = (register.metadata(), file.metadata())
            && (own.uid(), own.gid()) != (register.uid(), register.gid())
        {
            let _ = std::os::unix::fs::fchown(&file, Some(register.uid()), Some(register.gid()));
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The process that holds the lock, as it wrote there; `None` where it has not, or the system does not let us read.
fn holder(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(PROCESS_OCTETS_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.db");
        let first = WriteLock::take(&path).unwrap();
        let error = WriteLock::take(&path).unwrap_err();
        assert!(
            matches!(&error, Error::InUse { process: Some(id), .. } if *id == std::process::id()),
            "{error:?}"
        );
        assert!(error.to_string().contains("in use by another writer"), "{error}");
        drop(first);
        WriteLock::take(&path).unwrap();
    }
}
