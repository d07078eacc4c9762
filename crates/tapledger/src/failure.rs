//! How a command ends: the exit codes of `ARCHITECTURE.md`, decided here and nowhere else.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The configuration is wrong.
const WRONG_CONFIG: u8 = 3;

/// Input was read in part; what was read is kept.
pub(crate) const PARTLY_READ: u8 = 4;

/// A check failed.
pub(crate) const CHECK_FAILED: u8 = 6;

/// Why a command could not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Anything without a code of its own.
    Other(anyhow::Error),
    /// The arguments ask for something that is not there.
    Usage(String),
    /// The configuration is wrong; a line for each mistake.
    Config(String),
    /// The operating system does not let us; the text says what would.
    Permission(String),
    /// What was to be relied on did not hold.
    Check(String),
    /// Whoever read our output has gone: no failure of ours.
    Gone,
}

impl Failure {
    /// Says what is wrong and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Gone => return ExitCode::SUCCESS,
            Self::Config(text) => {
                for line in text.lines() {
                    crate::terminal::say(&format!("tapledger: {}", export::safe_text(line)));
                }
                return ExitCode::from(WRONG_CONFIG);
            }
            Self::Other(error) => (format!("{error:#}"), 1),
            Self::Usage(text) => (text, 2),
            Self::Permission(text) => (text, 5),
            Self::Check(text) => (text, CHECK_FAILED),
        };
        // Further lines stand in from the edge: none can be taken for a line of its own.
        for (number, line) in text.trim_end().lines().enumerate() {
            let before = if number == 0 { "tapledger: " } else { "  " };
            crate::terminal::say(&format!("{before}{}", export::safe_text(line)));
        }
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(error) => write!(f, "{error:#}"),
            Self::Usage(text) | Self::Config(text) | Self::Permission(text) | Self::Check(text) => {
                f.write_str(text)
            }
            Self::Gone => f.write_str("whoever read the output has gone"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<register::Error> for Failure {
    fn from(error: register::Error) -> Self {
        match error {
            register::Error::UnsoundCopy { .. } | register::Error::Damaged(_) => {
                Self::Check(error.to_string())
            }
            register::Error::ReadOnly => Self::Permission(error.to_string()),
            // Its words hold those of its cause: the chain would say them again.
            error => Self::Other(anyhow::Error::msg(error.to_string())),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Gone } else { Self::Other(error.into()) }
    }
}
