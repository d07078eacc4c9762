//! 16-bit cyclic redundancy checks, as serial protocols carry them: with reflected polynomials, and with plain ones.

/// The table of one polynomial: the checks of all 256 octets.
#[derive(Debug)]
pub(crate) struct Crc16([u16; 256]);

impl Crc16 {
    /// For a polynomial written with its least significant bit first.
    pub(crate) const fn new(polynomial: u16) -> Self {
        let mut table = [0_u16; 256];
        let mut octet = 0_u16;
        while octet < 256 {
            let mut check = octet;
            let mut bit = 0_u8;
            while bit < 8 {
                check = if check & 1 == 1 { check >> 1 ^ polynomial } else { check >> 1 };
                bit = bit.wrapping_add(1);
            }
            #[expect(
                clippy::indexing_slicing,
                reason = "the loop ends at the table's 256 entries, when compiling"
            )]
            {
                table[octet as usize] = check;
            }
            octet = octet.wrapping_add(1);
        }
        Self(table)
    }

    /// The check of `octets`, from a given start and not inverted.
    pub(crate) fn of(&self, start: u16, octets: &[u8]) -> u16 {
        octets.iter().fold(start, |check, octet| {
            let entry = usize::from(check.to_le_bytes()[0] ^ octet);
            check >> 8 ^ self.0.get(entry).copied().unwrap_or_default()
        })
    }
}

/// The table of one polynomial that is not reflected.
#[derive(Debug)]
pub(crate) struct PlainCrc16([u16; 256]);

impl PlainCrc16 {
    /// For a polynomial written with its most significant bit first.
    pub(crate) const fn new(polynomial: u16) -> Self {
        let mut table = [0_u16; 256];
        let mut octet = 0_u16;
        while octet < 256 {
            let mut check = octet << 8;
            let mut bit = 0_u8;
            while bit < 8 {
                check = if check & 0x8000 == 0 { check << 1 } else { check << 1 ^ polynomial };
                bit = bit.wrapping_add(1);
            }
            #[expect(
                clippy::indexing_slicing,
                reason = "the loop ends at the table's 256 entries, when compiling"
            )]
            {
                table[octet as usize] = check;
            }
            octet = octet.wrapping_add(1);
        }
        Self(table)
    }

    /// The check of `octets`, from a given start and not inverted.
    pub(crate) fn of(&self, start: u16, octets: &[u8]) -> u16 {
        octets.iter().fold(start, |check, octet| {
            let entry = usize::from(check.to_be_bytes()[0] ^ octet);
            check << 8 ^ self.0.get(entry).copied().unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogues: of the nine digits as text.
    #[test]
    fn checks_of_the_nine_digits_are_the_published_ones() {
        assert_eq!(Crc16::new(0xa001).of(0xffff, b"123456789"), 0x4b37, "CRC-16/MODBUS");
        assert_eq!(!Crc16::new(0xa6bc).of(0, b"123456789"), 0xea82, "CRC-16/DNP");
        assert_eq!(PlainCrc16::new(0x1021).of(0xffff, b"123456789"), 0x29b1, "CRC-16/IBM-3740");
    }
}
