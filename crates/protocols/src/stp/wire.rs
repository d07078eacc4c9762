//! Bridge protocol data units, field by field (IEEE 802.1Q clause 14.3).

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// Octets of protocol identifier, version and type.
pub(super) const HEADER: usize = 4;

/// Organisation code and protocol number of PVST+, where SNAP carried the unit.
const PVST: [u8; 5] = [0x00, 0x00, 0x0c, 0x01, 0x0b];

/// Octets of a bridge identifier: priority with system extension, MAC.
const BRIDGE_ID: usize = 8;

/// Version from which on a unit tells its bridge behind the MST configuration identifier.
const VERSION_MSTP: u8 = 3;

/// Type of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BpduType(pub u8);

impl BpduType {
    /// Configuration (STP).
    pub const CONFIGURATION: Self = Self(0x00);
    /// Rapid and multiple spanning tree.
    pub const RAPID: Self = Self(0x02);
    /// Topology change notification (STP): has no fields.
    pub const TOPOLOGY_CHANGE: Self = Self(0x80);
}

/// A unit.
#[derive(Clone, Copy, Debug)]
pub struct Bpdu<'a> {
    /// Protocol version, one octet: 0 STP, 2 RSTP, 3 MSTP, 4 shortest path.
    pub version: Octets<'a>,
    /// Type.
    pub kind: BpduType,
    /// What it says, but for topology change notifications.
    pub configuration: Option<Configuration<'a>>,
}

/// The fields of a configuration, rapid or multiple spanning tree unit that are read.
#[derive(Clone, Copy, Debug)]
pub struct Configuration<'a> {
    /// Bridge identifier of the root (MSTP: of the common tree), eight octets.
    pub root: Octets<'a>,
    /// Bridge identifier of the sender, eight octets.
    pub bridge: Octets<'a>,
    /// Name of the MST region, 32 octets with trailing zeros.
    pub region: Option<Octets<'a>>,
}

/// Protocols that share the service access point.
#[derive(Clone, Copy, Debug)]
pub enum Unit<'a> {
    /// Spanning tree.
    Bpdu(Bpdu<'a>),
    /// Generic Attribute Registration Protocol, protocol identifier 1 (IEEE 802.1D-2004 clause 12.10).
    Garp,
}

impl<'a> Unit<'a> {
    /// Reads a unit, with or without the rest of a SNAP header before it; what follows it is passed over.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short, or if its protocol is neither spanning tree nor GARP.
    pub fn parse(octets: Octets<'a>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        if octets.bytes.starts_with(&PVST) {
            reader.skip(PVST.len(), "snap header")?;
        }
        match reader.u16_be("protocol identifier")? {
            0 => Bpdu::read(&mut reader).map(Self::Bpdu),
            1 => Ok(Self::Garp),
            value => Err(reader.malformed("protocol identifier", Problem::Value { value: value.into() })),
        }
    }
}

impl<'a> Bpdu<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let version = reader.take(1, "protocol version")?;
        let kind = BpduType(reader.u8("type")?);
        let configuration = match kind {
            BpduType::CONFIGURATION | BpduType::RAPID => Some(Configuration::read(reader, version.bytes)?),
            _ => None,
        };
        Ok(Self { version, kind, configuration })
    }
}

impl<'a> Configuration<'a> {
    /// Clause 14.4: in MSTP the place of the sender's identifier holds that of the regional root, and the sender's own
    /// follows the MST configuration identifier.
    fn read(reader: &mut Reader<'a>, version: &[u8]) -> Result<Self, Malformed> {
        reader.skip(1, "flags")?;
        let root = reader.take(BRIDGE_ID, "root identifier")?;
        reader.skip(4, "root path cost")?;
        let bridge = reader.take(BRIDGE_ID, "bridge identifier")?;
        if version.first().is_none_or(|version| *version < VERSION_MSTP) {
            return Ok(Self { root, bridge, region: None });
        }
        reader.skip(2, "port identifier")?;
        reader.skip(8, "ages and times")?;
        reader.skip(1, "version 1 length")?;
        reader.skip(2, "version 3 length")?;
        reader.skip(1, "format selector")?;
        let region = reader.take(32, "configuration name")?;
        reader.skip(2, "revision level")?;
        reader.skip(16, "configuration digest")?;
        reader.skip(4, "internal root path cost")?;
        let bridge = reader.take(BRIDGE_ID, "bridge identifier")?;
        Ok(Self { root, bridge, region: Some(region) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(octets: &[u8]) -> (u8, Configuration<'_>) {
        match Unit::parse(Octets::unplaced(octets)) {
            Ok(Unit::Bpdu(Bpdu { kind, configuration: Some(configuration), .. })) => (kind.0, configuration),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_senders_identifier_stands_elsewhere_in_mstp() {
        let (kind, rapid) = configuration(include_bytes!("messages/rapid.bin"));
        assert_eq!((kind, rapid.region.is_none()), (2, true));
        assert_eq!(rapid.bridge.bytes, [0x80, 0x00, 0x00, 0x1b, 0x1b, 0x10, 0x00, 0x50]);
        assert_eq!(rapid.root.bytes, [0x10, 0x00, 0x00, 0x80, 0x63, 0x10, 0x00, 0x02]);
        let (_, multiple) = configuration(include_bytes!("messages/multiple.bin"));
        assert_eq!(multiple.bridge.bytes, [0x80, 0x00, 0x00, 0x1b, 0x1b, 0x10, 0x00, 0x60]);
        let (_, per_vlan) = configuration(include_bytes!("messages/per_vlan.bin"));
        assert_eq!(per_vlan.bridge.bytes, [0x80, 0x0a, 0x00, 0x18, 0xba, 0x10, 0x00, 0x00]);
    }

    #[test]
    fn garp_and_topology_changes_have_no_bridge() {
        assert!(matches!(Unit::parse(Octets::unplaced(&[0, 1, 1, 4])), Ok(Unit::Garp)));
        let change = Unit::parse(Octets::unplaced(&[0, 0, 0, 0x80]));
        assert!(matches!(
            change,
            Ok(Unit::Bpdu(Bpdu { kind: BpduType::TOPOLOGY_CHANGE, configuration: None, .. }))
        ));
        let error = Unit::parse(Octets::unplaced(&[9, 9])).unwrap_err();
        assert_eq!(error.to_string(), "protocol identifier at octet 2: value 0x909 is not allowed");
        let cut = include_bytes!("messages/rapid.bin").get(..20).unwrap_or_default();
        assert_eq!(
            Unit::parse(Octets::unplaced(cut)).unwrap_err().to_string(),
            "bridge identifier at octet 17: 5 octets missing"
        );
    }
}
