//! The slave information as it is read word by word: categories behind the fixed head (ETG.2010, chapter 3).

use observation::Octets;

use crate::Assembly;

/// First word of the categories.
pub(super) const CATEGORIES: u16 = 0x40;

/// Octets gathered of one slave: strings and general information come first and are a few hundred.
const OCTETS_MAX: usize = 1_024;

/// Category numbers.
const STRINGS: u16 = 10;
const GENERAL: u16 = 30;
const END: u16 = 0xffff;

/// Words of the slave information from [`CATEGORIES`] on, in order.
#[derive(Debug, Default)]
pub(super) struct Image {
    words: Assembly,
}

/// What the strings of a slave name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) order_number: Option<Octets<'a>>,
    pub(super) name: Option<Octets<'a>>,
}

impl Image {
    /// Takes words that were read at an address. True if they bring the next ones: a master may read some again, since
    /// a category of an odd number of words ends in the middle of what is read at once.
    pub(super) fn push(&mut self, address: u16, words: Octets<'_>) -> bool {
        let have = self.words.octets().len();
        let next = usize::from(CATEGORIES).saturating_add(have / 2);
        let Some(known) = next.checked_sub(address.into()) else { return false };
        let new = words.tail(known.saturating_mul(2));
        !new.is_empty() && self.words.push(new, OCTETS_MAX)
    }

    /// Names, once the categories that hold them are whole.
    pub(super) fn names(&self) -> Option<Names<'_>> {
        let (mut strings, mut general) = (None, None);
        let mut rest = self.words.octets();
        while strings.is_none() || general.is_none() {
            let [a, b, c, d] = *rest.bytes.first_chunk::<4>()?;
            let (category, words) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            if category == END {
                return None;
            }
            let length = usize::from(words).saturating_mul(2);
            let data = rest.slice(4, length)?;
            match category {
                STRINGS => strings = Some(data),
                GENERAL => general = Some(data),
                _ => {}
            }
            rest = rest.tail(length.saturating_add(4));
        }
        let (strings, general) = (strings?, general?);
        Some(Names { order_number: string(strings, general.get(2)?), name: string(strings, general.get(3)?) })
    }
}

/// String `number`, counted from 1; 0 is none.
fn string(strings: Octets<'_>, number: u8) -> Option<Octets<'_>> {
    let count = strings.get(0)?;
    if number == 0 || number > count {
        return None;
    }
    let mut at = 1_usize;
    for _ in 1..number {
        at = at.saturating_add(usize::from(strings.get(at)?)).saturating_add(1);
    }
    strings.slice(at.saturating_add(1), usize::from(strings.get(at)?))
}
