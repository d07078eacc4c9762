//! Services outside that equipment is reached by or sends to, by the domain of their hosts: remote access portals, clouds
//! for equipment, and services of artificial intelligence. Decoders say which service a name belongs to, and the inventory
//! what whoever calls it is; both ask this one table.

use std::sync::LazyLock;

/// Domain, tab, kind, tab, service. The first line names source and date.
const SERVICES: &str = include_str!("services.tsv");

/// Kind of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKind {
    /// A model answers.
    Ai,
    /// Equipment sends what it measures.
    Cloud,
    /// People reach equipment by it.
    RemoteAccess,
}

impl ServiceKind {
    const ALL: [Self; 3] = [Self::Ai, Self::Cloud, Self::RemoteAccess];

    fn word(self) -> &'static str {
        match self {
            Self::RemoteAccess => "remote access",
            Self::Cloud => "cloud",
            Self::Ai => "ai",
        }
    }
}

/// A service by which equipment is reached, or that it sends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// What it is for.
    pub kind: ServiceKind,
    /// Its name.
    pub name: &'static str,
}

impl Service {
    /// The service that a host belongs to; the longest domain that fits counts.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        find(host)
    }

    /// True if a host with these last two labels, each behind the octet of its length, surely belongs to none of the
    /// services: told by a look, as every domain of theirs has two labels at least. False if it may belong to one.
    #[must_use]
    pub fn is_surely_none_at_end(labels: [&[u8]; 2]) -> bool {
        let mut print = 0;
        for (at, label) in labels.into_iter().enumerate() {
            if at > 0 {
                print = print_with(print, b'.');
            }
            for octet in label.get(1..).unwrap_or_default() {
                if !(octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')) {
                    return false;
                }
                print = print_with(print, octet.to_ascii_lowercase());
            }
        }
        let (word, bit) = place_of(print);
        ENDS.get(word).is_none_or(|word| word & bit == 0)
    }

    /// True if the host of these labels, each behind the octet of its length, surely belongs to none of the services:
    /// what nearly every question is about, told without making the name. False if it does, or where a label holds
    /// octets that are shown otherwise than they stand.
    #[must_use]
    pub fn is_surely_none<'l>(labels: impl Iterator<Item = &'l [u8]>) -> bool {
        let mut name = [0_u8; NAME_OCTETS_MAX];
        let mut length = 0_usize;
        for label in labels {
            let label = label.get(1..).unwrap_or_default();
            if length > 0 {
                let Some(dot) = name.get_mut(length) else { return false };
                *dot = b'.';
                length = length.saturating_add(1);
            }
            let end = length.saturating_add(label.len());
            let Some(place) = name.get_mut(length..end) else { return false };
            for (to, octet) in place.iter_mut().zip(label) {
                if !(octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')) {
                    return false;
                }
                *to = octet.to_ascii_lowercase();
            }
            length = end;
        }
        name.get(..length).is_some_and(|name| find_lower(name).is_none())
    }
}

/// Kind and service by domain, sorted. Every name that is asked for is looked up, with each of its parents, so the lines
/// are taken apart once only, and nothing is hashed: to find that a name is not there takes a few comparisons.
static BY_DOMAIN: LazyLock<Vec<(&[u8], Service)>> = LazyLock::new(|| {
    let rows = SERVICES.lines().skip(1).filter_map(|line| {
        let (domain, rest) = line.split_once('\t')?;
        let (kind, name) = rest.split_once('\t')?;
        let kind = ServiceKind::ALL.into_iter().find(|known| known.word() == kind)?;
        Some((domain.as_bytes(), Service { kind, name }))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by_key(|(domain, _)| *domain);
    rows
});

/// The service of exactly this domain.
fn of_domain(domain: &[u8]) -> Option<Service> {
    let at = BY_DOMAIN.binary_search_by_key(&domain, |(known, _)| known).ok()?;
    BY_DOMAIN.get(at).map(|(_, service)| *service)
}

/// What stands before the domain where regions stand in the middle of hosts.
const THINGS: &[u8] = b"iot";

/// The service of the longest domain that the host is within. Regions stand in the middle of hosts of AWS IoT
/// (`x-ats.iot.eu-central-1.amazonaws.com`), so a domain that begins with `iot.` fits these, too.
fn find(host: &str) -> Option<Service> {
    find_lower(host.trim_end_matches('.').to_ascii_lowercase().as_bytes())
}

/// Fingerprints of all domains, each a bit: nearly every name that is asked for is within none of them, which one pass
/// over its octets tells.
static PRINTS: LazyLock<[u64; PRINTS_WORDS]> = LazyLock::new(|| {
    let mut bits = [0; PRINTS_WORDS];
    for (domain, _) in BY_DOMAIN.iter() {
        let (word, bit) = place_of(domain.iter().rev().fold(0, |print, octet| print_with(print, *octet)));
        if let Some(word) = bits.get_mut(word) {
            *word |= bit;
        }
    }
    bits
});

/// Fingerprints of the last two labels of all domains.
static ENDS: LazyLock<[u64; PRINTS_WORDS]> = LazyLock::new(|| {
    let mut bits = [0; PRINTS_WORDS];
    for (domain, _) in BY_DOMAIN.iter() {
        let mut labels = domain.rsplit(|octet| *octet == b'.');
        let (last, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
        let (word, bit) = place_of([second, last].join(&b'.').into_iter().fold(0, print_with));
        if let Some(word) = bits.get_mut(word) {
            *word |= bit;
        }
    }
    bits
});

/// Words of 64 fingerprints: some thirty times as many bits as domains. A power of two.
const PRINTS_WORDS: usize = 128;

/// A fingerprint of what stands behind an octet and the octet.
fn print_with(print: u32, octet: u8) -> u32 {
    (print ^ u32::from(octet)).wrapping_add(1).wrapping_mul(0x9e37_79b1)
}

/// Where the bit of a fingerprint stands.
fn place_of(print: u32) -> (usize, u64) {
    ((print >> 25) as usize & (PRINTS_WORDS - 1), 1 << (print >> 19 & 0x3f))
}

/// False if the host is surely within none of the domains.
fn may_be_known(host: &[u8]) -> bool {
    let prints = &*PRINTS;
    let fits = |print: u32, label: Option<&[u8]>| {
        let (word, bit) = place_of(print);
        label == Some(THINGS) || prints.get(word).is_some_and(|word| word & bit != 0)
    };
    let (mut print, mut end) = (0, host.len());
    for (at, octet) in host.iter().enumerate().rev() {
        if *octet == b'.' {
            if fits(print, host.get(at.saturating_add(1)..end)) {
                return true;
            }
            end = at;
        }
        print = print_with(print, *octet);
    }
    fits(print, host.get(..end))
}

/// As [`find`], of a host in lower case that does not end with a dot. Takes no memory.
fn find_lower(host: &[u8]) -> Option<Service> {
    if !may_be_known(host) {
        return None;
    }
    let is_iot = host.split(|octet| *octet == b'.').any(|label| label == THINGS);
    let mut best: Option<(usize, Service)> = None;
    let mut rest = host;
    loop {
        let direct = of_domain(rest).map(|found| (rest.len(), found));
        let things = if is_iot { of_domain(&[THINGS, rest].join(&b'.')) } else { None };
        let things = things.map(|found| (rest.len().saturating_add(4), found));
        for candidate in [direct, things].into_iter().flatten() {
            if best.is_none_or(|(length, _)| candidate.0 > length) {
                best = Some(candidate);
            }
        }
        match rest.iter().position(|octet| *octet == b'.').and_then(|dot| rest.get(dot.saturating_add(1)..)) {
            Some(shorter) => rest = shorter,
            None => return best.map(|(_, found)| found),
        }
    }
}

/// Octets of a name in a message of the domain name system at most (RFC 1035 section 2.3.4).
const NAME_OCTETS_MAX: usize = 255;

#[cfg(test)]
#[allow(clippy::panic, reason = "a test")]
mod tests {
    use super::*;

    fn service(host: &str) -> Option<(&'static str, ServiceKind)> {
        Service::of_host(host).map(|service| (service.name, service.kind))
    }

    #[test]
    fn hosts_belong_to_the_longest_domain() {
        assert_eq!(service("router15.TeamViewer.com"), Some(("TeamViewer", ServiceKind::RemoteAccess)));
        assert_eq!(service("notteamviewer.com"), None);
        assert_eq!(service("teamviewer.com.evil.example"), None);
        assert_eq!(service("a1b2-ats.iot.eu-central-1.amazonaws.com"), Some(("AWS IoT", ServiceKind::Cloud)));
        assert_eq!(service("bucket.s3.amazonaws.com"), Some(("Amazon Web Services", ServiceKind::Cloud)));
        assert_eq!(service("api.openai.com."), Some(("OpenAI", ServiceKind::Ai)));
        assert_eq!(service("plant-7.openai.azure.com"), Some(("Azure OpenAI", ServiceKind::Ai)));
        assert_eq!((service("plc1.plant.example"), service("")), (None, None));
    }

    #[test]
    fn a_name_is_surely_none_only_if_it_is_not_known() {
        let surely = |host: &str| {
            let labels = host.split('.').map(|label| [&[label.len() as u8], label.as_bytes()].concat());
            let labels: Vec<Vec<u8>> = labels.collect();
            Service::is_surely_none(labels.iter().map(Vec::as_slice))
        };
        assert!(surely("plc1.plant.example") && surely("notteamviewer.com") && surely(""));
        for line in SERVICES.lines().skip(1) {
            let domain = line.split('\t').next().unwrap_or_default();
            for host in [domain.to_owned(), format!("Host-1.{}", domain.to_uppercase())] {
                assert!(!surely(&host), "{host}");
            }
        }
        assert!(!surely("a1b2-ats.iot.eu-central-1.amazonaws.com"));
        // What is shown escaped, or holds a dot within a label, is left to the rules.
        assert!(
            !surely("pl\x1bc1.example") && !Service::is_surely_none([&b"\x0ateamviewer.com"[..]].into_iter())
        );
        assert!(!surely(&["a"; 200].join(".")));
    }

    #[test]
    fn the_last_two_labels_tell_that_a_name_is_none() {
        let surely = |host: &str| {
            let labels: Vec<Vec<u8>> =
                host.split('.').map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
            let label = |back: usize| labels.len().checked_sub(back).map_or(&[][..], |at| &labels[at]);
            Service::is_surely_none_at_end([label(2), label(1)])
        };
        assert!(surely("plc1.plant.example") && surely("notteamviewer.com") && surely("") && surely("plc1"));
        assert!(!surely("pl\x1bc1.example"));
        for line in SERVICES.lines().skip(1) {
            let domain = line.split('\t').next().unwrap_or_default();
            assert!(domain.contains('.'), "{domain} has one label");
            for host in [domain.to_owned(), format!("Host-1.{}", domain.to_uppercase())] {
                assert!(!surely(&host), "{host}");
            }
        }
        assert!(!surely("a1b2-ats.iot.eu-central-1.amazonaws.com"));
    }

    #[test]
    fn every_row_is_read_and_stands_once() {
        let mut domains = std::collections::BTreeSet::new();
        assert!(SERVICES.starts_with("# domain\tkind\tservice"));
        assert!(SERVICES.lines().skip(1).is_sorted());
        for line in SERVICES.lines().skip(1) {
            let [domain, kind, name] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(domains.insert(domain), "{line}");
            assert_eq!(service(domain).map(|(name, kind)| (kind.word(), name)), Some((kind, name)));
        }
    }
}
