//! Values with the place they came from.

use std::fmt;
use std::path::PathBuf;

use super::keys::{Kind, Preset};

/// A value of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Seconds(f64),
    Switch(bool),
    Texts(Vec<String>),
}

impl fmt::Display for Value {
    /// As TOML has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml_edit::Value::from(text.as_str())),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Seconds(seconds) => write!(f, "{seconds:?}"),
            Self::Switch(switch) => write!(f, "{switch}"),
            Self::Texts(texts) => write!(f, "{}", texts.iter().collect::<toml_edit::Value>()),
        }
    }
}

impl From<Preset> for Value {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Text(text) => Self::Text(text.to_owned()),
            Preset::Integer(number) => Self::Integer(number),
            Preset::Seconds(seconds) => Self::Seconds(seconds),
            Preset::Switch(switch) => Self::Switch(switch),
            Preset::Empty => Self::Texts(Vec::new()),
        }
    }
}

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere.
    Default,
    /// In a file, on a line counted from 1.
    File(PathBuf, usize),
    /// In an environment variable of this name.
    Environment(String),
    /// In this option of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "option {name}"),
        }
    }
}

/// A value and where it was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// A mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// File and line, variable or option.
    pub(crate) at: Origin,
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl Kind {
    /// Checks a value that a file states.
    ///
    /// # Errors
    ///
    /// What the key may hold, if this is something else.
    pub(crate) fn check(self, value: Value) -> Result<Value, String> {
        match (self, value) {
            (Self::Integer(low, high), Value::Integer(number)) if (low..=high).contains(&number) => {
                Ok(Value::Integer(number))
            }
            #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
            (Self::Seconds(..), Value::Integer(number)) => self.check(Value::Seconds(number as f64)),
            (Self::Seconds(low, high), Value::Seconds(seconds)) if (low..=high).contains(&seconds) => {
                Ok(Value::Seconds(seconds))
            }
            (Self::Word(words), Value::Text(text)) if words.contains(&text.as_str()) => Ok(Value::Text(text)),
            (Self::Text, value @ Value::Text(_))
            | (Self::Switch, value @ Value::Switch(_))
            | (Self::Texts, value @ Value::Texts(_)) => Ok(value),
            (_, value) => Err(format!("{value} is not {}", self.name())),
        }
    }

    /// Reads a value from a text: an environment variable or an option.
    ///
    /// # Errors
    ///
    /// What the key may hold, if this is something else.
    pub(crate) fn parse(self, text: &str) -> Result<Value, String> {
        let wrong = || format!("\"{text}\" is not {}", self.name());
        let value = match self {
            Self::Text | Self::Word(_) => Value::Text(text.to_owned()),
            Self::Integer(..) => Value::Integer(text.parse().map_err(|_| wrong())?),
            Self::Seconds(..) => Value::Seconds(text.parse().map_err(|_| wrong())?),
            Self::Switch => Value::Switch(text.parse().map_err(|_| wrong())?),
            Self::Texts => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Texts(parts.map(str::to_owned).collect())
            }
        };
        self.check(value)
    }

    fn name(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Integer(low, high) => format!("an integer from {low} to {high}"),
            Self::Seconds(low, high) => format!("a number of seconds from {low} to {high}"),
            Self::Switch => "true or false".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Texts => "a list of texts".to_owned(),
        }
    }
}
