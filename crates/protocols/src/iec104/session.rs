//! One conversation: who controls whom, which stations answer, and what is asked of them.

use observation::{Basis, End, Octets, Position, Station};

use super::rules;
use super::types::TypeId;
use super::wire::{self, Apdu, Asdu, BROADCAST};
use crate::{Context, Malformed, Output, Session};

/// Stations of one conversation, each way; a concentrator has a few dozen.
const STATIONS_MAX: usize = 128;

/// Causes: activation and deactivation come from the controlling station, requests too; confirmations, terminations,
/// answers to interrogations and refusals from the controlled one.
const REQUEST: u8 = 5;
const ACTIVATION: u8 = 6;
const DEACTIVATION: u8 = 8;

/// Reads one conversation.
#[derive(Debug, Default)]
pub(super) struct Iec104 {
    /// True once the controlling and the controlled station were told apart.
    oriented: bool,
    /// Common addresses that answered.
    spoke: Stations,
    /// Common addresses that were asked.
    asked: Stations,
    /// The last originator address that was told; 0 for none.
    originator: u8,
}

/// Common addresses told of, sorted.
#[derive(Debug, Default)]
struct Stations(Vec<u16>);

impl Stations {
    /// True if this address was not told of, and there is room to remember it. What finds no room is counted.
    fn is_new(&mut self, address: u16, dropped: &mut u32) -> bool {
        let Err(at) = self.0.binary_search(&address) else { return false };
        if self.0.len() >= STATIONS_MAX {
            *dropped = dropped.saturating_add(1);
            return false;
        }
        self.0.insert(at, address);
        true
    }
}

impl Session for Iec104 {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match Apdu::parse(message)? {
            Apdu::Information(asdu) => self.data(context, &asdu, output),
            Apdu::Supervisory => Ok(()),
            Apdu::Unnumbered(function) => {
                self.unnumbered(context, function, message, output);
                Ok(())
            }
        }
    }
}

impl Iec104 {
    /// Only the controlling station starts and stops the transfer of data; either tests the connection.
    fn unnumbered<'m>(
        &mut self,
        context: &Context,
        function: u8,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) {
        use observation::OperationKind::Diagnostic;
        match function {
            wire::STARTDT_ACT => output.operation(Diagnostic, "start data transfer", message),
            wire::STOPDT_ACT => output.operation(Diagnostic, "stop data transfer", message),
            wire::STARTDT_CON | wire::STOPDT_CON => return self.orient(context.from, output),
            _ => return,
        }
        self.orient(context.from.other(), output);
    }

    fn data<'m>(
        &mut self,
        context: &Context,
        asdu: &Asdu<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if asdu.type_id.is_authentication() {
            output.secret(asdu.objects);
        }
        // Of messages whose fields have other lengths, the address is none.
        let checked = asdu.check();
        if checked.is_err() && !asdu.objects.is_cut() {
            return checked;
        }
        match Self::sender(context, asdu) {
            End::Client => self.asked_of(context, asdu, output),
            End::Server => self.told_by(context, asdu, output),
        }
        checked
    }

    /// Which station sends this: as type and cause prove it, or, for files and authentication, which go both ways, as far
    /// as it is known.
    fn sender(context: &Context, asdu: &Asdu<'_>) -> End {
        let asks = matches!(asdu.cause(), ACTIVATION | DEACTIVATION | REQUEST);
        match asdu.type_id {
            type_id if type_id.is_monitor() => End::Server,
            type_id if type_id.is_control() && asks => End::Client,
            type_id if type_id.is_control() => End::Server,
            _ => context.from,
        }
    }

    fn asked_of<'m>(&mut self, context: &Context, asdu: &Asdu<'m>, output: &mut Output<'m>) {
        if asdu.type_id.is_control() {
            self.orient(context.from.other(), output);
        }
        let (controlling, controlled) = (context.source(), context.destination());
        // The qualifier stands behind the value, in front of the time.
        let qualifier = match asdu.type_id.0 {
            48 | 49 | 61 | 62 => asdu.first_element().and_then(|element| element.get(2)),
            50 | 63 => asdu.first_element().and_then(|element| element.get(4)),
            _ if asdu.type_id == TypeId::F_SC_NA_1 => asdu.first_element().and_then(|element| element.get(3)),
            _ => asdu.first_element().and_then(|element| element.get(0)),
        };
        if !asdu.is_test() {
            let (kind, name) = asdu.type_id.operation(qualifier.unwrap_or(0));
            output.operation(kind, name, asdu.head);
        }
        let originator = asdu.originator.get(0).unwrap_or(0);
        if originator != 0 && originator != self.originator {
            self.originator = originator;
            let attribute = "iec104.originator_address";
            output.fact(&controlling, attribute, Basis::Stated, &rules::ORIGINATOR, asdu.originator);
        }
        let address = asdu.station();
        if is_station(address) && self.asked.is_new(address, &mut output.dropped) {
            let station = station(&controlled, address);
            output.mentioned(station, controlling, "iec 104 command", asdu.common_address);
        }
    }

    fn told_by<'m>(&mut self, context: &Context, asdu: &Asdu<'m>, output: &mut Output<'m>) {
        if asdu.type_id.is_monitor() || asdu.type_id.is_control() {
            self.orient(context.from, output);
        }
        let address = asdu.station();
        if !is_station(address) {
            return;
        }
        if self.spoke.is_new(address, &mut output.dropped) {
            output.spoke(station(&context.source(), address));
        }
        if asdu.type_id == TypeId::M_EI_NA_1
            && let Some(cause) = asdu.first_element()
        {
            let station = station(&context.source(), address);
            let attribute = "iec104.initialisation";
            output.fact(&station, attribute, Basis::Stated, &rules::INITIALISATION, cause);
        }
    }

    fn orient(&mut self, server: End, output: &mut Output<'_>) {
        if !std::mem::replace(&mut self.oriented, true) {
            output.server_is = Some(server);
        }
    }
}

/// Address 0 is not used, the highest one means all stations.
fn is_station(address: u16) -> bool {
    address != 0 && address != BROADCAST
}

fn station(root: &Station, address: u16) -> Station {
    root.below([Position::new("asdu", address)])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Piece, Time, Transport};

    use super::*;
    use crate::Frame;

    const CONTROLLING: &[u8] = include_bytes!("messages/controlling.bin");
    const CONTROLLED: &[u8] = include_bytes!("messages/controlled.bin");

    #[derive(Debug, Default)]
    struct Said {
        facts: Vec<String>,
        operations: Vec<String>,
        spoke: Vec<String>,
        mentioned: Vec<String>,
        malformed: Vec<String>,
        server_is: Vec<End>,
        secrets: usize,
        dropped: u32,
    }

    fn say(said: &mut Said, session: &mut Iec104, from: End, mut octets: &[u8]) {
        let (client, server) = ("10.10.20.50".parse().unwrap(), "10.10.20.22".parse().unwrap());
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
        while let Frame::Message(length) = wire::frame(octets) {
            let (message, rest) = octets.split_at(length);
            octets = rest;
            let pieces = [Piece { at: 0, frame: 1, offset: 54 }];
            let mut output = Output::default();
            if let Err(malformed) = session.message(&context, Octets::new(message, &pieces), &mut output) {
                said.malformed.push(malformed.to_string());
            }
            let facts = output.facts.iter();
            said.facts
                .extend(facts.map(|fact| format!("{} {} = {}", fact.station, fact.attribute, fact.value)));
            let operations = output.operations.iter();
            said.operations.extend(
                operations.map(|operation| format!("{} {}", operation.kind.as_str(), operation.name)),
            );
            said.spoke.extend(output.spoke.iter().map(|spoke| spoke.station.to_string()));
            said.mentioned.extend(output.mentioned.iter().map(|named| named.station.to_string()));
            said.server_is.extend(output.server_is);
            said.secrets += output.secrets.len();
            said.dropped += output.dropped;
        }
        assert!(octets.is_empty());
    }

    fn heard(from: End, octets: &[u8]) -> Said {
        let mut said = Said::default();
        say(&mut said, &mut Iec104::default(), from, octets);
        said
    }

    #[test]
    fn a_recorded_conversation_tells_who_controls_whom() {
        let said = heard(End::Client, CONTROLLING);
        assert_eq!(
            said.operations,
            [
                "diagnostic start data transfer",
                "read interrogation command",
                "control clock synchronization command",
                "write single command"
            ]
        );
        assert_eq!(said.server_is, [End::Server]);
        assert_eq!(said.mentioned, ["10.10.20.22 asdu=47"]);
        let said = heard(End::Server, CONTROLLED);
        assert_eq!(
            (said.spoke.as_slice(), said.server_is.as_slice()),
            (["10.10.20.22 asdu=47".to_owned()].as_slice(), [End::Server].as_slice())
        );
        assert!(said.operations.is_empty() && said.malformed.is_empty(), "{said:?}");
    }

    #[test]
    fn a_wrong_guess_of_the_ends_is_mended_by_the_first_message() {
        assert_eq!(heard(End::Server, CONTROLLING).server_is, [End::Client]);
        assert_eq!(heard(End::Client, CONTROLLED).server_is, [End::Client]);
    }

    #[test]
    fn commands_parameters_and_files_are_told_apart() {
        let said = heard(End::Client, include_bytes!("messages/commands.bin"));
        assert_eq!(
            said.operations,
            [
                "write select double command",
                "write double command",
                "write select set-point command",
                "write set-point command",
                "control reset process command",
                "write parameter of measured value",
                "read call file",
                "program delete file",
                "program file ready",
            ]
        );
        assert_eq!(said.facts, ["10.10.20.50 iec104.originator_address = 7"]);
        assert_eq!(said.mentioned, ["10.10.20.22 asdu=12", "10.10.20.22 asdu=13"]);
        assert!(said.malformed.is_empty(), "{:?}", said.malformed);
    }

    #[test]
    fn the_end_of_initialisation_names_its_cause() {
        let said = heard(End::Server, include_bytes!("messages/initialised.bin"));
        assert_eq!(said.facts, ["10.10.20.22 asdu=12 iec104.initialisation = remote reset"]);
    }

    #[test]
    fn a_message_of_other_field_lengths_says_nothing_but_that() {
        let said = heard(End::Server, include_bytes!("messages/other-lengths.bin"));
        assert_eq!(said.malformed, ["information objects at octet 14: 2 octets missing"]);
        assert!(said.spoke.is_empty());
    }

    #[test]
    fn authentication_is_secret() {
        let said = heard(End::Client, include_bytes!("messages/authentication.bin"));
        assert_eq!((said.secrets, said.operations.len()), (1, 2));
    }

    #[test]
    fn stations_without_room_are_counted() {
        let mut stations = Stations::default();
        let mut dropped = 0;
        let new = (0..200).filter(|address| stations.is_new(*address, &mut dropped)).count();
        assert_eq!((new, dropped), (STATIONS_MAX, 200 - STATIONS_MAX as u32));
        assert!(!stations.is_new(5, &mut dropped));
    }
}
