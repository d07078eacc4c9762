//! Stations: what the wire names, down to units behind gateways and modules in racks.

use std::fmt;

use crate::Address;

/// One step below an address: a Modbus unit, a rack, a slot, a link address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// What the value counts, in the words of the protocol's standard: `unit`, `rack`, `slot`, `port`, `link`.
    pub kind: &'static str,
    /// The number or name in the form the standard prints it.
    pub value: String,
}

impl Position {
    /// Every kind of position that a decoder may name. The register reads kinds back through this list.
    ///
    /// `unit`: Modbus unit identifier. `rack`, `slot`: S7 rack and slot, PROFINET slot. `subslot`: PROFINET.
    /// `port`, `link`: one segment of a CIP path, port number and link address (in a chassis, port 1 is the
    /// backplane and the link address the slot). `outstation`: DNP3 link address. `asdu`: IEC 60870-5 common address.
    /// `network`, `device`: BACnet network and MAC. `module`, `node`, `channel`: other fieldbuses.
    pub const KINDS: [&'static str; 13] = [
        "unit",
        "rack",
        "slot",
        "subslot",
        "port",
        "link",
        "outstation",
        "asdu",
        "network",
        "device",
        "module",
        "node",
        "channel",
    ];

    /// A position of one of the [`KINDS`](Self::KINDS).
    pub fn new(kind: &'static str, value: impl ToString) -> Self {
        Self { kind, value: value.to_string() }
    }

    /// The position that the register kept as `kind` and `value`; `None` if no decoder knows the kind.
    #[must_use]
    pub fn read_back(kind: &str, value: &str) -> Option<Self> {
        let kind = Self::KINDS.into_iter().find(|known| *known == kind)?;
        Some(Self { kind, value: value.to_owned() })
    }
}

/// The steps from an address down to one device; empty for the address itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Position>);

impl Path {
    /// The address itself.
    pub const ROOT: Self = Self(Vec::new());

    /// True for the address itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path that [`Display`](fmt::Display) printed; `None` if a step is of no known kind.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::ROOT);
        }
        text.split('/')
            .map(|step| step.split_once('=').and_then(|(kind, value)| Position::read_back(kind, value)))
            .collect::<Option<_>>()
            .map(Self)
    }
}

/// `rack=0/slot=2`; a `/`, `=` or `%` inside a value is written as `%2f`, `%3d`, `%25` by the decoder that makes it,
/// which so far none needs: values are numbers and hexadecimal strings.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, position) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "/" };
            write!(f, "{separator}{}={}", position.kind, position.value)?;
        }
        Ok(())
    }
}

/// What the wire names: an address, the VLAN its frames carried, and the path below it. The site it belongs to is
/// that of the capture.
///
/// The VLAN is the one of frames *from* this station where they were seen (`None`: untagged, or tagged with VID 0).
/// It does not make two devices of one address: `inventory` folds VLANs unless two devices prove themselves first-hand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Station {
    /// MAC or IP.
    pub address: Address,
    /// VLAN identifier, 1 to 4094.
    pub vlan: Option<u16>,
    /// Steps below the address.
    pub path: Path,
}

impl Station {
    /// The station at an address, without a path.
    #[must_use]
    pub fn root(address: Address, vlan: Option<u16>) -> Self {
        Self { address, vlan, path: Path::ROOT }
    }

    /// The station one or more steps below this one.
    #[must_use]
    pub fn below(&self, steps: impl IntoIterator<Item = Position>) -> Self {
        let mut station = self.clone();
        station.path.0.extend(steps);
        station
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        if let Some(vlan) = self.vlan {
            write!(f, " vlan {vlan}")?;
        }
        if !self.path.is_root() {
            write!(f, " {}", self.path)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_what_it_prints() {
        let path = Path(vec![Position::new("rack", 0), Position::new("slot", 2)]);
        assert_eq!(path.to_string(), "rack=0/slot=2");
        assert_eq!(Path::read_back("rack=0/slot=2"), Some(path));
        assert_eq!(Path::read_back(""), Some(Path::ROOT));
        assert_eq!(Path::read_back("shelf=1"), None);
    }
}
