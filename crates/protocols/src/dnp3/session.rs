//! Reads the link frames of one conversation.

use observation::{Basis, End, Octets, Position, Rule, Rules, Station};

use super::application::{self, Function};
use super::attributes;
use super::link::{self, LinkFrame};
use super::objects::{self, GROUP_ATTRIBUTES, GROUP_AUTHENTICATION, GROUP_FILES, Object};
use super::transport::{Fragments, Header, Segment};
use crate::{Context, Malformed, Output, Problem, Reader, Session};

/// Link addresses remembered in one conversation, of each kind; the oldest goes first.
const STATIONS_MAX: usize = 64;

/// Octets of a request kept as the evidence of an operation: application control, function, first object header.
const OPERATION_OCTETS: usize = 5;

static MASTER_ADDRESS: Rule = Rule { name: "dnp3-master-address", read: Rules::decimal_le };
static INDICATIONS: Rule = Rule { name: "dnp3-internal-indications", read: application::indications };
static FILE_NAME: Rule = Rule { name: "dnp3-file-name", read: Rules::text };

pub(super) const RULES: &[&Rule] =
    &[&MASTER_ADDRESS, &INDICATIONS, &FILE_NAME, &attributes::ATTRIBUTE, &attributes::SET_ATTRIBUTE];

/// Link addresses with something last said about each.
#[derive(Debug)]
struct Said<T>(Vec<(u16, T)>);

impl<T> Default for Said<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Said<T> {
    /// True if this is not what was last said about the address.
    fn is_new(&mut self, address: u16, what: T, dropped: &mut u32) -> bool {
        if let Some((_, last)) = self.0.iter_mut().find(|(known, _)| *known == address) {
            let new = *last != what;
            *last = what;
            return new;
        }
        if self.0.len() >= STATIONS_MAX {
            self.0.remove(0);
            *dropped = dropped.saturating_add(1);
        }
        self.0.push((address, what));
        true
    }

    fn knows(&self, address: u16) -> bool {
        self.0.iter().any(|(known, _)| *known == address)
    }
}

/// Puts fragments together and remembers which link addresses it has told of.
#[derive(Debug, Default)]
pub(super) struct Dnp3 {
    fragments: Fragments,
    spoke: Said<()>,
    asked: Said<()>,
    /// Masters that gave their address themselves.
    masters: Said<()>,
    /// Masters known only by what is sent to them.
    reported_masters: Said<()>,
    indications: Said<u16>,
}

/// Who is who in a link frame, by its direction bit.
struct Ends<'a> {
    context: &'a Context,
    from_master: bool,
    /// Link address of the outstation.
    outstation: u16,
}

impl Ends<'_> {
    fn master(&self) -> Station {
        if self.from_master { self.context.source() } else { self.context.destination() }
    }

    fn server(&self) -> Station {
        if self.from_master { self.context.destination() } else { self.context.source() }
    }

    /// The outstation below its address; the address itself if the link address is for all or for oneself.
    fn outstation(&self) -> Station {
        let server = self.server();
        if !link::names_one(self.outstation) {
            return server;
        }
        server.below([Position::new("outstation", self.outstation)])
    }
}

impl Dnp3 {
    /// Says which link addresses are there, each once.
    fn addresses(&mut self, ends: &Ends<'_>, frame: &LinkFrame<'_>, output: &mut Output<'_>) {
        let (of_outstation, of_master, master) = if ends.from_master {
            (frame.destination_octets, frame.source_octets, frame.source)
        } else {
            (frame.source_octets, frame.destination_octets, frame.destination)
        };
        let dropped = &mut output.dropped;
        if link::names_one(ends.outstation) {
            if ends.from_master {
                if ends.context.destination.is_unicast() && self.asked.is_new(ends.outstation, (), dropped) {
                    output.mentioned(ends.outstation(), ends.master(), "dnp3 request", of_outstation);
                }
            } else if self.spoke.is_new(ends.outstation, (), dropped) {
                output.spoke(ends.outstation());
            }
        }
        if !link::names_one(master) {
            return;
        }
        let dropped = &mut output.dropped;
        let new = match ends.from_master {
            true => self.masters.is_new(master, (), dropped).then_some(Basis::Stated),
            false if self.masters.knows(master) || !ends.context.destination.is_unicast() => None,
            false => self.reported_masters.is_new(master, (), dropped).then_some(Basis::Reported),
        };
        if let Some(basis) = new {
            output.fact(&ends.master(), "dnp3.master_address", basis, &MASTER_ADDRESS, of_master);
        }
    }

    /// Reads a whole fragment. Offsets of what is malformed are octets of the fragment.
    fn fragment(
        &mut self,
        ends: &Ends<'_>,
        fragment: Octets<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(fragment);
        reader.skip(1, "application control")?;
        let function = Function(reader.u8("function code")?);
        if function.is_response() == ends.from_master && function != Function::CONFIRM {
            return Err(Malformed {
                what: "function code",
                offset: 1,
                problem: Problem::Value { value: function.0.into() },
            });
        }
        if function.is_response() {
            let indications = reader.take(2, "internal indications")?;
            if self.indications.is_new(
                ends.outstation,
                application::noteworthy(indications.bytes),
                &mut output.dropped,
            ) {
                output.fact(&ends.outstation(), "dnp3.iin", Basis::Stated, &INDICATIONS, indications);
            }
        } else if function == Function::CONFIRM || matches!(function.0, 11 | 12) {
            // Freezing at a time mixes headers with and without objects, and names nothing but points.
            return Ok(());
        }
        let mut station = None;
        let carried = function.is_response() || function.carries_objects();
        objects::walk(reader, carried, &mut |object| {
            let station = station.get_or_insert_with(|| ends.outstation());
            match object.group {
                GROUP_ATTRIBUTES if function.is_response() => attributes::observe(station, object, output),
                GROUP_FILES => file(station, object, function.is_response(), output),
                GROUP_AUTHENTICATION => output.secret(object.octets),
                _ => {}
            }
        })
    }
}

impl Dnp3 {
    /// Reads what there is of a fragment whose link frame the capture cut, up to the last block whose check matches.
    fn beginning(
        &mut self,
        ends: &Ends<'_>,
        frame: &LinkFrame<'_>,
        header: Header,
        intact: usize,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let Some(gathered) = self.fragments.cut(frame, header, intact, &mut output.dropped) else {
            return Ok(());
        };
        if gathered.octets().get(1).map(Function).is_some_and(Function::carries_secrets) {
            hide(frame, header, output);
        }
        let result = self.fragment(ends, gathered.octets().cut(), output);
        self.fragments.give_back(gathered);
        result
    }
}

impl Session for Dnp3 {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let frame = LinkFrame::parse(message)?;
        let from_master = frame.control.is_from_master();
        let ends = Ends {
            context,
            from_master,
            outstation: if from_master { frame.destination } else { frame.source },
        };
        output.server_is = Some(if from_master { context.from.other() } else { context.from });
        self.addresses(&ends, &frame, output);
        let (intact, checked) = frame.check();
        if !frame.control.carries_user_octets() {
            if from_master
                && frame.control.is_primary()
                && let Some((kind, name)) = application::link_operation(frame.control.function())
            {
                output.operation(kind, name, frame.control_octets);
            }
            return checked;
        }
        let Some(first) = frame.user_octets().next().filter(|_| intact > 0) else {
            return checked.and(Err(Malformed {
                what: "transport header",
                offset: 2,
                problem: Problem::Truncated { missing: 1 },
            }));
        };
        let header = Header(first.get(0).unwrap_or_default());
        if from_master && header.is_first() {
            operation(first, output);
        }
        let is_cut = message.is_cut()
            && checked.as_ref().is_err_and(|error| matches!(error.problem, Problem::Truncated { .. }));
        if is_cut {
            self.beginning(&ends, &frame, header, intact, output)?;
        }
        checked?;
        match self.fragments.add(&frame, header, &mut output.dropped) {
            Segment::Whole => {
                let whole = self.fragments.take_whole();
                let result = self.fragment(&ends, whole.octets(), output);
                self.fragments.give_back(whole);
                result
            }
            Segment::More => {
                output.hold = true;
                if self.fragments.function(&frame).is_some_and(Function::carries_secrets) {
                    hide(&frame, header, output);
                }
                Ok(())
            }
            Segment::Lost => Ok(()),
        }
    }

    fn gap(&mut self, _: End) {
        self.fragments.clear();
    }
}

/// Hides what follows the headers of a fragment: where its secrets stand is known when it is whole; until then all of it
/// is secret.
fn hide(frame: &LinkFrame<'_>, header: Header, output: &mut Output<'_>) {
    let mut shown = if header.is_first() { OPERATION_OCTETS.saturating_add(1) } else { 1 };
    for block in frame.user_octets() {
        output.secret(block.tail(shown));
        shown = 0;
    }
}

/// Counts what a master asks for, from the first block of the first segment.
fn operation<'m>(first: Octets<'m>, output: &mut Output<'m>) {
    let asks = first.tail(1).head(OPERATION_OCTETS);
    let Some(function) = asks.get(1) else { return };
    if let Some((kind, name)) = Function(function).operation(asks.get(2)) {
        output.operation(kind, name, asks);
    }
}

/// Reads the names in file objects, and hides user names, passwords and keys (annex A.23).
fn file(station: &Station, object: &Object<'_>, stated: bool, output: &mut Output<'_>) {
    let name = match object.variation {
        // Authentication: sizes and offsets, key, user name, password.
        2 => {
            output.secret(object.octets.tail(8));
            return;
        }
        // Command: name, its place and size first; the key that authentication gave.
        3 => {
            let key = object.octets.tail(12).head(4);
            if key.bytes.iter().any(|octet| *octet != 0) {
                output.secret(key);
            }
            placed(object, 26, output)
        }
        // Descriptor.
        7 => placed(object, 20, output),
        // Specification: nothing but the name.
        8 => Some(object.octets),
        _ => return,
    };
    if let Some(name) = name {
        let basis = if stated { Basis::Stated } else { Basis::Reported };
        output.fact(station, "dnp3.file_name", basis, &FILE_NAME, name);
    }
}

/// The name that an object places behind its `fixed` octets.
fn placed<'a>(object: &Object<'a>, fixed: usize, output: &mut Output<'_>) -> Option<Octets<'a>> {
    let number = |at: usize| {
        object.octets.slice(at, 2).and_then(|octets| {
            octets.bytes.first_chunk().map(|octets| usize::from(u16::from_le_bytes(*octets)))
        })
    };
    let name = match (number(0), number(2)) {
        (_, Some(0)) => return None,
        (Some(offset), Some(size)) if offset >= fixed => object.octets.slice(offset, size),
        _ => None,
    };
    if name.is_none() {
        let missing = number(0)
            .unwrap_or(fixed)
            .saturating_add(number(2).unwrap_or(0))
            .saturating_sub(object.octets.len())
            .max(1);
        output.malformed(Malformed {
            what: "file name",
            offset: object.offset,
            problem: Problem::Truncated { missing },
        });
    }
    name
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Evidence, OperationKind, Piece, Transport};

    use super::*;
    use crate::Frame;

    /// What the frames of one side say: 10.0.0.1 is the master, 10.0.0.2 holds the outstation. Offsets of evidence
    /// are those of the octets.
    fn says(session: &mut Dnp3, from: End, octets: &[u8]) -> Vec<(Told, Option<String>)> {
        let context = says_context(from);
        let (mut at, mut all) = (0, Vec::new());
        while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
            let Frame::Message(length) = link::frame(rest) else { panic!("no frame at octet {at}") };
            let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
            let mut output = Output::default();
            let result = session.message(&context, Octets::new(&rest[..length], &pieces), &mut output);
            all.push((Told::from(output), result.err().map(|malformed| malformed.to_string())));
            at += length;
        }
        all
    }

    fn says_context(from: End) -> Context {
        Context::of_test(from, ("10.0.0.1", 50_000), ("10.0.0.2", 20_000), Transport::Tcp)
    }

    /// An output without the octets of its messages.
    struct Told {
        facts: Vec<(String, &'static str, String, Basis)>,
        evidence: Vec<Evidence>,
        operations: Vec<(OperationKind, &'static str)>,
        spoke: Vec<String>,
        mentioned: Vec<String>,
        secrets: Vec<Evidence>,
        server_is: Option<End>,
        hold: bool,
    }

    impl From<Output<'_>> for Told {
        fn from(mut output: Output<'_>) -> Self {
            Self {
                evidence: output.facts.iter().map(|fact| fact.evidence.clone()).collect(),
                facts: std::mem::take(&mut output.facts)
                    .into_iter()
                    .map(|fact| (fact.station.to_string(), fact.attribute, fact.value, fact.basis))
                    .collect(),
                operations: output
                    .operations
                    .iter()
                    .map(|operation| (operation.kind, operation.name))
                    .collect(),
                spoke: output.spoke.iter().map(|spoke| spoke.station.to_string()).collect(),
                mentioned: output.mentioned.iter().map(|mentioned| mentioned.station.to_string()).collect(),
                secrets: std::mem::take(&mut output.secrets),
                server_is: output.server_is,
                hold: output.hold,
            }
        }
    }

    fn one(session: &mut Dnp3, from: End, octets: &[u8]) -> Told {
        let mut all = says(session, from, octets);
        let (said, error) = all.remove(0);
        assert_eq!((error, all.len()), (None, 0));
        said
    }

    #[test]
    fn both_link_addresses_are_said_once() {
        let mut session = Dnp3::default();
        let asked = one(&mut session, End::Client, include_bytes!("messages/read-classes.bin"));
        assert_eq!(asked.server_is, Some(End::Server));
        assert_eq!(asked.mentioned, ["10.0.0.2 outstation=25"]);
        assert_eq!(
            asked.facts,
            [("10.0.0.1".to_owned(), "dnp3.master_address", "1".to_owned(), Basis::Stated)]
        );
        assert_eq!(asked.operations, [(OperationKind::Read, "read")]);
        let answered = one(&mut session, End::Server, include_bytes!("messages/empty-response.bin"));
        assert_eq!((answered.spoke, answered.facts), (vec!["10.0.0.2 outstation=25".to_owned()], vec![]));
        let again = one(&mut session, End::Client, include_bytes!("messages/read-classes.bin"));
        assert!(again.mentioned.is_empty() && again.facts.is_empty());
    }

    #[test]
    fn an_outstation_that_opened_the_connection_is_the_server() {
        let said = one(&mut Dnp3::default(), End::Client, include_bytes!("messages/unsolicited-restart.bin"));
        assert_eq!(said.server_is, Some(End::Client));
        assert_eq!(said.spoke, ["10.0.0.1 outstation=10"]);
        let facts = said
            .facts
            .iter()
            .map(|(station, name, value, basis)| (station.as_str(), *name, value.as_str(), *basis))
            .collect::<Vec<_>>();
        assert_eq!(
            facts,
            [
                ("10.0.0.2", "dnp3.master_address", "1", Basis::Reported),
                ("10.0.0.1 outstation=10", "dnp3.iin", "device restart", Basis::Stated)
            ]
        );
    }

    #[test]
    fn device_attributes_keep_their_place_across_checks() {
        let octets = include_bytes!("messages/device-attributes.bin");
        let said = one(&mut Dnp3::default(), End::Server, octets);
        let value = |name| {
            said.facts
                .iter()
                .position(|fact| fact.1 == name)
                .map(|index| (said.facts[index].2.as_str(), &said.evidence[index].ranges))
        };
        assert_eq!(value("vendor").unwrap().0, "Schweitzer Engineering Laboratories");
        assert_eq!(value("model").unwrap().0, "SEL-3530 RTAC");
        assert_eq!(value("serial_number").unwrap().0, "1203330042");
        assert_eq!(value("firmware_version").unwrap().0, "SEL-3530-R150-V0-Z001");
        assert_eq!(value("station_name").unwrap().0, "RTAC-42");
        let proof: Vec<u8> = value("vendor")
            .unwrap()
            .1
            .iter()
            .flat_map(|range| octets[range.offset as usize..][..range.length as usize].to_vec())
            .collect();
        assert_eq!(proof, b"\x01\x23Schweitzer Engineering Laboratories");
        assert!(value("vendor").unwrap().1.len() > 1);
    }

    #[test]
    fn attributes_of_every_data_type_and_set_are_read() {
        let said =
            one(&mut Dnp3::default(), End::Server, include_bytes!("messages/other-device-attributes.bin"));
        let facts: Vec<(&str, &str)> =
            said.facts.iter().skip(1).map(|fact| (fact.1, fact.2.as_str())).collect();
        let expected = [
            ("dnp3.iin", "need time, device restart, configuration corrupt"),
            ("dnp3.configuration_id", "CFG-7"),
            ("dnp3.configuration_build_date", "2026-01-02T03:04:05.006Z"),
            ("dnp3.configuration_signature", "cafe"),
            ("dnp3.device_location_altitude", "412.5"),
            ("dnp3.duration_of_time_accuracy", "-2"),
            ("dnp3.analog_inputs", "16"),
            ("dnp3.transmit_fragment_octets_max", "2048"),
            ("dnp3.owner", "Water Board"),
            ("dnp3.id_code", "PS-17"),
            ("dnp3.user_attribute", "set 1, variation 5: bay 3"),
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn fragments_are_held_until_they_are_whole() {
        let all = says(
            &mut Dnp3::default(),
            End::Server,
            include_bytes!("messages/class-data-of-three-segments.bin"),
        );
        assert_eq!(all.iter().map(|(said, _)| said.hold).collect::<Vec<_>>(), [true, true, false]);
        assert!(all.iter().all(|(_, error)| error.is_none()));
    }

    #[test]
    fn indications_are_said_when_they_change() {
        let mut session = Dnp3::default();
        let count = |said: &Told| said.facts.iter().filter(|fact| fact.1 == "dnp3.iin").count();
        let restart = include_bytes!("messages/unsolicited-restart.bin");
        assert_eq!(count(&one(&mut session, End::Server, restart)), 1);
        assert_eq!(count(&one(&mut session, End::Server, restart)), 0);
    }

    #[test]
    fn user_names_and_passwords_are_secret_in_one_segment_and_in_two() {
        let octets = include_bytes!("messages/authenticate-file.bin");
        let hidden = |all: &[(Told, Option<String>)], octets: &[u8]| -> Vec<u8> {
            let mut masked = octets.to_vec();
            for range in all.iter().flat_map(|(said, _)| &said.secrets).flat_map(|secret| &secret.ranges) {
                masked[range.offset as usize..][..range.length as usize].fill(b'*');
            }
            masked
        };
        let all = says(&mut Dnp3::default(), End::Client, octets);
        assert_eq!(all[0].0.operations, [(OperationKind::Program, "authenticate file")]);
        let masked = hidden(&all, octets);
        for word in [b"eng".as_slice(), b"eer", b"sec", b"ret", b"wor"] {
            assert!(octets.windows(3).any(|three| three == word));
            assert!(!masked.windows(3).any(|three| three == word));
        }
        let octets = include_bytes!("messages/authenticate-file-of-two-segments.bin");
        let all = says(&mut Dnp3::default(), End::Client, octets);
        assert!(
            all[0].0.hold && !all[0].0.secrets.is_empty(),
            "the first frame is masked before the second is seen"
        );
        let masked = hidden(&all, octets);
        assert!(
            !masked
                .windows(3)
                .any(|three| [b"eng", b"sec", b"ret", b"wor"].iter().any(|word| three == *word))
        );
    }

    #[test]
    fn a_password_behind_which_the_capture_cut_is_secret() {
        let octets = include_bytes!("messages/authenticate-file.bin");
        let context = says_context(End::Client);
        for kept in 0..octets.len() {
            let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
            let mut output = Output::default();
            let message = Octets::new(&octets[..kept], &pieces).cut();
            let result = Dnp3::default().message(&context, message, &mut output);
            assert!(matches!(result.unwrap_err().problem, Problem::Truncated { .. }), "{kept}");
            let mut masked = octets[..kept].to_vec();
            for range in output.secrets.iter().flat_map(|secret| &secret.ranges) {
                masked[range.offset as usize..][..range.length as usize].fill(b'*');
            }
            let shows = |word: &&[u8]| masked.windows(3).any(|three| three == *word);
            let words = [b"eng".as_slice(), b"eer", b"sec", b"ret", b"wor"];
            assert!(!words.iter().any(shows), "{kept}: {}", masked.escape_ascii());
        }
    }

    #[test]
    fn names_of_files_are_reported_by_the_master_and_stated_by_the_outstation() {
        let name = |from, octets| one(&mut Dnp3::default(), from, octets).facts.pop().unwrap();
        let opened = name(End::Client, include_bytes!("messages/open-file.bin"));
        assert_eq!(
            opened,
            (
                "10.0.0.2 outstation=10".to_owned(),
                "dnp3.file_name",
                "/config.txt".to_owned(),
                Basis::Reported
            )
        );
        let listed = name(End::Server, include_bytes!("messages/file-information.bin"));
        assert_eq!((listed.2.as_str(), listed.3), ("soe1.csv", Basis::Stated));
    }

    #[test]
    fn requests_count_by_what_they_do() {
        let operations = |octets| one(&mut Dnp3::default(), End::Client, octets).operations;
        assert_eq!(
            operations(include_bytes!("messages/read-device-attributes.bin")),
            [(OperationKind::Identify, "read device attributes")]
        );
        assert_eq!(
            operations(include_bytes!("messages/write-indications.bin")),
            [(OperationKind::Control, "write internal indications")]
        );
        assert_eq!(operations(include_bytes!("messages/select.bin")), [(OperationKind::Write, "select")]);
        assert_eq!(
            operations(include_bytes!("messages/cold-restart.bin")),
            [(OperationKind::Control, "cold restart")]
        );
        assert_eq!(
            operations(include_bytes!("messages/request-link-status.bin")),
            [(OperationKind::Diagnostic, "request link status")]
        );
        assert_eq!(operations(include_bytes!("messages/confirm.bin")), []);
    }

    #[test]
    fn a_damaged_block_is_malformed_and_its_addresses_still_count() {
        let mut octets = include_bytes!("messages/device-attributes.bin").to_vec();
        octets[30] ^= 1;
        let all = says(&mut Dnp3::default(), End::Server, &octets);
        assert!(all[0].1.as_ref().unwrap().starts_with("block check at octet 44: checksum"));
        assert_eq!(all[0].0.spoke, ["10.0.0.2 outstation=25"]);
        assert!(all[0].0.facts.iter().all(|fact| fact.1 == "dnp3.master_address"));
    }

    #[test]
    fn more_link_addresses_than_are_remembered_are_counted() {
        let (mut said, mut dropped) = (Said::default(), 0);
        for address in 0..STATIONS_MAX as u16 + 2 {
            assert!(said.is_new(address, (), &mut dropped));
        }
        assert_eq!(dropped, 2);
        assert!(!said.is_new(STATIONS_MAX as u16, (), &mut dropped));
    }
}
