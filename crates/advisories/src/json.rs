//! Reading values of a document, with the place in it when one is not what it should be.

use serde_json::{Map, Value};

/// Longest name of a product, version or remediation that is kept, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// Why a document is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive] // documents are wrong in further ways
pub enum DocumentError {
    /// It is larger than what is read.
    #[error("{octets} octets, more than the {max} that are read")]
    TooLarge {
        /// Its size.
        octets: usize,
        /// The limit.
        max: usize,
    },
    /// It is no JSON, or nested too deeply.
    #[error("no JSON: {0}")]
    Json(String),
    /// It is JSON and no CSAF of a version that is read.
    #[error("no CSAF 2.0 or 2.1: {0}")]
    NotCsaf(String),
    /// A value is not of the type that CSAF prescribes.
    #[error("{place}: no {wanted}")]
    Type {
        /// Where.
        place: String,
        /// What should stand there.
        wanted: &'static str,
    },
    /// Something that must be there once is there twice.
    #[error("{place}: product id \"{id}\" is defined twice")]
    Twice {
        /// Where the second stands.
        place: String,
        /// The id.
        id: String,
    },
    /// There are more of something than are read.
    #[error("{place}: more than {max}")]
    TooMany {
        /// Of what.
        place: String,
        /// The limit.
        max: usize,
    },
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node<'v> {
    value: &'v Value,
    place: String,
}

impl<'v> Node<'v> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self { value, place: String::new() }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    fn wrong(&self, wanted: &'static str) -> DocumentError {
        let place = if self.place.is_empty() { "the document".to_owned() } else { self.place.clone() };
        DocumentError::Type { place, wanted }
    }

    fn object(&self) -> Result<&'v Map<String, Value>, DocumentError> {
        self.value.as_object().ok_or_else(|| self.wrong("object"))
    }

    /// A field of an object; `None` if it is not there or null.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Self>, DocumentError> {
        let value = self.object()?.get(name).filter(|value| !value.is_null());
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        Ok(value.map(|value| Self { value, place }))
    }

    /// A field that must be there.
    pub(crate) fn need(&self, name: &'static str) -> Result<Self, DocumentError> {
        self.get(name)?.ok_or_else(|| DocumentError::Type { place: self.place.clone(), wanted: name })
    }

    /// The parts of a list, or nothing if it is not there.
    pub(crate) fn list(&self, name: &str, max: usize) -> Result<Vec<Self>, DocumentError> {
        let Some(list) = self.get(name)? else { return Ok(Vec::new()) };
        let values = list.value.as_array().ok_or_else(|| list.wrong("array"))?;
        if values.len() > max {
            return Err(DocumentError::TooMany { place: list.place, max });
        }
        let parts = values.iter().enumerate();
        Ok(parts.map(|(index, value)| Self { value, place: format!("{}[{index}]", list.place) }).collect())
    }

    /// A text, cut where it is longer than anything sensible.
    pub(crate) fn text(&self) -> Result<String, DocumentError> {
        let text = self.value.as_str().ok_or_else(|| self.wrong("string"))?;
        Ok(text.trim().chars().take(TEXT_CHARS_MAX).collect())
    }

    /// A field with a text, or nothing.
    pub(crate) fn text_of(&self, name: &str) -> Result<Option<String>, DocumentError> {
        self.get(name)?.map(|node| node.text()).transpose()
    }

    /// A field with a list of texts, empty if it is not there.
    pub(crate) fn texts(&self, name: &str, max: usize) -> Result<Vec<String>, DocumentError> {
        self.list(name, max)?.iter().map(Self::text).collect()
    }
}
