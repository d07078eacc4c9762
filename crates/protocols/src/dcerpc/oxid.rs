//! Answers of the object exporter: the addresses by which a host can be called ([MS-DCOM] sections 2.2.19 and 3.1.2.5.1).

use std::net::IpAddr;

use observation::{Address, Basis, Rule, Rules, Station, attribute};

use crate::strings::zero_terminated_utf16;
use crate::{Context, Malformed, Output, Reader};

pub(super) static ADDRESS: Rule =
    Rule { name: "dcerpc-string-binding-address", read: |octets| address(octets).map(|ip| ip.to_string()) };
pub(super) static HOST_NAME: Rule = Rule { name: "dcerpc-string-binding-host", read: host };

/// Bindings of one answer; a host has one per interface and protocol.
const BINDINGS_MAX: usize = 64;

/// The network address of a binding without its endpoint: `10.0.0.2[135]`.
fn without_endpoint(octets: &[u8]) -> Option<String> {
    let text = Rules::text_utf16_le(octets)?;
    let address = text.split('[').next().unwrap_or_default().trim_start_matches('\\');
    (!address.is_empty()).then(|| address.to_owned())
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let ip: IpAddr = without_endpoint(octets)?.parse().ok()?;
    Some(ip).filter(|ip| Address::Ip(*ip).is_unicast() && !ip.is_loopback())
}

/// A host name: what is no address.
fn host(octets: &[u8]) -> Option<String> {
    let text = without_endpoint(octets)?;
    let is_name = text.chars().all(|character| character.is_alphanumeric() || "-_.".contains(character));
    (is_name && text.parse::<IpAddr>().is_err()).then_some(text)
}

/// Reads the bindings of a pointer to a dual string array, which `body` stands at.
///
/// # Errors
///
/// Fails if they are cut short.
pub(super) fn bindings(
    context: &Context,
    source: &Station,
    mut body: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    /// Towers whose addresses are those of hosts: TCP, UDP, named pipes ([MS-DCOM] section 2.2.19.3; C706 appendix I).
    const TOWERS: [u16; 3] = [0x07, 0x08, 0x0f];
    if body.u32_le("pointer to the bindings")? == 0 {
        return Ok(());
    }
    body.skip(4, "number of elements")?;
    let entries = body.u16_le("number of entries")?;
    // Behind this place security bindings begin.
    let strings = body.u16_le("security offset")?.min(entries);
    let mut strings = body.part(usize::from(strings).saturating_mul(2), "string bindings")?;
    for _ in 0..BINDINGS_MAX {
        if strings.is_empty() {
            break;
        }
        let tower = strings.u16_le("tower id")?;
        if tower == 0 {
            break;
        }
        let binding = zero_terminated_utf16(&mut strings);
        if !TOWERS.contains(&tower) {
            continue;
        }
        match address(binding.bytes) {
            Some(ip) if Address::Ip(ip) == context.source => {}
            Some(_) => output.fact(source, attribute::IP_ADDRESS, Basis::Stated, &ADDRESS, binding),
            None => output.fact(source, attribute::HOSTNAME, Basis::Stated, &HOST_NAME, binding),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_binding_is_an_address_or_a_host() {
        assert_eq!(address(&utf16("10.0.0.2[135]")).map(|ip| ip.to_string()).as_deref(), Some("10.0.0.2"));
        assert_eq!(address(&utf16("fe80::1")).map(|ip| ip.to_string()).as_deref(), Some("fe80::1"));
        assert_eq!(address(&utf16("127.0.0.1")), None);
        assert_eq!(host(&utf16("OPC1[49152]")).as_deref(), Some("OPC1"));
        assert_eq!(host(&utf16("\\\\OPC1[\\pipe\\epmapper]")).as_deref(), Some("OPC1"));
        assert_eq!(host(&utf16("10.0.0.2[135]")), None);
        assert_eq!(host(&utf16("127.0.0.1")), None);
    }
}
