//! Endpoint mapper: what an RPC server offers (C706, appendix O). The annotation of PROFINET devices is text in columns
//! (IEC 61158-6-10, chapter 4.10.3.3): type of device, order number, hardware revision, software revision.

use observation::{Basis, Octets, Station, attribute};

use super::connect::object_numbers;
use super::rules::{HARDWARE, SOFTWARE, TEXT};
use crate::dcerpc_datagram::number32;
use crate::{Malformed, Output, Reader};

/// ept_lookup.
pub(super) const LOOKUP: u16 = 2;

/// Columns of the annotation: start and width.
const TYPE: (usize, usize) = (0, 25);
const ORDER: (usize, usize) = (26, 20);
const HARDWARE_REVISION: (usize, usize) = (47, 5);
const SOFTWARE_REVISION: (usize, usize) = (53, 10);

/// Blanks between the columns.
const GAPS: [usize; 3] = [25, 46, 52];

/// Most entries of one answer; PROFINET asks for one at a time.
const ENTRIES_MAX: u32 = 16;

/// Says what the entries of an answer tell of the server.
///
/// # Errors
///
/// Fails if an entry is cut short.
pub(super) fn answer(
    body: Octets<'_>,
    base: usize,
    is_little: bool,
    server: &Station,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    let mut reader = Reader::nested(body, base);
    reader.skip(20, "entry handle")?;
    let count = number32(&mut reader, is_little, "number of entries")?;
    // Maximum, offset and count of the array.
    reader.skip(12, "entries")?;
    for _ in 0..count.min(ENTRIES_MAX) {
        let object = reader.take(16, "object")?;
        object_numbers(object, is_little, server, Basis::Stated, output);
        reader.skip(8, "tower and offset of the annotation")?;
        let length = number32(&mut reader, is_little, "length of the annotation")?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let text = reader.take(length, "annotation")?;
        annotation(text, server, output);
        super::blocks::align(&mut reader, base, 4);
    }
    Ok(())
}

fn annotation(text: Octets<'_>, server: &Station, output: &mut Output<'_>) {
    output.fact(server, "profinet_cm.annotation", Basis::Stated, &TEXT, text);
    let is_blank = |at: &usize| text.get(*at) == Some(b' ');
    if !GAPS.iter().all(is_blank) {
        return;
    }
    let column = |(start, width): (usize, usize)| text.slice(start, width);
    let columns = [
        (attribute::MODEL, &TEXT, TYPE),
        (attribute::DEVICE_TYPE, &TEXT, TYPE),
        (attribute::ORDER_NUMBER, &TEXT, ORDER),
        (attribute::HARDWARE_REVISION, &HARDWARE, HARDWARE_REVISION),
        (attribute::FIRMWARE_VERSION, &SOFTWARE, SOFTWARE_REVISION),
    ];
    for (name, rule, place) in columns {
        if let Some(octets) = column(place) {
            output.fact(server, name, Basis::Stated, rule, octets);
        }
    }
}
