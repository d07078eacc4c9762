//! What a port cannot see, by site and sensor.

mod estimate;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use observation::{Address, Day, Time, Transport};

use crate::assets::Context;
use crate::gather::Talk;
use crate::model::{Asset, AssetState};
use crate::rules::coverage::{ANNOUNCED_VLANS, LOSSES};
use crate::rules::nesting::REQUESTS;
pub use estimate::{Estimate, NoEstimate, estimate};

/// What one capture lost and saw half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureCoverage {
    /// Its id.
    pub capture: String,
    /// TCP conversations of which one direction was seen only.
    pub one_way: u64,
    /// TCP conversations.
    pub tcp: u64,
    /// Frames that the operating system lost.
    pub kernel_drops: u64,
    /// Other losses, by the name of their counter: gaps in streams, octets cut off, what bounds dropped.
    pub losses: BTreeMap<String, u64>,
}

/// What a sensor of a site cannot see. Files that name no sensor are one.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The site.
    pub site: String,
    /// The sensor; empty for files that name none.
    pub sensor: String,
    /// First and last moment.
    pub span: Option<(Time, Time)>,
    /// Nanoseconds that its captures lasted, those that overlap counted once: what lies between them was not listened to.
    pub captured: i64,
    /// UTC days on which something was heard.
    pub days: usize,
    /// Its captures, by id.
    pub captures: Vec<CaptureCoverage>,
    /// Addresses that were asked for by ARP and never spoke, sorted.
    pub silent_targets: Vec<IpAddr>,
    /// VLANs whose tags frames carried, sorted.
    pub vlans_carried: Vec<u16>,
    /// VLANs that switches announce and no tag carried, sorted. Untagged frames may be of one of them.
    pub vlans_missing: Vec<u16>,
    /// Assets with an address of their own that spoke: what sits in one or behind it is not counted.
    pub heard: usize,
    /// Such assets that others name or turn to, and that did not speak.
    pub referenced: usize,
    /// Addresses that were seen through a router only: what they say on their own link passes here never.
    pub behind_router: usize,
    /// How many there are at least, or why that cannot be said.
    pub estimate: Result<Estimate, NoEstimate>,
}

/// The coverage of each sensor of a site, by name.
pub(crate) fn coverage(context: &Context<'_, '_>, assets: &[Asset]) -> Vec<Coverage> {
    let gathered = context.gathered;
    let mut sensors: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for capture in &gathered.captures {
        sensors.entry(&capture.sensor).or_default().insert(&capture.uid);
    }
    sensors.into_iter().map(|(sensor, captures)| of_sensor(context, assets, sensor, &captures)).collect()
}

fn of_sensor(
    context: &Context<'_, '_>,
    assets: &[Asset],
    sensor: &str,
    captures: &HashSet<&str>,
) -> Coverage {
    let gathered = context.gathered;
    let (mut silent, mut carried, mut announced) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut days, mut span): (BTreeSet<Day>, Option<(Time, Time)>) = (BTreeSet::new(), None);
    let mut behind_router = 0_usize;
    for known in &gathered.stations {
        let own = || known.sightings.iter().filter(|(capture, _)| captures.contains(capture));
        for (_, sighting) in own() {
            days.insert(sighting.day);
            let (first, last) = span.unwrap_or((sighting.first, sighting.last));
            span = Some((first.min(sighting.first), last.max(sighting.last)));
        }
        let is_heard = own().next().is_some();
        if is_heard {
            carried.extend(&known.vlans);
        }
        if let Address::Ip(ip) = known.address
            && known.is_root()
        {
            let is_asked = known.mentions.iter().any(|(capture, mention)| {
                captures.contains(capture) && REQUESTS.contains(&mention.reason.as_ref())
            });
            if is_asked && !known.is_active() && known.address.is_unicast() {
                silent.insert(ip);
            }
            behind_router =
                behind_router.saturating_add(usize::from(is_heard && context.links.is_behind_router(ip)));
        }
        let vlans = known.facts.iter().filter(|said| ANNOUNCED_VLANS.contains(&said.fact.attribute.as_ref()));
        let vlans = vlans.filter(|said| captures.contains(said.capture));
        announced.extend(vlans.filter_map(|said| said.fact.value.parse::<u16>().ok()));
    }
    let (heard_by_day, heard_by_capture, referenced) = heard(context, assets, captures);
    let estimate = if days.len() > 1 || captures.len() < 2 {
        estimate(&heard_by_day, days.len())
    } else {
        estimate(&heard_by_capture, captures.len())
    };
    Coverage {
        site: gathered.site.to_owned(),
        sensor: sensor.to_owned(),
        span,
        captured: captured(context, captures),
        days: days.len(),
        captures: of_captures(context, captures),
        silent_targets: silent.into_iter().collect(),
        vlans_missing: announced
            .difference(&carried)
            .copied()
            .filter(|vlan| (1..4095).contains(vlan))
            .collect(),
        vlans_carried: carried.into_iter().collect(),
        heard: heard_by_day.len(),
        referenced,
        behind_router,
        estimate,
    }
}

/// How long captures lasted, each moment counted once.
fn captured(context: &Context<'_, '_>, captures: &HashSet<&str>) -> i64 {
    let own = context.gathered.captures.iter().filter(|summary| captures.contains(summary.uid.as_str()));
    let mut periods: Vec<_> = own.filter_map(|summary| summary.first.zip(summary.last)).collect();
    periods.sort_unstable();
    let (mut total, mut until) = (0_i64, i64::MIN);
    for (first, last) in periods {
        total = total.saturating_add(last.0.saturating_sub(first.0.max(until)).max(0));
        until = until.max(last.0);
    }
    total
}

/// On how many days, and in how many captures, each asset with an address of its own spoke that did; and how many are
/// only referenced here.
fn heard(
    context: &Context<'_, '_>,
    assets: &[Asset],
    captures: &HashSet<&str>,
) -> (Vec<usize>, Vec<usize>, usize) {
    let (mut by_day, mut by_capture, mut referenced) = (Vec::new(), Vec::new(), 0_usize);
    let talks = context.gathered.talks.iter().filter(|talk| captures.contains(talk.capture));
    let turned_to: HashSet<usize> = talks.flat_map(|talk| [talk.client, talk.server]).collect();
    let own = assets.iter().zip(&context.devices.list).filter(|(asset, _)| asset.parent.is_none());
    for (asset, device) in own {
        let stations = || device.stations.iter().filter_map(|station| context.gathered.station(*station));
        let sightings = || {
            stations().flat_map(|known| &known.sightings).filter(|(capture, _)| captures.contains(capture))
        };
        let days: BTreeSet<Day> = sightings().map(|(_, sighting)| sighting.day).collect();
        if days.is_empty() {
            let mut named = stations().flat_map(|known| known.mentions.iter().map(|(capture, _)| *capture));
            let mut told = stations().flat_map(|known| known.facts.iter().map(|said| said.capture));
            let is_here = named.any(|capture| captures.contains(capture))
                || told.any(|capture| captures.contains(capture))
                || device.stations.iter().any(|station| turned_to.contains(station));
            referenced =
                referenced.saturating_add(usize::from(asset.state == AssetState::Referenced && is_here));
        } else {
            by_day.push(days.len());
            by_capture.push(sightings().map(|(capture, _)| *capture).collect::<BTreeSet<_>>().len());
        }
    }
    (by_day, by_capture, referenced)
}

fn of_captures(context: &Context<'_, '_>, captures: &HashSet<&str>) -> Vec<CaptureCoverage> {
    let is_tcp = |talk: &&Talk<'_>| talk.conversation.key.transport == Transport::Tcp;
    let mut talks: HashMap<&str, Vec<&Talk<'_>>> = HashMap::default();
    // Talks of a capture stand together.
    for same in context.gathered.talks.chunk_by(|left, right| left.capture == right.capture) {
        if let Some(first) = same.first().filter(|first| captures.contains(first.capture)) {
            talks.entry(first.capture).or_default().extend(same.iter().filter(is_tcp));
        }
    }
    let ends = |talk: &Talk<'_>| (talk.client, talk.server, talk.conversation.key.port);
    let mut counts: HashMap<&str, (u64, u64)> = HashMap::default();
    for (capture, mut talks) in talks {
        talks.sort_unstable_by_key(|talk| ends(talk));
        let (one_way, tcp) = counts.entry(capture).or_default();
        for same in talks.chunk_by(|left, right| ends(left) == ends(right)) {
            let is_sent = |end: usize| same.iter().any(|talk| talk.conversation.frames.get(end) > Some(&0));
            *tcp = tcp.saturating_add(1);
            *one_way = one_way.saturating_add(u64::from(!is_sent(0) || !is_sent(1)));
        }
    }
    let summaries =
        context.gathered.captures.iter().filter(|summary| captures.contains(summary.uid.as_str()));
    let of_capture = |summary: &&observation::CaptureSummary| {
        let (one_way, tcp) = counts.get(summary.uid.as_str()).copied().unwrap_or_default();
        let is_loss = |name: &str| LOSSES.iter().any(|word| name.contains(word));
        let losses = summary.counters.iter().filter(|(name, count)| is_loss(name) && **count > 0);
        CaptureCoverage {
            capture: summary.uid.clone(),
            one_way,
            tcp,
            kernel_drops: summary.kernel_drops,
            losses: losses.map(|(name, count)| (name.clone(), *count)).collect(),
        }
    };
    summaries.map(of_capture).collect()
}
