//! DOT, for graphviz: a picture of who asks whom. `dot -Tsvg` for a cell, `sfdp -Goverlap=prism -Tsvg` for a plant.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};

use inventory::Snapshot;
use observation::{OperationKind, number_of};

use super::{DOT_SCHEMA, Graph, Node};
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;

/// Most characters of a line of a label.
const LABEL_CHARS: usize = 34;

/// Most protocols named at an arrow.
const PROTOCOLS: usize = 4;

/// What stations say to find each other; an arrow of nothing else is not drawn.
pub(crate) const HOUSEKEEPING: [&str; 5] = ["arp", "icmp", "icmpv6", "igmp", "ndp"];

/// Fill of a node by its role: controllers, field devices, supervision, network, others.
pub(crate) const FILLS: [(&str, &[&str]); 4] = [
    ("#cfe2f3", &["safety_controller", "dcs_controller", "plc", "rtu", "ied", "cnc", "building_controller"]),
    ("#d9ead3", &["io_module", "drive", "robot", "sensor", "actuator", "meter", "camera"]),
    (
        "#fff2cc",
        &[
            "engineering_workstation",
            "hmi",
            "historian",
            "scada_server",
            "opc_server",
            "mes",
            "ai_system",
            "data_gateway",
        ],
    ),
    (
        "#ead1dc",
        &[
            "protocol_gateway",
            "serial_server",
            "remote_access",
            "firewall",
            "router",
            "switch",
            "access_point",
            "time_server",
        ],
    ),
];

/// All that goes from one node to another.
#[derive(Default)]
struct Arrow<'g> {
    protocols: Vec<&'g str>,
    frames: u64,
    is_written: bool,
    is_programmed: bool,
}

/// Writes the communications of the assets that a filter holds: an arrow from who asks to who answers, red where
/// programs are loaded or devices are stopped, orange where values are written. Arrows by which stations only find each
/// other are not drawn; how many is said.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, writer: impl Write) -> Result<()> {
    let graph = Graph::new(DOT_SCHEMA, snapshot, tool, filter)?;
    let mut out = BufWriter::new(writer);
    let mut arrows: BTreeMap<(&str, &str), Arrow<'_>> = BTreeMap::new();
    for edge in &graph.edges {
        let arrow = arrows.entry((&edge.client, &edge.server)).or_default();
        arrow.protocols.push(&edge.protocol);
        arrow.frames = arrow.frames.saturating_add(edge.frames);
        arrow.is_written |= edge.operations_of(OperationKind::Write) > 0;
        arrow.is_programmed |=
            edge.operations_of(OperationKind::Program) > 0 || edge.operations_of(OperationKind::Control) > 0;
    }
    let all = arrows.len();
    arrows.retain(|_, arrow| !arrow.protocols.iter().all(|protocol| HOUSEKEEPING.contains(protocol)));
    let ends: BTreeSet<&str> = arrows.keys().flat_map(|(client, server)| [*client, *server]).collect();
    let (talking, silent): (Vec<_>, Vec<_>) =
        graph.nodes.iter().partition(|node| ends.contains(node.id.as_str()));
    let left_out = format!(
        "not drawn: {} that find each other only ({}), {} without any other",
        number_of(all.saturating_sub(arrows.len()), "arrow"),
        HOUSEKEEPING.join(", "),
        number_of(silent.len(), "node"),
    );
    let mut caption: Vec<String> =
        graph.about.pairs().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    caption.push(left_out);
    for line in &caption {
        writeln!(out, "// {line}")?;
    }
    let caption: String = caption.iter().map(|line| format!("{}\\l", quoted(line))).collect();
    writeln!(out, "digraph communications {{")?;
    writeln!(out, "  graph [rankdir=LR, fontname=\"sans-serif\", fontsize=10, labelloc=b, labeljust=l,")?;
    writeln!(out, "    label=\"{caption}\"];")?;
    writeln!(out, "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=10];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=8, color=\"#777777\"];")?;
    let mut sites: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in talking {
        sites.entry(&node.site).or_default().push(node);
    }
    for (number, (site, nodes)) in sites.into_iter().enumerate() {
        let is_plant = !site.is_empty();
        if is_plant {
            writeln!(out, "  subgraph cluster_{number} {{")?;
            writeln!(out, "    label=\"site {}\"; color=\"#bbbbbb\"; style=rounded;", quoted(site))?;
        }
        for node in nodes {
            writeln!(out, "    \"{}\" [{}];", quoted(&node.id), attributes(node))?;
        }
        if is_plant {
            writeln!(out, "  }}")?;
        }
    }
    for ((client, server), arrow) in arrows {
        writeln!(out, "  \"{}\" -> \"{}\" [{}];", quoted(client), quoted(server), arrow_attributes(&arrow))?;
    }
    writeln!(out, "}}")?;
    out.flush()?;
    Ok(())
}

fn attributes(node: &Node) -> String {
    let fill = FILLS.iter().find(|(_, roles)| roles.contains(&node.role)).map_or("#eeeeee", |(fill, _)| fill);
    let mut lines = vec![short(&node.label)];
    match node.kind {
        "asset" => {
            let ip = node.ip.split(' ').next().unwrap_or_default();
            if !ip.is_empty() && !node.label.contains(ip) {
                lines.push(ip.to_owned());
            }
            lines.push(node.role.replace('_', " "));
        }
        kind => lines.push(kind.to_owned()),
    }
    let label = lines.iter().map(|line| quoted(line)).collect::<Vec<_>>().join("\\n");
    let style = match (node.kind, node.state) {
        ("external", _) => ", shape=ellipse, style=filled, fillcolor=\"#f4cccc\"".to_owned(),
        ("group" | "silent", _) => ", shape=plain, style=\"\", fontcolor=\"#666666\"".to_owned(),
        (_, "observed") => format!(", fillcolor=\"{fill}\""),
        _ => format!(", fillcolor=\"{fill}\", style=\"filled,rounded,dashed\""),
    };
    let outside = if node.is_outside { ", fontcolor=\"#888888\"" } else { "" };
    format!("label=\"{label}\"{style}{outside}")
}

fn arrow_attributes(arrow: &Arrow<'_>) -> String {
    let mut shown: Vec<String> = arrow.protocols.iter().take(PROTOCOLS).map(|name| quoted(name)).collect();
    let more = arrow.protocols.len().saturating_sub(PROTOCOLS);
    if more > 0 {
        shown.push(format!("+{more}"));
    }
    let color = match (arrow.is_programmed, arrow.is_written) {
        (true, _) => ", color=\"#cc0000\", fontcolor=\"#cc0000\"",
        (_, true) => ", color=\"#e69138\"",
        _ => "",
    };
    // Wider by the order of magnitude.
    let width = arrow.frames.checked_ilog10().unwrap_or(0).saturating_add(2);
    format!(
        "label=\"{}\", penwidth={}.{}{color}",
        shown.join("\\n"),
        width / 2,
        if width.is_multiple_of(2) { 0 } else { 5 }
    )
}

/// A line of a label, cut in the middle where names differ least.
fn short(text: &str) -> String {
    let count = text.chars().count();
    if count <= LABEL_CHARS {
        return text.to_owned();
    }
    let half = LABEL_CHARS / 2;
    let tail: String = text.chars().skip(count.saturating_sub(half)).collect();
    format!("{}…{tail}", text.chars().take(half).collect::<String>())
}

/// The text between quotes: neither quote nor backslash acts. Control characters are written out already.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
