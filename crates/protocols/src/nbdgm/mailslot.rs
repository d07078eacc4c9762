//! A write to a mailslot: an SMB transaction whose name is that of the mailslot ([MS-CIFS] section 2.2.4.33, [MS-MAIL]).

use observation::Octets;

use crate::{Malformed, Reader};

/// Octets of the SMB header.
const HEADER: usize = 32;
/// Command of a transaction.
const TRANSACTION: u8 = 0x25;

/// A write to a mailslot.
#[derive(Clone, Debug)]
pub(super) struct Write<'a> {
    /// Name of the mailslot, without the zero behind it.
    pub(super) mailslot: &'a [u8],
    /// What is written.
    pub(super) data: Reader<'a>,
}

impl<'a> Write<'a> {
    /// Reads a write; `None` for whatever else a datagram may hold.
    ///
    /// # Errors
    ///
    /// Fails if it is cut short before the data.
    pub(super) fn parse(data: &Reader<'a>) -> Result<Option<Self>, Malformed> {
        let (base, octets): (usize, Octets<'a>) = (data.offset(), data.peek());
        let mut reader = data.clone();
        if !octets.bytes.starts_with(b"\xffSMB") || octets.get(4) != Some(TRANSACTION) {
            return Ok(None);
        }
        reader.skip(HEADER, "SMB header")?;
        let words = reader.u8("word count")?;
        // Fourteen words of fixed meaning, among them where the data are, then the setup words.
        let mut parameters = reader.sub(usize::from(words).saturating_mul(2), "parameters")?;
        parameters.skip(22, "parameters")?;
        let length = parameters.u16_le("data count")?;
        let offset = parameters.u16_le("data offset")?;
        reader.skip(2, "byte count")?;
        let name = reader.peek().bytes;
        let end = name.iter().position(|octet| *octet == 0).unwrap_or(name.len());
        // Data cut by the snaplen are read as far as they go.
        let data = octets.tail(offset.into()).head(length.into());
        Ok(Some(Self {
            mailslot: name.get(..end).unwrap_or_default(),
            data: Reader::nested(data, base.saturating_add(offset.into())),
        }))
    }
}
