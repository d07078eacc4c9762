//! Why an export could not be written.

/// A result of an export.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive] // further formats fail in further ways
pub enum Error {
    /// The writer refused; a closed pipe is of this kind too.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// The snapshot refers to an asset that it does not hold: a fault of the caller.
    #[error("the snapshot refers to asset {index}, and holds {assets} assets with {identified} ids")]
    Inconsistent {
        /// The index referred to.
        index: usize,
        /// Assets there are.
        assets: usize,
        /// Ids there are.
        identified: usize,
    },
    /// The file is no list, or too large a one.
    #[error("no list that can be read: {0}")]
    Sheet(String),
    /// The tables are more than a workbook holds.
    #[error("no workbook could be made: {0}")]
    Workbook(String),
    /// The report breaks a rule of its format.
    #[error("no PDF could be made: {0}")]
    Pdf(String),
    /// The text of a baseline is of another version.
    #[error("a baseline of another version: \"{0}\"")]
    Baseline(String),
    /// Cells cannot be told apart by this octet.
    #[error("{:?} cannot separate the cells of a CSV file", char::from(*.0))]
    Delimiter(u8),
}

impl From<rust_xlsxwriter::XlsxError> for Error {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self::Workbook(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Write(error),
            other => Self::Write(std::io::Error::other(format!("{other:?}"))),
        }
    }
}
