//! Frames (EPSG DS 301, chapter 4.6.1.1).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Reader};

/// Message type, destination and source node, and what follows.
const LENGTH_MIN: usize = 4;

/// What a frame is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Message<'a> {
    /// A cycle begins.
    StartOfCycle,
    /// The managing node asks a node for its data.
    PollRequest,
    /// A node tells its data; NMT state.
    PollResponse(Octets<'a>),
    /// The asynchronous phase begins: NMT state of the managing node, requested service.
    StartOfAsynchronous { state: Octets<'a>, service: u8 },
    /// Who a node is: everything behind the service number.
    IdentResponse(Octets<'a>),
    /// How a node is: NMT state.
    StatusResponse(Octets<'a>),
    /// A command of the network management.
    NmtCommand(u8),
    /// An SDO request: number of the command.
    SdoRequest(u8),
    /// Anything else.
    Other,
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    /// Node that sent it, one octet.
    pub(super) node: Octets<'a>,
    pub(super) message: Message<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let kind = reader.u8("message type")? & 0x7f;
        reader.skip(1, "destination node")?;
        let node = reader.take(1, "source node")?;
        let message = match kind {
            0x01 => Message::StartOfCycle,
            0x03 => Message::PollRequest,
            0x04 => Message::PollResponse(reader.take(1, "NMT state")?),
            0x05 => {
                let state = reader.take(1, "NMT state")?;
                reader.skip(2, "flags")?;
                Message::StartOfAsynchronous { state, service: reader.u8("requested service")? }
            }
            0x06 => asynchronous(&mut reader)?,
            _ => Message::Other,
        };
        Ok(Self { node, message })
    }
}

fn asynchronous<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, Malformed> {
    Ok(match reader.u8("service")? {
        1 => Message::IdentResponse(reader.rest()),
        2 => {
            reader.skip(2, "flags")?;
            Message::StatusResponse(reader.take(1, "NMT state")?)
        }
        4 => Message::NmtCommand(reader.u8("NMT command")?),
        5 => {
            reader.skip(6, "sequence layer and transaction")?;
            let flags = reader.u8("flags")?;
            let command = reader.u8("command")?;
            if flags & 0xc0 == 0 { Message::SdoRequest(command) } else { Message::Other }
        }
        _ => Message::Other,
    })
}

/// A frame is the whole payload: Ethernet pads it.
pub(super) fn frame(octets: &[u8], transport: Transport) -> Frame {
    match octets.first() {
        Some(kind) if transport == Transport::Ethernet && matches!(kind & 0x7f, 0x01..=0x0d) => {
            if octets.len() < LENGTH_MIN { Frame::Partial(LENGTH_MIN) } else { Frame::Message(octets.len()) }
        }
        None => Frame::Partial(LENGTH_MIN),
        _ => Frame::Foreign,
    }
}
