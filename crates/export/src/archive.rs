//! Exports of several files: one after another into a zip archive, or into a folder by the caller.

use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

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
