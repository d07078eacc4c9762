//! What safety controllers say of themselves.

use observation::{Basis, Octets, OperationKind, Position, Rule, Rules, Station, attribute};

use super::{command, wire};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

static VENDOR: Rule =
    Rule { name: "tristation-vendor", read: |_| Some("Triconex (Schneider Electric)".to_owned()) };
static TEXT: Rule = Rule { name: "tristation-text", read: Rules::text };
static KEY: Rule = Rule { name: "tristation-key", read: key };
static RUN: Rule = Rule { name: "tristation-run-state", read: run };
static NODE: Rule = Rule { name: "tristation-node", read: Rules::decimal_le };
static MODULE: Rule = Rule { name: "tristation-module", read: module };
static FIRMWARE: Rule = Rule { name: "tristation-firmware", read: firmware };

pub(super) const RULES: &[&Rule] = &[&VENDOR, &TEXT, &KEY, &RUN, &NODE, &MODULE, &FIRMWARE];

/// Position of the key switch.
fn key(octets: &[u8]) -> Option<String> {
    let name = ["stop", "program", "run", "remote"].get(usize::from(*octets.first()?))?;
    Some((*name).to_owned())
}

/// State of the control program.
fn run(octets: &[u8]) -> Option<String> {
    let name = ["run", "stop", "pause"].get(usize::from(*octets.first()?))?;
    Some((*name).to_owned())
}

/// The model of a module, by the two octets of its type.
fn module(octets: &[u8]) -> Option<String> {
    command::module(u16::from_le_bytes(*octets.first_chunk()?)).map(str::to_owned)
}

/// Three numbers of two octets; `None` if all are zero.
fn firmware(octets: &[u8]) -> Option<String> {
    let numbers: Vec<_> =
        octets.chunks_exact(2).map(|pair| Rules::decimal_le(pair).unwrap_or_default()).collect();
    (numbers.len() == 3 && octets.iter().any(|octet| *octet != 0)).then(|| numbers.join("."))
}

/// Answers that are read.
const CP_STATUS: u8 = 108;
const CHASSIS_STATUS: u8 = 119;
const MODULE_VERSIONS: u8 = 151;

/// Octets of a project's name.
const PROJECT: usize = 10;

/// Slots of a chassis, and the octets of each in the answer with versions.
const SLOTS: usize = 16;
const SLOT: usize = 8;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct TriStation {
    /// Key positions and run states that were said, with the answer: those come all the time.
    told: Told<8>,
}

impl Session for TriStation {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let (code, message) = wire::parse(octets)?;
        match code {
            wire::CONNECT_REQUEST => {
                output.server_is = Some(context.from.other());
                output.operation(OperationKind::Diagnostic, "connect", octets);
            }
            wire::DISCONNECT_REQUEST | wire::PING => output.server_seems = Some(context.from.other()),
            wire::CONNECT_REPLY | wire::DISCONNECT_REPLY => output.server_is = Some(context.from),
            _ => {}
        }
        let Some(message) = message.filter(|_| code == wire::COMMAND) else { return Ok(()) };
        if !message.by_controller {
            output.server_is = Some(context.from.other());
            let (kind, name) = command::operation(message.command);
            output.operation(kind, name, octets);
            return Ok(());
        }
        output.server_is = Some(context.from);
        let controller = context.source();
        match message.command {
            CP_STATUS => self.state(context, (7, 8, 66), message.command, message.data, output),
            CHASSIS_STATUS => {
                if self.state(context, (4, 3, 32), message.command, message.data, output)
                    && let Some(node) = message.data.slice(0, 2)
                {
                    output.fact(&controller, "tristation.node", Basis::Stated, &NODE, node);
                }
                true
            }
            MODULE_VERSIONS => versions(&controller, message.data, output),
            _ => true,
        };
        Ok(())
    }
}

impl TriStation {
    /// Key position, run state and project at these places; false if nothing was said.
    fn state(
        &mut self,
        context: &Context,
        (key, run, project): (usize, usize, usize),
        command: u8,
        data: Octets<'_>,
        output: &mut Output<'_>,
    ) -> bool {
        let (Some(key), Some(run)) = (data.slice(key, 1), data.slice(run, 1)) else { return false };
        let said = [command, key.get(0).unwrap_or(0), run.get(0).unwrap_or(0)];
        if !self.told.is_new(Print::of_day(context.time.day()).with(&said)) {
            return false;
        }
        let controller = context.source();
        output.fact(&controller, attribute::VENDOR, Basis::Inferred, &VENDOR, key);
        output.fact(&controller, attribute::KEY_SWITCH, Basis::Stated, &KEY, key);
        output.fact(&controller, attribute::MODE, Basis::Stated, &RUN, run);
        if let Some(project) = data.slice(project, PROJECT) {
            output.fact(&controller, attribute::PROJECT, Basis::Stated, &TEXT, project);
        }
        true
    }
}

/// Type and firmware of the modules in a chassis, and the plate of the controller behind them; false if there are none.
fn versions(controller: &Station, data: Octets<'_>, output: &mut Output<'_>) -> bool {
    // Chassis, and whether it has modules.
    if data.get(1) != Some(0xff) {
        return false;
    }
    let is_main = data.get(0) == Some(1) || data.get(0) == Some(0);
    for slot in 0..SLOTS {
        let at = slot.saturating_mul(SLOT).saturating_add(2);
        let Some(record) = data.slice(at, SLOT) else { break };
        let (Some(kind), Some(firmware)) = (record.slice(0, 2), record.slice(2, 6)) else { break };
        if !is_main || kind.bytes == [0, 0] {
            continue;
        }
        let station = controller.below([Position::new("slot", slot)]);
        output.fact(&station, attribute::MODEL, Basis::Reported, &MODULE, kind);
        output.fact(&station, attribute::FIRMWARE_VERSION, Basis::Reported, &FIRMWARE, firmware);
        output.mentioned(station, controller.clone(), "module of a chassis", record);
    }
    // Assembly, revision and serial number of the main processor.
    let plate = data.tail(450);
    for (attribute, at, length) in [
        (attribute::ORDER_NUMBER, 0, 6),
        (attribute::HARDWARE_REVISION, 6, 3),
        (attribute::SERIAL_NUMBER, 9, 8),
    ] {
        if let Some(octets) = plate.slice(at, length) {
            output.fact(controller, attribute, Basis::Stated, &TEXT, octets);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    const CONTROLLER: &str = "10.0.0.5";

    #[test]
    fn statuses_tell_key_state_and_project_once() {
        let status = include_bytes!("messages/cp-status-response.bin");
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, status), (End::Server, status)]);
        for (attribute, value) in [("key_switch", "program"), ("mode", "stop"), ("project", "BOILER1")] {
            assert!(heard.has(CONTROLLER, attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!((heard.facts.len(), heard.servers[0]), (4, End::Server));
        let chassis = include_bytes!("messages/chassis-status-response.bin");
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, chassis)]);
        for (attribute, value) in
            [("key_switch", "run"), ("mode", "run"), ("project", "BOILER1"), ("tristation.node", "3")]
        {
            assert!(heard.has(CONTROLLER, attribute, value), "{attribute}: {heard:?}");
        }
    }

    #[test]
    fn versions_tell_modules_and_the_plate() {
        let versions = include_bytes!("messages/module-versions-response.bin");
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Server, versions)]);
        assert!(heard.has(CONTROLLER, "serial_number", "00004711"), "{heard:?}");
        assert!(
            heard.has(CONTROLLER, "order_number", "300812")
                && heard.has(CONTROLLER, "hardware_revision", "1C2")
        );
        assert!(heard.has("10.0.0.5 slot=0", "model", "3008 Main Processor"));
        assert!(heard.has("10.0.0.5 slot=0", "firmware_version", "6236.0.1"));
        assert!(heard.has("10.0.0.5 slot=3", "model", "4351B TCM"));
        assert_eq!(heard.mentioned.len(), 2);
    }

    #[test]
    fn commands_are_operations_of_the_workstation() {
        let heard = hear(
            &PROTOCOL,
            Transport::Udp,
            &[
                (End::Client, include_bytes!("messages/connect-request.bin")),
                (End::Client, include_bytes!("messages/halt-program.bin")),
            ],
        );
        assert_eq!(
            heard.operations,
            [(OperationKind::Diagnostic, "connect"), (OperationKind::Control, "halt program")]
        );
        assert_eq!(heard.servers, [End::Server; 2]);
    }
}
