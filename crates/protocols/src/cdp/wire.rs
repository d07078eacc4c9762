//! The message: version, time to live, checksum, then TLVs of two octets of type and two of length, which counts both.

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets before the first TLV.
pub(super) const HEADER: usize = 4;

/// Organisation code and protocol number that stand before the message where SNAP carried it.
const SNAP: usize = 5;
const CISCO: [u8; SNAP] = [0x00, 0x00, 0x0c, 0x20, 0x00];
const FOUNDRY: [u8; SNAP] = [0x00, 0xe0, 0x52, 0x20, 0x00];

/// Octets of type and length.
const TLV_HEADER: u16 = 4;

/// Types of TLVs.
pub(super) const DEVICE_ID: u16 = 0x0001;
pub(super) const ADDRESSES: u16 = 0x0002;
pub(super) const PORT_ID: u16 = 0x0003;
pub(super) const CAPABILITIES: u16 = 0x0004;
pub(super) const SOFTWARE_VERSION: u16 = 0x0005;
pub(super) const PLATFORM: u16 = 0x0006;
pub(super) const VTP_DOMAIN: u16 = 0x0009;
pub(super) const NATIVE_VLAN: u16 = 0x000a;
pub(super) const DUPLEX: u16 = 0x000b;
pub(super) const VOICE_VLAN: u16 = 0x000e;
pub(super) const SYSTEM_NAME: u16 = 0x0014;
pub(super) const MANAGEMENT_ADDRESSES: u16 = 0x0016;
pub(super) const LOCATION: u16 = 0x0017;

/// One TLV.
#[derive(Clone, Copy, Debug)]
pub struct Tlv<'a> {
    /// Type.
    pub kind: u16,
    /// Value, without type and length.
    pub value: Octets<'a>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// 1 or 2.
    pub version: u8,
    /// Seconds for which the message holds.
    pub time_to_live: u8,
    /// Its TLVs.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header, with or without the rest of a SNAP header before it. The checksum is not verified: Cisco's own
    /// devices compute it in two ways for odd lengths.
    ///
    /// # Errors
    ///
    /// Fails if the header is cut short or of an unknown version.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let is_snap = [CISCO, FOUNDRY].iter().any(|snap| octets.bytes.starts_with(snap));
        if is_snap {
            reader.skip(SNAP, "snap header")?;
        }
        let version = reader.u8("version")?;
        if !matches!(version, 1 | 2) {
            return Err(reader.malformed("version", Problem::Value { value: version.into() }));
        }
        let time_to_live = reader.u8("time to live")?;
        reader.skip(2, "checksum")?;
        Ok(Self { version, time_to_live, tlvs: Tlvs { reader, is_over: false } })
    }
}

/// The TLVs of a message. Ends after the first that is cut or shorter than its own header.
#[derive(Clone, Debug)]
pub struct Tlvs<'a> {
    reader: Reader<'a>,
    is_over: bool,
}

impl<'a> Tlvs<'a> {
    fn read(&mut self) -> Result<Tlv<'a>, Malformed> {
        let kind = self.reader.u16_be("type")?;
        let length = self.reader.u16_be("length")?;
        let Some(length) = length.checked_sub(TLV_HEADER) else {
            return Err(self.reader.malformed("length", Problem::Value { value: length.into() }));
        };
        Ok(Tlv { kind, value: self.reader.take(length.into(), "value")? })
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Result<Tlv<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // On Ethernet II, padding of zeros may follow; no TLV is of type 0.
        let is_padding = self.reader.peek().bytes.iter().all(|octet| *octet == 0);
        if self.is_over || is_padding {
            return None;
        }
        let read = self.read();
        self.is_over = read.is_err();
        Some(read)
    }
}

/// The addresses of a TLV that holds some: their number, then of each the kind and length of the protocol, the
/// protocol, the length of the address, the address. Ends where the octets end.
pub(super) fn addresses<'a>(value: Octets<'a>) -> impl Iterator<Item = Result<Octets<'a>, Malformed>> {
    let mut reader = Reader::new(value);
    let mut left = reader.u32_be("number of addresses");
    std::iter::from_fn(move || match &mut left {
        Err(malformed) => {
            let malformed = malformed.clone();
            left = Ok(0);
            Some(Err(malformed))
        }
        Ok(0) => None,
        Ok(count) => {
            *count = count.saturating_sub(1);
            let read = address(&mut reader);
            if read.is_err() {
                left = Ok(0);
            }
            Some(read)
        }
    })
}

fn address<'a>(reader: &mut Reader<'a>) -> Result<Octets<'a>, Malformed> {
    reader.skip(1, "protocol type")?;
    let length = reader.u8("protocol length")?;
    reader.skip(length.into(), "protocol")?;
    let length = reader.u16_be("address length")?;
    reader.take(length.into(), "address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read_with_and_without_snap() {
        let octets = include_bytes!("messages/switch_v2.bin");
        let message = Message::parse(Octets::unplaced(octets)).unwrap();
        assert_eq!((message.version, message.time_to_live), (2, 180));
        let kinds: Vec<_> = message.tlvs.map(|tlv| tlv.unwrap().kind).collect();
        assert_eq!(kinds, [1, 2, 3, 4, 5, 6, 9, 10, 11, 14, 20, 22, 23]);
        let bare = Message::parse(Octets::unplaced(&[1, 120, 0, 0, 0, 1, 0, 5, b'a', 0, 0, 0])).unwrap();
        assert_eq!((bare.version, bare.tlvs.count()), (1, 1));
    }

    #[test]
    fn what_is_no_message_is_refused_by_name() {
        let refused = |octets: &[u8]| Message::parse(Octets::unplaced(octets)).unwrap_err().to_string();
        assert_eq!(refused(&[3, 0, 0, 0]), "version at octet 1: value 0x3 is not allowed");
        assert_eq!(refused(&[2, 0]), "checksum at octet 2: 2 octets missing");
        let mut tlvs = Message::parse(Octets::unplaced(&[2, 0, 0, 0, 0, 1, 0, 3])).unwrap().tlvs;
        assert!(tlvs.next().unwrap().is_err());
        assert!(tlvs.next().is_none());
    }

    #[test]
    fn addresses_end_where_the_octets_end() {
        let read = |octets: &[u8]| -> Vec<Result<Vec<u8>, String>> {
            let octets = Octets::unplaced(octets);
            addresses(octets)
                .map(|read| read.map(|octets| octets.bytes.to_vec()).map_err(|error| error.to_string()))
                .collect()
        };
        let one = [0, 0, 0, 2, 1, 1, 0xcc, 0, 4, 10, 0, 0, 1];
        assert_eq!(
            read(&one),
            [Ok(vec![10, 0, 0, 1]), Err("protocol type at octet 13: 1 octet missing".to_owned())]
        );
        assert_eq!(read(&[0, 0]), [Err("number of addresses at octet 0: 2 octets missing".to_owned())]);
    }
}
