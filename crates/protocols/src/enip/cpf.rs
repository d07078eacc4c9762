//! The common packet format: a count and typed items (CIP Networks Library volume 2, 2-6).

use crate::{Malformed, Reader};

/// Type of an item (volume 2, table 2-6.3). Unknown values survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItemType(pub(super) u16);

impl ItemType {
    pub(super) const IDENTITY: Self = Self(0x000c);
    pub(super) const CONNECTED_ADDRESS: Self = Self(0x00a1);
    pub(super) const CONNECTED_DATA: Self = Self(0x00b1);
    pub(super) const UNCONNECTED_DATA: Self = Self(0x00b2);
    pub(super) const SERVICES: Self = Self(0x0100);
}

/// One item.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    /// What it is.
    pub(super) kind: ItemType,
    /// What it holds; as much of it as there is where the capture cut it.
    pub(super) body: Reader<'a>,
}

/// The items of one packet, in order. After an item that is cut short there is no further one.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    reader: Reader<'a>,
    left: u16,
}

impl<'a> Items<'a> {
    /// Reads the count.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before it.
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let left = reader.u16_le("item count")?;
        Ok(Self { reader, left })
    }

    fn item(&mut self) -> Result<Item<'a>, Malformed> {
        let kind = ItemType(self.reader.u16_le("item type")?);
        let length = self.reader.u16_le("item length")?;
        Ok(Item { kind, body: self.reader.part(length.into(), "item")? })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let item = self.item();
        if item.is_err() {
            self.left = 0;
        }
        Some(item)
    }
}

/// True for a packet of an I/O connection: a sequenced address item and connected data, without the encapsulation
/// header (volume 2, 2-6 and 3-3), that fill the datagram.
pub(super) fn is_class_1(octets: &[u8]) -> bool {
    class_1_length(octets) == Some(octets.len())
}

/// True for the beginning of such a packet.
pub(super) fn begins_class_1(octets: &[u8]) -> bool {
    class_1_length(octets).is_some_and(|length| octets.len() <= length)
}

/// Octets that such a packet has by its own word.
fn class_1_length(octets: &[u8]) -> Option<usize> {
    // Count, address item of 8 octets, data item.
    let Some([2, 0, 0x02, 0x80, 8, 0, _, _, _, _, _, _, _, _, 0xb1, 0, low, high]) = octets.get(..18) else {
        return None;
    };
    Some(usize::from(u16::from_le_bytes([*low, *high])).saturating_add(18))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::Octets;

    use super::*;

    #[test]
    fn items_are_read_in_order() {
        let io = include_bytes!("messages/class-1-io-udp.bin");
        let items: Vec<_> =
            Items::read(Reader::new(Octets::unplaced(io))).unwrap().map(Result::unwrap).collect();
        assert_eq!(
            items.iter().map(|item| item.kind).collect::<Vec<_>>(),
            [ItemType(0x8002), ItemType::CONNECTED_DATA]
        );
        assert_eq!(items[0].body.remaining(), 8);
        assert_eq!(items[1].body.remaining(), io.len() - 18);
    }

    #[test]
    fn an_item_cut_short_ends_the_items_and_is_named() {
        let octets = [3, 0, 0, 0, 0, 0, 0xb2, 0, 9, 0, 1];
        let mut items = Items::read(Reader::new(Octets::unplaced(&octets))).unwrap();
        assert_eq!(items.next().unwrap().unwrap().kind, ItemType(0));
        assert_eq!(items.next().unwrap().unwrap_err().to_string(), "item at octet 10: 8 octets missing");
        assert!(items.next().is_none());
    }

    #[test]
    fn an_io_packet_fills_its_datagram() {
        let io = include_bytes!("messages/class-1-io-udp.bin");
        assert!(is_class_1(io));
        assert!(!is_class_1(&io[..io.len() - 1]) && begins_class_1(&io[..io.len() - 1]));
        assert!(!begins_class_1(&[io.as_slice(), &[0]].concat()));
        assert!(!is_class_1(include_bytes!("messages/list-identity-udp.bin")));
    }
}
