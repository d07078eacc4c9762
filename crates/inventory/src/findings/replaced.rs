//! Places that passed from one device to another, and names that several have.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Address, Basis, Evidence, attribute};

use super::{FindingKind, Writer, places};
use crate::links::Lane;
use crate::model::{AssetEnd, Finding, Severity};
use crate::roles::list;
use crate::rules::identity::UNIQUE;
use crate::span::{Span, extend};
use crate::tenures::Tenure;

impl Writer<'_, '_, '_> {
    /// Devices that were replaced, and addresses that moved to another card. That a server gives an address to another
    /// is no finding.
    pub(super) fn replaced(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (ip, vlan, path, tenures) in self.context.links.tenures.all() {
            let lanes = (0_u16..).zip(tenures);
            for ((number, before), (next, after)) in lanes.clone().zip(lanes.skip(1)) {
                let are_numbered = !before.serials.is_empty() && !after.serials.is_empty();
                // Nor is it one that a server gives it back.
                let is_back = before.from.len() > 1 || after.from.len() > 1;
                if (!are_numbered || is_back) && before.is_leased && after.is_leased {
                    continue;
                }
                let stations: Vec<_> = [number, next]
                    .into_iter()
                    .filter_map(|tenure| {
                        let lane = Lane { vlan, tenure };
                        self.context.gathered.find(Address::Ip(ip), lane, path)
                    })
                    .collect();
                let known = stations.iter().filter_map(|station| self.context.gathered.station(*station));
                let place = known.clone().map(|known| known.place()).next().unwrap_or_default();
                let (kind, severity, what) = if are_numbered {
                    (FindingKind::DeviceReplaced, Severity::Warning, "is another device")
                } else {
                    (FindingKind::IpMoved, Severity::Notice, "moved from one device to another")
                };
                // Without a card of each, several devices behind one address look the same.
                let is_doubtful = path.is_root() && (before.macs.is_empty() || after.macs.is_empty());
                let doubt = match (are_numbered, is_doubtful) {
                    (false, _) => "",
                    (true, false) => ": it was replaced",
                    (true, true) => ": it was replaced, or the address answers for several",
                };
                let text = format!("{place} {what}: {}, then {}{doubt}", words(before), words(after));
                let mut seen = None;
                [before, after].into_iter().for_each(|tenure| extend(&mut seen, tenure.span));
                let mut finding = self.finding(kind, severity, text, seen);
                let assets = stations.iter().filter_map(|station| self.context.devices.asset_of(*station));
                finding.assets = assets.collect::<BTreeSet<_>>().into_iter().collect();
                let numbers: BTreeSet<&str> =
                    before.serials.keys().chain(after.serials.keys()).copied().collect();
                let said = known.flat_map(|known| &known.facts).filter(|said| {
                    let is_number =
                        said.fact.attribute == attribute::SERIAL_NUMBER && said.fact.basis == Basis::Stated;
                    is_number && numbers.contains(said.fact.value.as_str())
                });
                let mut proofs: BTreeSet<_> = said.map(|said| (said.capture, &said.fact.evidence)).collect();
                let claims = self.context.links.all_claims(ip, vlan);
                let own = claims
                    .iter()
                    .filter(|claim| before.macs.contains(&claim.mac) || after.macs.contains(&claim.mac));
                proofs.extend(own.map(|claim| (claim.stated.proof.1, claim.stated.proof.2)));
                finding.evidence = places(proofs);
                findings.push(finding);
            }
        }
        findings
    }
}

impl Writer<'_, '_, '_> {
    /// Names and numbers that no two devices may share, stated by several at the same time.
    pub(super) fn duplicates(&self) -> Vec<Finding> {
        let gathered = self.context.gathered;
        let mut holders: BTreeMap<(&str, &str, String), BTreeMap<usize, Holder<'_>>> = BTreeMap::new();
        for (index, known) in gathered.stations.iter().enumerate() {
            let Some(asset) = self.context.devices.asset_of(index) else { continue };
            for said in &known.facts {
                let fact = said.fact;
                let rule = UNIQUE.iter().find(|(protocol, name)| {
                    fact.basis == Basis::Stated && fact.protocol == *protocol && fact.attribute == *name
                });
                let Some((protocol, name)) = rule else { continue };
                // The names of stations differ whatever the case of their letters; the empty one is none.
                let value = fact.value.to_lowercase();
                if value.is_empty() {
                    continue;
                }
                let span = Span::of(&fact.sighting);
                let holder = holders.entry((protocol, name, value)).or_default().entry(asset);
                let holder = holder.or_insert_with(|| (Span { count: 0, ..span }, BTreeSet::new()));
                holder.0.add(span);
                holder.1.insert((said.capture, &fact.evidence));
            }
        }
        let mut findings = Vec::new();
        for ((protocol, name, value), holders) in holders {
            // One after another is a device that was replaced: the newcomer gets the name.
            let spans: Vec<_> = holders.values().map(|(span, _)| *span).collect();
            let at_once = spans.iter().enumerate().any(|(at, one)| {
                spans
                    .iter()
                    .skip(at.saturating_add(1))
                    .any(|other| !one.is_after(other) && !other.is_after(one))
            });
            if !at_once {
                continue;
            }
            let names = list(holders.keys().map(|asset| self.end(&AssetEnd::Asset(*asset))));
            let text = format!(
                "{name} {value} is stated by several devices at the same time ({protocol}): {names}; one was copied or pretends to be the other"
            );
            let mut seen = None;
            spans.iter().for_each(|span| extend(&mut seen, *span));
            let mut finding = self.finding(FindingKind::DuplicateName, Severity::Warning, text, seen);
            finding.evidence = places(holders.values().flat_map(|(_, proofs)| proofs).copied().collect());
            finding.assets = holders.into_keys().collect();
            findings.push(finding);
        }
        findings
    }
}

/// When a device stated something, and where.
type Holder<'a> = (Span, BTreeSet<(&'a str, &'a Evidence)>);

/// What tells a device from the one before or after it.
fn words(tenure: &Tenure<'_>) -> String {
    let numbers = list(tenure.serials.keys().map(|serial| format!("serial number {serial}")));
    let cards = list(tenure.macs.iter().map(ToString::to_string));
    match (numbers.as_str(), cards.as_str()) {
        (numbers, "") => numbers.to_owned(),
        ("", cards) => cards.to_owned(),
        (numbers, cards) => format!("{numbers} ({cards})"),
    }
}
