//! Every key of the configuration: its name, what it may hold, and what it is if nobody says.

use ::export::events::syslog::{ENTERPRISE_EXAMPLE, FACILITIES};

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// An integer from the first to the last of these.
    Integer(i64, i64),
    /// Seconds, with or without a fraction, from the first to the last of these.
    Seconds(f64, f64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
}

/// What a key is if nobody says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Preset {
    Text(&'static str),
    Integer(i64),
    Seconds(f64),
    Switch(bool),
    Empty,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Key {
    /// With the table it stands in: `queue.frames_max`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) preset: Preset,
}

const fn key(name: &'static str, kind: Kind, preset: Preset) -> Key {
    Key { name, kind, preset }
}

/// Days that a retention may be set to: a century.
const DAYS_MAX: i64 = 36_525;

/// Minutes that something may be said each: a week.
const MINUTES_MAX: i64 = 10_080;

/// How syslog messages travel.
const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];

/// Keys of the whole sensor.
pub(crate) const KEYS: [Key; 52] = [
    key("site", Kind::Text, Preset::Text("default")),
    key("sensor", Kind::Text, Preset::Text("")),
    key("register", Kind::Text, Preset::Text("/var/lib/tapledger/register.db")),
    key("prefixes", Kind::Texts, Preset::Empty),
    // A flow waits some batches for the payload that names its protocol.
    key("batch_seconds", Kind::Seconds(0.5, 1.0), Preset::Seconds(1.0)),
    key("memory_mib", Kind::Integer(128, 1_048_576), Preset::Integer(1024)),
    key("queue.frames_max", Kind::Integer(1024, 16_777_216), Preset::Integer(262_144)),
    key("queue.octets_max", Kind::Integer(4 << 20, 4 << 30), Preset::Integer(64 << 20)),
    key("log.format", Kind::Word(&["journald", "json", "text"]), Preset::Text("journald")),
    key("log.level", Kind::Word(&["error", "warn", "info", "debug"]), Preset::Text("info")),
    key("retention.days_detail", Kind::Integer(0, DAYS_MAX), Preset::Integer(30)),
    key("retention.days_conversations", Kind::Integer(0, DAYS_MAX), Preset::Integer(90)),
    key("pcap_ring.directory", Kind::Text, Preset::Text("")),
    key("pcap_ring.octets_max", Kind::Integer(16 << 20, 1 << 50), Preset::Integer(8 << 30)),
    key("pcap_ring.file_octets", Kind::Integer(0, 1 << 40), Preset::Integer(0)),
    key("pcap_ring.free_min_percent", Kind::Integer(1, 90), Preset::Integer(10)),
    key("interface", Kind::Texts, Preset::Empty),
    // What follows is of the second unit, `tapledger notify`.
    key("notify.state_directory", Kind::Text, Preset::Text("/var/lib/tapledger/notify")),
    key("notify.interval_seconds", Kind::Seconds(0.1, 3600.0), Preset::Seconds(10.0)),
    key("notify.learned", Kind::Switch, Preset::Switch(false)),
    key(
        "notify.findings_min",
        Kind::Word(&["information", "notice", "warning"]),
        Preset::Text("information"),
    ),
    key("notify.journal_minutes", Kind::Integer(0, MINUTES_MAX), Preset::Integer(60)),
    key("syslog.address", Kind::Text, Preset::Text("")),
    key("syslog.transport", Kind::Word(&TRANSPORTS), Preset::Text("tls")),
    key("syslog.facility", Kind::Word(&FACILITIES), Preset::Text("local0")),
    // 32473 is the number that RFC 5612 keeps for examples: tapledger has none of its own.
    key(
        "syslog.enterprise_number",
        Kind::Integer(1, u32::MAX as i64),
        Preset::Integer(ENTERPRISE_EXAMPLE as i64),
    ),
    key("syslog.ca_file", Kind::Text, Preset::Text("")),
    key("syslog.certificate_file", Kind::Text, Preset::Text("")),
    key("syslog.key_file", Kind::Text, Preset::Text("")),
    key("syslog.server_name", Kind::Text, Preset::Text("")),
    key("cef.address", Kind::Text, Preset::Text("")),
    key("cef.transport", Kind::Word(&TRANSPORTS), Preset::Text("tls")),
    key("cef.facility", Kind::Word(&FACILITIES), Preset::Text("local0")),
    key("cef.ca_file", Kind::Text, Preset::Text("")),
    key("cef.certificate_file", Kind::Text, Preset::Text("")),
    key("cef.key_file", Kind::Text, Preset::Text("")),
    key("cef.server_name", Kind::Text, Preset::Text("")),
    key("mqtt.address", Kind::Text, Preset::Text("")),
    key("mqtt.topic", Kind::Text, Preset::Text("tapledger")),
    key("mqtt.client_id", Kind::Text, Preset::Text("")),
    key("mqtt.user", Kind::Text, Preset::Text("")),
    key("mqtt.password_file", Kind::Text, Preset::Text("")),
    key("mqtt.tls", Kind::Switch, Preset::Switch(true)),
    key("mqtt.ca_file", Kind::Text, Preset::Text("")),
    key("mqtt.certificate_file", Kind::Text, Preset::Text("")),
    key("mqtt.key_file", Kind::Text, Preset::Text("")),
    key("mqtt.server_name", Kind::Text, Preset::Text("")),
    key("metrics.listen", Kind::Text, Preset::Text("")),
    key("metrics.beyond_loopback", Kind::Switch, Preset::Switch(false)),
    key("export.directory", Kind::Text, Preset::Text("")),
    key("export.minutes", Kind::Integer(1, MINUTES_MAX), Preset::Integer(60)),
    key("export.kept_max", Kind::Integer(1, 1_000_000), Preset::Integer(48)),
];

/// Name of the list of interfaces among [`KEYS`]: in a file an array of tables, elsewhere names.
pub(crate) const INTERFACE: &str = "interface";

/// Keys of an interface.
pub(crate) const INTERFACE_KEYS: [Key; 5] = [
    key("name", Kind::Text, Preset::Text("")),
    key("filter", Kind::Text, Preset::Text("")),
    // Libpcap counts the octets of a ring in 31 bits.
    key("buffer_mib", Kind::Integer(1, 2047), Preset::Integer(64)),
    key("snaplen", Kind::Integer(64, 262_144), Preset::Integer(262_144)),
    key("promiscuous", Kind::Switch, Preset::Switch(true)),
];

/// The key of this name.
pub(crate) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The name most like this one, if any is like it at all.
pub(crate) fn nearest<'n>(names: impl Iterator<Item = &'n str>, wanted: &str) -> Option<&'n str> {
    let last = wanted.rsplit('.').next().unwrap_or(wanted);
    names
        .map(|name| {
            let own = name.rsplit('.').next().unwrap_or(name);
            (strsim::jaro_winkler(name, wanted).max(strsim::jaro_winkler(own, last)), name)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// The environment variable of a key: `TAPLEDGER_QUEUE_FRAMES_MAX`.
pub(crate) fn variable(name: &str) -> String {
    format!("TAPLEDGER_{}", name.replace('.', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_key_meant() {
        let names = || KEYS.iter().map(|key| key.name);
        assert_eq!(nearest(names(), "retention.day_detail"), Some("retention.days_detail"));
        assert_eq!(nearest(names(), "sites"), Some("site"));
        assert_eq!(nearest(names(), "free_min_percent"), Some("pcap_ring.free_min_percent"));
        assert_eq!(nearest(names(), "zzz"), None);
    }
}
