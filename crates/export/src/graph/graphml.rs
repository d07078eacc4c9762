//! GraphML (graphml.graphdrawing.org, 1.0), as Gephi, yEd and networkx read it.

use std::io::{BufWriter, Write};

use inventory::Snapshot;
use observation::OperationKind;

use super::{GRAPHML_SCHEMA, Graph};
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::time::rfc3339;

/// What nodes carry: name and type.
const NODE_KEYS: [(&str, &str); 10] = [
    ("label", "string"),
    ("kind", "string"),
    ("role", "string"),
    ("state", "string"),
    ("site", "string"),
    ("vendor", "string"),
    ("model", "string"),
    ("ip", "string"),
    ("mac", "string"),
    ("outside_filter", "boolean"),
];

/// What edges carry before the counts of operations.
const EDGE_KEYS: [(&str, &str); 6] = [
    ("protocol", "string"),
    ("ports", "string"),
    ("frames", "long"),
    ("octets", "long"),
    ("first", "string"),
    ("last", "string"),
];

/// Writes the communications of the assets that a filter holds.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, writer: impl Write) -> Result<()> {
    let graph = Graph::new(GRAPHML_SCHEMA, snapshot, tool, filter)?;
    let mut out = BufWriter::new(writer);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<graphml xmlns="http://graphml.graphdrawing.org/xmlns">"#)?;
    let about = graph.about.pairs();
    for (name, _) in &about {
        key(&mut out, "graph", name, "string")?;
    }
    for (name, kind) in NODE_KEYS {
        key(&mut out, "node", name, kind)?;
    }
    for (name, kind) in EDGE_KEYS {
        key(&mut out, "edge", name, kind)?;
    }
    for kind in OperationKind::ALL {
        key(&mut out, "edge", kind.as_str(), "long")?;
    }
    writeln!(out, r#"  <graph id="communications" edgedefault="directed">"#)?;
    for (name, value) in &about {
        data(&mut out, "    ", "graph", name, value)?;
    }
    for node in &graph.nodes {
        writeln!(out, r#"    <node id="{}">"#, escaped(&node.id))?;
        let outside = node.is_outside.to_string();
        let values: [&str; 10] = [
            &node.label,
            node.kind,
            node.role,
            node.state,
            &node.site,
            &node.vendor,
            &node.model,
            &node.ip,
            &node.mac,
            &outside,
        ];
        for ((name, _), value) in NODE_KEYS.iter().zip(values) {
            data(&mut out, "      ", "node", name, value)?;
        }
        writeln!(out, "    </node>")?;
    }
    for (number, edge) in graph.edges.iter().enumerate() {
        let (source, target) = (escaped(&edge.client), escaped(&edge.server));
        writeln!(out, r#"    <edge id="e{number}" source="{source}" target="{target}">"#)?;
        let values = [
            edge.protocol.clone(),
            super::joined(&edge.ports),
            edge.frames.to_string(),
            edge.octets.to_string(),
            rfc3339(edge.first),
            rfc3339(edge.last),
        ];
        for ((name, _), value) in EDGE_KEYS.iter().zip(&values) {
            data(&mut out, "      ", "edge", name, value)?;
        }
        for kind in OperationKind::ALL {
            data(&mut out, "      ", "edge", kind.as_str(), &edge.operations_of(kind).to_string())?;
        }
        writeln!(out, "    </edge>")?;
    }
    writeln!(out, "  </graph>")?;
    writeln!(out, "</graphml>")?;
    out.flush()?;
    Ok(())
}

fn key(out: &mut impl Write, domain: &str, name: &str, kind: &str) -> Result<()> {
    let line =
        format!(r#"  <key id="{domain}.{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>"#);
    Ok(writeln!(out, "{line}")?)
}

/// A value; nothing where it is empty.
fn data(out: &mut impl Write, indent: &str, domain: &str, name: &str, value: &str) -> Result<()> {
    if !value.is_empty() {
        writeln!(out, r#"{indent}<data key="{domain}.{name}">{}</data>"#, escaped(value))?;
    }
    Ok(())
}

/// The text in an element or attribute of XML 1.0. Control characters are written out already; the two characters that
/// XML does not know besides are written out here.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}
