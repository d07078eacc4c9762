//! Protocols: octets in, facts out. One folder per protocol, one word in the list below.
//!
//! Nothing here touches a file, a socket, a clock, a thread or the environment. A decoder gets whole messages (or the
//! octets of a stream, which it delimits itself) with the time and the two ends, and says what they tell about which
//! station. It knows no asset: that two stations are one device is decided in `inventory`.
//!
//! Guarantees, tested for every protocol by `tests/every_protocol.rs`: no octets whatever make a decoder panic or
//! allocate more than a small multiple of their number; a message cut anywhere is partial or malformed, never
//! something else; every value is made by a listed [`Rule`](observation::Rule), so reading the evidence by that rule
//! gives the value again.

mod assembly;
mod ber;
mod cotp;
mod crc;
mod dcerpc_datagram;
mod dns_message;
mod enterprises;
mod http_head;
mod ip_address;
mod known;
mod malformed;
mod netbios;
mod numbered;
mod output;
mod pending;
mod pi_vendors;
mod process_bus;
mod protocol;
mod reader;
mod registry;
mod security_token;
mod strings;
mod system_description;
mod table;
mod told;
mod tpkt;
#[cfg(test)]
mod trial;
mod tsdu;
mod windows;
mod wire_text;
mod x509;

pub use assembly::Assembly;
pub use known::{KNOWN_MAX, Known, Print};
pub use malformed::{Malformed, Problem};
pub use output::{Mentioned, Operation, Output, Room, Said, SeenFact, Spoke};
pub use protocol::{Context, Depth, Frame, Probe, Protocol, Repeat, Session};
pub use reader::Reader;
pub use table::markdown_table;

/// Declares the protocol folders and builds the list of all, in the order that decides ties.
macro_rules! protocols {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// Every protocol, in the order that decides when two recognise the same octets.
        pub static ALL: &[&Protocol] = &[$(&$name::PROTOCOL),*];
    };
}

protocols! {
    ads,
    arp,
    bacnet,
    browser,
    bsap,
    c1222,
    c37118,
    cdp,
    codesys,
    crimson,
    dcerpc,
    dhcp,
    dhcpv6,
    dnp3,
    dns,
    dtls,
    enip,
    ethercat,
    ff_hse,
    fins,
    focas,
    fox,
    ftp,
    ge_srtp,
    genisys,
    goose,
    gvcp,
    hart_ip,
    hsms,
    hsrp,
    http,
    http2,
    iec104,
    ike,
    kafka,
    kerberos,
    knxnet_ip,
    lacp,
    ldap,
    lldp,
    llmnr,
    mdns,
    melsec,
    modbus,
    moxa_dsci,
    mqtt,
    mrp,
    mtconnect,
    mysql,
    nbdgm,
    nbns,
    ndp,
    netlogon,
    ntlm,
    ntp,
    opcua,
    openvpn,
    pccc,
    postgresql,
    pcworx,
    powerlink,
    proconos,
    profinet_cm,
    profinet_dcp,
    profinet_rt,
    prp,
    quic,
    radius,
    ptp,
    rdp,
    roc_plus,
    // S7comm stands before its relatives on port 102: it reads who is called in a connection request, and hands over.
    s7comm,
    mms,
    s7comm_plus,
    smb,
    snmp,
    sparkplug,
    ssdp,
    ssh,
    ssrp,
    stp,
    sv,
    syslog,
    tds,
    telnet,
    tftp,
    tls,
    tristation,
    umas,
    vnc,
    vrrp,
    wireguard,
    ws_discovery,
}

/// The rule of that name, among those of all protocols.
#[must_use]
pub fn rule(name: &str) -> Option<&'static observation::Rule> {
    ALL.iter().flat_map(|protocol| protocol.rules).find(|rule| rule.name == name).copied()
}

/// The protocol of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Protocol> {
    ALL.iter().find(|protocol| protocol.name == name).copied()
}
