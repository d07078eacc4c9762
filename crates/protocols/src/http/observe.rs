//! What requests and answers say.

use observation::{Basis, End, Octets, OperationKind, Rule, attribute};

use super::rules;
use super::wire::{is_answer, is_head};
use crate::http_head::{self, fields, lines};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Problem, Session, mtconnect, ntlm};

/// Fields that are not said again while they repeat.
const REMEMBERED: usize = 16;

/// Octets of a page that are searched for its title.
const TITLE_WITHIN: usize = 4_096;

/// Pieces without any head before the conversation is left to itself.
const HEADLESS_MAX: u8 = 4;

/// Where one direction stands.
#[derive(Clone, Copy, Debug, Default)]
struct Body {
    /// Octets of the body that are still to come, where the head told how many.
    left: u64,
    /// True if its first piece may hold the title of a page.
    is_page: bool,
    /// True if it is a form that may hold a password.
    is_form: bool,
}

/// Follows the bodies of both directions, and remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Http {
    bodies: [Body; 2],
    told: Told<REMEMBERED>,
    seen_head: bool,
    headless: u8,
    /// The document that the server is sending, while it may be one of an MTConnect agent.
    document: Option<Box<mtconnect::Document>>,
    /// True if the client asks for others through this server, whose answers are not about it.
    is_proxy: bool,
}

impl Session for Http {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let side = context.from.index();
        let body = self.bodies.get(side).copied().unwrap_or_default();
        if body.left == 0 && is_head(message.bytes) {
            if !std::mem::replace(&mut self.seen_head, true) {
                output.carries = Some("http");
            }
            return self.head(context, message, output);
        }
        if !self.seen_head && self.headless < HEADLESS_MAX {
            // Something else on this port, or the middle of a body.
            self.headless = self.headless.saturating_add(1);
            output.hand_over = true;
            output.carries = Some("tcp");
        }
        if body.is_page {
            self.title(context, message, output);
        }
        if context.from == End::Server {
            self.document(context, message, output);
        }
        if body.is_form && has_password(message.bytes) {
            output.secret(message);
        }
        if let Some(body) = self.bodies.get_mut(side) {
            body.left = body.left.saturating_sub(message.len() as u64);
            body.is_page = false;
        }
        Ok(())
    }

    fn gap(&mut self, from: End) {
        if let Some(body) = self.bodies.get_mut(from.index()) {
            *body = Body::default();
        }
        if from == End::Server {
            self.document = None;
        }
    }
}

/// Words in forms and addresses that come before a password or another key.
fn has_password(octets: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"pass", b"pwd", b"token", b"secret", b"apikey"];
    WORDS.iter().any(|word| octets.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}

/// Fields by which clients prove who they are.
const PROOFS: [&str; 2] = ["authorization", "proxy-authorization"];

/// Fields by which servers ask for that.
const CHALLENGES: [&str; 2] = ["www-authenticate", "proxy-authenticate"];

/// Schemes whose tokens may hold NTLM (RFC 4559 section 4; [MS-NTHT] section 2.2).
const SCHEMES: [&[u8]; 2] = [b"NTLM ", b"Negotiate "];

/// Kinds of documents that agents of MTConnect send.
const MARKUP: [&[u8]; 2] = [b"text/xml", b"application/xml"];

/// Fields whose values let anybody who has them in.
fn is_secret(name: &[u8]) -> bool {
    const NAMES: [&str; 5] = ["cookie", "set-cookie", "x-api-key", "x-auth-token", "authentication-info"];
    is_one_of(name, &PROOFS) || is_one_of(name, &NAMES)
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// What a field of an answer says of the server.
const ANSWERS: [(&str, &str, &Rule); 5] = [
    ("server", "http.server", &rules::TEXT),
    ("www-authenticate", "http.realm", &rules::REALM),
    ("x-powered-by", "http.powered_by", &rules::TEXT),
    ("x-aspnet-version", "http.aspnet_version", &rules::TEXT),
    ("x-influxdb-version", attribute::SOFTWARE_VERSION, &rules::TEXT),
];

impl Http {
    fn head<'m>(
        &mut self,
        context: &Context,
        head: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut body = Body::default();
        let answers = is_answer(head.bytes);
        let start = lines(head).next().unwrap_or(head);
        output.server_is = Some(if answers { context.from } else { context.from.other() });
        let (mut is_switched, mut is_document, mut is_compressed) = (false, false, false);
        if answers {
            let status = start.bytes.split(|octet| *octet == b' ').nth(1).unwrap_or_default();
            body.is_page = status == b"200";
            is_switched = status == b"101";
        } else {
            self.request(head, start, output);
        }
        for (name, value) in fields(head) {
            let is_proof = is_one_of(name.bytes, &PROOFS);
            let is_token =
                (is_proof || is_one_of(name.bytes, &CHALLENGES)) && self.token(context, value, output);
            if is_secret(name.bytes) && !is_token {
                output.secret(value);
            }
            if is_secret(name.bytes) || is_token {
                continue;
            }
            self.field(context, answers, name, value, output);
            let is = |known: &str| name.bytes.eq_ignore_ascii_case(known.as_bytes());
            if is("content-length") {
                body.left =
                    std::str::from_utf8(value.bytes).ok().and_then(|length| length.parse().ok()).unwrap_or(0);
            } else if is("content-encoding") {
                body.is_page = false;
                is_compressed = true;
            } else if is("content-type") {
                body.is_page &= value.bytes.starts_with(b"text/html");
                is_document = answers && MARKUP.iter().any(|kind| value.bytes.starts_with(kind));
                body.is_form = !answers && value.bytes.starts_with(b"application/x-www-form-urlencoded");
            }
        }
        // From here on it is another protocol (RFC 9110 section 15.2.2), which is not read.
        output.finished |= is_switched;
        if let Some(place) = self.bodies.get_mut(context.from.index()) {
            *place = body;
        }
        if answers {
            self.document = (is_document && !is_compressed && !self.is_proxy).then(Box::default);
        }
        match http_head::length(head.bytes) {
            Some(_) => Ok(()),
            None => {
                let problem = Problem::Truncated { missing: 2 };
                Err(Malformed { what: "fields", offset: head.len(), problem })
            }
        }
    }

    fn request<'m>(&mut self, head: Octets<'m>, start: Octets<'m>, output: &mut Output<'m>) {
        let mut words = start.bytes.split(|octet| *octet == b' ');
        let (kind, name) = match words.next().unwrap_or_default() {
            b"GET" => (OperationKind::Read, "get"),
            b"HEAD" => (OperationKind::Read, "head"),
            b"POST" => (OperationKind::Write, "post"),
            b"PUT" => (OperationKind::Write, "put"),
            b"PATCH" => (OperationKind::Write, "patch"),
            b"DELETE" => (OperationKind::Write, "delete"),
            b"CONNECT" => (OperationKind::Read, "connect"),
            b"TRACE" => (OperationKind::Diagnostic, "trace"),
            _ => (OperationKind::Diagnostic, "options"),
        };
        output.operation(kind, name, head);
        let target = words.next().unwrap_or_default();
        self.is_proxy = target.starts_with(b"http://") || name == "connect";
        let query = start.bytes.iter().position(|octet| *octet == b'?');
        if let Some(query) = query.map(|at| start.tail(at)).filter(|query| has_password(query.bytes)) {
            output.secret(query);
        }
    }

    fn field(
        &mut self,
        context: &Context,
        answers: bool,
        name: Octets<'_>,
        value: Octets<'_>,
        output: &mut Output<'_>,
    ) {
        let is = |known: &str| name.bytes.eq_ignore_ascii_case(known.as_bytes());
        let says = if answers {
            let known = ANSWERS.iter().find(|(known, ..)| is(known));
            known.filter(|_| !self.is_proxy).map(|(_, attribute, rule)| (*attribute, *rule))
        } else {
            is("user-agent").then_some(("http.user_agent", &rules::TEXT))
        };
        let Some((attribute, rule)) = says else { return };
        let print = Print::new().with(attribute.as_bytes()).with(&[u8::from(answers)]).with(value.bytes);
        if !value.is_cut() && self.told.is_new(print) {
            output.fact(&context.source(), attribute, Basis::Stated, rule, value);
        }
    }

    /// Reads a token of NTLM, bare or in SPNEGO; false if it holds none. What is secret in it is masked, and no more.
    fn token(&self, context: &Context, value: Octets<'_>, output: &mut Output<'_>) -> bool {
        let scheme = SCHEMES.iter().find(|scheme| {
            value.bytes.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let Some(token) = scheme.map(|scheme| http_head::trim(value.tail(scheme.len()))) else {
            return false;
        };
        if self.is_proxy && context.from == End::Server {
            return false;
        }
        output.inside("ntlm", |output| ntlm::read_base64(&context.source(), token, output))
    }

    /// A piece of a document of markup.
    fn document(&mut self, context: &Context, piece: Octets<'_>, output: &mut Output<'_>) {
        let Some(document) = &mut self.document else { return };
        let was_of_agent = document.is_of_agent();
        let goes_on = output.inside("mtconnect", |output| document.piece(context, piece, output));
        if document.is_of_agent() && !was_of_agent {
            output.carries = Some("mtconnect");
        }
        if !goes_on {
            self.document = None;
        }
    }

    /// The title of a page, in the first piece of a body.
    fn title(&mut self, context: &Context, piece: Octets<'_>, output: &mut Output<'_>) {
        let within = piece.head(TITLE_WITHIN);
        let find = |octets: &[u8], word: &[u8]| {
            octets.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word))
        };
        let Some(at) = find(within.bytes, b"<title") else { return };
        let tag = within.tail(at);
        let Some(end) = tag.bytes.iter().position(|octet| *octet == b'>') else { return };
        let text = tag.tail(end.saturating_add(1));
        let Some(length) = find(text.bytes, b"</title") else { return };
        let title = text.head(length);
        if !self.is_proxy && self.told.is_new(Print::new().with(b"title").with(title.bytes)) {
            output.fact(&context.source(), "http.title", Basis::Stated, &rules::TITLE, title);
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{Time, Transport};

    use super::super::wire;
    use super::*;
    use crate::Frame;

    fn context(from: End) -> Context {
        let (source, destination) =
            if from == End::Client { ("10.10.10.60", "10.10.10.2") } else { ("10.10.10.2", "10.10.10.60") };
        Context {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Tcp,
            source_port: 50_000,
            destination_port: 80,
            from,
            time: Time(0),
        }
    }

    /// Facts, operations, number of secrets.
    type Said = (Vec<String>, Vec<&'static str>, usize);

    fn said(session: &mut Http, mut octets: &[u8], from: End) -> Said {
        let mut all: Said = (Vec::new(), Vec::new(), 0);
        while let Frame::Message(length) = wire::frame(octets, Transport::Tcp) {
            let mut output = Output::default();
            session.message(&context(from), Octets::unplaced(&octets[..length]), &mut output).unwrap();
            all.0.extend(
                output.facts.iter().map(|fact| format!("{} {}={}", fact.station, fact.attribute, fact.value)),
            );
            all.1.extend(output.operations.iter().map(|operation| operation.name));
            all.2 += output.secrets.len();
            octets = &octets[length..];
        }
        all
    }

    #[test]
    fn both_ends_say_what_they_are() {
        let mut session = Http::default();
        let (facts, operations, secrets) =
            said(&mut session, include_bytes!("messages/login.bin"), End::Client);
        assert_eq!(facts, ["10.10.10.60 http.user_agent=Exemplum/7"]);
        assert_eq!((operations, secrets), (vec!["post"], 2), "the cookie and the form");
        let (facts, ..) = said(&mut session, include_bytes!("messages/page.bin"), End::Server);
        assert_eq!(facts, ["10.10.10.2 http.server=EX-WEB/2.1", "10.10.10.2 http.title=EX-7 Meter"]);
        assert!(said(&mut session, include_bytes!("messages/page.bin"), End::Server).0.is_empty());
        let (facts, ..) = said(&mut session, include_bytes!("messages/challenge.bin"), End::Server);
        assert_eq!(facts, ["10.10.10.2 http.realm=EX-7 Web"]);
    }

    #[test]
    fn ntlm_is_read_wherever_it_stands_and_its_proof_is_masked() {
        let mut session = Http::default();
        let octets = include_bytes!("messages/ntlm-client.bin");
        let (facts, operations, secrets) = said(&mut session, octets, End::Client);
        assert_eq!(
            facts,
            [
                "10.10.10.60 hostname=ENG1",
                "10.10.10.60 os_version=10.0.19045",
                "10.10.10.60 os=Windows 10 22H2",
                "10.10.10.60 hostname=ENG1",
                "10.10.10.60 os_version=5.1.2600",
                "10.10.10.60 os=Windows XP",
            ]
        );
        assert_eq!((operations.len(), secrets), (2, 3), "both responses and the key");
        let (facts, _, secrets) = said(&mut session, include_bytes!("messages/ntlm-server.bin"), End::Server);
        assert!(facts.contains(&"10.10.10.2 ntlm.dns_host_name=hist1.plant.example".to_owned()), "{facts:?}");
        assert_eq!(secrets, 0);
    }

    #[test]
    fn a_document_of_an_mtconnect_agent_is_read() {
        let (facts, ..) = said(&mut Http::default(), include_bytes!("messages/mtconnect.bin"), End::Server);
        let expected = "10.10.10.2 device=EX-MILL-0001 serial_number=MX77-0042".to_owned();
        assert!(facts.contains(&expected), "{facts:?}");
    }

    #[test]
    fn a_token_that_is_none_of_ntlm_is_secret_as_a_whole() {
        for value in ["Basic dXNlcjpwYXNz", "NTLM dXNlcjpwYXNz", "Negotiate !", "Bearer TlRMTVNTUAAB"] {
            let head = format!("GET / HTTP/1.1\r\nAuthorization: {value}\r\n\r\n");
            let pieces = [observation::Piece { at: 0, frame: 1, offset: 0 }];
            let mut output = Output::default();
            let octets = Octets::new(head.as_bytes(), &pieces);
            Http::default().message(&context(End::Client), octets, &mut output).unwrap();
            assert_eq!(output.secrets[0].ranges[0].length as usize, value.len(), "{value}");
        }
    }

    #[test]
    fn a_head_within_a_body_is_a_body() {
        let octets =
            b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\nHTTP/1.1 200 OK\r\nServer: fake/1\r\n\r\n";
        assert!(said(&mut Http::default(), octets, End::Server).0.is_empty());
    }

    #[test]
    fn what_comes_through_a_proxy_is_not_about_it() {
        let mut session = Http::default();
        said(&mut session, b"GET http://example.com/ HTTP/1.1\r\n\r\n", End::Client);
        assert!(said(&mut session, include_bytes!("messages/page.bin"), End::Server).0.is_empty());
    }

    #[test]
    fn something_else_on_the_port_is_handed_over() {
        let mut output = Output::default();
        Http::default()
            .message(&context(End::Client), Octets::unplaced(b"\x16\x03\x01\x02\0"), &mut output)
            .unwrap();
        assert!(output.hand_over && output.carries == Some("tcp"));
    }

    #[test]
    fn a_head_is_read_up_to_its_cut() {
        let octets = Octets::unplaced(b"HTTP/1.1 200 OK\r\nServer: EX-WEB/2.1\r\nX-Powered-By: EX").cut();
        let mut output = Output::default();
        let result = Http::default().message(&context(End::Server), octets, &mut output);
        assert_eq!((output.facts.len(), output.facts[0].value.as_str()), (1, "EX-WEB/2.1"));
        assert!(matches!(result.unwrap_err().problem, Problem::Truncated { .. }));
    }
}
