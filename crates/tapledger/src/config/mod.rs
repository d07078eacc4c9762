//! The configuration of the appliance: `/etc/tapledger/config.toml`, `conf.d/*.toml` beside it, `TAPLEDGER_*`, options.
//!
//! [`load`] reads, merges and checks all of it at once and says everything that is wrong, each with its place.

mod keys;
mod merge;
pub(crate) mod notify;
mod read;
mod show;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use inventory::Prefix;

pub(crate) use keys::nearest;
pub(crate) use merge::Sources;
pub(crate) use show::show;

use merge::Merged;
use value::{Origin, Problem, Setting, Value};

/// What the appliance does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// The site that stations belong to.
    pub(crate) site: String,
    /// Name of this sensor, as it stands in the register.
    pub(crate) sensor: String,
    /// The register.
    pub(crate) register: PathBuf,
    /// Public addresses that the plant uses inside.
    pub(crate) prefixes: Vec<Prefix>,
    /// Longest time that observations stay out of the register.
    pub(crate) batch: Duration,
    /// Memory of the process, in MiB.
    pub(crate) memory_mib: u64,
    /// What waits between capture and decoder, for each interface.
    pub(crate) queue: Queue,
    pub(crate) log: Log,
    pub(crate) retention: Retention,
    pub(crate) pcap_ring: PcapRing,
    pub(crate) interfaces: Vec<Interface>,
    /// What the second unit does.
    pub(crate) notify: notify::Notify,
}

/// Bounds of a queue of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    pub(crate) frames_max: usize,
    pub(crate) octets_max: usize,
}

/// How the sensor logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// `error`, `warn`, `info` or `debug`.
    pub(crate) level: String,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text with the priority in front that journald reads, without a time, which journald knows.
    Journald,
    /// A JSON object for each line.
    Json,
    /// Text with the time.
    Text,
}

/// How long the register keeps details. Assets are never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Days after which facts and presences of single days are folded; 0 keeps them for ever.
    pub(crate) days_detail: u32,
    /// The same of conversations.
    pub(crate) days_conversations: u32,
}

/// The ring of capture files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PcapRing {
    /// Where the files lie; `None` is no ring.
    pub(crate) directory: Option<PathBuf>,
    /// Octets of all files of all interfaces.
    pub(crate) octets_max: u64,
    /// Octets of one file; 0 is a sixteenth of what the interface may have.
    pub(crate) file_octets: u64,
    /// Files go, then the ring stops, where less of the file system is free: the register goes first.
    pub(crate) free_min_percent: u8,
}

/// An interface to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    /// Capture filter in libpcap's language.
    pub(crate) filter: Option<String>,
    /// Size of the kernel's ring, in MiB.
    pub(crate) buffer_mib: u32,
    /// Octets kept of each frame.
    pub(crate) snaplen: u32,
    pub(crate) promiscuous: bool,
}

/// A configuration that holds up, with the place of every value.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    merged: Merged,
}

/// Reads, merges and checks.
///
/// # Errors
///
/// Everything that is wrong, a line each: place, key, what is expected.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, String> {
    let mut merged = merge::merge(sources);
    let config = understand(&mut merged);
    if merged.problems.is_empty() {
        return Ok(Loaded { config, merged });
    }
    let lines: Vec<String> = merged.problems.iter().map(Problem::to_string).collect();
    Err(lines.join("\n"))
}

/// Settings by key. Each key has one of its kind: [`merge::merge`] puts the default in and lets nothing else in.
struct Settings<'s>(&'s BTreeMap<&'static str, Setting>);

impl Settings<'_> {
    fn text(&self, name: &str) -> String {
        match self.0.get(name).map(|setting| &setting.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// A text; empty is none.
    fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    fn number<N: TryFrom<i64> + Default>(&self, name: &str) -> N {
        match self.0.get(name).map(|setting| &setting.value) {
            Some(Value::Integer(number)) => N::try_from(*number).unwrap_or_default(),
            _ => N::default(),
        }
    }

    fn switch(&self, name: &str) -> bool {
        matches!(self.0.get(name).map(|setting| &setting.value), Some(Value::Switch(true)))
    }

    fn origin(&self, name: &str) -> Origin {
        self.0.get(name).map_or(Origin::Default, |setting| setting.origin.clone())
    }
}

/// Makes the typed configuration of the merged one, and checks what concerns several keys.
fn understand(merged: &mut Merged) -> Config {
    let mut problems = Vec::new();
    let settings = Settings(&merged.settings);
    let seconds = match merged.settings.get("batch_seconds").map(|setting| &setting.value) {
        Some(Value::Seconds(seconds)) => *seconds,
        _ => 1.0,
    };
    let config = Config {
        site: settings.text("site"),
        sensor: settings.text("sensor"),
        register: settings.text("register").into(),
        prefixes: prefixes(&settings, &mut problems),
        batch: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1)),
        memory_mib: settings.number("memory_mib"),
        queue: Queue {
            frames_max: settings.number("queue.frames_max"),
            octets_max: settings.number("queue.octets_max"),
        },
        log: Log {
            format: match settings.text("log.format").as_str() {
                "json" => LogFormat::Json,
                "text" => LogFormat::Text,
                _ => LogFormat::Journald,
            },
            level: settings.text("log.level"),
        },
        retention: Retention {
            days_detail: settings.number("retention.days_detail"),
            days_conversations: settings.number("retention.days_conversations"),
        },
        pcap_ring: PcapRing {
            directory: settings.some("pcap_ring.directory").map(PathBuf::from),
            octets_max: settings.number("pcap_ring.octets_max"),
            file_octets: settings.number("pcap_ring.file_octets"),
            free_min_percent: settings.number("pcap_ring.free_min_percent"),
        },
        interfaces: merged.interfaces.iter().map(|interface| listen(&Settings(interface))).collect(),
        notify: notify::understand(&settings, &mut problems),
    };
    if config.site.is_empty() {
        problems.push(Problem { at: settings.origin("site"), what: "site: it is empty".to_owned() });
    }
    if config.register.as_os_str().is_empty() {
        problems.push(Problem { at: settings.origin("register"), what: "register: it is empty".to_owned() });
    }
    problems.extend(ring_problem(&config.pcap_ring, &settings));
    for interface in &merged.interfaces {
        problems.extend(filter_problem(&Settings(interface)));
    }
    problems.extend(memory_problem(&config, &settings));
    merged.problems.extend(problems);
    config
}

fn listen(settings: &Settings<'_>) -> Interface {
    Interface {
        name: settings.text("name"),
        filter: settings.some("filter"),
        buffer_mib: settings.number("buffer_mib"),
        snaplen: settings.number("snaplen"),
        promiscuous: settings.switch("promiscuous"),
    }
}

fn prefixes(settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Vec<Prefix> {
    let texts = match settings.0.get("prefixes").map(|setting| &setting.value) {
        Some(Value::Texts(texts)) => texts.as_slice(),
        _ => &[],
    };
    let mut found = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(prefix) => found.push(prefix),
            Err(error) => {
                let what = format!("prefixes: \"{text}\": {error}");
                problems.push(Problem { at: settings.origin("prefixes"), what });
            }
        }
    }
    found
}

fn filter_problem(interface: &Settings<'_>) -> Option<Problem> {
    let name = interface.text("name");
    if name.is_empty() || name.len() > 15 || name.contains(['/', ' ', '\0']) {
        let what = format!("name: \"{name}\" is no name of an interface");
        return Some(Problem { at: interface.origin("name"), what });
    }
    let filter = interface.some("filter")?;
    let error = capture::check_filter(&filter).err()?;
    Some(Problem { at: interface.origin("filter"), what: error.to_string() })
}

/// The decoding process sees folders by their whole path, whatever it was started in.
fn ring_problem(ring: &PcapRing, settings: &Settings<'_>) -> Option<Problem> {
    let directory = ring.directory.as_ref()?;
    let (key, what) = if directory.is_relative() {
        ("pcap_ring.directory", format!("{} is no whole path", directory.display()))
    } else if ring.file_octets > ring.octets_max / 2 {
        ("pcap_ring.file_octets", format!("a file is at most half of the ring ({})", ring.octets_max))
    } else {
        return None;
    };
    Some(Problem { at: settings.origin(key), what: format!("{key}: {what}") })
}

/// The rings of the kernel and the queues alone must leave room for what is decoded.
fn memory_problem(config: &Config, settings: &Settings<'_>) -> Option<Problem> {
    let rings: u64 = config.interfaces.iter().map(|interface| u64::from(interface.buffer_mib)).sum();
    let queue = u64::try_from(config.queue.octets_max >> 20).unwrap_or(u64::MAX);
    let queues = queue.saturating_mul(u64::try_from(config.interfaces.len()).unwrap_or(u64::MAX));
    let taken = rings.saturating_add(queues);
    (taken > config.memory_mib / 2).then(|| Problem {
        at: settings.origin("memory_mib"),
        what: format!(
            "memory_mib: buffers ({rings} MiB) and queues ({queues} MiB) of the interfaces take more than half of {} MiB",
            config.memory_mib
        ),
    })
}

#[cfg(test)]
mod tests;
