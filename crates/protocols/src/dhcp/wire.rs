//! The message: a fixed part (RFC 2131 section 2), a magic cookie, options (RFC 2132 section 2), which may go on in the
//! two text fields of the fixed part (option 52).

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Probe, Problem, Reader};

/// Octets of the fixed part.
const FIXED: usize = 236;
/// What follows it in DHCP and in BOOTP with vendor extensions.
const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
/// Octets of the fixed part and the cookie.
const HEAD: usize = 240;

/// Operation codes.
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Hardware types whose addresses are of six octets: Ethernet, IEEE 802 (IANA "Hardware Types").
const HARDWARE_TYPES: [u8; 2] = [1, 6];

/// Options.
pub(super) const SUBNET_MASK: u8 = 1;
pub(super) const ROUTERS: u8 = 3;
pub(super) const NAME_SERVERS: u8 = 6;
pub(super) const HOST_NAME: u8 = 12;
pub(super) const DOMAIN_NAME: u8 = 15;
pub(super) const TIME_SERVERS: u8 = 42;
pub(super) const REQUESTED_ADDRESS: u8 = 50;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
pub(super) const SERVER_ID: u8 = 54;
pub(super) const PARAMETERS: u8 = 55;
pub(super) const VENDOR_CLASS: u8 = 60;
pub(super) const CLIENT_ID: u8 = 61;
pub(super) const USER_CLASS: u8 = 77;
pub(super) const CLIENT_FQDN: u8 = 81;
pub(super) const RELAY_AGENT: u8 = 82;
pub(super) const AUTHENTICATION: u8 = 90;
pub(super) const CLIENT_UUID: u8 = 97;
pub(super) const VENDOR_IDENTIFYING_CLASS: u8 = 124;
const PAD: u8 = 0;
const END: u8 = 255;

/// Delimits a datagram: all of it is one message.
pub(super) fn frame(octets: &[u8], _: Transport) -> Frame {
    match octets {
        [REQUEST | REPLY, ..] if octets.len() >= FIXED => Frame::Message(octets.len()),
        [] | [REQUEST | REPLY, ..] => Frame::Partial(FIXED),
        _ => Frame::Foreign,
    }
}

/// Tells by operation, hardware type and cookie.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    match octets {
        [REQUEST | REPLY, 1 | 6, 6, ..]
            if transport == Transport::Udp && octets.get(FIXED..HEAD) == Some(&COOKIE) =>
        {
            Probe::Certain
        }
        _ => Probe::Foreign,
    }
}

/// Type of a message (RFC 2132 section 9.6); 0 for BOOTP, which has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageType(pub u8);

impl MessageType {
    /// BOOTP.
    pub const NONE: Self = Self(0);
    /// The client looks for servers.
    pub const DISCOVER: Self = Self(1);
    /// The client asks for an address.
    pub const REQUEST: Self = Self(3);
    /// The server gives an address.
    pub const ACK: Self = Self(5);
    /// The client, which has an address, asks for the rest.
    pub const INFORM: Self = Self(8);
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// True for a server's.
    pub is_reply: bool,
    /// Address that the client has and uses, four octets.
    pub client_address: Octets<'a>,
    /// Address that the server gives or offers, four octets.
    pub your_address: Octets<'a>,
    /// Address of the relay agent, four octets; 0.0.0.0 without.
    pub relay_address: Octets<'a>,
    /// MAC of the client, six octets; `None` on other hardware.
    pub client_hardware: Option<Octets<'a>>,
    /// Options.
    pub options: Options<'a>,
}

impl<'a> Message<'a> {
    /// Reads a message; one that the capture cut behind the fixed part has the options that are there.
    ///
    /// # Errors
    ///
    /// Fails if the fixed part is cut short, or if its operation is neither request nor reply.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let operation = reader.u8("operation")?;
        if !matches!(operation, REQUEST | REPLY) {
            return Err(reader.malformed("operation", Problem::Value { value: operation.into() }));
        }
        let hardware_type = reader.u8("hardware type")?;
        let hardware_length = reader.u8("hardware address length")?;
        reader.skip(9, "hops, transaction, seconds, flags")?;
        let client_address = reader.take(4, "client address")?;
        let your_address = reader.take(4, "your address")?;
        reader.skip(4, "server address")?;
        let relay_address = reader.take(4, "relay agent address")?;
        let hardware = reader.take(16, "client hardware address")?;
        let server_name = reader.take(64, "server name")?;
        let boot_file = reader.take(128, "boot file name")?;
        let rest = reader.rest();
        let has_options = rest.bytes.starts_with(&COOKIE);
        let options = if has_options { rest.tail(COOKIE.len()) } else { rest.head(0) };
        let is_mac = HARDWARE_TYPES.contains(&hardware_type) && hardware_length == 6;
        Ok(Self {
            is_reply: operation == REPLY,
            client_address,
            your_address,
            relay_address,
            client_hardware: is_mac.then(|| hardware.head(6)),
            options: Options::new(options, boot_file, server_name),
        })
    }

    /// The type of the message.
    #[must_use]
    pub fn kind(&self) -> MessageType {
        match self.options.find(MESSAGE_TYPE).map(|value| value.bytes) {
            Some(&[kind]) => MessageType(kind),
            _ => MessageType::NONE,
        }
    }
}

/// The options of a message.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The options field, then the boot file and server name fields where they hold options, else empty.
    fields: [Octets<'a>; 3],
}

impl<'a> Options<'a> {
    fn new(options: Octets<'a>, boot_file: Octets<'a>, server_name: Octets<'a>) -> Self {
        let mut fields = [options, boot_file.head(0), server_name.head(0)];
        let overload = Self { fields }.find(OVERLOAD);
        let [_, file, name] = &mut fields;
        let used = overload.and_then(|value| value.bytes.first().copied()).unwrap_or(0);
        if used & 1 != 0 {
            *file = boot_file;
        }
        if used & 2 != 0 {
            *name = server_name;
        }
        Self { fields }
    }

    /// Every option with its code, in order; ends where one is cut.
    pub fn iter(&self) -> impl Iterator<Item = (u8, Octets<'a>)> {
        self.fields.into_iter().flat_map(in_field)
    }

    /// The value of the first option of a code.
    #[must_use]
    pub fn find(&self, code: u8) -> Option<Octets<'a>> {
        self.iter().find(|(own, _)| *own == code).map(|(_, value)| value)
    }

    /// Fails if the options field ends within an option.
    ///
    /// # Errors
    ///
    /// Says which part of the option is missing.
    pub fn check(&self) -> Result<(), Malformed> {
        let [options, ..] = self.fields;
        let mut reader = Reader::nested(options, HEAD);
        while !reader.is_empty() {
            match reader.u8("option code")? {
                PAD => {}
                END => return Ok(()),
                _ => {
                    let length = reader.u8("option length")?;
                    reader.skip(length.into(), "option")?;
                }
            }
        }
        Ok(())
    }
}

/// Options of one field, each of code, length and value, up to the end option.
fn in_field(field: Octets<'_>) -> impl Iterator<Item = (u8, Octets<'_>)> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        loop {
            match *field.bytes.get(at)? {
                PAD => at = at.saturating_add(1),
                END => return None,
                code => {
                    let length = usize::from(*field.bytes.get(at.saturating_add(1))?);
                    let value = field.slice(at.saturating_add(2), length)?;
                    at = at.saturating_add(2).saturating_add(length);
                    return Some((code, value));
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISCOVER: &[u8] = include_bytes!("messages/discover.bin");

    #[test]
    fn a_message_is_read_field_by_field() {
        let message = Message::parse(Octets::unplaced(DISCOVER)).unwrap();
        assert_eq!((message.is_reply, message.kind()), (false, MessageType::DISCOVER));
        assert_eq!(message.client_hardware.map(|mac| mac.bytes.len()), Some(6));
        assert!(message.options.check().is_ok());
        assert_eq!(probe(DISCOVER, Transport::Udp), Probe::Certain);
        assert_eq!(frame(DISCOVER, Transport::Udp), Frame::Message(DISCOVER.len()));
        assert_eq!(frame(&DISCOVER[..100], Transport::Udp), Frame::Partial(FIXED));
        assert_eq!(frame(&[9; 300], Transport::Udp), Frame::Foreign);
    }

    #[test]
    fn options_go_on_in_the_text_fields_where_option_52_says_so() {
        let mut octets = vec![0; HEAD];
        octets[..3].copy_from_slice(&[2, 1, 6]);
        octets[44..49].copy_from_slice(&[12, 2, b'h', b'i', END]);
        octets[108..113].copy_from_slice(&[53, 1, 5, END, 12]);
        octets[FIXED..].copy_from_slice(&COOKIE);
        octets.extend([52, 1, 3, END]);
        let message = Message::parse(Octets::unplaced(&octets)).unwrap();
        assert_eq!(message.kind(), MessageType::ACK);
        assert_eq!(message.options.find(HOST_NAME).map(|name| name.bytes), Some(b"hi".as_slice()));
        octets[242] = 0;
        assert_eq!(Message::parse(Octets::unplaced(&octets)).unwrap().kind(), MessageType::NONE);
    }

    #[test]
    fn an_option_that_is_cut_is_named_with_its_place() {
        let cut = &DISCOVER[..HEAD + 5];
        let message = Message::parse(Octets::unplaced(cut)).unwrap();
        assert_eq!(message.options.check().unwrap_err().to_string(), "option at octet 245: 8 octets missing");
        let error = Message::parse(Octets::unplaced(&DISCOVER[..30])).unwrap_err();
        assert_eq!(error.to_string(), "client hardware address at octet 28: 14 octets missing");
    }
}
