//! One conversation: a master, and the node or the line of nodes that it asks.

use observation::{Octets, Position};

use super::function::{self, PEI_PC, RDB, RDB_EXTENSION};
use super::ip::{Datagram, Kind};
use super::serial::{self, Serial};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

/// Octets of the extension before its function: destination, sequence number, source, node status.
const BEFORE_EXTENSION: usize = 5;

/// Units of a line that one conversation remembers; those beyond are said again.
const UNITS_MAX: usize = 64;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Bsap {
    asked: Told<UNITS_MAX>,
    /// The node that was asked last: a line has one master, and answers do not name the node.
    last: Option<u8>,
    answered: Told<UNITS_MAX>,
}

impl Session for Bsap {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if message.bytes.starts_with(&[0x10, 0x02]) && serial::is_frame(message.bytes) {
            return self.serial(context, message, output);
        }
        let datagram = Datagram::parse(message)?;
        match datagram.kind {
            Kind::Poll => Ok(()),
            Kind::Response => {
                output.server_is = Some(context.from);
                Ok(())
            }
            Kind::Request => {
                output.server_is = Some(context.from.other());
                for message in datagram.messages() {
                    let mut message = message?;
                    let head = message.peek().head(3);
                    let function = message.u8("application function")?;
                    // Remote data base access has the status of the node in front of its function.
                    if function == RDB {
                        message.skip(1, "node status")?;
                    }
                    operation(function, message, head, output);
                }
                Ok(())
            }
        }
    }
}

/// Counts what a request asks; `data` are its arguments.
fn operation<'m>(function: u8, mut data: Reader<'m>, head: Octets<'m>, output: &mut Output<'m>) {
    let (kind, name) = match function {
        RDB => data.u8("function").map_or_else(|_| function::service(function), function::rdb),
        RDB_EXTENSION => {
            let code = data.skip(BEFORE_EXTENSION, "extension").and_then(|()| data.u16_le("extension"));
            code.map_or_else(|_| function::service(function), function::extension)
        }
        _ => function::service(function),
    };
    output.operation(kind, name, head);
}

impl Bsap {
    fn serial<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let frame = Serial::parse(message)?;
        let day = context.time.day();
        // The master is node 0; answers are for it.
        if frame.node == 0 {
            output.server_is = Some(context.from);
            let answers = frame.destination == PEI_PC || frame.source == Some(RDB);
            if let Some(node) =
                self.last.filter(|node| answers && self.answered.is_new(Print::of_day(day).with(&[*node])))
            {
                output.spoke(context.source().below([Position::new("unit", node)]));
            }
            return Ok(());
        }
        output.server_is = Some(context.from.other());
        self.last = Some(frame.node);
        if self.asked.is_new(Print::of_day(day).with(&[frame.node])) {
            let node = context.destination().below([Position::new("unit", frame.node)]);
            output.mentioned(node, context.source(), "bsap local address", frame.node_octet);
        }
        operation(frame.destination, frame.data, frame.head, output);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, OperationKind, Time, Transport};

    use super::*;

    fn say<'m>(session: &mut Bsap, from: End, octets: &'m [u8]) -> Output<'m> {
        let (master, node) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (master, node) } else { (node, master) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 1234,
            destination_port: 1234,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        session.message(&context, Octets::unplaced(octets), &mut output).unwrap();
        output
    }

    #[test]
    fn a_request_over_ip_names_its_function_and_who_answers() {
        let mut session = Bsap::default();
        let output = say(&mut session, End::Client, include_bytes!("messages/ip-read-by-name.bin"));
        assert_eq!(output.operations[0].name, "read signal by name");
        assert_eq!(output.server_is, Some(End::Server));
        let output = say(&mut session, End::Client, include_bytes!("messages/ip-write-by-address.bin"));
        assert_eq!(output.operations[0].kind, OperationKind::Write);
        let output = say(&mut session, End::Server, include_bytes!("messages/ip-response.bin"));
        assert_eq!((output.server_is, output.operations.len()), (Some(End::Server), 0));
        assert!(say(&mut session, End::Client, include_bytes!("messages/ip-poll.bin")).is_empty());
    }

    #[test]
    fn a_node_on_a_line_is_below_and_answers_when_asked() {
        let mut session = Bsap::default();
        let asked = say(&mut session, End::Client, include_bytes!("messages/serial-read-by-name.bin"));
        assert_eq!(asked.mentioned[0].station.to_string(), "10.0.0.2 unit=5");
        assert_eq!(asked.operations[0].name, "read signal by name");
        let answer = say(&mut session, End::Server, include_bytes!("messages/serial-response.bin"));
        assert_eq!(answer.spoke[0].station.to_string(), "10.0.0.2 unit=5");
        assert_eq!(answer.server_is, Some(End::Server));
    }
}
