//! What the frames of one master say: of the slaves in those that come back, of the master in those that go out.

use observation::{Address, Basis, End, Mac, Octets, OperationKind, Position, Rule, Station, attribute};

use super::coe::{self, Mail};
use super::image::CATEGORIES;
use super::rules::{ALIAS, CONTROLLER, NUMBER, POSITION, PROFILE, SERIAL, STATE, TEXT, VENDOR};
use super::slaves::Slaves;
use super::wire::{Addressing, Datagram, Datagrams};
use crate::{Context, Malformed, Output, Session};

/// Registers (ETG.1000.4, chapter 6).
const INFORMATION: u16 = 0x0000;
const STATION_ADDRESS: u16 = 0x0010;
const STATION_ALIAS: u16 = 0x0012;
const CONTROL: u16 = 0x0120;
const STATUS: u16 = 0x0130;
const SII_CONTROL: u16 = 0x0502;
const SII_ADDRESS: u16 = 0x0504;
const SII_DATA: u16 = 0x0508;
/// From here on memory of the maker, where mailboxes lie.
const MEMORY: u16 = 0x1000;

/// Bits of the SII control register.
const SII_BUSY: u16 = 0x8000;
const SII_WRITE: u16 = 0x0200;

/// Set in the source MAC of a frame by the first slave that it passes.
const RETURNED: u8 = 0x02;

/// Remembers slaves, and whether frames go out in this conversation.
#[derive(Debug, Default)]
pub(super) struct EtherCat {
    slaves: Slaves,
    /// Frames that no slave has counted were sent by the same address: it is the master's own.
    goes_out: bool,
    /// A slave had no room; counted once.
    is_full: bool,
}

impl Session for EtherCat {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        // A broken datagram ends the frame: what stands before it is read.
        let datagrams = Datagrams::of(message)?;
        let (mut is_back, mut slave_count) = (false, None);
        for datagram in datagrams.clone().flatten().filter(|datagram| datagram.working_counter > 0) {
            is_back = true;
            if datagram.addressing == Addressing::Broadcast {
                slave_count = Some(datagram.address);
            }
        }
        if !is_back {
            self.goes_out = true;
            return datagrams.into_iter().try_for_each(|datagram| {
                asked(&datagram?, output);
                Ok(())
            });
        }
        for datagram in datagrams {
            let datagram = datagram?;
            if datagram.working_counter == 0 {
                continue;
            }
            match datagram.addressing {
                Addressing::Position => self.by_position(context, &datagram, slave_count, output),
                Addressing::Station => self.by_station(context, &datagram, datagram.slave(), output),
                Addressing::Broadcast | Addressing::Logical => {}
            }
        }
        Ok(())
    }

    fn gap(&mut self, from: End) {
        let _ = from;
    }
}

/// Counts what a master asks of slaves, of frames that go out.
fn asked<'m>(datagram: &Datagram<'m>, output: &mut Output<'m>) {
    if !datagram.is_write || !matches!(datagram.addressing, Addressing::Station | Addressing::Position) {
        return;
    }
    let word = || datagram.data.bytes.first_chunk::<2>().map_or(0, |octets| u16::from_le_bytes(*octets));
    match datagram.offset {
        CONTROL if word() & 0x0f == 3 => {
            output.operation(OperationKind::Program, "request bootstrap state", datagram.data);
        }
        SII_CONTROL if word() & SII_WRITE != 0 => {
            output.operation(OperationKind::Program, "write slave information", datagram.data);
        }
        MEMORY.. => {
            if let Some(Mail::Request(kind, name)) = coe::mail(datagram.data) {
                output.operation(kind, name, datagram.data);
            }
        }
        _ => {}
    }
}

impl EtherCat {
    /// The master: the sender, without the bit that the first slave sets.
    fn master(&self, context: &Context) -> Station {
        let mut master = context.source();
        if let (Address::Mac(Mac([first, rest @ ..])), false) = (master.address, self.goes_out) {
            let [b, c, d, e, f] = rest;
            master.address = Address::Mac(Mac([first & !RETURNED, b, c, d, e, f]));
        }
        master
    }

    fn node(&self, context: &Context, address: u16) -> Station {
        self.master(context).below([Position::new("node", address)])
    }

    /// A master gives station addresses by position, and may go on so.
    fn by_position(
        &mut self,
        context: &Context,
        datagram: &Datagram<'_>,
        slave_count: Option<Octets<'_>>,
        output: &mut Output<'_>,
    ) {
        let Some(count) = slave_count else { return };
        let whole = u16::from_le_bytes(count.bytes.try_into().unwrap_or_default());
        let Some(position) = whole.checked_sub(datagram.slave()) else { return };
        if !(datagram.offset == STATION_ADDRESS && datagram.is_write) {
            if let Some(address) = self.slaves.address_of(position) {
                self.by_station(context, datagram, address, output);
            }
            return;
        }
        let Some(address) = datagram.data.bytes.first_chunk::<2>() else { return };
        let address = u16::from_le_bytes(*address);
        if address == 0 {
            return;
        }
        if self.slaves.place(address, position) {
            let node = self.node(context, address);
            output.fact_of(&node, "ethercat.position", Basis::Stated, &POSITION, &[count, datagram.address]);
            output.mentioned(node, self.master(context), "configured node", datagram.data);
        }
    }

    /// What stands in a register or mailbox of one slave.
    fn by_station(
        &mut self,
        context: &Context,
        datagram: &Datagram<'_>,
        address: u16,
        output: &mut Output<'_>,
    ) {
        let data = datagram.data;
        match (datagram.offset, datagram.is_read) {
            (INFORMATION, true) => {
                if let Some(controller) = data.slice(0, 4) {
                    self.say(context, address, &[("ethercat.controller", &CONTROLLER, controller)], output);
                }
            }
            (STATION_ALIAS, true) => {
                if let Some(alias) = data.slice(0, 2) {
                    self.say(context, address, &[("ethercat.alias", &ALIAS, alias)], output);
                }
            }
            (STATUS, true) => self.state(context, address, data, output),
            (SII_CONTROL, false) => self.asks_word(address, data.slice(2, 2), output),
            (SII_ADDRESS, false) => self.asks_word(address, data.slice(0, 2), output),
            (SII_CONTROL, true) => {
                let busy = data.slice(0, 2).and_then(word).is_none_or(|control| control & SII_BUSY != 0);
                if let (false, Some(at), true) = (busy, data.slice(2, 2).and_then(word), data.len() > 6) {
                    self.information(context, address, at, data.tail(6), output);
                }
            }
            (SII_DATA, true) => {
                if let Some(at) = self.slaves.at(address).and_then(|slave| slave.word) {
                    self.information(context, address, at, data, output);
                }
            }
            (MEMORY.., true) => {
                if let Some(Mail::Value { index, subindex, is_complete, value }) = coe::mail(data) {
                    self.object(context, address, (index, subindex, is_complete), value, output);
                }
            }
            _ => {}
        }
    }

    fn say(
        &self,
        context: &Context,
        address: u16,
        values: &[(&'static str, &'static Rule, Octets<'_>)],
        output: &mut Output<'_>,
    ) {
        let node = self.node(context, address);
        for (name, rule, octets) in values {
            output.fact(&node, name, Basis::Stated, rule, *octets);
        }
        output.spoke(node);
    }

    /// The state of a slave, when it is another than before.
    fn state(&mut self, context: &Context, address: u16, data: Octets<'_>, output: &mut Output<'_>) {
        let (Some(state), Some(octets)) = (data.get(0), data.slice(0, 1)) else { return };
        let Some(slave) = self.slaves.at(address) else { return self.no_room(output) };
        if std::mem::replace(&mut slave.state, state) != state {
            self.say(context, address, &[(attribute::MODE, &STATE, octets)], output);
        }
    }

    /// The word of the slave information that is read next.
    fn asks_word(&mut self, address: u16, at: Option<Octets<'_>>, output: &mut Output<'_>) {
        let Some(at) = at.and_then(word) else { return };
        match self.slaves.at(address) {
            Some(slave) => slave.word = Some(at),
            None => self.no_room(output),
        }
    }

    fn no_room(&mut self, output: &mut Output<'_>) {
        if !std::mem::replace(&mut self.is_full, true) {
            output.dropped = output.dropped.saturating_add(1);
        }
    }

    /// Words of the slave information (ETG.2010, chapter 3.1), two octets each.
    fn information(
        &mut self,
        context: &Context,
        address: u16,
        at: u16,
        words: Octets<'_>,
        output: &mut Output<'_>,
    ) {
        let place = |wanted: u16| {
            let skip = usize::from(wanted.checked_sub(at)?).saturating_mul(2);
            words.slice(skip, 4)
        };
        let identity: [(u16, &[(&'static str, &'static Rule)]); 4] = [
            (0x08, &[(attribute::VENDOR, &VENDOR), ("ethercat.vendor_id", &NUMBER)]),
            (0x0a, &[("ethercat.product_code", &NUMBER)]),
            (0x0c, &[("ethercat.revision", &NUMBER)]),
            (0x0e, &[(attribute::SERIAL_NUMBER, &SERIAL)]),
        ];
        for (wanted, values) in identity {
            if let Some(octets) = place(wanted) {
                for (name, rule) in values {
                    self.say(context, address, &[(name, rule, octets)], output);
                }
            }
        }
        if at >= CATEGORIES {
            self.category(context, address, at, words, output);
        }
    }

    /// Words of the categories, from which names are read once they are whole.
    fn category(
        &mut self,
        context: &Context,
        address: u16,
        at: u16,
        words: Octets<'_>,
        output: &mut Output<'_>,
    ) {
        let Some(slave) = self.slaves.at(address) else { return self.no_room(output) };
        if slave.is_named {
            return;
        }
        let mut image = slave.image.take().unwrap_or_default();
        if !image.push(at, words) {
            slave.image = Some(image);
            return;
        }
        let Some(names) = image.names() else {
            slave.image = Some(image);
            output.hold = true;
            return;
        };
        slave.is_named = true;
        let said = [(attribute::ORDER_NUMBER, names.order_number), (attribute::MODEL, names.name)];
        for (name, octets) in said {
            if let Some(octets) = octets {
                self.say(context, address, &[(name, &TEXT, octets)], output);
            }
        }
    }

    /// An object of the dictionary that says what the slave is (ETG.1000.6, chapter 5.6.7.4).
    fn object(
        &self,
        context: &Context,
        address: u16,
        (index, subindex, is_complete): (u16, u8, bool),
        value: Octets<'_>,
        output: &mut Output<'_>,
    ) {
        let number = |at: usize| value.slice(at, 4);
        let mut say = |name, rule, octets: Option<Octets<'_>>| {
            if let Some(octets) = octets {
                self.say(context, address, &[(name, rule, octets)], output);
            }
        };
        match (index, subindex) {
            (0x1000, 0) => say("ethercat.profile", &PROFILE, number(0)),
            (0x1008, 0) => say(attribute::MODEL, &TEXT, Some(value)),
            (0x1009, 0) => say(attribute::HARDWARE_REVISION, &TEXT, Some(value)),
            (0x100a, 0) => say(attribute::FIRMWARE_VERSION, &TEXT, Some(value)),
            (0x1018, 0 | 1) if is_complete => {
                // Subindex 0 takes two octets where all are asked for at once.
                let start = if subindex == 0 { 2_usize } else { 0 };
                let at = |place: usize| number(start.saturating_add(place));
                say(attribute::VENDOR, &VENDOR, at(0));
                say("ethercat.vendor_id", &NUMBER, at(0));
                say("ethercat.product_code", &NUMBER, at(4));
                say("ethercat.revision", &NUMBER, at(8));
                say(attribute::SERIAL_NUMBER, &SERIAL, at(12));
            }
            (0x1018, 1) => {
                say(attribute::VENDOR, &VENDOR, number(0));
                say("ethercat.vendor_id", &NUMBER, number(0));
            }
            (0x1018, 2) => say("ethercat.product_code", &NUMBER, number(0)),
            (0x1018, 3) => say("ethercat.revision", &NUMBER, number(0)),
            (0x1018, 4) => say(attribute::SERIAL_NUMBER, &SERIAL, number(0)),
            _ => {}
        }
    }
}

/// A number of two octets.
fn word(octets: Octets<'_>) -> Option<u16> {
    octets.bytes.try_into().ok().map(u16::from_le_bytes)
}
