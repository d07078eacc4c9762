//! Nameplates of devices: OPC 10000-100 (Devices) section 4.5.2, IVendorNameplateType and ITagNameplateType.
//!
//! A read names nodes by their identifiers, which say nothing by themselves. Which node is which field of which device
//! is learned from the answers to Browse and TranslateBrowsePathsToNodeIds (OPC 10000-4 sections 5.8.2 and 5.8.4), or from
//! identifiers that spell it: `Device1.Manufacturer`. One such name could be anything; a nameplate is several.

use std::collections::VecDeque;
use std::sync::Arc;

use observation::{Basis, Octets, Position, Rule, Station, attribute};

use super::binary::{self, Node, Variant};
use super::{message, rules};
use crate::pending::Pending;
use crate::told::Print;
use crate::{Malformed, Output, Reader};

/// Nodes remembered of one conversation; the oldest goes first.
const NODES_MAX: usize = 256;

/// Requests that wait for their answer; the oldest goes first.
const PENDING_MAX: usize = 4;

/// Nodes browsed or paths followed by one request that are looked at.
const ASKED_MAX: u32 = 64;

/// References of one browsed node that are looked at.
const REFERENCES_MAX: u32 = 256;

/// Fields that make a nameplate, where only names tell that they are fields of one.
const FIELDS_MIN: usize = 2;

/// Class of a node: variable.
const VARIABLE: u32 = 2;

/// Fields by their browse names.
const FIELDS: [(&[u8], &str); 12] = [
    (b"Manufacturer", attribute::VENDOR),
    (b"ManufacturerUri", "opcua.manufacturer_uri"),
    (b"Model", attribute::MODEL),
    (b"ProductCode", attribute::ORDER_NUMBER),
    (b"HardwareRevision", attribute::HARDWARE_REVISION),
    (b"SoftwareRevision", attribute::FIRMWARE_VERSION),
    (b"DeviceRevision", "opcua.device_revision"),
    (b"DeviceClass", attribute::DEVICE_TYPE),
    (b"SerialNumber", attribute::SERIAL_NUMBER),
    (b"ProductInstanceUri", "opcua.product_instance_uri"),
    (b"AssetId", "opcua.asset_id"),
    (b"ComponentName", attribute::NAME),
];

const RULE: &Rule = &rules::NAMEPLATE;

fn field(name: &[u8]) -> Option<usize> {
    FIELDS.iter().position(|(known, _)| *known == name)
}

/// A field of a device.
#[derive(Clone, Debug)]
struct Field {
    /// Place in [`FIELDS`].
    field: usize,
    /// What the device is called below its server.
    device: Arc<str>,
}

/// What a request asked for.
#[derive(Debug)]
enum Asked {
    /// To browse these devices, in this order.
    Browse(Vec<Arc<str>>),
    /// To follow paths: place among them, and the field at the end of the path.
    Paths(Vec<(u32, Field)>),
    /// To read fields: place among the nodes, and the field.
    Read(Vec<(u32, Field)>),
}

/// What is known of the nodes of one server.
#[derive(Debug, Default)]
pub(super) struct Nameplates {
    /// Fingerprints of nodes, and which field each is.
    nodes: VecDeque<(Print, Field)>,
    pending: Pending<u32, Asked, PENDING_MAX>,
    /// Fields of the request that is being read: known by their nodes, and by names alone.
    known: Vec<(u32, Field)>,
    spelt: Vec<(u32, Field)>,
}

impl Nameplates {
    /// True if an answer to this request is waited for.
    pub(super) fn waits_for(&self, request: u32) -> bool {
        self.pending.holds(&request)
    }

    fn remember(&mut self, node: &Node<'_>, field: Field, output: &mut Output<'_>) {
        let print = node.print();
        self.nodes.retain(|(known, _)| *known != print);
        if self.nodes.len() >= NODES_MAX {
            self.nodes.pop_front();
            output.dropped = output.dropped.saturating_add(1);
        }
        self.nodes.push_back((print, field));
    }

    /// Looks at a node whose value a request asks for, at this place of the request.
    pub(super) fn look_at(&mut self, place: u32, node: &Node<'_>) {
        if !self.nodes.is_empty() {
            let print = node.print();
            if let Some((_, field)) = self.nodes.iter().find(|(known, _)| *known == print) {
                self.known.push((place, field.clone()));
                return;
            }
        }
        if let Some((namespace, device, name)) = node.spelt()
            && let Some(field) = field(name)
        {
            let device = binary::device_name(namespace, device);
            self.spelt.push((place, Field { field, device }));
        }
    }

    /// The end of a request whose nodes were looked at.
    pub(super) fn read_asked(&mut self, request: u32, output: &mut Output<'_>) {
        if self.known.is_empty() && self.spelt.is_empty() {
            return;
        }
        let spelt = std::mem::take(&mut self.spelt);
        let is_plate =
            |device: &str| spelt.iter().filter(|(_, field)| *field.device == *device).count() >= FIELDS_MIN;
        let mut fields = std::mem::take(&mut self.known);
        fields.extend(spelt.iter().filter(|(_, field)| is_plate(&field.device)).cloned());
        if !fields.is_empty() {
            self.pending.ask(request, Asked::Read(fields), output);
        }
    }

    /// Remembers which nodes a BrowseRequest asks about.
    pub(super) fn browse_asked(
        &mut self,
        request: u32,
        reader: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        message::skip_request_header(reader)?;
        binary::node_id(reader, "view id")?;
        reader.skip(16, "view and maximum of references")?;
        let mut devices = Vec::new();
        for _ in 0..binary::count(reader, "nodes to browse")?.min(ASKED_MAX) {
            devices.push(binary::node(reader, "node id")?.name());
            reader.skip(4, "browse direction")?;
            binary::node_id(reader, "reference type")?;
            reader.skip(9, "masks")?;
        }
        self.pending.ask(request, Asked::Browse(devices), output);
        Ok(())
    }

    /// Remembers which paths a TranslateBrowsePathsToNodeIdsRequest follows.
    pub(super) fn paths_asked(
        &mut self,
        request: u32,
        reader: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        message::skip_request_header(reader)?;
        let mut fields = Vec::new();
        for place in 0..binary::count(reader, "browse paths")?.min(ASKED_MAX) {
            let mut device = binary::node(reader, "starting node")?.name();
            let elements = binary::count(reader, "elements")?;
            for element in 1..=elements {
                binary::node_id(reader, "reference type")?;
                reader.skip(2, "direction and subtypes")?;
                let namespace = reader.u16_le("namespace of the target")?;
                let Some(name) = binary::string(reader, "target name")? else { continue };
                if element < elements {
                    device = binary::device_name(namespace, name.bytes);
                } else if let Some(field) = field(name.bytes).filter(|_| namespace > 0) {
                    fields.push((place, Field { field, device: Arc::clone(&device) }));
                }
            }
        }
        if !fields.is_empty() {
            self.pending.ask(request, Asked::Paths(fields), output);
        }
        Ok(())
    }

    /// Reads the answer to a request that was remembered.
    pub(super) fn answered(
        &mut self,
        request: u32,
        reader: &mut Reader<'_>,
        server: &Station,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let Some(asked) = self.pending.take(&request) else { return Ok(()) };
        message::skip_response_header(reader)?;
        match asked {
            Asked::Browse(devices) => self.browsed(&devices, reader, output),
            Asked::Paths(fields) => self.followed(&fields, reader, output),
            Asked::Read(fields) => read(&fields, reader, server, output),
        }
    }

    fn browsed(
        &mut self,
        devices: &[Arc<str>],
        reader: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let count = binary::count(reader, "results")?;
        for device in devices.iter().take(count as usize) {
            reader.skip(4, "status")?;
            binary::string(reader, "continuation point")?;
            let mut found = Vec::new();
            for _ in 0..binary::count(reader, "references")?.min(REFERENCES_MAX) {
                binary::node_id(reader, "reference type")?;
                let is_forward = reader.u8("direction")? != 0;
                let node = binary::node(reader, "node id")?;
                reader.skip(2, "namespace of the browse name")?;
                let name = binary::string(reader, "browse name")?;
                binary::localized_text(reader, "display name")?;
                let class = reader.u32_le("node class")?;
                binary::node_id(reader, "type definition")?;
                let named =
                    name.and_then(|name| field(name.bytes)).filter(|_| is_forward && class == VARIABLE);
                if let Some(field) = named {
                    found.push((node, field));
                }
            }
            if found.len() >= FIELDS_MIN {
                for (node, field) in found {
                    self.remember(&node, Field { field, device: Arc::clone(device) }, output);
                }
            }
        }
        Ok(())
    }

    fn followed(
        &mut self,
        fields: &[(u32, Field)],
        reader: &mut Reader<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        for place in 0..binary::count(reader, "results")?.min(ASKED_MAX) {
            reader.skip(4, "status")?;
            let targets = binary::count(reader, "targets")?;
            for number in 0..targets {
                let node = binary::node(reader, "target id")?;
                reader.skip(4, "remaining path")?;
                let asked = fields.iter().find(|(asked, _)| *asked == place && number == 0);
                if let Some((_, field)) = asked {
                    self.remember(&node, field.clone(), output);
                }
            }
        }
        Ok(())
    }
}

/// The values of fields: of a station below the server for each device.
fn read(
    fields: &[(u32, Field)],
    reader: &mut Reader<'_>,
    server: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let last = fields.iter().map(|(place, _)| *place).max().unwrap_or(0);
    for place in 0..binary::count(reader, "results")?.min(last.saturating_add(1)) {
        let value = binary::data_value(reader)?;
        let asked = fields.iter().find(|(asked, _)| *asked == place);
        if let (Some((_, field)), Variant::Text(octets)) = (asked, value) {
            said(field, octets, server, output);
        }
    }
    Ok(())
}

fn said(field: &Field, octets: Octets<'_>, server: &Station, output: &mut Output<'_>) {
    let device = server.below([Position::new("device", &field.device)]);
    if let Some((_, attribute)) = FIELDS.get(field.field) {
        output.fact(&device, attribute, Basis::Stated, RULE, octets);
    }
}
