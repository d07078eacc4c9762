//! What devices say of themselves, and what is asked of them.

use std::net::{IpAddr, Ipv6Addr};

use observation::{Address, Basis, Octets, OperationKind, Position, Rule, Rules, Station, attribute};

use super::services::{asked, service};
use super::wire::{Message, Way, part};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

static TEXT: Rule = Rule { name: "ff-hse-text", read: Rules::text };
static NUMBER: Rule = Rule { name: "ff-hse-number", read: Rules::decimal_be };
static DEVICE_TYPE: Rule = Rule { name: "ff-hse-device-type", read: device_type };
static MANUFACTURER: Rule =
    Rule { name: "ff-hse-device-id-manufacturer", read: |id| parts(id).map(|id| id.0) };
static TYPE: Rule = Rule { name: "ff-hse-device-id-type", read: |id| parts(id).map(|id| id.1) };
static SERIAL: Rule = Rule { name: "ff-hse-device-id-serial", read: |id| parts(id)?.2 };
static ADDRESS: Rule =
    Rule { name: "ff-hse-address", read: |octets| address(octets).map(|ip| ip.to_string()) };

pub(super) const RULES: &[&Rule] = &[&TEXT, &NUMBER, &DEVICE_TYPE, &MANUFACTURER, &TYPE, &SERIAL, &ADDRESS];

/// Octets of a name: text with blanks behind it.
const NAME: usize = 32;

/// H1 links of one device that are said; linking devices have four or eight.
const LINKS_MAX: u32 = 32;

/// Devices whose last announcement is remembered, to say it once: on a multicast address all may be one conversation.
const REMEMBERED: usize = 64;

/// What a device is, by its bits; a device can be several.
fn device_type(octets: &[u8]) -> Option<String> {
    const KINDS: [(u8, &str); 4] =
        [(0x80, "linking device"), (0x40, "I/O gateway"), (0x20, "HSE field device"), (0x10, "H1 device")];
    let bits = *octets.first()?;
    let kinds: Vec<_> = KINDS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, kind)| *kind).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// Maker, type and serial number of a device id: six and four hexadecimal digits, then what the maker likes, of which a
/// single word with a digit is a serial number.
fn parts(octets: &[u8]) -> Option<(String, String, Option<String>)> {
    let text = Rules::text(octets)?;
    let (maker, rest) = text.split_at_checked(6)?;
    let (kind, rest) = rest.split_at_checked(4)?;
    let is_hexadecimal = |part: &str| part.bytes().all(|digit| digit.is_ascii_hexdigit());
    let serial = rest.trim_matches(['-', '_', ' ']);
    let is_serial = serial.bytes().any(|octet| octet.is_ascii_digit())
        && serial.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    (is_hexadecimal(maker) && is_hexadecimal(kind)).then(|| {
        (maker.to_ascii_uppercase(), kind.to_ascii_uppercase(), is_serial.then(|| serial.to_owned()))
    })
}

/// An address of 16 octets; of those of IPv4 the last four are set.
fn address(octets: &[u8]) -> Option<IpAddr> {
    let ip = Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?);
    let ip = ip.to_ipv4().map_or(IpAddr::V6(ip), IpAddr::V4);
    Some(ip).filter(|ip| Address::Ip(*ip).is_unicast() && !ip.is_loopback())
}

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct FfHse {
    told: Told<REMEMBERED>,
}

impl Session for FfHse {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(octets)?;
        let is_asked = message.way == Way::Request && message.is_confirmed;
        let is_answered = message.way != Way::Request;
        if is_asked || is_answered {
            output.server_is = Some(if is_asked { context.from.other() } else { context.from });
        }
        if is_asked {
            if let Some((kind, name)) = asked(message.part, message.service) {
                output.operation(kind, name, octets);
            }
            if let Some(node) = message.node.filter(|node| self.is_new(context, b"asked", *node)) {
                output.mentioned(
                    below(context.server(), node),
                    context.source(),
                    "ff address",
                    octets.head(8),
                );
            }
            return Ok(());
        }
        if message.way == Way::Error {
            return Ok(());
        }
        match (message.part, message.is_confirmed, message.service) {
            (part::MANAGEMENT, false, service::ANNUNCIATION)
            | (part::MANAGEMENT, true, service::IDENTIFY) => self.announced(context, message, output),
            (part::MANAGEMENT, false, service::FIND_TAG_REPLY) => found(context, message, output),
            (part::MANAGEMENT, false, _) if message.service == 1 => {
                output.operation(OperationKind::Identify, "find tag query", octets);
                Ok(())
            }
            (part::FMS, true, service::FMS_IDENTIFY) => identified(context, message, output),
            _ => {
                if let Some(node) =
                    message.node.filter(|node| is_answered && self.is_new(context, b"answers", *node))
                {
                    output.spoke(below(context.source(), node));
                }
                Ok(())
            }
        }
    }
}

/// The device on an H1 link behind a linking device.
fn below(linking: Station, (link, node): (u16, u8)) -> Station {
    linking.below([Position::new("link", link), Position::new("node", node)])
}

impl FfHse {
    /// True if this was not said lately of a node.
    fn is_new(&mut self, context: &Context, what: &[u8], (link, node): (u16, u8)) -> bool {
        let [high, low] = link.to_be_bytes();
        let ports = [context.source_port, context.destination_port].map(u16::to_be_bytes);
        self.told.is_new(Print::new().with(what).with(&[high, low, node]).with(ports.as_flattened()))
    }

    /// A device annunciation or the answer to SM Identify (FF-588 sections 6.5.2.3 and 6.5.2.7), which have one layout.
    fn announced(
        &mut self,
        context: &Context,
        message: Message<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let whole = message.body.peek();
        if !whole.is_cut() && !self.told.is_new(Print::new().with(whole.bytes)) {
            return Ok(());
        }
        let mut body = message.body;
        body.skip(1, "SMK state")?;
        let device = message.node.map_or(context.source(), |node| below(context.source(), node));
        let mut say = |attribute, rule, octets| output.fact(&device, attribute, Basis::Stated, rule, octets);
        say("ff_hse.device_type", &DEVICE_TYPE, body.take(1, "device type")?);
        body.skip(2, "redundancy and duplicate detection")?;
        say("ff_hse.device_index", &NUMBER, body.take(2, "device index")?);
        body.skip(2, "maximum device index")?;
        let own = body.take(16, "operational IP address")?;
        if address(own.bytes).map(Address::Ip).is_some_and(|own| own != context.source) {
            say(attribute::IP_ADDRESS, &ADDRESS, own);
        }
        names(&device, body.take(NAME, "device id")?, body.take(NAME, "PD tag")?, output);
        body.skip(16, "repeat time, redundancy port and versions")?;
        let entries = body.u32_be("number of versions")?;
        for _ in 0..entries.min(LINKS_MAX) {
            let link = body.take(2, "H1 link")?;
            body.skip(2, "version of a live list")?;
            output.fact(&device, "ff_hse.h1_link", Basis::Stated, &NUMBER, link);
        }
        Ok(())
    }
}

/// The answer to a query for a tag (section 6.5.2.2): who has it.
fn found(context: &Context, message: Message<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut body = message.body;
    body.skip(1, "query type")?;
    let node = body.u8("H1 node")?;
    let link = body.u16_be("H1 link")?;
    body.skip(8, "VFD reference and index")?;
    let own = body.take(16, "IP address")?;
    body.skip(4, "version of the dictionary")?;
    let (id, tag) = (body.take(NAME, "device id")?, body.take(NAME, "PD tag")?);
    let Some(ip) = address(own.bytes) else { return Ok(()) };
    let holder = Station::root(Address::Ip(ip), context.vlan);
    let is_own = holder.address == context.source;
    let device = if link > 0 && node > 0 { below(holder, (link, node)) } else { holder };
    if !is_own {
        output.mentioned(device.clone(), context.source(), "ff tag reply", own);
        return Ok(());
    }
    names(&device, id, tag, output);
    Ok(())
}

/// The answer to FMS Identify (section 6.5.3.6): by the device itself, or by one behind it.
fn identified(context: &Context, message: Message<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut body = message.body;
    let device = match message.node {
        Some(node) => below(context.source(), node),
        None => context.source(),
    };
    if message.node.is_some() {
        output.spoke(device.clone());
    }
    for (name, what) in [
        (attribute::VENDOR, "vendor name"),
        (attribute::MODEL, "model name"),
        (attribute::FIRMWARE_VERSION, "revision"),
    ] {
        output.fact(&device, name, Basis::Stated, &TEXT, body.take(NAME, what)?);
    }
    Ok(())
}

fn names(device: &Station, id: Octets<'_>, tag: Octets<'_>, output: &mut Output<'_>) {
    let mut say = |attribute, rule, octets| output.fact(device, attribute, Basis::Stated, rule, octets);
    say("ff_hse.device_id", &TEXT, id);
    say("ff_hse.manufacturer_id", &MANUFACTURER, id);
    say("ff_hse.device_type_id", &TYPE, id);
    say(attribute::SERIAL_NUMBER, &SERIAL, id);
    say(attribute::NAME, &TEXT, tag);
}
