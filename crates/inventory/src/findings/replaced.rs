//! Places that passed from one device to another.

use std::collections::BTreeSet;

use observation::{Address, Basis, attribute};

use super::{Writer, places};
use crate::links::Lane;
use crate::model::{Finding, Severity};
use crate::roles::list;
use crate::span::extend;
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
                if !are_numbered && before.is_leased && after.is_leased {
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
                    ("device_replaced", Severity::Warning, "is another device")
                } else {
                    ("ip_moved", Severity::Notice, "moved from one device to another")
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
