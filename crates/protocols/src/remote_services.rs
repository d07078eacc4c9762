//! Services outside that equipment is reached by or sends to, by the domain of their hosts: remote access portals, clouds
//! for equipment, and services of artificial intelligence.

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

fn find(host: &str) -> Option<(&'static str, &'static str)> {
    let host = host.trim_end_matches('.');
    let rows = SERVICES.lines().skip(1).filter_map(|line| {
        let (domain, rest) = line.split_once('\t')?;
        Some((domain, rest.split_once('\t')?))
    });
    rows.filter(|(domain, _)| is_within(host, domain))
        .max_by_key(|(domain, _)| domain.len())
        .map(|(_, found)| found)
}

/// True for the domain itself and for every host below it. Regions stand in the middle of hosts of AWS IoT
/// (`x-ats.iot.eu-central-1.amazonaws.com`), so a domain that begins with `iot.` fits these, too.
fn is_within(host: &str, domain: &str) -> bool {
    let ends_with = |host: &str, domain: &str| {
        let at = host.len().checked_sub(domain.len());
        at.is_some_and(|at| {
            host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
                && (at == 0 || host.as_bytes().get(at.saturating_sub(1)) == Some(&b'.'))
        })
    };
    ends_with(host, domain)
        || domain.strip_prefix("iot.").is_some_and(|rest| {
            ends_with(host, rest) && host.split('.').any(|label| label.eq_ignore_ascii_case("iot"))
        })
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
