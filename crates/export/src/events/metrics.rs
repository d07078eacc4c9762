//! The register and the notifier in numbers: Prometheus' text format 0.0.4, and health as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use inventory::Snapshot;
use observation::{CaptureKind, CaptureSummary, Time};
use serde::Serialize;

use crate::safe_text;
use crate::time::rfc3339;

/// Different values of a label that comes from counters' names at most; more are one `other`.
const COUNTERS_MAX: usize = 512;

/// Captured frames that the network card lost, among the counters of a capture.
const INTERFACE_DROPS: &str = "source.interface_drops";

/// A receiver in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// `syslog`, `cef`, `mqtt`, `export`.
    pub name: String,
    /// The last attempt succeeded.
    pub up: bool,
    /// Events that wait.
    pub waiting: u64,
    /// Events told since the start.
    pub told: u64,
    /// Attempts that failed since the start.
    pub failures: u64,
    /// Connections whose end the receiver did not confirm, since the start.
    pub unconfirmed: u64,
    /// Observed time of the oldest event that waits.
    #[serde(skip)]
    pub oldest: Option<Time>,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}

/// What the process knows besides the register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Version of the program.
    pub version: String,
    /// Wall clock.
    pub now: Time,
    /// When the process began.
    pub began: Time,
    /// When the register was read, and how long that took in nanoseconds.
    pub read: Option<(Time, u64)>,
    /// Why it could not be read last.
    pub problem: Option<String>,
    /// Octets of the register, and of its write-ahead log.
    pub octets: [u64; 2],
    /// Number of the last line of the custody journal.
    pub journal_line: i64,
    /// The receivers.
    pub receivers: Vec<Receiver>,
}

/// A metric with its samples.
struct Family<'t> {
    text: &'t mut String,
    name: &'static str,
}

impl Family<'_> {
    fn sample(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{}", self.name);
        for (index, (name, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"{}\"", label(text));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

/// A label's value: backslash, quote and line end have a backslash before them.
fn label(text: &str) -> String {
    safe_text(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Nanoseconds as seconds, exactly.
fn seconds(nanos: i64) -> String {
    let (whole, rest) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    if rest == 0 {
        return whole.to_string();
    }
    if nanos >= 0 {
        return format!("{whole}.{rest:09}");
    }
    let magnitude = nanos.unsigned_abs();
    let (whole, rest) = (magnitude / 1_000_000_000, magnitude % 1_000_000_000);
    format!("-{whole}.{rest:09}")
}

/// The labels of a capture.
type Source<'s> = [&'s str; 4];

fn source(capture: &CaptureSummary) -> Source<'_> {
    let kind = match capture.kind {
        CaptureKind::Live => "live",
        CaptureKind::File => "file",
    };
    [kind, &capture.site, &capture.sensor, &capture.interface]
}

fn labels<'l>(source: &Source<'l>) -> Vec<(&'static str, &'l str)> {
    ["kind", "site", "sensor", "interface"].into_iter().zip(source.iter().copied()).collect()
}

/// Sums of all captures of one interface: sessions begin and end, these only grow.
#[derive(Default)]
struct Sums<'s> {
    captures: u64,
    frames: u64,
    octets: u64,
    dropped: BTreeMap<&'static str, u64>,
    counters: BTreeMap<&'s str, u64>,
    last: Option<Time>,
}

fn sums(snapshot: &Snapshot) -> BTreeMap<Source<'_>, Sums<'_>> {
    let mut all: BTreeMap<Source<'_>, Sums<'_>> = BTreeMap::new();
    for capture in &snapshot.captures {
        let sums = all.entry(source(capture)).or_default();
        sums.captures = sums.captures.saturating_add(1);
        sums.frames = sums.frames.saturating_add(capture.frames);
        sums.octets = sums.octets.saturating_add(capture.octets);
        sums.last = sums.last.max(capture.last);
        let mut add = |reason, count: u64| {
            let sum = sums.dropped.entry(reason).or_default();
            *sum = sum.saturating_add(count);
        };
        add("kernel", capture.kernel_drops);
        add("interface", capture.counters.get(INTERFACE_DROPS).copied().unwrap_or(0));
        for (name, count) in &capture.counters {
            let sum = sums.counters.entry(name.as_str()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
    for sums in all.values_mut() {
        let more: Vec<&str> = sums.counters.keys().skip(COUNTERS_MAX).copied().collect();
        for name in more {
            let count = sums.counters.remove(name).unwrap_or(0);
            let other = sums.counters.entry("other").or_default();
            *other = other.saturating_add(count);
        }
    }
    all
}

/// Everything as Prometheus reads it. Nothing of the register, if it was not read yet.
#[must_use]
pub fn text(snapshot: Option<&Snapshot>, process: &Process) -> String {
    let mut text = String::new();
    let mut family = |name: &'static str, kind: &str, help: &str, samples: &dyn Fn(&mut Family<'_>)| {
        // A metric without samples is not named at all.
        let mut own = String::new();
        samples(&mut Family { text: &mut own, name });
        if !own.is_empty() {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{own}");
        }
    };
    family("tapledger_build_info", "gauge", "The program.", &|family| {
        family.sample(&[("version", &process.version)], 1);
    });
    family("tapledger_start_time_seconds", "gauge", "When the notifier began, since 1970.", &|family| {
        family.sample(&[], seconds(process.began.0));
    });
    family(
        "tapledger_register_readable",
        "gauge",
        "1 if the register was read at the last attempt.",
        &|family| {
            family.sample(&[], u8::from(process.problem.is_none() && process.read.is_some()));
        },
    );
    family(
        "tapledger_register_read_timestamp_seconds",
        "gauge",
        "When the register was read, since 1970.",
        &|family| {
            if let Some((at, _)) = process.read {
                family.sample(&[], seconds(at.0));
            }
        },
    );
    family(
        "tapledger_register_read_duration_seconds",
        "gauge",
        "How long it took to read the register.",
        &|family| {
            if let Some((_, took)) = process.read {
                family.sample(&[], seconds(i64::try_from(took).unwrap_or(i64::MAX)));
            }
        },
    );
    family("tapledger_register_size_bytes", "gauge", "Size of the register's files.", &|family| {
        let [register, log] = process.octets;
        family.sample(&[("file", "register")], register);
        family.sample(&[("file", "write_ahead_log")], log);
    });
    family("tapledger_journal_lines", "gauge", "Lines of the custody journal.", &|family| {
        family.sample(&[], process.journal_line);
    });
    if let Some(snapshot) = snapshot {
        register(&mut family, snapshot, process.now);
    }
    receivers(&mut family, &process.receivers);
    text
}

/// Writes a metric: name, type, help, and what gives its samples.
type Write1<'w> = dyn FnMut(&'static str, &str, &str, &dyn Fn(&mut Family<'_>)) + 'w;

fn register(family: &mut Write1<'_>, snapshot: &Snapshot, now: Time) {
    let inventory = &snapshot.inventory;
    let count = |all: &mut BTreeMap<Vec<String>, u64>, key: &[&str]| {
        let sum = all.entry(key.iter().map(|part| (*part).to_owned()).collect()).or_default();
        *sum = sum.saturating_add(1);
    };
    let print = |family: &mut Family<'_>, names: &[&str], counts: &BTreeMap<Vec<String>, u64>| {
        for (values, number) in counts {
            let pairs: Vec<(&str, &str)> =
                names.iter().copied().zip(values.iter().map(String::as_str)).collect();
            family.sample(&pairs, number);
        }
    };
    let mut assets = BTreeMap::new();
    inventory.assets.iter().for_each(|asset| count(&mut assets, &[&asset.site, asset.state.as_str()]));
    family("tapledger_assets", "gauge", "Assets by state.", &|family| {
        print(family, &["site", "state"], &assets);
    });
    let mut findings = BTreeMap::new();
    for finding in &inventory.findings {
        let state = finding.standing.state.as_str();
        count(&mut findings, &[&finding.site, finding.kind, finding.severity.as_str(), state]);
    }
    family("tapledger_findings", "gauge", "Findings by kind, severity and state.", &|family| {
        print(family, &["site", "kind", "severity", "state"], &findings);
    });
    let mut changes = BTreeMap::new();
    for change in &inventory.changes {
        let learned = if change.learned { "true" } else { "false" };
        count(&mut changes, &[&change.site, change.kind.as_str(), learned]);
    }
    family(
        "tapledger_changes",
        "gauge",
        "Changes by kind; learned ones are of the first baseline.",
        &|family| {
            print(family, &["site", "kind", "learned"], &changes);
        },
    );
    let sums = sums(snapshot);
    family(
        "tapledger_captures",
        "gauge",
        "Captures in the register: files, and sessions of interfaces.",
        &|family| {
            sums.iter().for_each(|(source, sums)| family.sample(&labels(source), sums.captures));
        },
    );
    family("tapledger_frames_total", "counter", "Frames read.", &|family| {
        sums.iter().for_each(|(source, sums)| family.sample(&labels(source), sums.frames));
    });
    family("tapledger_octets_total", "counter", "Octets read.", &|family| {
        sums.iter().for_each(|(source, sums)| family.sample(&labels(source), sums.octets));
    });
    family(
        "tapledger_frames_dropped_total",
        "counter",
        "Frames lost before they were read, by who lost them.",
        &|family| {
            for (source, sums) in &sums {
                for (reason, number) in &sums.dropped {
                    let mut labels = labels(source);
                    labels.push(("reason", reason));
                    family.sample(&labels, number);
                }
            }
        },
    );
    family(
        "tapledger_capture_events_total",
        "counter",
        "What captures counted besides: what bounds cost, what was malformed, what was left out.",
        &|family| {
            for (source, sums) in &sums {
                for (name, number) in &sums.counters {
                    let mut labels = labels(source);
                    labels.push(("event", name));
                    family.sample(&labels, number);
                }
            }
        },
    );
    family(
        "tapledger_last_frame_timestamp_seconds",
        "gauge",
        "Time of the last frame, since 1970.",
        &|family| {
            for (source, sums) in &sums {
                if let Some(last) = sums.last {
                    family.sample(&labels(source), seconds(last.0));
                }
            }
        },
    );
    family(
        "tapledger_evidence_age_seconds",
        "gauge",
        "Age of the latest frame in the register.",
        &|family| {
            if let Some(last) = snapshot.captures.iter().filter_map(|capture| capture.last).max() {
                family.sample(&[], seconds(now.0.saturating_sub(last.0)));
            }
        },
    );
}

fn receivers(family: &mut Write1<'_>, receivers: &[Receiver]) {
    type Value = fn(&Receiver) -> Option<String>;
    let metrics: [(&'static str, &str, &str, Value); 6] = [
        ("tapledger_notify_up", "gauge", "1 if the last attempt to tell a receiver succeeded.", |one| {
            Some(u8::from(one.up).to_string())
        }),
        ("tapledger_notify_waiting_events", "gauge", "Events that a receiver was not told yet.", |one| {
            Some(one.waiting.to_string())
        }),
        (
            "tapledger_notify_oldest_waiting_timestamp_seconds",
            "gauge",
            "Observed time of the oldest event that waits, since 1970.",
            |one| one.oldest.map(|time| seconds(time.0)),
        ),
        ("tapledger_notify_events_total", "counter", "Events told since the start.", |one| {
            Some(one.told.to_string())
        }),
        ("tapledger_notify_failures_total", "counter", "Attempts that failed since the start.", |one| {
            Some(one.failures.to_string())
        }),
        (
            "tapledger_notify_unconfirmed_total",
            "counter",
            "Connections whose end the receiver did not confirm since the start.",
            |one| Some(one.unconfirmed.to_string()),
        ),
    ];
    for (name, kind, help, value) in metrics {
        family(name, kind, help, &|family| {
            for one in receivers {
                if let Some(value) = value(one) {
                    family.sample(&[("receiver", &one.name)], value);
                }
            }
        });
    }
}

#[derive(Serialize)]
struct Health<'h> {
    status: &'static str,
    version: &'h str,
    time: String,
    register: RegisterHealth<'h>,
    receivers: &'h [Receiver],
}

#[derive(Serialize)]
struct RegisterHealth<'h> {
    readable: bool,
    problem: Option<&'h str>,
    read: Option<String>,
    octets: [u64; 2],
    assets: Option<usize>,
    findings_open: Option<usize>,
    last_frame: Option<String>,
    journal_line: i64,
}

/// True if the register can be read.
#[must_use]
pub fn is_well(process: &Process) -> bool {
    process.problem.is_none() && process.read.is_some()
}

/// Health as JSON: `ok`, `degraded` if a receiver is not told, `failing` if the register cannot be read. Of a site's
/// assets, findings and frames alone, if one is named.
#[must_use]
pub fn health(snapshot: Option<&Snapshot>, process: &Process, site: Option<&str>) -> String {
    let is_site = |own: &str| site.is_none_or(|site| site == own);
    let health = Health {
        status: match (is_well(process), process.receivers.iter().all(|one| one.problem.is_none())) {
            (false, _) => "failing",
            (true, false) => "degraded",
            (true, true) => "ok",
        },
        version: &process.version,
        time: rfc3339(process.now),
        register: RegisterHealth {
            readable: is_well(process),
            problem: process.problem.as_deref(),
            read: process.read.map(|(at, _)| rfc3339(at)),
            octets: process.octets,
            assets: snapshot.map(|snapshot| {
                snapshot.inventory.assets.iter().filter(|asset| is_site(&asset.site)).count()
            }),
            findings_open: snapshot.map(|snapshot| {
                let findings = snapshot.inventory.findings.iter().filter(|finding| is_site(&finding.site));
                findings.filter(|finding| finding.standing.state == inventory::FindingState::Open).count()
            }),
            last_frame: snapshot.and_then(|snapshot| {
                let captures = snapshot.captures.iter().filter(|capture| is_site(&capture.site));
                captures.filter_map(|capture| capture.last).max().map(rfc3339)
            }),
            journal_line: process.journal_line,
        },
        receivers: &process.receivers,
    };
    // Plain strings and numbers cannot fail.
    serde_json::to_string(&health).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use inventory::{Inventory, Severity, Standing};
    use observation::CaptureStatus;

    use super::*;

    fn capture(uid: &str, interface: &str, frames: u64) -> CaptureSummary {
        CaptureSummary {
            uid: uid.into(),
            kind: CaptureKind::Live,
            name: interface.into(),
            site: "hall \"2\"\n".into(),
            sensor: "s\\1".into(),
            interface: interface.into(),
            octets: 10,
            frames,
            kernel_drops: 2,
            first: None,
            last: Some(Time(1_500_000_000)),
            status: CaptureStatus::Complete,
            stopped: None,
            counters: [("mirror duplicates".to_owned(), 3), (INTERFACE_DROPS.to_owned(), 1)].into(),
        }
    }

    fn snapshot() -> Snapshot {
        let finding = inventory::Finding {
            kind: "remote_access",
            severity: Severity::Warning,
            text: String::new(),
            site: "a".into(),
            about: String::new(),
            anchors: Vec::new(),
            assets: Vec::new(),
            first: None,
            last: None,
            count: 1,
            evidence: Vec::new(),
            standing: Standing::default(),
        };
        Snapshot {
            captures: vec![capture("a", "eth1", 5), capture("b", "eth1", 7), capture("c", "eth2", 1)],
            inventory: Inventory { findings: vec![finding], ..Inventory::default() },
            ..Snapshot::default()
        }
    }

    fn process() -> Process {
        Process {
            version: "0.1.0".into(),
            now: Time(3_000_000_000),
            read: Some((Time(2_000_000_000), 5)),
            octets: [4096, 32],
            receivers: vec![Receiver { name: "syslog".into(), waiting: 4, up: true, ..Receiver::default() }],
            ..Process::default()
        }
    }

    /// Reads the text strictly: each metric has its help and type before its samples, and stands once.
    fn parse(text: &str) -> BTreeMap<String, String> {
        let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
        let mut current = String::new();
        let mut lines = text.lines();
        assert!(text.ends_with('\n'));
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(help.ends_with('.') && families.insert(name.to_owned()), "{line}");
                let (typed, kind) =
                    lines.next().unwrap().strip_prefix("# TYPE ").unwrap().split_once(' ').unwrap();
                assert_eq!(typed, name);
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name} {kind}");
                current = name.to_owned();
                continue;
            }
            let rest = line.strip_prefix(&current).unwrap_or_else(|| panic!("{line} within {current}"));
            let (labels, value) = rest.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap();
            assert!(labels.is_empty() || labels.starts_with('{') && labels.ends_with('}'), "{line}");
            assert_eq!(samples.insert(format!("{current}{labels}"), value.to_owned()), None, "{line}");
        }
        samples
    }

    #[test]
    fn sessions_of_an_interface_are_one_counter_and_labels_are_escaped() {
        let samples = parse(&text(Some(&snapshot()), &process()));
        let of = |metric: &str, interface: &str, more: &str| {
            let labels = format!(
                "kind=\"live\",site=\"hall \\\"2\\\"\\\\x0a\",sensor=\"s\\\\1\",interface=\"{interface}\"{more}"
            );
            samples.get(&format!("{metric}{{{labels}}}")).map(String::as_str)
        };
        assert_eq!(of("tapledger_frames_total", "eth1", ""), Some("12"), "{samples:?}");
        assert_eq!(of("tapledger_frames_total", "eth2", ""), Some("1"));
        assert_eq!(of("tapledger_frames_dropped_total", "eth1", ",reason=\"kernel\""), Some("4"));
        assert_eq!(of("tapledger_frames_dropped_total", "eth1", ",reason=\"interface\""), Some("2"));
        assert_eq!(of("tapledger_capture_events_total", "eth1", ",event=\"mirror duplicates\""), Some("6"));
        assert_eq!(of("tapledger_last_frame_timestamp_seconds", "eth1", ""), Some("1.500000000"));
        assert_eq!(samples["tapledger_evidence_age_seconds"], "1.500000000");
        assert_eq!(samples["tapledger_notify_waiting_events{receiver=\"syslog\"}"], "4");
        assert_eq!(
            samples["tapledger_findings{site=\"a\",kind=\"remote_access\",severity=\"warning\",state=\"open\"}"],
            "1"
        );
        assert!(!samples.keys().any(|name| name.starts_with("tapledger_notify_oldest")));
    }

    #[test]
    fn without_a_register_only_the_process_is_told() {
        let failing = Process { read: None, problem: Some("no such register".into()), ..process() };
        let samples = parse(&text(None, &failing));
        assert_eq!(samples["tapledger_register_readable"], "0");
        assert!(!samples.keys().any(|name| name.starts_with("tapledger_assets")));
        let health: serde_json::Value = serde_json::from_str(&health(None, &failing, None)).unwrap();
        assert_eq!(
            (&health["status"], &health["register"]["assets"]),
            (&"failing".into(), &serde_json::Value::Null)
        );
    }

    #[test]
    fn a_receiver_that_is_not_told_degrades_health() {
        let mut process = process();
        let status = |process: &Process| -> serde_json::Value {
            serde_json::from_str(&health(Some(&snapshot()), process, Some("a"))).unwrap()
        };
        assert_eq!(status(&process)["status"], "ok");
        assert_eq!(status(&process)["register"]["findings_open"], 1);
        assert_eq!(
            status(&process)["register"]["last_frame"],
            serde_json::Value::Null,
            "frames of another site"
        );
        process.receivers[0].problem = Some("connection refused".into());
        assert_eq!(status(&process)["status"], "degraded");
        assert_eq!(status(&process)["receivers"][0]["problem"], "connection refused");
    }

    #[test]
    fn seconds_are_exact_on_both_sides_of_1970() {
        let of = |nanos| seconds(nanos);
        assert_eq!((of(0).as_str(), of(1).as_str(), of(-1).as_str()), ("0", "0.000000001", "-0.000000001"));
        assert_eq!(of(-2_500_000_000), "-2.500000000");
        assert_eq!(of(-3_000_000_000), "-3");
    }

    #[test]
    fn counters_beyond_the_bound_are_one() {
        let mut snapshot = snapshot();
        snapshot.captures.truncate(1);
        snapshot.captures[0].counters = (0..1000).map(|number| (format!("c{number:04}"), 1)).collect();
        let text = text(Some(&snapshot), &process());
        assert_eq!(text.matches("tapledger_capture_events_total{").count(), COUNTERS_MAX + 1);
        assert!(text.contains("event=\"other\"} 488"), "{text}");
    }
}
