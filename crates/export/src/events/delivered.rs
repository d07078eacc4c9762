//! What a receiver was told: the cursor in the register's events, kept as text.

use std::collections::{BTreeMap, BTreeSet};

use inventory::FindingState;

use super::{Class, Event, JournalHead};

/// The first line of the text.
const HEADER: &str = "tapledger.delivered/1";

/// What a receiver was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    changes: BTreeSet<String>,
    findings: BTreeMap<String, FindingState>,
    /// The end of the custody journal that was told last.
    pub journal: Option<JournalHead>,
    /// Names that the register still has, while a queue is made.
    seen: BTreeSet<String>,
}

/// The text is none that [`Delivered::text`] writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not as it was written")]
pub struct NotReadable {
    /// Which line, from 1 on.
    pub line: usize,
}

impl Delivered {
    /// Reads [`text`](Self::text) back.
    ///
    /// # Errors
    ///
    /// Says which line is none.
    pub fn read_back(text: &str) -> Result<Self, NotReadable> {
        let mut delivered = Self::default();
        let mut lines = text.lines().enumerate();
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(NotReadable { line: 1 });
        }
        for (number, line) in lines {
            delivered.line(line).ok_or(NotReadable { line: number.saturating_add(1) })?;
        }
        Ok(delivered)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        match (words.next()?, words.next()?, words.next()) {
            ("change", key, None) => {
                self.changes.insert(key.to_owned());
            }
            ("finding", key, Some(state)) => {
                self.findings.insert(key.to_owned(), FindingState::read_back(state)?);
            }
            ("journal", line, Some(hash)) => {
                self.journal = Some(JournalHead { line: line.parse().ok()?, hash: hash.to_owned() });
            }
            _ => return None,
        }
        words.next().is_none().then_some(())
    }

    /// As text: a header, then a line for each.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(journal) = &self.journal {
            text.push_str(&format!("journal {} {}\n", journal.line, journal.hash));
        }
        for key in &self.changes {
            text.push_str("change ");
            text.push_str(key);
            text.push('\n');
        }
        for (key, state) in &self.findings {
            text.push_str(&format!("finding {key} {}\n", state.as_str()));
        }
        text
    }

    /// How many changes and findings are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len().saturating_add(self.findings.len())
    }

    /// True if nothing was told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Notes that an event was told.
    pub fn note(&mut self, event: &Event) {
        match event.class {
            Class::Change => {
                self.changes.insert(event.id.clone());
            }
            Class::Finding => {
                let state = event.after.as_deref().and_then(FindingState::read_back);
                self.findings.insert(event.id.clone(), state.unwrap_or_default());
            }
            // Whoever makes the event knows the head.
            Class::Journal => {}
        }
    }

    pub(super) fn begin(&mut self) {
        self.seen.clear();
    }

    /// True if the change was told by one of its names.
    pub(super) fn knows_change(&mut self, keys: &[String]) -> bool {
        let known = keys.iter().find(|key| self.changes.contains(*key));
        self.seen.extend(known.cloned());
        known.is_some()
    }

    /// The state of the finding that was told last, by one of its names.
    pub(super) fn told_finding(&mut self, keys: &[String]) -> Option<FindingState> {
        let (key, state) = keys.iter().find_map(|key| self.findings.get_key_value(key))?;
        let state = *state;
        self.seen.insert(key.clone());
        Some(state)
    }

    /// Forgets what the register no longer has, so that what is remembered is bounded by the register.
    pub(super) fn forget(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        self.changes.retain(|key| seen.contains(key));
        self.findings.retain(|key, _| seen.contains(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_what_is_not_is_refused_with_its_line() {
        let mut delivered = Delivered::default();
        delivered.changes.extend(["0a".to_owned(), "0b".to_owned()]);
        delivered.findings.insert("f0".to_owned(), FindingState::Accepted);
        delivered.journal = Some(JournalHead { line: 7, hash: "ab".repeat(32) });
        assert_eq!(Delivered::read_back(&delivered.text()), Ok(delivered.clone()));
        assert_eq!(delivered.len(), 3);
        for (text, line) in [
            ("", 1),
            ("tapledger.delivered/2\n", 1),
            ("tapledger.delivered/1\nchange\n", 2),
            ("tapledger.delivered/1\nchange a\nchange a b\n", 3),
            ("tapledger.delivered/1\nfinding a maybe\n", 2),
            ("tapledger.delivered/1\njournal x y\n", 2),
        ] {
            assert_eq!(Delivered::read_back(text), Err(NotReadable { line }), "{text:?}");
        }
    }
}
