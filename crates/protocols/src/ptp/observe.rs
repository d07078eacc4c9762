//! What a message says of its sender's clock.

use observation::{Address, Basis, Octets, OperationKind, Station, attribute};

use super::wire::{Announce, Header, Header1, Management, action, kind};
use super::{description, rules};
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

/// Sayings that are not repeated: identity and announcement of both ends.
const REMEMBERED: usize = 4;

/// Remembers what was said, so that cyclic messages cost no more than a look.
#[derive(Debug, Default)]
pub(super) struct Ptp {
    told: Told<REMEMBERED>,
}

impl Session for Ptp {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if message.get(1) == Some(1) {
            return self.version_1(context, message, output);
        }
        let mut reader = Reader::new(message);
        let header = Header::parse(&mut reader)?;
        match header.kind {
            kind::ANNOUNCE => {
                self.sender(context, &header, output);
                self.announce(context, &header, &Announce::parse(&mut reader)?, output);
            }
            kind::MANAGEMENT => {
                let management = Management::parse(&mut reader)?;
                if !management.forwarded {
                    self.sender(context, &header, output);
                }
                return manage(context, message, &management, output);
            }
            kind::SIGNALING => {}
            _ => self.sender(context, &header, output),
        }
        Ok(())
    }
}

impl Ptp {
    /// Which clock sends, in every message.
    fn sender(&mut self, context: &Context, header: &Header<'_>, output: &mut Output<'_>) {
        let print =
            print(context).with(header.version.bytes).with(header.domain.bytes).with(header.clock.bytes);
        if !self.told.is_new(print) {
            return;
        }
        let source = context.source();
        let mut say = |name, rule, octets| output.fact(&source, name, Basis::Stated, rule, octets);
        say("ptp.version", &rules::VERSION, header.version);
        say("ptp.domain", &rules::DOMAIN, header.domain);
        say("ptp.clock_identity", &rules::CLOCK, header.clock);
        say(attribute::MAC_ADDRESS, &rules::CLOCK_MAC, header.clock);
    }

    fn announce(
        &mut self,
        context: &Context,
        header: &Header<'_>,
        announce: &Announce<'_>,
        output: &mut Output<'_>,
    ) {
        let Announce { priority_1, class, accuracy, priority_2, grandmaster, steps, source: time } =
            *announce;
        let print = [priority_1, class, accuracy, priority_2, grandmaster, steps, time]
            .iter()
            .fold(print(context).with(header.clock.bytes), |print, field| print.with(field.bytes));
        if !self.told.is_new(print) {
            return;
        }
        let source = context.source();
        let own = header.clock;
        output.fact_of(&source, "ptp.announces", Basis::Stated, &rules::ANNOUNCES, &[own, grandmaster]);
        output.fact(&source, "ptp.grandmaster", Basis::Stated, &rules::GRANDMASTER, grandmaster);
        output.fact(&source, "ptp.steps_removed", Basis::Stated, &rules::STEPS, steps);
        if own.bytes == grandmaster.bytes {
            output.fact(&source, "ptp.clock_class", Basis::Stated, &rules::CLASS, class);
            output.fact(&source, "ptp.clock_accuracy", Basis::Stated, &rules::ACCURACY, accuracy);
            output.fact_of(
                &source,
                "ptp.priorities",
                Basis::Stated,
                &rules::PRIORITIES,
                &[priority_1, priority_2],
            );
            output.fact(&source, "ptp.time_source", Basis::Stated, &rules::TIME_SOURCE, time);
        } else if let Some(mac) = rules::mac_of(grandmaster.bytes) {
            let top = Station::root(Address::Mac(mac), context.vlan);
            output.mentioned(top, source, "grandmaster of its time", grandmaster);
        }
    }

    /// The older version.
    fn version_1(
        &mut self,
        context: &Context,
        message: Octets<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let header = Header1::parse(message)?;
        let mac = header.mac.map(|mac| mac.bytes).unwrap_or_default();
        if self.told.is_new(print(context).with(header.subdomain.bytes).with(mac)) {
            let source = context.source();
            output.fact(&source, "ptp.version", Basis::Stated, &rules::VERSION, header.version);
            output.fact(&source, "ptp.domain", Basis::Stated, &rules::SUBDOMAIN, header.subdomain);
            if let Some(mac) = header.mac {
                output.fact(&source, attribute::MAC_ADDRESS, Basis::Stated, &rules::SOURCE_UUID, mac);
            }
        }
        Ok(())
    }
}

/// Of the end that sends.
fn print(context: &Context) -> Print {
    Print::new().with(&[context.from.index() as u8])
}

fn manage<'m>(
    context: &Context,
    message: Octets<'m>,
    management: &Management<'_>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let id = management.data.map(|(id, _)| id);
    match (management.action, management.data) {
        (action::GET, _) if id == Some(description::CLOCK_DESCRIPTION) => {
            output.operation(OperationKind::Identify, "get clock description", message);
        }
        (action::GET, _) => output.operation(OperationKind::Diagnostic, "management get", message),
        (action::SET, _) => output.operation(OperationKind::Program, "management set", message),
        (action::COMMAND, _) => output.operation(OperationKind::Control, "management command", message),
        (action::RESPONSE, Some((description::CLOCK_DESCRIPTION, data))) if !management.forwarded => {
            return description::read(&context.source(), data, output);
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use observation::{End, Transport};

    use super::*;

    fn said(messages: &[&[u8]]) -> (Vec<String>, Vec<&'static str>, usize) {
        let context = Context::of_test(End::Client, ("10.0.0.5", 320), ("224.0.1.129", 320), Transport::Udp);
        let mut session = Ptp::default();
        let (mut facts, mut operations, mut mentioned) = (Vec::new(), Vec::new(), 0);
        for octets in messages {
            let mut output = Output::default();
            assert_eq!(session.message(&context, Octets::unplaced(octets), &mut output), Ok(()));
            facts.extend(output.facts.iter().map(|fact| format!("{}={}", fact.attribute, fact.value)));
            operations.extend(output.operations.iter().map(|operation| operation.name));
            mentioned = output.mentioned.len().max(mentioned);
        }
        (facts, operations, mentioned)
    }

    const ANNOUNCE: &[u8] = include_bytes!("messages/announce-udp.bin");
    const SYNC: &[u8] = include_bytes!("messages/sync-ethernet.bin");

    #[test]
    fn a_grandmaster_says_how_good_its_clock_is_and_only_once() {
        let (facts, _, mentioned) = said(&[ANNOUNCE, ANNOUNCE]);
        assert_eq!(
            facts,
            [
                "ptp.version=2",
                "ptp.domain=0",
                "ptp.clock_identity=00:1b:1b:ff:fe:10:00:50",
                "mac_address=00:1b:1b:10:00:50",
                "ptp.announces=grandmaster",
                "ptp.grandmaster=00:1b:1b:ff:fe:10:00:50",
                "ptp.steps_removed=0",
                "ptp.clock_class=6 (locked to a primary reference)",
                "ptp.clock_accuracy=within 100 ns",
                "ptp.priorities=127, 128",
                "ptp.time_source=GPS",
            ]
        );
        assert_eq!(mentioned, 0);
    }

    #[test]
    fn a_boundary_clock_names_its_grandmaster() {
        let (facts, _, mentioned) = said(&[include_bytes!("messages/announce-boundary-ethernet.bin")]);
        assert_eq!(
            facts,
            [
                "ptp.version=2.1",
                "ptp.domain=3",
                "ptp.clock_identity=00:80:63:ff:fe:10:00:02",
                "mac_address=00:80:63:10:00:02",
                "ptp.announces=boundary clock",
                "ptp.grandmaster=00:1b:1b:ff:fe:10:00:50",
                "ptp.steps_removed=1",
            ]
        );
        assert_eq!(mentioned, 1);
    }

    #[test]
    fn cyclic_messages_name_their_sender_once() {
        let (facts, ..) = said(&[SYNC, SYNC, SYNC]);
        assert_eq!(facts.len(), 4);
        assert!(facts.contains(&"mac_address=00:1b:1b:10:00:50".to_owned()));
    }

    const DESCRIPTION: &[u8] = include_bytes!("messages/clock-description-udp.bin");

    #[test]
    fn a_clock_describes_itself_unless_another_passed_it_on() {
        let (facts, ..) = said(&[DESCRIPTION]);
        assert_eq!(
            facts.get(4..).unwrap_or_default(),
            [
                "mac_address=00:1b:1b:10:00:50",
                "ip_address=10.0.0.5",
                "vendor=Uhrwerk",
                "model=UC-7",
                "ptp.instance=4711",
                "hardware_revision=A1",
                "firmware_version=2.3",
                "software_version=2.3.9",
                "name=clock 1",
                "location=relay room",
            ]
        );
        let mut forwarded = DESCRIPTION.to_vec();
        forwarded[45] = 0;
        assert_eq!(said(&[&forwarded]).0.len(), 0);
    }

    #[test]
    fn requests_of_management_are_operations() {
        let mut set = include_bytes!("messages/get-clock-description-udp.bin").to_vec();
        assert_eq!(said(&[&set]).1, ["get clock description"]);
        set[46] = 1;
        assert_eq!(said(&[&set]).1, ["management set"]);
    }

    #[test]
    fn version_1_names_sender_and_domain() {
        let (facts, ..) = said(&[include_bytes!("messages/version-1-udp.bin")]);
        assert_eq!(facts, ["ptp.version=1", "ptp.domain=_DFLT", "mac_address=00:80:63:10:00:03"]);
    }

    #[test]
    fn a_message_that_is_cut_says_what_stands_before() {
        let context = Context::of_test(End::Client, ("10.0.0.5", 320), ("224.0.1.129", 320), Transport::Udp);
        let mut output = Output::default();
        let octets = Octets::unplaced(&ANNOUNCE[..50]).cut();
        assert!(Ptp::default().message(&context, octets, &mut output).is_err());
        assert_eq!(output.facts.len(), 4);
    }
}
