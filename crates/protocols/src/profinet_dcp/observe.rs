//! What a message says about stations.

use observation::{Basis, End, Octets, OperationKind, Rule, Station, attribute};

use super::operations;
use super::rules::{INITIATIVE, INSTANCE, IP_INFO, IPV4, MAC, NUMBER, OCTETS, OPTIONS, ROLE, TEXT, VENDOR};
use super::wire::{Block, Pdu, Service};
use crate::{Context, Malformed, Output, Session};

/// Stateless: every answer names what it answers.
#[derive(Debug)]
pub(super) struct Dcp;

impl Session for Dcp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let pdu = Pdu::parse(message)?;
        let answers = pdu.is_response || pdu.is_refusal || pdu.service == Service::Hello;
        output.server_is = Some(if answers { context.from } else { context.from.other() });
        if pdu.is_refusal {
            return Ok(());
        }
        if answers { answer(context, &pdu, output) } else { request(context, message, &pdu, output) }
    }

    fn gap(&mut self, from: End) {
        let _ = from;
    }
}

/// Counts what is asked for.
fn request<'m>(
    context: &Context,
    message: Octets<'m>,
    pdu: &Pdu<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    match pdu.service {
        Service::Get => {
            if pdu.selectors().next().is_some() {
                output.operation(OperationKind::Identify, "get", message);
            }
        }
        Service::Set => {
            for block in pdu.blocks() {
                let block = block?;
                if let Some((kind, name)) = operations::set(&block) {
                    output.operation(kind, name, block.value);
                }
            }
        }
        Service::Identify => {
            let mut asked = None;
            for block in pdu.blocks() {
                let block = block?;
                // Whoever looks for a device by name is, or engineers, the controller that it belongs to.
                if (block.option, block.suboption) == (2, 2) {
                    let client = context.source();
                    output.fact(&client, "profinet_dcp.sought_station", Basis::Stated, &TEXT, block.value);
                }
                let name = operations::identify(block.option, block.suboption);
                asked = asked.or(Some(name)).filter(|_| name == "identify by filter").or(Some(name));
            }
            output.operation(OperationKind::Identify, asked.unwrap_or("identify"), message);
        }
        Service::Hello => {}
    }
    Ok(())
}

/// Says what a device says of itself.
fn answer(context: &Context, pdu: &Pdu<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let device = context.source();
    // Answers to Set tell only what came of it.
    if pdu.service == Service::Set {
        return pdu.blocks().try_for_each(|block| block.map(drop));
    }
    for block in pdu.blocks() {
        let block = block?;
        let mut say = |attribute, rule: &'static Rule, octets: Option<Octets<'_>>| {
            if let Some(octets) = octets {
                output.fact(&device, attribute, Basis::Stated, rule, octets);
            }
        };
        let Some((_, value)) = block.qualified() else { continue };
        match (block.option, block.suboption) {
            (1, 1) => say(attribute::MAC_ADDRESS, &MAC, value.slice(0, 6)),
            (1, 2 | 3) => ip_suite(&device, &block, value, output),
            (2, 1) => {
                say(attribute::MODEL, &TEXT, Some(value));
                say(attribute::DEVICE_TYPE, &TEXT, Some(value));
            }
            (2, 2) => say(attribute::STATION_NAME, &TEXT, Some(value)),
            (2, 3) => {
                say(attribute::VENDOR, &VENDOR, value.slice(0, 2));
                say("profinet_dcp.vendor_id", &NUMBER, value.slice(0, 2));
                say("profinet_dcp.device_id", &NUMBER, value.slice(2, 2));
            }
            (2, 4) => say("profinet_dcp.role", &ROLE, value.slice(0, 1)),
            (2, 5) => say("profinet_dcp.options", &OPTIONS, Some(value)),
            (2, 6) => say("profinet_dcp.alias_name", &TEXT, Some(value)),
            (2, 7) => say("profinet_dcp.instance", &INSTANCE, value.slice(0, 2)),
            (2, 8) => {
                say("profinet_dcp.oem_vendor_id", &NUMBER, value.slice(0, 2));
                say("profinet_dcp.oem_device_id", &NUMBER, value.slice(2, 2));
            }
            (2, 9) => say("profinet_dcp.gateway", &IPV4, value.slice(0, 4)),
            (2, 10) => say("profinet_dcp.rsi_properties", &NUMBER, value.slice(0, 2)),
            (3, 12) => say(attribute::HOSTNAME, &TEXT, parameter(value)),
            (3, 54) => say("profinet_dcp.dhcp_server", &IPV4, parameter(value)),
            (3, 60) => say("dhcp.vendor_class", &TEXT, parameter(value)),
            (3, 61) => say("profinet_dcp.dhcp_client_id", &OCTETS, parameter(value)),
            (3, 97) => say("profinet_dcp.dhcp_uuid", &OCTETS, parameter(value)),
            (6, 1) => say("profinet_dcp.device_initiative", &INITIATIVE, value.slice(0, 2)),
            _ => {}
        }
    }
    Ok(())
}

/// Address, mask and gateway; in the full suite up to four name servers follow.
fn ip_suite(device: &Station, block: &Block<'_>, value: Octets<'_>, output: &mut Output<'_>) {
    let mut say = |attribute, rule: &'static Rule, octets: Option<Octets<'_>>| {
        if let Some(octets) = octets {
            output.fact(device, attribute, Basis::Stated, rule, octets);
        }
    };
    say("profinet_dcp.ip_info", &IP_INFO, block.value.slice(0, 2));
    say(attribute::IP_ADDRESS, &IPV4, value.slice(0, 4));
    say("profinet_dcp.subnet_mask", &IPV4, value.slice(4, 4));
    say("profinet_dcp.gateway", &IPV4, value.slice(8, 4));
    if block.suboption == 3 {
        for at in [12, 16, 20, 24] {
            say("profinet_dcp.dns_server", &IPV4, value.slice(at, 4));
        }
    }
}

/// The data of a DHCP parameter, behind its length.
fn parameter(value: Octets<'_>) -> Option<Octets<'_>> {
    value.slice(1, value.get(0)?.into())
}
