//! MTConnect, carried by HTTP: documents of an agent (MTConnect standard, ANSI/MTC1.4 and later, part 1 sections 5 and 6,
//! part 2 section 4).
//!
//! An agent speaks for one machine or for many, which may be elsewhere: each is a station below the agent's address, by
//! its uuid. `http` hands over the pieces of a body of XML as they come; a bare message here is a document.

mod document;
mod observe;
mod xml;

use observation::Octets;

use crate::{Context, Depth, Frame, Malformed, Output, Probe, Protocol, Session};

pub(crate) use document::Document;

/// MTConnect.
pub const PROTOCOL: Protocol = Protocol {
    name: "mtconnect",
    title: "MTConnect (in HTTP)",
    specification: "ANSI/MTC1.4-2018 part 1 sections 5 and 6, part 2 section 4",
    tcp: &[],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, _| match octets.first() {
        None => Frame::Partial(1),
        Some(b'<' | 0xef) => Frame::Message(octets.len()),
        Some(_) => Frame::Foreign,
    },
    probe: |_, _| Probe::Foreign,
    session: || Box::new(Bare),
    rules: observe::RULES,
    depth: Depth {
        identity: "agents (sender, version, instance); of each device name, uuid, maker, model, serial number, station and \
                   description",
        operations: "",
        nesting: "devices of an agent, by uuid",
        not_read: "components, values, assets, multipart streams, compressed documents",
        tried_on: "documents made up by the layout of the standard only",
    },
};

/// Reads bare documents, as samples and fuzzing feed them.
#[derive(Debug)]
struct Bare;

impl Session for Bare {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        Document::default().piece(context, message, output);
        Ok(())
    }
}
