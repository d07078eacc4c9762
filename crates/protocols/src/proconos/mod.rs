//! ProConOS, the runtime of KW-Software (Phoenix Contact) in many makers' controllers: TCP port 20547.
//!
//! The maker publishes no specification. The layout follows Digital Bond's Redpoint script `proconos-info`. Messages are
//! taken as TCP carries them: how their length is counted is not published.

use observation::{Basis, Octets, OperationKind, Rule, Rules, Transport, attribute};

use crate::strings::zero_terminated;
use crate::{Context, Depth, Frame, Malformed, Output, Probe, Protocol, Reader, Session};

/// ProConOS.
pub const PROTOCOL: Protocol = Protocol {
    name: "proconos",
    title: "ProConOS (KW-Software)",
    specification: "not published by its maker; Redpoint proconos-info",
    tcp: &[20547],
    udp: &[],
    ethertypes: &[],
    ip_protocols: &[],
    frame: |octets, transport| match octets.first() {
        Some(&MAGIC) if transport == Transport::Tcp => Frame::Message(octets.len()),
        Some(_) => Frame::Foreign,
        None => Frame::Partial(1),
    },
    probe: |octets, transport| {
        if transport == Transport::Tcp && octets.starts_with(QUESTION) {
            Probe::Certain
        } else {
            Probe::Foreign
        }
    },
    session: || Box::<ProConOs>::default(),
    rules: &[&TEXT],
    depth: Depth {
        identity: "information answer (runtime, type, project, boot project, project source)",
        operations: "information by name, all others as one kind",
        nesting: "",
        not_read: "project transfer, run and stop (layouts not published)",
        tried_on: "messages made up by the published layout only",
    },
};

static TEXT: Rule = Rule { name: "proconos-text", read: Rules::text };

/// First octet of every message.
const MAGIC: u8 = 0xcc;

/// The question who the controller is, up to its checksum.
const QUESTION: &[u8] = &[MAGIC, 0x01, 0x00, 0x0b, 0x40, 0x02];

/// Where the texts of the answer stand: runtime and type in fields of a fixed length, then three that end at zeros.
const RUNTIME_AT: usize = 12;
const RUNTIME: usize = 32;
const TYPE: usize = 33;

/// One connection.
#[derive(Debug, Default)]
struct ProConOs {
    /// The client asked who the controller is, and waits.
    asked: bool,
}

impl Session for ProConOs {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if context.from == observation::End::Client {
            self.asked = message.bytes.starts_with(QUESTION);
            let (kind, name) = if self.asked {
                (OperationKind::Identify, "information")
            } else {
                (OperationKind::Diagnostic, "request")
            };
            output.operation(kind, name, message);
            return Ok(());
        }
        if !std::mem::take(&mut self.asked) {
            return Ok(());
        }
        let controller = context.source();
        let mut reader = Reader::new(message);
        reader.skip(RUNTIME_AT, "header")?;
        let mut says = |attribute, octets| output.fact(&controller, attribute, Basis::Stated, &TEXT, octets);
        says(attribute::SOFTWARE_VERSION, reader.take(RUNTIME, "runtime")?);
        says(attribute::MODEL, reader.take(TYPE, "type")?);
        says(attribute::PROJECT, zero_terminated(&mut reader));
        says("proconos.boot_project", zero_terminated(&mut reader));
        says("proconos.project_source", zero_terminated(&mut reader));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::End;

    use super::*;
    use crate::trial::hear;

    #[test]
    fn the_answer_tells_runtime_type_and_project() {
        let (question, answer) =
            (include_bytes!("messages/information.bin"), include_bytes!("messages/information-answer.bin"));
        let heard = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, question), (End::Server, answer)]);
        for (attribute, value) in [
            ("software_version", "ProConOS V3.0.1040 Oct 29 2002"),
            ("model", "ADAM5510KW 1.24 Build 005"),
            ("project", "510-projec"),
            ("proconos.boot_project", "510-boot"),
            ("proconos.project_source", "Exist"),
        ] {
            assert!(heard.has("10.0.0.5", attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(heard.operations, [(OperationKind::Identify, "information")]);
        assert!(hear(&PROTOCOL, Transport::Tcp, &[(End::Server, answer)]).facts.is_empty());
        let cut = hear(&PROTOCOL, Transport::Tcp, &[(End::Client, question), (End::Server, &answer[..60])]);
        assert!(cut.malformed.len() == 1 && cut.facts.len() == 1);
    }

    #[test]
    fn only_the_question_is_certain_elsewhere() {
        let question = include_bytes!("messages/information.bin");
        assert_eq!((PROTOCOL.probe)(question, Transport::Tcp), Probe::Certain);
        assert_eq!((PROTOCOL.probe)(&[MAGIC; 20], Transport::Tcp), Probe::Foreign);
        assert_eq!((PROTOCOL.frame)(b"\x01", Transport::Tcp), Frame::Foreign);
    }
}
