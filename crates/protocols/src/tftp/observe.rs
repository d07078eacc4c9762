//! What a request asks for.

use observation::{Basis, Octets, OperationKind, Rule, Rules};

use crate::{Context, Malformed, Output, Reader, Session, strings};

static FILE: Rule = Rule { name: "tftp-file", read: Rules::text };

pub(super) const RULES: &[&Rule] = &[&FILE];

/// Operation code of a write request.
const WRITE: u16 = 2;

/// Stateless.
#[derive(Debug)]
pub(super) struct Tftp;

impl Session for Tftp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let writes = reader.u16_be("operation code")? == WRITE;
        output.server_is = Some(context.from.other());
        let (kind, name, attribute) = if writes {
            (OperationKind::Write, "write request", "tftp.file_written")
        } else {
            (OperationKind::Read, "read request", "tftp.file_read")
        };
        output.operation(kind, name, message);
        let file = strings::zero_terminated(&mut reader);
        output.fact(&context.source(), attribute, Basis::Stated, &FILE, file);
        strings::zero_terminated(&mut reader);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    #[test]
    fn a_station_says_which_file_it_wants() {
        let context = Context {
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 50_000,
            destination_port: 69,
            from: End::Client,
            time: Time(0),
        };
        let said = |octets: &'static [u8]| {
            let mut output = Output::default();
            Tftp.message(&context, Octets::unplaced(octets), &mut output).unwrap();
            (format!("{}={}", output.facts[0].attribute, output.facts[0].value), output.operations[0].name)
        };
        assert_eq!(
            said(include_bytes!("messages/read.bin")),
            ("tftp.file_read=ex7-firmware-2.1.bin".into(), "read request")
        );
        assert_eq!(
            said(include_bytes!("messages/write.bin")),
            ("tftp.file_written=sw1.cfg".into(), "write request")
        );
    }
}
