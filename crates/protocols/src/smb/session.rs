//! One packet: what kind it is, and who says it.

use observation::{Basis, Octets, attribute};

use super::nbss::Packet;
use super::{rules, smb1, smb2};
use crate::{Context, Malformed, Output, Session};

/// Stateless: requests and responses tell themselves apart, and each names its sender.
#[derive(Debug)]
pub(super) struct Smb;

impl Session for Smb {
    fn message<'m>(&mut self, context: &Context, message: Octets<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
        match Packet::parse(message)? {
            Packet::Smb1(reader) => smb1::read(context, message, reader, output),
            Packet::Smb2(reader) => smb2::read(context, message, reader, output),
            Packet::Request(called, calling) => {
                output.server_is = Some(context.from.other());
                // Clients that do not know the name call any server so.
                if called.suffix.is_host() && !is_any(called.encoded.bytes) {
                    let server = context.destination();
                    output.fact(&server, attribute::HOSTNAME, Basis::Reported, &rules::SESSION_NAME, called.encoded);
                }
                if calling.suffix.is_host() {
                    let client = context.source();
                    output.fact(&client, attribute::HOSTNAME, Basis::Stated, &rules::SESSION_NAME, calling.encoded);
                }
                Ok(())
            }
            Packet::Response => {
                output.server_is = Some(context.from);
                Ok(())
            }
            Packet::Other => Ok(()),
        }
    }
}

/// True for the name that stands for whichever server is called ([MS-SMB] appendix, `*SMBSERVER`).
fn is_any(encoded: &[u8]) -> bool {
    crate::netbios::decode(encoded).is_some_and(|name| name.starts_with(b"*"))
}

#[cfg(test)]
pub(super) mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::*;

    /// Facts, operations and octets that are secret, of one message; `from` 10.0.0.1, the client, or 10.0.0.2.
    pub(in super::super) fn said(octets: &[u8], from: End) -> (Vec<String>, Vec<&'static str>, u32, Result<(), Malformed>) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 50_000,
            destination_port: 445,
            from,
            time: Time(0),
        };
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let message = Octets::new(octets, &pieces);
        // A packet that is shorter than it says was cut by the capture.
        let is_whole = matches!(super::super::nbss::frame(octets, Transport::Tcp), crate::Frame::Message(_));
        let mut output = Output::default();
        let result = Smb.message(&context, if is_whole { message } else { message.cut() }, &mut output);
        let facts = output
            .facts
            .iter()
            .map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value))
            .collect();
        let operations = output.operations.iter().map(|operation| operation.name).collect();
        let secret = output.secrets.iter().flat_map(|secret| &secret.ranges).map(|range| range.length).sum();
        (facts, operations, secret, result)
    }

    #[test]
    fn a_session_request_names_both_ends() {
        let octets = include_bytes!("messages/session-request.bin");
        let (facts, _, _, result) = said(octets, End::Client);
        assert_eq!(facts, ["10.0.0.2 hostname=HIST1", "10.0.0.1 hostname=ENG1"]);
        assert_eq!(result, Ok(()));
        assert!(said(&octets[..60], End::Client).3.is_err());
    }
}
