//! Incidents: what their entries add up to, the clocks of NIS2, and what was listened to meanwhile.
//!
//! # The clocks
//!
//! Directive (EU) 2022/2555, Article 23(4): an early warning within 24 hours of becoming aware of a significant incident
//! (a), the notification within 72 hours of becoming aware (b), and the final report not later than one month after the
//! notification (d); for an incident that goes on then, a progress report at that time and the final report within one
//! month of its handling (e). Hours are counted from the moment itself and not from the next full hour, as Regulation
//! (EEC, Euratom) No 1182/71, Article 3(1) would allow: a deadline here is never later than the law's.

use std::collections::BTreeMap;

use observation::{CaptureSummary, Time};

use crate::civil::months_later;

/// Where the deadlines come from.
pub const CLOCKS_SOURCE: &str = "Directive (EU) 2022/2555 Article 23(4)(a), (b), (d), (e)";

const NANOS_PER_HOUR: i64 = 3_600_000_000_000;

/// Hours to the early warning.
const EARLY_WARNING_HOURS: i64 = 24;

/// Hours to the notification.
const NOTIFICATION_HOURS: i64 = 72;

/// Months from the notification, or from the handling, to the final report.
const FINAL_REPORT_MONTHS: i64 = 1;

/// Classes of incidents: the Reference Security Incident Taxonomy of ENISA and TF-CSIRT (version 1).
pub const CLASSES: [&str; 11] = [
    "abusive_content",
    "malicious_code",
    "information_gathering",
    "intrusion_attempts",
    "intrusions",
    "availability",
    "information_content_security",
    "fraud",
    "vulnerable",
    "other",
    "test",
];

/// How bad it is.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($(#[$item:meta])* $variant:ident = $text:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$item])* $variant),* }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in the register and in exports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The one that [`as_str`](Self::as_str) prints.
            #[must_use]
            pub fn read_back(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

words! {
    /// What an entry says.
    EntryKind:
    /// It begins; `text` is the title, `moment` when it was detected, `name` is `drill` for a drill.
    Opened = "opened";
    /// When it became known to those who must report it: `moment`.
    Aware = "aware";
    /// By what it was noticed: `text`; `reference` the finding, if it was one.
    Source = "source";
    /// The site: `text`.
    Site = "site";
    /// `name` is `class`, `severity` or `significant`, `text` the word.
    Classified = "classified";
    /// Anything: `text`.
    Note = "note";
    /// What caused it: `text`.
    Cause = "cause";
    /// What was done about the cause: `text`.
    Action = "action";
    /// What was learned: `text`.
    Lesson = "lesson";
    /// A report was made: `name` is a [`Report`], `moment` when, `text` to whom.
    Reported = "reported";
    /// `name` is `asset`, `evidence`, `finding`, `bundle` or `file`, `reference` its id or hash, `text` what it is.
    Attached = "attached";
    /// It is over: `text`.
    Closed = "closed";
    /// It is not over: `text`.
    Reopened = "reopened";
}

words! {
    /// A report that the directive asks for.
    Report:
    /// Article 23(4)(a).
    EarlyWarning = "early_warning";
    /// Article 23(4)(b).
    Notification = "notification";
    /// Article 23(4)(e), of an incident that goes on.
    Progress = "progress";
    /// Article 23(4)(d).
    Final = "final";
}

/// A line about an incident; never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 on without gaps, over all incidents.
    pub id: i64,
    /// The incident.
    pub incident: i64,
    /// When it was written, by the wall clock.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// What it says; the other fields as [`EntryKind`] tells, empty where it names none.
    pub kind: EntryKind,
    /// See [`EntryKind`].
    pub name: String,
    /// See [`EntryKind`].
    pub reference: String,
    /// See [`EntryKind`].
    pub moment: Option<Time>,
    /// See [`EntryKind`].
    pub text: String,
}

/// Something that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// `asset`, `evidence`, `finding`, `bundle` or `file`.
    pub kind: String,
    /// Its id or hash.
    pub reference: String,
    /// What it is.
    pub text: String,
}

/// What the entries of an incident add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its number.
    pub id: i64,
    /// Title.
    pub title: String,
    /// True for a drill: nothing is reported.
    pub drill: bool,
    /// When it was detected.
    pub detected: Time,
    /// When those who must report it became aware.
    pub aware: Time,
    /// By what it was noticed.
    pub source: String,
    /// The site; may be empty.
    pub site: String,
    /// One of [`CLASSES`]; may be empty.
    pub class: String,
    /// One of [`SEVERITIES`]; may be empty.
    pub severity: String,
    /// Whether it is significant (Article 23(3)); `None` is not assessed.
    pub significant: Option<bool>,
    /// When it was opened and by whom.
    pub opened: (Time, String),
    /// When it was closed, by whom and with what words, if it is.
    pub closed: Option<(Time, String, String)>,
    /// What was reported when.
    pub reported: Vec<(Report, Time, String)>,
    /// What belongs to it, in order; each thing once.
    pub attached: Vec<Attachment>,
    /// Texts by kind: notes, causes, actions, lessons.
    pub texts: BTreeMap<EntryKind, Vec<String>>,
}

impl Incident {
    /// Adds up entries; incidents come in the order of their numbers. Entries of an incident that nobody opened are left
    /// out.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Vec<Self> {
        let mut incidents: BTreeMap<i64, Self> = BTreeMap::new();
        for entry in entries {
            if entry.kind == EntryKind::Opened {
                incidents.entry(entry.incident).or_insert_with(|| Self::opened(entry));
            } else if let Some(incident) = incidents.get_mut(&entry.incident) {
                incident.add(entry);
            }
        }
        incidents.into_values().collect()
    }

    fn opened(entry: &Entry) -> Self {
        let detected = entry.moment.unwrap_or(entry.at);
        Self {
            id: entry.incident,
            title: entry.text.clone(),
            drill: entry.name == "drill",
            detected,
            aware: detected,
            source: String::new(),
            site: String::new(),
            class: String::new(),
            severity: String::new(),
            significant: None,
            opened: (entry.at, entry.actor.clone()),
            closed: None,
            reported: Vec::new(),
            attached: Vec::new(),
            texts: BTreeMap::new(),
        }
    }

    fn add(&mut self, entry: &Entry) {
        let text = || entry.text.clone();
        match entry.kind {
            EntryKind::Opened => {}
            EntryKind::Aware => self.aware = entry.moment.unwrap_or(self.aware),
            EntryKind::Source => self.source = text(),
            EntryKind::Site => self.site = text(),
            EntryKind::Classified => match entry.name.as_str() {
                "class" => self.class = text(),
                "severity" => self.severity = text(),
                _ => {
                    self.significant = match entry.text.as_str() {
                        "yes" => Some(true),
                        "no" => Some(false),
                        _ => None,
                    }
                }
            },
            EntryKind::Note | EntryKind::Cause | EntryKind::Action | EntryKind::Lesson => {
                self.texts.entry(entry.kind).or_default().push(text());
            }
            EntryKind::Reported => {
                let report = Report::read_back(&entry.name);
                self.reported.extend(report.map(|report| (report, entry.moment.unwrap_or(entry.at), text())));
            }
            EntryKind::Attached => {
                let attachment =
                    Attachment { kind: entry.name.clone(), reference: entry.reference.clone(), text: text() };
                let is_there = self
                    .attached
                    .iter()
                    .any(|one| one.kind == attachment.kind && one.reference == attachment.reference);
                if !is_there {
                    self.attached.push(attachment);
                }
            }
            EntryKind::Closed => self.closed = Some((entry.at, entry.actor.clone(), text())),
            EntryKind::Reopened => self.closed = None,
        }
    }

    /// What is attached of a kind.
    pub fn attached_of<'i>(&'i self, kind: &'i str) -> impl Iterator<Item = &'i Attachment> {
        self.attached.iter().filter(move |one| one.kind == kind)
    }

    /// The texts of a kind.
    #[must_use]
    pub fn texts_of(&self, kind: EntryKind) -> &[String] {
        self.texts.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// What an incident needs before it can be closed and this one lacks: cause, corrective action, lessons.
    #[must_use]
    pub fn lacks(&self) -> Vec<EntryKind> {
        let needed = [EntryKind::Cause, EntryKind::Action, EntryKind::Lesson];
        needed.into_iter().filter(|kind| self.texts_of(*kind).is_empty()).collect()
    }

    /// When a report was made first.
    #[must_use]
    pub fn reported_at(&self, report: Report) -> Option<Time> {
        self.reported.iter().filter(|(known, ..)| *known == report).map(|(_, at, _)| *at).min()
    }
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockState {
    /// The report was made in time.
    Done,
    /// The report was made after its deadline.
    DoneLate,
    /// It is not made, and there is time.
    Running,
    /// It is not made, and the deadline has passed.
    Overdue,
}

impl ClockState {
    /// The word in exports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneLate => "done_late",
            Self::Running => "running",
            Self::Overdue => "overdue",
        }
    }
}

/// One deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The report.
    pub report: Report,
    /// Where it is asked for.
    pub clause: &'static str,
    /// Until when; `None` while it counts from a handling that is not over.
    pub deadline: Option<Time>,
    /// When it was made.
    pub done: Option<Time>,
    /// How it stands.
    pub state: ClockState,
}

/// The clocks of an incident at a moment; none for a drill and for what is not significant. One that was not assessed
/// has them: nobody knows yet that it needs none.
#[must_use]
pub fn clocks(incident: &Incident, now: Time) -> Vec<Clock> {
    if incident.drill || incident.significant == Some(false) {
        return Vec::new();
    }
    let hours = |count: i64| Time(incident.aware.0.saturating_add(count.saturating_mul(NANOS_PER_HOUR)));
    let clock = |report: Report, clause, deadline: Option<Time>| {
        let done = incident.reported_at(report);
        let is_late = |at: Time| deadline.is_some_and(|deadline| at > deadline);
        let state = match done {
            Some(at) if is_late(at) => ClockState::DoneLate,
            Some(_) => ClockState::Done,
            None if is_late(now) => ClockState::Overdue,
            None => ClockState::Running,
        };
        Clock { report, clause, deadline, done, state }
    };
    let notified = hours(NOTIFICATION_HOURS);
    let from = incident.reported_at(Report::Notification).unwrap_or(notified);
    let usual = months_later(from, FINAL_REPORT_MONTHS);
    let goes_on = incident.reported_at(Report::Progress).is_some();
    let last = if goes_on {
        incident.closed.as_ref().map(|(at, ..)| months_later(*at, FINAL_REPORT_MONTHS).max(usual))
    } else {
        Some(usual)
    };
    let mut clocks = vec![
        clock(Report::EarlyWarning, "Art. 23(4)(a)", Some(hours(EARLY_WARNING_HOURS))),
        clock(Report::Notification, "Art. 23(4)(b)", Some(notified)),
    ];
    if goes_on {
        clocks.push(clock(Report::Progress, "Art. 23(4)(e)", Some(usual)));
    }
    clocks.push(clock(Report::Final, if goes_on { "Art. 23(4)(e)" } else { "Art. 23(4)(d)" }, last));
    clocks
}

/// What one sensor listened to of a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listened {
    /// The site.
    pub site: String,
    /// The sensor; empty for files that name none.
    pub sensor: String,
    /// Captures that reach into the time.
    pub captures: u64,
    /// Its first moment within the time.
    pub first: Time,
    /// Its last moment within the time.
    pub last: Time,
    /// Nanoseconds from first to last frame of its captures within the time, those that overlap once.
    pub nanos: i64,
    /// Stretches between its captures.
    pub gaps: u64,
    /// The longest stretch without a capture within the time, its beginning and end counted too.
    pub longest_gap: i64,
    /// Frames that the kernel dropped in those captures.
    pub kernel_drops: u64,
}

/// What was listened to from one moment to another, by site and sensor. A capture counts from its first frame to its last.
#[must_use]
pub fn listened(captures: &[CaptureSummary], from: Time, to: Time) -> Vec<Listened> {
    // First and last moment within the time, and the frames that the kernel dropped.
    type Period = (Time, Time, u64);
    let mut by: BTreeMap<(&str, &str), Vec<Period>> = BTreeMap::new();
    for capture in captures {
        let (Some(first), Some(last)) = (capture.first, capture.last) else { continue };
        if last >= from && first <= to {
            let period = (first.max(from), last.min(to), capture.kernel_drops);
            by.entry((&capture.site, &capture.sensor)).or_default().push(period);
        }
    }
    let one = |((site, sensor), mut periods): ((&str, &str), Vec<Period>)| {
        periods.sort_unstable();
        let first = periods.first()?.0;
        let mut listened = Listened {
            site: site.to_owned(),
            sensor: sensor.to_owned(),
            captures: periods.len() as u64,
            first,
            last: first,
            nanos: 0,
            gaps: 0,
            longest_gap: first.0.saturating_sub(from.0),
            kernel_drops: 0,
        };
        for (begin, end, drops) in periods {
            let gap = begin.0.saturating_sub(listened.last.0);
            if gap > 0 {
                listened.gaps = listened.gaps.saturating_add(1);
                listened.longest_gap = listened.longest_gap.max(gap);
            }
            let new = end.0.saturating_sub(begin.max(listened.last).0).max(0);
            listened.nanos = listened.nanos.saturating_add(new);
            listened.last = listened.last.max(end);
            listened.kernel_drops = listened.kernel_drops.saturating_add(drops);
        }
        listened.longest_gap = listened.longest_gap.max(to.0.saturating_sub(listened.last.0));
        Some(listened)
    };
    by.into_iter().filter_map(one).collect()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{CaptureKind, CaptureStatus};
    use proptest::prelude::*;

    use super::*;
    use crate::civil::Civil;

    const HOUR: i64 = NANOS_PER_HOUR;

    fn entry(kind: EntryKind, name: &str, moment: Option<Time>, text: &str) -> Entry {
        let (actor, reference) = ("ada".to_owned(), name.to_owned());
        Entry {
            id: 1,
            incident: 1,
            at: Time(7),
            actor,
            kind,
            name: name.into(),
            reference,
            moment,
            text: text.into(),
        }
    }

    fn incident(aware: Time, more: Vec<Entry>) -> Incident {
        let mut entries = vec![entry(EntryKind::Opened, "", Some(aware), "stop of line 1")];
        entries.extend(more);
        Incident::of(&entries).remove(0)
    }

    fn reported(report: Report, at: Time) -> Entry {
        entry(EntryKind::Reported, report.as_str(), Some(at), "CSIRT")
    }

    fn day(text: &str) -> Time {
        Civil::parse(text).unwrap().start()
    }

    fn told(incident: &Incident, now: Time) -> Vec<(Report, Option<Time>, ClockState)> {
        clocks(incident, now).into_iter().map(|clock| (clock.report, clock.deadline, clock.state)).collect()
    }

    #[test]
    fn the_three_clocks_run_from_becoming_aware() {
        use ClockState::{Done, DoneLate, Overdue, Running};
        use Report::{EarlyWarning, Final, Notification};
        let aware = day("2026-01-28");
        let at = |hours: i64| Time(aware.0 + hours * HOUR);
        let one = incident(aware, Vec::new());
        let last = Some(Time(day("2026-02-28").0));
        assert_eq!(
            told(&one, at(24))[0],
            (EarlyWarning, Some(at(24)), Running),
            "the last moment is in time"
        );
        assert_eq!(
            told(&one, Time(at(24).0 + 1)),
            [
                (EarlyWarning, Some(at(24)), Overdue),
                (Notification, Some(at(72)), Running),
                (Final, last, Running)
            ],
            "a month after 31 January is the last day of February"
        );
        let one = incident(aware, vec![reported(EarlyWarning, at(2)), reported(Notification, at(73))]);
        let last = Some(Time(day("2026-02-28").0 + HOUR));
        assert_eq!(
            told(&one, day("2026-04-01")),
            [
                (EarlyWarning, Some(at(24)), Done),
                (Notification, Some(at(72)), DoneLate),
                (Final, last, Overdue)
            ],
            "the month counts from the notification"
        );
    }

    #[test]
    fn an_incident_that_goes_on_has_a_progress_report_and_a_month_from_its_end() {
        let aware = day("2026-01-01");
        let progress = reported(Report::Progress, day("2026-01-20"));
        let one = incident(aware, vec![progress.clone()]);
        let states = told(&one, day("2026-06-01"));
        assert_eq!(states[2].0, Report::Progress);
        assert_eq!(
            states[3],
            (Report::Final, None, ClockState::Running),
            "it counts from an end that is not there"
        );
        let closed = Entry { at: day("2026-06-10"), ..entry(EntryKind::Closed, "", None, "") };
        let one = incident(aware, vec![progress, closed]);
        assert_eq!(told(&one, day("2026-06-11"))[3].1, Some(day("2026-07-10")));
    }

    #[test]
    fn drills_and_what_is_not_significant_are_not_reported() {
        let aware = Time(0);
        let drill = Incident::of(&[entry(EntryKind::Opened, "drill", Some(aware), "drill")]).remove(0);
        assert!(drill.drill && clocks(&drill, aware).is_empty());
        let no = incident(aware, vec![entry(EntryKind::Classified, "significant", None, "no")]);
        assert!(clocks(&no, aware).is_empty());
        let unknown = incident(aware, Vec::new());
        assert_eq!(clocks(&unknown, aware).len(), 3);
    }

    #[test]
    fn entries_add_up_and_a_thing_is_attached_once() {
        let one = incident(
            Time(0),
            vec![
                entry(EntryKind::Attached, "asset", None, "plc"),
                entry(EntryKind::Attached, "asset", None, "plc, again"),
                entry(EntryKind::Cause, "", None, "open port"),
                entry(EntryKind::Closed, "", None, "done"),
                entry(EntryKind::Reopened, "", None, "not done"),
            ],
        );
        assert_eq!((one.attached.len(), one.attached[0].text.as_str()), (1, "plc"));
        assert_eq!(one.lacks(), [EntryKind::Action, EntryKind::Lesson]);
        assert_eq!(one.closed, None);
        assert!(Incident::of(&[entry(EntryKind::Note, "", None, "of nothing")]).is_empty());
    }

    fn capture(site: &str, first: i64, last: i64) -> CaptureSummary {
        let text = String::new;
        CaptureSummary {
            uid: text(),
            kind: CaptureKind::File,
            name: text(),
            site: site.into(),
            sensor: text(),
            interface: text(),
            octets: 0,
            frames: 0,
            kernel_drops: 1,
            first: Some(Time(first)),
            last: Some(Time(last)),
            status: CaptureStatus::Complete,
            stopped: None,
            counters: BTreeMap::new(),
        }
    }

    #[test]
    fn what_overlaps_was_listened_to_once_and_gaps_are_counted() {
        let captures =
            [capture("a", 5, 20), capture("a", 10, 15), capture("a", 18, 30), capture("a", 50, 200)];
        let found = listened(&captures, Time(10), Time(100));
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.first, one.last, one.nanos, one.gaps), (Time(10), Time(100), 70, 1));
        assert_eq!((one.longest_gap, one.captures, one.kernel_drops), (20, 4, 4));
        assert!(listened(&captures, Time(300), Time(400)).is_empty());
        let late = &listened(&[capture("b", 90, 95)], Time(10), Time(100))[0];
        assert_eq!((late.longest_gap, late.gaps), (80, 0));
    }

    proptest! {
        /// In UTC there is no day of 23 hours: a clock is as long in March and October as it is in June.
        #[test]
        fn clocks_are_as_long_whenever_they_start(hour in 0_i64..24 * 365 * 30) {
            let aware = Time(hour * HOUR);
            let found = clocks(&incident(aware, Vec::new()), aware);
            prop_assert_eq!(found[0].deadline, Some(Time(aware.0 + 24 * HOUR)));
            prop_assert_eq!(found[1].deadline, Some(Time(aware.0 + 72 * HOUR)));
            let days = (found[2].deadline.unwrap().0 - found[1].deadline.unwrap().0) / (24 * HOUR);
            prop_assert!((28..=31).contains(&days));
        }
    }
}
