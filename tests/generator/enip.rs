//! EtherNet/IP and CIP messages: the CIP Networks Library, volume 2 chapter 2 (encapsulation), volume 1 chapters 2, 3
//! and 5 (message router, connection manager, identity object).

use std::net::Ipv4Addr;

pub const LIST_IDENTITY: u16 = 0x0063;
pub const REGISTER_SESSION: u16 = 0x0065;
pub const SEND_RR_DATA: u16 = 0x006f;
pub const SEND_UNIT_DATA: u16 = 0x0070;

/// What the identity object says.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    pub vendor: u16,
    pub device_type: u16,
    pub product_code: u16,
    pub revision: (u8, u8),
    pub status: u16,
    pub serial: u32,
    pub name: &'a [u8],
}

impl Identity<'_> {
    /// The attributes 1 to 7 in the order of Get_Attributes_All.
    pub fn attributes(&self) -> Vec<u8> {
        let mut out = self.vendor.to_le_bytes().to_vec();
        out.extend(self.device_type.to_le_bytes());
        out.extend(self.product_code.to_le_bytes());
        out.extend([self.revision.0, self.revision.1]);
        out.extend(self.status.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.push(self.name.len() as u8);
        out.extend(self.name);
        out
    }
}

/// An encapsulation message.
pub fn encapsulated(command: u16, session: u32, data: &[u8]) -> Vec<u8> {
    let mut out = command.to_le_bytes().to_vec();
    out.extend((data.len() as u16).to_le_bytes());
    out.extend(session.to_le_bytes());
    out.extend([0; 4]);
    out.extend(b"tapledgr");
    out.extend([0; 4]);
    out.extend(data);
    out
}

/// The answer to List Identity.
pub fn list_identity(ip: Ipv4Addr, identity: &Identity<'_>, state: u8) -> Vec<u8> {
    let mut item = vec![1, 0, 0, 2];
    item.extend(44_818_u16.to_be_bytes());
    item.extend(ip.octets());
    item.extend([0; 8]);
    item.extend(identity.attributes());
    item.push(state);
    let mut data = vec![1, 0, 0x0c, 0];
    data.extend((item.len() as u16).to_le_bytes());
    data.extend(item);
    encapsulated(LIST_IDENTITY, 0, &data)
}

/// Register session; request and answer carry the same data.
pub fn register_session(session: u32) -> Vec<u8> {
    encapsulated(REGISTER_SESSION, session, &[1, 0, 0, 0])
}

/// A CIP message without a connection.
pub fn unconnected(session: u32, cip: &[u8]) -> Vec<u8> {
    let mut data = vec![0, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0];
    data.extend((cip.len() as u16).to_le_bytes());
    data.extend(cip);
    encapsulated(SEND_RR_DATA, session, &data)
}

/// A CIP message on a class 3 connection.
pub fn connected(session: u32, connection: u32, sequence: u16, cip: &[u8]) -> Vec<u8> {
    let mut data = vec![0, 0, 0, 0, 0, 0, 2, 0, 0xa1, 0, 4, 0];
    data.extend(connection.to_le_bytes());
    data.extend([0xb1, 0]);
    data.extend((cip.len() as u16 + 2).to_le_bytes());
    data.extend(sequence.to_le_bytes());
    data.extend(cip);
    encapsulated(SEND_UNIT_DATA, session, &data)
}

/// A class 1 datagram: sequenced address and connected data. From the originator the data carry the run/idle header.
pub fn io(connection: u32, count: u32, run_idle: bool, values: &[u8]) -> Vec<u8> {
    let mut out = vec![2, 0, 0x02, 0x80, 8, 0];
    out.extend(connection.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend([0xb1, 0]);
    let header = if run_idle { 6 } else { 2 };
    out.extend((values.len() as u16 + header).to_le_bytes());
    out.extend((count as u16).to_le_bytes());
    if run_idle {
        out.extend([1, 0, 0, 0]);
    }
    out.extend(values);
    out
}

/// A CIP request to a logical path of octets.
pub fn request(service: u8, path: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = vec![service, (path.len() / 2) as u8];
    out.extend(path);
    out.extend(data);
    out
}

/// A CIP response with general status 0.
pub fn response(service: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![service | 0x80, 0, 0, 0];
    out.extend(data);
    out
}

/// A CIP response with an error.
pub fn error(service: u8, status: u8) -> Vec<u8> {
    vec![service | 0x80, 0, status, 0]
}

/// The identity object, instance 1.
pub const IDENTITY: [u8; 4] = [0x20, 0x01, 0x24, 0x01];
/// Get_Attributes_All.
pub const GET_ATTRIBUTES_ALL: u8 = 0x01;
/// Get_Attribute_Single.
pub const GET_ATTRIBUTE_SINGLE: u8 = 0x0e;
const CONNECTION_MANAGER: [u8; 4] = [0x20, 0x06, 0x24, 0x01];

/// Unconnected Send of a request along a route, such as `[1, slot]` for the backplane.
pub fn unconnected_send(route: &[u8], embedded: &[u8]) -> Vec<u8> {
    let mut data = vec![0x0a, 0x0e];
    data.extend((embedded.len() as u16).to_le_bytes());
    data.extend(embedded);
    if !embedded.len().is_multiple_of(2) {
        data.push(0);
    }
    data.extend([(route.len() / 2) as u8, 0]);
    data.extend(route);
    request(0x52, &CONNECTION_MANAGER, &data)
}

/// Forward Open of a class 1 connection, with the electronic key of the device that is expected.
pub fn forward_open(
    serial: u16,
    originator: (u16, u32),
    key: Option<&Identity<'_>>,
    route: &[u8],
) -> Vec<u8> {
    let mut data = vec![0x0a, 0x0e, 0, 0, 0, 0];
    data.extend((0x5400_0000_u32 | u32::from(serial)).to_le_bytes());
    data.extend(serial.to_le_bytes());
    data.extend(originator.0.to_le_bytes());
    data.extend(originator.1.to_le_bytes());
    data.extend([2, 0, 0, 0]);
    data.extend(20_000_u32.to_le_bytes());
    data.extend(0x4826_u16.to_le_bytes());
    data.extend(20_000_u32.to_le_bytes());
    data.extend(0x4822_u16.to_le_bytes());
    data.push(0x01);
    let mut path = route.to_vec();
    if let Some(key) = key {
        path.extend([0x34, 0x04]);
        path.extend(key.vendor.to_le_bytes());
        path.extend(key.device_type.to_le_bytes());
        path.extend(key.product_code.to_le_bytes());
        path.extend([key.revision.0, key.revision.1]);
    }
    path.extend([0x20, 0x04, 0x24, 0x67, 0x2c, 0x64, 0x2c, 0x65]);
    data.push((path.len() / 2) as u8);
    data.extend(path);
    request(0x54, &CONNECTION_MANAGER, &data)
}

/// The answer to a Forward Open.
pub fn forward_opened(serial: u16, originator: (u16, u32), to_target: u32) -> Vec<u8> {
    let mut data = to_target.to_le_bytes().to_vec();
    data.extend((0x5400_0000_u32 | u32::from(serial)).to_le_bytes());
    data.extend(serial.to_le_bytes());
    data.extend(originator.0.to_le_bytes());
    data.extend(originator.1.to_le_bytes());
    data.extend(20_000_u32.to_le_bytes());
    data.extend(20_000_u32.to_le_bytes());
    data.extend([0, 0]);
    response(0x54, &data)
}
