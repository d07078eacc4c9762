//! What messages say: operations that are asked for, and who the ends are.

use observation::{Basis, Octets, Station, attribute};

use super::names::{self, Named};
use super::plates::{self, Asked, Part, Plate};
use super::rules;
use super::wire::{self, Name};
use crate::Output;
use crate::ber::{self, Element};

/// Variables of one request whose values are read.
const VARIABLES_MAX: usize = 16;
/// Domains told of from one list.
const DOMAINS_MAX: usize = 32;

/// What an answer will be about.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// Names of domains.
    Domains,
    /// The type of a plate, or of something that holds one.
    Type(Option<Plate>),
    /// Values, in the order of the request.
    Values(Vec<Option<Asked>>),
}

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Request {
    /// The operation.
    pub(super) named: Named,
    /// What its answer will be about, if that is read.
    pub(super) awaited: Option<Awaited>,
    /// Octets of the service in front of values that are written; all of them where nothing is written.
    pub(super) head: usize,
}

/// Parts of the name plates in their order, as far as the client has asked for the types.
#[derive(Clone, Debug, Default)]
pub(super) struct Layouts {
    physical: Vec<Option<Part>>,
    logical: Vec<Option<Part>>,
}

impl Layouts {
    fn of(&self, plate: Plate) -> &[Option<Part>] {
        match plate {
            Plate::Physical => &self.physical,
            Plate::Logical => &self.logical,
        }
    }
}

/// What was said once of a conversation and need not be said again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    tase2: bool,
    iec61850: bool,
}

/// What a confirmed request asks for. The first variable it names decides what a read or write is.
pub(super) fn request(
    service: &Element<'_>,
    server: &Station,
    said: &mut Said,
    output: &mut Output<'_>,
) -> Request {
    let mut request =
        Request { named: names::service(service.tag.number), awaited: None, head: service.whole.len() };
    match service.tag.number {
        wire::GET_NAME_LIST => {
            // Object class [0], basic [0] 9: domain.
            let class = service.find(0xa0).and_then(|class| class.find(0x80));
            request.awaited = class.filter(|class| class.number() == Some(9)).map(|_| Awaited::Domains);
        }
        wire::GET_VARIABLE_ACCESS_ATTRIBUTES => {
            let name = service.find(0xa0).and_then(|name| Element::read(&mut name.elements()).ok());
            let item = name.as_ref().and_then(Name::parse).map(|name| name.item);
            request.awaited = item.and_then(|item| plates::type_asked(item.bytes)).map(Awaited::Type);
        }
        wire::READ => {
            if let Some(list) = service.find(0xa1).and_then(|access| access.find(0xa0)) {
                read(&list, &mut request, server, said, output);
            }
        }
        wire::WRITE => {
            if let Some(list) = service.find(0xa0) {
                let first = wire::variables(&list).next().flatten();
                if let Some(name) = first {
                    request.named = names::written(name.item.bytes);
                    application(name.item, server, said, output);
                }
                let front = service.whole.len().saturating_sub(service.contents.len());
                request.head = front.saturating_add(list.whole.len());
            }
        }
        _ => {}
    }
    request
}

fn read(
    list: &Element<'_>,
    request: &mut Request,
    server: &Station,
    said: &mut Said,
    output: &mut Output<'_>,
) {
    for (index, name) in wire::variables(list).take(VARIABLES_MAX).enumerate() {
        let Some(name) = name else { continue };
        if index == 0 {
            request.named = names::read(name.item.bytes);
            application(name.item, server, said, output);
        }
        // Most reads are of process data, for which nothing is remembered.
        if let Some(asked) = Asked::of(name.item.bytes) {
            let Some(Awaited::Values(values)) =
                Some(request.awaited.get_or_insert_with(|| Awaited::Values(Vec::new())))
            else {
                continue;
            };
            values.resize(index, None);
            values.push(Some(asked));
        }
    }
}

/// Says once of what kind the names are that the server is asked for.
fn application(item: Octets<'_>, server: &Station, said: &mut Said, output: &mut Output<'_>) {
    let (told, rule) = if names::is_tase2(item.bytes) {
        (&mut said.tase2, &rules::TASE2)
    } else if names::is_iec61850(item.bytes) {
        (&mut said.iec61850, &rules::IEC61850)
    } else {
        return;
    };
    if !std::mem::replace(told, true) {
        output.fact(server, "mms.application", Basis::Reported, rule, item);
    }
}

/// Says what an answer tells of the server.
pub(super) fn response(
    service: &Element<'_>,
    awaited: Option<Awaited>,
    layouts: &mut Layouts,
    server: &Station,
    output: &mut Output<'_>,
) {
    match (service.tag.number, awaited) {
        (wire::IDENTIFY, _) => identify(service, server, output),
        (wire::GET_NAME_LIST, Some(Awaited::Domains)) => {
            let Some(list) = service.find(0xa0) else { return };
            let mut names = list.elements();
            for _ in 0..DOMAINS_MAX {
                let Ok(name) = Element::expect(&mut names, ber::VISIBLE_STRING, "domain") else { break };
                output.fact(server, "mms.logical_device", Basis::Stated, &rules::DOMAIN, name.contents);
            }
            let all = list.contents;
            output.fact(server, attribute::STATION_NAME, Basis::Inferred, &rules::DEVICE_OF_LIST, all);
        }
        (wire::GET_VARIABLE_ACCESS_ATTRIBUTES, Some(Awaited::Type(plate))) => {
            // Deletable [0], address [1], type [2].
            let Some(description) = service.find(0xa2) else { return };
            let Ok(inner) = Element::read(&mut description.elements()) else { return };
            plates::in_type(plate, &inner, &mut |plate, parts| match plate {
                Plate::Physical => layouts.physical = parts,
                Plate::Logical => layouts.logical = parts,
            });
        }
        (wire::READ, Some(Awaited::Values(asked))) => {
            let Some(list) = service.find(0xa1) else { return };
            let mut values = list.elements();
            for asked in asked {
                let Ok(value) = Element::read(&mut values) else { break };
                match asked {
                    Some(Asked::One(part)) => plate_part(part, &value, server, output),
                    Some(Asked::Whole(which)) => plate(which, &value, layouts, server, output),
                    Some(Asked::BilateralTable) if is_text(&value) => {
                        let (name, rule) = ("mms.bilateral_table", &rules::BILATERAL_TABLE);
                        output.fact(server, name, Basis::Stated, rule, value.contents);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn identify(service: &Element<'_>, server: &Station, output: &mut Output<'_>) {
    let fields = [
        (0x80, attribute::VENDOR, &rules::VENDOR),
        (0x81, attribute::MODEL, &rules::MODEL),
        (0x82, attribute::SOFTWARE_VERSION, &rules::REVISION),
        (0x82, "mms.revision", &rules::REVISION),
    ];
    for (tag, attribute, rule) in fields {
        if let Some(field) = service.find(tag) {
            output.fact(server, attribute, Basis::Stated, rule, field.contents);
        }
    }
}

/// Visible strings and strings of MMS.
fn is_text(value: &Element<'_>) -> bool {
    matches!(value.tag.octet, 0x8a | 0x90)
}

fn plate_part(part: Part, value: &Element<'_>, server: &Station, output: &mut Output<'_>) {
    if is_text(value) {
        output.fact(server, part.attribute, Basis::Stated, part.rule, value.contents);
    }
}

/// A whole plate: its parts in the order in which their names were listed; without that only the first is certain.
fn plate(which: Plate, value: &Element<'_>, layouts: &Layouts, server: &Station, output: &mut Output<'_>) {
    if value.tag.octet != 0xa2 {
        return;
    }
    let layout = layouts.of(which);
    let first = [which.first()];
    let parts = if layout.is_empty() { first.as_slice() } else { layout };
    let mut values = value.elements();
    for part in parts {
        let Ok(value) = Element::read(&mut values) else { return };
        if let Some(part) = part {
            plate_part(*part, &value, server, output);
        }
    }
}

/// What a report names: its identifier, which by default is a reference, or the data set it is of.
pub(super) fn reported<'a>(pdu: &Element<'a>) -> Option<Octets<'a>> {
    let report = pdu.find(0xa0)?;
    let mut parts = report.elements();
    let specification = Element::read(&mut parts).ok()?;
    let list = Element::read(&mut parts).ok().filter(|list| list.tag.octet == 0xa0)?;
    // Only reports name the variable RPT of the device as a whole (IEC 61850-8-1, 17.2.2).
    let name = (specification.tag.octet == 0xa1)
        .then(|| Element::read(&mut specification.elements()).ok())
        .flatten()?;
    let is_report = (name.tag.octet, name.contents.bytes) == (0x80, b"RPT");
    let first = Element::read(&mut list.elements()).ok()?;
    (is_report && first.tag.octet == 0x8a).then_some(first.contents)
}

/// Says who reports.
pub(super) fn report(reference: Octets<'_>, server: &Station, output: &mut Output<'_>) {
    let rule = &rules::REFERENCE_DEVICE;
    output.fact(server, "mms.logical_device", Basis::Stated, rule, reference);
    // The name of a logical device begins with that of its device, and most devices name one only in their reports.
    output.fact(server, attribute::STATION_NAME, Basis::Inferred, rule, reference);
}

/// Says the titles of application processes that an association names, and marks what proves who associates.
pub(super) fn association(
    association: &Element<'_>,
    source: &Station,
    destination: &Station,
    output: &mut Output<'_>,
) {
    // Titles by tag: request: called [2], calling [6]; response: responding [4]. Authentication: [12] and [10].
    let (titles, proof): (&[(u8, &Station, Basis)], u8) = match association.tag.octet {
        0x60 => (&[(0xa6, source, Basis::Stated), (0xa2, destination, Basis::Reported)], 0xac),
        0x61 => (&[(0xa4, source, Basis::Stated)], 0xaa),
        _ => return,
    };
    for (tag, station, basis) in titles {
        let title = association.find(*tag).and_then(|title| title.find(ber::OBJECT_IDENTIFIER));
        if let Some(title) = title {
            output.fact(station, "mms.ap_title", *basis, &rules::AP_TITLE, title.contents);
        }
    }
    if let Some(proof) = association.find(proof) {
        output.secret(proof.contents);
    }
}
