//! What a message says about its publisher, a merging unit.

use observation::{Basis, Octets, Rule, Rules, Transport, attribute};

use super::KIND;
use crate::ber::{self, Element};
use crate::process_bus::{self, Unit};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Probe, Reader, Session};

static IDENTIFIER: Rule = Rule { name: "sv-id", read: Rules::text };
static DATA_SET: Rule = Rule { name: "sv-data-set", read: Rules::text };
static DEVICE: Rule = Rule { name: "sv-logical-device", read: process_bus::logical_device };
static APP_ID: Rule = Rule { name: "sv-app-id", read: process_bus::app_id };
/// Identifier and configuration revision, two elements.
static REVISION: Rule = Rule { name: "sv-configuration-revision", read: process_bus::revision };
/// Identifier and sample rate, two elements.
static SAMPLE_RATE: Rule = Rule { name: "sv-sample-rate", read: process_bus::revision };
static SIMULATION: Rule = Rule {
    name: "sv-simulation",
    read: |octets| matches!(octets, [flag] if *flag != 0).then(|| "true".to_owned()),
};
static GRANDMASTER: Rule = Rule {
    name: "sv-grandmaster",
    read: |octets| Rules::hexadecimal(octets).filter(|_| octets.iter().any(|octet| *octet != 0)),
};

pub(super) const RULES: &[&Rule] =
    &[&IDENTIFIER, &DATA_SET, &DEVICE, &APP_ID, &REVISION, &SAMPLE_RATE, &SIMULATION, &GRANDMASTER];

/// Tag of the data unit: savPdu [APPLICATION 0].
const SAV_PDU: u8 = 0x60;
/// Tag of the list of application service data units.
const SEQUENCE_OF_ASDU: u8 = 0xa2;
/// Streams of one publisher at one group address whose messages cost only a look.
const STREAMS_MAX: usize = 16;
/// Data units of one message that are looked at when it is new.
const ASDUS_MAX: usize = 16;

/// Remembers what was said of each stream.
#[derive(Debug, Default)]
pub(super) struct SampledValues {
    told: Told<STREAMS_MAX>,
}

/// The elements of one application service data unit that stay the same from message to message.
#[derive(Debug, Default)]
struct Fixed<'a> {
    identifier: Option<Element<'a>>,
    data_set: Option<Element<'a>>,
    revision: Option<Element<'a>>,
    sample_rate: Option<Element<'a>>,
    grandmaster: Option<Element<'a>>,
}

impl<'a> Fixed<'a> {
    /// Reads the next data unit of a list; what is cut is none.
    fn read(list: &mut Reader<'a>) -> Result<Self, Malformed> {
        let (asdu, _) = Element::read_cut(list)?;
        let mut fixed = Self::default();
        let mut elements = asdu.elements();
        while asdu.tag.octet == ber::SEQUENCE && !elements.is_empty() {
            let (element, cut) = Element::read_cut(&mut elements)?;
            let place = match element.tag.octet {
                _ if cut > 0 => break,
                0x80 => &mut fixed.identifier,
                0x81 => &mut fixed.data_set,
                0x83 => &mut fixed.revision,
                0x86 => &mut fixed.sample_rate,
                0x89 => &mut fixed.grandmaster,
                _ => continue,
            };
            *place = Some(element);
        }
        Ok(fixed)
    }

    fn print(&self, unit: &Unit<'_>) -> Print {
        let elements =
            [&self.identifier, &self.data_set, &self.revision, &self.sample_rate, &self.grandmaster];
        let start = Print::new().with(unit.app_id.bytes).with(unit.simulation.bytes);
        elements.into_iter().flatten().fold(start, |print, element| print.with(element.whole.bytes))
    }
}

impl Session for SampledValues {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(unit) = KIND.open(message, context.transport)? else { return Ok(()) };
        let (list, missing) = asdus(&unit)?;
        let Some(mut list) = list else { return process_bus::cut(missing, unit.at) };
        // All data units of a message are of the same streams as before if the first is.
        let first = Fixed::read(&mut list)?;
        if self.told.is_new(first.print(&unit)) {
            output.fact(&context.source(), "sv.app_id", Basis::Stated, &APP_ID, unit.app_id);
            output.fact(&context.source(), "sv.simulation", Basis::Stated, &SIMULATION, unit.simulation);
            say(context, &first, output);
            for _ in 1..ASDUS_MAX {
                if list.is_empty() {
                    break;
                }
                let next = Fixed::read(&mut list)?;
                if self.told.is_new(next.print(&unit)) {
                    say(context, &next, output);
                }
            }
        }
        process_bus::cut(missing, unit.at)
    }
}

/// The list of application service data units, and how many octets are missing.
fn asdus<'a>(unit: &Unit<'a>) -> Result<(Option<Reader<'a>>, usize), Malformed> {
    let (mut elements, mut missing) = unit.elements(SAV_PDU, "savPdu")?;
    while !elements.is_empty() {
        let (element, cut) = Element::read_cut(&mut elements)?;
        missing = missing.max(cut);
        if element.tag.octet == SEQUENCE_OF_ASDU {
            return Ok((Some(element.elements()), missing));
        }
    }
    Ok((None, missing))
}

fn say(context: &Context, fixed: &Fixed<'_>, output: &mut Output<'_>) {
    let publisher = context.source();
    let values = [
        (&fixed.identifier, "sv.id", &IDENTIFIER),
        (&fixed.data_set, "sv.data_set", &DATA_SET),
        (&fixed.grandmaster, "sv.grandmaster", &GRANDMASTER),
    ];
    for (element, attribute, rule) in values {
        if let Some(element) = element {
            output.fact(&publisher, attribute, Basis::Stated, rule, element.contents);
        }
    }
    let Some(identifier) = &fixed.identifier else { return };
    let revisions = [
        (&fixed.revision, "sv.configuration_revision", &REVISION),
        (&fixed.sample_rate, "sv.sample_rate", &SAMPLE_RATE),
    ];
    for (element, attribute, rule) in revisions {
        if let Some(element) = element {
            output.fact_of(&publisher, attribute, Basis::Stated, rule, &[identifier.whole, element.whole]);
        }
    }
    // References stand in the data set, and in the identifier unless people chose another one.
    let reference = fixed.data_set.as_ref().unwrap_or(identifier);
    output.fact(&publisher, attribute::STATION_NAME, Basis::Inferred, &DEVICE, reference.contents);
}

/// Certain for a data unit with an identifier and a revision.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Ok(Some(unit)) = KIND.open(Octets::unplaced(octets), transport) else { return Probe::Foreign };
    match asdus(&unit) {
        Ok((Some(mut list), 0)) => match Fixed::read(&mut list) {
            Ok(Fixed { identifier: Some(_), revision: Some(_), .. }) => Probe::Certain,
            _ => Probe::Foreign,
        },
        _ => Probe::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use observation::{Address, End, Mac, Piece, Time};

    use super::*;

    const MESSAGE: &[u8] = include_bytes!("messages/ethernet.bin");

    fn say(
        values: &mut SampledValues,
        transport: Transport,
        message: &[u8],
    ) -> (Vec<String>, Option<String>) {
        let context = Context {
            source: Address::Mac(Mac([0, 0x30, 0xa7, 0x20, 0, 0x23])),
            destination: Address::Mac(Mac([1, 0x0c, 0xcd, 4, 0, 1])),
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: 0,
            destination_port: 0x88ba,
            from: End::Client,
            time: Time(0),
        };
        let pieces = [Piece { at: 0, frame: 1, offset: 14 }];
        let mut output = Output::default();
        let result = values.message(&context, Octets::new(message, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{} = {}", fact.attribute, fact.value));
        (facts.collect(), result.err().map(|malformed| malformed.to_string()))
    }

    #[test]
    fn a_merging_unit_says_who_it_is_once() {
        let mut values = SampledValues::default();
        let (facts, problem) = say(&mut values, Transport::Ethernet, MESSAGE);
        assert_eq!(
            facts,
            [
                "sv.app_id = 0x4001",
                "sv.id = BAY1MU01",
                "sv.data_set = BAY1MU01/LLN0$PhsMeas1",
                "sv.configuration_revision = BAY1MU01: 1",
                "sv.sample_rate = BAY1MU01: 80",
                "station_name = BAY1MU01",
            ]
        );
        assert_eq!(problem, None);
        let later = include_bytes!("messages/ethernet-later.bin");
        assert_eq!(say(&mut values, Transport::Ethernet, later), (Vec::new(), None));
    }

    #[test]
    fn several_streams_in_one_message_are_all_told() {
        let message = include_bytes!("messages/ethernet-two-streams.bin");
        let (facts, problem) = say(&mut SampledValues::default(), Transport::Ethernet, message);
        assert_eq!(
            facts,
            [
                "sv.app_id = 0x4002",
                "sv.simulation = true",
                "sv.id = MU-A",
                "sv.grandmaster = 00a0b1fffec2d3e4",
                "sv.configuration_revision = MU-A: 3",
                "sv.id = MU-B",
                "sv.configuration_revision = MU-B: 4",
            ]
        );
        assert_eq!(problem, None);
    }

    #[test]
    fn a_routed_stream_is_read_and_recognised() {
        let routed = include_bytes!("messages/routed-udp.bin");
        assert_eq!(say(&mut SampledValues::default(), Transport::Udp, routed).0.len(), 6);
        assert_eq!(probe(routed, Transport::Udp), Probe::Certain);
        assert_eq!(probe(MESSAGE, Transport::Ethernet), Probe::Certain);
        let goose = include_bytes!("../goose/messages/ethernet.bin");
        assert_eq!(probe(goose, Transport::Ethernet), Probe::Foreign);
        assert!(say(&mut SampledValues::default(), Transport::Ethernet, goose).1.is_some());
    }

    #[test]
    fn what_a_cut_message_still_says_is_said() {
        let (facts, problem) = say(&mut SampledValues::default(), Transport::Ethernet, &MESSAGE[..30]);
        assert_eq!(facts, ["sv.app_id = 0x4001", "sv.id = BAY1MU01"]);
        assert!(problem.is_some());
    }
}
