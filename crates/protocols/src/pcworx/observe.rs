//! What controllers answer to the question who they are.

use observation::{Basis, Octets, OperationKind, Rule, Rules, attribute};

use super::wire;
use crate::{Context, Malformed, Output, Problem, Reader, Session};

static VENDOR: Rule = Rule { name: "pcworx-vendor", read: |_| Some("Phoenix Contact".to_owned()) };
static TEXT: Rule = Rule { name: "pcworx-text", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&VENDOR, &TEXT];

/// Where the texts of an information answer begin, each ended by a zero, and where the next begins at the latest.
const TEXTS: [(&str, usize, usize); 5] = [
    (attribute::MODEL, 30, 66),
    (attribute::FIRMWARE_VERSION, 66, 79),
    ("pcworx.firmware_date", 79, 91),
    ("pcworx.firmware_time", 91, 152),
    (attribute::ORDER_NUMBER, 152, 216),
];

/// Octets of the header that the answer repeats: kind, service, length.
const HEADER: usize = 4;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct PcWorx {
    /// The client asked for the information and waits.
    asked: bool,
}

impl Session for PcWorx {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let kind = reader.u8("message")?;
        let service = reader.u8("service")?;
        if kind & wire::ANSWER == 0 {
            output.server_is = Some(context.from.other());
            self.asked = service == wire::INFORMATION;
            let (kind, name) = match service {
                wire::OPEN => (OperationKind::Diagnostic, "open"),
                wire::INFORMATION => (OperationKind::Identify, "information"),
                code => (OperationKind::Diagnostic, crate::numbered::function(code)),
            };
            output.operation(kind, name, message);
            return Ok(());
        }
        output.server_is = Some(context.from);
        if !std::mem::take(&mut self.asked) {
            return Ok(());
        }
        let controller = context.source();
        output.fact(&controller, attribute::VENDOR, Basis::Inferred, &VENDOR, message.head(HEADER));
        for (attribute, from, to) in TEXTS {
            if message.len() <= from {
                return Err(reader.malformed("information", Problem::Truncated { missing: 1 }));
            }
            let text = message.tail(from).head(to.saturating_sub(from));
            output.fact(&controller, attribute, Basis::Stated, &TEXT, text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;

    #[test]
    fn the_information_tells_type_number_and_firmware() {
        let answer = include_bytes!("messages/information-answer.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[
                (End::Client, include_bytes!("messages/open.bin")),
                (End::Client, include_bytes!("messages/information.bin")),
                (End::Server, answer),
            ],
        );
        for (attribute, value) in [
            ("model", "ILC 330 ETH"),
            ("firmware_version", "3.95T"),
            ("pcworx.firmware_date", "Mar  2 2012"),
            ("pcworx.firmware_time", "09:39:02"),
            ("order_number", "2737193"),
            ("vendor", "Phoenix Contact"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(
            heard.operations,
            [(OperationKind::Diagnostic, "open"), (OperationKind::Identify, "information")]
        );
        // Only what answers the question is read so.
        assert!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, answer)]).facts.is_empty());
    }

    #[test]
    fn a_short_answer_is_malformed() {
        let answer = include_bytes!("messages/information-answer.bin");
        let heard = hear(
            &PROTOCOL,
            Transport::Tcp,
            &[(End::Client, include_bytes!("messages/information.bin")), (End::Server, &answer[..70])],
        );
        assert_eq!(heard.malformed.len(), 1);
        assert!(heard.has("10.0.0.5", "model", "ILC 330 ETH"));
    }
}
