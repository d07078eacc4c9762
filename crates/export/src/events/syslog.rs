//! Events as syslog messages, RFC 5424, with structured data.
//!
//! ```text
//! <133>1 2026-01-02T03:04:05.000001Z sensor1 tapledger - first_program [origin …][meta …][change@32473 id="…" …] BOM text
//! ```
//!
//! The structured data of an event is named `change`, `finding` or `journal` at the enterprise number; 32473 is the one
//! that RFC 5612 keeps for documentation.

use inventory::Severity;
use observation::Time;

use super::{Event, Party, cut};
use crate::time::rfc3339;

/// The enterprise number of RFC 5612, where nobody has one.
pub const ENTERPRISE_EXAMPLE: u32 = 32_473;

/// Octets of one message at most: what every receiver should take (RFC 5424 section 6.1).
pub const MESSAGE_OCTETS_MAX: usize = 2048;

/// Octets of a parameter's value and of the text that are tried, longest first, until the message fits.
const VALUE_OCTETS: [usize; 6] = [1024, 512, 256, 128, 64, 16];

/// Facilities by name (RFC 5424 section 6.2.1), in the order of their numbers.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// The number of a facility.
#[must_use]
pub fn facility(name: &str) -> Option<u8> {
    FACILITIES.iter().position(|known| *known == name).and_then(|number| u8::try_from(number).ok())
}

/// What a message says of who sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Facility, 0 to 23.
    pub facility: u8,
    /// Name of the machine or sensor.
    pub hostname: String,
    /// Version of the program.
    pub version: String,
    /// Private enterprise number that structured data is named by.
    pub enterprise: u32,
}

/// PRI of a severity: 6 informational, 5 notice, 4 warning (RFC 5424 section 6.2.1).
pub(super) fn priority(facility: u8, severity: Severity) -> u8 {
    let severity = match severity {
        Severity::Information => 6,
        Severity::Notice => 5,
        Severity::Warning => 4,
    };
    facility.min(23).saturating_mul(8).saturating_add(severity)
}

/// Visible ASCII of a header field, others as `_`, cut; `-` for nothing.
pub(super) fn header_field(text: &str, max: usize) -> String {
    let field: String = text
        .chars()
        .map(|character| if character.is_ascii_graphic() { character } else { '_' })
        .take(max)
        .collect();
    if field.is_empty() { "-".to_owned() } else { field }
}

/// The event as one message without framing. `sequence` counts the messages of a run from 1 on (RFC 5424 section 7.3.1).
#[must_use]
pub fn message(event: &Event, sender: &Sender, sequence: u32) -> String {
    let mut text = String::new();
    for octets in VALUE_OCTETS {
        text = with_values(event, sender, sequence, octets);
        if text.len() <= MESSAGE_OCTETS_MAX {
            break;
        }
    }
    text
}

fn with_values(event: &Event, sender: &Sender, sequence: u32, octets: usize) -> String {
    // TIME-SECFRAC has at most six digits.
    let time = rfc3339(Time(event.time.0.saturating_sub(event.time.0.rem_euclid(1000))));
    let enterprise = sender.enterprise;
    let mut text = format!(
        "<{}>1 {time} {} tapledger - {} ",
        priority(sender.facility, event.severity),
        header_field(&sender.hostname, 255),
        header_field(&event.kind, 32),
    );
    let mut element = |name: String, parameters: &[(&str, Option<&str>)]| {
        text.push('[');
        text.push_str(&name);
        for (name, value) in parameters {
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            text.push_str(&format!(" {name}=\"{}\"", escaped(&cut(value, octets))));
        }
        text.push(']');
    };
    element(
        "origin".to_owned(),
        &[
            ("software", Some("tapledger")),
            ("swVersion", Some(&sender.version)),
            ("enterpriseId", Some(&enterprise.to_string())),
        ],
    );
    // 1 to 2147483647.
    let sequence = sequence.saturating_sub(1) % 0x7fff_ffff;
    element("meta".to_owned(), &[("sequenceId", Some(&sequence.saturating_add(1).to_string()))]);
    let count = event.count.map(|count| count.to_string());
    let [asset, peer] = &event.parties;
    let of = |party: &Option<Party>| {
        let party = party.clone().unwrap_or_default();
        (party.id, party.name, party.ip.map(|ip| ip.to_string()), party.mac)
    };
    let (asset, peer) = (of(asset), of(peer));
    element(
        format!("{}@{enterprise}", event.class.as_str()),
        &[
            ("id", Some(&event.id)),
            ("kind", Some(&event.kind)),
            ("severity", Some(event.severity.as_str())),
            ("site", Some(&event.site)),
            ("asset", Some(&asset.0)),
            ("assetName", Some(&asset.1)),
            ("assetIp", asset.2.as_deref()),
            ("assetMac", asset.3.as_deref()),
            ("peer", Some(&peer.0)),
            ("peerName", Some(&peer.1)),
            ("peerIp", peer.2.as_deref()),
            ("peerMac", peer.3.as_deref()),
            ("subject", Some(&event.subject)),
            ("before", event.before.as_deref()),
            ("after", event.after.as_deref()),
            ("count", count.as_deref()),
        ],
    );
    text.push_str(" \u{feff}");
    text.push_str(&cut(&event.text, octets));
    text
}

/// A parameter's value: `"`, `\` and `]` have a backslash before them (RFC 5424 section 6.3.3).
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '"' | '\\' | ']') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// The message as TCP and TLS carry it: its length in octets, a blank, the message (RFC 6587 section 3.4.1, RFC 5425
/// section 4.3).
#[must_use]
pub fn counted(message: &str) -> Vec<u8> {
    let mut framed = format!("{} ", message.len()).into_bytes();
    framed.extend_from_slice(message.as_bytes());
    framed
}
