//! Reads the messages of one conversation.

use observation::{Octets, OperationKind, Position, Station, Transport};

use super::direction::{Direction, Role, Transaction};
use super::function::Function;
use super::identity::{self, GatewayException};
use super::pdu::{self, Length, Shape};
use super::wire::{Adu, Framing};
use crate::umas::{self, Exchange, Umas};
use crate::{Context, Frame, Malformed, Output, Probe, Problem, Session};

/// Octets of a request kept as the evidence of an operation: function, address and quantity.
const OPERATION_OCTETS: usize = 5;

/// Greatest quantities of one request, by function (Application Protocol V1.1b3, sections 6.1 to 6.4, 6.11, 6.12).
const QUANTITIES: [(Function, u16); 6] = [
    (Function(1), 2000),
    (Function(2), 2000),
    (Function(3), 125),
    (Function(4), 125),
    (Function(15), 1968),
    (Function(16), 123),
];

/// A set of unit identifiers.
#[derive(Debug, Default)]
struct Units([u64; 4]);

impl Units {
    /// True the first time.
    fn insert(&mut self, unit: u8) -> bool {
        let Some(word) = self.0.get_mut(usize::from(unit >> 6)) else { return false };
        let bit = 1_u64 << (unit & 0x3f);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// Remembers who asks, and of which units it has said that they are asked, answer or are silent.
#[derive(Debug)]
pub(super) struct Modbus {
    direction: Direction,
    asked: Units,
    answered: Units,
    path_unavailable: Units,
    target_failed: Units,
    /// What function 90 carries; most conversations carry none.
    umas: Option<Box<Umas>>,
}

impl Modbus {
    pub(super) fn new() -> Self {
        let [asked, answered, path_unavailable, target_failed] = Default::default();
        Self { direction: Direction::new(), asked, answered, path_unavailable, target_failed, umas: None }
    }

    fn request<'m>(
        &mut self,
        context: &Context,
        adu: &Adu<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let function = Function(adu.pdu.get(0).unwrap_or_default());
        if function.is_exception() {
            return Err(malformed(
                "function code",
                adu.pdu_offset,
                Problem::Value { value: function.0.into() },
            ));
        }
        if umas::is_message(adu.pdu.bytes) {
            self.umas(context, adu, Role::Request, output)?;
        } else {
            let (kind, name) = function.operation(adu.pdu.bytes);
            let asks = adu.pdu.head(OPERATION_OCTETS);
            output.operation(kind, name, asks);
            if function == Function::READ_WRITE_REGISTERS {
                output.operation(OperationKind::Write, name, asks);
            }
        }
        if is_below(adu.unit)
            && context.destination.is_unicast()
            && self.asked.insert(adu.unit)
            && let Some(position) = below(adu.unit)
        {
            output.mentioned(
                context.destination().below([position]),
                context.source(),
                "modbus request",
                adu.addressed.head(1),
            );
        }
        if function.0 == 0 {
            output.malformed(malformed("function code", adu.pdu_offset, Problem::Value { value: 0 }));
        }
        check_length(pdu::request_length(adu.pdu.bytes), "request", adu)?;
        check_quantity(function, adu)
    }

    fn response<'m>(
        &mut self,
        context: &Context,
        adu: &Adu<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let server = context.source();
        // Made where something is said of it, which cyclic answers do not.
        let unit = || below(adu.unit).map(|position| server.below([position]));
        let station = || unit().unwrap_or_else(|| server.clone());
        let function = Function(adu.pdu.get(0).unwrap_or_default());
        if function.is_exception() {
            if let Some(exception) = adu.pdu.get(1).and_then(GatewayException::from_code) {
                self.silent(&server, unit(), exception, adu, output);
            }
            return check_length(pdu::response_length(adu.pdu.bytes), "exception", adu);
        }
        let whole = check_length(pdu::response_length(adu.pdu.bytes), "response", adu);
        if whole.is_ok() && is_below(adu.unit) && self.answered.insert(adu.unit) {
            output.spoke(station());
        }
        if identity::is_identification(adu.pdu.bytes) {
            identity::identification(&station(), adu.pdu, adu.pdu_offset, output)?;
        } else if function == Function::REPORT_SERVER_ID {
            identity::server_identity(&station(), adu.pdu, adu.pdu_offset, output)?;
        } else if umas::is_response(adu.pdu.bytes) {
            output.carries = Some(umas::PROTOCOL.name);
            self.umas(context, adu, Role::Response, output)?;
        }
        whole
    }

    /// Function 90 carries UMAS. Controllers alone answer it: a conversation with an answer is called by it.
    fn umas<'m>(
        &mut self,
        context: &Context,
        adu: &Adu<'m>,
        role: Role,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let is_request = role == Role::Request;
        let (client, server) = if is_request {
            (context.source(), context.destination())
        } else {
            (context.destination(), context.source())
        };
        let server = below(adu.unit).map_or_else(|| server.clone(), |position| server.below([position]));
        let transaction = match adu.framing {
            Framing::Mbap { transaction } => transaction,
            Framing::Rtu => 0,
        };
        let exchange = Exchange { transaction, unit: adu.unit, client: &client, server: &server };
        let umas = self.umas.get_or_insert_default();
        output.inside(umas::PROTOCOL.name, |output| match is_request {
            true => umas.request(&exchange, adu.pdu, adu.pdu_offset, output),
            false => umas.response(&exchange, adu.pdu, adu.pdu_offset, output),
        })
    }

    /// A gateway says that a unit behind it is silent or out of reach.
    fn silent(
        &mut self,
        server: &Station,
        unit: Option<Station>,
        exception: GatewayException,
        adu: &Adu<'_>,
        output: &mut Output<'_>,
    ) {
        let said = match exception {
            GatewayException::PathUnavailable => &mut self.path_unavailable,
            GatewayException::TargetFailed => &mut self.target_failed,
        };
        if said.insert(adu.unit) {
            let octets = adu.addressed.head(3);
            identity::is_gateway(server, octets, output);
            if let Some(unit) = unit {
                output.mentioned(unit, server.clone(), exception.reason(), octets);
            }
        }
    }
}

impl Session for Modbus {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let adu = Adu::parse(message)?;
        let function = adu.pdu.get(0).unwrap_or_default() & 0x7f;
        let identifier = match adu.framing {
            Framing::Mbap { transaction } => transaction,
            Framing::Rtu => 0,
        };
        let shape = Shape::of_part(adu.pdu.bytes, adu.missing);
        let identifies = shape == Shape::Response && identity::is_identification(adu.pdu.bytes);
        let verdict = self.direction.judge(
            context,
            Transaction { identifier, unit: adu.unit, function },
            shape,
            identifies,
        );
        // Most messages tell neither, and are done with sooner if nothing was touched.
        if verdict.server_is.is_some() || verdict.dropped > 0 {
            output.server_is = verdict.server_is;
            output.dropped = output.dropped.saturating_add(verdict.dropped);
        }
        match verdict.role {
            Role::Request => self.request(context, &adu, output),
            Role::Response => self.response(context, &adu, output),
            Role::Unclear => Ok(()),
        }
    }

    fn gap(&mut self, _: observation::End) {
        self.direction.forget_asked();
    }
}

/// False for 0 and 255, which stand for the server itself (Messaging V1.0b, section 4.4.2.1; on a serial line 0 is
/// broadcast).
fn is_below(unit: u8) -> bool {
    !matches!(unit, 0 | 255)
}

/// The position of a unit below its server.
fn below(unit: u8) -> Option<Position> {
    is_below(unit).then(|| Position::new("unit", unit))
}

fn malformed(what: &'static str, offset: usize, problem: Problem) -> Malformed {
    Malformed { what, offset, problem }
}

fn check_length(prescribed: Option<Length>, what: &'static str, adu: &Adu<'_>) -> Result<(), Malformed> {
    let present = adu.pdu.len();
    let needed = match prescribed {
        Some(Length::Exactly(length)) if length < present => {
            let problem = Problem::Trailing { octets: present.saturating_sub(length) };
            return Err(malformed(what, adu.pdu_offset.saturating_add(length), problem));
        }
        Some(Length::Exactly(length) | Length::AtLeast(length)) => length,
        Some(Length::Open) | None => present,
    };
    match needed.saturating_sub(present).max(adu.missing) {
        0 => Ok(()),
        missing => {
            Err(malformed(what, adu.pdu_offset.saturating_add(present), Problem::Truncated { missing }))
        }
    }
}

/// The quantity and, where there is one, the byte count of a request whose length is right.
fn check_quantity(function: Function, adu: &Adu<'_>) -> Result<(), Malformed> {
    let Some((_, greatest)) = QUANTITIES.into_iter().find(|(limited, _)| *limited == function) else {
        return Ok(());
    };
    let Some(&[high, low]) = adu.pdu.bytes.get(3..5) else { return Ok(()) };
    let quantity = u16::from_be_bytes([high, low]);
    let refuse = |what, at: usize, value: u64| {
        Err(malformed(what, adu.pdu_offset.saturating_add(at), Problem::Value { value }))
    };
    if quantity == 0 || quantity > greatest {
        return refuse("quantity", 3, quantity.into());
    }
    let counted = match function {
        Function(15) => quantity.div_ceil(8),
        Function(16) => quantity.saturating_mul(2),
        _ => return Ok(()),
    };
    match adu.pdu.get(5) {
        Some(count) if u16::from(count) != counted => refuse("byte count", 5, count.into()),
        _ => Ok(()),
    }
}

/// An identification answer is certain: interface, count and lengths agree. All else is short and may be chance.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    // Whoever polls waits for the answer: where no port tells, more than one message at once is something else, and
    // checks are not computed over it.
    if octets.len() > super::wire::ADU_MAX {
        return Probe::Foreign;
    }
    // Where neither a port nor an MBAP header tells, a function of no public length is no reason to compute checks.
    let has_header = octets.get(2..4) == Some(&[0, 0]);
    if !has_header && octets.get(1..).and_then(pdu::request_length) == Some(Length::Open) {
        return Probe::Foreign;
    }
    let Frame::Message(length) = super::wire::frame(octets, transport) else { return Probe::Foreign };
    let Some(adu) = octets.get(..length).and_then(|message| Adu::parse(Octets::unplaced(message)).ok())
    else {
        return Probe::Foreign;
    };
    match Shape::of(adu.pdu.bytes) {
        Shape::Neither => Probe::Foreign,
        Shape::Response if identity::is_identification(adu.pdu.bytes) => Probe::Certain,
        _ => Probe::Unsure,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::End;

    use super::*;

    /// One conversation between a poller (10.0.0.1) and a server (10.0.0.2).
    struct Conversation(Modbus);

    impl Conversation {
        fn new() -> Self {
            Self(Modbus::new())
        }

        fn says<'m>(&mut self, from: End, octets: &'m [u8]) -> (Output<'m>, Option<String>) {
            let context = Context::of_test(from, ("10.0.0.1", 50_000), ("10.0.0.2", 502), Transport::Tcp);
            let mut output = Output::default();
            let result = self.0.message(&context, Octets::unplaced(octets), &mut output);
            (output, result.err().map(|malformed| malformed.to_string()))
        }
    }

    fn operations(output: &Output<'_>) -> Vec<(OperationKind, &'static str)> {
        output.operations.iter().map(|operation| (operation.kind, operation.name)).collect()
    }

    fn mentions(output: &Output<'_>) -> Vec<(String, String, &'static str)> {
        output
            .mentioned
            .iter()
            .map(|mentioned| (mentioned.station.to_string(), mentioned.by.to_string(), mentioned.reason))
            .collect()
    }

    #[test]
    fn a_unit_is_asked_and_answers_and_both_are_said_once() {
        let mut conversation = Conversation::new();
        let request = include_bytes!("messages/identify-request.bin");
        let response = include_bytes!("messages/identify-basic-response.bin");
        let (output, error) = conversation.says(End::Client, request);
        assert_eq!(error, None);
        assert_eq!(operations(&output), [(OperationKind::Identify, "read device identification")]);
        assert_eq!(
            mentions(&output),
            [("10.0.0.2 unit=1".to_owned(), "10.0.0.1".to_owned(), "modbus request")]
        );
        let (output, error) = conversation.says(End::Server, response);
        assert_eq!(error, None);
        assert_eq!(output.server_is, Some(End::Server));
        assert_eq!(
            output.spoke.iter().map(|spoke| spoke.station.to_string()).collect::<Vec<_>>(),
            ["10.0.0.2 unit=1"]
        );
        let model = output.facts.iter().find(|fact| fact.attribute == "model").unwrap();
        assert_eq!(
            (model.value.as_str(), model.station.to_string()),
            ("BMX P34 2020", "10.0.0.2 unit=1".to_owned())
        );
        let (output, _) = conversation.says(End::Client, request);
        assert!(output.mentioned.is_empty());
        let (output, _) = conversation.says(End::Server, response);
        assert!(output.spoke.is_empty());
    }

    #[test]
    fn a_gateway_names_its_silent_units() {
        let mut conversation = Conversation::new();
        let exceptions = include_bytes!("messages/gateway-exceptions.bin");
        let (failed, unavailable) = exceptions.split_at(9);
        let (output, error) = conversation.says(End::Server, failed);
        assert_eq!(error, None);
        assert_eq!(
            mentions(&output),
            [(
                "10.0.0.2 unit=5".to_owned(),
                "10.0.0.2".to_owned(),
                "gateway target device failed to respond"
            )]
        );
        assert_eq!(output.facts[0].station.to_string(), "10.0.0.2");
        assert_eq!(
            (output.facts[0].attribute, output.facts[0].value.as_str()),
            ("modbus.gateway", "unit 5: gateway target device failed to respond")
        );
        assert!(output.spoke.is_empty());
        let (output, _) = conversation.says(End::Server, unavailable);
        assert_eq!(mentions(&output)[0].2, "gateway path unavailable");
        let (output, _) = conversation.says(End::Server, failed);
        assert!(output.mentioned.is_empty() && output.facts.is_empty());
    }

    #[test]
    fn an_ordinary_exception_proves_no_gateway_and_no_answering_unit() {
        let (output, error) = Conversation::new().says(End::Server, &[0, 4, 0, 0, 0, 3, 9, 0x84, 4]);
        assert_eq!(error, None);
        assert!(output.facts.is_empty() && output.spoke.is_empty() && output.mentioned.is_empty());
    }

    #[test]
    fn units_0_and_255_are_the_server_itself() {
        let mut response = include_bytes!("messages/identify-basic-response.bin").to_vec();
        response[6] = 255;
        let mut conversation = Conversation::new();
        let (output, error) = conversation.says(End::Server, &response);
        assert_eq!(error, None);
        assert!(output.spoke.is_empty());
        assert!(output.facts.iter().all(|fact| fact.station.path.is_root()) && !output.facts.is_empty());
    }

    #[test]
    fn reading_and_writing_in_one_counts_as_both() {
        let (output, error) = Conversation::new()
            .says(End::Client, include_bytes!("messages/read-write-registers-request.bin"));
        assert_eq!(error, None);
        let name = "read/write multiple registers";
        assert_eq!(operations(&output), [(OperationKind::Read, name), (OperationKind::Write, name)]);
    }

    #[test]
    fn serial_line_frames_say_the_same() {
        let mut conversation = Conversation::new();
        let (output, error) = conversation.says(End::Client, include_bytes!("messages/rtu-read-request.bin"));
        assert_eq!(
            (operations(&output), error),
            (vec![(OperationKind::Read, "read holding registers")], None)
        );
        let (output, error) =
            conversation.says(End::Server, include_bytes!("messages/rtu-read-response.bin"));
        assert_eq!((output.spoke[0].station.to_string(), error), ("10.0.0.2 unit=17".to_owned(), None));
        let (output, _) =
            conversation.says(End::Server, include_bytes!("messages/rtu-report-server-id-response.bin"));
        assert_eq!(
            output.facts.iter().map(|fact| fact.value.as_str()).collect::<Vec<_>>(),
            ["..Turbine", "run"]
        );
    }

    #[test]
    fn an_identification_turns_wrong_labels_round_at_once() {
        let (output, _) =
            Conversation::new().says(End::Client, include_bytes!("messages/identify-regular-response.bin"));
        assert_eq!(output.server_is, Some(End::Client));
        assert_eq!(output.facts[0].station.to_string(), "10.0.0.1 unit=1");
        assert!(output.operations.is_empty());
    }

    #[test]
    fn forbidden_values_and_lengths_are_malformed_and_still_counted() {
        let problem = |octets: &[u8]| {
            let mut conversation = Conversation::new();
            let (output, error) = conversation.says(End::Client, octets);
            (operations(&output).len(), error.unwrap_or_default())
        };
        assert_eq!(
            problem(&[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 0]),
            (1, "quantity at octet 10: value 0x0 is not allowed".to_owned())
        );
        assert_eq!(
            problem(&[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 126]),
            (1, "quantity at octet 10: value 0x7e is not allowed".to_owned())
        );
        assert_eq!(
            problem(&[0, 1, 0, 0, 0, 8, 1, 3, 0, 0, 0, 1, 0, 0]),
            (1, "request at octet 12: 2 octets too many".to_owned())
        );
        assert_eq!(
            problem(&[0, 1, 0, 0, 0, 4, 1, 3, 0, 0]),
            (1, "request at octet 10: 2 octets missing".to_owned())
        );
        assert_eq!(
            problem(&[0, 1, 0, 0, 0, 9, 1, 16, 0, 0, 0, 2, 2, 0, 0]),
            (1, "byte count at octet 12: value 0x2 is not allowed".to_owned())
        );
        assert_eq!(problem(&[0, 1, 0, 0, 0, 2, 1, 66]), (1, String::new()));
    }

    #[test]
    fn a_message_cut_by_the_capture_is_read_as_far_as_it_goes() {
        let response = include_bytes!("messages/identify-regular-response.bin");
        let mut conversation = Conversation::new();
        conversation.says(End::Client, include_bytes!("messages/identify-request.bin"));
        let (output, error) = conversation.says(End::Server, &response[..40]);
        assert_eq!(
            output.facts.iter().map(|fact| fact.value.as_str()).collect::<Vec<_>>(),
            ["Schneider Electric"]
        );
        assert_eq!(error.as_deref(), Some("object value at octet 36: 7 octets missing"));
    }

    #[test]
    fn only_an_identification_is_certain_on_a_foreign_port() {
        let probe = |octets: &[u8]| probe(octets, Transport::Tcp);
        assert_eq!(probe(include_bytes!("messages/identify-regular-response.bin")), Probe::Certain);
        assert_eq!(probe(include_bytes!("messages/identify-request.bin")), Probe::Unsure);
        assert_eq!(probe(include_bytes!("messages/rtu-read-request.bin")), Probe::Unsure);
        assert_eq!(probe(&[0, 1, 0, 0, 0, 4, 1, 3, 0, 0]), Probe::Foreign);
        assert_eq!(probe(b"SSH-2.0-OpenSSH_9.2\r\n"), Probe::Foreign);
    }
}
