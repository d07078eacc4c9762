//! What the resets that begin a tunnel say.

use observation::{Basis, Octets, Rule};

use super::wire::{self, Protection};
use crate::{Context, Malformed, Output, Problem, Session};

static KEY_METHOD: Rule = Rule { name: "openvpn-key-method", read: key_method };
static CONTROL_CHANNEL: Rule = Rule { name: "openvpn-control-channel", read: control_channel };

pub(super) const RULES: &[&Rule] = &[&KEY_METHOD, &CONTROL_CHANNEL];

/// The key method that the opcode of a reset stands for.
fn key_method(octets: &[u8]) -> Option<String> {
    let method = match wire::opcode(octets)? {
        wire::RESET_CLIENT_1 | wire::RESET_SERVER_1 => "1",
        wire::RESET_CLIENT_2 | wire::RESET_SERVER_2 | wire::RESET_CLIENT_3 => "2",
        _ => return None,
    };
    Some(method.to_owned())
}

/// How the packet of a reset is protected.
fn control_channel(octets: &[u8]) -> Option<String> {
    Some(match wire::protection(octets)? {
        Protection::None => "TLS only".to_owned(),
        Protection::Auth(digest) => format!("tls-auth, digest of {digest} octets"),
        Protection::Crypt => "tls-crypt".to_owned(),
        Protection::CryptV2 => "tls-crypt-v2".to_owned(),
    })
}

/// Remembers which resets were seen.
#[derive(Debug, Default)]
pub(super) struct OpenVpn {
    client: bool,
    server: bool,
}

impl Session for OpenVpn {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let packet = wire::packet(message, context.transport);
        let Some(first) = packet.slice(0, 1) else {
            return Err(Malformed {
                what: "opcode",
                offset: message.len(),
                problem: Problem::Truncated { missing: 1 },
            });
        };
        let server = match wire::opcode(first.bytes) {
            Some(wire::RESET_CLIENT_1 | wire::RESET_CLIENT_2 | wire::RESET_CLIENT_3) => context.from.other(),
            Some(wire::RESET_SERVER_1 | wire::RESET_SERVER_2) => context.from,
            Some(wire::DATA_1 | wire::DATA_2) => {
                // The handshake is over; what follows is encrypted.
                output.finished = self.client && self.server;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let said = if server == context.from { &mut self.server } else { &mut self.client };
        if !std::mem::replace(said, true) {
            let source = context.source();
            output.fact(&source, "openvpn.key_method", Basis::Stated, &KEY_METHOD, first);
            output.fact(&source, "openvpn.control_channel", Basis::Stated, &CONTROL_CHANNEL, packet);
        }
        output.server_is = Some(server);
        if wire::protection(packet.bytes).is_none() && packet.is_cut() {
            return Err(Malformed {
                what: "reset",
                offset: message.len(),
                problem: Problem::Truncated { missing: 1 },
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::*;

    fn say(
        session: &mut OpenVpn,
        transport: Transport,
        from: End,
        octets: Octets<'_>,
    ) -> (Vec<String>, Option<End>, bool, Result<(), Malformed>) {
        let context = Context::of_test(from, ("10.0.0.2", 40_000), ("10.0.0.1", 1194), transport);
        let mut output = Output::default();
        let result = session.message(&context, octets, &mut output);
        let facts =
            output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value));
        (facts.collect(), output.server_is, output.finished, result)
    }

    #[test]
    fn resets_tell_the_ends_and_data_ends_it() {
        let mut session = OpenVpn::default();
        let mut udp = |from, octets| say(&mut session, Transport::Udp, from, Octets::unplaced(octets));
        let data = include_bytes!("messages/data-udp.bin").as_slice();
        assert_eq!(udp(End::Client, data), (vec![], None, false, Ok(())));
        let (facts, server, ..) = udp(End::Client, include_bytes!("messages/client-auth-udp.bin"));
        assert_eq!(
            facts,
            [
                "10.0.0.2 openvpn.key_method=2",
                "10.0.0.2 openvpn.control_channel=tls-auth, digest of 20 octets"
            ]
        );
        assert_eq!(server, Some(End::Server));
        let (facts, server, finished, _) = udp(End::Server, include_bytes!("messages/server-crypt-udp.bin"));
        assert_eq!(facts, ["10.0.0.1 openvpn.key_method=2", "10.0.0.1 openvpn.control_channel=tls-crypt"]);
        assert_eq!((server, finished), (Some(End::Server), false));
        assert_eq!(udp(End::Server, data), (vec![], None, true, Ok(())));
    }

    #[test]
    fn who_sends_the_reset_of_a_server_is_one_whatever_its_port() {
        let reset = Octets::unplaced(include_bytes!("messages/server-plain-udp.bin"));
        assert_eq!(say(&mut OpenVpn::default(), Transport::Udp, End::Client, reset).1, Some(End::Client));
    }

    #[test]
    fn on_tcp_the_length_is_no_part_of_the_packet_and_a_cut_reset_says_its_method_only() {
        let octets = Octets::unplaced(include_bytes!("messages/client-plain-tcp.bin"));
        let (facts, ..) = say(&mut OpenVpn::default(), Transport::Tcp, End::Client, octets);
        assert_eq!(facts[1], "10.0.0.2 openvpn.control_channel=TLS only");
        let (facts, _, _, result) =
            say(&mut OpenVpn::default(), Transport::Tcp, End::Client, octets.head(12).cut());
        assert_eq!(facts, ["10.0.0.2 openvpn.key_method=2"]);
        assert_eq!(result.unwrap_err().to_string(), "reset at octet 12: 1 octet missing");
    }
}
