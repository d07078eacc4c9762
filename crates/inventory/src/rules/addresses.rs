//! Which addresses belong together.

use std::net::IpAddr;

/// Hop limits that systems start with. A frame that arrives with another one has crossed a router.
///
/// 64, 128 and 255 are those of nearly all systems today; 30, 32, 60, 100, 200 and 254 those of older ones and of
/// small stacks (public lists of "default TTL values" by operating system, AIX 60, Windows 95 32, DEC and HP-UX 30,
/// MPE/iX 200, Cisco 254); 1 and 2 mark packets that shall stay on the link (IGMP: RFC 2236 section 2).
pub(crate) const INITIAL_HOP_LIMITS: [u8; 11] = [1, 2, 30, 32, 60, 64, 100, 128, 200, 254, 255];

/// Packets of one sender may take ways that differ by so many routers.
pub(crate) const PATHS_DIFFER_MAX: u8 = 2;

/// A MAC that carries more addresses than this, without saying that they are its own, forwards for them. Machines with
/// several addresses rarely have more on one card.
pub(crate) const CARRIED_MAX: usize = 3;

/// A MAC that says of more addresses than this that they are its own answers for others (proxy ARP, RFC 1027).
pub(crate) const OWN_MAX: usize = 8;

/// A MAC that carries addresses of more subnets than this forwards; of more than one if one of them is public. A
/// controller with two networks on one card carries two.
pub(crate) const SUBNETS_MAX: usize = 2;

/// Leading bits of an IPv4 and an IPv6 address that are taken for its subnet where no mask is known.
pub(crate) const SUBNET_BITS: (u8, u8) = (24, 64);

/// Protocols whose frames come back to their sender with a bit of the first octet of its MAC set: EtherCAT, where the
/// first slave sets the U/L bit (ETG.1000.4, chapter 5.1; Beckhoff ESC datasheet section I, "frame processing").
pub(crate) const RETURNED: &[(&str, u8)] = &[("ethercat", 0x02)];

/// Protocols in which a port speaks for the whole device: an IP address that they state is the device's, whatever MAC
/// answers for it (IEEE 802.1AB clause 8.5.9 "management address"; CDP address TLV).
pub(crate) const DEVICE_WIDE: &[&str] = &["cdp", "lldp"];

/// Protocols in which a host states its further addresses itself: the bindings of its object exporter (MS-DCOM 2.2.19.3),
/// its interfaces (MS-SMB2 2.2.32.5), the addresses that it registers and asks tickets for, its table of addresses
/// (RFC 4293 ipAdEntAddr).
pub(crate) const OWN_ADDRESSES: &[&str] = &["dcerpc", "kerberos", "nbns", "smb", "snmp"];

/// Attributes in which a host states the MACs of all of its interfaces (RFC 2863 ifPhysAddress).
pub(crate) const OWN_CARDS: &[&str] = &["snmp.port_mac"];

/// First characters of the addresses that software gives the host in networks which only exist inside it: Docker,
/// VirtualBox, libvirt, Windows internet connection sharing and its mobile hotspot.
pub(crate) const OF_OWN_NETWORKS: &[&str] =
    &["172.17.0.", "172.18.0.", "192.168.56.", "192.168.122.", "192.168.137.", "169.254."];

/// Attributes by which a router states the address of the group that it is one of: an address that passes from one to
/// the other and is no device.
pub(crate) const GROUP_ADDRESSES: &[&str] = &["hsrp.virtual_ip", "vrrp.virtual_ip"];

/// A device that turns to more addresses of the plant than this that never answer tries them out: that names none of
/// them. Controllers and panels that lost a few of their peers stay below.
pub(crate) const SWEPT_MIN: usize = 16;

/// Frames of one conversation of a control system that are more than a try, whoever else is tried.
pub(crate) const POLLED_FRAMES_MIN: u64 = 10;

/// True for the first and the last address of the customary subnet: what was sent there and never answered was sent to
/// everybody (RFC 919), whatever mask the senders have.
pub(crate) fn is_customary_end_of_subnet(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(ip.octets(), [.., 0 | 255]),
        IpAddr::V6(_) => false,
    }
}
