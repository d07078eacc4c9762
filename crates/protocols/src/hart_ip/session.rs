//! Reads the messages of one conversation.

use std::collections::VecDeque;

use observation::{End, Octets, Position, Station};

use super::commands::Command;
use super::identity::{self, Identity, SubDevice};
use super::pdu::{Address, Pdu, UniqueAddress};
use super::wire::{Header, MessageId, MessageType, frame};
use crate::{Context, Frame, Malformed, Output, Probe, Problem, Reader, Session};

/// Most devices behind the server whose card and channel one conversation remembers. I/O systems have a few hundred; of
/// those beyond, the oldest are then named by their unique address alone.
const PLACES_MAX: usize = 512;

/// Most polls of sub-devices that wait for their answer, which does not repeat card and channel.
const POLLS_MAX: usize = 8;

/// Card and channel numbers from here on stand for none (common table "I/O card", "I/O channel"): devices behind a
/// WirelessHART gateway have neither.
const PLACES_NONE_MIN: u8 = 250;

/// Card and channel.
type Place = (u8, u8);

/// Remembers the server's own unique address, where devices behind it sit, and polls of them.
#[derive(Debug, Default)]
pub(super) struct HartIp {
    own: Option<UniqueAddress>,
    places: VecDeque<(UniqueAddress, Place)>,
    /// Sequence number and place.
    polls: VecDeque<(u16, Place)>,
}

impl Session for HartIp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        output.server_is = Some(match header.kind {
            MessageType::Request => context.from.other(),
            MessageType::Response | MessageType::Publish | MessageType::Nak => context.from,
        });
        let missing = usize::from(header.length).saturating_sub(message.len());
        match header.id {
            MessageId::TokenPassing => {
                let pdu = Pdu::token_passing(&mut reader)?;
                self.pdu(context, header, &pdu, output);
            }
            MessageId::Direct => {
                reader.skip(2, "device status")?;
                while !reader.is_empty() {
                    let pdu = Pdu::direct(&mut reader, header.kind != MessageType::Request)?;
                    self.pdu(context, header, &pdu, output);
                }
            }
            MessageId::ReadAuditLog if header.kind == MessageType::Request => {
                output.operation(observation::OperationKind::Diagnostic, "read audit log", message.head(3));
            }
            _ => {}
        }
        match missing {
            0 => Ok(()),
            missing => Err(Malformed {
                what: "message",
                offset: message.len(),
                problem: Problem::Truncated { missing },
            }),
        }
    }

    fn gap(&mut self, _: End) {
        self.polls.clear();
    }
}

impl HartIp {
    fn pdu<'m>(&mut self, context: &Context, header: Header, pdu: &Pdu<'m>, output: &mut Output<'m>) {
        match header.kind {
            MessageType::Request => self.request(header.sequence, pdu, output),
            _ if pdu.is_answered() => self.answer(context, header.sequence, pdu, output),
            _ => {}
        }
    }

    fn request<'m>(&mut self, sequence: u16, pdu: &Pdu<'m>, output: &mut Output<'m>) {
        let command = Command(pdu.command);
        if command.carries_secrets() && !pdu.data.is_empty() {
            output.secret(pdu.data);
        }
        if command == Command::POLL_SUB_DEVICE
            && let [card, channel, ..] = *pdu.data.bytes
        {
            if self.polls.len() >= POLLS_MAX {
                self.polls.pop_front();
                output.dropped = output.dropped.saturating_add(1);
            }
            self.polls.push_back((sequence, (card, channel)));
        }
        // What is sent on counts as what it is: card, channel and preambles come before it.
        if command == Command::SEND_TO_SUB_DEVICE
            && let Some(inner) = embedded(pdu.data, 3)
        {
            let (kind, name) = Command(inner.command).operation();
            output.operation(kind, name, inner.command_octets);
            if Command(inner.command).carries_secrets() && !inner.data.is_empty() {
                output.secret(inner.data);
            }
            return;
        }
        let (kind, name) = command.operation();
        output.operation(kind, name, pdu.command_octets);
    }

    fn answer(&mut self, context: &Context, sequence: u16, pdu: &Pdu<'_>, output: &mut Output<'_>) {
        let root = context.source();
        match Command(pdu.command) {
            Command::SUB_DEVICE_IDENTITY => {
                if let Some(device) = SubDevice::of(pdu.data) {
                    self.sub_device(&root, &device, output);
                }
            }
            Command::POLL_SUB_DEVICE => {
                let poll = self.polls.iter().position(|(asked, _)| *asked == sequence);
                let place = poll.and_then(|at| self.polls.remove(at)).map(|(_, place)| place);
                if let (Some(place), Some(identity)) = (place, Identity::of(pdu.data))
                    && let Some(address) = identity.address()
                {
                    self.sits(address, place, output);
                    let station = self.below(&root, address);
                    output.spoke(station.clone());
                    identity.say(&station, output);
                }
            }
            Command::SEND_TO_SUB_DEVICE => {
                let place = pdu.data.bytes.first_chunk::<2>().map(|place| (place[0], place[1]));
                if let (Some(place), Some(inner)) = (place, embedded(pdu.data, 2))
                    && inner.is_answered()
                {
                    self.relayed(&root, place, &inner, output);
                }
            }
            command => self.own_answer(&root, command, pdu, output),
        }
    }

    /// The answer of whoever is addressed: the server, or a device behind it.
    fn own_answer(&mut self, root: &Station, command: Command, pdu: &Pdu<'_>, output: &mut Output<'_>) {
        let identity = Identity::of(pdu.data).filter(|_| Command::IDENTITIES.contains(&command));
        let is_own = match pdu.address {
            None | Some(Address::Polling(0)) => true,
            Some(Address::Polling(_)) => false,
            Some(Address::Unique(address)) => self.own == Some(address),
        };
        if is_own && let Some(identity) = identity {
            self.own = identity.address();
        }
        let station = match pdu.address {
            _ if is_own => root.clone(),
            Some(Address::Unique(address)) => self.below(root, address),
            Some(Address::Polling(polling)) => match identity.and_then(|identity| identity.address()) {
                Some(address) => self.below(root, address),
                None => root.below([Position::new("node", polling)]),
            },
            None => root.clone(),
        };
        let facts = output.facts.len();
        match identity {
            Some(identity) => identity.say(&station, output),
            None => identity::say(command.0, &station, pdu.data, output),
        }
        // Whoever only sends values is not worth a station: some servers publish under addresses that are nobody's.
        if !station.path.is_root() && output.facts.len() > facts {
            output.spoke(station);
        }
    }

    /// An answer that the I/O system passed on.
    fn relayed(&mut self, root: &Station, place: Place, inner: &Pdu<'_>, output: &mut Output<'_>) {
        let identity =
            Identity::of(inner.data).filter(|_| Command::IDENTITIES.contains(&Command(inner.command)));
        let address = match (inner.address, identity) {
            (Some(Address::Unique(address)), _) => Some(address),
            (_, Some(identity)) => identity.address(),
            _ => None,
        };
        let Some(address) = address else { return };
        self.sits(address, place, output);
        let station = self.below(root, address);
        output.spoke(station.clone());
        match identity {
            Some(identity) => identity.say(&station, output),
            None => identity::say(inner.command, &station, inner.data, output),
        }
    }

    /// The I/O system names one of its devices.
    fn sub_device(&mut self, root: &Station, device: &SubDevice<'_>, output: &mut Output<'_>) {
        if device.index == 0 || self.own == Some(device.address) {
            return;
        }
        self.sits(device.address, device.place, output);
        let station = self.below(root, device.address);
        output.mentioned(station.clone(), root.clone(), "module of the hart i/o system", device.octets);
        device.say(&station, output);
    }

    /// Remembers where a device sits.
    fn sits(&mut self, address: UniqueAddress, place: Place, output: &mut Output<'_>) {
        self.places.retain(|(known, _)| *known != address);
        if self.places.len() >= PLACES_MAX {
            self.places.pop_front();
            output.dropped = output.dropped.saturating_add(1);
        }
        self.places.push_back((address, place));
    }

    /// The station of a device behind the server: card and channel where it has them and they are known.
    fn below(&self, root: &Station, address: UniqueAddress) -> Station {
        let device = Position::new("device", address);
        let known = self.places.iter().find(|(known, _)| *known == address).map(|(_, place)| *place);
        match known.filter(|(card, channel)| *card < PLACES_NONE_MIN && *channel < PLACES_NONE_MIN) {
            Some((card, channel)) => {
                root.below([Position::new("module", card), Position::new("channel", channel), device])
            }
            None => root.below([device]),
        }
    }
}

/// The frame that command 77 carries behind so many octets. It must fill the rest.
fn embedded(data: Octets<'_>, at: usize) -> Option<Pdu<'_>> {
    let mut reader = Reader::new(data.tail(at));
    let pdu = Pdu::unchecked(&mut reader).ok()?;
    reader.is_empty().then_some(pdu)
}

/// Version, type, id and a length that fits are not enough for certainty; a body that fits them is.
pub(super) fn probe(octets: &[u8]) -> Probe {
    let Frame::Message(length) = frame(octets) else { return Probe::Foreign };
    let mut reader = Reader::new(Octets::unplaced(octets).head(length));
    let Ok(header) = Header::read(&mut reader) else { return Probe::Foreign };
    let fits = match header.id {
        MessageId::SessionInitiate => reader.remaining() == 5 && reader.peek().get(0) == Some(1),
        MessageId::TokenPassing => Pdu::token_passing(&mut reader).is_ok() && reader.is_empty(),
        MessageId::Direct => {
            let is_answer = header.kind != MessageType::Request;
            let mut fits = reader.skip(2, "device status").is_ok() && !reader.is_empty();
            while fits && !reader.is_empty() {
                fits = Pdu::direct(&mut reader, is_answer).is_ok();
            }
            fits
        }
        MessageId::SessionClose | MessageId::KeepAlive | MessageId::ReadAuditLog => {
            return if length == octets.len() { Probe::Unsure } else { Probe::Foreign };
        }
    };
    if fits { Probe::Certain } else { Probe::Foreign }
}
