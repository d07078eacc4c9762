//! When two devices, or two identities, begin to claim one place.

use std::collections::BTreeSet;

use observation::{Address, attribute};

use super::model::{Change, ChangeKind};
use super::{Writer, place};
use crate::identity::{Identity, squash};

impl Writer<'_, '_, '_> {
    pub(super) fn conflicts(&self) -> Vec<Change> {
        let mut changes = self.claimed_addresses();
        changes.extend(self.several_serials());
        changes
    }

    /// Addresses that several MACs claim at the same time.
    fn claimed_addresses(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let roots = self.context.gathered.stations.iter().enumerate().filter(|(_, known)| known.is_root());
        for (index, known) in roots {
            let Address::Ip(ip) = known.address else { continue };
            let mut claims = self.context.links.claims(ip, known.lane);
            claims.sort_by_key(|claim| (claim.stated.span.first, claim.mac));
            for (number, claim) in claims.iter().enumerate() {
                let earlier = claims.get(..number).unwrap_or_default();
                let Some(other) =
                    earlier.iter().find(|other| !claim.stated.span.is_after(&other.stated.span))
                else {
                    continue;
                };
                let (_, capture, evidence) = claim.stated.proof;
                let (_, other_capture, other_evidence) = other.stated.proof;
                changes.push(Change {
                    asset: self.context.devices.asset_of(index),
                    subject: format!("address {}", known.key()),
                    before: Some(other.mac.to_string()),
                    after: Some(claim.mac.to_string()),
                    evidence: vec![
                        place(other_capture, Some(other_evidence)),
                        place(capture, Some(evidence)),
                    ],
                    ..self.change(ChangeKind::ConflictBegan, claim.stated.span.first, capture)
                });
            }
        }
        changes
    }

    /// Stations that one protocol says have several serial numbers, in turns: one after another is a device that was
    /// replaced, and stands with the values that changed.
    fn several_serials(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let spoken = self.context.gathered.stations.iter().enumerate();
        for (index, known) in spoken.filter(|(_, known)| !known.facts.is_empty()) {
            let Some(asset) = self.context.devices.asset_of(index) else { continue };
            let serials =
                || known.facts.iter().filter(|said| said.fact.attribute == attribute::SERIAL_NUMBER);
            let distinct: BTreeSet<&str> = serials().map(|said| said.fact.value.as_str()).take(64).collect();
            if distinct.len() < 2 {
                continue;
            }
            let identity = Identity::of(serials().copied());
            for (protocol, serials) in &identity.serials {
                let mut in_time: Vec<_> = serials.iter().collect();
                in_time.sort_by_key(|(serial, span)| (span.first, **serial));
                for (number, (serial, span)) in in_time.iter().enumerate() {
                    let earlier = in_time.get(..number).unwrap_or_default();
                    let overlaps = |other: &&(&&str, &crate::span::Span)| {
                        !span.is_after(other.1) && squash(other.0) != squash(serial)
                    };
                    let Some((other, _)) = earlier.iter().find(overlaps) else { continue };
                    let said = known
                        .facts
                        .iter()
                        .filter(|said| said.fact.value == ***serial && said.fact.protocol == **protocol);
                    let first = said.min_by_key(|said| {
                        (said.fact.sighting.first, said.capture, &said.fact.evidence, said.fact.rule.as_ref())
                    });
                    let capture = first.map_or("", |said| said.capture);
                    changes.push(Change {
                        asset: Some(asset),
                        subject: format!("serial number of {} ({protocol})", known.key()),
                        before: Some((**other).to_owned()),
                        after: Some((**serial).to_owned()),
                        evidence: first
                            .iter()
                            .map(|said| place(said.capture, Some(&said.fact.evidence)))
                            .collect(),
                        ..self.change(ChangeKind::ConflictBegan, span.first, capture)
                    });
                }
            }
        }
        changes
    }
}
