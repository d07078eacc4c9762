//! Addresses inside the plant that others turn to and that never spoke: devices that are silent, or nobody.
//!
//! Who turns to one address means it: that address is worth a row, `referenced`, with who turned to it. Who tries many
//! that never answer sweeps: that names nobody, and is a finding instead, so that a scan of 65,536 addresses makes one
//! finding and no asset.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use observation::{Address, Conversation, Evidence, Transport};

use crate::devices::Devices;
use crate::gather::Gathered;
use crate::links::Links;
use crate::model::AssetState;
use crate::options::Options;
use crate::roles::list;
use crate::rules::addresses::{POLLED_FRAMES_MIN, SWEPT_MIN, is_customary_end_of_subnet};
use crate::rules::nesting::REQUESTS;
use crate::rules::operations::is_industrial;
use crate::sets::Sets;
use crate::span::{Span, extend};

/// Silent addresses that one device tried.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    /// One of its stations.
    pub(crate) by: usize,
    /// Those that nobody else turned to.
    pub(crate) addresses: BTreeSet<IpAddr>,
    pub(crate) span: Option<Span>,
    /// Requests that name them, with their capture.
    pub(crate) evidence: BTreeSet<(&'a str, &'a Evidence)>,
}

/// The silent addresses of a site.
#[derive(Debug, Default)]
pub(crate) struct Silent<'a> {
    /// Stations that somebody means, with when.
    pub(crate) meant: BTreeMap<usize, Span>,
    /// Devices that tried many.
    pub(crate) sweeps: Vec<Sweep<'a>>,
}

/// How one device turned to one silent address.
#[derive(Debug, Default)]
struct Turned<'a> {
    span: Option<Span>,
    /// It asked and asked, in a protocol of control systems.
    polled: bool,
    evidence: BTreeSet<(&'a str, &'a Evidence)>,
}

impl<'a> Silent<'a> {
    /// Looks at everybody who turned to addresses of the plant that never spoke.
    pub(crate) fn new(gathered: &Gathered<'a>, links: &Links<'_>, sets: &Sets, options: &Options) -> Self {
        let is_silent = |index: usize| {
            gathered.station(index).is_some_and(|known| {
                let Address::Ip(ip) = known.address else { return false };
                known.is_root()
                    && !known.is_active()
                    && !links.of_groups.contains(&ip)
                    && is_inside(ip, options)
            })
        };
        // By device and by silent station.
        let mut turned: BTreeMap<usize, BTreeMap<usize, Turned<'a>>> = BTreeMap::new();
        for talk in &gathered.talks {
            let conversation = talk.conversation;
            for (by, to, frames) in [
                (talk.client, talk.server, conversation.frames[0]),
                (talk.server, talk.client, conversation.frames[1]),
            ] {
                if frames > 0 && is_silent(to) {
                    let one = turned.entry(sets.find(by)).or_default().entry(to).or_default();
                    extend(&mut one.span, Span { count: frames, ..Span::of(&conversation.sighting) });
                    one.polled |= is_polled(conversation);
                }
            }
        }
        for (to, known) in gathered.stations.iter().enumerate().filter(|(to, _)| is_silent(*to)) {
            for (capture, mention) in &known.mentions {
                let by = gathered.root(mention.by.address, links.lane(mention.by.address, mention.by.vlan));
                let (Some(by), true) = (by, REQUESTS.contains(&mention.reason.as_ref())) else { continue };
                let one = turned.entry(sets.find(by)).or_default().entry(to).or_default();
                extend(&mut one.span, Span::of(&mention.sighting));
                one.evidence.insert((*capture, &mention.evidence));
            }
        }
        let mut silent = Self::default();
        let sweeps: BTreeSet<usize> =
            turned.iter().filter(|(_, to)| to.len() > SWEPT_MIN).map(|(by, _)| *by).collect();
        for (by, to) in &turned {
            for (to, one) in to.iter().filter(|(_, one)| !sweeps.contains(by) || one.polled) {
                let mut span = silent.meant.get(to).copied();
                one.span.iter().for_each(|seen| extend(&mut span, *seen));
                silent.meant.extend(span.map(|span| (*to, span)));
            }
        }
        for (by, to) in turned.into_iter().filter(|(by, _)| sweeps.contains(by)) {
            let mut sweep = Sweep { by, addresses: BTreeSet::new(), span: None, evidence: BTreeSet::new() };
            for (to, one) in to.into_iter().filter(|(to, _)| !silent.meant.contains_key(to)) {
                sweep.addresses.extend(gathered.station(to).and_then(|known| known.address.ip()));
                one.span.iter().for_each(|span| extend(&mut sweep.span, *span));
                sweep.evidence.extend(one.evidence);
            }
            if !sweep.addresses.is_empty() {
                silent.sweeps.push(sweep);
            }
        }
        silent
    }
}

/// True for an address that can be a device of the plant, unless it is that of a group.
pub(crate) fn is_inside(ip: IpAddr, options: &Options) -> bool {
    Address::Ip(ip).is_unicast()
        && !ip.is_loopback()
        && !options.may_be_outside(ip)
        && !is_customary_end_of_subnet(ip)
}

/// True where messages of a control system went on and on: nobody scans like that.
fn is_polled(conversation: &Conversation) -> bool {
    let frames = conversation.frames.iter().copied().fold(0, u64::saturating_add);
    is_industrial(&conversation.key.protocol)
        && !conversation.operations.is_empty()
        && frames >= POLLED_FRAMES_MIN
}

/// Why there is a row for each device that was not heard itself: who names its stations, and who turns to them.
pub(crate) fn reasons(gathered: &Gathered<'_>, devices: &Devices) -> BTreeMap<usize, Vec<String>> {
    let referenced = |station: usize| {
        let asset = devices.asset_of(station)?;
        devices.list.get(asset).is_some_and(|device| device.state == AssetState::Referenced).then_some(asset)
    };
    let mut reasons: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (station, known) in gathered.stations.iter().enumerate() {
        let Some(asset) = referenced(station) else { continue };
        let reasons = reasons.entry(asset).or_default();
        let named =
            known.mentions.iter().map(|(_, mention)| (mention.reason.as_ref(), mention.by.to_string()));
        reasons.extend(together(named, |reason, by| format!("{reason} of {by}")));
        let said = known.facts.iter().map(|said| &said.fact);
        let reported = said.map(|fact| (fact.protocol.as_ref(), fact.attribute.to_string()));
        reasons.extend(together(reported, |protocol, told| format!("{protocol} tells its {told}")));
    }
    let mut addressed: BTreeMap<(usize, String), BTreeSet<String>> = BTreeMap::new();
    for talk in &gathered.talks {
        let (key, frames) = (&talk.conversation.key, talk.conversation.frames);
        for (by, to, frames) in [(talk.client, talk.server, frames[0]), (talk.server, talk.client, frames[1])]
        {
            let (Some(asset), Some(by), 1..) = (referenced(to), gathered.station(by), frames) else {
                continue;
            };
            let service = match key.transport {
                Transport::Tcp | Transport::Udp => {
                    format!("{} on {} port {}", key.protocol, key.transport.as_str(), key.port)
                }
                Transport::Ethernet | Transport::Ip => key.protocol.to_string(),
            };
            addressed.entry((asset, service)).or_default().insert(by.key());
        }
    }
    for ((asset, service), by) in addressed {
        let reason = format!("addressed by {}: {service}", list(by.into_iter()));
        reasons.entry(asset).or_default().insert(reason);
    }
    reasons.into_iter().map(|(asset, reasons)| (asset, reasons.into_iter().collect())).collect()
}

/// One sentence for each of the first parts, with all second parts that belong to it.
fn together<'w>(
    pairs: impl Iterator<Item = (&'w str, String)>,
    sentence: impl Fn(&str, &str) -> String,
) -> Vec<String> {
    let mut by_first: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (first, second) in pairs {
        by_first.entry(first).or_default().insert(second);
    }
    by_first.into_iter().map(|(first, seconds)| sentence(first, &list(seconds.into_iter()))).collect()
}
