//! What a message says about the agent.

use observation::{Basis, End, Octets, OperationKind, Position, attribute};

use super::objects::{self, Part, Parts};
use super::rules;
use super::wire::{Binding, Message, Pdu, PduType, Security};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Reader, Session};

/// Values of the last polls that are not said again.
const REMEMBERED: usize = 24;

/// Bindings of one message; a datagram holds no more of ten octets each.
const BINDINGS_MAX: usize = 6_554;

/// Type of an IPv4 address (RFC 2578 section 7.1.5).
const IP_ADDRESS: u8 = 0x40;

/// Port of agents and port for what they send unasked.
const PORT_AGENT: u16 = 161;
const PORT_MANAGER: u16 = 162;

/// Remembers what was said, and which parts are the chassis and modules.
#[derive(Debug, Default)]
pub(super) struct Snmp {
    told: Told<REMEMBERED>,
    parts: Parts,
}

impl Session for Snmp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let read = Message::parse(message)?;
        if let Some(community) = read.community {
            output.secret(community);
        }
        if let Some(security) = &read.security {
            self.engine(context, security, output);
        }
        let Some(pdu) = read.pdu else { return Ok(()) };
        let sends = pdu.kind == PduType::RESPONSE || pdu.kind == PduType::REPORT;
        if sends {
            output.server_is = Some(context.from);
        } else if pdu.kind.is_request() || pdu.kind.is_notification() {
            output.server_is = Some(context.from.other());
        }
        if pdu.kind == PduType::RESPONSE {
            self.tell(context, read.version, "snmp.version", &rules::VERSION, output);
        }
        if let Some(enterprise) = pdu.enterprise {
            self.tell(context, enterprise, "snmp.trap_enterprise", &rules::ENTERPRISE, output);
        }
        if pdu.kind.is_request() {
            request(&pdu, message, output);
        }
        self.bindings(context, &pdu, output)?;
        match read.missing {
            0 => Ok(()),
            missing => {
                let problem = Problem::Truncated { missing };
                Err(Malformed { what: "message", offset: message.len(), problem })
            }
        }
    }
}

/// Counts what is asked for.
fn request<'m>(pdu: &Pdu<'m>, message: Octets<'m>, output: &mut Output<'m>) {
    let asks_who = || {
        let first = Binding::read(&mut pdu.bindings.clone());
        first.is_ok_and(|binding| objects::is_identity(binding.name.bytes))
    };
    let (kind, name) = match pdu.kind {
        PduType::SET => (OperationKind::Write, "set"),
        PduType::GET if asks_who() => (OperationKind::Identify, "get identity"),
        PduType::GET_NEXT if asks_who() => (OperationKind::Identify, "get-next identity"),
        PduType::GET_BULK if asks_who() => (OperationKind::Identify, "get-bulk identity"),
        PduType::GET => (OperationKind::Read, "get"),
        PduType::GET_NEXT => (OperationKind::Read, "get-next"),
        _ => (OperationKind::Read, "get-bulk"),
    };
    output.operation(kind, name, message);
}

impl Snmp {
    /// Says one thing of the sender, unless it said so lately.
    fn tell(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        attribute: &'static str,
        rule: &'static observation::Rule,
        output: &mut Output<'_>,
    ) {
        if !octets.is_cut() && self.told.is_new(print(context, attribute.as_bytes(), octets)) {
            output.fact(&context.source(), attribute, Basis::Stated, rule, octets);
        }
    }

    /// The engine that is the authority for this message: the one that answers, or that sends what nobody confirms
    /// (RFC 3414 section 1.5.1).
    fn engine(&mut self, context: &Context, security: &Security<'_>, output: &mut Output<'_>) {
        if !security.authentication.is_empty() {
            output.secret(security.authentication);
        }
        let notifies = context.destination_port == PORT_MANAGER;
        let is_own = match (context.source_port, context.destination_port) {
            (_, PORT_MANAGER) => !security.reportable,
            (PORT_MANAGER | PORT_AGENT, _) => true,
            (_, PORT_AGENT) => false,
            _ => context.from == End::Server,
        };
        if notifies || security.reportable {
            output.server_is = Some(context.from.other());
        }
        let engine_id = security.engine_id;
        if engine_id.is_cut() || !self.told.is_new(print(context, b"engine", engine_id)) {
            return;
        }
        // Others repeat the id that the engine gave them.
        let (station, basis) =
            if is_own { (context.source(), Basis::Stated) } else { (context.destination(), Basis::Reported) };
        for (attribute, rule) in rules::ENGINE_SAYS {
            // A maker of agents for many: likely, no more.
            let basis = if *attribute == attribute::VENDOR { Basis::Inferred } else { basis };
            output.fact(&station, attribute, basis, rule, engine_id);
        }
    }

    /// What the sender says of itself by objects.
    fn bindings(
        &mut self,
        context: &Context,
        pdu: &Pdu<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let tells = pdu.kind.is_notification() || pdu.kind == PduType::RESPONSE && pdu.error == 0;
        if !tells {
            return Ok(());
        }
        let mut bindings: Reader<'_> = pdu.bindings.clone();
        for _ in 0..BINDINGS_MAX {
            if bindings.is_empty() {
                return Ok(());
            }
            let binding = Binding::read(&mut bindings)?;
            let is_value = matches!(binding.tag, 0x02 | 0x04 | 0x06 | IP_ADDRESS);
            let (part, sayings) = self.parts.says(binding.name.bytes, binding.value.bytes);
            if !is_value
                || sayings.is_empty()
                || !self.told.is_new(print(context, binding.name.bytes, binding.value))
            {
                continue;
            }
            let station = match part {
                Part::Whole => context.source(),
                Part::Module(row) => context.source().below([Position::new("module", row)]),
            };
            for (attribute, rule) in sayings {
                let by_number = **rule == rules::ENTERPRISE_NAME;
                let basis = if by_number { Basis::Inferred } else { Basis::Stated };
                output.fact(&station, attribute, basis, rule, binding.value);
            }
        }
        Ok(())
    }
}

/// Fingerprint of what one end says.
fn print(context: &Context, name: &[u8], value: Octets<'_>) -> Print {
    Print::new().with(&[u8::from(context.from == End::Server)]).with(name).with(&[0]).with(value.bytes)
}

#[cfg(test)]
mod tests {
    use observation::{Time, Transport};

    use super::*;

    fn context(from: End, port: u16) -> Context {
        let (source, destination, source_port, destination_port) = match from {
            End::Client => ("10.10.10.60", "10.10.10.2", 50_000, port),
            End::Server => ("10.10.10.2", "10.10.10.60", port, 50_000),
        };
        Context {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port,
            destination_port,
            from,
            time: Time(0),
        }
    }

    fn said<'m>(octets: &'m [u8], context: &Context) -> (Vec<String>, Output<'m>, Result<(), Malformed>) {
        let mut output = Output::default();
        let result = Snmp::default().message(context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.basis.as_str(), fact.station, fact.attribute, fact.value)
        });
        (facts.collect(), output, result)
    }

    #[test]
    fn the_system_group_says_who_answers_and_no_person() {
        let (facts, output, result) =
            said(include_bytes!("messages/response-system.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(
            facts,
            [
                "stated 10.10.10.2 snmp.version=2c",
                "stated 10.10.10.2 description=Siemens, SIMATIC NET, Scalance X208, 6GK5 208-0BA10-2AA3, HW: Version 4, FW: Version V3.10, SVPL6000001",
                "stated 10.10.10.2 vendor=Siemens",
                "stated 10.10.10.2 model=Scalance X208",
                "stated 10.10.10.2 order_number=6GK5 208-0BA10-2AA3",
                "stated 10.10.10.2 hardware_revision=4",
                "stated 10.10.10.2 firmware_version=V3.10",
                "stated 10.10.10.2 serial_number=SVPL6000001",
                "stated 10.10.10.2 snmp.object_id=1.3.6.1.4.1.4329.6.1.2.208",
                "stated 10.10.10.2 snmp.enterprise=4329",
                "inferred 10.10.10.2 vendor=Siemens AG",
                "stated 10.10.10.2 hostname=SW-HALL3",
                "stated 10.10.10.2 location=Hall 3, cabinet 7",
            ]
        );
        assert_eq!((output.server_is, output.secrets.len(), result), (Some(End::Server), 1, Ok(())));
    }

    #[test]
    fn the_same_poll_says_nothing_again() {
        let mut snmp = Snmp::default();
        let octets = include_bytes!("messages/response-net-snmp.bin");
        let mut said = || {
            let mut output = Output::default();
            snmp.message(&context(End::Server, PORT_AGENT), Octets::unplaced(octets), &mut output).unwrap();
            output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)).collect::<Vec<_>>()
        };
        let first = said();
        assert_eq!(first[0], "snmp.version=2c");
        assert_eq!(first[1], "description=Hirschmann Railswitch RS20 L2P-09.1.00");
        assert!(said().is_empty());
    }

    #[test]
    fn the_chassis_among_the_parts_is_the_device() {
        let (facts, ..) =
            said(include_bytes!("messages/response-entity.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(
            facts[1..],
            [
                "stated 10.10.10.2 hardware_revision=V02",
                "stated 10.10.10.2 firmware_version=12.2(44)SE",
                "stated 10.10.10.2 software_version=15.2(7)E",
                "stated 10.10.10.2 serial_number=LAB0000X001",
                "stated 10.10.10.2 vendor=Cisco",
                "stated 10.10.10.2 model=IE-4000-8GT4G-E",
            ]
        );
        let (facts, ..) =
            said(include_bytes!("messages/response-modules.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(
            facts[1..],
            [
                "stated 10.10.10.2 serial_number=LAB0000X001",
                "stated 10.10.10.2 module=1003 serial_number=MOD0000A3",
                "stated 10.10.10.2 module=1003 model=IEM-3000-8TM",
            ]
        );
        let (facts, ..) =
            said(include_bytes!("messages/response-printer.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(facts, ["stated 10.10.10.2 snmp.version=1", "stated 10.10.10.2 serial_number=PRN0001"]);
        let (facts, ..) =
            said(include_bytes!("messages/response-power-supply.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(
            facts[1..],
            [
                "stated 10.10.10.2 vendor=Exemplum",
                "stated 10.10.10.2 model=UPS 3000",
                "stated 10.10.10.2 firmware_version=1.20"
            ]
        );
    }

    #[test]
    fn the_cards_and_addresses_of_the_device_are_its_own() {
        let (facts, _, result) =
            said(include_bytes!("messages/response-interfaces.bin"), &context(End::Server, PORT_AGENT));
        assert_eq!(
            facts[1..],
            [
                "stated 10.10.10.2 snmp.port_mac=00:1b:1b:20:30:41",
                "stated 10.10.10.2 snmp.port_mac=00:1b:1b:20:30:42",
                "stated 10.10.10.2 ip_address=192.168.7.2",
            ]
        );
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn requests_are_operations_and_say_nothing() {
        let (facts, output, _) = said(include_bytes!("messages/get.bin"), &context(End::Client, PORT_AGENT));
        assert!(facts.is_empty());
        assert_eq!(
            (output.operations[0].name, output.operations[0].kind),
            ("get identity", OperationKind::Identify)
        );
        let (facts, output, _) = said(include_bytes!("messages/set.bin"), &context(End::Client, PORT_AGENT));
        assert!(facts.is_empty());
        assert_eq!((output.operations[0].name, output.operations[0].kind), ("set", OperationKind::Write));
        assert_eq!((output.server_is, output.secrets.len()), (Some(End::Server), 1));
    }

    #[test]
    fn traps_name_the_enterprise_of_their_sender() {
        let (facts, output, _) =
            said(include_bytes!("messages/trap-v1.bin"), &context(End::Client, PORT_MANAGER));
        assert_eq!(
            facts,
            ["stated 10.10.10.60 snmp.trap_enterprise=8691", "stated 10.10.10.60 hostname=EDS-1"]
        );
        assert_eq!(output.server_is, Some(End::Server));
        let (facts, ..) = said(include_bytes!("messages/trap-v2.bin"), &context(End::Client, PORT_MANAGER));
        assert_eq!(
            facts,
            [
                "stated 10.10.10.60 snmp.trap=1.3.6.1.6.3.1.1.5.3",
                "stated 10.10.10.60 snmp.trap_enterprise=248"
            ]
        );
    }

    #[test]
    fn version_3_names_the_engine_even_where_it_is_encrypted() {
        let (facts, ..) = said(include_bytes!("messages/v3-report.bin"), &context(End::Server, PORT_AGENT));
        let engine = [
            "snmp.engine_id=800010e903001b1b203040",
            "snmp.engine_enterprise=4329",
            "vendor=Siemens AG",
            "mac_address=00:1b:1b:20:30:40",
        ];
        let of = |basis: &str| {
            engine.map(|fact| {
                let basis = if fact.starts_with("vendor") { "inferred" } else { basis };
                format!("{basis} 10.10.10.2 {fact}")
            })
        };
        assert_eq!(facts, of("stated"));
        let octets = include_bytes!("messages/v3-encrypted-request.bin");
        let (facts, output, result) = said(octets, &context(End::Client, PORT_AGENT));
        assert_eq!(facts, of("reported"));
        assert_eq!((output.secrets.len(), result), (1, Ok(())));
        assert!(
            said(include_bytes!("messages/v3-discovery.bin"), &context(End::Client, PORT_AGENT)).0.is_empty()
        );
    }

    #[test]
    fn what_stands_before_a_cut_is_said_and_the_cut_is_named() {
        let octets = include_bytes!("messages/response-system.bin");
        let (facts, _, result) = said(&octets[..200], &context(End::Server, PORT_AGENT));
        assert!(facts.iter().any(|fact| fact.contains("Scalance X208")));
        assert!(matches!(result.unwrap_err().problem, Problem::Truncated { .. }));
        let mut wrong = octets.to_vec();
        let at = wrong.iter().position(|octet| *octet == 0xa2).unwrap();
        wrong[at] = 0x61;
        let error = said(&wrong, &context(End::Server, PORT_AGENT)).2.unwrap_err();
        assert_eq!(error.to_string(), format!("message type at octet {at}: value 0x61 is not allowed"));
    }
}
