//! What a receiver was told, on disk: a file for each receiver, replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ::export::events::Delivered;

/// The file of one receiver.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// As it stands there.
    written: String,
}

impl Store {
    /// Reads what a receiver was told; nothing, if there is no file. One that cannot be read is put aside, and then the
    /// receiver is told everything again.
    pub(crate) fn open(folder: &Path, receiver: &str) -> io::Result<(Self, Delivered)> {
        let path = folder.join(format!("{receiver}.told"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => "damaged".to_owned(),
            Err(error) => return Err(error),
        };
        if text.is_empty() {
            return Ok((Self { path, written: text }, Delivered::default()));
        }
        match Delivered::read_back(&text) {
            Ok(delivered) => Ok((Self { path, written: text }, delivered)),
            Err(problem) => {
                let aside = path.with_extension("damaged");
                fs::rename(&path, &aside)?;
                tracing::warn!(
                    event = "state", receiver, %problem, aside = %aside.display(),
                    "what it was told is not known any more: it is told everything again"
                );
                Ok((Self { path, written: String::new() }, Delivered::default()))
            }
        }
    }

    /// Writes it, if it is not as it stands there: beside, synchronised, renamed.
    pub(crate) fn write(&mut self, delivered: &Delivered) -> io::Result<()> {
        let text = delivered.text();
        if text == self.written {
            return Ok(());
        }
        replace(&self.path, text.as_bytes())?;
        self.written = text;
        Ok(())
    }
}

/// Puts a file in place of another one: whole, or not at all.
pub(crate) fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside)?;
    let written =
        file.write_all(octets).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // On a full disk every octet counts.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    // A bare name has an empty parent.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Has a renaming survive a power cut.
#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_read_back_and_damage_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, delivered) = Store::open(folder.path(), "syslog").unwrap();
        assert!(delivered.is_empty());
        let told = Delivered::read_back("tapledger.delivered/1\nchange 0a\n").unwrap();
        store.write(&told).unwrap();
        assert_eq!(Store::open(folder.path(), "syslog").unwrap().1, told);
        let path = folder.path().join("syslog.told");
        fs::write(&path, "tapledger.delivered/1\nchan").unwrap();
        assert!(Store::open(folder.path(), "syslog").unwrap().1.is_empty());
        assert!(!path.exists() && path.with_extension("damaged").exists());
        assert!(!folder.path().join("syslog.told.partial").exists());
    }
}
