//! One conversation: requests are paired with responses, which name neither command nor number in 3E frames.

use observation::{Octets, OperationKind};

use super::command::{Command, e1_operation};
use super::observe;
use super::route::Target;
use super::wire::{Form, Message};
use crate::pending::Pending;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

/// Requests that wait for their response; a CPU takes a few at a time. The oldest goes first.
const ASKED_MAX: usize = 8;

/// Routes that one conversation remembers; those beyond are said again.
const ROUTES_MAX: usize = 16;

/// Bit of the sub-command of files that says that a password follows.
const WITH_PASSWORD: u16 = 0x0040;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Melsec {
    /// Commands by the serial number, which not every frame has.
    asked: Pending<Option<u16>, Command, ASKED_MAX>,
    /// Routes that were asked, and that answered.
    routes_asked: Told<ROUTES_MAX>,
    routes_answered: Told<ROUTES_MAX>,
}

impl Session for Melsec {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(message)?;
        let end = if message.is_response { context.from } else { context.from.other() };
        output.server_is = Some(end);
        match message.form {
            Form::Search if !message.is_response => {
                output.operation(OperationKind::Identify, "melsoft search", message.command_octets);
                Ok(())
            }
            Form::Search => Ok(()),
            Form::E1 => {
                let code = message.command_octets.get(0).filter(|_| !message.is_response);
                if let Some((kind, name)) = code.and_then(e1_operation) {
                    output.operation(kind, name, message.command_octets);
                }
                Ok(())
            }
            _ if message.is_response => self.response(context, &message, output),
            _ => {
                self.request(context, &message, output);
                Ok(())
            }
        }
    }

    fn gap(&mut self, _: observation::End) {
        self.asked.clear();
    }
}

impl Melsec {
    fn request<'m>(&mut self, context: &Context, message: &Message<'m>, output: &mut Output<'m>) {
        let Some(command) = message.command else { return };
        let (kind, name) =
            if message.form == Form::Melsoft { command.melsoft_operation() } else { command.operation() };
        output.operation(kind, name, message.command_octets);
        let has_password = matches!(command, Command::UNLOCK_PASSWORD | Command::LOCK_PASSWORD)
            || (command.is_of_files() && message.subcommand & WITH_PASSWORD != 0);
        if has_password && message.form != Form::Melsoft {
            output.secret(message.data.peek());
        }
        self.asked.ask(message.serial, command, output);
        if let Some(route) = message.route.filter(|_| context.destination.is_unicast())
            && let Target::Below(below) = route.target(&context.destination())
            && self.routes_asked.is_new(Print::of_day(context.time.day()).with(message.route_octets.bytes))
        {
            output.mentioned(below, context.source(), "mc protocol request", message.route_octets);
        }
    }

    fn response<'m>(
        &mut self,
        context: &Context,
        message: &Message<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        // The request with the same serial number, or the oldest without.
        let asked = self.asked.take(&message.serial);
        if message.end_code != 0 {
            return Ok(());
        }
        let server = context.source();
        let station = match message.route.map(|route| route.target(&server)) {
            None | Some(Target::Own) => server,
            Some(Target::Below(below)) => {
                if self
                    .routes_answered
                    .is_new(Print::of_day(context.time.day()).with(message.route_octets.bytes))
                {
                    output.spoke(below.clone());
                }
                below
            }
            Some(Target::Unnamed) => return Ok(()),
        };
        // A response of MELSOFT repeats the command; one without request is read if it says itself what it is.
        let is_whole = message.data.remaining() == if message.form == Form::Ascii { 20 } else { 18 };
        let command = message.command.or(asked);
        let is_type_name = match command {
            Some(command) => matches!(command, Command::READ_TYPE_NAME | Command::MELSOFT_TYPE_NAME),
            None => is_whole,
        };
        if is_type_name && observe::is_type_name(&message.data) {
            let is_ascii = message.form == Form::Ascii;
            observe::type_name(&station, message.data.clone(), is_ascii, output)
        } else if command == Some(Command::NODE_SEARCH) && message.form == Form::Binary {
            observe::node(&station, message.data.clone(), output)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::{self, Heard};

    fn hear(messages: &[(End, &[u8])]) -> Heard {
        let heard = trial::hear(&PROTOCOL, Transport::Tcp, messages);
        assert!(heard.malformed.is_empty(), "{:?}", heard.malformed);
        assert!(heard.servers.iter().all(|end| *end == End::Server));
        heard
    }

    #[test]
    fn a_cpu_states_its_type_in_every_form() {
        let pairs: [(&[u8], &[u8], &str, &str); 4] = [
            (
                include_bytes!("messages/read-type-name-3e.bin"),
                include_bytes!("messages/read-type-name-3e-response.bin"),
                "Q03UDVCPU",
                "0366",
            ),
            (
                include_bytes!("messages/read-type-name-4e.bin"),
                include_bytes!("messages/read-type-name-4e-response.bin"),
                "R08CPU",
                "4801",
            ),
            (
                include_bytes!("messages/read-type-name-ascii.bin"),
                include_bytes!("messages/read-type-name-ascii-response.bin"),
                "L02CPU",
                "0541",
            ),
            (
                include_bytes!("messages/melsoft-type-name.bin"),
                include_bytes!("messages/melsoft-type-name-response.bin"),
                "FX5UC-64MT/D",
                "4a2b",
            ),
        ];
        for (request, response, model, code) in pairs {
            let heard = hear(&[(End::Client, request), (End::Server, response)]);
            assert!(heard.has("10.0.0.5", "model", model), "{heard:?}");
            assert!(heard.has("10.0.0.5", "melsec.type_code", code), "{heard:?}");
            assert!(heard.has("10.0.0.5", "vendor", "Mitsubishi Electric"));
            assert_eq!(heard.operations.len(), 1);
            assert_eq!(heard.operations[0].0, OperationKind::Identify);
            // Without its request, the answer is known by its shape.
            assert!(hear(&[(End::Server, response)]).has("10.0.0.5", "model", model));
        }
    }

    #[test]
    fn the_answer_to_another_command_is_no_type_name() {
        let read: &[u8] = include_bytes!("messages/batch-read-3e.bin");
        let response: &[u8] = include_bytes!("messages/read-type-name-3e-response.bin");
        assert!(hear(&[(End::Client, read), (End::Server, response)]).facts.is_empty());
    }

    #[test]
    fn a_station_of_another_network_is_below() {
        let mut request = include_bytes!("messages/read-type-name-3e.bin").to_vec();
        let mut response = include_bytes!("messages/read-type-name-3e-response.bin").to_vec();
        request[2..4].copy_from_slice(&[2, 9]);
        response[2..4].copy_from_slice(&[2, 9]);
        let heard = hear(&[(End::Client, &request), (End::Server, &response)]);
        let below = "10.0.0.5 network=2/node=9";
        assert!(heard.has(below, "model", "Q03UDVCPU"));
        assert_eq!(
            (heard.spoke, heard.mentioned),
            (vec![below.to_owned()], vec![(below.to_owned(), "mc protocol request")])
        );
    }

    #[test]
    fn a_node_search_tells_the_nodes_address_and_numbers() {
        let heard = hear(&[
            (End::Client, include_bytes!("messages/node-search-udp.bin")),
            (End::Server, include_bytes!("messages/node-search-response-udp.bin")),
        ]);
        for (attribute, value) in [
            ("mac_address", "02:00:5e:10:20:30"),
            ("hostname", "IO-BLOCK-3"),
            ("melsec.vendor_code", "1234"),
            ("melsec.node_model_code", "00005678"),
            ("melsec.equipment_version", "7"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
    }

    #[test]
    fn stopping_is_control_and_a_password_is_secret() {
        let heard = hear(&[
            (End::Client, include_bytes!("messages/remote-stop-3e.bin")),
            (End::Client, include_bytes!("messages/password-unlock-3e.bin")),
            (End::Client, include_bytes!("messages/remote-stop-1e.bin")),
            (End::Client, include_bytes!("messages/search-udp.bin")),
        ]);
        let names: Vec<_> = heard.operations.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, ["remote stop", "remote password unlock", "remote stop", "melsoft search"]);
        assert_eq!(heard.secrets.len(), 1);
    }

    #[test]
    fn requests_without_response_push_out_the_oldest() {
        let read: &[u8] = include_bytes!("messages/batch-read-3e.bin");
        assert_eq!(hear(&[(End::Client, read); ASKED_MAX + 2]).dropped, 2);
    }
}
