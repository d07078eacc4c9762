//! Assets that are new.

use observation::{Evidence, Time};

use super::{Writer, place};
use crate::changes::model::{Change, ChangeKind};
use crate::model::{Asset, FindingEvidence};

/// When and where something was seen. The smallest is the first; of the same moment what has octets to show.
type Earliest<'e> = (Time, bool, &'e str, Option<&'e Evidence>);

impl Writer<'_, '_, '_> {
    /// New assets, silences and their ends.
    pub(super) fn presence(&self) -> Vec<Change> {
        let assets = self.assets.iter().enumerate();
        let mut changes: Vec<_> = assets.filter_map(|(index, asset)| self.new_asset(index, asset)).collect();
        changes.extend(self.silences());
        changes
    }

    fn new_asset(&self, index: usize, asset: &Asset) -> Option<Change> {
        let time = asset.first?;
        if self.was_read_before(index, time) {
            return None; // said as a module that appeared
        }
        let (capture, evidence) = self.first_seen(index);
        let role = asset.roles.first().map_or("unknown", |claim| claim.role.as_str());
        let after = match asset.parent {
            Some(parent) => {
                let parent = self.assets.get(parent).map(|parent| parent.name.as_str()).unwrap_or_default();
                format!("{}, {role}, in or behind {parent}", asset.state.as_str())
            }
            None => format!("{}, {role}", asset.state.as_str()),
        };
        Some(Change {
            asset: Some(index),
            after: Some(after),
            evidence,
            ..self.change(ChangeKind::NewAsset, time, &capture)
        })
    }

    /// The capture that has the first sight of an asset, and where in it.
    pub(super) fn first_seen(&self, asset: usize) -> (String, Vec<FindingEvidence>) {
        let device = self.context.devices.list.get(asset);
        let stations = device.into_iter().flat_map(|device| &device.stations);
        let seen = stations.filter_map(|station| self.context.gathered.station(*station)).flat_map(|known| {
            let sent =
                known.sightings.iter().map(|(capture, sighting)| (sighting.first, true, *capture, None));
            let said = known
                .facts
                .iter()
                .map(|said| (said.fact.sighting.first, false, said.capture, Some(&said.fact.evidence)));
            let named = known
                .mentions
                .iter()
                .map(|(capture, mention)| (mention.sighting.first, false, *capture, Some(&mention.evidence)));
            sent.chain(said).chain(named)
        });
        let earliest: Option<Earliest<'_>> = seen.min();
        match earliest {
            Some((_, _, capture, evidence)) => (capture.to_owned(), vec![place(capture, evidence)]),
            None => (String::new(), Vec::new()),
        }
    }
}
