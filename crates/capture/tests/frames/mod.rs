//! Frames built in code from the layouts of the standards. Each function puts one header in front of what it is given.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use capture::{LinkType, RawFrame};
use observation::{Mac, Time};

pub const CLIENT_MAC: Mac = Mac([0x00, 0x1b, 0x1b, 0x00, 0x00, 0x01]);
pub const SERVER_MAC: Mac = Mac([0x00, 0x0e, 0x8c, 0x00, 0x00, 0x02]);
pub const SWITCH_MAC: Mac = Mac([0x00, 0x23, 0x89, 0x00, 0x00, 0x03]);
pub const SENSOR_MAC: Mac = Mac([0x00, 0x50, 0x56, 0x00, 0x00, 0x04]);
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 40);
pub const SWITCH: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub const SENSOR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
pub const CLIENT_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x10);
pub const SERVER_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x40);

/// What the innermost packets carry.
pub const PAYLOAD: &[u8] = b"read coils";

pub fn frame(octets: &[u8]) -> RawFrame<'_> {
    of_type(LinkType::ETHERNET, octets)
}

pub fn of_type(link_type: LinkType, octets: &[u8]) -> RawFrame<'_> {
    let original_length = u32::try_from(octets.len()).unwrap();
    RawFrame { number: 7, time: Time(1_000_000_000), link_type, original_length, octets }
}

pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn length(octets: &[u8]) -> u16 {
    u16::try_from(octets.len()).unwrap()
}

pub fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&SERVER_MAC.0, &CLIENT_MAC.0, &ethertype.to_be_bytes(), payload])
}

pub fn outer_ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&SENSOR_MAC.0, &SWITCH_MAC.0, &ethertype.to_be_bytes(), payload])
}

/// What stands behind a tag protocol identifier.
pub fn tag(vid: u16, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&(vid | 0x2000).to_be_bytes(), &ethertype.to_be_bytes(), payload])
}

pub fn ipv4_with(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    id: u16,
    flags: u16,
    payload: &[u8],
) -> Vec<u8> {
    let total = (length(payload) + 20).to_be_bytes();
    let mut header =
        join(&[&[0x45, 0], &total, &id.to_be_bytes(), &flags.to_be_bytes(), &[64, protocol, 0, 0]]);
    header.extend(source.octets());
    header.extend(destination.octets());
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    join(&[&header, payload])
}

pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(CLIENT, SERVER, protocol, 0x1234, 0x4000, payload)
}

pub fn outer_ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(SWITCH, SENSOR, protocol, 0x4321, 0, payload)
}

pub fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let start = join(&[&[0x60, 0, 0, 0], &length(payload).to_be_bytes(), &[next_header, 64]]);
    join(&[&start, &CLIENT_6.octets(), &SERVER_6.octets(), payload])
}

pub fn tcp(payload: &[u8]) -> Vec<u8> {
    let ports = join(&[&50_000_u16.to_be_bytes(), &502_u16.to_be_bytes()]);
    let numbers = join(&[&1000_u32.to_be_bytes(), &2000_u32.to_be_bytes()]);
    // Data offset 8 for twelve octets of options (no-operation, no-operation, timestamps), flags PSH and ACK.
    let rest = [0x80, 0x18, 0x20, 0, 0xab, 0xcd, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
    join(&[&ports, &numbers, &rest, payload])
}

pub fn udp(destination: u16, payload: &[u8]) -> Vec<u8> {
    let source = 50_000_u16.to_be_bytes();
    join(&[&source, &destination.to_be_bytes(), &(length(payload) + 8).to_be_bytes(), &[0xab, 0xcd], payload])
}

/// A plain packet of IPv4, the payload of most frames here.
pub fn inner_ipv4() -> Vec<u8> {
    ipv4(6, &tcp(PAYLOAD))
}

pub fn inner_frame() -> Vec<u8> {
    ethernet(0x0800, &inner_ipv4())
}

/// A frame that carries `payload` in GRE between switch and sensor.
pub fn over_gre(flags_and_version: u16, protocol: u16, payload: &[u8]) -> Vec<u8> {
    let gre = join(&[&flags_and_version.to_be_bytes(), &protocol.to_be_bytes(), payload]);
    outer_ethernet(0x0800, &outer_ipv4(47, &gre))
}

pub fn over_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    outer_ethernet(0x0800, &outer_ipv4(17, &udp(port, payload)))
}

/// LLC and SNAP in front of IPv4.
pub const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

/// A header of GTP-U with these flags, of a packet of a user with `length` octets behind it.
pub fn gtp(flags: u8, length: usize) -> Vec<u8> {
    join(&[&[flags, 0xff], &u16::try_from(length).unwrap().to_be_bytes(), &[0, 0, 0, 7]])
}

/// The plain frame in an encapsulation, and what must come out.
pub struct Sample {
    pub name: &'static str,
    pub link_type: LinkType,
    pub octets: Vec<u8>,
    pub vlan: Option<u16>,
    pub macs: bool,
    pub outers: usize,
    pub unwrapped: bool,
    pub source: IpAddr,
}

impl Sample {
    fn new(name: &'static str, octets: Vec<u8>) -> Self {
        let link_type = LinkType::ETHERNET;
        Self {
            name,
            link_type,
            octets,
            vlan: None,
            macs: true,
            outers: 0,
            unwrapped: false,
            source: CLIENT.into(),
        }
    }

    fn link(self, link_type: u16) -> Self {
        Self { link_type: LinkType(link_type), ..self }
    }

    fn vlan(self, vlan: u16) -> Self {
        Self { vlan: Some(vlan), ..self }
    }

    fn no_macs(self) -> Self {
        Self { macs: false, ..self }
    }

    fn unwrapped(self, outers: usize) -> Self {
        Self { unwrapped: true, outers, ..self }
    }

    fn ipv6(self) -> Self {
        Self { source: CLIENT_6.into(), ..self }
    }
}

fn links() -> Vec<Sample> {
    let (v4, v6) = (inner_ipv4(), ipv6(6, &tcp(PAYLOAD)));
    let address = join(&[&[0, 6], &CLIENT_MAC.0, &[0, 0]]);
    let padded = join(&[&inner_frame(), &[0; 13]]);
    let snap = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4]);
    vec![
        Sample::new("ethernet", inner_frame()),
        Sample::new("ethernet, padded", padded),
        Sample::new("ethernet, ipv6", ethernet(0x86dd, &v6)).ipv6(),
        Sample::new("802.1q", ethernet(0x8100, &tag(10, 0x0800, &v4))).vlan(10),
        Sample::new("priority tag", ethernet(0x8100, &tag(0, 0x0800, &v4))),
        Sample::new("priority tag, then vlan", ethernet(0x8100, &tag(0, 0x8100, &tag(12, 0x0800, &v4))))
            .vlan(12),
        Sample::new("802.1ad", ethernet(0x88a8, &tag(20, 0x8100, &tag(10, 0x0800, &v4)))).vlan(20),
        Sample::new("0x9100", ethernet(0x9100, &tag(30, 0x9200, &tag(31, 0x8100, &tag(32, 0x0800, &v4)))))
            .vlan(30),
        Sample::new("vn-tag", ethernet(0x8926, &join(&[&[0, 1, 0, 2, 0x81, 0], &tag(40, 0x0800, &v4)])))
            .vlan(40),
        Sample::new("cisco metadata", ethernet(0x8909, &join(&[&[1, 1, 0, 1, 0, 9, 8, 0], &v4]))),
        Sample::new("hsr", ethernet(0x892f, &join(&[&[0x10, 0x40, 0, 1, 8, 0], &v4]))),
        Sample::new("snap", ethernet(length(&snap), &snap)),
        Sample::new("snap, padded", ethernet(length(&snap), &join(&[&snap, &[0x55; 9]]))),
        Sample::new("sll", join(&[&[0, 0, 0, 1], &address, &[8, 0], &v4])).link(113),
        Sample::new("sll without address", join(&[&[0, 0, 2, 8, 0, 0], &[0; 8], &[8, 0], &v4]))
            .link(113)
            .no_macs(),
        Sample::new("sll2", join(&[&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0], &address[1..], &v4])).link(276),
        Sample::new("raw", v4.clone()).link(101).no_macs(),
        Sample::new("raw of openbsd", v4.clone()).link(14).no_macs(),
        Sample::new("raw ipv6", v6.clone()).link(12).no_macs().ipv6(),
        Sample::new("ipv4", v4.clone()).link(228).no_macs(),
        Sample::new("ipv6", v6.clone()).link(229).no_macs().ipv6(),
        Sample::new("null", join(&[&[2, 0, 0, 0], &v4])).link(0).no_macs(),
        Sample::new("null, big-endian", join(&[&[0, 0, 0, 30], &v6])).link(0).no_macs().ipv6(),
        Sample::new("loop", join(&[&[0, 0, 0, 2], &v4])).link(108).no_macs(),
        Sample::new("ppp", join(&[&[0xff, 3, 0, 0x21], &v4])).link(9).no_macs().unwrapped(0),
        Sample::new("fddi", join(&[&[0x50], &SERVER_MAC.0, &CLIENT_MAC.0, &snap])).link(10),
        Sample::new("ppp, compressed", join(&[&[0x57], &v6])).link(50).no_macs().ipv6().unwrapped(0),
    ]
}

fn shims() -> Vec<Sample> {
    let (v4, v6) = (inner_ipv4(), ipv6(6, &tcp(PAYLOAD)));
    let session = join(&[&[0x11, 0, 0, 1], &(length(&v4) + 2).to_be_bytes(), &[0, 0x21], &v4]);
    let labels = [0x00, 0x01, 0x40, 0x40, 0x00, 0x02, 0x11, 0x40];
    let one_label = [0x00, 0x02, 0x01, 0x40];
    let pseudowire = join(&[&one_label, &[0; 4], &inner_frame()]);
    let backbone = join(&[&[0, 0, 0x27, 0x10], &inner_frame()]);
    vec![
        Sample::new("pppoe", ethernet(0x8864, &session)).unwrapped(0),
        Sample::new(
            "pppoe over vlan, padded",
            ethernet(0x8100, &tag(9, 0x8864, &join(&[&session, &[0; 5]]))),
        )
        .vlan(9)
        .unwrapped(0),
        Sample::new("pppoe link", session).link(51).no_macs().unwrapped(0),
        Sample::new("mpls", ethernet(0x8847, &join(&[&labels, &v4]))).unwrapped(0),
        Sample::new("mpls, ipv6", ethernet(0x8848, &join(&[&one_label, &v6]))).ipv6().unwrapped(0),
        Sample::new("mpls pseudowire", outer_ethernet(0x8847, &join(&[&one_label, &inner_frame()])))
            .unwrapped(1),
        Sample::new("mpls pseudowire, control word", outer_ethernet(0x8847, &pseudowire)).unwrapped(1),
        Sample::new("backbone bridge", outer_ethernet(0x88a8, &tag(8, 0x88e7, &backbone))).unwrapped(1),
        Sample::new("fabricpath", outer_ethernet(0x8903, &join(&[&[0x00, 0x1f], &inner_frame()])))
            .unwrapped(1),
    ]
}

fn tunnels() -> Vec<Sample> {
    let (v4, v6, inside) = (inner_ipv4(), ipv6(6, &tcp(PAYLOAD)), inner_frame());
    // Version 1, VLAN 55, encapsulation 2: "the frame came with a tag, which is taken off".
    let erspan_ii = join(&[&[0x10, 55, 0x10, 1, 0, 0, 0, 9], &inside]);
    let erspan_iii = [0x20, 55, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    let mut with_subheader = erspan_iii;
    with_subheader[11] = 1;
    let mut of_ip = erspan_iii;
    of_ip[10] = 2 << 2;
    let sequence = [0, 0, 0, 5];
    let vxlan = join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &inside]);
    let geneve = join(&[&[1, 0, 0x65, 0x58, 0, 0, 42, 0, 0, 0, 0, 0], &inside]);
    let gre_inside = join(&[&[0, 0, 8, 0], &v4]);
    let pptp = join(&[&[0, 40, 0, 1], &[0, 0, 0, 1], &[0, 0, 0, 2], &[0xff, 3, 0, 0x21], &v4]);
    let authenticated = join(&[&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &[0xee; 12], &tcp(PAYLOAD)]);
    vec![
        Sample::new("ip in ip", outer_ethernet(0x0800, &outer_ipv4(4, &v4))).no_macs().unwrapped(1),
        Sample::new("6in4", outer_ethernet(0x0800, &outer_ipv4(41, &v6))).no_macs().ipv6().unwrapped(1),
        Sample::new("ethernet in ip", outer_ethernet(0x0800, &outer_ipv4(97, &join(&[&[0x30, 0], &inside]))))
            .unwrapped(1),
        Sample::new("mpls in ip", outer_ethernet(0x0800, &outer_ipv4(137, &join(&[&[0, 2, 1, 64], &v4]))))
            .no_macs()
            .unwrapped(1),
        Sample::new("gre", over_gre(0, 0x0800, &v4)).no_macs().unwrapped(1),
        Sample::new("gre, checksum", over_gre(0x8000, 0x0800, &join(&[&[0xab, 0xcd, 0, 0], &v4])))
            .no_macs()
            .unwrapped(1),
        Sample::new("gre, key and sequence", over_gre(0x3000, 0x86dd, &join(&[&[0; 4], &sequence, &v6])))
            .no_macs()
            .ipv6()
            .unwrapped(1),
        Sample::new(
            "gre, source route",
            over_gre(0x4000, 0x0800, &join(&[&[0; 4], &[8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0], &v4])),
        )
        .no_macs()
        .unwrapped(1),
        Sample::new("gre, ethernet", over_gre(0x2000, 0x6558, &join(&[&[0, 0, 1, 0], &inside]))).unwrapped(1),
        Sample::new("gre in gre", over_gre(0, 0x0800, &ipv4(47, &gre_inside))).no_macs().unwrapped(2),
        Sample::new("gre, mpls", over_gre(0, 0x8847, &join(&[&[0, 2, 1, 64], &v4]))).no_macs().unwrapped(1),
        Sample::new("gre, pptp", over_gre(0x3081, 0x880b, &pptp)).no_macs().unwrapped(1),
        Sample::new("gre, wccp", over_gre(0, 0x883e, &join(&[&[0, 0x33, 0, 0], &v4]))).no_macs().unwrapped(1),
        Sample::new("gre, cisco metadata", over_gre(0, 0x8909, &join(&[&[8, 0, 1, 1, 0, 1, 0, 9], &v4])))
            .no_macs()
            .unwrapped(1),
        Sample::new("erspan i", over_gre(0, 0x88be, &inside)).unwrapped(1),
        Sample::new("erspan ii", over_gre(0x1000, 0x88be, &join(&[&sequence, &erspan_ii])))
            .vlan(55)
            .unwrapped(1),
        Sample::new("erspan iii", over_gre(0x1000, 0x22eb, &join(&[&sequence, &erspan_iii, &inside])))
            .unwrapped(1),
        Sample::new(
            "erspan iii, subheader",
            over_gre(0, 0x22eb, &join(&[&with_subheader, &[0; 8], &inside])),
        )
        .unwrapped(1),
        Sample::new("erspan iii, ip", over_gre(0, 0x22eb, &join(&[&of_ip, &v4]))).no_macs().unwrapped(1),
        Sample::new("vxlan", over_udp(4789, &vxlan)).unwrapped(1),
        Sample::new("vxlan of linux", over_udp(8472, &vxlan)).unwrapped(1),
        Sample::new(
            "vxlan with next protocol",
            over_udp(4789, &join(&[&[0x0c, 0, 0, 3, 0, 0, 42, 0], &inside])),
        )
        .unwrapped(1),
        Sample::new(
            "vxlan with group policy",
            over_udp(4789, &join(&[&[0x88, 8, 1, 2, 0, 0, 42, 0], &inside])),
        )
        .unwrapped(1),
        Sample::new("vxlan in vxlan", over_udp(4789, &join(&[&vxlan[..8], &over_udp(4789, &vxlan)])))
            .unwrapped(2),
        Sample::new("geneve", over_udp(6081, &geneve)).unwrapped(1),
        Sample::new("gtp-u", over_udp(2152, &join(&[&gtp(0x30, v4.len()), &v4]))).no_macs().unwrapped(1),
        Sample::new("gtp-u, sequence number", {
            over_udp(2152, &join(&[&gtp(0x32, v4.len() + 4), &[0, 5, 0, 0], &v4]))
        })
        .no_macs()
        .unwrapped(1),
        Sample::new("gtp-u, extension headers, ipv6", {
            let extensions = [0, 5, 0, 0xc0, 1, 9, 4, 0x85, 2, 0, 0, 0, 0, 0, 0, 0];
            over_udp(2152, &join(&[&gtp(0x36, v6.len() + extensions.len()), &extensions, &v6]))
        })
        .no_macs()
        .ipv6()
        .unwrapped(1),
        Sample::new("gre, 802.11 to the distribution system", {
            let header = join(&[
                &[0x88, 0x01, 0, 0],
                &SWITCH_MAC.0,
                &CLIENT_MAC.0,
                &SERVER_MAC.0,
                &[0x80, 0x7d, 0, 0],
            ]);
            over_gre(0, 0x8200, &join(&[&header, &SNAP, &v4]))
        })
        .unwrapped(1),
        Sample::new("gre, 802.11 from the distribution system", {
            let header =
                join(&[&[0x08, 0x02, 0, 0], &SERVER_MAC.0, &SWITCH_MAC.0, &CLIENT_MAC.0, &[0x80, 0x7d]]);
            over_gre(0, 0x8201, &join(&[&header, &SNAP, &v4]))
        })
        .unwrapped(1),
        Sample::new("gre, 802.11, aggregate of one", aggregate(&[])).unwrapped(1),
        Sample::new("hop-by-hop and destination options", {
            let options = join(&[&[60, 0, 5, 2, 0, 0, 1, 0], &[6, 0, 1, 4, 0, 0, 0, 0], &tcp(PAYLOAD)]);
            ethernet(0x86dd, &ipv6(0, &options))
        })
        .ipv6(),
        Sample::new("fragment header of a whole packet", {
            ethernet(0x86dd, &ipv6(44, &join(&[&[6, 0, 0, 0, 0, 0, 0, 1], &tcp(PAYLOAD)])))
        })
        .ipv6(),
        Sample::new("authentication header", ethernet(0x0800, &ipv4(51, &authenticated))),
        Sample::new("routing and authentication header", {
            let routed = join(&[&[51, 2, 0, 0, 0, 0, 0, 0], &SERVER_6.octets(), &authenticated]);
            ethernet(0x86dd, &ipv6(43, &routed))
        })
        .ipv6(),
    ]
}

/// A frame of 802.11 in GRE that holds the segment in a frame of an aggregate, and behind it `further`.
pub fn aggregate(further: &[&[u8]]) -> Vec<u8> {
    let header =
        join(&[&[0x88, 0x02, 0, 0], &SERVER_MAC.0, &SWITCH_MAC.0, &SWITCH_MAC.0, &[0x80, 0x7d, 0x80, 0]]);
    let v4 = inner_ipv4();
    let length = u16::try_from(SNAP.len() + v4.len()).unwrap().to_be_bytes();
    let mut aggregate = join(&[&SERVER_MAC.0, &CLIENT_MAC.0, &length, &SNAP, &v4]);
    for octets in further {
        aggregate.resize(aggregate.len().next_multiple_of(4), 0);
        aggregate.extend_from_slice(octets);
    }
    over_gre(0, 0x8240, &join(&[&header, &aggregate]))
}

/// Every encapsulation around the same segment of TCP.
pub fn samples() -> Vec<Sample> {
    [links(), shims(), tunnels()].into_iter().flatten().collect()
}
