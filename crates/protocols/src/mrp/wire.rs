//! The frame: version, then TLVs of one octet each of type and length.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets of the version.
pub(super) const HEADER: usize = 2;
const VERSION: u16 = 1;

/// Types of TLVs.
const END: u8 = 0;
const COMMON: u8 = 1;
const TEST: u8 = 2;
const TOPOLOGY_CHANGE: u8 = 3;
const LINK_DOWN: u8 = 4;
const LINK_UP: u8 = 5;

/// What a frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The manager tests the ring.
    Test,
    /// The manager tells a change.
    TopologyChange,
    /// A client lost a link, or has it again.
    Link,
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What it is about, with the octet that says so.
    pub subject: Option<(Subject, Octets<'a>)>,
    /// The sender's own MAC, six octets.
    pub address: Option<Octets<'a>>,
    /// State of the ring, two octets: 0 open, 1 closed; of test frames.
    pub ring_state: Option<Octets<'a>>,
    /// Domain of the ring, sixteen octets.
    pub domain: Option<Octets<'a>>,
}

impl<'a> Message<'a> {
    /// Reads a frame; padding behind the end is passed over.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or of another version.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        match reader.u16_be("version")? {
            VERSION => {}
            value => return Err(reader.malformed("version", Problem::Value { value: value.into() })),
        }
        let mut message = Self { subject: None, address: None, ring_state: None, domain: None };
        while !reader.is_empty() {
            let kind = reader.take(1, "type")?;
            let number = kind.bytes.first().copied().unwrap_or(END);
            if number == END {
                break;
            }
            let length = reader.u8("length")?;
            let mut value = reader.sub(length.into(), "value")?;
            match number {
                COMMON => {
                    value.skip(2, "sequence number")?;
                    message.domain = Some(value.take(16, "domain")?);
                }
                TEST | TOPOLOGY_CHANGE => {
                    value.skip(2, "priority")?;
                    message.address = Some(value.take(6, "address")?);
                    if number == TEST {
                        value.skip(2, "port role")?;
                        message.ring_state = Some(value.take(2, "ring state")?);
                    }
                    let subject = if number == TEST { Subject::Test } else { Subject::TopologyChange };
                    message.subject = Some((subject, kind));
                }
                LINK_DOWN | LINK_UP => {
                    message.address = Some(value.take(6, "address")?);
                    message.subject = Some((Subject::Link, kind));
                }
                _ => {}
            }
        }
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_and_link_frames_name_their_sender_and_domain() {
        let test = Message::parse(Octets::unplaced(include_bytes!("messages/test.bin"))).unwrap();
        assert_eq!(test.subject.map(|(subject, _)| subject), Some(Subject::Test));
        assert_eq!(test.address.map(|mac| mac.bytes), Some([0x00, 0x1b, 0x1b, 0x10, 0x00, 0x50].as_slice()));
        assert_eq!(
            (test.ring_state.map(|state| state.bytes), test.domain.map(|domain| domain.len())),
            (Some([0, 1].as_slice()), Some(16))
        );
        let down = Message::parse(Octets::unplaced(include_bytes!("messages/link_down.bin"))).unwrap();
        assert_eq!(down.subject.map(|(subject, _)| subject), Some(Subject::Link));
    }

    #[test]
    fn other_versions_and_cut_frames_are_refused_by_name() {
        let refused = |octets: &[u8]| Message::parse(Octets::unplaced(octets)).unwrap_err().to_string();
        assert_eq!(refused(&[0, 2, 2, 18]), "version at octet 2: value 0x2 is not allowed");
        assert_eq!(refused(&[0, 1, 2, 18, 0]), "value at octet 4: 17 octets missing");
        assert_eq!(refused(&[0, 1, 4, 3, 1, 2, 3]), "address at octet 4: 3 octets missing");
    }
}
