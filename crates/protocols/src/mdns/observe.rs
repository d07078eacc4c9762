//! What a message says of its sender, or of the one whose words it passes on.

use observation::{Address, Basis, Octets, OperationKind, Station, attribute};

use super::rules;
use crate::dns_message::{
    Header, Name, Question, Record, TYPE_HINFO, TYPE_PTR, TYPE_SRV, TYPE_TXT, is_inside, records,
};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

/// Messages that are not said again while they repeat.
const REMEMBERED: usize = 8;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Mdns {
    told: Told<REMEMBERED>,
}

impl Session for Mdns {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        if !header.response {
            output.operation(OperationKind::Identify, "query", message);
        }
        if !self.told.is_new(Print::new().with(message.tail(2).bytes)) {
            return Ok(());
        }
        for _ in 0..header.questions {
            Question::pass(&mut reader, message)?;
        }
        // Whom they are about shows when all have been read. A query repeats what others answered before (RFC 6762
        // section 7.1), and proposes own records as authorities (section 8.2).
        let mut own = Vec::new();
        if header.response {
            let count = header.answers.saturating_add(header.authorities).saturating_add(header.additional);
            records(&mut reader, message, count, |record| own.push(record))?;
        } else {
            records(&mut reader, message, header.answers, drop)?;
            records(&mut reader, message, header.authorities, |record| own.push(record))?;
        }
        let Some((station, basis)) = subject(context, header.response, &own) else { return Ok(()) };
        for record in &own {
            observe(context, &station, basis, record, message, output)?;
        }
        Ok(())
    }
}

/// Whom the records are about: the sender, if an address among them is its own or there is none; otherwise the owner
/// of the first address, whose words a reflector or proxy passes on.
fn subject(context: &Context, response: bool, records: &[Record<'_>]) -> Option<(Station, Basis)> {
    let mut addresses = records.iter().filter_map(Record::address).map(|(_, ip)| ip);
    let is_own = addresses.clone().any(|ip| Address::Ip(ip) == context.source);
    match addresses.find(|ip| is_inside(*ip) && Address::Ip(*ip).is_unicast()) {
        _ if is_own => Some((context.source(), Basis::Stated)),
        // Of another family than the frame, or of another host.
        Some(ip) if response => Some((Station::root(Address::Ip(ip), context.vlan), Basis::Reported)),
        None if response && !records.is_empty() => Some((context.source(), Basis::Stated)),
        _ => None,
    }
}

fn observe(
    context: &Context,
    station: &Station,
    basis: Basis,
    record: &Record<'_>,
    message: Octets<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let is_host = record.name.is_from(1, &["local"]);
    let mut data = record.data.clone();
    if let Some((octets, ip)) = record.address() {
        if is_host && let Some(name) = record.name.label(0) {
            output.fact(station, attribute::HOSTNAME, basis, &rules::LABEL, name);
        }
        if basis == Basis::Stated && Address::Ip(ip) != context.source && is_inside(ip) {
            output.fact(station, attribute::IP_ADDRESS, basis, &rules::ADDRESS, octets);
        }
        return Ok(());
    }
    match record.kind {
        TYPE_HINFO => {
            let processor = data.u8("length of the processor")?;
            let processor = data.take(processor.into(), "processor")?;
            let system = data.u8("length of the system")?;
            let system = data.take(system.into(), "system")?;
            output.fact(station, "mdns.processor", basis, &rules::ITEM, processor);
            output.fact(station, attribute::OS, basis, &rules::ITEM, system);
        }
        // `_services._dns-sd._udp` lists types, others their instances (RFC 6763 sections 4.1 and 9).
        TYPE_PTR => {
            let target = Name::read(&mut data, message)?;
            service(station, basis, &target, output);
        }
        TYPE_SRV => {
            data.skip(6, "priority, weight and port")?;
            let target = Name::read(&mut data, message)?;
            if target.is_from(1, &["local"])
                && let Some(name) = target.label(0)
            {
                output.fact(station, attribute::HOSTNAME, basis, &rules::LABEL, name);
            }
            service(station, basis, &record.name, output);
        }
        TYPE_TXT => {
            service(station, basis, &record.name, output);
            texts(station, basis, data, output)?;
        }
        _ => {}
    }
    Ok(())
}

/// An instance of a service: `HMI-1 [00:1b:1b:10:00:50]._workstation._tcp.local`, or a type without an instance.
fn service(station: &Station, basis: Basis, name: &Name<'_>, output: &mut Output<'_>) {
    let at = usize::from(!name.is_from(2, &["local"]));
    let (Some([application, transport]), true) =
        (name.0.get(at..at.saturating_add(2)), name.is_from(at.saturating_add(2), &["local"]))
    else {
        return;
    };
    let is_type = |label: &Octets<'_>| label.get(1) == Some(b'_');
    if !is_type(application) || !is_type(transport) {
        return;
    }
    output.fact_of(station, "mdns.service", basis, &rules::SERVICE, &[*application, *transport]);
    if let Some(instance) = name.label(0).filter(|_| at == 1) {
        output.fact(station, "mdns.instance", basis, &rules::LABEL, instance);
        if application.tail(1).bytes == b"_workstation" {
            output.fact(station, attribute::MAC_ADDRESS, basis, &rules::MAC, instance);
        }
    }
}

/// Keys and values (RFC 6763 section 6).
fn texts(
    station: &Station,
    basis: Basis,
    mut data: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    while !data.is_empty() {
        let length = data.u8("length of the text")?;
        let text = data.take(length.into(), "text")?;
        let Some(at) = text.bytes.iter().position(|octet| *octet == b'=') else { continue };
        let (key, value) = (text.head(at), text.tail(at.saturating_add(1)));
        let known = rules::KEYS.iter().find(|(known, ..)| key.bytes.eq_ignore_ascii_case(known.as_bytes()));
        if let Some((_, attribute, rule)) = known {
            output.fact(station, attribute, basis, rule, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::{End, Time, Transport};

    use super::*;

    fn said(octets: &[u8]) -> (Vec<String>, Result<(), Malformed>) {
        let context = Context {
            source: "10.10.10.50".parse().unwrap(),
            destination: "224.0.0.251".parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport: Transport::Udp,
            source_port: 5353,
            destination_port: 5353,
            from: End::Client,
            time: Time(0),
        };
        let mut output = Output::default();
        let result = Mdns::default().message(&context, Octets::unplaced(octets), &mut output);
        let facts = output.facts.iter().map(|fact| {
            format!("{} {} {}={}", fact.basis.as_str(), fact.station, fact.attribute, fact.value)
        });
        (facts.collect(), result)
    }

    #[test]
    fn a_host_announces_its_name_system_and_mac() {
        let (facts, result) = said(include_bytes!("messages/response-host.bin"));
        for fact in ["mdns.processor=X86_64", "os=LINUX", "hostname=HMI-TP1200"] {
            assert!(facts.contains(&format!("stated 10.10.10.50 {fact}")), "{fact}: {facts:?}");
        }
        assert_eq!(result, Ok(()));
        let (facts, _) = said(include_bytes!("messages/response-workstation.bin"));
        for fact in ["mdns.service=_workstation._tcp", "mac_address=00:1b:1b:10:00:50", "hostname=HMI-TP1200"]
        {
            assert!(facts.contains(&format!("stated 10.10.10.50 {fact}")), "{fact}: {facts:?}");
        }
        let (facts, _) = said(include_bytes!("messages/probe.bin"));
        assert!(facts.contains(&"stated 10.10.10.50 hostname=HMI-TP1200".to_owned()), "{facts:?}");
    }

    #[test]
    fn the_texts_of_a_service_say_what_the_device_is() {
        let (facts, _) = said(include_bytes!("messages/response-service.bin"));
        let facts: Vec<_> =
            facts.iter().map(|fact| fact.strip_prefix("stated 10.10.10.50 ").unwrap()).collect();
        for fact in [
            "mdns.service=_http._tcp",
            "mdns.instance=Exemplum Meter 7",
            "hostname=meter7",
            "model=EM-210",
            "vendor=Exemplum",
            "serial_number=LAB-7",
            "firmware_version=2.4.1",
            "mac_address=00:1b:1b:10:00:50",
            "ip_address=fe80::21b:1bff:fe10:50",
        ] {
            assert!(facts.contains(&fact), "{fact}: {facts:?}");
        }
        assert_eq!(
            said(include_bytes!("messages/response-device-info.bin")).0,
            [
                "stated 10.10.10.50 mdns.service=_device-info._tcp",
                "stated 10.10.10.50 mdns.instance=Office",
                "stated 10.10.10.50 model=EX-1,1"
            ]
        );
    }

    #[test]
    fn what_a_reflector_passes_on_is_not_its_own() {
        let (facts, _) = said(include_bytes!("messages/response-reflected.bin"));
        assert_eq!(
            facts,
            [
                "reported 10.10.10.77 hostname=other",
                "reported 10.10.10.77 mdns.service=_ssh._tcp",
                "reported 10.10.10.77 mdns.instance=other",
            ]
        );
    }

    #[test]
    fn half_a_message_says_nothing_as_its_subject_is_not_known() {
        let octets = include_bytes!("messages/response-service.bin");
        let (facts, result) = said(&octets[..octets.len() - 40]);
        assert!(facts.is_empty() && result.is_err());
    }
}
