//! What usually listens on a port, for conversations whose octets no protocol claimed: a guess by number alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use observation::Transport;

use crate::model::Role;
use crate::rules::operations::UNRECOGNISED;

/// Transport, server port, name, vendor, role and source, tab-separated, sorted. The first line names the sources.
static TABLE: &str = include_str!("../data/ports.tsv");

/// What listens on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Guess {
    pub(crate) name: &'static str,
    pub(crate) role: Option<Role>,
}

static GUESSES: LazyLock<BTreeMap<(&str, u16), Vec<Guess>>> = LazyLock::new(|| {
    let mut guesses: BTreeMap<(&str, u16), Vec<Guess>> = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        if let (Some(transport), Some(port), Some(name), Some(_), Some(role)) =
            (columns.next(), columns.next(), columns.next(), columns.next(), columns.next())
            && let Ok(port) = port.parse()
        {
            let role = Role::ALL.iter().copied().find(|known| known.as_str() == role);
            guesses.entry((transport, port)).or_default().push(Guess { name, role });
        }
    }
    guesses
});

/// What usually listens there; nothing where the octets have shown a protocol.
pub(crate) fn candidates(protocol: &str, transport: Transport, port: u16) -> &'static [Guess] {
    if !UNRECOGNISED.contains(&protocol) {
        return &[];
    }
    GUESSES.get(&(transport.as_str(), port)).map_or(&[], Vec::as_slice)
}

/// What a conversation of no recognised protocol probably is, by the number of the server's port alone: "AVEVA PI Data
/// Archive", or several with "or" between where the port has several users. The basis of a guess is always `inferred`.
#[must_use]
pub fn guess_by_port(protocol: &str, transport: Transport, port: u16) -> Option<String> {
    let names: Vec<_> = candidates(protocol, transport, port).iter().map(|guess| guess.name).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// Names of protocols and products that ports stand for.
#[must_use]
pub fn guessed_names() -> std::collections::BTreeSet<&'static str> {
    GUESSES.values().flatten().map(|guess| guess.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_its_role_is_one() {
        let lines: Vec<_> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(GUESSES.values().map(Vec::len).sum::<usize>(), lines.len());
        assert!(lines.is_sorted_by_key(|line| {
            let mut columns = line.split('\t');
            (columns.next(), columns.next().and_then(|port| port.parse::<u16>().ok()), columns.next())
        }));
        for line in lines {
            let columns: Vec<_> = line.split('\t').collect();
            let [transport, _, name, _, role, source] = columns[..] else { panic!("{line}") };
            assert!(matches!(transport, "tcp" | "udp") && !name.is_empty() && !source.is_empty(), "{line}");
            assert!(role.is_empty() || Role::ALL.iter().any(|known| known.as_str() == role), "{line}");
        }
    }

    #[test]
    fn only_what_was_not_recognised_is_guessed() {
        let guess = |protocol| guess_by_port(protocol, Transport::Tcp, 5450);
        assert_eq!(guess("tcp").as_deref(), Some("AVEVA PI Data Archive"));
        assert_eq!(guess("http"), None);
        assert_eq!(guess_by_port("udp", Transport::Udp, 5450), None);
    }
}
