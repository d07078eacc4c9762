//! What the second unit tells, whom, and how: `[notify]`, `[syslog]`, `[cef]`, `[mqtt]`, `[metrics]`, `[export]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ::export::events::Selection;
use ::export::events::syslog::facility;
use inventory::Severity;

use super::Settings;
use super::value::{Problem, Value};

/// What `tapledger notify` does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notify {
    /// Where it remembers what it told.
    pub(crate) state: PathBuf,
    /// Time between two looks at the register.
    pub(crate) interval: Duration,
    pub(crate) selection: Selection,
    /// Time between two words on where the custody journal ends; `None` is never.
    pub(crate) journal: Option<Duration>,
    pub(crate) syslog: Option<Receiver>,
    pub(crate) cef: Option<Receiver>,
    pub(crate) mqtt: Option<Mqtt>,
    pub(crate) metrics: Option<Listen>,
    pub(crate) files: Option<Files>,
}

/// Who is sent syslog messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receiver {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) transport: Transport,
    pub(crate) facility: u8,
    pub(crate) enterprise: u32,
}

/// How messages travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Tls(Tls),
}

/// Whom to trust, and who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    /// Certificates of the authorities that are trusted, PEM; no others are.
    pub(crate) ca: PathBuf,
    /// Our certificate chain and its key, PEM.
    pub(crate) own: Option<(PathBuf, PathBuf)>,
    /// The name that the other's certificate has to bear.
    pub(crate) server_name: String,
}

/// An MQTT broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mqtt {
    /// Host and port.
    pub(crate) address: String,
    pub(crate) tls: Option<Tls>,
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) password: Option<PathBuf>,
    /// First level of the topics.
    pub(crate) topic: String,
}

/// Where metrics are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

/// Files for the far side of a data diode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) directory: PathBuf,
    pub(crate) every: Duration,
    /// Sets of files that stay.
    pub(crate) kept: u32,
}

/// Makes the typed part of the merged configuration, and checks what concerns several keys.
pub(super) fn understand(settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Notify {
    let minutes = |name: &str| Duration::from_secs(settings.number::<u64>(name).saturating_mul(60));
    let state = settings.some("notify.state_directory").map(PathBuf::from);
    if state.is_none() {
        problem(settings, problems, "notify.state_directory", "it is empty");
    }
    let interval = match settings.0.get("notify.interval_seconds").map(|setting| &setting.value) {
        Some(Value::Seconds(seconds)) => Duration::try_from_secs_f64(*seconds).unwrap_or_default(),
        _ => Duration::default(),
    };
    Notify {
        state: state.unwrap_or_default(),
        interval: interval.max(Duration::from_millis(100)),
        selection: Selection {
            learned: settings.switch("notify.learned"),
            severity_min: match settings.text("notify.findings_min").as_str() {
                "warning" => Severity::Warning,
                "notice" => Severity::Notice,
                _ => Severity::Information,
            },
        },
        journal: Some(minutes("notify.journal_minutes")).filter(|length| !length.is_zero()),
        syslog: receiver("syslog", settings, problems),
        cef: receiver("cef", settings, problems),
        mqtt: mqtt(settings, problems),
        metrics: listen(settings, problems),
        files: settings.some("export.directory").map(|directory| Files {
            directory: directory.into(),
            every: minutes("export.minutes"),
            kept: settings.number("export.kept_max"),
        }),
    }
}

fn problem(settings: &Settings<'_>, problems: &mut Vec<Problem>, name: &str, what: &str) {
    problems.push(Problem { at: settings.origin(name), what: format!("{name}: {what}") });
}

/// Host and port of a key; `None` if it is empty or none.
fn address(name: &str, settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let address = settings.some(name)?;
    if host_and_port(&address).is_none() {
        let what = format!(
            "\"{address}\" is no host with a port, as in siem.example:6514, 192.0.2.7:514 or [2001:db8::7]:514"
        );
        problem(settings, problems, name, &what);
        return None;
    }
    Some(address)
}

/// The host of an address without the brackets of IPv6, and the port.
pub(crate) fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    let is_name = !host.is_empty()
        && host.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_'));
    let is_host = if bare.is_some() { host.parse::<std::net::Ipv6Addr>().is_ok() } else { is_name };
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    is_host.then_some((host, port))
}

fn receiver(table: &str, settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<Receiver> {
    let key = |name: &str| format!("{table}.{name}");
    let address = address(&key("address"), settings, problems)?;
    let transport = match settings.text(&key("transport")).as_str() {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        _ => Transport::Tls(tls(table, &address, settings, problems)?),
    };
    Some(Receiver {
        address,
        transport,
        facility: facility(&settings.text(&key("facility"))).unwrap_or(16),
        enterprise: settings.number("syslog.enterprise_number"),
    })
}

fn tls(table: &str, address: &str, settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<Tls> {
    let path = |name: &str| settings.some(&format!("{table}.{name}")).map(PathBuf::from);
    let own = match (path("certificate_file"), path("key_file")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            problem(settings, problems, &format!("{table}.certificate_file"), "it and key_file go together");
            None
        }
    };
    let Some(ca) = path("ca_file") else {
        let what = "TLS needs the certificates of the authorities that are trusted (PEM)";
        problem(settings, problems, &format!("{table}.ca_file"), what);
        return None;
    };
    let host = host_and_port(address).map(|(host, _)| host.to_owned()).unwrap_or_default();
    Some(Tls { ca, own, server_name: settings.some(&format!("{table}.server_name")).unwrap_or(host) })
}

fn mqtt(settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<Mqtt> {
    let address = address("mqtt.address", settings, problems)?;
    let tls =
        if settings.switch("mqtt.tls") { Some(tls("mqtt", &address, settings, problems)?) } else { None };
    let topic = settings.text("mqtt.topic");
    if topic.is_empty() || topic.contains(['+', '#', '\0']) || topic.starts_with('$') {
        problem(settings, problems, "mqtt.topic", &format!("\"{topic}\" is no beginning of topics"));
    }
    Some(Mqtt {
        address,
        tls,
        client_id: settings.text("mqtt.client_id"),
        user: settings.text("mqtt.user"),
        password: settings.some("mqtt.password_file").map(PathBuf::from),
        topic: topic.trim_end_matches('/').to_owned(),
    })
}

fn listen(settings: &Settings<'_>, problems: &mut Vec<Problem>) -> Option<Listen> {
    let name = "metrics.listen";
    let text = settings.some(name)?;
    if let Some(path) = text.strip_prefix("unix:") {
        if path.starts_with('/') {
            return Some(Listen::Unix(path.into()));
        }
        problem(
            settings,
            problems,
            name,
            "a Unix socket needs an absolute path, as in unix:/run/tapledger-notify/metrics.sock",
        );
        return None;
    }
    let Ok(address) = text.parse::<SocketAddr>() else {
        let what =
            format!("\"{text}\" is neither unix:/PATH nor an address with a port, as in 127.0.0.1:9810");
        problem(settings, problems, name, &what);
        return None;
    };
    if !address.ip().is_loopback() && !settings.switch("metrics.beyond_loopback") {
        let what = format!(
            "{address} is not on this machine alone, and whoever reaches it may read the metrics, which no password protects; \
             metrics.beyond_loopback = true allows it"
        );
        problem(settings, problems, name, &what);
        return None;
    }
    Some(Listen::Tcp(address))
}
