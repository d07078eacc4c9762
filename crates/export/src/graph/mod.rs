//! The communications as a graph: assets and other ends are nodes, who asks whom by which protocol is an edge.

mod dot;
mod graphml;

use std::collections::{BTreeMap, BTreeSet};

use inventory::{AssetEnd, Conversation, Snapshot};
use observation::{Address, OperationKind, Time};

use crate::about::About;
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use crate::reading::{ips, macs, role, value};
use crate::safe_text;

pub use dot::write as write_dot;
pub(crate) use dot::{FILLS, HOUSEKEEPING};
pub use graphml::write as write_graphml;

/// Name and major version of the GraphML.
pub const GRAPHML_SCHEMA: &str = "tapledger.graphml/1";

/// Name and major version of the DOT.
pub const DOT_SCHEMA: &str = "tapledger.dot/1";

/// An end of conversations; texts are safe to show.
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) label: String,
    /// `asset`, `external`, `group` or `silent`.
    pub(crate) kind: &'static str,
    pub(crate) role: &'static str,
    pub(crate) state: &'static str,
    pub(crate) site: String,
    pub(crate) vendor: String,
    pub(crate) model: String,
    pub(crate) ip: String,
    pub(crate) mac: String,
    /// True of an asset that the filter does not hold; it is here because one that it holds talks to it.
    pub(crate) is_outside: bool,
}

/// All conversations of one protocol from one end to another.
pub(crate) struct Edge {
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) protocol: String,
    pub(crate) ports: BTreeSet<u16>,
    pub(crate) frames: u64,
    pub(crate) octets: u64,
    /// Operations, in the order of [`OperationKind::ALL`].
    pub(crate) operations: [u64; OperationKind::ALL.len()],
    pub(crate) first: Time,
    pub(crate) last: Time,
}

impl Edge {
    pub(crate) fn operations_of(&self, kind: OperationKind) -> u64 {
        let at = OperationKind::ALL.iter().position(|one| *one == kind);
        at.and_then(|at| self.operations.get(at)).copied().unwrap_or(0)
    }
}

/// The communications: nodes by id, edges by ends and protocol, assets that talk to nobody too.
pub(crate) struct Graph<'a> {
    pub(crate) about: About<'a>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(
        schema: &'static str,
        snapshot: &Snapshot,
        tool: &Tool<'a>,
        filter: &'a Filter,
    ) -> Result<Self> {
        let sorted = Sorted::filtered(snapshot, filter)?;
        let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
        for (_, identified) in &sorted.assets {
            let node = asset_node(&sorted, &identified.id);
            nodes.insert(node.id.clone(), node);
        }
        let mut edges: BTreeMap<(String, String, String), Edge> = BTreeMap::new();
        for conversation in &sorted.conversations {
            let ends = [&conversation.client, &conversation.server];
            let [client, server] = ends.map(|end| {
                let node = node(&sorted, end, &conversation.site);
                let id = node.id.clone();
                nodes.entry(id.clone()).or_insert(node);
                id
            });
            add(&mut edges, client, server, conversation);
        }
        let about = About::new(schema, &sorted, snapshot.as_of, tool, filter);
        Ok(Self { about, nodes: nodes.into_values().collect(), edges: edges.into_values().collect() })
    }
}

fn add(
    edges: &mut BTreeMap<(String, String, String), Edge>,
    client: String,
    server: String,
    conversation: &Conversation,
) {
    let protocol = safe_text(&conversation.protocol).into_owned();
    let key = (client.clone(), server.clone(), protocol.clone());
    let edge = edges.entry(key).or_insert(Edge {
        client,
        server,
        protocol,
        ports: BTreeSet::new(),
        frames: 0,
        octets: 0,
        operations: [0; OperationKind::ALL.len()],
        first: conversation.first,
        last: conversation.last,
    });
    edge.ports.insert(conversation.port);
    let sum = |into: &mut u64, counts: [u64; 2]| {
        *into = counts.into_iter().fold(*into, u64::saturating_add);
    };
    sum(&mut edge.frames, conversation.frames);
    sum(&mut edge.octets, conversation.octets);
    for (count, kind) in edge.operations.iter_mut().zip(OperationKind::ALL) {
        *count = count.saturating_add(conversation.operations.get(kind.as_str()).copied().unwrap_or(0));
    }
    edge.first = edge.first.min(conversation.first);
    edge.last = edge.last.max(conversation.last);
}

fn node(sorted: &Sorted<'_>, end: &AssetEnd, site: &str) -> Node {
    let (kind, text) = match end {
        AssetEnd::Asset(index) => return asset_node(sorted, sorted.id(*index)),
        AssetEnd::External(ip) => ("external", Address::Ip(*ip).to_string()),
        AssetEnd::Group(address) => ("group", address.to_string()),
        AssetEnd::Silent(ip) => ("silent", Address::Ip(*ip).to_string()),
    };
    // Addresses outside are the same seen from every site; groups and silent ones are of their site.
    let site = if kind == "external" { String::new() } else { safe_text(site).into_owned() };
    let id = if site.is_empty() { format!("{kind} {text}") } else { format!("{kind} {text} {site}") };
    Node {
        id,
        label: text.clone(),
        kind,
        role: "",
        state: "",
        site,
        vendor: String::new(),
        model: String::new(),
        ip: text,
        mac: String::new(),
        is_outside: false,
    }
}

fn asset_node(sorted: &Sorted<'_>, id: &str) -> Node {
    let mut node = Node {
        id: id.to_owned(),
        label: id.to_owned(),
        kind: "asset",
        role: "unknown",
        state: "",
        site: String::new(),
        vendor: String::new(),
        model: String::new(),
        ip: String::new(),
        mac: String::new(),
        is_outside: !sorted.holds(id),
    };
    if let Some(asset) = sorted.asset(id) {
        let shown = |text: &str| safe_text(text).into_owned();
        node.label = shown(&asset.name);
        node.role = role(asset).as_str();
        node.state = asset.state.as_str();
        node.site = shown(&asset.site);
        node.vendor = shown(&value(asset, observation::attribute::VENDOR));
        node.model = shown(&value(asset, observation::attribute::MODEL));
        node.ip = joined(ips(asset));
        node.mac = joined(macs(asset));
    }
    node
}

fn joined<T: ToString>(parts: impl IntoIterator<Item = T>) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(" ")
}
