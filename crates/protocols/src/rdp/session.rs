//! One connection: the negotiation, then TLS or the client's data in clear.

use observation::{Basis, Octets, OperationKind, attribute};

use super::rules;
use super::wire::{self, Unit};
use crate::{Context, Malformed, Output, Session, tls};

/// Packets of data that are looked at: the client's data is the first of them.
const DATA_MAX: u8 = 4;

/// Reads one RDP connection.
#[derive(Default)]
pub(super) struct Rdp {
    /// Reads the TLS inside, once there is any.
    tls: Option<Box<dyn Session>>,
    /// Packets of data seen.
    data: u8,
}

impl Session for Rdp {
    fn message<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if matches!(octets.get(0), Some(20..=24)) {
            let tls = self.tls.get_or_insert_with(tls::PROTOCOL.session);
            return output.inside(tls::PROTOCOL.name, |output| tls.message(context, octets, output));
        }
        match Unit::parse(octets)? {
            Unit::Request { negotiation, cookie } => {
                if negotiation.is_some() || cookie {
                    output.server_is = Some(context.from.other());
                }
                output.operation(OperationKind::Diagnostic, "connect", octets.head(octets.len().min(11)));
                if let Some(protocols) = negotiation {
                    let client = context.source();
                    output.fact(
                        &client,
                        "rdp.requested_security",
                        Basis::Stated,
                        &rules::REQUESTED,
                        protocols,
                    );
                }
            }
            Unit::Confirm(Some(protocol)) => {
                output.server_is = Some(context.from);
                output.fact(&context.source(), "rdp.security", Basis::Stated, &rules::SELECTED, protocol);
            }
            Unit::Refusal(reason) => {
                output.server_is = Some(context.from);
                output.fact(&context.source(), "rdp.refused", Basis::Stated, &rules::REFUSED, reason);
            }
            Unit::Data(data) => {
                self.data = self.data.saturating_add(1);
                let core = wire::core(data);
                if let Some(core) = core {
                    let client = context.source();
                    output.fact(&client, attribute::HOSTNAME, Basis::Stated, &rules::CLIENT_NAME, core.name);
                    output.fact(&client, "rdp.client_build", Basis::Stated, &rules::CLIENT_BUILD, core.build);
                }
                // What follows is encrypted, or pictures and input.
                output.finished = core.is_some() || self.data >= DATA_MAX;
            }
            Unit::Confirm(None) | Unit::Other => {}
        }
        Ok(())
    }

    fn gap(&mut self, from: observation::End) {
        if let Some(tls) = &mut self.tls {
            tls.gap(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use observation::{Address, End, Time, Transport};

    use super::*;
    use crate::Frame;

    fn context(from: End) -> Context {
        let client: Address = "10.0.0.1".parse().unwrap();
        let server: Address = "10.0.0.2".parse().unwrap();
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let (source_port, destination_port) =
            if from == End::Client { (50_000, 3389) } else { (3389, 50_000) };
        Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port,
            destination_port,
            from,
            time: Time(0),
        }
    }

    /// What the messages of both ends say, in order, and whether reading ended.
    fn said(files: &[(End, &[u8])]) -> (BTreeSet<String>, bool) {
        let (mut facts, mut finished) = (BTreeSet::new(), false);
        let mut session = Rdp::default();
        for (from, octets) in files {
            let mut rest = Octets::unplaced(octets);
            while let Frame::Message(length) = wire::frame(rest.bytes, Transport::Tcp) {
                let mut output = Output::default();
                session.message(&context(*from), rest.head(length), &mut output).unwrap();
                facts.extend(output.facts.iter().map(|fact| {
                    let by = fact.protocol.unwrap_or("rdp");
                    format!("{by}: {} {}={}", fact.station, fact.attribute, fact.value)
                }));
                finished |= output.finished;
                rest = rest.tail(length);
                if rest.is_empty() {
                    break;
                }
            }
        }
        (facts, finished)
    }

    #[test]
    fn both_ends_agree_on_security_and_tls_says_the_rest() {
        let (facts, finished) = said(&[
            (End::Client, include_bytes!("messages/request.bin")),
            (End::Server, include_bytes!("messages/confirm.bin")),
            (End::Client, include_bytes!("../tls/messages/client-hello-1.2.bin")),
            (End::Server, include_bytes!("../tls/messages/server-1.2-own.bin")),
        ]);
        for fact in [
            "rdp: 10.0.0.1 rdp.requested_security=TLS, CredSSP",
            "rdp: 10.0.0.2 rdp.security=TLS",
            "tls: 10.0.0.2 tls.version=TLS 1.2",
            "tls: 10.0.0.2 tls.certificate_subject=hmi-7.beispiel.test",
        ] {
            assert!(facts.contains(fact), "{fact} is not in {facts:#?}");
        }
        assert!(!finished);
    }

    #[test]
    fn a_cookie_names_a_user_and_is_no_fact() {
        let (facts, _) = said(&[(End::Client, include_bytes!("messages/request-with-cookie.bin"))]);
        assert_eq!(
            facts.into_iter().collect::<Vec<_>>(),
            ["rdp: 10.0.0.1 rdp.requested_security=TLS, CredSSP"]
        );
    }

    #[test]
    fn a_refusal_says_why() {
        let (facts, _) = said(&[(End::Server, include_bytes!("messages/refusal.bin"))]);
        assert_eq!(facts.into_iter().collect::<Vec<_>>(), ["rdp: 10.0.0.2 rdp.refused=CredSSP required"]);
    }

    #[test]
    fn a_client_without_tls_names_its_computer() {
        let (facts, finished) = said(&[(End::Client, include_bytes!("messages/client-data.bin"))]);
        let expected = ["rdp: 10.0.0.1 hostname=WARTE-PC-3", "rdp: 10.0.0.1 rdp.client_build=7601"];
        assert_eq!(facts.into_iter().collect::<Vec<_>>(), expected);
        assert!(finished);
    }
}
