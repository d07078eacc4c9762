//! One conversation: services are paired with their answers, which name neither service nor table.

use observation::{Basis, Octets, Position, Station, attribute};

use super::acse::Acse;
use super::epsem::{self, Service};
use super::rules;
use crate::pending::Pending;
use crate::told::{Print, Told};
use crate::{Context, Malformed, Output, Reader, Session};

/// Messages that wait for their answer; the oldest goes first.
const ASKED_MAX: usize = 8;

/// AP titles that one conversation remembers; those beyond are said again.
const TITLES_MAX: usize = 64;

/// Tables that are read.
const MANUFACTURER: u16 = 1;
const DEVICE_IDENTIFICATION: u16 = 5;

/// Octets of table 1 before the serial number: maker, model, versions.
const BEFORE_SERIAL: usize = 16;

/// Octets of a serial number in digits, two to an octet.
const SERIAL_BCD: usize = 8;

/// What a message asked: the code and table of each of its services.
type Asked = Vec<(u8, Option<u16>)>;

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct C1222 {
    /// By the number of the message.
    asked: Pending<Option<u32>, Asked, ASKED_MAX>,
    /// AP titles that were said.
    titles: Told<TITLES_MAX>,
}

impl Session for C1222 {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let acse = Acse::parse(message)?;
        let Some(epsem) = acse.epsem else { return Ok(()) };
        let services = epsem::services(epsem)?;
        let answers = match services.first() {
            Some(Ok(service)) => service.is_answer(),
            Some(Err(malformed)) => return Err(malformed.clone()),
            None => {
                // Encrypted: the ports tell who asks.
                self.title(context, context.from == observation::End::Server, acse.calling_title, output);
                return Ok(());
            }
        };
        output.server_is = Some(if answers { context.from } else { context.from.other() });
        let sender = self.title(context, answers, acse.calling_title, output);
        if answers {
            self.answer(&sender, acse.invocation, services, output)
        } else {
            self.request(acse.invocation, services, output)
        }
    }

    fn gap(&mut self, _: observation::End) {
        self.asked.clear();
    }
}

impl C1222 {
    /// Says the title of the sender, and which station it stands for: that of the title, if it answers.
    fn title<'m>(
        &mut self,
        context: &Context,
        answers: bool,
        title: Option<Octets<'m>>,
        output: &mut Output<'m>,
    ) -> Station {
        let sender = context.source();
        let Some((octets, text)) = title.and_then(|title| Some((title, rules::title(title.bytes)?))) else {
            return sender;
        };
        let station = if answers { sender.below([Position::new("unit", text)]) } else { sender };
        let print = Print::of_day(context.time.day()).with(&[u8::from(answers)]).with(octets.bytes);
        if self.titles.is_new(print) {
            output.fact(&station, "c1222.ap_title", Basis::Stated, &rules::TITLE, octets);
            if answers {
                output.spoke(station.clone());
            }
        }
        station
    }

    fn request<'m>(
        &mut self,
        invocation: Option<u32>,
        services: Vec<Result<Service<'m>, Malformed>>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let mut asked = Vec::new();
        for service in services {
            let service = service?;
            let (kind, name) = service.operation();
            output.operation(kind, name, service.octets.head(3));
            if service.is_secret() {
                output.secret(service.octets.tail(1));
            }
            asked.push((service.code, service.table()));
        }
        self.asked.ask(invocation, asked, output);
        Ok(())
    }

    fn answer<'m>(
        &mut self,
        station: &Station,
        invocation: Option<u32>,
        services: Vec<Result<Service<'m>, Malformed>>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(asked) = self.asked.take(&invocation) else { return Ok(()) };
        for ((code, table), service) in asked.into_iter().zip(services) {
            let service = service?;
            if service.code != 0 {
                continue;
            }
            match (code, table) {
                (0x20, _) => {
                    let mut data = service.data;
                    let standard = data.take(3, "standard")?;
                    output.fact(station, "c1222.standard", Basis::Stated, &rules::STANDARD, standard);
                }
                (0x30, Some(MANUFACTURER)) => manufacturer(station, table_data(service.data)?, output)?,
                (0x30, Some(DEVICE_IDENTIFICATION)) => {
                    let data = table_data(service.data)?.rest();
                    output.fact(station, "c1222.identification", Basis::Stated, &rules::TEXT, data);
                }
                _ => (),
            }
        }
        Ok(())
    }
}

/// The data of an answer to a read: the number of octets, the octets, a check.
fn table_data(mut data: Reader<'_>) -> Result<Reader<'_>, Malformed> {
    let length = data.u16_be("number of octets")?;
    data.sub(length.into(), "table")
}

/// Table 1: maker, model, hardware and firmware version, serial number in characters or digits.
fn manufacturer<'m>(
    station: &Station,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    let serial =
        if data.remaining() == BEFORE_SERIAL.saturating_add(SERIAL_BCD) { &rules::BCD } else { &rules::TEXT };
    let mut says = |attribute, rule, octets| output.fact(station, attribute, Basis::Stated, rule, octets);
    says(attribute::VENDOR, &rules::TEXT, data.take(4, "manufacturer")?);
    says(attribute::MODEL, &rules::TEXT, data.take(8, "model")?);
    says(attribute::HARDWARE_REVISION, &rules::VERSION, data.take(2, "hardware version")?);
    says(attribute::FIRMWARE_VERSION, &rules::VERSION, data.take(2, "firmware version")?);
    says(attribute::SERIAL_NUMBER, serial, data.rest());
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{End, OperationKind, Transport};

    use super::super::PROTOCOL;
    use crate::trial::{self, Heard};

    fn hear(messages: &[(End, &[u8])]) -> Heard {
        let heard = trial::hear(&PROTOCOL, Transport::Tcp, messages);
        assert!(heard.malformed.is_empty(), "{:?}", heard.malformed);
        assert!(heard.servers.iter().all(|end| *end == End::Server));
        heard
    }

    const METER: &str = "10.0.0.5 unit=1.3.6.1.4.1.33507.9";

    #[test]
    fn a_meter_states_its_title_and_standard() {
        let heard = hear(&[
            (End::Client, include_bytes!("messages/identification.bin")),
            (End::Server, include_bytes!("messages/identification-response.bin")),
        ]);
        assert!(heard.has("10.0.0.1", "c1222.ap_title", "1.3.6.1.4.1.33507.1"), "{heard:?}");
        assert!(heard.has(METER, "c1222.ap_title", "1.3.6.1.4.1.33507.9"));
        assert!(heard.has(METER, "c1222.standard", "ANSI C12.22 version 1.0"));
        assert_eq!(heard.spoke, [METER]);
        assert_eq!(heard.operations, [(OperationKind::Identify, "identification")]);
    }

    #[test]
    fn table_1_tells_maker_model_versions_and_serial_number() {
        let heard = hear(&[
            (End::Client, include_bytes!("messages/read-tables.bin")),
            (End::Server, include_bytes!("messages/read-tables-response.bin")),
        ]);
        for (attribute, value) in [
            ("vendor", "ACME"),
            ("model", "WATT-9"),
            ("hardware_revision", "2.1"),
            ("firmware_version", "5.7"),
            ("serial_number", "SN00042"),
            ("c1222.identification", "METER AT GATE 3"),
        ] {
            assert!(heard.has(METER, attribute, value), "{attribute}: {heard:?}");
        }
        assert_eq!(heard.operations, [(OperationKind::Read, "full read"); 2]);
        let alone = hear(&[(End::Server, include_bytes!("messages/read-tables-response.bin"))]);
        assert_eq!(alone.facts.len(), 1);
    }

    #[test]
    fn a_logon_is_secret() {
        let heard = hear(&[(End::Client, include_bytes!("messages/logon.bin"))]);
        assert_eq!(
            heard.operations,
            [(OperationKind::Diagnostic, "logon"), (OperationKind::Diagnostic, "security")]
        );
        assert_eq!(heard.secrets.len(), 2);
    }
}
