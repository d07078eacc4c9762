//! Transport service data units: what COTP carries, put together from its fragments (ISO/IEC 8073 section 6.3).
//!
//! One [`Tsdus`] gathers one direction. It holds at most [`OCTETS_MAX`] octets and forgets what becomes longer.

use std::mem;

use crate::cotp::Data;
use crate::{Assembly, Malformed, Problem};

/// Octets of one service data unit put together from fragments. Protocols above negotiate 65,000 at most.
pub(crate) const OCTETS_MAX: usize = 0x1_0000;

/// Fragments of one direction.
#[derive(Debug, Default)]
pub(crate) struct Tsdus {
    fragments: Assembly,
    /// True while the rest of something too long passes by.
    passing: bool,
}

/// What the data of a TPDU makes.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Nothing to read, or not yet.
    Nothing,
    /// A whole unit, as it came.
    Whole,
    /// A whole unit, put together; this TPDU ended it.
    Assembled(Assembly),
}

impl Tsdus {
    /// True while fragments wait, whose frames are needed.
    pub(crate) fn waits(&self) -> bool {
        !self.fragments.is_empty()
    }

    /// Takes the data of one TPDU.
    ///
    /// # Errors
    ///
    /// Fails if the fragments become longer than [`OCTETS_MAX`]; they are forgotten.
    pub(crate) fn take(&mut self, data: &Data<'_>) -> Result<Taken, Malformed> {
        if self.passing {
            self.passing = !data.last;
            return Ok(Taken::Nothing);
        }
        if self.fragments.is_empty() && (data.last || data.octets.is_empty()) {
            // STEP 7 acknowledges with data without octets.
            return Ok(if data.octets.is_empty() { Taken::Nothing } else { Taken::Whole });
        }
        if !self.fragments.push(data.octets, OCTETS_MAX) {
            self.fragments.clear();
            self.passing = !data.last;
            let problem = Problem::Trailing { octets: data.octets.len() };
            return Err(Malformed { what: "COTP fragments", offset: data.at, problem });
        }
        Ok(if data.last { Taken::Assembled(mem::take(&mut self.fragments)) } else { Taken::Nothing })
    }
}

#[cfg(test)]
mod tests {
    use observation::Octets;

    use super::*;

    fn data(octets: &[u8], last: bool) -> Data<'_> {
        Data { last, octets: Octets::unplaced(octets), at: 7 }
    }

    #[test]
    fn fragments_make_one_unit() {
        let mut tsdus = Tsdus::default();
        assert!(matches!(tsdus.take(&data(b"whole", true)), Ok(Taken::Whole)));
        assert!(matches!(tsdus.take(&data(b"", false)), Ok(Taken::Nothing)));
        assert!(!tsdus.waits());
        assert!(matches!(tsdus.take(&data(b"two ", false)), Ok(Taken::Nothing)));
        assert!(tsdus.waits());
        let Ok(Taken::Assembled(whole)) = tsdus.take(&data(b"parts", true)) else { panic!("not whole") };
        assert_eq!(whole.octets().bytes, b"two parts");
        assert!(!tsdus.waits());
    }

    #[test]
    fn what_is_too_long_is_passed_over_to_its_end() {
        let mut tsdus = Tsdus::default();
        let half = vec![0; OCTETS_MAX / 2 + 1];
        assert!(tsdus.take(&data(&half, false)).is_ok());
        assert!(tsdus.take(&data(&half, false)).is_err());
        assert!(matches!(tsdus.take(&data(b"end", true)), Ok(Taken::Nothing)));
        assert!(matches!(tsdus.take(&data(b"next", true)), Ok(Taken::Whole)));
    }
}
