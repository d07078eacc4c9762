//! Whom an asset calls by name: services of artificial intelligence, clouds, portals for remote access.

use std::collections::BTreeSet;

use crate::model::{Asset, AssetEnd, Conversation, Role};
use crate::roles::{Claims, list};
use crate::rules::operations::is_industrial;
use crate::talks;
use observation::{Basis, OperationKind, Service, ServiceKind};

/// Attributes that hold names which a client calls.
pub(crate) const CALLED: &[&str] =
    &["tls.server_name", "http.host", "dns.query", "dns.cloud", "dns.remote_access"];

/// Protocols by which data is handed on, and the port of one that has none of its own.
const HANDED_ON: &[&str] = &["mqtt", "sparkplug", "amqp", "kafka"];
const KAFKA: u16 = 9092;

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
        is_industrial(&conversation.protocol) && talks::count(conversation, OperationKind::Read) > 0
    });
    let called: BTreeSet<(Service, String)> = CALLED
        .iter()
        .flat_map(|name| asset.attributes.get(*name).into_iter().flatten())
        .filter_map(|said| Some((Service::of_host(&said.value)?, said.value.clone())))
        .collect();
    let of_kind = |kind: ServiceKind| {
        let names: Vec<_> = called
            .iter()
            .filter(|(service, _)| service.kind == kind)
            .map(|(service, name)| format!("{} ({name})", service.name))
            .collect();
        (!names.is_empty()).then(|| list(names.into_iter()))
    };
    if let Some(services) = of_kind(ServiceKind::RemoteAccess) {
        claims.add(Role::RemoteAccess, Basis::Inferred, format!("calls {services}"));
    }
    if !reads || claims.is_field() {
        return;
    }
    if let Some(services) = of_kind(ServiceKind::Ai) {
        claims.add(Role::AiSystem, Basis::Inferred, format!("reads controllers and calls {services}"));
    }
    if let Some(services) = of_kind(ServiceKind::Cloud) {
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
