//! The datagram: version 1 has one layout, version 2 TLVs of one octet each of type and length.

use observation::{Octets, Transport};

use crate::{Frame, Malformed, Problem, Reader};

/// Octets of a message of version 1.
const VERSION_1: usize = 20;

/// Operations of version 1: hello, coup, resign; 3 tells the state of an interface, in another layout.
const RESIGN: u8 = 2;

/// TLVs of version 2, and of what follows a message of version 1.
const GROUP_STATE: u8 = 1;
const TEXT_AUTHENTICATION: u8 = 3;
const DIGEST_AUTHENTICATION: u8 = 4;
const GROUP_STATE_LENGTH: u8 = 40;

/// Where the digest starts in its TLV: algorithm, padding, flags, address, key number.
const DIGEST_AT: usize = 12;

/// Delimits a datagram: all of it is one message.
pub(super) fn frame(octets: &[u8], _: Transport) -> Frame {
    match octets {
        [] | [_] => Frame::Partial(VERSION_1),
        [0, 0..=3, ..] | [GROUP_STATE, GROUP_STATE_LENGTH, ..] if octets.len() >= VERSION_1 => {
            Frame::Message(octets.len())
        }
        [0, 0..=3, ..] | [GROUP_STATE, GROUP_STATE_LENGTH, ..] => Frame::Partial(VERSION_1),
        _ => Frame::Foreign,
    }
}

/// State of a router in a group.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// State, one octet: in version 1 of 0, 1, 2, 4, 8, 16; in version 2 of 1 to 6.
    pub state: Octets<'a>,
    /// True for the numbering of version 2.
    pub is_version_2: bool,
    /// Priority: one or four octets.
    pub priority: Octets<'a>,
    /// Number: one or two octets.
    pub group: Octets<'a>,
    /// MAC of the sender, version 2 only.
    pub identifier: Option<Octets<'a>>,
    /// Address of the group: 4 or 16 octets.
    pub virtual_address: Octets<'a>,
}

/// A part of a message.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// State of the sender.
    Group(Group<'a>),
    /// Password or digest.
    Secret(Octets<'a>),
}

/// Reads a message part by part.
///
/// # Errors
///
/// Fails where a part is cut short; the parts before were given.
pub(super) fn read<'a>(octets: Octets<'a>, mut item: impl FnMut(Item<'a>)) -> Result<(), Malformed> {
    let mut reader = Reader::new(octets);
    match octets.bytes {
        [0, operation, ..] => {
            if *operation > RESIGN {
                return Ok(());
            }
            reader.skip(2, "version and operation")?;
            version_1(&mut reader, &mut item)?;
        }
        [GROUP_STATE, ..] => {}
        _ => {
            let value = octets.bytes.first().copied().unwrap_or(0).into();
            return Err(reader.malformed("version", Problem::Value { value }));
        }
    }
    while !reader.is_empty() {
        let kind = reader.u8("type")?;
        let length = reader.u8("length")?;
        let mut value = reader.sub(length.into(), "value")?;
        match kind {
            GROUP_STATE => item(Item::Group(version_2(&mut value)?)),
            TEXT_AUTHENTICATION => item(Item::Secret(value.rest())),
            DIGEST_AUTHENTICATION => {
                value.skip(DIGEST_AT, "key")?;
                item(Item::Secret(value.rest()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// RFC 2281 section 5.
fn version_1<'a>(reader: &mut Reader<'a>, item: &mut impl FnMut(Item<'a>)) -> Result<(), Malformed> {
    let state = reader.take(1, "state")?;
    reader.skip(2, "hello time and hold time")?;
    let priority = reader.take(1, "priority")?;
    let group = reader.take(1, "group")?;
    reader.skip(1, "reserved")?;
    let password = reader.take(8, "authentication data")?;
    item(Item::Secret(password));
    let virtual_address = reader.take(4, "virtual address")?;
    item(Item::Group(Group {
        state,
        is_version_2: false,
        priority,
        group,
        identifier: None,
        virtual_address,
    }));
    Ok(())
}

fn version_2<'a>(reader: &mut Reader<'a>) -> Result<Group<'a>, Malformed> {
    reader.skip(2, "version and operation")?;
    let state = reader.take(1, "state")?;
    let family = reader.u8("ip version")?;
    let group = reader.take(2, "group")?;
    let identifier = reader.take(6, "identifier")?;
    let priority = reader.take(4, "priority")?;
    reader.skip(8, "hello time and hold time")?;
    let address = reader.take(16, "virtual address")?;
    let virtual_address = if family == 4 { address.head(4) } else { address };
    Ok(Group { state, is_version_2: true, priority, group, identifier: Some(identifier), virtual_address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_one_message_of_either_version() {
        let (v1, v2) = (include_bytes!("messages/version1.bin"), include_bytes!("messages/version2.bin"));
        assert_eq!(frame(v1, Transport::Udp), Frame::Message(20));
        assert_eq!(frame(v2, Transport::Udp), Frame::Message(v2.len()));
        assert_eq!(frame(&[5, 5, 5], Transport::Udp), Frame::Foreign);
        assert_eq!(frame(&v1[..7], Transport::Udp), Frame::Partial(20));
    }

    #[test]
    fn a_part_that_is_cut_is_named_with_its_place() {
        let v2 = include_bytes!("messages/version2.bin");
        let mut parts = 0;
        let error = read(Octets::unplaced(&v2[..46]), |_| parts += 1).unwrap_err();
        assert_eq!((error.to_string().as_str(), parts), ("value at octet 44: 6 octets missing", 1));
        assert!(read(Octets::unplaced(&[0, 3, 0, 1]), |_| parts += 1).is_ok());
        assert!(read(Octets::unplaced(&[9]), |_| parts += 1).is_err());
        assert_eq!(parts, 1);
    }
}
