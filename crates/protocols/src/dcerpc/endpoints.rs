//! Answers of the endpoint mapper: which interface listens where (C706 appendix O for the calls, appendix L for towers,
//! appendix I for protocol identifiers; 14.3.6 for the order in which NDR puts what pointers point to).

use observation::{Address, Basis, Octets, Rule, Rules, Station, attribute};

use super::interfaces;
use crate::{Context, Malformed, Output, Reader, ip_address};

/// Call numbers whose answers are read.
pub(super) const LOOKUP: u16 = 2;
pub(super) const MAP: u16 = 3;

pub(super) static ENDPOINT: Rule = Rule { name: "dcerpc-endpoint", read: endpoint };
pub(super) static ANNOTATION: Rule = Rule { name: "dcerpc-annotation", read: Rules::text };
pub(super) static ADDRESS: Rule = Rule { name: "dcerpc-tower-address", read: ip_address::unicast };

/// Entries of one answer that are looked at. Clients ask for some hundreds at most, and few fit into one fragment.
const ENTRIES_MAX: u32 = 256;

/// Floors of a tower that are looked at; those over TCP have five.
const FLOORS_MAX: u16 = 8;

/// Octets of an entry handle.
const HANDLE: usize = 20;

/// Protocol identifiers of floors.
mod floor {
    pub(super) const TCP: u8 = 0x07;
    pub(super) const UDP: u8 = 0x08;
    pub(super) const IP: u8 = 0x09;
    pub(super) const UUID: u8 = 0x0d;
    pub(super) const HTTP: u8 = 0x1f;
}

/// The interface by its identifier, then protocol and port of a floor: `OPC server list on tcp 49152`.
fn endpoint(octets: &[u8]) -> Option<String> {
    let (interface, port) = octets.split_at_checked(16)?;
    let [protocol, high, low] = port else { return None };
    let protocol = match *protocol {
        floor::TCP => "tcp",
        floor::UDP => "udp",
        floor::HTTP => "http",
        _ => return None,
    };
    let port = u16::from_be_bytes([*high, *low]);
    Some(format!("{} on {protocol} {port}", interfaces::name(interface)?)).filter(|_| port > 0)
}

/// What a tower tells.
#[derive(Clone, Copy, Debug, Default)]
struct Tower<'a> {
    /// Identifier of the interface.
    interface: Option<Octets<'a>>,
    /// Protocol and port.
    port: Option<(Octets<'a>, Octets<'a>)>,
    /// Address of the host.
    address: Option<Octets<'a>>,
}

impl<'a> Tower<'a> {
    /// Reads a tower that a reader stands at, with the two lengths in front of it.
    fn read(body: &mut Reader<'a>) -> Result<Self, Malformed> {
        align(body)?;
        body.skip(4, "room of a tower")?;
        let length = body.u32_le("length of a tower")?;
        let mut floors = body.sub(usize::try_from(length).unwrap_or(usize::MAX), "tower")?;
        let mut tower = Self::default();
        for number in 0..floors.u16_le("number of floors")?.min(FLOORS_MAX) {
            let left = floors.u16_le("length of a floor")?;
            let left = floors.take(left.into(), "floor")?;
            let right = floors.u16_le("length of a floor")?;
            let right = floors.take(right.into(), "floor")?;
            match (left.get(0), right.len()) {
                (Some(floor::UUID), _) if number == 0 => tower.interface = left.slice(1, 16),
                (Some(floor::TCP | floor::UDP | floor::HTTP), 2) => tower.port = Some((left.head(1), right)),
                (Some(floor::IP), 4) => tower.address = Some(right),
                _ => {}
            }
        }
        Ok(tower)
    }

    fn say(&self, context: &Context, server: &Station, output: &mut Output<'_>) {
        let (Some(interface), Some((protocol, port))) = (self.interface, self.port) else { return };
        let places = [interface, protocol, port];
        output.fact_of(server, "dcerpc.endpoint", Basis::Stated, &ENDPOINT, &places);
        let own = self.address.filter(|octets| {
            ip_address::address(octets.bytes)
                .is_some_and(|ip| Address::Ip(ip) != context.source && !ip.is_loopback())
        });
        if let Some(own) = own {
            output.fact(server, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, own);
        }
    }
}

/// What is aligned to four octets is counted from the start of the stub, which stands at 24.
fn align(body: &mut Reader<'_>) -> Result<(), Malformed> {
    body.skip(4_usize.wrapping_sub(body.offset()) % 4, "padding")
}

/// Reads the answer to a look-up: all that listens on a host.
///
/// # Errors
///
/// Fails if the entries are cut short.
pub(super) fn lookup(
    context: &Context,
    mut body: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let server = context.source();
    body.skip(HANDLE, "entry handle")?;
    let count = body.u32_le("number of entries")?.min(ENTRIES_MAX);
    body.skip(12, "bounds of the entries")?;
    let mut towers = 0_u32;
    for _ in 0..count {
        align(&mut body)?;
        body.skip(16, "object")?;
        towers = towers.saturating_add(u32::from(body.u32_le("pointer to a tower")? != 0));
        body.skip(4, "offset of the annotation")?;
        let length = body.u32_le("length of the annotation")?;
        let text = body.take(usize::try_from(length).unwrap_or(usize::MAX), "annotation")?;
        output.fact(&server, "dcerpc.annotation", Basis::Stated, &ANNOTATION, text);
    }
    for _ in 0..towers {
        Tower::read(&mut body)?.say(context, &server, output);
    }
    Ok(())
}

/// Reads the answer to a question for one interface: where it listens.
///
/// # Errors
///
/// Fails if the towers are cut short.
pub(super) fn map(context: &Context, mut body: Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let server = context.source();
    body.skip(HANDLE, "entry handle")?;
    let count = body.u32_le("number of towers")?.min(ENTRIES_MAX);
    body.skip(12, "bounds of the towers")?;
    let mut towers = 0_u32;
    for _ in 0..count {
        towers = towers.saturating_add(u32::from(body.u32_le("pointer to a tower")? != 0));
    }
    for _ in 0..towers {
        Tower::read(&mut body)?.say(context, &server, output);
    }
    Ok(())
}
