//! Services: what a request asks (ANSI/ASHRAE 135-2020, clauses 13 to 17 and 21).

use observation::{Octets, OperationKind};

use super::properties::{Property, context, list};
use super::tags::{Class, Object, Tag};
use crate::Reader;

/// Names of the states that ReinitializeDevice asks for (clause 16.4.1.1).
const STATES: [&str; 9] = [
    "reinitialize device, coldstart",
    "reinitialize device, warmstart",
    "reinitialize device, start backup",
    "reinitialize device, end backup",
    "reinitialize device, start restore",
    "reinitialize device, end restore",
    "reinitialize device, abort restore",
    "reinitialize device, activate changes",
    "reinitialize device",
];

/// A confirmed service (clause 21, BACnetConfirmedServiceChoice).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed(pub u8);

impl Confirmed {
    /// Reads one property.
    pub const READ_PROPERTY: Self = Self(12);
    /// Reads several.
    pub const READ_PROPERTY_MULTIPLE: Self = Self(14);
    /// Has a device be silent, or speak again.
    pub const DEVICE_COMMUNICATION_CONTROL: Self = Self(17);
    /// Has a device start anew, or change to and from backup and restore.
    pub const REINITIALIZE_DEVICE: Self = Self(20);

    /// True for the services by which a device tells others what happened: there the sender is the one that serves.
    #[must_use]
    pub fn is_notification(self) -> bool {
        matches!(self.0, 1 | 2 | 31 | 32)
    }

    /// What a request asks; `None` for notifications.
    #[must_use]
    pub fn operation(self, data: &Reader<'_>) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Program, Read, Write};
        Some(match self.0 {
            0 => (Write, "acknowledge alarm"),
            3 => (Read, "get alarm summary"),
            4 => (Read, "get enrollment summary"),
            5 => (Read, "subscribe cov"),
            6 => (Read, "atomic read file"),
            7 => (Program, "atomic write file"),
            8 => (Write, "add list element"),
            9 => (Write, "remove list element"),
            10 => (Program, "create object"),
            11 => (Program, "delete object"),
            12 => (read_kind(data.clone(), false), "read property"),
            13 => (Read, "read property conditional"),
            14 => (read_kind(data.clone(), true), "read property multiple"),
            15 => (Write, "write property"),
            16 => (Write, "write property multiple"),
            17 => (Control, communication(data.clone())),
            18 => (Diagnostic, "confirmed private transfer"),
            19 => (Diagnostic, "confirmed text message"),
            20 => (Control, reinitialize(data.clone())),
            21 => (Diagnostic, "vt open"),
            22 => (Diagnostic, "vt close"),
            23 => (Diagnostic, "vt data"),
            24 => (Diagnostic, "authenticate"),
            25 => (Diagnostic, "request key"),
            26 => (Read, "read range"),
            27 => (Write, "life safety operation"),
            28 => (Read, "subscribe cov property"),
            29 => (Read, "get event information"),
            30 => (Read, "subscribe cov property multiple"),
            33 => (Read, "audit log query"),
            _ if self.is_notification() => return None,
            _ => (Diagnostic, "reserved confirmed service"),
        })
    }

    /// The octets of a request that are a password or key.
    #[must_use]
    pub fn secret<'a>(self, data: &Reader<'a>) -> Option<Octets<'a>> {
        let password = |number: u8| {
            let mut data = data.clone();
            loop {
                let before = data.peek();
                match Tag::read(&mut data) {
                    Ok(tag) if tag.class == Class::Context && tag.number == number => {
                        return Some(tag.content);
                    }
                    Ok(_) => {}
                    // What a cut leaves may be part of it.
                    Err(_) => return Some(before),
                }
            }
        };
        match self {
            Self::DEVICE_COMMUNICATION_CONTROL => password(2),
            Self::REINITIALIZE_DEVICE => password(1),
            Self(24 | 25) => Some(data.peek()),
            _ => None,
        }
        .filter(|octets| !octets.is_empty())
    }
}

/// Reading what tells who a device is, is identifying it.
fn read_kind(mut data: Reader<'_>, several: bool) -> OperationKind {
    let mut identifies = || {
        let object = context(&mut data, 0, "object identifier").ok()?.number_of()?;
        if several {
            list(&mut data, 1, "list of properties").ok()?;
        }
        let property = context(&mut data, if several { 0 } else { 1 }, "property identifier").ok()?;
        let property = Property(property.number_of()?);
        Some(Object(object).kind() == Object::DEVICE && property.identifies())
    };
    if identifies() == Some(true) { OperationKind::Identify } else { OperationKind::Read }
}

fn communication(mut data: Reader<'_>) -> &'static str {
    let _ = Tag::read_if(&mut data, Class::Context, 0);
    match Tag::read_if(&mut data, Class::Context, 1).and_then(|tag| tag.number_of()) {
        Some(0) => "device communication control, enable",
        Some(1) => "device communication control, disable",
        Some(2) => "device communication control, disable initiation",
        _ => "device communication control",
    }
}

fn reinitialize(mut data: Reader<'_>) -> &'static str {
    let [.., other] = STATES;
    let state = Tag::read_if(&mut data, Class::Context, 0).and_then(|tag| tag.number_of());
    state.and_then(|state| STATES.get(usize::try_from(state).ok()?)).copied().unwrap_or(other)
}

/// An unconfirmed service (clause 21, BACnetUnconfirmedServiceChoice).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconfirmed(pub u8);

impl Unconfirmed {
    /// A device names itself.
    pub const I_AM: Self = Self(0);
    /// A device names an object that it has.
    pub const I_HAVE: Self = Self(1);

    /// True for statements of a device about itself: there the sender is the one that serves.
    #[must_use]
    pub fn is_statement(self) -> bool {
        matches!(self.0, 0..=3 | 11 | 12)
    }

    /// What it asks; `None` for statements.
    #[must_use]
    pub fn operation(self) -> Option<(OperationKind, &'static str)> {
        use OperationKind::{Control, Diagnostic, Identify, Program, Write};
        Some(match self.0 {
            4 => (Diagnostic, "unconfirmed private transfer"),
            5 => (Diagnostic, "unconfirmed text message"),
            6 => (Control, "time synchronization"),
            7 => (Identify, "who-has"),
            8 => (Identify, "who-is"),
            9 => (Control, "utc time synchronization"),
            10 => (Write, "write group"),
            13 => (Identify, "who-am-i"),
            14 => (Program, "you-are"),
            _ if self.is_statement() => return None,
            _ => (Diagnostic, "reserved unconfirmed service"),
        })
    }
}

/// A message between routers (clause 6.2.4, security: clause 24.3).
pub(super) fn network_operation(kind: u8, data: &Reader<'_>) -> Option<(OperationKind, &'static str)> {
    use OperationKind::{Control, Diagnostic, Identify, Program};
    Some(match kind {
        0x00 => (Identify, "who-is-router-to-network"),
        // Without ports it only asks.
        0x06 if data.peek().get(0) == Some(0) => (Identify, "initialize routing table, read"),
        0x06 => (Program, "initialize routing table"),
        0x08 => (Control, "establish connection to network"),
        0x09 => (Control, "disconnect connection to network"),
        0x0a => (Diagnostic, "challenge request"),
        0x0d => (Diagnostic, "request key update"),
        0x0e => (Program, "update key set"),
        0x0f => (Program, "update distribution key"),
        0x10 => (Diagnostic, "request master key"),
        0x11 => (Program, "set master key"),
        0x12 => (Identify, "what-is-network-number"),
        _ => return None,
    })
}

/// True for messages between routers that carry keys (clause 24.3).
pub(super) fn carries_keys(kind: u8) -> bool {
    matches!(kind, 0x0e | 0x0f | 0x11)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(octets: &[u8]) -> Reader<'_> {
        Reader::new(Octets::unplaced(octets))
    }

    #[test]
    fn reading_the_device_object_is_identifying() {
        let name = [0x0c, 2, 0, 0, 7, 0x19, 77];
        let value = [0x0c, 0, 0, 0, 7, 0x19, 85];
        let several = [0x0c, 2, 0, 0, 7, 0x1e, 0x09, 77, 0x1f];
        let kind = |service, octets| Confirmed(service).operation(&reader(octets)).unwrap().0;
        assert_eq!(kind(12, &name), OperationKind::Identify);
        assert_eq!(kind(12, &value), OperationKind::Read);
        assert_eq!(kind(14, &several), OperationKind::Identify);
        assert_eq!(kind(14, &[]), OperationKind::Read);
    }

    #[test]
    fn what_changes_a_device_is_named_by_what_it_asks() {
        let name = |service, octets| Confirmed(service).operation(&reader(octets)).unwrap();
        assert_eq!(name(20, &[0x09, 0]), (OperationKind::Control, "reinitialize device, coldstart"));
        assert_eq!(name(20, &[0x09, 4, 0x1d, 3, 0, 65, 66]).1, "reinitialize device, start restore");
        assert_eq!(name(20, &[0x09, 200]).1, "reinitialize device");
        assert_eq!(name(17, &[0x09, 5, 0x19, 1]).1, "device communication control, disable");
        assert_eq!(name(17, &[0x19, 0]).1, "device communication control, enable");
        assert_eq!(Confirmed(2).operation(&reader(&[])), None);
        assert_eq!(Confirmed(99).operation(&reader(&[])).unwrap().1, "reserved confirmed service");
    }

    #[test]
    fn passwords_are_secret() {
        let octets = [0x09, 5, 0x19, 1, 0x2d, 5, 0, b'a', b'b', b'c', b'd'];
        assert_eq!(Confirmed(17).secret(&reader(&octets)).unwrap().bytes, b"\0abcd");
        assert_eq!(Confirmed(20).secret(&reader(&[0x09, 1, 0x1b, 0, b'a', b'b'])).unwrap().bytes, b"\0ab");
        assert_eq!(Confirmed(17).secret(&reader(&octets[..9])).unwrap().bytes, [0x2d, 5, 0, b'a', b'b']);
        assert!(Confirmed(20).secret(&reader(&[0x09, 1])).is_none());
        assert!(Confirmed(15).secret(&reader(&octets)).is_none());
        assert!(carries_keys(0x11) && !carries_keys(0x01));
    }

    #[test]
    fn statements_ask_nothing() {
        assert_eq!(Unconfirmed(8).operation(), Some((OperationKind::Identify, "who-is")));
        assert_eq!((Unconfirmed::I_AM.operation(), Unconfirmed(2).operation()), (None, None));
        assert_eq!(network_operation(6, &reader(&[0])).unwrap().0, OperationKind::Identify);
        assert_eq!(network_operation(1, &reader(&[])), None);
    }
}
