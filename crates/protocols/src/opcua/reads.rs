//! Reads of the nodes by which a server says who it is, and the answers to them: OPC 10000-4 section 5.11.2, nodes of
//! the Server object: OPC 10000-5 sections 6.3 and 12.
//!
//! An answer does not repeat what was asked: a request for such a node is remembered until its answer comes.

use observation::{Basis, Rule, Station, attribute};

use super::binary::{self, Variant};
use super::message;
use super::nameplate::Nameplates;
use super::{rules, service};
use crate::{Malformed, Output, Reader};

/// Requests that wait for their answer.
const PENDING_MAX: usize = 4;

/// Nodes of interest in one request; there are 11.
const NODES_MAX: usize = 12;

/// Nodes of one request that are looked at: identity is asked for in short requests.
const NODES_SCANNED_MAX: u32 = 64;

/// Namespaces that are said of one server.
const NAMESPACES_MAX: u32 = 32;

/// Attribute of a node: its value.
const VALUE: u32 = 13;

/// Numbers of the nodes.
mod node {
    pub(super) const SERVER_ARRAY: u16 = 2254;
    pub(super) const NAMESPACE_ARRAY: u16 = 2255;
    pub(super) const SERVER_STATUS: u16 = 2256;
    pub(super) const BUILD_INFO: u16 = 2260;
    pub(super) const PRODUCT_NAME: u16 = 2261;
    pub(super) const PRODUCT_URI: u16 = 2262;
    pub(super) const MANUFACTURER_NAME: u16 = 2263;
    pub(super) const SOFTWARE_VERSION: u16 = 2264;
    pub(super) const BUILD_NUMBER: u16 = 2265;
    pub(super) const BUILD_DATE: u16 = 2266;
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    request: u32,
    /// Place among the nodes asked for, and the node; node 0 is none.
    nodes: [(u16, u16); NODES_MAX],
}

/// What was asked for and not answered yet.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pending: [Option<Pending>; PENDING_MAX],
    next: usize,
    /// Print of the BuildInfo that was said last: clients read the server's status again and again to see it alive.
    build_info: u64,
}

impl Reads {
    /// Remembers a ReadRequest that asks for a node of interest.
    pub(super) fn asked(
        &mut self,
        request: u32,
        reader: &mut Reader<'_>,
        plates: &mut Nameplates,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        message::skip_request_header(reader)?;
        reader.skip(12, "max age and timestamps to return")?;
        let mut found = Pending { request, nodes: [(0, 0); NODES_MAX] };
        let mut free = found.nodes.iter_mut();
        for place in 0..binary::count(reader, "nodes to read")?.min(NODES_SCANNED_MAX) {
            let node = binary::node(reader, "node id")?;
            let attribute = reader.u32_le("attribute id")?;
            let range = binary::string(reader, "index range")?;
            reader.skip(2, "data encoding")?;
            binary::string(reader, "data encoding")?;
            let wanted = node.standard().and_then(|id| u16::try_from(id).ok()).filter(|id| {
                matches!(*id, node::SERVER_ARRAY..=node::SERVER_STATUS | node::BUILD_INFO..=node::BUILD_DATE)
            });
            if attribute != VALUE || range.is_some_and(|range| !range.is_empty()) {
                continue;
            }
            plates.look_at(place, &node);
            if let Some(id) = wanted
                && let Some(slot) = free.next()
            {
                *slot = (u16::try_from(place).unwrap_or(u16::MAX), id);
            }
        }
        plates.read_asked(request, output);
        let is_of_interest = found.nodes.first().is_some_and(|(_, node)| *node != 0);
        if is_of_interest && let Some(slot) = self.pending.get_mut(self.next) {
            output.dropped = output.dropped.saturating_add(slot.is_some().into());
            *slot = Some(found);
            self.next = self.next.wrapping_add(1) % PENDING_MAX;
        }
        Ok(())
    }

    /// True if an answer to this request is waited for.
    pub(super) fn waits_for(&self, request: u32) -> bool {
        self.pending.iter().flatten().any(|pending| pending.request == request)
    }

    /// Reads a ReadResponse to a request that was remembered.
    pub(super) fn answered(
        &mut self,
        request: u32,
        reader: &mut Reader<'_>,
        server: &Station,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let slot =
            self.pending.iter_mut().find(|slot| slot.is_some_and(|pending| pending.request == request));
        let Some(pending) = slot.and_then(Option::take) else { return Ok(()) };
        message::skip_response_header(reader)?;
        let last =
            pending.nodes.iter().filter(|(_, node)| *node != 0).map(|(place, _)| *place).max().unwrap_or(0);
        let count = binary::count(reader, "results")?.min(u32::from(last).saturating_add(1));
        for at in 0..count {
            let value = binary::data_value(reader)?;
            for (place, node) in pending.nodes {
                if u32::from(place) == at && node != 0 {
                    self.value(node, value.clone(), server, output)?;
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        node: u16,
        value: Variant<'_>,
        server: &Station,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let mut say = |attribute, rule, octets| output.fact(server, attribute, Basis::Stated, rule, octets);
        match (node, value) {
            (_, Variant::Text(octets)) => {
                if let Some((attribute, rule)) = text(node) {
                    say(attribute, rule, octets);
                }
            }
            (node::BUILD_DATE, Variant::Time(octets)) => say("opcua.build_date", &rules::BUILD_DATE, octets),
            // The first server is the one that is asked (OPC 10000-5 section 6.3.1).
            (node::SERVER_ARRAY, Variant::Texts(1.., mut texts)) => {
                if let Some(uri) = binary::string(&mut texts, "server array")? {
                    say("opcua.application_uri", &rules::APPLICATION_URI, uri);
                }
            }
            (node::NAMESPACE_ARRAY, Variant::Texts(count, mut texts)) => {
                // The first is that of OPC UA itself, in every server.
                for index in 0..count.min(NAMESPACES_MAX) {
                    if let Some(uri) = binary::string(&mut texts, "namespace array")?.filter(|_| index > 0) {
                        say("opcua.namespace", &rules::NAMESPACE, uri);
                    }
                }
            }
            (node::SERVER_STATUS, Variant::Structure(kind, mut status))
                if kind == service::SERVER_STATUS.into() =>
            {
                status.skip(20, "server status")?;
                self.build_info(&mut status, server, output)?;
            }
            (node::BUILD_INFO, Variant::Structure(kind, mut build)) if kind == service::BUILD_INFO.into() => {
                self.build_info(&mut build, server, output)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Says a BuildInfo (OPC 10000-5 section 12.4), unless it was the last one said.
    fn build_info(
        &mut self,
        reader: &mut Reader<'_>,
        server: &Station,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        const FIELDS: [(u16, &str); 5] = [
            (node::PRODUCT_URI, "product uri"),
            (node::MANUFACTURER_NAME, "manufacturer name"),
            (node::PRODUCT_NAME, "product name"),
            (node::SOFTWARE_VERSION, "software version"),
            (node::BUILD_NUMBER, "build number"),
        ];
        let start = reader.clone();
        for (_, what) in FIELDS {
            binary::string(reader, what)?;
        }
        reader.skip(8, "build date")?;
        let octets = start.peek().head(start.remaining().saturating_sub(reader.remaining()));
        let print = print(octets.bytes);
        if std::mem::replace(&mut self.build_info, print) == print {
            return Ok(());
        }
        let mut fields = start;
        for (node, what) in FIELDS {
            if let (Some(octets), Some((attribute, rule))) = (binary::string(&mut fields, what)?, text(node))
            {
                output.fact(server, attribute, Basis::Stated, rule, octets);
            }
        }
        let date = fields.take(8, "build date")?;
        output.fact(server, "opcua.build_date", Basis::Stated, &rules::BUILD_DATE, date);
        Ok(())
    }
}

/// The attribute that a node of text says, and its rule.
fn text(node: u16) -> Option<(&'static str, &'static Rule)> {
    Some(match node {
        node::PRODUCT_NAME => (attribute::MODEL, &rules::PRODUCT_NAME),
        node::PRODUCT_URI => ("opcua.product_uri", &rules::PRODUCT_URI),
        node::MANUFACTURER_NAME => (attribute::VENDOR, &rules::MANUFACTURER_NAME),
        node::SOFTWARE_VERSION => (attribute::SOFTWARE_VERSION, &rules::SOFTWARE_VERSION),
        node::BUILD_NUMBER => ("opcua.build_number", &rules::BUILD_NUMBER),
        _ => return None,
    })
}

/// A print of octets, to tell repeated ones: FNV-1a. A collision made on purpose only hides a change of this session.
fn print(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |print, octet| {
        (print ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
