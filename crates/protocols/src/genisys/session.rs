//! One conversation: which field units are polled, and which answer.

use observation::{Octets, Position};

use super::wire::Message;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Session};

/// Units of a line that one conversation remembers; those beyond are said again.
const UNITS_MAX: usize = 64;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Genisys {
    asked: Told<UNITS_MAX>,
    answered: Told<UNITS_MAX>,
}

impl Session for Genisys {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(message)?;
        let day = context.time.day();
        if message.header.is_of_unit() {
            output.server_is = Some(context.from);
            if self.answered.is_new(Print::of_day(day).with(&[message.unit])) {
                output.spoke(context.source().below([Position::new("unit", message.unit)]));
            }
            return Ok(());
        }
        output.server_is = Some(context.from.other());
        if let Some((kind, name)) = message.header.operation() {
            output.operation(kind, name, message.head);
        }
        if self.asked.is_new(Print::of_day(day).with(&[message.unit])) {
            let unit = context.destination().below([Position::new("unit", message.unit)]);
            output.mentioned(unit, context.source(), "genisys message", message.head);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, OperationKind, Time, Transport};

    use super::*;

    #[test]
    fn the_office_polls_and_units_answer_once_a_day() {
        let mut session = Genisys::default();
        let mut say = |from, octets: &'static [u8]| {
            let (office, line) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
            let (source, destination) = if from == End::Client { (office, line) } else { (line, office) };
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
            session.message(&context, Octets::unplaced(octets), &mut output).unwrap();
            assert_eq!(output.server_is, Some(End::Server));
            output
        };
        let first = say(End::Client, include_bytes!("messages/poll.bin"));
        assert_eq!((first.operations[0].kind, first.operations[0].name), (OperationKind::Read, "poll"));
        assert_eq!(first.mentioned[0].station.to_string(), "10.0.0.2 unit=1");
        assert!(say(End::Client, include_bytes!("messages/poll.bin")).mentioned.is_empty());
        let answer = say(End::Server, include_bytes!("messages/indication-escaped.bin"));
        assert_eq!(answer.spoke[0].station.to_string(), "10.0.0.2 unit=243");
        assert!(answer.operations.is_empty());
        let control = say(End::Client, include_bytes!("messages/control.bin"));
        assert_eq!(control.operations[0].kind, OperationKind::Control);
    }
}
