//! Changes and findings one by one, for what watches the plant: syslog (RFC 5424), CEF, and JSON for MQTT.
//!
//! The register is the backlog: a [`Queue`] is what it holds and a receiver has not been told, by what [`Delivered`]
//! remembers. A change is known by what it says of which assets, not by its place in a list, so a capture that is
//! imported later and tells of earlier days is told too. Assets are known by all their ids: two that turn out to be one
//! are no news twice.
//!
//! Text is [`safe_text`] before a format escapes it, and bounded.

pub mod cef;
mod delivered;
mod key;
pub mod metrics;
pub mod mqtt;
pub mod syslog;

use inventory::{AssetEnd, Change, ChangeKind, Finding, FindingState, Severity, Snapshot};
use observation::Time;

use crate::error::Result;
use crate::json;
use crate::order::Sorted;
use crate::safe_text;
pub use delivered::{Delivered, NotReadable};
use key::{change_keys, finding_keys};

/// What an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Something changed.
    Change,
    /// A finding is new, or people stand to it otherwise.
    Finding,
    /// Where the custody journal ends.
    Journal,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Finding => "finding",
            Self::Journal => "journal",
        }
    }
}

/// One end of what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Id of the asset; empty for what is none.
    pub id: String,
    /// Name.
    pub name: String,
    /// IP address, the first of several.
    pub ip: Option<std::net::IpAddr>,
    /// MAC address, the first of several.
    pub mac: Option<String>,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What names it among all: of a change 32 hexadecimal digits, of a finding its id.
    pub id: String,
    /// What it tells of.
    pub class: Class,
    /// Kind of change or finding, `journal_head` or `journal_rewritten`.
    pub kind: String,
    /// When; of a finding the last time it was seen.
    pub time: Time,
    /// How much it matters.
    pub severity: Severity,
    /// The site; empty for what is of the whole register.
    pub site: String,
    /// In one sentence.
    pub text: String,
    /// What of the asset changed; what a finding is about.
    pub subject: String,
    /// How it was; of a finding the state that was told before.
    pub before: Option<String>,
    /// How it is; of a finding its state.
    pub after: Option<String>,
    /// How often a finding was seen.
    pub count: Option<u64>,
    /// The asset, and the other end.
    pub parties: [Option<Party>; 2],
    /// The object of the contract, as it stands in `changes` or `findings` of the export.
    pub json: String,
}

/// Which events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Changes of the learning period too.
    pub learned: bool,
    /// Findings from this severity on.
    pub severity_min: Severity,
}

/// An event of a queue, by its place in the sorted register.
enum Item {
    Change(usize, String),
    Finding(usize, String, Option<FindingState>),
}

/// What a receiver has not been told, oldest first: changes by time, then findings.
pub struct Queue<'s> {
    snapshot: &'s Snapshot,
    sorted: Sorted<'s>,
    items: Vec<Item>,
}

impl<'s> Queue<'s> {
    /// What `delivered` does not know of a snapshot. Forgets there what is no longer in the register.
    ///
    /// # Errors
    ///
    /// Fails if the snapshot refers to assets that it does not hold.
    pub fn new(snapshot: &'s Snapshot, selection: &Selection, delivered: &mut Delivered) -> Result<Self> {
        let sorted = Sorted::new(snapshot)?;
        delivered.begin();
        let mut items = Vec::new();
        for (index, change) in sorted.changes.iter().enumerate() {
            let mut keys = change_keys(change, &snapshot.identified);
            let known = delivered.knows_change(&keys);
            if !known && (selection.learned || !change.learned) && !keys.is_empty() {
                items.push(Item::Change(index, keys.swap_remove(0)));
            }
        }
        for (index, finding) in sorted.findings.iter().enumerate() {
            let mut keys = finding_keys(finding);
            let told = delivered.told_finding(&keys);
            let is_news = told != Some(finding.standing.state);
            if is_news && finding.severity >= selection.severity_min && !keys.is_empty() {
                items.push(Item::Finding(index, keys.swap_remove(0), told));
            }
        }
        delivered.forget();
        Ok(Self { snapshot, sorted, items })
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The time of the oldest change or finding that waits from one place on.
    #[must_use]
    pub fn oldest(&self, from: usize) -> Option<Time> {
        self.items.iter().skip(from).filter_map(|item| self.time(item)).min()
    }

    fn time(&self, item: &Item) -> Option<Time> {
        match item {
            Item::Change(index, _) => self.sorted.changes.get(*index).map(|change| change.time),
            Item::Finding(index, ..) => {
                self.sorted.findings.get(*index).and_then(|finding| finding.last.or(finding.first))
            }
        }
    }

    /// The events from one place on, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if an event cannot be written as JSON.
    pub fn events(&self, from: usize, count: usize) -> Result<Vec<Event>> {
        self.items.iter().skip(from).take(count).filter_map(|item| self.event(item).transpose()).collect()
    }

    fn event(&self, item: &Item) -> Result<Option<Event>> {
        Ok(match item {
            Item::Change(index, id) => match self.sorted.changes.get(*index) {
                Some(change) => Some(self.change(change, id)?),
                None => None,
            },
            Item::Finding(index, id, told) => match self.sorted.findings.get(*index) {
                Some(finding) => Some(self.finding(finding, id, *told)?),
                None => None,
            },
        })
    }

    fn change(&self, change: &Change, id: &str) -> Result<Event> {
        let safe = |text: &Option<String>| text.as_deref().map(|text| safe_text(text).into_owned());
        Ok(Event {
            id: id.to_owned(),
            class: Class::Change,
            kind: change.kind.as_str().to_owned(),
            time: change.time,
            severity: if change.learned { Severity::Information } else { severity(change.kind) },
            site: safe_text(&change.site).into_owned(),
            text: safe_text(&change.text(&self.snapshot.inventory.assets)).into_owned(),
            subject: safe_text(&change.subject).into_owned(),
            before: safe(&change.before),
            after: safe(&change.after),
            count: None,
            parties: [
                change.asset.and_then(|index| self.asset(index)),
                change.peer.as_ref().and_then(|end| self.party(end)),
            ],
            json: json::change_text(&self.sorted, self.snapshot, change)?,
        })
    }

    fn finding(&self, finding: &Finding, id: &str, told: Option<FindingState>) -> Result<Event> {
        let mut parties = finding.assets.iter().map(|index| self.asset(*index));
        Ok(Event {
            id: id.to_owned(),
            class: Class::Finding,
            kind: finding.kind.to_owned(),
            time: finding.last.or(finding.first).or(self.snapshot.as_of).unwrap_or_default(),
            severity: match finding.standing.state {
                FindingState::Open => finding.severity,
                // Somebody knows.
                _ => Severity::Information,
            },
            site: safe_text(&finding.site).into_owned(),
            text: safe_text(&finding.text).into_owned(),
            subject: safe_text(&finding.about).into_owned(),
            before: told.map(|state| state.as_str().to_owned()),
            after: Some(finding.standing.state.as_str().to_owned()),
            count: Some(finding.count),
            parties: [parties.next().flatten(), parties.next().flatten()],
            json: json::finding_text(&self.sorted, finding)?,
        })
    }

    fn party(&self, end: &AssetEnd) -> Option<Party> {
        match end {
            AssetEnd::Asset(index) => self.asset(*index),
            AssetEnd::External(ip) | AssetEnd::Silent(ip) => {
                Some(Party { name: ip.to_string(), ip: Some(*ip), ..Party::default() })
            }
            AssetEnd::Group(address) => Some(Party { name: address.to_string(), ..Party::default() }),
        }
    }

    fn asset(&self, index: usize) -> Option<Party> {
        let asset = self.snapshot.inventory.assets.get(index)?;
        Some(Party {
            id: self.sorted.id(index).to_owned(),
            name: safe_text(&asset.name).into_owned(),
            ip: asset.stations.iter().find_map(|station| station.ips.first().copied()),
            mac: asset.stations.iter().find_map(|station| station.mac.map(|mac| mac.to_string())),
        })
    }
}

/// Where the custody journal ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalHead {
    /// Number of the last line; 0 if there is none.
    pub line: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// The end of the custody journal as an event: whoever keeps it elsewhere can show later that no line before it was
/// rewritten. `rewritten` is the end that was told before, if the journal no longer holds it.
#[must_use]
pub fn journal_event(head: &JournalHead, rewritten: Option<&JournalHead>, at: Time) -> Event {
    let (kind, severity, text) = match rewritten {
        None => {
            let text = format!("custody journal: {} lines, the last has the hash {}", head.line, head.hash);
            ("journal_head", Severity::Information, text)
        }
        Some(told) => {
            let text = format!(
                "custody journal was rewritten: line {} had the hash {} and has it no longer; it ends with line {} now",
                told.line, told.hash, head.line
            );
            ("journal_rewritten", Severity::Warning, text)
        }
    };
    let hash = safe_text(&head.hash).into_owned();
    let json = serde_json::json!({
        "kind": kind, "time": crate::time::rfc3339(at), "line": head.line, "hash": hash,
        "told_line": rewritten.map(|told| told.line), "told_hash": rewritten.map(|told| told.hash.as_str()),
    });
    Event {
        id: format!("journal-{}", head.line),
        class: Class::Journal,
        kind: kind.to_owned(),
        time: at,
        severity,
        site: String::new(),
        text: safe_text(&text).into_owned(),
        subject: format!("line {}", head.line),
        before: rewritten.map(|told| told.hash.clone()),
        after: Some(hash),
        count: None,
        parties: [None, None],
        json: json.to_string(),
    }
}

/// How much a change matters: what alters the process or its controllers is to act on, what is new to look at.
fn severity(kind: ChangeKind) -> Severity {
    match kind {
        ChangeKind::FirmwareChanged
        | ChangeKind::SerialChanged
        | ChangeKind::ProgramChanged
        | ChangeKind::ProjectChanged
        | ChangeKind::ModeChanged
        | ChangeKind::KeySwitchChanged
        | ChangeKind::ProtectionChanged
        | ChangeKind::FirstWrite
        | ChangeKind::FirstProgram
        | ChangeKind::FirstControl
        | ChangeKind::SiteQuiet
        | ChangeKind::ConflictBegan => Severity::Warning,
        ChangeKind::BackAgain
        | ChangeKind::SiteBack
        | ChangeKind::ModuleBack
        | ChangeKind::NewConversation => Severity::Information,
        _ => Severity::Notice,
    }
}

/// The text, cut to so many octets at a character, with `…` where something was cut.
pub(crate) fn cut(text: &str, octets_max: usize) -> String {
    const MARK: char = '…';
    if text.len() <= octets_max {
        return text.to_owned();
    }
    let room = octets_max.saturating_sub(MARK.len_utf8());
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    if octets_max >= MARK.len_utf8() {
        cut.push(MARK);
    }
    cut
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
