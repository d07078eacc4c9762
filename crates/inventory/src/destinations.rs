//! Whom an asset calls by name: services of artificial intelligence, clouds, portals for remote access.

use std::collections::BTreeSet;

use crate::model::{Asset, AssetEnd, Conversation, Role};
use crate::roles::{Claims, list};
use crate::rules::operations::is_industrial;
use observation::{Basis, OperationKind};

/// Domain suffix, service and kind, tab-separated, sorted. The first line names the source.
static TABLE: &str = include_str!("../data/destinations.tsv");

/// Attributes that hold names which a client calls.
const CALLED: &[&str] = &["tls.server_name", "http.host", "dns.query", "dns.cloud", "dns.remote_access"];

/// Protocols by which data is handed on, and the port of one that has none of its own.
const HANDED_ON: &[&str] = &["mqtt", "sparkplug", "amqp", "kafka"];
const KAFKA: u16 = 9092;

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ai,
    Cloud,
    RemoteAccess,
}

/// The service behind a host name: that of the longest suffix of whole labels.
fn service(name: &str) -> Option<(&'static str, Kind)> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let known = TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let (suffix, service) = (columns.next()?, columns.next()?);
        let kind = match columns.next()? {
            "ai" => Kind::Ai,
            "cloud" => Kind::Cloud,
            _ => Kind::RemoteAccess,
        };
        let above = name.strip_suffix(suffix)?;
        (above.is_empty() || above.ends_with('.')).then_some((suffix.len(), service, kind))
    });
    known.max().map(|(_, service, kind)| (service, kind))
}

/// What an asset is by whom it calls. Who reads controllers and calls a cloud hands their data on; who reads controllers
/// and calls a service of artificial intelligence is such a system; who calls a portal for remote access is an end of it.
pub(crate) fn of_destinations(
    asset: &Asset,
    index: usize,
    conversations: &[&Conversation],
    claims: &mut Claims,
) {
    let own = AssetEnd::Asset(index);
    let asks = |conversation: &&&Conversation| conversation.client == own && conversation.frames[0] > 0;
    let reads = conversations.iter().filter(asks).any(|conversation| {
        let count = conversation.operations.get(OperationKind::Read.as_str()).copied().unwrap_or(0);
        is_industrial(&conversation.protocol) && count > 0
    });
    let called: BTreeSet<(Kind, &str, String)> = CALLED
        .iter()
        .flat_map(|name| asset.attributes.get(*name).into_iter().flatten())
        .filter_map(|said| service(&said.value).map(|(service, kind)| (kind, service, said.value.clone())))
        .collect();
    let of_kind = |kind: Kind| {
        let names: Vec<_> = called
            .iter()
            .filter(|(of, ..)| *of == kind)
            .map(|(_, service, name)| format!("{service} ({name})"))
            .collect();
        (!names.is_empty()).then(|| list(names.into_iter()))
    };
    if let Some(services) = of_kind(Kind::RemoteAccess) {
        claims.add(Role::RemoteAccess, Basis::Inferred, format!("calls {services}"));
    }
    if !reads || claims.is_field() {
        return;
    }
    if let Some(services) = of_kind(Kind::Ai) {
        claims.add(Role::AiSystem, Basis::Inferred, format!("reads controllers and calls {services}"));
    }
    if let Some(services) = of_kind(Kind::Cloud) {
        claims.add(Role::DataGateway, Basis::Inferred, format!("reads controllers and calls {services}"));
    }
    let hands_on: BTreeSet<&str> = conversations
        .iter()
        .filter(asks)
        .filter_map(|conversation| match conversation.protocol.as_str() {
            "tcp" if conversation.port == KAFKA => Some("kafka, by its port"),
            protocol => HANDED_ON.iter().copied().find(|known| *known == protocol),
        })
        .collect();
    if !hands_on.is_empty() {
        let protocols = list(hands_on.into_iter().map(str::to_owned));
        claims.add(
            Role::DataGateway,
            Basis::Inferred,
            format!("reads controllers and hands on by {protocols}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_suffix_of_whole_labels_tells_the_service() {
        assert_eq!(service("plant-7.openai.azure.com"), Some(("Azure OpenAI", Kind::Ai)));
        assert_eq!(service("DEVICE.Talk2M.com."), Some(("Ewon Talk2M", Kind::RemoteAccess)));
        assert_eq!(
            service("a1b2-ats.iot.eu-central-1.amazonaws.com"),
            Some(("Amazon Web Services", Kind::Cloud))
        );
        assert_eq!(service("openai.com"), Some(("OpenAI", Kind::Ai)));
        assert_eq!(service("notopenai.com"), None);
        assert_eq!(service("openai.com.evil.example"), None);
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines: Vec<_> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted());
        for line in lines {
            let columns: Vec<_> = line.split('\t').collect();
            let [suffix, name, kind] = columns[..] else { panic!("{line}") };
            assert_eq!(service(suffix).map(|(name, _)| name), Some(name), "{line}");
            assert!(matches!(kind, "ai" | "cloud" | "remote_access"), "{line}");
        }
    }
}
