//! The frame: path and version, sequence number, then TLVs of one octet each of type and length.

use observation::Octets;

use crate::{Malformed, Reader};

/// Octets of path and version.
pub(super) const HEADER: usize = 2;

/// Types of TLVs: nodes in the modes "duplicate discard" and "duplicate accept" of PRP, nodes of HSR; redundancy box.
const PRP_DISCARD: u8 = 20;
const PRP_ACCEPT: u8 = 21;
const HSR: u8 = 23;
const REDUNDANCY_BOX: u8 = 30;
const END: u8 = 0;

/// The first edition has no sequence number here, and both MACs of a node.
const OLD_LENGTH: u8 = 12;

/// A node.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// Type of its TLV, one octet.
    pub kind: Octets<'a>,
    /// Its MAC, six octets.
    pub address: Octets<'a>,
    /// Its MAC in the other network, six octets; first edition only.
    pub other: Option<Octets<'a>>,
}

/// A frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Supervision<'a> {
    /// The node that it is about.
    pub node: Option<Node<'a>>,
    /// MAC of the redundancy box that speaks for the node.
    pub redundancy_box: Option<Octets<'a>>,
}

impl<'a> Supervision<'a> {
    /// Reads a frame; what follows the end TLV is padding and the trailer of PRP.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        reader.skip(HEADER, "path and version")?;
        if !matches!(reader.peek().bytes, [PRP_DISCARD | PRP_ACCEPT, OLD_LENGTH, ..]) {
            reader.skip(2, "sequence number")?;
        }
        let mut read = Self::default();
        // Whom the node is shows in what follows it: where the capture cut that off, nobody knows.
        while !reader.is_empty() || octets.is_cut() {
            let kind = reader.take(1, "type")?;
            let number = kind.bytes.first().copied().unwrap_or(END);
            let length = reader.u8("length")?;
            if number == END {
                break;
            }
            let mut value = reader.sub(length.into(), "value")?;
            match number {
                PRP_DISCARD | PRP_ACCEPT | HSR => {
                    let address = value.take(6, "mac address")?;
                    let other =
                        if length == OLD_LENGTH { Some(value.take(6, "mac address b")?) } else { None };
                    read.node = Some(Node { kind, address, other });
                }
                REDUNDANCY_BOX => read.redundancy_box = Some(value.take(6, "redundancy box mac address")?),
                // Trailers follow without an end TLV in the first edition.
                _ => break,
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_boxes_are_read_of_all_editions() {
        let read = |octets| Supervision::parse(Octets::unplaced(octets)).unwrap();
        let node = read(include_bytes!("messages/node.bin"));
        assert_eq!(node.node.map(|node| (node.address.len(), node.other.is_none())), Some((6, true)));
        assert!(node.redundancy_box.is_none());
        assert!(read(include_bytes!("messages/redundancy_box.bin")).redundancy_box.is_some());
        let old = read(include_bytes!("messages/first_edition.bin"));
        assert_eq!(old.node.and_then(|node| node.other).map(|mac| mac.len()), Some(6));
        let node = &include_bytes!("messages/redundancy_box.bin")[..12];
        assert!(Supervision::parse(Octets::unplaced(node)).is_ok());
        assert!(Supervision::parse(Octets::unplaced(node).cut()).is_err());
        let cut = Supervision::parse(Octets::unplaced(&[0, 1, 0, 7, 20, 6, 1])).unwrap_err();
        assert_eq!(cut.to_string(), "value at octet 6: 5 octets missing");
    }
}
