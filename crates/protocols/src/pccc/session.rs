//! Pairs commands with replies, which do not repeat the function.

use observation::{Octets, Station};

use super::command::Command;
use super::status;
use super::wire::{self, Message};
use crate::pending::Pending;
use crate::{Context, Malformed, Output, Reader, Session};

/// Commands of one conversation that wait for their reply; clients send a few at a time. The oldest goes first.
const ASKED_MAX: usize = 8;

/// The commands of one conversation that wait for their reply.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// By their transaction.
    asked: Pending<u16, Command, ASKED_MAX>,
}

impl Commands {
    /// Reads a command that fills `reader`.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(crate) fn request<'m>(
        &mut self,
        reader: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(reader)?;
        if message.is_reply {
            return Ok(());
        }
        let (kind, name) = message.command.operation();
        output.operation(kind, name, message.head);
        self.asked.ask_again(message.transaction, message.command, output);
        Ok(())
    }

    /// Reads a reply of `station` that fills `reader`. One without request is read if it says itself what it is.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short. What was read before is said.
    pub(crate) fn reply<'m>(
        &mut self,
        station: &Station,
        reader: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(reader)?;
        if !message.is_reply {
            return Ok(());
        }
        let asked = self.asked.take(&message.transaction);
        let is_status = match asked {
            Some(command) => command == Command::DIAGNOSTIC_STATUS,
            None => status::is_status(&message.data),
        };
        let fits = message.command.code == Command::DIAGNOSTIC_STATUS.code && message.status == 0;
        if is_status && fits { status::observe(station, message.data, output) } else { Ok(()) }
    }
}

/// One CSPv4 conversation.
#[derive(Debug, Default)]
pub(super) struct Csp(Commands);

impl Session for Csp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let csp = wire::Csp::parse(message)?;
        output.server_is = Some(if csp.is_reply { context.from } else { context.from.other() });
        match csp.pccc {
            Some(pccc) if csp.is_reply && csp.is_local => self.0.reply(&context.source(), pccc, output),
            Some(pccc) if !csp.is_reply => self.0.request(pccc, output),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, OperationKind, Time, Transport};

    use super::*;

    fn said(messages: &[(End, &[u8])]) -> Output<'static> {
        let (mut session, mut all) = (Csp::default(), Output::default());
        for (from, octets) in messages {
            let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
            let (source, destination) =
                if *from == End::Client { (client, server) } else { (server, client) };
            let context = Context {
                source,
                destination,
                vlan: None,
                destination_vlan: None,
                transport: Transport::Tcp,
                source_port: 0,
                destination_port: 0,
                from: *from,
                time: Time(0),
            };
            let mut output = Output::default();
            session.message(&context, Octets::unplaced(octets), &mut output).unwrap();
            assert_eq!(output.server_is, Some(End::Server));
            all.facts.append(&mut output.facts);
            all.dropped += output.dropped;
            let operations = output.operations.iter();
            all.operations.extend(
                operations.map(|operation| crate::Operation { octets: Octets::unplaced(&[]), ..*operation }),
            );
        }
        all
    }

    const REQUEST: &[u8] = include_bytes!("messages/csp-diagnostic-status.bin");
    const SLC: &[u8] = include_bytes!("messages/csp-slc-status-reply.bin");

    #[test]
    fn an_slc_tells_catalogue_number_series_and_mode() {
        let said = said(&[(End::Client, REQUEST), (End::Server, SLC)]);
        let facts: Vec<_> = said.facts.iter().map(|fact| (fact.attribute, fact.value.as_str())).collect();
        assert_eq!(
            facts,
            [
                ("vendor", "Rockwell Automation/Allen-Bradley"),
                ("model", "1747-L552"),
                ("hardware_revision", "series C revision K"),
                ("mode", "program"),
                ("key_switch", "remote"),
            ]
        );
        assert!(said.facts.iter().all(|fact| fact.station.to_string() == "10.0.0.2"));
        assert_eq!(said.operations.len(), 1);
        assert_eq!(said.operations[0].kind, OperationKind::Identify);
    }

    #[test]
    fn a_reply_without_request_is_read_by_its_shape() {
        assert_eq!(said(&[(End::Server, SLC)]).facts.len(), 5);
        assert!(
            said(&[(End::Server, include_bytes!("messages/csp-plc5-status-reply.bin"))]).facts.is_empty()
        );
    }

    #[test]
    fn a_plc_5_is_read_where_its_status_was_asked_for() {
        let reply: &[u8] = include_bytes!("messages/csp-plc5-status-reply.bin");
        let said = said(&[(End::Client, REQUEST), (End::Server, reply)]);
        let values: Vec<_> = said.facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(values, ["Rockwell Automation/Allen-Bradley", "PLC-5/40E", "run", "remote"]);
    }

    #[test]
    fn another_reply_of_the_same_command_is_no_status() {
        let mut request = REQUEST.to_vec();
        *request.last_mut().unwrap() = 0; // echo
        assert!(said(&[(End::Client, &request), (End::Server, SLC)]).facts.is_empty());
    }
}
