//! Services outside that equipment is reached by or sends to, by the domain of their hosts: remote access portals, clouds
//! for equipment, and services of artificial intelligence.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Domain, tab, kind, tab, service. The first line names source and date.
const SERVICES: &str = include_str!("remote_services.tsv");

/// Kind of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// People reach equipment by it.
    RemoteAccess,
    /// Equipment sends what it measures.
    Cloud,
    /// A model answers.
    Ai,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::RemoteAccess => "remote access",
            Self::Cloud => "cloud",
            Self::Ai => "ai",
        }
    }
}

/// The service of this kind that a host belongs to; the longest domain that fits counts.
pub(crate) fn service(host: &str, kind: Kind) -> Option<&'static str> {
    find(host).filter(|(word, _)| *word == kind.word()).map(|(_, service)| service)
}

/// True if the host belongs to any of the services.
pub(crate) fn is_known(host: &str) -> bool {
    find(host).is_some()
}

/// Kind and service by domain. Every name that is asked for is looked up, so the lines are taken apart once only.
static BY_DOMAIN: LazyLock<HashMap<&str, (&str, &str)>> = LazyLock::new(|| {
    let rows = SERVICES.lines().skip(1).filter_map(|line| {
        let (domain, rest) = line.split_once('\t')?;
        Some((domain, rest.split_once('\t')?))
    });
    rows.collect()
});

/// The service of the longest domain that the host is within. Regions stand in the middle of hosts of AWS IoT
/// (`x-ats.iot.eu-central-1.amazonaws.com`), so a domain that begins with `iot.` fits these, too.
fn find(host: &str) -> Option<(&'static str, &'static str)> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_iot = host.split('.').any(|label| label == "iot");
    let mut best: Option<(usize, (&'static str, &'static str))> = None;
    let mut rest = host.as_str();
    loop {
        let direct = BY_DOMAIN.get(rest).map(|found| (rest.len(), *found));
        let things = if is_iot { BY_DOMAIN.get(format!("iot.{rest}").as_str()) } else { None };
        let things = things.map(|found| (rest.len().saturating_add(4), *found));
        for candidate in [direct, things].into_iter().flatten() {
            if best.is_none_or(|(length, _)| candidate.0 > length) {
                best = Some(candidate);
            }
        }
        match rest.split_once('.') {
            Some((_, shorter)) => rest = shorter,
            None => return best.map(|(_, found)| found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_to_the_longest_domain() {
        assert_eq!(service("router15.TeamViewer.com", Kind::RemoteAccess), Some("TeamViewer"));
        assert_eq!(service("notteamviewer.com", Kind::RemoteAccess), None);
        assert_eq!(service("a1b2-ats.iot.eu-central-1.amazonaws.com", Kind::Cloud), Some("AWS IoT"));
        assert_eq!(service("bucket.s3.amazonaws.com", Kind::Cloud), Some("Amazon Web Services"));
        assert_eq!(service("api.openai.com.", Kind::Ai), Some("OpenAI"));
        assert_eq!(service("api.openai.com", Kind::Cloud), None);
        assert!(is_known("m2.talk2m.com") && !is_known("plc1.plant.example") && !is_known(""));
    }

    #[test]
    fn every_row_has_a_kind_and_stands_once() {
        let mut domains = std::collections::BTreeSet::new();
        assert!(SERVICES.starts_with("# domain\tkind\tservice"));
        for line in SERVICES.lines().skip(1) {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "{line}");
            let known =
                [Kind::RemoteAccess, Kind::Cloud, Kind::Ai].iter().any(|kind| kind.word() == fields[1]);
            assert!(known && domains.insert(fields[0]), "{line}");
        }
    }
}
