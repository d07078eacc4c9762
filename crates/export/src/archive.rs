//! Exports of several files: one after another into a zip archive, or into a folder by the caller.

use std::io::{Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::{Error, Result};

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Its name, without folders.
    pub name: String,
    /// What stands in it.
    pub octets: Vec<u8>,
}

/// Writes the files as a zip archive: the same octets for the same files, for no time and no owner is in it (every file
/// bears the earliest time that the format knows, 1980-01-01), and nothing is compressed: compressors of another version
/// write other octets.
///
/// # Errors
///
/// Fails if `writer` does.
pub fn write_zip(files: &[NamedFile], writer: impl Write) -> Result<()> {
    let mut archive = ZipWriter::new_stream(writer);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    for file in files {
        archive.start_file(file.name.as_str(), options).map_err(zip_error)?;
        archive.write_all(&file.octets)?;
    }
    archive.finish().map_err(zip_error)?.into_inner().flush()?;
    Ok(())
}

fn zip_error(error: zip::result::ZipError) -> Error {
    Error::Write(error.into())
}

/// Most files of an archive that is read.
const FILES_MAX: usize = 1_000;

/// Most octets of an archive that is read, all files together.
const OCTETS_MAX: u64 = 2 << 30;

/// The files of an archive as [`write_zip`] writes them: not compressed.
///
/// # Errors
///
/// Fails if `reader` does, or if it gives no such archive, or one with more than a thousand files or 2 GiB.
pub fn read_zip(reader: impl Read + Seek) -> Result<Vec<NamedFile>> {
    let mut archive = ZipArchive::new(reader).map_err(zip_error)?;
    if archive.len() > FILES_MAX {
        return Err(Error::Write(std::io::Error::other(format!("{} files in an archive", archive.len()))));
    }
    let mut left = OCTETS_MAX;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(zip_error)?;
        let name = file.name().map_err(zip_error)?.into_owned();
        let mut octets = Vec::new();
        file.take(left.saturating_add(1)).read_to_end(&mut octets)?;
        left = left
            .checked_sub(octets.len() as u64)
            .ok_or_else(|| Error::Write(std::io::Error::other("more than 2 GiB in an archive")))?;
        files.push(NamedFile { name, octets });
    }
    Ok(files)
}
