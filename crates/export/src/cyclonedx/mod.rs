//! CycloneDX 1.6 (ECMA-424) in JSON: every asset a `device`, with the firmware, operating system and modules in it, and
//! the frames that prove what is said.
//!
//! No confidence is stated, for none was measured: how a value is known stands in words (`stated by the device`). The
//! composition is `incomplete`, as everything that listening finds.

mod component;

use std::io::{BufWriter, Write};

use inventory::Snapshot;
use serde::Serialize;
use uuid::Uuid;

use crate::about::About;
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;
use component::{Component, Property, properties};

/// Name and major version of what this writes, within what CycloneDX prescribes.
pub const SCHEMA: &str = "tapledger.cyclonedx/1";

/// Namespace of the serial numbers: UUID of version 5 over the document itself.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0b_24a5_94ed_4c8a_8d5c_3c0a_4f6c_7a11);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component>,
    compositions: [Composition; 1],
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    lifecycles: [Lifecycle; 1],
    tools: Tools<'a>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Lifecycle {
    phase: &'static str,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [ToolComponent<'a>; 1],
}

#[derive(Serialize)]
struct ToolComponent<'a> {
    r#type: &'static str,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: Vec<String>,
}

/// Writes the assets that a filter holds as one document, indented, with a line end after it.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, writer: impl Write) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let about = About::new(SCHEMA, &sorted, snapshot.as_of, tool, filter);
    let components = component::components(&sorted);
    let assemblies = components.iter().map(|component| component.bom_ref.clone()).collect();
    let mut document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: Metadata {
            timestamp: about.as_of.clone(),
            lifecycles: [Lifecycle { phase: "discovery" }],
            tools: Tools {
                components: [ToolComponent { r#type: "application", name: tool.name, version: tool.version }],
            },
            properties: properties(
                about.pairs().into_iter().map(|(name, value)| (format!("tapledger:{name}"), value)),
            ),
        },
        components,
        compositions: [Composition { aggregate: "incomplete", assemblies }],
    };
    let text = serde_json::to_vec(&document)?;
    document.serial_number = Some(format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, &text)));
    let mut writer = BufWriter::new(writer);
    serde_json::to_writer_pretty(&mut writer, &document)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}
