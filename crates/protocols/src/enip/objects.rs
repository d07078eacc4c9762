//! What replies of objects say of the device that holds them: Identity (CIP Networks Library volume 1, 5-2), Port
//! (volume 1, 5-21), TCP/IP Interface and Ethernet Link (volume 2, 5-4 and 5-5), and the name of a Logix controller.

use std::net::{IpAddr, Ipv4Addr};

use observation::{Basis, Octets, Station, attribute};

use super::cip::{ATTRIBUTE_LIST_ERROR, Reply, Request, SUCCESS, class, service};
use super::epath::Segments;
use super::identity::Identity;
use super::rules;
use crate::{Malformed, Output, Reader};

/// What was asked of an object whose answer is read: what a reply alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    service: u8,
    class: u32,
    /// 0 for the services that return several.
    attribute: u16,
}

impl Asked {
    /// What the request asks, if its answer is read: attributes of the first instance of Identity, of TCP/IP
    /// Interface and of the controller's name, and of any instance of Port and Ethernet Link. Further instances of
    /// Identity are parts of the device (boot code, options), which have no station of their own.
    pub(super) fn of(request: &Request<'_>) -> Option<Self> {
        let (target, instance) = (&request.target, request.target.instance?);
        let class = target.class?;
        let read = match class {
            class::IDENTITY | class::TCP_IP_INTERFACE | class::CONTROLLER_NAME => instance == 1,
            class::PORT | class::ETHERNET_LINK => instance >= 1,
            _ => false,
        };
        let attribute = match request.service {
            service::GET_ATTRIBUTES_ALL | service::GET_ATTRIBUTE_LIST => 0,
            service::GET_ATTRIBUTE_SINGLE => u16::try_from(target.attribute?).ok()?,
            _ => return None,
        };
        (read && target.is_class(class)).then_some(Self { service: request.service, class, attribute })
    }
}

/// Whom a reply is about.
#[derive(Debug)]
pub(super) struct Subject<'s> {
    /// The device that answers.
    pub(super) station: &'s Station,
    /// True if it has said to be a Logix controller.
    pub(super) logix_controller: bool,
}

/// Reads a reply to `asked` and says what it tells; true if the device proves to be a Logix controller.
///
/// # Errors
///
/// Fails if an attribute is cut short. What was read before is said.
pub(super) fn observe<'a>(
    asked: Asked,
    reply: &Reply<'a>,
    subject: &Subject<'_>,
    output: &mut Output<'a>,
) -> Result<bool, Malformed> {
    let partly = asked.service == service::GET_ATTRIBUTE_LIST && reply.status == ATTRIBUTE_LIST_ERROR;
    if asked.service != reply.service || (reply.status != SUCCESS && !partly) {
        return Ok(false);
    }
    let mut identity = Identity::default();
    let mut reader = reply.data.clone();
    let read = match asked.service {
        service::GET_ATTRIBUTES_ALL => all(asked.class, &mut reader, &mut identity, subject, output),
        service::GET_ATTRIBUTE_LIST => list(asked.class, &mut reader, &mut identity, subject, output),
        _ => one(asked.class, asked.attribute, &mut reader, &mut identity, subject, output).map(drop),
    };
    let logix_controller = identity.is_logix_controller();
    identity.say(subject.station, logix_controller || subject.logix_controller, output);
    read.map(|()| logix_controller)
}

/// The attributes in the order in which the class returns them all, as far as their lengths are fixed.
fn all<'a>(
    class: u32,
    reader: &mut Reader<'a>,
    identity: &mut Identity<'a>,
    subject: &Subject<'_>,
    output: &mut Output<'a>,
) -> Result<(), Malformed> {
    let numbers = match class {
        class::IDENTITY => {
            identity.read(reader)?;
            // Older devices end here.
            return if reader.is_empty() { Ok(()) } else { identity.read_state(reader) };
        }
        class::TCP_IP_INTERFACE => 1..=6,
        class::ETHERNET_LINK => 1..=3,
        class::CONTROLLER_NAME => 1..=2,
        _ => return Ok(()),
    };
    for number in numbers {
        // Devices of earlier editions return fewer attributes.
        if reader.is_empty() || !one(class, number, reader, identity, subject, output)? {
            break;
        }
    }
    Ok(())
}

/// The attributes of a Get_Attribute_List reply (volume 1, A-4.3): number, status, and the value if that is 0. A value
/// of unknown length hides all that follow.
fn list<'a>(
    class: u32,
    reader: &mut Reader<'a>,
    identity: &mut Identity<'a>,
    subject: &Subject<'_>,
    output: &mut Output<'a>,
) -> Result<(), Malformed> {
    for _ in 0..reader.u16_le("attribute count")? {
        let number = reader.u16_le("attribute")?;
        let status = reader.u16_le("attribute status")?;
        if status == 0 && !one(class, number, reader, identity, subject, output)? {
            break;
        }
    }
    Ok(())
}

/// Reads one attribute and says what it tells; false if its length is not known.
fn one<'a>(
    class: u32,
    number: u16,
    reader: &mut Reader<'a>,
    identity: &mut Identity<'a>,
    subject: &Subject<'_>,
    output: &mut Output<'a>,
) -> Result<bool, Malformed> {
    let mut say = |attribute, rule, octets: Octets<'_>| {
        output.fact(subject.station, attribute, Basis::Stated, rule, octets);
    };
    match (class, number) {
        (class::IDENTITY, _) => return identity.attribute(number, reader),
        (class::TCP_IP_INTERFACE, 1 | 2) => reader.skip(4, "interface status or capability")?,
        (class::TCP_IP_INTERFACE, 3) => {
            say(
                "cip.configuration_method",
                &rules::CONFIGURATION_METHOD,
                reader.take(4, "configuration control")?,
            );
        }
        (class::TCP_IP_INTERFACE, 4) => skip_path(reader)?,
        (class::TCP_IP_INTERFACE, 5) => {
            let number = reader.clone().u32_le("IP address")?;
            let own = reader.take(4, "IP address")?;
            if is_further_address(Ipv4Addr::from_bits(number), subject.station) {
                say(attribute::IP_ADDRESS, &rules::IP_ADDRESS, own);
            }
            say("cip.subnet_mask", &rules::SUBNET_MASK, reader.take(4, "network mask")?);
            say("cip.gateway", &rules::GATEWAY, reader.take(4, "gateway address")?);
            say("cip.name_server", &rules::NAME_SERVER, reader.take(4, "name server")?);
            reader.skip(4, "second name server")?;
            say("cip.domain_name", &rules::DOMAIN, string(reader, "domain name")?);
        }
        (class::TCP_IP_INTERFACE, 6) => {
            say(attribute::HOSTNAME, &rules::HOSTNAME, string(reader, "host name")?)
        }
        (class::ETHERNET_LINK, 1 | 2) => reader.skip(4, "interface speed or flags")?,
        (class::ETHERNET_LINK, 3) => {
            say(attribute::MAC_ADDRESS, &rules::MAC_ADDRESS, reader.take(6, "physical address")?);
        }
        (class::ETHERNET_LINK, 6) => reader.skip(4, "interface control")?,
        (class::ETHERNET_LINK, 7..=9) => reader.skip(1, "interface type or state")?,
        (class::ETHERNET_LINK, 10) => {
            say("cip.interface_label", &rules::INTERFACE_LABEL, short_string(reader, "interface label")?);
        }
        (class::PORT, 1 | 2) => reader.skip(2, "port type or number")?,
        (class::PORT, 3) => skip_path(reader)?,
        (class::PORT, 4..=6) => short_string(reader, "port name").map(drop)?,
        (class::PORT, 7) => {
            let length = Segments::new(reader.clone()).first_length()?;
            say("cip.node_address", &rules::NODE_ADDRESS, reader.take(length, "node address")?);
        }
        // The object is the vendor's: only of its controllers is it known what the attributes are.
        (class::CONTROLLER_NAME, 1) if subject.logix_controller => {
            say(attribute::NAME, &rules::CONTROLLER_NAME, long_string(reader, "controller name")?);
        }
        (class::CONTROLLER_NAME, 2) if subject.logix_controller => {
            say(
                attribute::DESCRIPTION,
                &rules::CONTROLLER_DESCRIPTION,
                long_string(reader, "controller description")?,
            );
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// True for an address of the device that its frames do not show: that of a module behind another address, or of
/// another interface.
pub(super) fn is_further_address(own: Ipv4Addr, station: &Station) -> bool {
    let usable = !own.is_unspecified() && !own.is_loopback() && !own.is_broadcast() && !own.is_multicast();
    usable && (!station.path.is_root() || station.address.ip() != Some(IpAddr::V4(own)))
}

/// A path with its length in words.
fn skip_path(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let words = reader.u16_le("path size")?;
    reader.skip(usize::from(words).saturating_mul(2), "path")
}

/// SHORT_STRING (volume 1, C-5): length of one octet.
fn short_string<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let length = reader.u8(what)?;
    reader.take(length.into(), what)
}

/// STRING (volume 1, C-5): length of two octets.
fn long_string<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let length = reader.u16_le(what)?;
    reader.take(length.into(), what)
}

/// A STRING of the TCP/IP Interface object, which is padded to whole words (volume 2, 5-4.3.2.5).
fn string<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let text = long_string(reader, what)?;
    if text.len() % 2 == 1 && !reader.is_empty() {
        reader.skip(1, "pad")?;
    }
    Ok(text)
}
