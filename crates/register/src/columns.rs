//! How the shared nouns stand in columns.

use observation::{Day, Evidence, Path, Range, Sighting, Station, Time, number_of};
use rusqlite::Row;

use crate::error::{Error, Result};

/// Octets of one range in a column.
const RANGE_OCTETS: usize = 16;

/// A count as a column holds it: at most 2^63 - 1.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from a column.
pub(crate) fn counted(row: &Row<'_>, index: usize) -> Result<u64> {
    let count: i64 = row.get(index)?;
    u64::try_from(count).map_err(|_| Error::Damaged(format!("a count is negative: {count}")))
}

/// Ranges as a column holds them; octet order is the order of ranges.
pub(crate) fn ranges_stored(ranges: &[Range]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(ranges.len().saturating_mul(RANGE_OCTETS));
    for range in ranges {
        octets.extend_from_slice(&range.frame.to_be_bytes());
        octets.extend_from_slice(&range.offset.to_be_bytes());
        octets.extend_from_slice(&range.length.to_be_bytes());
    }
    octets
}

/// Ranges from a column.
pub(crate) fn ranges_read(octets: &[u8]) -> Result<Vec<Range>> {
    let (ranges, rest) = octets.as_chunks::<RANGE_OCTETS>();
    if !rest.is_empty() {
        return Err(Error::Damaged(format!("evidence of {}", number_of(octets.len(), "octet"))));
    }
    let read = |range: &[u8; RANGE_OCTETS]| {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *range;
        Range {
            frame: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            offset: u32::from_be_bytes([i, j, k, l]),
            length: u32::from_be_bytes([m, n, o, p]),
        }
    };
    Ok(ranges.iter().map(read).collect())
}

/// Evidence as a column holds it: `None` where there is none.
pub(crate) fn evidence_stored(evidence: &Evidence) -> Option<Vec<u8>> {
    (!evidence.ranges.is_empty()).then(|| ranges_stored(&evidence.ranges))
}

/// Evidence from a column.
pub(crate) fn evidence_read(row: &Row<'_>, index: usize) -> Result<Evidence> {
    let octets: Option<&[u8]> = row.get_ref(index)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    Ok(Evidence { ranges: ranges_read(octets.unwrap_or_default())? })
}

/// Day, first, last and count, in four columns from `index` on.
pub(crate) fn sighting_read(row: &Row<'_>, index: usize) -> Result<Sighting> {
    let at = |offset: usize| index.saturating_add(offset);
    Ok(Sighting {
        day: Day(row.get(at(0))?),
        first: Time(row.get(at(1))?),
        last: Time(row.get(at(2))?),
        count: counted(row, at(3))?,
    })
}

/// A VLAN as a column holds it.
pub(crate) fn vlan_stored(vlan: Option<u16>) -> u16 {
    vlan.unwrap_or(0)
}

/// A VLAN from a column.
pub(crate) fn vlan_read(row: &Row<'_>, index: usize) -> Result<Option<u16>> {
    let vlan: u16 = row.get(index)?;
    Ok((vlan != 0).then_some(vlan))
}

/// Address, VLAN and path, in three columns from `index` on.
pub(crate) fn station_read(row: &Row<'_>, index: usize) -> Result<Station> {
    let (address, path) = (text(row, index)?, text(row, index.saturating_add(2))?);
    let damaged =
        |what: &str, text: &str| Error::Damaged(format!("a station's {what} is \"{}\"", text.escape_debug()));
    Ok(Station {
        address: address.parse().map_err(|_| damaged("address", address))?,
        vlan: vlan_read(row, index.saturating_add(1))?,
        path: Path::read_back(path).ok_or_else(|| damaged("path", path))?,
    })
}

/// A word of the contract, read by the type that prints it.
pub(crate) fn word_read<T>(row: &Row<'_>, index: usize, read_back: fn(&str) -> Option<T>) -> Result<T> {
    let word = row.get_ref(index)?.as_str().map_err(rusqlite::Error::from)?;
    read_back(word).ok_or_else(|| Error::Damaged(format!("an unknown word: \"{}\"", word.escape_debug())))
}

/// The text of a column, borrowed.
pub(crate) fn text<'r>(row: &'r Row<'_>, index: usize) -> Result<&'r str> {
    Ok(row.get_ref(index)?.as_str().map_err(rusqlite::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back_and_sort_as_octets() {
        let early = [Range { frame: 9, offset: 92, length: 20 }, Range { frame: 10, offset: 54, length: 8 }];
        let late = [Range { frame: 9, offset: 100, length: 4 }];
        let huge = [Range { frame: u64::MAX, offset: u32::MAX, length: u32::MAX }];
        for ranges in [&early[..], &late, &huge, &[]] {
            assert_eq!(ranges_read(&ranges_stored(ranges)).unwrap(), ranges);
        }
        assert!(ranges_stored(&early) < ranges_stored(&late));
        assert!(ranges_read(&[0; 17]).is_err());
    }

    #[test]
    fn counts_stop_where_columns_end() {
        assert_eq!((stored(5), stored(u64::MAX)), (5, i64::MAX));
    }
}
