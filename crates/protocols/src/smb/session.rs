//! One connection: what kind each packet is, who says it, and by which name the server was called.

use observation::{Basis, End, Octets, attribute};

use super::nbss::Packet;
use super::{rules, smb1, smb2};
use crate::{Assembly, Context, Malformed, Output, Session, netbios};

/// Reads one connection. Requests and responses tell themselves apart, and each names its sender.
#[derive(Debug, Default)]
pub(super) struct Smb {
    /// The name by which the server is called, until it grants the session.
    called: Assembly,
}

impl Session for Smb {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match Packet::parse(message)? {
            Packet::Smb1(reader) => smb1::read(context, message, reader, output),
            Packet::Smb2(reader) => smb2::read(context, message, reader, output),
            Packet::Request(called, calling) => {
                output.server_is = Some(context.from.other());
                self.called.clear();
                if called.suffix.is_host() && is_host_name(called.encoded.bytes) {
                    self.called.push(called.encoded, netbios::ENCODED);
                    output.hold = true;
                }
                if calling.suffix.is_host() {
                    let client = context.source();
                    output.fact(
                        &client,
                        attribute::HOSTNAME,
                        Basis::Stated,
                        &rules::SESSION_NAME,
                        calling.encoded,
                    );
                }
                Ok(())
            }
            Packet::Response { granted } => {
                output.server_is = Some(context.from);
                let called = std::mem::take(&mut self.called);
                if granted && !called.is_empty() {
                    let server = context.source();
                    output.fact(
                        &server,
                        attribute::HOSTNAME,
                        Basis::Reported,
                        &rules::SESSION_NAME,
                        called.octets(),
                    );
                }
                Ok(())
            }
            Packet::Other => Ok(()),
        }
    }

    fn gap(&mut self, _: End) {
        self.called.clear();
    }
}

/// False for `*SMBSERVER`, which is any server, and for addresses and their beginnings, by which clients call servers
/// whose names they do not know.
fn is_host_name(encoded: &[u8]) -> bool {
    netbios::text(encoded).is_some_and(|name| name.chars().any(|character| character.is_alphabetic()))
}

#[cfg(test)]
pub(super) mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::*;

    fn context(from: End) -> Context {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 50_000,
            destination_port: 445,
            from,
            time: Time(0),
        }
    }

    /// Facts, operations and octets that are secret, of one message; `from` 10.0.0.1, the client, or 10.0.0.2.
    pub(in super::super) fn said(
        octets: &[u8],
        from: End,
    ) -> (Vec<String>, Vec<&'static str>, u32, Result<(), Malformed>) {
        let context = context(from);
        let pieces = [Piece { at: 0, frame: 1, offset: 0 }];
        let message = Octets::new(octets, &pieces);
        // A packet that is shorter than it says was cut by the capture.
        let is_whole = matches!(super::super::nbss::frame(octets, Transport::Tcp), crate::Frame::Message(_));
        let mut output = Output::default();
        let result =
            Smb::default().message(&context, if is_whole { message } else { message.cut() }, &mut output);
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
    fn a_session_request_names_the_client_and_once_it_is_granted_the_server() {
        let octets = include_bytes!("messages/session-request.bin");
        let (facts, _, _, result) = said(octets, End::Client);
        assert_eq!(facts, ["10.0.0.1 hostname=ENG1"]);
        assert_eq!(result, Ok(()));
        assert!(said(&octets[..60], End::Client).3.is_err());
        let mut smb = Smb::default();
        let answered = |smb: &mut Smb, answer: &[u8]| {
            let mut output = Output::default();
            smb.message(&context(End::Client), Octets::unplaced(octets), &mut output).unwrap();
            assert!(output.hold);
            let mut output = Output::default();
            smb.message(&context(End::Server), Octets::unplaced(answer), &mut output).unwrap();
            std::mem::take(&mut output.facts)
                .into_iter()
                .map(|fact| (fact.station.to_string(), fact.value))
                .collect::<Vec<_>>()
        };
        let granted = answered(&mut smb, include_bytes!("messages/session-positive.bin"));
        assert_eq!(granted, [("10.0.0.2".to_owned(), "HIST1".to_owned())]);
        assert!(answered(&mut smb, &[0x83, 0, 0, 1, 0x82]).is_empty());
    }
}
