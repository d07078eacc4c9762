//! Opening and closing connections: CIP Networks Library volume 1, 3-5.5.1 to 3-5.5.3.

use observation::Octets;

use super::pending::Triad;
use crate::{Malformed, Reader};

/// Arguments of a Forward Open or Large Forward Open (table 3-5.17).
#[derive(Clone, Debug)]
pub(super) struct ForwardOpen<'a> {
    /// Who made the originator, two octets.
    pub(super) originator_vendor_id: Octets<'a>,
    /// Serial number of the originator, four octets.
    pub(super) originator_serial: Octets<'a>,
    /// Transport class: 0 and 1 carry I/O, 2 and 3 messages.
    pub(super) transport_class: u8,
    /// Where the connection leads: ports, electronic key, object.
    pub(super) path: Reader<'a>,
}

impl<'a> ForwardOpen<'a> {
    /// Reads the arguments; those of the large form have network parameters of four octets instead of two.
    ///
    /// # Errors
    ///
    /// Fails if they are cut short.
    pub(super) fn parse(mut data: Reader<'a>, large: bool) -> Result<Self, Malformed> {
        let parameters = if large { 4 } else { 2 };
        data.skip(2, "priority and time-out")?;
        data.skip(8, "connection ids")?;
        data.skip(2, "connection serial number")?;
        let originator_vendor_id = data.take(2, "originator vendor id")?;
        let originator_serial = data.take(4, "originator serial number")?;
        data.skip(4, "time-out multiplier")?;
        data.skip(4, "requested packet interval to the target")?;
        data.skip(parameters, "network parameters to the target")?;
        data.skip(4, "requested packet interval to the originator")?;
        data.skip(parameters, "network parameters to the originator")?;
        let transport_class = data.u8("transport class and trigger")? & 0x0f;
        let words = usize::from(data.u8("connection path size")?);
        let path = data.sub(words.saturating_mul(2), "connection path")?;
        Ok(Self { originator_vendor_id, originator_serial, transport_class, path })
    }

    /// True for a connection that carries I/O.
    pub(super) fn carries_io(&self) -> bool {
        self.transport_class < 2
    }
}

/// Answer to a Forward Open that succeeded (table 3-5.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// Id of messages to the target.
    pub(super) to_target: u32,
    /// Id of messages to the originator.
    pub(super) to_originator: u32,
    /// Name of the connection.
    pub(super) triad: Triad,
}

impl Opened {
    /// Reads the answer as far as it names the connection.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short.
    pub(super) fn parse(mut data: Reader<'_>) -> Result<Self, Malformed> {
        let to_target = data.u32_le("connection id to the target")?;
        let to_originator = data.u32_le("connection id to the originator")?;
        Ok(Self { to_target, to_originator, triad: triad(&mut data)? })
    }
}

/// The name of a connection, with which the answer to a Forward Close begins.
///
/// # Errors
///
/// Fails if it is cut short.
pub(super) fn triad(data: &mut Reader<'_>) -> Result<Triad, Malformed> {
    Ok(Triad {
        connection_serial: data.u16_le("connection serial number")?,
        vendor_id: data.u16_le("originator vendor id")?,
        serial_number: data.u32_le("originator serial number")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_to_the_path() {
        let message = include_bytes!("messages/large-forward-open.bin");
        // Encapsulation 24, interface and count 8, items 8, service and path 6.
        let large = ForwardOpen::parse(Reader::new(Octets::unplaced(&message[46..])), true).unwrap();
        assert_eq!(large.transport_class, 3);
        assert!(!large.carries_io());
        assert_eq!(large.path.peek().bytes, [0x01, 0x00, 0x20, 0x02, 0x24, 0x01]);
        let message = include_bytes!("messages/forward-open-io.bin");
        let small = ForwardOpen::parse(Reader::new(Octets::unplaced(&message[46..])), false).unwrap();
        assert!(small.carries_io());
        assert_eq!(small.path.peek().bytes.first(), Some(&0x20));
    }
}
