//! Incidents as tables and as JSON, and the log of a period for an auditor.

use std::io::Write;

use inventory::incident::{CLOCKS_SOURCE, EntryKind, Incident, Listened, Report, clocks};
use observation::{NANOS_PER_DAY, Time, number_of};
use serde::Serialize;

use crate::about::ToolOut;
use crate::error::Result;
use crate::json::Tool;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and major version of the document.
pub const SCHEMA: &str = "tapledger.incidents/1";

/// Heads of [`rows`].
pub const COLUMNS: [&str; 28] = [
    "number",
    "title",
    "drill",
    "state",
    "detected",
    "aware",
    "source",
    "site",
    "class",
    "severity",
    "significant",
    "early_warning_due",
    "early_warning_done",
    "early_warning",
    "notification_due",
    "notification_done",
    "notification",
    "final_due",
    "final_done",
    "final",
    "assets",
    "evidence",
    "cause",
    "action",
    "lessons",
    "opened_by",
    "closed",
    "closed_as",
];

/// Heads of [`listened_rows`].
pub const LISTENED_COLUMNS: [&str; 9] =
    ["site", "sensor", "captures", "first", "last", "days", "percent", "gaps", "longest_gap_days"];

/// A stretch of time that is told of, with what was listened to in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: Time,
    /// Its last moment.
    pub to: Time,
    /// Months that were asked for.
    pub months: u16,
    /// What each sensor listened to of it.
    pub listened: Vec<Listened>,
}

impl Period {
    /// The incidents detected in it, and how many, in words: `no incident and 1 drill were recorded`.
    #[must_use]
    pub fn words(&self, incidents: &[&Incident]) -> String {
        let drills = incidents.iter().filter(|incident| incident.drill).count();
        let real = incidents.len().saturating_sub(drills);
        let incidents = if real == 0 { "no incident".to_owned() } else { number_of(real, "incident") };
        let drills = if drills == 0 { "no drill".to_owned() } else { number_of(drills, "drill") };
        let listened = if self.listened.is_empty() {
            "no sensor listened and no capture reaches into this time: the absence of incidents is no observation"
                .to_owned()
        } else {
            format!("{} listened", number_of(self.listened.len(), "sensor"))
        };
        format!("{} to {}: {incidents}, {drills}; {listened}", rfc3339(self.from), rfc3339(self.to))
    }

    /// Tenths of a percent of the time that a sensor listened.
    #[must_use]
    pub fn permille(&self, listened: &Listened) -> i64 {
        let whole = i128::from(self.to.0.saturating_sub(self.from.0));
        let part = i128::from(listened.nanos).saturating_mul(1000);
        part.checked_div(whole).and_then(|permille| i64::try_from(permille).ok()).unwrap_or(0)
    }
}

fn tenths_of_days(nanos: i64) -> String {
    let tenths = nanos.checked_div(NANOS_PER_DAY.checked_div(10).unwrap_or(1)).unwrap_or(0);
    inventory::kpi::tenths(tenths)
}

/// A row for each sensor of a period.
#[must_use]
pub fn listened_rows(period: &Period) -> Vec<Vec<String>> {
    let row = |one: &Listened| {
        vec![
            one.site.clone(),
            one.sensor.clone(),
            one.captures.to_string(),
            rfc3339(one.first),
            rfc3339(one.last),
            tenths_of_days(one.nanos),
            inventory::kpi::tenths(period.permille(one)),
            one.gaps.to_string(),
            tenths_of_days(one.longest_gap),
        ]
    };
    period.listened.iter().map(row).collect()
}

fn moment(time: Option<Time>) -> String {
    time.map(rfc3339).unwrap_or_default()
}

fn state(incident: &Incident) -> &'static str {
    if incident.closed.is_some() { "closed" } else { "open" }
}

fn significant(incident: &Incident) -> &'static str {
    match incident.significant {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not assessed",
    }
}

/// A row for each incident.
#[must_use]
pub fn rows(incidents: &[&Incident], now: Time) -> Vec<Vec<String>> {
    incidents.iter().map(|incident| row(incident, now)).collect()
}

fn row(incident: &Incident, now: Time) -> Vec<String> {
    let clocks = clocks(incident, now);
    let clock = |report: Report| {
        let clock = clocks.iter().find(|clock| clock.report == report);
        [
            moment(clock.and_then(|clock| clock.deadline)),
            moment(clock.and_then(|clock| clock.done)),
            clock.map(|clock| clock.state.as_str().to_owned()).unwrap_or_default(),
        ]
    };
    let texts = |kind| incident.texts_of(kind).join("; ");
    let names: Vec<&str> = incident.attached_of("asset").map(|one| one.text.as_str()).collect();
    let evidence = incident.attached.iter().filter(|one| one.kind != "asset");
    let evidence: Vec<String> =
        evidence.map(|one| format!("{} {} ({})", one.kind, one.reference, one.text)).collect();
    let mut row = vec![
        incident.id.to_string(),
        incident.title.clone(),
        if incident.drill { "yes" } else { "no" }.to_owned(),
        state(incident).to_owned(),
        rfc3339(incident.detected),
        rfc3339(incident.aware),
        incident.source.clone(),
        incident.site.clone(),
        incident.class.clone(),
        incident.severity.clone(),
        significant(incident).to_owned(),
    ];
    row.extend([Report::EarlyWarning, Report::Notification, Report::Final].into_iter().flat_map(clock));
    row.extend([names.join("; "), evidence.join("; ")]);
    row.extend([EntryKind::Cause, EntryKind::Action, EntryKind::Lesson].map(texts));
    row.push(incident.opened.1.clone());
    let closed = incident.closed.as_ref();
    row.extend([
        moment(closed.map(|(at, ..)| *at)),
        closed.map(|(_, _, text)| text.clone()).unwrap_or_default(),
    ]);
    row
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: ToolOut<'a>,
    as_of: String,
    clocks_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<PeriodOut>,
    incidents: Vec<IncidentOut>,
}

#[derive(Serialize)]
struct PeriodOut {
    from: String,
    to: String,
    months: u16,
    incidents: usize,
    drills: usize,
    words: String,
    listened: Vec<ListenedOut>,
}

#[derive(Serialize)]
struct ListenedOut {
    site: String,
    sensor: String,
    captures: u64,
    first: String,
    last: String,
    seconds: i64,
    percent: String,
    gaps: u64,
    longest_gap_seconds: i64,
    kernel_drops: u64,
}

#[derive(Serialize)]
struct IncidentOut {
    number: i64,
    title: String,
    drill: bool,
    state: &'static str,
    detected: String,
    aware: String,
    source: String,
    site: String,
    class: Option<String>,
    severity: Option<String>,
    significant: Option<bool>,
    clocks: Vec<ClockOut>,
    reported: Vec<ReportedOut>,
    attached: Vec<AttachedOut>,
    notes: Vec<String>,
    causes: Vec<String>,
    actions: Vec<String>,
    lessons: Vec<String>,
    opened: ByOut,
    closed: Option<ByOut>,
}

#[derive(Serialize)]
struct ClockOut {
    report: &'static str,
    clause: &'static str,
    deadline: Option<String>,
    done: Option<String>,
    state: &'static str,
}

#[derive(Serialize)]
struct ReportedOut {
    report: &'static str,
    at: String,
    to: String,
}

#[derive(Serialize)]
struct AttachedOut {
    kind: String,
    reference: String,
    text: String,
}

#[derive(Serialize)]
struct ByOut {
    at: String,
    by: String,
    text: String,
}

fn safe(text: &str) -> String {
    safe_text(text).into_owned()
}

fn one(incident: &Incident, now: Time) -> IncidentOut {
    let given = |text: &str| (!text.is_empty()).then(|| safe(text));
    let texts = |kind| incident.texts_of(kind).iter().map(|text| safe(text)).collect();
    let clocks = clocks(incident, now).into_iter().map(|clock| ClockOut {
        report: clock.report.as_str(),
        clause: clock.clause,
        deadline: clock.deadline.map(rfc3339),
        done: clock.done.map(rfc3339),
        state: clock.state.as_str(),
    });
    let reported = incident.reported.iter().map(|(report, at, to)| ReportedOut {
        report: report.as_str(),
        at: rfc3339(*at),
        to: safe(to),
    });
    let attached = incident.attached.iter().map(|one| AttachedOut {
        kind: safe(&one.kind),
        reference: safe(&one.reference),
        text: safe(&one.text),
    });
    let by = |at: Time, by: &str, text: &str| ByOut { at: rfc3339(at), by: safe(by), text: safe(text) };
    IncidentOut {
        number: incident.id,
        title: safe(&incident.title),
        drill: incident.drill,
        state: state(incident),
        detected: rfc3339(incident.detected),
        aware: rfc3339(incident.aware),
        source: safe(&incident.source),
        site: safe(&incident.site),
        class: given(&incident.class),
        severity: given(&incident.severity),
        significant: incident.significant,
        clocks: clocks.collect(),
        reported: reported.collect(),
        attached: attached.collect(),
        notes: texts(EntryKind::Note),
        causes: texts(EntryKind::Cause),
        actions: texts(EntryKind::Action),
        lessons: texts(EntryKind::Lesson),
        opened: by(incident.opened.0, &incident.opened.1, ""),
        closed: incident.closed.as_ref().map(|(at, who, text)| by(*at, who, text)),
    }
}

/// Writes incidents as one JSON document, indented, with a line end after it; with a period, what was listened to in it.
///
/// # Errors
///
/// Fails if `writer` does.
pub fn write_json(
    incidents: &[&Incident],
    period: Option<&Period>,
    now: Time,
    tool: &Tool<'_>,
    mut writer: impl Write,
) -> Result<()> {
    const NANOS_PER_SECOND: i64 = 1_000_000_000;
    let seconds = |nanos: i64| nanos.checked_div(NANOS_PER_SECOND).unwrap_or(0);
    let drills = incidents.iter().filter(|incident| incident.drill).count();
    let period = period.map(|period| PeriodOut {
        from: rfc3339(period.from),
        to: rfc3339(period.to),
        months: period.months,
        incidents: incidents.len().saturating_sub(drills),
        drills,
        words: period.words(incidents),
        listened: period
            .listened
            .iter()
            .map(|one| ListenedOut {
                site: safe(&one.site),
                sensor: safe(&one.sensor),
                captures: one.captures,
                first: rfc3339(one.first),
                last: rfc3339(one.last),
                seconds: seconds(one.nanos),
                percent: inventory::kpi::tenths(period.permille(one)),
                gaps: one.gaps,
                longest_gap_seconds: seconds(one.longest_gap),
                kernel_drops: one.kernel_drops,
            })
            .collect(),
    });
    let document = Document {
        schema: SCHEMA,
        tool: ToolOut { name: tool.name, version: tool.version },
        as_of: rfc3339(now),
        clocks_source: CLOCKS_SOURCE,
        period,
        incidents: incidents.iter().map(|incident| one(incident, now)).collect(),
    };
    serde_json::to_writer_pretty(&mut writer, &document)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use inventory::incident::Entry;

    use super::*;

    fn incident(title: &str, name: &str) -> Incident {
        let opened = Entry {
            id: 1,
            incident: 1,
            at: Time(5),
            actor: "ada".into(),
            kind: EntryKind::Opened,
            name: name.into(),
            reference: String::new(),
            moment: Some(Time(0)),
            text: title.into(),
        };
        Incident::of(&[opened]).remove(0)
    }

    fn period(listened: Vec<Listened>) -> Period {
        Period { from: Time(0), to: Time(10 * NANOS_PER_DAY), months: 12, listened }
    }

    #[test]
    fn a_time_without_incidents_says_who_listened_and_one_without_sensors_says_so() {
        let listened = Listened {
            site: "north".into(),
            sensor: String::new(),
            captures: 1,
            first: Time(0),
            last: Time(NANOS_PER_DAY),
            nanos: NANOS_PER_DAY,
            gaps: 0,
            longest_gap: 9 * NANOS_PER_DAY,
            kernel_drops: 0,
        };
        let some = period(vec![listened]);
        let text = some.words(&[]);
        assert!(text.ends_with("no incident, no drill; 1 sensor listened"), "{text}");
        assert_eq!(listened_rows(&some)[0][5..], ["1.0", "10.0", "0", "9.0"]);
        assert!(period(Vec::new()).words(&[]).contains("no observation"));
        let drill = incident("exercise", "drill");
        assert!(some.words(&[&drill]).contains("no incident, 1 drill;"));
    }

    #[test]
    fn every_row_has_a_cell_for_each_head() {
        let one = incident("stop", "");
        let rows = rows(&[&one], Time(NANOS_PER_DAY + 1));
        assert_eq!(rows[0].len(), COLUMNS.len());
        let at = |head: &str| rows[0][COLUMNS.iter().position(|one| *one == head).unwrap()].as_str();
        assert_eq!((at("drill"), at("significant"), at("early_warning")), ("no", "not assessed", "overdue"));
        assert_eq!((at("early_warning_due"), at("opened_by")), ("1970-01-02T00:00:00Z", "ada"));
        assert_eq!((at("notification"), at("final_due")), ("running", "1970-02-04T00:00:00Z"));
    }

    #[test]
    fn hostile_texts_are_written_out() {
        let one = incident("a\u{1b}[2J", "");
        let mut out = Vec::new();
        write_json(&[&one], None, Time(0), &Tool { name: "t", version: "1" }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("a\\\\x1b[2J") && !text.contains("u001b"), "{text}");
    }
}
