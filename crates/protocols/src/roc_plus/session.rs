//! One conversation.

use observation::{Basis, End, Octets, attribute};

use super::opcode::Opcode;
use super::wire::Message;
use super::{parameters, rules};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

/// Octets of an answer to opcode 6 before the type of ROC.
const BEFORE_TYPE: usize = 17;

/// Addresses that one conversation remembers; those beyond are said again.
const ADDRESSES_MAX: usize = 16;

/// One conversation: the addresses that were said, by end.
#[derive(Debug, Default)]
pub(super) struct RocPlus {
    addresses: Told<ADDRESSES_MAX>,
}

impl Session for RocPlus {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(message)?;
        let proof = message.opcode.asks(message.length);
        let asks = proof.unwrap_or(context.from == End::Client);
        if proof.is_some() {
            output.server_is = Some(if asks { context.from.other() } else { context.from });
        }
        let print = Print::of_day(context.time.day()).with(&[u8::from(asks)]).with(message.source.bytes);
        if self.addresses.is_new(print) {
            let sender = context.source();
            output.fact(&sender, "roc_plus.address", Basis::Stated, &rules::ADDRESS, message.source);
        }
        // Names and passwords of users, and keys, in both directions.
        if message.opcode == Opcode::LOGIN {
            output.secret(message.data.peek());
        }
        if asks {
            let (kind, name) = message.opcode.operation(message.data.peek().bytes);
            output.operation(kind, name, message.opcode_octet);
            return Ok(());
        }
        let station = context.source();
        match message.opcode {
            Opcode::SYSTEM_CONFIGURATION => {
                let mut data = message.data;
                let mode = data.take(1, "system mode")?;
                data.skip(BEFORE_TYPE, "system configuration")?;
                let kind = data.take(1, "type of roc")?;
                let opcode = message.opcode_octet;
                output.fact(&station, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, opcode);
                output.fact(&station, attribute::MODE, Basis::Stated, &rules::MODE, mode);
                output.fact(&station, attribute::MODEL, Basis::Stated, &rules::MODEL, kind);
                Ok(())
            }
            Opcode::READ_SINGLE_POINT => parameters::single_point(&station, message.data, output),
            Opcode::READ_PARAMETERS => parameters::several(&station, message.data, output),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{OperationKind, Time, Transport};

    use super::*;

    type Facts = Vec<(String, &'static str, String)>;

    fn hear(from: End, octets: &[u8]) -> (Facts, Vec<(OperationKind, &'static str)>, usize) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.5".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 0,
            destination_port: 0,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        RocPlus::default().message(&context, Octets::unplaced(octets), &mut output).unwrap();
        let facts = std::mem::take(&mut output.facts).into_iter();
        let facts = facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value)).collect();
        let operations = output.operations.iter().map(|asked| (asked.kind, asked.name)).collect();
        (facts, operations, output.secrets.len())
    }

    fn has(facts: &Facts, attribute: &str, value: &str) -> bool {
        facts.iter().any(|fact| fact.0 == "10.0.0.5" && fact.1 == attribute && fact.2 == value)
    }

    #[test]
    fn the_system_configuration_tells_type_and_mode() {
        let (facts, ..) = hear(End::Server, include_bytes!("messages/system-configuration-response.bin"));
        assert!(has(&facts, "model", "ROC800-Series") && has(&facts, "mode", "run"), "{facts:?}");
        assert!(has(&facts, "vendor", "Emerson") && has(&facts, "roc_plus.address", "unit 1 group 2"));
    }

    #[test]
    fn system_variables_tell_name_version_and_serial_number() {
        for octets in [
            &include_bytes!("messages/single-point-response.bin")[..],
            &include_bytes!("messages/parameters-response.bin")[..],
        ] {
            let (facts, ..) = hear(End::Server, octets);
            assert!(has(&facts, "station_name", "WELLHEAD 7"), "{facts:?}");
            assert!(has(&facts, "firmware_version", "W68126X0012 Ver 3.90"), "{facts:?}");
        }
        let (facts, ..) = hear(End::Server, include_bytes!("messages/single-point-response.bin"));
        assert!(has(&facts, "serial_number", "40123"));
        assert!(has(&facts, "vendor", "Emerson Process Mgmt"));
    }

    #[test]
    fn a_login_is_secret_and_a_file_written_is_engineering() {
        let (facts, operations, secrets) = hear(End::Client, include_bytes!("messages/login.bin"));
        assert_eq!((operations, secrets), (vec![(OperationKind::Diagnostic, "login request")], 1));
        assert!(facts.iter().all(|fact| fact.1 == "roc_plus.address"));
        let (_, operations, _) = hear(End::Client, include_bytes!("messages/file-write.bin"));
        assert_eq!(operations, [(OperationKind::Program, "file transfer write")]);
    }
}
