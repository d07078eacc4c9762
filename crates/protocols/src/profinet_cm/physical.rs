//! Interface and ports as they are (PDRealData: IEC 61158-6-10, chapter 5.2.21).

use observation::{Basis, Octets, Rule, Station, attribute};

use super::blocks::{self, Block};
use super::rules::{IPV4, MAC, NEIGHBOUR, TEXT};
use crate::{Malformed, Output, Reader};

/// A block that holds others: two octets of padding, API, slot and subslot come first.
///
/// # Errors
///
/// Fails if a block is cut short.
pub(super) fn several(block: Block<'_>, device: &Station, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut body = block.body;
    body.skip(10, "API, SlotNumber and SubslotNumber")?;
    while body.remaining() >= 6 {
        let inner = blocks::next(&mut body)?;
        one(&inner, device, output)?;
    }
    Ok(())
}

/// An interface or a port.
///
/// # Errors
///
/// Fails if the block is cut short.
pub(super) fn one(block: &Block<'_>, device: &Station, output: &mut Output<'_>) -> Result<(), Malformed> {
    // The layouts of version 1.0; alignment counts from the block's first octet.
    if block.version != (1, 0) {
        return Ok(());
    }
    let mut body = block.body.clone();
    let start = body.offset().saturating_sub(6);
    let mut say = |attribute, rule: &'static Rule, octets: Octets<'_>| {
        output.fact(device, attribute, Basis::Stated, rule, octets);
    };
    match block.kind {
        0x0240 => {
            let length = body.u8("LengthOwnChassisID")?;
            say(attribute::STATION_NAME, &TEXT, body.take(length.into(), "OwnChassisID")?);
            blocks::align(&mut body, start, 4);
            say(attribute::MAC_ADDRESS, &MAC, body.take(6, "MACAddressValue")?);
            body.skip(2, "padding")?;
            body.skip(4, "IPAddress")?;
            say("profinet_dcp.subnet_mask", &IPV4, body.take(4, "Subnetmask")?);
            say("profinet_dcp.gateway", &IPV4, body.take(4, "StandardGateway")?);
        }
        0x020f => {
            body.skip(6, "SlotNumber and SubslotNumber")?;
            let length = body.u8("LengthOwnPortID")?;
            let port = body.take(length.into(), "OwnPortID")?;
            let peers = body.u8("NumberOfPeers")?;
            blocks::align(&mut body, start, 4);
            for _ in 0..peers {
                neighbour(&mut body, port, device, output)?;
                blocks::align(&mut body, start, 4);
                body.skip(12, "LineDelay and PeerMACAddress")?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The device at the other end of a port's cable.
fn neighbour(
    body: &mut Reader<'_>,
    port: Octets<'_>,
    device: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let whole = body.peek();
    let before = body.remaining();
    let length = body.u8("LengthPeerPortID")?;
    body.skip(length.into(), "PeerPortID")?;
    let length = body.u8("LengthPeerChassisID")?;
    body.skip(length.into(), "PeerChassisID")?;
    let peer = whole.head(before.saturating_sub(body.remaining()));
    output.fact_of(device, "profinet_cm.neighbour", Basis::Stated, &NEIGHBOUR, &[peer, port]);
    Ok(())
}
