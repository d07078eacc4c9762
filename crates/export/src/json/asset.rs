//! An asset in the document.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::{Asset, Candidate, Identified, Proof};
use serde::Serialize;

use super::document::{EvidenceOut, Text, moment, ranges};
use crate::order::Sorted;
use crate::safe_text;
use crate::time::rfc3339;

#[derive(Serialize)]
pub(super) struct AssetOut<'a> {
    id: &'a str,
    aliases: &'a [String],
    site: Text<'a>,
    name: Text<'a>,
    state: &'static str,
    role: &'static str,
    roles: Vec<RoleOut<'a>>,
    parent: Option<&'a str>,
    position: Vec<PositionOut<'a>>,
    stations: Vec<StationOut<'a>>,
    attributes: BTreeMap<&'a str, Vec<CandidateOut<'a>>>,
    services: Vec<ServiceOut<'a>>,
    first: Option<String>,
    last: Option<String>,
    people: &'a BTreeMap<String, String>,
    joins: Vec<JoinOut<'a>>,
    groups: Vec<GroupOut<'a>>,
    state_reasons: Vec<Text<'a>>,
    approval: Option<ApprovalOut<'a>>,
    zone: Option<Text<'a>>,
    zones: Vec<Text<'a>>,
    purdue_level: Option<&'static str>,
    zone_reason: Text<'a>,
}

#[derive(Serialize)]
struct ApprovalOut<'a> {
    by: Text<'a>,
    on: String,
    reason: Text<'a>,
}

#[derive(Serialize)]
struct RoleOut<'a> {
    role: &'static str,
    basis: &'static str,
    reasons: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct PositionOut<'a> {
    kind: &'static str,
    value: Text<'a>,
}

#[derive(Serialize)]
struct StationOut<'a> {
    mac: Option<String>,
    ips: &'a [IpAddr],
    vlans: &'a [u16],
    mac_confirmed: bool,
}

#[derive(Serialize)]
struct CandidateOut<'a> {
    value: Text<'a>,
    basis: &'static str,
    protocol: Text<'a>,
    first: String,
    last: String,
    count: u64,
    evidence: Option<EvidenceOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    protocol: Text<'a>,
    transport: &'static str,
    port: u16,
    guess: Option<String>,
    units: &'a [u16],
}

#[derive(Serialize)]
struct JoinOut<'a> {
    left: Text<'a>,
    right: Text<'a>,
    joined: bool,
    reason: Text<'a>,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    kind: &'static str,
    name: Text<'a>,
    reason: Text<'a>,
}

pub(super) fn asset_out<'a>(
    sorted: &'a Sorted<'_>,
    asset: &'a Asset,
    identified: &'a Identified,
) -> AssetOut<'a> {
    let reasons = |reasons: &'a [String]| reasons.iter().map(|reason| safe_text(reason)).collect();
    let roles = asset.roles.iter();
    let stations = asset.stations.iter();
    let attributes = asset.attributes.iter();
    let place = sorted.place(&identified.id);
    let zones = || place.into_iter().flat_map(|place| &place.zones).map(|zone| safe_text(zone));
    AssetOut {
        id: &identified.id,
        aliases: &identified.aliases,
        site: safe_text(&asset.site),
        name: safe_text(&asset.name),
        state: asset.state.as_str(),
        role: asset.roles.first().map_or("unknown", |claim| claim.role.as_str()),
        roles: roles
            .map(|claim| RoleOut {
                role: claim.role.as_str(),
                basis: claim.basis.as_str(),
                reasons: reasons(&claim.reasons),
            })
            .collect(),
        parent: asset.parent.map(|index| sorted.id(index)),
        position: asset
            .position
            .iter()
            .map(|step| PositionOut { kind: step.kind, value: safe_text(&step.value) })
            .collect(),
        stations: stations
            .map(|station| StationOut {
                mac: station.mac.map(|mac| mac.to_string()),
                ips: &station.ips,
                vlans: &station.vlans,
                mac_confirmed: station.mac_confirmed,
            })
            .collect(),
        attributes: attributes
            .map(|(name, values)| (name.as_str(), values.iter().map(candidate).collect()))
            .collect(),
        services: asset
            .services
            .iter()
            .map(|service| ServiceOut {
                protocol: safe_text(&service.protocol),
                transport: service.transport.as_str(),
                port: service.port,
                guess: inventory::guess_by_port(&service.protocol, service.transport, service.port),
                units: &service.units,
            })
            .collect(),
        first: moment(asset.first),
        last: moment(asset.last),
        // What people wrote is handed back as they wrote it: JSON is read by programs, which write it back.
        people: &identified.people,
        joins: asset
            .joins
            .iter()
            .map(|join| JoinOut {
                left: safe_text(&join.left),
                right: safe_text(&join.right),
                joined: join.joined,
                reason: safe_text(&join.reason),
            })
            .collect(),
        groups: asset
            .groups
            .iter()
            .map(|group| GroupOut {
                kind: group.kind.as_str(),
                name: safe_text(&group.name),
                reason: safe_text(&group.reason),
            })
            .collect(),
        state_reasons: asset.state_reasons.iter().map(|reason| safe_text(reason)).collect(),
        approval: identified.approval.as_ref().map(|approval| ApprovalOut {
            by: safe_text(&approval.by),
            on: rfc3339(approval.on),
            reason: safe_text(&approval.reason),
        }),
        zone: zones().next(),
        zones: zones().collect(),
        purdue_level: place.and_then(|place| place.level).map(|level| level.as_str()),
        zone_reason: safe_text(place.map_or("", |place| &place.reason)),
    }
}

fn candidate(candidate: &Candidate) -> CandidateOut<'_> {
    CandidateOut {
        value: safe_text(&candidate.value),
        basis: candidate.basis.as_str(),
        protocol: safe_text(&candidate.protocol),
        first: rfc3339(candidate.first),
        last: rfc3339(candidate.last),
        count: candidate.count,
        evidence: candidate.proof.as_ref().map(|Proof { capture, evidence, rule }| EvidenceOut {
            capture,
            ranges: ranges(evidence),
            rule: Some(rule),
        }),
        reasons: candidate.reasons.iter().map(|reason| safe_text(reason)).collect(),
    }
}
