//! What tells of traffic that a port does not carry.

/// Attributes by which switches announce VLANs: of a port, untagged (IEEE 802.1AB annex D "port VLAN ID", CDP "native
/// VLAN"), and of telephones behind it (CDP "VoIP VLAN").
pub(crate) const ANNOUNCED_VLANS: &[&str] = &["cdp.native_vlan", "cdp.voice_vlan", "lldp.port_vlan"];

/// Words in the names of a capture's counters that tell of a loss.
pub(crate) const LOSSES: &[&str] =
    &["gaps", "dropped", "evicted", "cut by", "never completed", "not at hand"];
