//! The layers between transport and MMS: session (ISO 8327-1), presentation (ISO 8823-1) and association control
//! (ISO 8650-1). Each is opened just as far as MMS is reached.

use observation::Octets;

use super::wire;
use crate::ber::{self, Element};
use crate::{Malformed, Problem, Reader};

/// Session: connect, accept.
const CONNECT: u8 = 0x0d;
const ACCEPT: u8 = 0x0e;
/// Session: finish, disconnect, refuse, abort.
const OTHERS: [u8; 4] = [0x09, 0x0a, 0x0c, 0x19];
/// Session: give tokens, and data transfer, which have the same number.
const DATA: u8 = 0x01;
/// Session parameters: user data and extended user data.
const USER_DATA: [u8; 2] = [0xc1, 0xc2];
/// Presentation: connect and accept are sets; parameters of the normal mode; data fully encoded.
const PRESENTATION_SET: u8 = 0x31;
const NORMAL_MODE: u8 = 0xa2;
const FULLY_ENCODED: u8 = 0x61;
/// Value of a presentation data value: a single element.
const SINGLE: u8 = 0xa0;
/// Association control: user information of request, response and release.
const USER_INFORMATION: u8 = 0xbe;
/// Values in one fully encoded list: MMS sends one.
const VALUES_MAX: usize = 4;

/// What was found in the layers of one service data unit.
#[derive(Debug, Default)]
pub(super) struct Opened<'a> {
    /// Association control: request, response, release.
    pub(super) association: Option<Element<'a>>,
    /// MMS.
    pub(super) mms: Option<Element<'a>>,
    /// Octets that the capture cut off.
    pub(super) missing: usize,
}

impl<'a> Opened<'a> {
    /// Opens a service data unit that starts `base` octets into the message. Nothing is found in what is no MMS.
    ///
    /// # Errors
    ///
    /// Fails if a layer is cut in its head or not of the prescribed shape.
    pub(super) fn new(octets: Octets<'a>, base: usize) -> Result<Self, Malformed> {
        let mut opened = Self::default();
        let mut reader = Reader::nested(octets, base);
        match octets.get(0) {
            Some(DATA) => {
                // Give tokens comes first, with or without parameters.
                for _ in 0..2 {
                    if reader.peek().get(0) == Some(DATA) {
                        reader.skip(1, "session data unit")?;
                        let length = session_length(&mut reader)?;
                        reader.skip(length, "session parameters")?;
                    }
                }
                opened.presentation(&mut reader)?;
            }
            Some(CONNECT | ACCEPT) => {
                reader.skip(1, "session data unit")?;
                let length = session_length(&mut reader)?;
                opened.missing = length.saturating_sub(reader.remaining());
                let mut parameters = reader.sub(length.min(reader.remaining()), "session parameters")?;
                while !parameters.is_empty() {
                    let code = parameters.u8("session parameter")?;
                    let length = session_length(&mut parameters)?;
                    let mut value =
                        parameters.sub(length.min(parameters.remaining()), "session parameter")?;
                    if USER_DATA.contains(&code) {
                        opened.presentation(&mut value)?;
                    }
                }
            }
            Some(first) if OTHERS.contains(&first) => {}
            Some(first) if wire::is_pdu(first) => {
                let (element, missing) = Element::read_cut(&mut reader)?;
                opened.missing = missing;
                if reader.is_empty() {
                    opened.mms = Some(element);
                }
            }
            _ => {}
        }
        Ok(opened)
    }

    fn presentation(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        if reader.is_empty() {
            return Ok(());
        }
        let mut outer = self.read(reader)?;
        if outer.tag.octet == PRESENTATION_SET {
            let Some(mode) = self.find(&outer, NORMAL_MODE)? else { return Ok(()) };
            let Some(data) = self.find(&mode, FULLY_ENCODED)? else { return Ok(()) };
            outer = data;
        }
        if outer.tag.octet != FULLY_ENCODED {
            return Ok(());
        }
        let mut values = outer.elements();
        for _ in 0..VALUES_MAX {
            if values.is_empty() {
                break;
            }
            let value = self.read(&mut values)?;
            if let Some(single) = self.find(&value, SINGLE)? {
                let inner = self.read(&mut single.elements())?;
                self.value(inner)?;
            }
        }
        Ok(())
    }

    /// A value is MMS or association control, which carries MMS.
    fn value(&mut self, value: Element<'a>) -> Result<(), Malformed> {
        if !matches!(value.tag.octet, 0x60..=0x64) {
            self.mms = wire::is_pdu(value.tag.octet).then_some(value);
            return Ok(());
        }
        if let Some(information) = self.find(&value, USER_INFORMATION)?
            && let Some(external) = self.find(&information, ber::EXTERNAL)?
            && let Some(single) = self.find(&external, SINGLE)?
        {
            let inner = self.read(&mut single.elements())?;
            self.mms = wire::is_pdu(inner.tag.octet).then_some(inner);
        }
        self.association = Some(value);
        Ok(())
    }

    fn read(&mut self, reader: &mut Reader<'a>) -> Result<Element<'a>, Malformed> {
        let (element, missing) = Element::read_cut(reader)?;
        self.missing = self.missing.max(missing);
        Ok(element)
    }

    fn find(&mut self, element: &Element<'a>, octet: u8) -> Result<Option<Element<'a>>, Malformed> {
        let mut elements = element.elements();
        while !elements.is_empty() {
            let element = self.read(&mut elements)?;
            if element.tag.octet == octet {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }
}

/// A length of the session layer: one octet, or 255 and two.
fn session_length(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    Ok(match reader.u8("session length")? {
        0xff => reader.u16_be("session length")?.into(),
        length => length.into(),
    })
}

/// Whether the octets of a TPDU begin MMS beyond doubt; `whole` if they are a whole service data unit.
pub(super) fn is_start(octets: Octets<'_>, whole: bool) -> bool {
    /// Abstract syntax of MMS (ISO 9506-2, annex A): 1.0.9506.2.1.
    const MMS_SYNTAX: [u8; 7] = [0x06, 0x05, 0x28, 0xca, 0x22, 0x02, 0x01];
    /// Give tokens and data transfer without parameters, then fully encoded data.
    const DATA_TRANSFER: [u8; 5] = [DATA, 0, DATA, 0, FULLY_ENCODED];
    let Ok(opened) = Opened::new(octets, 0) else { return false };
    let names_mms = || octets.bytes.windows(MMS_SYNTAX.len()).any(|window| window == MMS_SYNTAX);
    match (octets.get(0), opened.mms) {
        (Some(CONNECT | ACCEPT), _) if names_mms() => true,
        (_, Some(mms)) => {
            let fits = if whole { opened.missing == 0 } else { octets.bytes.starts_with(&DATA_TRANSFER) };
            fits && wire::is_plausible(&mms)
        }
        _ => false,
    }
}

/// What is missing, as an error.
pub(super) fn cut(missing: usize, offset: usize) -> Result<(), Malformed> {
    match missing {
        0 => Ok(()),
        missing => Err(Malformed { what: "MMS", offset, problem: Problem::Truncated { missing } }),
    }
}
