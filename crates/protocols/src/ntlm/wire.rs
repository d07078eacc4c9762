//! The three messages, field by field ([MS-NLMP] section 2.2.1), and attribute pairs (section 2.2.2.1).
//!
//! Strings and responses stand behind the fixed fields, which say where and how long they are.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// First octets of every message.
pub(super) const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// Octets of signature and message type.
pub(super) const HEADER: usize = 12;

/// Strings are UTF-16 (section 2.2.2.5, flag A).
pub(super) const UNICODE: u32 = 0x0000_0001;
/// The domain is supplied (flag K).
pub(super) const WORKSTATION_SUPPLIED: u32 = 0x0000_2000;
/// Attribute pairs are present (flag S).
pub(super) const TARGET_INFO: u32 = 0x0080_0000;
/// The version is present (flag T).
pub(super) const VERSION: u32 = 0x0200_0000;

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Message<'a> {
    /// The client opens.
    Negotiate(Negotiate<'a>),
    /// The server answers.
    Challenge(Challenge<'a>),
    /// The client proves itself.
    Authenticate(Authenticate<'a>),
}

/// Section 2.2.1.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Negotiate<'a> {
    /// Workstation in the OEM character set.
    pub(super) workstation: Option<Octets<'a>>,
    /// Version, eight octets.
    pub(super) version: Option<Octets<'a>>,
}

/// Section 2.2.1.2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenge<'a> {
    /// Attribute pairs.
    pub(super) target_info: Option<Octets<'a>>,
    /// Version, eight octets.
    pub(super) version: Option<Octets<'a>>,
}

/// Section 2.2.1.3.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authenticate<'a> {
    /// LM response, NT response and session key.
    pub(super) secrets: [Option<Octets<'a>>; 3],
    /// Workstation.
    pub(super) workstation: Option<Octets<'a>>,
    /// True if the workstation is UTF-16.
    pub(super) unicode: bool,
    /// Version, eight octets.
    pub(super) version: Option<Octets<'a>>,
}

/// Where a string or response is: length, room, offset from the start of the message.
#[derive(Clone, Copy, Debug)]
struct Field {
    length: usize,
    offset: usize,
}

impl Field {
    fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Malformed> {
        let length = reader.u16_le(what)?.into();
        reader.skip(2, what)?;
        let offset = reader.u32_le(what)?;
        Ok(Self { length, offset: usize::try_from(offset).unwrap_or(usize::MAX) })
    }

    /// The octets; `None` if there are none, or they are not all there.
    fn octets<'a>(self, message: Octets<'a>) -> Option<Octets<'a>> {
        message.slice(self.offset, self.length).filter(|octets| !octets.is_empty())
    }

    /// As many of the octets as there are: what is secret is secret in part, too.
    fn some_octets<'a>(self, message: Octets<'a>) -> Option<Octets<'a>> {
        Some(message.tail(self.offset).head(self.length)).filter(|octets| !octets.is_empty())
    }
}

impl<'a> Message<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// Fails if its fixed fields are cut short, or if it is none of the three.
    pub(super) fn parse(message: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(message);
        let signature = reader.take(SIGNATURE.len(), "signature")?;
        if signature.bytes != SIGNATURE {
            return Err(Malformed { what: "signature", offset: 0, problem: Problem::Unrecognised });
        }
        match reader.u32_le("message type")? {
            1 => Self::negotiate(message, reader),
            2 => Self::challenge(message, reader),
            3 => Self::authenticate(message, reader),
            other => {
                let problem = Problem::Value { value: other.into() };
                Err(Malformed { what: "message type", offset: SIGNATURE.len(), problem })
            }
        }
    }

    fn negotiate(message: Octets<'a>, mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let flags = reader.u32_le("flags")?;
        // Old clients end here.
        let (mut workstation, mut own) = (None, None);
        if reader.remaining() >= 16 {
            reader.skip(8, "domain name")?;
            let field = Field::read(&mut reader, "workstation")?;
            workstation = field.octets(message).filter(|_| flags & WORKSTATION_SUPPLIED != 0);
            own = version(&mut reader, flags);
        }
        Ok(Self::Negotiate(Negotiate { workstation, version: own }))
    }

    fn challenge(message: Octets<'a>, mut reader: Reader<'a>) -> Result<Self, Malformed> {
        reader.skip(8, "target name")?;
        let flags = reader.u32_le("flags")?;
        reader.skip(8, "server challenge")?;
        // Old servers end here.
        let (mut target_info, mut own) = (None, None);
        if reader.remaining() >= 16 {
            reader.skip(8, "reserved")?;
            let field = Field::read(&mut reader, "target information")?;
            target_info = field.some_octets(message).filter(|_| flags & TARGET_INFO != 0);
            own = version(&mut reader, flags);
        }
        Ok(Self::Challenge(Challenge { target_info, version: own }))
    }

    fn authenticate(message: Octets<'a>, mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let lm = Field::read(&mut reader, "LM response")?;
        let nt = Field::read(&mut reader, "NT response")?;
        reader.skip(16, "domain and user name")?;
        let workstation = Field::read(&mut reader, "workstation")?;
        let first = [lm, nt, workstation].iter().map(|field| field.offset).min().unwrap_or(0);
        // Windows NT 4.0 ends here: what the strings leave no room for is not there.
        let (mut key, mut flags, mut own) = (None, UNICODE, None);
        if first >= reader.offset().saturating_add(12) {
            key = Some(Field::read(&mut reader, "session key")?);
            flags = reader.u32_le("flags")?;
            own = version(&mut reader, flags).filter(|_| first >= reader.offset());
        }
        let secrets =
            [Some(lm), Some(nt), key].map(|field| field.and_then(|field| field.some_octets(message)));
        Ok(Self::Authenticate(Authenticate {
            secrets,
            workstation: workstation.octets(message),
            unicode: flags & UNICODE != 0,
            version: own,
        }))
    }
}

/// The version, where the flags say that there is one (section 2.2.2.10).
fn version<'a>(reader: &mut Reader<'a>, flags: u32) -> Option<Octets<'a>> {
    reader.take(8, "version").ok().filter(|_| flags & VERSION != 0)
}

/// The message in a security token: bare, or inside of SPNEGO (RFC 4178), where nothing but a message has its signature.
pub(crate) fn find(token: Octets<'_>) -> Option<Octets<'_>> {
    let at = token.bytes.windows(SIGNATURE.len()).position(|window| window == SIGNATURE)?;
    Some(token.tail(at))
}

/// Attribute pairs by their identifier.
pub(super) mod pair {
    pub(in super::super) const END: u16 = 0;
    pub(in super::super) const NETBIOS_COMPUTER: u16 = 1;
    pub(in super::super) const NETBIOS_DOMAIN: u16 = 2;
    pub(in super::super) const DNS_COMPUTER: u16 = 3;
    pub(in super::super) const DNS_DOMAIN: u16 = 4;
    pub(in super::super) const DNS_TREE: u16 = 5;
}
