//! What carries commands: frames of the token-passing data link (FCG TS20081) and direct messages (FCG TS20085, section
//! 10.3.5).

use observation::Octets;

use crate::{Malformed, Problem, Reader};

/// The command number that says that a longer one stands first in its data (FCG TS20127, command 31).
const EXTENDED: u16 = 31;

/// Who a frame names (FCG TS20081, section 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Polling address, 0 to 63.
    Polling(u8),
    /// Unique address.
    Unique(UniqueAddress),
}

/// The lower 14 bits of the expanded device type, and the device id: 38 bits that no two devices share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniqueAddress(pub u64);

impl UniqueAddress {
    /// From expanded device type and device id as an identity states them, five octets.
    #[must_use]
    pub fn of(device_type: &[u8], device_id: &[u8]) -> Option<Self> {
        let octets = device_type.iter().chain(device_id);
        (device_type.len() == 2 && device_id.len() == 3)
            .then(|| Self(octets.fold(0_u64, |value, octet| value << 8 | u64::from(*octet)) & 0x3f_ffff_ffff))
    }
}

/// Ten hexadecimal digits.
impl std::fmt::Display for UniqueAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:010x}", self.0)
    }
}

/// One command, or the answer to one.
#[derive(Clone, Copy, Debug)]
pub struct Pdu<'a> {
    /// Who is asked, or who answers; `None` in direct messages: the server itself.
    pub address: Option<Address>,
    /// Command number.
    pub command: u16,
    /// The octets of the command number.
    pub command_octets: Octets<'a>,
    /// Response code; 0 is success, from 128 on communication failed. `None` in requests.
    pub response_code: Option<u8>,
    /// What the command says, behind response code and device status.
    pub data: Octets<'a>,
}

impl<'a> Pdu<'a> {
    /// Reads a frame up to its check octet.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short or its check octet does not match.
    pub fn token_passing(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let all = reader.peek();
        let before = reader.remaining();
        let pdu = Self::unchecked(reader)?;
        let length = before.saturating_sub(reader.remaining());
        let computed = all.head(length).bytes.iter().fold(0_u8, |check, octet| check ^ octet);
        let offset = reader.offset();
        let found = reader.u8("check octet")?;
        if found == computed {
            return Ok(pdu);
        }
        let problem = Problem::Checksum { found: found.into(), computed: computed.into() };
        Err(Malformed { what: "check octet", offset, problem })
    }

    /// Reads a frame without a check octet, as commands to sub-devices are sent on (FCG TS20151, command 77).
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub fn unchecked(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let delimiter = reader.u8("delimiter")?;
        let address = if delimiter & 0x80 == 0 {
            Address::Polling(reader.u8("polling address")? & 0x3f)
        } else {
            let octets = reader.take(5, "unique address")?.bytes;
            let address = octets.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
            // The upper two bits name master and burst mode.
            Address::Unique(UniqueAddress(address & 0x3f_ffff_ffff))
        };
        reader.skip(usize::from(delimiter >> 5 & 0x03), "expansion octets")?;
        let command_octets = reader.take(1, "command")?;
        let length = reader.u8("byte count")?;
        let mut data = reader.sub(length.into(), "command data")?;
        // A master sends STX (2); devices answer with ACK (6) and send BACK (1) by themselves.
        let response_code = match delimiter & 0x07 {
            2 => None,
            _ => {
                let code = data.u8("response code")?;
                data.skip(1, "device status")?;
                Some(code)
            }
        };
        Ok(Self::with_extension(Some(address), command_octets, response_code, data.rest()))
    }

    /// Reads one command of a direct message.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub fn direct(reader: &mut Reader<'a>, is_answer: bool) -> Result<Self, Malformed> {
        let command_octets = reader.take(2, "command")?;
        let length = reader.u8("byte count")?;
        let mut data = reader.sub(length.into(), "command data")?;
        let response_code = is_answer.then(|| data.u8("response code")).transpose()?;
        Ok(Self::with_extension(None, command_octets, response_code, data.rest()))
    }

    fn with_extension(
        address: Option<Address>,
        command_octets: Octets<'a>,
        response_code: Option<u8>,
        data: Octets<'a>,
    ) -> Self {
        let number = |octets: Octets<'_>| {
            octets.bytes.iter().fold(0_u16, |value, octet| value << 8 | u16::from(*octet))
        };
        let command = number(command_octets);
        match data.slice(0, 2).filter(|_| command == EXTENDED) {
            Some(extended) => Self {
                address,
                command: number(extended),
                command_octets: extended,
                response_code,
                data: data.tail(2),
            },
            None => Self { address, command, command_octets, response_code, data },
        }
    }

    /// True for an answer that says what was asked.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.response_code.is_some_and(|code| code < 0x80) && !self.data.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn token(octets: &[u8]) -> Result<Pdu<'_>, Malformed> {
        Pdu::token_passing(&mut Reader::new(Octets::unplaced(octets)))
    }

    #[test]
    fn a_request_by_polling_address_and_its_answer_by_unique_address_are_read() {
        let request = token(&[0x02, 0x80, 0x00, 0x00, 0x82]).unwrap();
        assert_eq!((request.address, request.command), (Some(Address::Polling(0)), 0));
        assert!(request.response_code.is_none() && !request.is_answered());
        let mut octets = vec![0x86, 0xa6, 0x06, 0x12, 0x34, 0x56, 20, 3, 0, 0, b'T'];
        octets.push(octets.iter().fold(0, |check, octet| check ^ octet));
        let answer = token(&octets).unwrap();
        let address = UniqueAddress::of(&[0xe6, 0x06], &[0x12, 0x34, 0x56]).unwrap();
        assert_eq!(answer.address, Some(Address::Unique(address)));
        assert_eq!(address.to_string(), "2606123456");
        assert_eq!((answer.is_answered(), answer.data.bytes), (true, &b"T"[..]));
        *octets.last_mut().unwrap() ^= 1;
        assert!(token(&octets).unwrap_err().to_string().starts_with("check octet at octet 11: checksum"));
    }

    #[test]
    fn extended_and_direct_commands_have_longer_numbers() {
        let mut octets = vec![0x02, 0x80, 31, 3, 0x02, 0x08, 7];
        octets.push(octets.iter().fold(0, |check, octet| check ^ octet));
        let request = token(&octets).unwrap();
        assert_eq!((request.command, request.data.bytes), (520, &[7][..]));
        let mut reader = Reader::new(Octets::unplaced(&[0x02, 0x08, 2, 0, 9]));
        let answer = Pdu::direct(&mut reader, true).unwrap();
        assert_eq!((answer.command, answer.response_code, answer.data.bytes), (520, Some(0), &[9][..]));
        assert!(reader.is_empty());
    }

    #[test]
    fn a_failed_communication_answers_nothing() {
        let mut octets = vec![0x06, 0x80, 0, 3, 0x84, 0, 1];
        octets.push(octets.iter().fold(0, |check, octet| check ^ octet));
        assert!(!token(&octets).unwrap().is_answered());
        assert!(token(&octets[..6]).is_err());
    }
}
