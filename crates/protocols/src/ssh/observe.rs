//! What the identifications and the key exchange say.

use observation::{Basis, End, Octets, Rule, Rules};

use super::START;
use super::fingerprint::{self, KeyExchange};
use crate::{Context, Malformed, Output, Reader, Session};

static SOFTWARE: Rule = Rule { name: "ssh-software", read: software };
static VERSION: Rule = Rule { name: "ssh-version", read: version };
static KEY_TYPE: Rule = Rule { name: "ssh-host-key-type", read: Rules::text };
static KEY: Rule = Rule { name: "ssh-host-key", read: key };

static KEY_FINGERPRINT: Rule = Rule { name: "ssh-host-key-sha256", read: fingerprint::sha256 };
static HASSH: Rule = Rule { name: "ssh-hassh", read: fingerprint::hassh };

pub(super) const RULES: &[&Rule] = &[&SOFTWARE, &VERSION, &KEY_TYPE, &KEY, &KEY_FINGERPRINT, &HASSH];

/// What stands behind the version of the protocol: software and comment (section 4.2).
fn software(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    text.strip_prefix("SSH-")?
        .split_once('-')
        .map(|(_, software)| software.to_owned())
        .filter(|text| !text.is_empty())
}

fn version(octets: &[u8]) -> Option<String> {
    let text = Rules::text(octets)?;
    text.strip_prefix("SSH-")?.split_once('-').map(|(version, _)| version.to_owned())
}

/// Octets of a key that are shown: an elliptic key is whole, a longer one is told from others by its beginning.
const KEY_OCTETS_SHOWN: usize = 128;

/// The key as it is, in hexadecimal: the same key on two addresses is one device, or a copied image.
fn key(octets: &[u8]) -> Option<String> {
    Rules::hexadecimal(octets.get(..KEY_OCTETS_SHOWN).unwrap_or(octets))
}

/// Types of messages (RFC 4250 section 4.1.2): what an end can do, new keys, and the answers of the key exchanges that
/// hold a host key.
const KEY_EXCHANGE: u8 = 20;
const NEW_KEYS: u8 = 21;
const EXCHANGE_REPLY: u8 = 31;
const GROUP_EXCHANGE_REPLY: u8 = 33;

/// Follows until the new keys.
#[derive(Debug, Default)]
pub(super) struct Ssh {
    /// Identifications seen, of the client and of the server.
    identified: [bool; 2],
}

impl Session for Ssh {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let source = context.source();
        if message.bytes.starts_with(START) {
            if let Some(identified) = self.identified.get_mut(context.from.index()) {
                *identified = true;
            }
            output.fact(&source, "ssh.software", Basis::Stated, &SOFTWARE, message);
            output.fact(&source, "ssh.version", Basis::Stated, &VERSION, message);
            return Ok(());
        }
        if self.identified == [false, false] {
            // The beginning was not captured: nothing that follows can be read.
            output.finished = true;
            return Ok(());
        }
        let mut reader = Reader::new(message);
        reader.skip(5, "packet length and padding length")?;
        match reader.u8("message type")? {
            NEW_KEYS => output.finished = true,
            KEY_EXCHANGE => {
                // Which end is the client is known where it opened the connection; the lists of both directions are
                // the same with every usual program.
                let lists = KeyExchange::parse(&mut reader)?;
                let (attribute, lists) = match context.from {
                    End::Client => ("ssh.hassh", lists.of_client()),
                    End::Server => ("ssh.hassh_server", lists.of_server()),
                };
                output.fact_of(&source, attribute, Basis::Stated, &HASSH, &lists);
            }
            EXCHANGE_REPLY | GROUP_EXCHANGE_REPLY => {
                let length = reader.u32_be("length of the host key")?;
                let key = reader.take(usize::try_from(length).unwrap_or(usize::MAX), "host key")?;
                if let Some(kind) = key_type(key) {
                    output.server_is = Some(context.from);
                    output.fact(&source, "ssh.host_key_type", Basis::Stated, &KEY_TYPE, kind);
                    output.fact(&source, "ssh.host_key", Basis::Stated, &KEY, key);
                    output.fact(&source, "ssh.host_key_sha256", Basis::Stated, &KEY_FINGERPRINT, key);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The name of its type, with which a key begins (RFC 4253 section 6.6). In exchanges by groups other messages have
/// the number of this one, and a prime where the key would be (RFC 4419 section 3).
fn key_type(key: Octets<'_>) -> Option<Octets<'_>> {
    let mut fields = Reader::new(key);
    let length = fields.u32_be("length of the key type").ok()?;
    let kind = fields.take(usize::try_from(length).ok()?, "key type").ok()?;
    (kind.bytes.starts_with(b"ssh-") || kind.bytes.starts_with(b"ecdsa-")).then_some(kind)
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;
    use crate::Frame;

    /// Facts of what one end sends, and whether nothing more can be read.
    fn said(mut octets: &[u8], from: End) -> (Vec<String>, bool) {
        let context = Context::of_test(from, ("192.168.99.77", 50_000), ("10.10.10.60", 22), Transport::Tcp);
        let (mut session, mut facts, mut finished) = (Ssh::default(), Vec::new(), false);
        while let Frame::Message(length) = super::super::frame(octets, Transport::Tcp) {
            let mut output = Output::default();
            session.message(&context, Octets::unplaced(&octets[..length]), &mut output).unwrap();
            facts.extend(output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)));
            finished |= output.finished;
            octets = &octets[length..];
        }
        (facts, finished)
    }

    #[test]
    fn a_server_names_its_software_and_its_key() {
        let (facts, finished) = said(include_bytes!("messages/openssh-server.bin"), End::Server);
        assert_eq!(facts[..2], ["ssh.software=OpenSSH_9.2p1 Debian-2+deb12u10", "ssh.version=2.0"]);
        // Compared with what tshark computes of the same frames.
        assert_eq!(facts[2], "ssh.hassh_server=425d29fe50d8e4f5e37efb6e24bcf660");
        assert_eq!(facts[3], "ssh.host_key_type=ssh-ed25519");
        assert!(facts[4].starts_with("ssh.host_key=0000000b7373682d65643235353139"), "{facts:?}");
        assert_eq!(facts[5], "ssh.host_key_sha256=SHA256:NWu7NLhPBdQSuHLmITUmdypGwO/KBO0qXQjggXMZyJs");
        assert!(finished);
    }

    #[test]
    fn a_client_names_its_software_and_is_known_by_its_algorithms() {
        let (facts, finished) = said(include_bytes!("messages/openssh-client.bin"), End::Client);
        assert_eq!(facts[0], "ssh.software=OpenSSH_9.2p1 Debian-2+deb12u10");
        assert_eq!(facts[2..], ["ssh.hassh=472b5de333ad665af5cbf10ff892c4df"]);
        assert!(!finished);
    }

    #[test]
    fn the_prime_of_an_exchange_by_groups_is_no_key() {
        // RFC 4419 section 3: message 31, then the prime and the generator as integers of any length.
        let mut group = vec![0, 0, 0, 24, 6, EXCHANGE_REPLY, 0, 0, 0, 8, 0x00, 0xde, 0x49, 0xfc];
        group.extend([0x90, 0x69, 0x99, 0x4b, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0]);
        let hello = b"SSH-2.0-OpenSSH_5.3\r\n".as_slice();
        let (facts, finished) = said(&[hello, &group].concat(), End::Server);
        assert_eq!(facts, ["ssh.software=OpenSSH_5.3", "ssh.version=2.0"]);
        assert!(!finished);
    }

    #[test]
    fn encrypted_octets_say_nothing() {
        let mut output = Output::default();
        let context = Context {
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 22,
            destination_port: 50_000,
            from: End::Server,
            time: Time(0),
        };
        Ssh::default()
            .message(&context, Octets::unplaced(&[0, 0, 0, 6, 4, 31, 0, 0, 0, 0]), &mut output)
            .unwrap();
        assert!(output.finished && output.facts.is_empty());
    }
}
