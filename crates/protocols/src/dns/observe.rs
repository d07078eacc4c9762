//! What questions and answers say.

use std::net::IpAddr;

use observation::{
    Address, Basis, Octets, OperationKind, Rule, Service, ServiceKind, Station, Transport, attribute,
};

use super::wire::LENGTH;
use crate::dns_message::{
    self, Header, NOTIFY, Name, QUERY, Question, Record, TYPE_AXFR, TYPE_PTR, UPDATE, is_inside, records,
};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

static NAME: Rule = Rule { name: "dns-name", read: dns_message::text };
static REMOTE_ACCESS: Rule =
    Rule { name: "dns-remote-access", read: |octets| service(octets, ServiceKind::RemoteAccess) };
static CLOUD: Rule = Rule { name: "dns-cloud", read: |octets| service(octets, ServiceKind::Cloud) };
static AI: Rule = Rule { name: "dns-ai", read: |octets| service(octets, ServiceKind::Ai) };
static KNOWN: Rule = Rule {
    name: "dns-query",
    read: |octets| dns_message::text(octets).filter(|name| Service::of_host(name).is_some()),
};

pub(super) const RULES: &[&Rule] = &[&NAME, &REMOTE_ACCESS, &CLOUD, &AI, &KNOWN];

fn service(octets: &[u8], kind: ServiceKind) -> Option<String> {
    let service = Service::of_host(&dns_message::text(octets)?)?;
    (service.kind == kind).then(|| service.name.to_owned())
}

/// Messages that are not said again while they repeat.
const REMEMBERED: usize = 12;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Dns {
    told: Told<REMEMBERED>,
}

impl Session for Dns {
    fn stands_alone(&self) -> bool {
        true
    }

    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = if context.transport == Transport::Tcp { message.tail(LENGTH) } else { message };
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        output.server_is = Some(if header.response { context.from } else { context.from.other() });
        // What a question is about is read once: for the operation, and for what it says of who asks.
        let question =
            (!header.response && header.questions > 0).then(|| Question::read(&mut reader, message));
        if !header.response {
            let kind = question.as_ref().and_then(|question| question.as_ref().ok()).map(|asked| asked.kind);
            operation(&header, kind, message, output);
        }
        // The same but for its number says nothing new.
        let side = [u8::from(header.response)];
        if !self.told.is_new(Print::new().with(&side).with(message.tail(2).bytes)) {
            return Ok(());
        }
        if let Some(question) = question.transpose()? {
            if header.opcode == QUERY {
                asks(&context.source(), &question, message, output);
            }
        } else if header.questions > 0 {
            Question::pass(&mut reader, message)?;
        }
        if header.response && header.rcode == 0 && header.opcode == QUERY {
            return records(&mut reader, message, header.answers, |record| {
                answer(context, &record, message, output)
            });
        }
        if !header.response && header.opcode == UPDATE {
            records(&mut reader, message, header.answers, drop)?;
            return records(&mut reader, message, header.authorities, |record| {
                update(context, &record, output)
            });
        }
        Ok(())
    }
}

/// What a message asks for; `kind` is the type of its first question, if that could be read.
fn operation<'m>(header: &Header, kind: Option<u16>, message: Octets<'m>, output: &mut Output<'m>) {
    let (kind, name) = match header.opcode {
        UPDATE => (OperationKind::Write, "update"),
        NOTIFY => (OperationKind::Diagnostic, "notify"),
        // Transfers ask one question and nothing else (RFC 5936 section 2.1).
        _ if header.questions == 1 && header.answers == 0 && kind == Some(TYPE_AXFR) => {
            (OperationKind::Read, "zone transfer")
        }
        _ => (OperationKind::Read, "query"),
    };
    output.operation(kind, name, message);
}

/// Who asks for a portal, a cloud or an AI service depends on it.
fn asks(client: &Station, question: &Question<'_>, message: Octets<'_>, output: &mut Output<'_>) {
    if Service::is_surely_none_at_end(question.end) {
        return;
    }
    let name = question.name(message);
    if Service::is_surely_none(name.0.iter().map(|label| label.bytes)) {
        return;
    }
    let uses = [
        ("dns.remote_access", &REMOTE_ACCESS),
        ("dns.cloud", &CLOUD),
        ("dns.ai", &AI),
        ("dns.query", &KNOWN),
    ];
    for (attribute, rule) in uses {
        output.fact_of(client, attribute, Basis::Inferred, rule, &name.0);
    }
}

/// What a server says of others.
fn answer(context: &Context, record: &Record<'_>, message: Octets<'_>, output: &mut Output<'_>) {
    let target;
    let said = match (record.address(), record.kind) {
        (Some((_, ip)), _) => Some((ip, &record.name)),
        (None, TYPE_PTR) => {
            target = Name::read(&mut record.data.clone(), message).ok();
            record.name.reversed_address().zip(target.as_ref())
        }
        _ => None,
    };
    if let Some((ip, name)) = said.filter(|(ip, _)| is_host(*ip)) {
        let station = Station::root(Address::Ip(ip), context.vlan);
        output.fact_of(&station, attribute::HOSTNAME, Basis::Reported, &NAME, &name.0);
    }
}

/// A host registers its own name (RFC 2136 section 2.5.1).
fn update(context: &Context, record: &Record<'_>, output: &mut Output<'_>) {
    if record.address().is_some_and(|(_, ip)| Address::Ip(ip) == context.source) {
        output.fact_of(&context.source(), attribute::HOSTNAME, Basis::Stated, &NAME, &record.name.0);
    }
}

/// True for addresses of single hosts inside.
fn is_host(ip: IpAddr) -> bool {
    is_inside(ip) && Address::Ip(ip).is_unicast()
}

#[cfg(test)]
mod tests {
    use observation::{End, Time};

    use super::*;

    fn said(
        octets: &[u8],
        from: End,
        transport: Transport,
    ) -> (Vec<String>, Vec<&'static str>, Result<(), Malformed>) {
        let (source, destination) = if from == End::Client {
            ("10.10.30.10", "192.168.99.5")
        } else {
            ("192.168.99.5", "10.10.30.10")
        };
        let context = Context {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: 50_000,
            destination_port: 53,
            from,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = Dns::default().message(&context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.basis.as_str(), fact.station, fact.attribute, fact.value)
        });
        (facts.collect(), output.operations.iter().map(|operation| operation.name).collect(), result)
    }

    #[test]
    fn answers_name_hosts_inside_and_none_outside() {
        let (facts, operations, result) =
            said(include_bytes!("messages/answer-udp.bin"), End::Server, Transport::Udp);
        assert_eq!(facts, ["reported 10.10.30.10 hostname=hist1.corp.example"]);
        assert_eq!((operations.len(), result), (0, Ok(())));
        let (facts, ..) = said(include_bytes!("messages/answer-tcp.bin"), End::Server, Transport::Tcp);
        assert_eq!(
            facts,
            [
                "reported 10.10.10.2 hostname=plc1.plant.example",
                "reported fd00::2 hostname=plc1.plant.example"
            ]
        );
        let (facts, ..) = said(include_bytes!("messages/reverse-udp.bin"), End::Server, Transport::Udp);
        assert_eq!(facts, ["reported 10.10.10.50 hostname=hmi1.plant.example"]);
    }

    #[test]
    fn only_portals_that_are_asked_for_are_said() {
        let (facts, operations, _) =
            said(include_bytes!("messages/query-udp.bin"), End::Client, Transport::Udp);
        assert_eq!((facts.len(), operations), (0, vec!["query"]));
        let (facts, ..) = said(include_bytes!("messages/query-portal-udp.bin"), End::Client, Transport::Udp);
        assert_eq!(
            facts,
            [
                "inferred 10.10.30.10 dns.remote_access=TeamViewer",
                "inferred 10.10.30.10 dns.query=router7.teamviewer.com"
            ]
        );
    }

    #[test]
    fn a_host_that_registers_its_name_states_it() {
        let (facts, operations, _) =
            said(include_bytes!("messages/update-udp.bin"), End::Client, Transport::Udp);
        assert_eq!(
            (facts, operations),
            (vec!["stated 10.10.30.10 hostname=hist1.plant.example".to_owned()], vec!["update"])
        );
    }

    #[test]
    fn what_stands_before_the_cut_is_said() {
        let octets = include_bytes!("messages/answer-tcp.bin");
        let (facts, _, result) = said(&octets[..octets.len() - 3], End::Server, Transport::Tcp);
        assert_eq!(facts, ["reported 10.10.10.2 hostname=plc1.plant.example"]);
        assert_eq!(result.unwrap_err().what, "data");
    }
}
