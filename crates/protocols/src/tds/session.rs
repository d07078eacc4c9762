//! One connection: versions, login, and what the server says to it.

use observation::{Basis, Octets, OperationKind, Station, attribute};

use super::wire::{self, Kind, Packet};
use super::{login, rules};
use crate::{Assembly, Context, Malformed, Output, Reader, Session, security_token};

/// Octets of a login of several packets that are put together: 128 characters per field, and a Kerberos token.
const LOGIN_OCTETS_MAX: usize = 32_768;
/// Tokens of one packet that are looked through; a login is answered with about ten.
const TOKENS_MAX: usize = 32;

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Tds {
    /// A login whose last packet is still to come.
    login: Assembly,
}

impl Session for Tds {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(packet) = Packet::parse(message)? else { return Ok(()) };
        let is_pre_login = packet.data.peek().get(0) == Some(0);
        let result = match packet.kind {
            Kind::RESULT => {
                output.server_is = Some(context.from);
                if is_pre_login {
                    pre_login(&context.source(), true, &packet.data, output)
                } else {
                    tokens(context, packet.data, output)
                }
            }
            // Handshakes of TLS travel in packets of this type in both directions.
            Kind::PRE_LOGIN if !is_pre_login => Ok(()),
            kind => {
                output.server_is = Some(context.from.other());
                match kind {
                    Kind::PRE_LOGIN => pre_login(&context.source(), false, &packet.data, output),
                    Kind::LOGIN => self.login(context, &packet, output),
                    Kind::SSPI => {
                        security_token::read(context, packet.data.peek(), output);
                        Ok(())
                    }
                    Kind::BATCH if packet.last => {
                        output.operation(OperationKind::Read, "batch", message.head(wire::HEADER));
                        Ok(())
                    }
                    Kind::CALL if packet.last => {
                        output.operation(OperationKind::Read, "procedure call", message.head(wire::HEADER));
                        Ok(())
                    }
                    Kind::BULK if packet.last => {
                        output.operation(OperationKind::Write, "bulk load", message.head(wire::HEADER));
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        };
        output.hold = !self.login.is_empty();
        result
    }

    fn gap(&mut self, _: observation::End) {
        self.login.clear();
    }
}

impl Tds {
    fn login(
        &mut self,
        context: &Context,
        packet: &Packet<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let data = packet.data.peek();
        if self.login.is_empty() && packet.last {
            return login::read(context, data, output);
        }
        // Where the password of a login is that is too long or cut, nobody knows.
        if data.is_cut() || !self.login.push(data, LOGIN_OCTETS_MAX) {
            self.login.clear();
            output.secret(data);
            output.dropped = output.dropped.saturating_add(1);
            return Ok(());
        }
        if !packet.last {
            return Ok(());
        }
        let whole = std::mem::take(&mut self.login);
        login::read(context, whole.octets(), output)
    }
}

fn pre_login(
    source: &Station,
    server: bool,
    data: &Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let Some(version) = wire::version_option(data)? else { return Ok(()) };
    if server {
        output.fact(source, "tds.server_version", Basis::Stated, &rules::SERVER_VERSION, version);
        output.fact(source, "tds.product", Basis::Stated, &rules::PRODUCT, version);
    } else {
        output.fact(source, "tds.client_version", Basis::Stated, &rules::CLIENT_VERSION, version);
    }
    Ok(())
}

/// The tokens at the start of a result that answer a login (section 2.2.7): environment changes, messages,
/// acknowledgement, authentication. At the first other one the rest is left.
fn tokens(context: &Context, mut data: Reader<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    const ERROR: u8 = 0xaa;
    const INFORMATION: u8 = 0xab;
    const LOGIN_ACKNOWLEDGEMENT: u8 = 0xad;
    const ENVIRONMENT_CHANGE: u8 = 0xe3;
    const SSPI: u8 = 0xed;
    let source = &context.source();
    for _ in 0..TOKENS_MAX {
        let Some(kind) = data.peek().get(0) else { break };
        if !matches!(kind, ERROR | INFORMATION | LOGIN_ACKNOWLEDGEMENT | ENVIRONMENT_CHANGE | SSPI) {
            break;
        }
        data.skip(1, "token")?;
        let length = data.u16_le("length of the token")?;
        let mut body = data.part(length.into(), "token")?;
        match kind {
            ERROR | INFORMATION => {
                body.skip(6, "number, state and class")?;
                let text = body.u16_le("length of the text")?;
                body.skip(usize::from(text).saturating_mul(2), "text")?;
                let name = characters(&mut body, "server name")?;
                output.fact(source, attribute::HOSTNAME, Basis::Stated, &rules::SERVER_HOST, name);
                output.fact(source, "tds.instance", Basis::Stated, &rules::INSTANCE, name);
            }
            LOGIN_ACKNOWLEDGEMENT => {
                body.skip(5, "interface and version")?;
                let program = characters(&mut body, "program name")?;
                output.fact(source, "tds.program", Basis::Stated, &rules::PROGRAM, program);
                let version = body.take(4, "program version")?;
                output.fact(source, "tds.server_version", Basis::Stated, &rules::SERVER_VERSION, version);
                // Other products speak the protocol, too: these versions are those of Microsoft's.
                if program.bytes.starts_with(b"M\0i\0c\0r\0o\0s\0o\0f\0t\0") {
                    output.fact(source, "tds.product", Basis::Stated, &rules::PRODUCT, version);
                }
            }
            SSPI => security_token::read(context, body.peek(), output),
            _ => {}
        }
    }
    Ok(())
}

/// Characters of UTF-16 with their number in one octet before them.
fn characters<'a>(body: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let count = body.u8(what)?;
    body.take(usize::from(count).saturating_mul(2), what)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, Piece, Time, Transport};

    use super::*;
    use crate::Frame;

    /// Facts, operations and number of secret octets of the messages of one end.
    fn said(octets: &[u8], from: End) -> (Vec<String>, Vec<&'static str>, u32) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        let context = Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 50_000,
            destination_port: 1433,
            from,
            time: Time(0),
        };
        let mut tds = Tds::default();
        let (mut facts, mut operations, mut secret, mut at) = (Vec::new(), Vec::new(), 0, 0);
        while at < octets.len() {
            let Frame::Message(length) = wire::frame(&octets[at..], Transport::Tcp) else {
                panic!("no packet")
            };
            let pieces = [Piece { at: 0, frame: 1, offset: at as u32 }];
            let mut output = Output::default();
            let message = Octets::new(&octets[at..][..length], &pieces);
            assert_eq!(tds.message(&context, message, &mut output), Ok(()));
            facts.extend(
                output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)),
            );
            operations.extend(output.operations.iter().map(|operation| operation.name));
            secret += output
                .secrets
                .iter()
                .flat_map(|secret| &secret.ranges)
                .map(|range| range.length)
                .sum::<u32>();
            at += length;
        }
        (facts, operations, secret)
    }

    const LOGIN: [&str; 5] = [
        "10.0.0.1 hostname=HMI1",
        "10.0.0.1 tds.application=Line 3 trends",
        "10.0.0.1 tds.library=ODBC",
        "10.0.0.2 tds.database=Runtime",
        "10.0.0.1 tds.client_id=00:1b:1b:10:00:50",
    ];

    #[test]
    fn both_versions_are_told_before_anything_is_encrypted() {
        let (facts, ..) = said(include_bytes!("messages/pre-login.bin"), End::Client);
        assert_eq!(facts, ["10.0.0.1 tds.client_version=17.10.5"]);
        let (facts, ..) = said(include_bytes!("messages/pre-login-response.bin"), End::Server);
        assert_eq!(
            facts,
            ["10.0.0.2 tds.server_version=15.0.2000", "10.0.0.2 tds.product=Microsoft SQL Server 2019"]
        );
    }

    #[test]
    fn a_login_names_the_client_and_its_password_is_secret() {
        let (facts, _, secret) = said(include_bytes!("messages/login.bin"), End::Client);
        assert_eq!(facts, LOGIN);
        assert_eq!(secret, 14);
    }

    #[test]
    fn a_login_of_two_packets_is_put_together() {
        let (facts, _, secret) = said(include_bytes!("messages/login-of-two-packets.bin"), End::Client);
        assert_eq!(facts, LOGIN);
        assert_eq!(secret, 14);
    }

    #[test]
    fn the_server_names_itself_when_it_answers() {
        let (facts, ..) = said(include_bytes!("messages/login-response.bin"), End::Server);
        assert_eq!(
            facts,
            [
                "10.0.0.2 hostname=HIST1",
                "10.0.0.2 tds.instance=RUNTIME",
                "10.0.0.2 tds.program=Microsoft SQL Server",
                "10.0.0.2 tds.server_version=15.0.2000",
                "10.0.0.2 tds.product=Microsoft SQL Server 2019",
            ]
        );
    }

    #[test]
    fn statements_are_counted_and_not_read() {
        let (facts, operations, _) = said(include_bytes!("messages/batch.bin"), End::Client);
        assert_eq!((facts.len(), operations), (0, vec!["batch"]));
    }
}
