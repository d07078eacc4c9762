//! An asset as a component, with what is in it.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{Asset, Candidate, Identified};
use observation::attribute;
use serde::Serialize;

use crate::classes::classes;
use crate::order::Sorted;
use crate::reading::{first_value, ips, macs, position_words, role, value, vlans, winner};
use crate::safe_text;
use crate::time::rfc3339;

/// Deepest nesting written: no fieldbus nests deeper. What would be deeper stands at the top.
const DEPTH_MAX: usize = 16;

/// Attributes of a device and the field of CycloneDX that they prove; `None` where it has no word for it.
const PROVEN: [(&str, Option<&str>); 6] = [
    (attribute::VENDOR, None),
    (attribute::MODEL, Some("name")),
    (attribute::ORDER_NUMBER, None),
    (attribute::SERIAL_NUMBER, None),
    (attribute::HARDWARE_REVISION, Some("version")),
    (attribute::NAME, None),
];

#[derive(Serialize)]
pub(super) struct Component {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    manufacturer: Option<Named>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Named {
    name: String,
}

#[derive(Serialize)]
pub(super) struct Property {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct EvidenceOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identity: Vec<Identity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    occurrences: Vec<Occurrence>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    field: &'static str,
    concluded_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Occurrence {
    location: String,
    offset: u32,
    additional_context: String,
}

/// Properties that have a value, safe to show.
pub(super) fn properties(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Property> {
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| Property { name, value: safe_text(&value).into_owned() }).collect()
}

/// The assets as components: those that sit in another one within it, sorted by id.
pub(super) fn components(sorted: &Sorted<'_>) -> Vec<Component> {
    let mut children: BTreeMap<Option<&str>, Vec<(&Asset, &Identified)>> = BTreeMap::new();
    for (asset, identified) in &sorted.assets {
        let parent = asset.parent.map(|parent| sorted.id(parent)).filter(|id| sorted.holds(id));
        let parent = parent.filter(|_| is_rooted(sorted, asset));
        children.entry(parent).or_default().push((asset, identified));
    }
    let of_parent = |parent| children.get(&parent).into_iter().flatten();
    of_parent(None).map(|(asset, identified)| device(sorted, &children, asset, identified)).collect()
}

/// True if an asset's chain of parents ends, and soon enough.
fn is_rooted(sorted: &Sorted<'_>, asset: &Asset) -> bool {
    let mut parent = asset.parent;
    for _ in 0..DEPTH_MAX {
        let Some(id) = parent.map(|parent| sorted.id(parent)).filter(|id| sorted.holds(id)) else {
            return true;
        };
        parent = sorted.asset(id).and_then(|asset| asset.parent);
    }
    false
}

fn device(
    sorted: &Sorted<'_>,
    children: &BTreeMap<Option<&str>, Vec<(&Asset, &Identified)>>,
    asset: &Asset,
    identified: &Identified,
) -> Component {
    let id = identified.id.as_str();
    let mut within = software(sorted, asset, id);
    for (child, identified) in children.get(&Some(id)).into_iter().flatten() {
        within.push(device(sorted, children, child, identified));
    }
    let name = first_value(asset, &[attribute::MODEL, attribute::ORDER_NUMBER]);
    Component {
        r#type: "device",
        bom_ref: id.to_owned(),
        manufacturer: text(asset, attribute::VENDOR).map(|name| Named { name }),
        name: shown(if name.is_empty() { asset.name.clone() } else { name }),
        version: text(asset, attribute::HARDWARE_REVISION),
        description: Some(shown(asset.name.clone())),
        components: within,
        evidence: evidence(sorted, asset, &PROVEN),
        properties: device_properties(sorted, asset, identified),
    }
}

/// Firmware, operating system and software of a device.
fn software(sorted: &Sorted<'_>, asset: &Asset, id: &str) -> Vec<Component> {
    let product = first_value(asset, &[attribute::MODEL, attribute::ORDER_NUMBER]);
    let named = |of: &str| if product.is_empty() { of.to_owned() } else { format!("{product} {of}") };
    let os = value(asset, attribute::OS);
    let os_name = if os.is_empty() { named("operating system") } else { os.clone() };
    let version_of = |name| (name, Some("version"));
    let parts: [(_, _, &[(&str, _)]); 3] = [
        ("firmware", named("firmware"), &[version_of(attribute::FIRMWARE_VERSION)]),
        ("operating-system", os_name, &[version_of(attribute::OS_VERSION), (attribute::OS, Some("name"))]),
        ("application", named("software"), &[version_of(attribute::SOFTWARE_VERSION)]),
    ];
    let known = parts
        .into_iter()
        .filter(|(_, _, proven)| proven.iter().any(|(name, _)| asset.attributes.contains_key(*name)));
    let component = known.map(|(r#type, name, proven)| Component {
        r#type,
        bom_ref: format!("{id}/{type}"),
        manufacturer: None,
        name: shown(name),
        version: proven.first().and_then(|(version, _)| text(asset, version)),
        description: None,
        components: Vec::new(),
        evidence: evidence(sorted, asset, proven),
        properties: Vec::new(),
    });
    component.collect()
}

fn device_properties(sorted: &Sorted<'_>, asset: &Asset, identified: &Identified) -> Vec<Property> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| pairs.push((name.to_owned(), value));
    add("cdx:device:deviceType", value(asset, attribute::DEVICE_TYPE));
    add("cdx:device:function", role(asset).as_str().to_owned());
    add("cdx:device:location", value(asset, attribute::LOCATION));
    for mac in macs(asset) {
        add("cdx:device:macAddress", mac.to_string());
    }
    add("cdx:device:serialNumber", value(asset, attribute::SERIAL_NUMBER));
    add("cdx:device:sku", value(asset, attribute::ORDER_NUMBER));
    add("tapledger:site", asset.site.clone());
    add("tapledger:state", asset.state.as_str().to_owned());
    for claim in &asset.roles {
        add("tapledger:role", claim.role.as_str().to_owned());
    }
    add("tapledger:attack_asset", classes(role(asset)).attack.to_owned());
    for ip in ips(asset) {
        add(if ip.is_ipv4() { "tapledger:ipv4" } else { "tapledger:ipv6" }, ip.to_string());
    }
    for vlan in vlans(asset) {
        add("tapledger:vlan", vlan.to_string());
    }
    add("tapledger:position", position_words(asset));
    if let Some(parent) = asset.parent {
        add("tapledger:parent", sorted.id(parent).to_owned());
    }
    for service in &asset.services {
        let transport = service.transport.as_str();
        add("tapledger:service", format!("{} {transport}/{}", service.protocol, service.port));
    }
    add("tapledger:first_seen", asset.first.map(rfc3339).unwrap_or_default());
    add("tapledger:last_seen", asset.last.map(rfc3339).unwrap_or_default());
    for alias in &identified.aliases {
        add("tapledger:alias", alias.clone());
    }
    properties(pairs)
}

/// What proves the winning values of attributes, frame by frame.
fn evidence(
    sorted: &Sorted<'_>,
    asset: &Asset,
    attributes: &[(&str, Option<&'static str>)],
) -> Option<EvidenceOut> {
    let (mut identity, mut occurrences) = (Vec::new(), Vec::new());
    let mut done = BTreeSet::new();
    for (name, field) in attributes {
        let Some(candidate) = winner(asset, name).filter(|candidate| candidate.proof.is_some()) else {
            continue;
        };
        if !done.insert(*name) {
            continue;
        }
        if let Some(field) = field {
            identity.push(Identity { field, concluded_value: shown(candidate.value.clone()) });
        }
        occurrences.extend(occurrences_of(sorted, name, candidate));
    }
    (!occurrences.is_empty()).then_some(EvidenceOut { identity, occurrences })
}

fn occurrences_of(sorted: &Sorted<'_>, name: &str, candidate: &Candidate) -> Vec<Occurrence> {
    let Some(proof) = &candidate.proof else { return Vec::new() };
    let capture = safe_text(sorted.capture_name(&proof.capture).unwrap_or(&proof.capture)).into_owned();
    let ranges = proof.evidence.ranges.iter();
    let occurrence = ranges.map(|range| Occurrence {
        location: format!("pcap:{capture}#frame={}", range.frame),
        offset: range.offset,
        additional_context: shown(format!(
            "{name} \"{}\", {} by {}: {} octets from octet {}, rule {}, capture {}",
            candidate.value,
            candidate.basis.as_str(),
            candidate.protocol,
            range.length,
            range.offset,
            proof.rule,
            proof.capture,
        )),
    });
    occurrence.collect()
}

/// The winning value of an attribute, safe to show.
fn text(asset: &Asset, attribute: &str) -> Option<String> {
    winner(asset, attribute).map(|candidate| shown(candidate.value.clone()))
}

fn shown(text: String) -> String {
    safe_text(&text).into_owned()
}
