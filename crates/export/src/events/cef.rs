//! Events as ArcSight's Common Event Format, version 0, behind the syslog prefix that its specification shows:
//! `<133>Jan  2 03:04:05 sensor1 CEF:0|tapledger|tapledger|0.1.0|first_program|first program|8|rt=…`. Times are UTC.

use std::net::IpAddr;

use inventory::Severity;

use super::syslog::{MESSAGE_OCTETS_MAX, Sender, header_field, priority};
use super::{Class, Event, Party, cut};
use crate::time::printed;

/// Octets of an extension's value that are tried, longest first, until the message fits.
const VALUE_OCTETS: [usize; 6] = [1000, 500, 250, 120, 60, 16];

/// The event as one message without framing.
#[must_use]
pub fn message(event: &Event, sender: &Sender) -> String {
    let mut text = String::new();
    for octets in VALUE_OCTETS {
        text = with_values(event, sender, octets);
        if text.len() <= MESSAGE_OCTETS_MAX {
            break;
        }
    }
    text
}

/// 0 to 10, 7 and above is high.
fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Information => 2,
        Severity::Notice => 5,
        Severity::Warning => 8,
    }
}

fn with_values(event: &Event, sender: &Sender, octets: usize) -> String {
    let mut text = format!(
        "<{}>{} {} CEF:0|tapledger|tapledger|{}|{}|{}|{}|",
        priority(sender.facility, event.severity),
        printed(event.time, "%b %e %H:%M:%S"),
        header_field(&sender.hostname, 255),
        header(&cut(&sender.version, octets)),
        header(&cut(&event.kind, octets)),
        header(&cut(&event.kind.replace('_', " "), octets)),
        severity(event.severity),
    );
    let mut is_first = true;
    let mut add = |key: &str, value: &str, max: usize| {
        if !value.is_empty() {
            let blank = if std::mem::take(&mut is_first) { "" } else { " " };
            text.push_str(&format!("{blank}{key}={}", extension(&cut(value, octets.min(max)))));
        }
    };
    // Lengths are those of the dictionary.
    add("rt", &event.time.0.div_euclid(1_000_000).to_string(), 20);
    add("externalId", &event.id, 40);
    add("cat", event.class.as_str(), 1023);
    add("dvchost", &sender.hostname, 100);
    let [asset, peer] = &event.parties;
    party(&mut add, asset.as_ref(), ["shost", "src", "smac", "c6a2", "Source IPv6 Address"]);
    party(&mut add, peer.as_ref(), ["dhost", "dst", "dmac", "c6a3", "Destination IPv6 Address"]);
    if let Some(count) = event.count {
        // A 32-bit integer in the dictionary.
        add("cnt", &count.min(0x7fff_ffff).to_string(), 10);
    }
    let id = |party: &Option<Party>| party.as_ref().map(|party| party.id.clone()).unwrap_or_default();
    let [subject, before, after] = match event.class {
        Class::Change => ["subject", "before", "after"],
        Class::Finding => ["about", "stateBefore", "state"],
        Class::Journal => ["journalLine", "hashBefore", "hash"],
    };
    let texts = [
        ("cs1", "assetId", id(asset)),
        ("cs2", "peerId", id(peer)),
        ("cs3", subject, event.subject.clone()),
        ("cs4", before, event.before.clone().unwrap_or_default()),
        ("cs5", after, event.after.clone().unwrap_or_default()),
        ("cs6", "site", event.site.clone()),
    ];
    for (key, label, value) in texts {
        if !value.is_empty() {
            add(&format!("{key}Label"), label, 1023);
            add(key, &value, 4000);
        }
    }
    add("msg", &event.text, 1023);
    text
}

fn party(add: &mut impl FnMut(&str, &str, usize), party: Option<&Party>, keys: [&str; 5]) {
    let Some(party) = party else { return };
    let [host, ip, mac, ip6, ip6_label] = keys;
    add(host, &party.name, 1023);
    match party.ip {
        Some(IpAddr::V4(address)) => add(ip, &address.to_string(), 15),
        Some(IpAddr::V6(address)) => {
            add(&format!("{ip6}Label"), ip6_label, 1023);
            add(ip6, &address.to_string(), 45);
        }
        None => {}
    }
    add(mac, party.mac.as_deref().unwrap_or_default(), 17);
}

/// A field of the header: `\` and `|` have a backslash before them, and there are no line ends.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\r', '\n'], " ")
}

/// A value of the extension: `\` and `=` have a backslash before them, line ends are `\n` and `\r`.
fn extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n").replace('\r', "\\r")
}
