//! What a message says about its publisher.

use observation::{Basis, Octets, Rule, Rules, Transport, attribute};

use super::KIND;
use crate::ber::Element;
use crate::process_bus::{self, Unit};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Probe, Session};

static CONTROL_BLOCK: Rule = Rule { name: "goose-control-block", read: Rules::text };
static DATA_SET: Rule = Rule { name: "goose-data-set", read: Rules::text };
static IDENTIFIER: Rule = Rule { name: "goose-id", read: Rules::text };
static DEVICE: Rule = Rule { name: "goose-logical-device", read: process_bus::logical_device };
static APP_ID: Rule = Rule { name: "goose-app-id", read: process_bus::app_id };
/// Control block and configuration revision, two elements.
static REVISION: Rule = Rule { name: "goose-configuration-revision", read: process_bus::revision };
static SIMULATION: Rule = Rule { name: "goose-simulation", read: is_set };
static COMMISSIONING: Rule = Rule { name: "goose-needs-commissioning", read: is_set };

pub(super) const RULES: &[&Rule] =
    &[&CONTROL_BLOCK, &DATA_SET, &IDENTIFIER, &DEVICE, &APP_ID, &REVISION, &SIMULATION, &COMMISSIONING];

/// Tag of the data unit: goosePdu [APPLICATION 1].
const GOOSE_PDU: u8 = 0x61;
/// Tag of the data unit of GSE management, which is left alone: gseMngtPdu [APPLICATION 0].
const MANAGEMENT_PDU: u8 = 0x60;
/// Control blocks of one publisher at one group address whose messages cost only a look.
const BLOCKS_MAX: usize = 32;

/// Remembers what was said of each control block.
#[derive(Debug, Default)]
pub(super) struct Goose {
    told: Told<BLOCKS_MAX>,
}

/// The elements of a data unit that stay the same from message to message.
#[derive(Debug, Default)]
struct Fixed<'a> {
    control_block: Option<Element<'a>>,
    data_set: Option<Element<'a>>,
    identifier: Option<Element<'a>>,
    simulation: Option<Element<'a>>,
    revision: Option<Element<'a>>,
    commissioning: Option<Element<'a>>,
}

impl<'a> Fixed<'a> {
    /// Reads the elements in front of the data; what is missing is none.
    ///
    /// # Errors
    ///
    /// Fails where an element is cut short.
    fn read(unit: &Unit<'a>) -> (Self, Result<(), Malformed>) {
        let mut fixed = Self::default();
        let result = unit.elements(GOOSE_PDU, "goosePdu").and_then(|(mut elements, missing)| {
            while !elements.is_empty() {
                let (element, cut) = Element::read_cut(&mut elements)?;
                let place = match element.tag.octet {
                    // A text that is cut would name another.
                    _ if cut > 0 => break,
                    0x80 => &mut fixed.control_block,
                    0x82 => &mut fixed.data_set,
                    0x83 => &mut fixed.identifier,
                    0x87 => &mut fixed.simulation,
                    0x88 => &mut fixed.revision,
                    0x89 => &mut fixed.commissioning,
                    _ => continue,
                };
                *place = Some(element);
            }
            process_bus::cut(missing, unit.at)
        });
        (fixed, result)
    }

    fn print(&self, unit: &Unit<'_>) -> Print {
        let elements = [
            &self.control_block,
            &self.data_set,
            &self.identifier,
            &self.simulation,
            &self.revision,
            &self.commissioning,
        ];
        let start = Print::new().with(unit.app_id.bytes).with(unit.simulation.bytes);
        elements.into_iter().flatten().fold(start, |print, element| print.with(element.whole.bytes))
    }
}

impl Session for Goose {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(unit) = KIND.open(message, context.transport)? else { return Ok(()) };
        if unit.pdu.get(0) == Some(MANAGEMENT_PDU) {
            return Ok(());
        }
        let (fixed, result) = Fixed::read(&unit);
        if self.told.is_new(fixed.print(&unit)) {
            say(context, &unit, &fixed, output);
        }
        result
    }
}

fn say(context: &Context, unit: &Unit<'_>, fixed: &Fixed<'_>, output: &mut Output<'_>) {
    let publisher = context.source();
    let texts = [
        (&fixed.control_block, "goose.control_block", &CONTROL_BLOCK),
        (&fixed.data_set, "goose.data_set", &DATA_SET),
        (&fixed.identifier, "goose.id", &IDENTIFIER),
        (&fixed.simulation, "goose.simulation", &SIMULATION),
        (&fixed.commissioning, "goose.needs_commissioning", &COMMISSIONING),
    ];
    for (element, attribute, rule) in texts {
        if let Some(element) = element {
            output.fact(&publisher, attribute, Basis::Stated, rule, element.contents);
        }
    }
    let Some(block) = &fixed.control_block else { return };
    output.fact(&publisher, "goose.app_id", Basis::Stated, &APP_ID, unit.app_id);
    // The name of a logical device begins with that of its device.
    output.fact(&publisher, attribute::STATION_NAME, Basis::Inferred, &DEVICE, block.contents);
    if let Some(revision) = &fixed.revision {
        let elements = [block.whole, revision.whole];
        let attribute = "goose.configuration_revision";
        output.fact_of(&publisher, attribute, Basis::Stated, &REVISION, &elements);
    }
    // In the header since edition 2.
    output.fact(&publisher, "goose.simulation", Basis::Stated, &SIMULATION, unit.simulation);
}

/// `true` for a flag that is set; one that is not says nothing.
fn is_set(octets: &[u8]) -> Option<String> {
    matches!(octets, [flag] if *flag != 0).then(|| "true".to_owned())
}

/// Certain for a data unit with control block and data set on Ethernet, and for a routed session.
pub(super) fn probe(octets: &[u8], transport: Transport) -> Probe {
    let Ok(Some(unit)) = KIND.open(Octets::unplaced(octets), transport) else { return Probe::Foreign };
    match Fixed::read(&unit) {
        (Fixed { control_block: Some(_), data_set: Some(_), .. }, Ok(())) => Probe::Certain,
        _ => Probe::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use observation::{Address, End, Mac, Piece, Time};

    use super::*;

    const RECORDED: &[u8] = include_bytes!("messages/ethernet.bin");
    const ROUTED: &[u8] = include_bytes!("messages/routed-udp.bin");

    fn context(transport: Transport) -> Context {
        let (source, destination) = match transport {
            Transport::Udp => ("10.1.1.1".parse().unwrap(), "239.0.0.1".parse().unwrap()),
            _ => (
                Address::Mac(Mac([0, 0x30, 0xa7, 0x20, 0, 0x23])),
                Address::Mac(Mac([1, 0x0c, 0xcd, 1, 0, 1])),
            ),
        };
        Context {
            source,
            destination,
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: 0,
            destination_port: 0x88b8,
            from: End::Client,
            time: Time(0),
        }
    }

    fn say(goose: &mut Goose, transport: Transport, message: &[u8]) -> (Vec<String>, Option<String>) {
        let pieces = [Piece { at: 0, frame: 1, offset: 14 }];
        let mut output = Output::default();
        let result = goose.message(&context(transport), Octets::new(message, &pieces), &mut output);
        let facts = output.facts.iter().map(|fact| format!("{} = {}", fact.attribute, fact.value));
        (facts.collect(), result.err().map(|malformed| malformed.to_string()))
    }

    #[test]
    fn a_publisher_says_who_it_is_once() {
        let mut goose = Goose::default();
        let (facts, problem) = say(&mut goose, Transport::Ethernet, RECORDED);
        assert_eq!(
            facts,
            [
                "goose.control_block = SEL421ACFG/LLN0$GO$gcb01",
                "goose.data_set = SEL421ACFG/LLN0$GOOSE1",
                "goose.id = SEL421A_TRIP",
                "goose.app_id = 0x1000",
                "station_name = SEL421ACFG",
                "goose.configuration_revision = SEL421ACFG/LLN0$GO$gcb01: 1",
            ]
        );
        assert_eq!(problem, None);
        let (facts, _) = say(&mut goose, Transport::Ethernet, include_bytes!("messages/ethernet-later.bin"));
        assert!(facts.is_empty(), "{facts:?}");
    }

    #[test]
    fn simulation_commissioning_and_another_revision_are_news() {
        let mut goose = Goose::default();
        say(&mut goose, Transport::Ethernet, RECORDED);
        let (facts, problem) =
            say(&mut goose, Transport::Ethernet, include_bytes!("messages/ethernet-simulated.bin"));
        assert_eq!(problem, None);
        for fact in [
            "goose.simulation = true",
            "goose.needs_commissioning = true",
            "goose.configuration_revision = SEL421ACFG/LLN0$GO$gcb01: 2",
        ] {
            assert!(facts.iter().any(|said| said == fact), "{fact} is not in {facts:?}");
        }
    }

    #[test]
    fn a_routed_publisher_is_read_the_same_way() {
        let (facts, problem) = say(&mut Goose::default(), Transport::Udp, ROUTED);
        assert_eq!((facts.len(), problem), (6, None), "{facts:?}");
        assert_eq!(probe(ROUTED, Transport::Udp), Probe::Certain);
        assert_eq!(probe(RECORDED, Transport::Ethernet), Probe::Certain);
        assert_eq!(probe(RECORDED, Transport::Udp), Probe::Foreign);
    }

    #[test]
    fn what_a_cut_message_still_says_is_said() {
        let (facts, problem) = say(&mut Goose::default(), Transport::Ethernet, &RECORDED[..50]);
        assert_eq!(
            facts,
            [
                "goose.control_block = SEL421ACFG/LLN0$GO$gcb01",
                "goose.app_id = 0x1000",
                "station_name = SEL421ACFG"
            ]
        );
        assert_eq!(problem.as_deref(), Some("APDU at octet 8: 66 octets missing"));
    }

    #[test]
    fn rubbish_and_management_say_nothing() {
        let (facts, problem) =
            say(&mut Goose::default(), Transport::Ethernet, &[0, 1, 0, 12, 0, 0, 0, 0, 0x62, 2, 1, 1]);
        assert!(facts.is_empty() && problem.is_some());
        let (facts, problem) =
            say(&mut Goose::default(), Transport::Ethernet, &[0, 1, 0, 12, 0, 0, 0, 0, 0x60, 2, 1, 1]);
        assert!(facts.is_empty() && problem.is_none());
    }
}
