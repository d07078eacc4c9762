//! Pairs requests with responses, which do not repeat the function, and says what they tell.

use observation::{Basis, End, Octets, Station, attribute};

use super::function::Function;
use super::rules;
use super::wire::{Kind, Message};
use crate::{Context, Malformed, Output, Reader, Session};

/// Requests of one conversation that wait for their response; programming software sends one at a time. The oldest
/// goes first.
const ASKED_MAX: usize = 8;

/// Request of a memory block: range, number of the block, offset, two octets, number of octets.
const BLOCK_OF_PROJECT: u16 = 0x14;
/// Offset at which the area with the texts of the project begins, as programming software reads it.
const OFFSET_OF_PROJECT: u16 = 0x64;

/// Which exchange a message belongs to, and whom it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'s> {
    /// Transaction identifier of Modbus.
    pub(crate) transaction: u16,
    /// Unit identifier of Modbus.
    pub(crate) unit: u8,
    /// The one that asks.
    pub(crate) client: &'s Station,
    /// The controller.
    pub(crate) server: &'s Station,
}

/// A request that waits.
#[derive(Clone, Copy, Debug)]
struct Asked {
    transaction: u16,
    unit: u8,
    function: Function,
    /// First octet of the data of project info; block and offset of a memory block.
    detail: u32,
}

/// The requests of one conversation that wait for their response.
#[derive(Debug, Default)]
pub(crate) struct Umas {
    asked: [Option<Asked>; ASKED_MAX],
    next: usize,
}

impl Umas {
    /// Reads a request: its operation, and the name of the client.
    ///
    /// # Errors
    ///
    /// Fails if it ends before what its function prescribes.
    pub(crate) fn request<'m>(
        &mut self,
        exchange: &Exchange<'_>,
        pdu: Octets<'m>,
        base: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(pdu, base)?;
        let Kind::Request(function) = message.kind else { return Ok(()) };
        let (kind, name) = function.operation();
        output.operation(kind, name, message.head);
        let mut data = message.data;
        let detail = match function {
            Function::PROJECT_INFO => data.u8("subcode").map_or(0, u32::from),
            Function::READ_MEMORY_BLOCK => {
                data.skip(1, "range")?;
                let block = data.u16_le("block")?;
                u32::from(block) << 16 | u32::from(data.u16_le("offset")?)
            }
            _ => 0,
        };
        let Exchange { transaction, unit, .. } = *exchange;
        let full = self.remember(Asked { transaction, unit, function, detail });
        output.dropped = output.dropped.saturating_add(full.into());
        if function == Function::TAKE_RESERVATION {
            data.skip(4, "reservation")?;
            let host = counted(&mut data, "client name")?;
            output.fact(exchange.client, attribute::HOSTNAME, Basis::Stated, &rules::CLIENT_HOST, host);
        }
        Ok(())
    }

    /// Reads a response, if its request is known.
    ///
    /// # Errors
    ///
    /// Fails if it ends before what its function prescribes. What was read before is said.
    pub(crate) fn response<'m>(
        &mut self,
        exchange: &Exchange<'_>,
        pdu: Octets<'m>,
        base: usize,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let message = Message::parse(pdu, base)?;
        let Some(asked) = self.take(exchange) else { return Ok(()) };
        if message.kind != Kind::Done {
            return Ok(());
        }
        let (server, mut data) = (exchange.server, message.data);
        match asked.function {
            Function::INIT_COMM => {
                data.skip(12, "init comm")?;
                let host = counted(&mut data, "holder of the reservation")?;
                output.fact(server, "umas.reserved_by", Basis::Stated, &rules::CLIENT_HOST, host);
                Ok(())
            }
            Function::READ_ID => identity(server, message.carrier, data, output),
            Function::PROJECT_INFO if asked.detail == 0 => project(server, data, output),
            Function::CARD_INFO => {
                output.fact(server, "umas.card_info", Basis::Stated, &rules::CARD, data.rest());
                Ok(())
            }
            Function::READ_MEMORY_BLOCK
                if asked.detail == u32::from(BLOCK_OF_PROJECT) << 16 | u32::from(OFFSET_OF_PROJECT) =>
            {
                data.skip(1, "range")?;
                let length = data.u16_le("number of octets")?;
                let area = data.take(length.into(), "memory block")?;
                let mut says = |attribute, rule| output.fact(server, attribute, Basis::Stated, rule, area);
                says("umas.project_information", &rules::PROJECT_TEXTS);
                says("umas.engineering_host", &rules::ENGINEERING_HOST);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn remember(&mut self, asked: Asked) -> bool {
        let full = self.asked.get_mut(self.next).and_then(|slot| slot.replace(asked)).is_some();
        self.next = self.next.saturating_add(1) % ASKED_MAX;
        full
    }

    fn take(&mut self, exchange: &Exchange<'_>) -> Option<Asked> {
        let fits = |slot: &&mut Option<Asked>| {
            slot.is_some_and(|asked| asked.transaction == exchange.transaction && asked.unit == exchange.unit)
        };
        let (newer, older) = self.asked.split_at_mut_checked(self.next)?;
        newer.iter_mut().rev().chain(older.iter_mut().rev()).find(fits)?.take()
    }
}

fn counted<'a>(data: &mut Reader<'a>, what: &'static str) -> Result<Octets<'a>, Malformed> {
    let length = data.u8(what)?;
    data.take(length.into(), what)
}

/// Range, hardware id, model, version and patch, internal and hardware version, crash code, two octets, name.
fn identity<'m>(
    server: &Station,
    carrier: Octets<'m>,
    mut data: Reader<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    // Who speaks it, the function alone tells; what it is, it says itself.
    output.fact(server, attribute::VENDOR, Basis::Inferred, &rules::VENDOR, carrier);
    data.skip(2, "range")?;
    let hardware_id = data.take(4, "hardware id")?;
    output.fact(server, "umas.hardware_id", Basis::Stated, &rules::HARDWARE_ID, hardware_id);
    data.skip(2, "model")?;
    let firmware = data.take(2, "firmware")?;
    output.fact(server, attribute::FIRMWARE_VERSION, Basis::Stated, &rules::FIRMWARE, firmware);
    data.skip(12, "versions and crash code")?;
    let name = counted(&mut data, "name")?;
    output.fact(server, attribute::MODEL, Basis::Stated, &rules::MODEL, name);
    Ok(())
}

/// Two signatures of nine octets, two dates after a day of the week, the revision, the name with its length.
fn project<'m>(server: &Station, mut data: Reader<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
    data.skip(19, "signatures")?;
    let created = data.take(7, "date of creation")?;
    data.skip(1, "day of the week")?;
    let modified = data.take(7, "date of change")?;
    let revision = data.take(3, "revision")?;
    data.skip(1, "revision")?;
    let name = counted(&mut data, "project name")?;
    output.fact(server, "umas.project_created", Basis::Stated, &rules::PROJECT_DATE, created);
    output.fact(server, "umas.project_modified", Basis::Stated, &rules::PROJECT_DATE, modified);
    output.fact(server, "umas.project_revision", Basis::Stated, &rules::PROJECT_REVISION, revision);
    output.fact(server, attribute::PROJECT, Basis::Stated, &rules::PROJECT, name);
    Ok(())
}

/// Bare messages of one conversation, as samples and fuzzing feed them.
#[derive(Debug, Default)]
pub(super) struct Bare(Umas);

impl Session for Bare {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let (client, server) = (context.client(), context.server());
        let exchange = Exchange { transaction: 0, unit: 0, client: &client, server: &server };
        match context.from {
            End::Client => self.0.request(&exchange, message, 0, output),
            End::Server => self.0.response(&exchange, message, 0, output),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::OperationKind;

    use super::*;

    /// Facts and operations of a request and its response.
    fn exchange(request: &[u8], response: &[u8]) -> (Vec<(String, &'static str, String)>, Option<String>) {
        let (client, server) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let (client, server) = (Station::root(client, None), Station::root(server, None));
        let mut umas = Umas::default();
        let exchange = Exchange { transaction: 7, unit: 0, client: &client, server: &server };
        let mut output = Output::default();
        let asked = umas.request(&exchange, Octets::unplaced(request), 7, &mut output);
        let answered = umas.response(&exchange, Octets::unplaced(response), 7, &mut output);
        let facts = std::mem::take(&mut output.facts).into_iter();
        let facts = facts.map(|fact| (fact.station.to_string(), fact.attribute, fact.value)).collect();
        (facts, asked.and(answered).err().map(|malformed| malformed.to_string()))
    }

    fn has(facts: &[(String, &'static str, String)], station: &str, attribute: &str, value: &str) -> bool {
        facts.iter().any(|fact| fact.0 == station && fact.1 == attribute && fact.2 == value)
    }

    #[test]
    fn read_id_tells_cpu_firmware_and_maker() {
        let response = include_bytes!("messages/read-id-response.bin");
        let (facts, error) = exchange(&[90, 0, 2], response);
        for (attribute, value) in [
            ("model", "BMX P34 2020"),
            ("firmware_version", "2.90"),
            ("vendor", "Schneider Electric"),
            ("umas.hardware_id", "06020115"),
        ] {
            assert!(has(&facts, "10.0.0.2", attribute, value), "{facts:?}");
        }
        assert_eq!((facts.len(), error), (4, None));
    }

    #[test]
    fn project_info_tells_name_revision_and_dates() {
        let (facts, error) = exchange(&[90, 0, 3, 0], include_bytes!("messages/project-info-response.bin"));
        for (attribute, value) in [
            ("project", "Mixer 3"),
            ("umas.project_revision", "0.1.12"),
            ("umas.project_created", "2021-03-04 05:06:07"),
            ("umas.project_modified", "2022-11-30 23:59:58"),
        ] {
            assert!(has(&facts, "10.0.0.2", attribute, value), "{facts:?}");
        }
        assert_eq!(error, None);
        let (facts, _) = exchange(&[90, 0, 3, 4], include_bytes!("messages/project-info-response.bin"));
        assert!(facts.is_empty());
    }

    #[test]
    fn a_reservation_names_the_programming_pc() {
        let (facts, error) = exchange(include_bytes!("messages/take-reservation.bin"), &[90, 0, 0xfe, 1]);
        assert_eq!(facts, [("10.0.0.1".to_owned(), "hostname", "ENG-LAPTOP-7".to_owned())]);
        assert_eq!(error, None);
        let (facts, error) = exchange(&[90, 0, 0x10, 0, 0, 0, 0, 9, b'E'], &[90, 0, 0xfd]);
        assert!(facts.is_empty());
        assert_eq!(error.as_deref(), Some("client name at octet 15: 8 octets missing"));
    }

    #[test]
    fn init_comm_names_who_holds_the_reservation() {
        let mut response = vec![90, 0, 0xfe, 0xfd, 3, 0x90, 2, 0, 0, 0, 0, 1, 2, 3, 4, 5];
        response.extend(b"ENG-7");
        let (facts, error) = exchange(&[90, 0, 1, 0], &response);
        assert_eq!(facts, [("10.0.0.2".to_owned(), "umas.reserved_by", "ENG-7".to_owned())]);
        assert_eq!(error, None);
    }

    #[test]
    fn a_memory_block_is_read_only_where_the_project_stands() {
        let mut response = vec![90, 0, 0xfe, 0, 24, 0];
        response.extend(b"\0\0Mixer\0\0\0ENG-7\0\0\0V13.1\0");
        let (facts, error) = exchange(&[90, 0, 0x20, 0, 0x14, 0, 0x64, 0, 0, 0, 24, 0], &response);
        assert!(has(&facts, "10.0.0.2", "umas.engineering_host", "ENG-7"), "{facts:?}");
        assert_eq!((facts.len(), error), (2, None));
        let (facts, _) = exchange(&[90, 0, 0x20, 0, 0x13, 0, 0x64, 0, 0, 0, 24, 0], &response);
        assert!(facts.is_empty());
    }

    #[test]
    fn a_refused_or_unasked_response_says_nothing() {
        let (facts, _) = exchange(&[90, 0, 2], &[90, 0, 0xfd, 0x80, 1]);
        assert!(facts.is_empty());
        let station = Station::root("10.0.0.2".parse().unwrap(), None);
        let unasked = Exchange { transaction: 1, unit: 0, client: &station, server: &station };
        let (mut umas, mut output) = (Umas::default(), Output::default());
        let response = include_bytes!("messages/read-id-response.bin");
        umas.response(&unasked, Octets::unplaced(response), 0, &mut output).unwrap();
        assert!(output.is_empty());
    }

    #[test]
    fn requests_without_response_push_out_the_oldest() {
        let station = Station::root("10.0.0.2".parse().unwrap(), None);
        let (mut umas, mut dropped) = (Umas::default(), 0);
        for transaction in 0..ASKED_MAX as u16 + 1 {
            let exchange = Exchange { transaction, unit: 0, client: &station, server: &station };
            let mut output = Output::default();
            umas.request(&exchange, Octets::unplaced(&[90, 0, 2]), 0, &mut output).unwrap();
            assert_eq!(output.operations.first().unwrap().kind, OperationKind::Identify);
            dropped += output.dropped;
        }
        assert_eq!(dropped, 1);
        let exchange = Exchange { transaction: 0, unit: 0, client: &station, server: &station };
        assert!(umas.take(&exchange).is_none());
    }
}
