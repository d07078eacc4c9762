//! EPSEM: a control octet, then services, each with its length.

use observation::{Octets, OperationKind};

use super::acse::read_length;
use crate::{Malformed, Reader};

/// Bits of the control octet: the class of the device follows; mode of security.
const CLASS_FOLLOWS: u8 = 0x10;
const SECURITY: u8 = 0x0c;
/// Mode of security: encrypted.
const CIPHERTEXT: u8 = 0x08;

/// Codes below are those of answers.
const REQUEST_MIN: u8 = 0x20;

/// Most services of one message.
const SERVICES_MAX: usize = 16;

/// Table that starts a procedure of the device when written.
const PROCEDURE_INITIATE: u16 = 7;

/// A service, or its answer.
#[derive(Clone, Debug)]
pub(super) struct Service<'a> {
    /// Code of the request; of an answer, 0 is success.
    pub(super) code: u8,
    /// The whole of it.
    pub(super) octets: Octets<'a>,
    /// What follows the code.
    pub(super) data: Reader<'a>,
}

impl Service<'_> {
    /// True for an answer.
    pub(super) fn is_answer(&self) -> bool {
        self.code < REQUEST_MIN
    }

    /// The table that a full read asks for.
    pub(super) fn table(&self) -> Option<u16> {
        let number = self.data.peek().bytes.first_chunk().map(|octets| u16::from_be_bytes(*octets));
        number.filter(|_| matches!(self.code, 0x30..=0x4f))
    }

    /// What a request asks for.
    pub(super) fn operation(&self) -> (OperationKind, &'static str) {
        use OperationKind::{Control, Diagnostic, Identify, Read, Write};
        match self.code {
            0x20 => (Identify, "identification"),
            0x21 => (Diagnostic, "terminate"),
            0x22 => (Diagnostic, "disconnect"),
            0x24 => (Diagnostic, "deregistration"),
            0x25 => (Diagnostic, "resolve"),
            0x26 => (Diagnostic, "trace"),
            0x27 => (Diagnostic, "registration"),
            0x30 => (Read, "full read"),
            0x31..=0x3f => (Read, "partial read"),
            0x40..=0x4f if self.table() == Some(PROCEDURE_INITIATE) => (Control, "procedure initiate"),
            0x40 => (Write, "full write"),
            0x41..=0x4f => (Write, "partial write"),
            0x50 => (Diagnostic, "logon"),
            0x51 => (Diagnostic, "security"),
            0x52 => (Diagnostic, "logoff"),
            0x53 => (Diagnostic, "authenticate"),
            0x70 => (Diagnostic, "wait"),
            _ => (Diagnostic, "unknown epsem service"),
        }
    }

    /// True where it carries a user's name or a password.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.code, 0x50 | 0x51 | 0x53)
    }
}

/// The services of a message; none of an encrypted one.
///
/// # Errors
///
/// Fails if the control octet or the class is missing.
pub(super) fn services<'a>(mut epsem: Reader<'a>) -> Result<Vec<Result<Service<'a>, Malformed>>, Malformed> {
    let control = epsem.u8("epsem control")?;
    let mut services = Vec::new();
    if control & SECURITY == CIPHERTEXT {
        return Ok(services);
    }
    if control & CLASS_FOLLOWS != 0 {
        epsem.skip(4, "device class")?;
    }
    while !epsem.is_empty() && services.len() < SERVICES_MAX {
        let service = service(&mut epsem);
        let failed = service.is_err();
        // A length of 0 ends the list; what follows is padding and the message's authentication.
        match service {
            Ok(None) => break,
            Ok(Some(service)) => services.push(Ok(service)),
            Err(malformed) => services.push(Err(malformed)),
        }
        if failed {
            break;
        }
    }
    Ok(services)
}

fn service<'a>(epsem: &mut Reader<'a>) -> Result<Option<Service<'a>>, Malformed> {
    let length = read_length(epsem, "service length")?;
    if length == 0 {
        return Ok(None);
    }
    let mut data = epsem.sub(length, "service")?;
    let octets = data.peek();
    let code = data.u8("service code")?;
    Ok(Some(Service { code, octets, data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(octets: &[u8]) -> Vec<(u8, bool)> {
        let services = services(Reader::new(Octets::unplaced(octets))).unwrap();
        services
            .into_iter()
            .filter_map(Result::ok)
            .map(|service| (service.code, service.is_answer()))
            .collect()
    }

    #[test]
    fn services_are_listed_with_their_lengths() {
        assert_eq!(list(&[0x80, 1, 0x20, 3, 0x30, 0, 1]), [(0x20, false), (0x30, false)]);
        assert_eq!(list(&[0x90, 1, 2, 3, 4, 1, 0x00]), [(0x00, true)]);
        assert_eq!(list(&[0x80, 1, 0x20, 0, 9, 9]), [(0x20, false)]);
        assert!(list(&[0x88, 1, 0x20]).is_empty());
        assert_eq!(list(&[0x80, 9, 0x20]), []);
    }

    #[test]
    fn a_procedure_is_told_from_a_table() {
        let of = |octets: &[u8]| {
            services(Reader::new(Octets::unplaced(octets))).unwrap().remove(0).unwrap().operation()
        };
        assert_eq!(of(&[0x80, 3, 0x30, 0, 1]), (OperationKind::Read, "full read"));
        assert_eq!(of(&[0x80, 3, 0x40, 0, 7]), (OperationKind::Control, "procedure initiate"));
        assert_eq!(of(&[0x80, 3, 0x40, 0, 8]), (OperationKind::Write, "full write"));
        assert_eq!(of(&[0x80, 1, 0x7f]).1, "unknown epsem service");
    }
}
