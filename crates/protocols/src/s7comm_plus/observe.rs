//! What messages say: operations that are asked for, and who the two ends are.

use observation::OperationKind::{Diagnostic, Identify, Program, Read};
use observation::{Basis, Octets, Station, attribute};

use super::names::{self, Named};
use super::rules;
use super::value::{self, Kind, Value, Visitor};
use super::wire::{Function, Message};
use crate::{Malformed, Output, Reader};

/// Attributes kept of one tree of objects.
const FOUND_MAX: usize = 16;
/// Octets in front of a tree of objects that differ from version to version.
const FRONT_OCTETS_MAX: usize = 12;

/// What a request asks for, and what its answer will mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The operation.
    pub(super) named: Named,
    /// True if the answer is the operating state.
    pub(super) mode: bool,
}

/// What is looked for in trees of objects and structures.
#[derive(Debug, Default)]
struct Found<'a> {
    /// Number and class of the first object.
    first: Option<(u32, u32)>,
    /// Its name.
    name: Option<Octets<'a>>,
    /// Texts, blobs and states that say something of an end.
    values: Vec<(u32, Octets<'a>)>,
}

impl<'a> Visitor<'a> for Found<'a> {
    fn object(&mut self, id: u32, class: u32) {
        self.first.get_or_insert((id, class));
    }

    fn value(&mut self, attribute: u32, value: Value<'a>) {
        if attribute == names::OBJECT_NAME && value.kind == Kind::WSTRING {
            self.name.get_or_insert(value.octets);
            return;
        }
        let wanted = match value.kind {
            Kind::WSTRING => attribute == names::SESSION_SYSTEM || rules::is_of_client(attribute),
            Kind::BLOB => rules::is_identification(value.octets.bytes),
            Kind::DINT => attribute == names::OPERATING_STATE_CODE,
            _ => false,
        };
        if wanted && self.values.len() < FOUND_MAX {
            self.values.push((attribute, value.octets));
        }
    }
}

impl<'a> Found<'a> {
    /// Reads the objects that start within the next octets.
    fn search(reader: &mut Reader<'a>) -> (Self, Result<(), Malformed>) {
        let start = reader.peek().head(FRONT_OCTETS_MAX).bytes.iter().position(|octet| *octet == 0xa1);
        let mut found = Self::default();
        let result = match start {
            Some(start) => reader.skip(start, "head").and_then(|()| value::objects(reader, &mut found)),
            None => Ok(()),
        };
        (found, result)
    }
}

/// What a request asks for. Secrets in it are marked, and what the client says of itself or of the server's program is
/// said. `objects` counts down how many names of objects may still be told.
///
/// # Errors
///
/// Fails if the request is cut short; the operation is counted by its function anyway.
pub(super) fn request(
    message: &Message<'_>,
    client: &Station,
    server: &Station,
    objects: &mut u8,
    output: &mut Output<'_>,
) -> (Asked, Result<(), Malformed>) {
    let mut reader = message.body.clone();
    let mut asked = Asked { named: names::function(message.function), mode: false };
    let result = match message.function {
        Function::CREATE_OBJECT => create(&mut reader, &mut asked, client, server, objects, output),
        Function::BEGIN_SEQUENCE => begin(&mut reader, &mut asked),
        Function::DELETE_OBJECT => delete(&mut reader, message.session, &mut asked),
        Function::SET_VARIABLE => set(&mut reader, false, &mut asked, output),
        Function::SET_MULTI_VARIABLES => set(&mut reader, true, &mut asked, output),
        Function::GET_VAR_SUBSTREAMED => get(&mut reader, &mut asked),
        Function::INVOKE => invoke(&mut reader, &mut asked),
        _ => Ok(()),
    };
    (asked, result)
}

/// Says what an answer tells of the server; `mode` if the operating state was asked for.
///
/// # Errors
///
/// Fails if the answer is cut short or holds what is not known; what was read before is said.
pub(super) fn response(
    message: &Message<'_>,
    mode: bool,
    server: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let mut reader = message.body.clone();
    match message.function {
        Function::CREATE_OBJECT => {
            value::long_number(&mut reader, "return value")?;
            for _ in 0..reader.u8("number of objects")? {
                value::number(&mut reader, "object id")?;
            }
            let mut found = Found::default();
            let result = value::objects(&mut reader, &mut found);
            identity(&found, server, output);
            result
        }
        Function::EXPLORE => {
            value::long_number(&mut reader, "return value")?;
            // What a CPU tells of its objects has lists of types in it, which end the reading.
            let (found, _) = Found::search(&mut reader);
            identity(&found, server, output);
            Ok(())
        }
        Function::GET_VAR_SUBSTREAMED => {
            value::long_number(&mut reader, "return value")?;
            reader.skip(1, "number of values")?;
            if reader.is_empty() {
                return Ok(());
            }
            let mut found = Found::default();
            let read = value::value(&mut reader, &mut found, 0)?;
            let attribute = if mode { names::OPERATING_STATE_CODE } else { 0 };
            found.value(attribute, read);
            identity(&found, server, output);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Says what was found of the server.
fn identity(found: &Found<'_>, server: &Station, output: &mut Output<'_>) {
    let stated = Basis::Stated;
    for (attribute, octets) in &found.values {
        match *attribute {
            names::SESSION_SYSTEM => {
                output.fact(server, attribute::ORDER_NUMBER, stated, &rules::SESSION_ORDER_NUMBER, *octets);
                output.fact(server, attribute::FIRMWARE_VERSION, stated, &rules::SESSION_FIRMWARE, *octets);
                output.fact(server, attribute::VENDOR, stated, &rules::SESSION_VENDOR, *octets);
            }
            names::OPERATING_STATE_CODE => {
                output.fact(server, attribute::MODE, stated, &rules::MODE, *octets);
            }
            _ if rules::is_identification(octets.bytes) => identification(*octets, server, output),
            _ => {}
        }
    }
}

/// I&M0 behind the six octets of its header: maker (2), order number (20), serial number (16), hardware (2) and
/// software revision (4).
fn identification(block: Octets<'_>, server: &Station, output: &mut Output<'_>) {
    let fields = [
        (6, 2, attribute::VENDOR, &rules::IM_VENDOR),
        (8, 20, attribute::ORDER_NUMBER, &rules::IM_ORDER_NUMBER),
        (28, 16, attribute::SERIAL_NUMBER, &rules::IM_SERIAL_NUMBER),
        (44, 2, attribute::HARDWARE_REVISION, &rules::IM_HARDWARE_REVISION),
        (46, 4, attribute::FIRMWARE_VERSION, &rules::IM_FIRMWARE),
    ];
    for (at, length, attribute, rule) in fields {
        if let Some(octets) = block.slice(at, length) {
            output.fact(server, attribute, Basis::Stated, rule, octets);
        }
    }
}

/// Requested object, a value, four octets, from version 2 on a counter, then the objects.
fn create(
    reader: &mut Reader<'_>,
    asked: &mut Asked,
    client: &Station,
    server: &Station,
    objects: &mut u8,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    reader.skip(4, "requested object")?;
    value::value(reader, &mut (), 0)?;
    reader.skip(4, "reserved")?;
    if reader.peek().get(0) != Some(0xa1) {
        value::number(reader, "counter")?;
    }
    let mut found = Found::default();
    let result = value::objects(reader, &mut found);
    match found.first {
        Some((_, names::SERVER_SESSION)) => {
            asked.named = (Diagnostic, "create session");
            for (attribute, octets) in &found.values {
                introduction(*attribute, *octets, client, output);
            }
        }
        Some((_, names::SUBSCRIPTION | names::ALARM_SUBSCRIPTION)) => {
            asked.named = (Read, "create subscription");
        }
        Some((id, _)) if id >= names::PROGRAM_OBJECTS => {
            if let Some(name) = found.name.filter(|_| *objects > 0) {
                *objects = objects.saturating_sub(1);
                let attribute = "s7comm_plus.downloaded_object";
                output.fact(server, attribute, Basis::Reported, &rules::OBJECT_NAME, name);
            }
        }
        _ => {}
    }
    result
}

/// Says what a client tells of itself when it opens a session. Names of users are left out.
fn introduction(attribute: u32, octets: Octets<'_>, client: &Station, output: &mut Output<'_>) {
    let (name, rule) = match attribute {
        names::SESSION_APPLICATION => ("s7comm_plus.client_application", &rules::CLIENT_TEXT),
        names::SESSION_COMMENT => ("s7comm_plus.client_comment", &rules::CLIENT_TEXT),
        names::SESSION_CLIENT => ("s7comm_plus.client_network_card", &rules::CLIENT_NETWORK_CARD),
        names::SESSION_HOST => {
            output.fact(client, attribute::HOSTNAME, Basis::Stated, &rules::CLIENT_HOST, octets);
            ("s7comm_plus.client_host", &rules::CLIENT_TEXT)
        }
        _ => return,
    };
    output.fact(client, name, Basis::Stated, rule, octets);
}

/// A sequence is named by the object it begins with: TIA Portal loads programs in a `DLTransaction`.
fn begin(reader: &mut Reader<'_>, asked: &mut Asked) -> Result<(), Malformed> {
    let (found, result) = Found::search(reader);
    if found.name.is_some_and(|name| name.bytes == b"DLTransaction") {
        asked.named = (Program, "begin download transaction");
    }
    result
}

fn delete(reader: &mut Reader<'_>, session: u32, asked: &mut Asked) -> Result<(), Malformed> {
    match reader.u32_be("object id")? {
        id if id == session || id == 0 => asked.named = (Diagnostic, "delete session"),
        names::CLIENT_OBJECTS..names::PROGRAM_OBJECTS => asked.named = (Diagnostic, "delete session object"),
        _ => {}
    }
    Ok(())
}

/// Object, with several values their number, number of addresses, addresses, then values (several: each after its
/// number).
fn set(
    reader: &mut Reader<'_>,
    several: bool,
    asked: &mut Asked,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let object = reader.u32_be("object id")?;
    if several {
        // Without an object the addresses are those of process values.
        if object == 0 {
            return Ok(());
        }
        value::number(reader, "number of values")?;
    }
    let (mut secret, mut state) = (false, false);
    for _ in 0..value::number(reader, "number of addresses")? {
        let attribute = value::number(reader, "address")?;
        secret |= names::is_secret(attribute);
        state |= object == names::CPU_EXECUTION_UNIT && attribute == names::OPERATING_STATE_REQUEST;
    }
    if secret {
        output.secret(reader.peek());
    }
    if state {
        if several {
            value::number(reader, "number of the value")?;
        }
        let requested = value::value(reader, &mut (), 0)?;
        asked.named = names::requested_state(requested.octets.get(0).unwrap_or(0));
    }
    Ok(())
}

/// Object and a list of addresses.
fn get(reader: &mut Reader<'_>, asked: &mut Asked) -> Result<(), Malformed> {
    let object = reader.u32_be("object id")?;
    let addresses = value::value(reader, &mut (), 0)?;
    let mut addresses = Reader::new(addresses.octets);
    let count = value::number(&mut addresses, "number of addresses")?;
    let first = value::number(&mut addresses, "address")?;
    let second = if count > 1 { value::number(&mut addresses, "address")? } else { 0 };
    if first == names::IDENTIFICATION {
        asked.named = (Identify, "get identification");
    }
    asked.mode = (object, first, second)
        == (names::CPU_EXECUTION_UNIT, names::OPERATING_STATE, names::OPERATING_STATE_CODE);
    Ok(())
}

/// The object that resolves names of variables is a well-known one.
fn invoke(reader: &mut Reader<'_>, asked: &mut Asked) -> Result<(), Malformed> {
    const RESOLVE_ADDRESS: u32 = 1387;
    if reader.u32_be("object id")? == RESOLVE_ADDRESS {
        asked.named = (Read, "resolve address");
    }
    Ok(())
}
