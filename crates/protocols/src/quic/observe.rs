//! What the hello of a client says.

use observation::{Basis, Octets, OperationKind, Rule, Rules};

use super::initial::{self, Found, Packet};
use crate::tls::handshake::{self, Hello, extension};
use crate::{Assembly, Context, Malformed, Output, Reader, Session, tls};

static SERVER_NAME: Rule = Rule { name: "quic-server-name", read: server_name };
static ALPN: Rule = Rule { name: "quic-alpn", read: alpn };
static JA4: Rule =
    Rule { name: "quic-ja4", read: |octets| with_hello(octets, |hello| Some(tls::print(hello, 'q'))) };
static VERSION: Rule = Rule { name: "quic-version", read: version };

pub(super) const RULES: &[&Rule] = &[&SERVER_NAME, &ALPN, &JA4, &VERSION];

/// Octets of Initial packets of one client that are kept until its hello is whole.
const OCTETS_MAX: usize = 8 << 10;

/// Datagrams of a connection that are looked at: the hello stands in the first one or two.
const DATAGRAMS_MAX: u8 = 12;

/// Reads the hello in Initial packets and what `of` makes of it.
fn with_hello(packets: &[u8], of: impl FnOnce(&Hello<'_>) -> Option<String>) -> Option<String> {
    /// Octets of the head of the message.
    const HEAD: usize = 4;
    let Found::Hello(octets) = initial::hello(packets) else { return None };
    let body = Octets::unplaced(octets.get(HEAD..)?);
    of(&Hello::client(&mut Reader::new(body)).ok()?)
}

fn server_name(packets: &[u8]) -> Option<String> {
    with_hello(packets, |hello| {
        let name = hello.extension(extension::SERVER_NAME).and_then(handshake::server_name)?;
        Rules::text(name.bytes)
    })
}

fn alpn(packets: &[u8]) -> Option<String> {
    with_hello(packets, |hello| {
        let names = hello.extension(extension::ALPN).and_then(handshake::protocol_names)?;
        tls::protocol_names(names.bytes)
    })
}

fn version(octets: &[u8]) -> Option<String> {
    match octets {
        [0, 0, 0, 1] => Some("1".to_owned()),
        [0x6b, 0x33, 0x43, 0xcf] => Some("2".to_owned()),
        _ => None,
    }
}

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Quic {
    /// Initial packets of the client, until its hello is whole.
    packets: Assembly,
    datagrams: u8,
}

impl Session for Quic {
    fn message<'m>(
        &mut self,
        context: &Context,
        datagram: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if self.datagrams == 0 && datagram.get(0).is_some_and(|first| first & 0x80 == 0) {
            // The beginning was not captured: nothing that follows can be read, nor told from other datagrams.
            output.finished = true;
            return Ok(());
        }
        self.datagrams = self.datagrams.saturating_add(1);
        let mut at = 0_usize;
        // What the capture cut is not all there, and no packet.
        while let Some(packet) = datagram.bytes.get(at..).and_then(Packet::first) {
            if let Some(octets) = datagram.slice(at, packet.octets.len()).filter(|_| packet.is_initial)
                && self.packet(context, octets, output)
            {
                output.operation(OperationKind::Diagnostic, "client hello", datagram.head(5));
                output.finished = true;
                return Ok(());
            }
            at = at.saturating_add(packet.octets.len());
        }
        output.finished = self.datagrams >= DATAGRAMS_MAX;
        Ok(())
    }
}

impl Quic {
    /// Reads an Initial packet; true once the hello is whole.
    fn packet(&mut self, context: &Context, packet: Octets<'_>, output: &mut Output<'_>) -> bool {
        let mut packets = std::mem::take(&mut self.packets);
        let before = packets.clone();
        if !packets.push(packet, OCTETS_MAX) {
            output.dropped = output.dropped.saturating_add(1);
            return false;
        }
        let mut found = initial::hello(packets.octets().bytes);
        if found == Found::Foreign && !before.is_empty() {
            // Of the server, or the client begins anew because it was asked to (RFC 9000 section 17.2.5).
            packets.clear();
            packets.push(packet, OCTETS_MAX);
            found = initial::hello(packets.octets().bytes);
        }
        match found {
            Found::Foreign => {
                self.packets = before;
                return false;
            }
            Found::Part => {
                output.server_is = Some(context.from.other());
                output.hold = true;
                self.packets = packets;
                return false;
            }
            Found::Hello(_) => output.server_is = Some(context.from.other()),
        }
        let (client, octets) = (context.source(), packets.octets());
        output.fact(&client, "tls.server_name", Basis::Stated, &SERVER_NAME, octets);
        output.fact(&client, "tls.alpn", Basis::Stated, &ALPN, octets);
        output.fact(&client, "tls.ja4", Basis::Stated, &JA4, octets);
        if let Some(number) = octets.slice(1, 4) {
            output.fact(&client, "quic.version", Basis::Stated, &VERSION, number);
        }
        true
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Transport};

    use super::super::PROTOCOL;
    use super::*;
    use crate::trial::hear;
    use crate::{Frame, Probe};

    const SHORT: &[u8] = include_bytes!("messages/aioquic-client-udp.bin");
    /// Two datagrams, the first of 1,200 octets.
    const LONG: &[u8] = include_bytes!("messages/aioquic-long-hello.udp.bin");

    #[test]
    fn a_client_names_the_server_that_it_turns_to() {
        let heard = hear(&PROTOCOL, Transport::Udp, &[(End::Client, SHORT)]);
        assert!(heard.has("10.0.0.1", "tls.server_name", "cloud.example"), "{:?}", heard.facts);
        assert!(heard.has("10.0.0.1", "tls.alpn", "h3") && heard.has("10.0.0.1", "quic.version", "1"));
        assert!(heard.value("10.0.0.1", "tls.ja4").unwrap().starts_with("q13d"), "{:?}", heard.facts);
        let filled = [SHORT, &[0; 678]].concat();
        assert_eq!((PROTOCOL.probe)(&filled, Transport::Udp), Probe::Certain);
        assert_eq!((PROTOCOL.probe)(SHORT, Transport::Udp), Probe::Foreign);
    }

    #[test]
    fn a_hello_in_two_datagrams_is_put_together() {
        let (first, second) = LONG.split_at(1_200);
        let server = include_bytes!("messages/aioquic-server-udp.bin");
        let messages = [(End::Client, first), (End::Server, &server[..]), (End::Client, second)];
        let heard = hear(&PROTOCOL, Transport::Udp, &messages);
        assert!(heard.has("10.0.0.1", "tls.server_name", "cloud.example"), "{:?}", heard.facts);
        assert!(heard.facts.iter().all(|fact| fact.0 == "10.0.0.1"));
        let alone = hear(&PROTOCOL, Transport::Udp, &[(End::Client, second)]);
        assert!(alone.facts.is_empty());
    }

    #[test]
    fn other_versions_are_quic_and_say_nothing() {
        let frame = |octets: &[u8]| (PROTOCOL.frame)(octets, Transport::Udp);
        let long = |version: [u8; 4]| [&[0xc3], &version[..], &[0; 40]].concat();
        for version in [[0; 4], *b"Q050", [0xff, 0, 0, 27], [0xfa, 0xce, 0xb0, 2], [0x1a, 0x2a, 0x3a, 0x4a]] {
            let octets = long(version);
            assert_eq!(frame(&octets), Frame::Message(45), "{version:x?}");
            assert!(hear(&PROTOCOL, Transport::Udp, &[(End::Client, &octets)]).facts.is_empty());
        }
        assert_eq!(frame(&long([0x12, 0x34, 0x56, 0x78])), Frame::Foreign);
        // Whoever joins a connection in its middle can read nothing of it.
        let context = Context::of_test(End::Client, ("10.0.0.1", 50_000), ("10.0.0.2", 443), Transport::Udp);
        let mut output = Output::default();
        Quic::default().message(&context, Octets::unplaced(&[0x41; 30]), &mut output).unwrap();
        assert!(output.finished);
    }

    #[test]
    fn a_packet_that_was_changed_says_nothing() {
        let mut octets = SHORT.to_vec();
        octets[100] ^= 1;
        assert!(hear(&PROTOCOL, Transport::Udp, &[(End::Client, &octets)]).facts.is_empty());
    }
}
