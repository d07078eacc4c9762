//! A memory of what was said already, so that cyclic messages cost no more than a look.

use observation::Day;
use smallvec::SmallVec;

/// Fingerprints that stand in the session itself: all that a flow of one question and its answer needs, of which a plant
/// has tens of thousands.
const IN_PLACE: usize = 2;

/// Fingerprints of the last `N` different things; the oldest gives way. What was forgotten is said again, which does no
/// harm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told<const N: usize> {
    prints: SmallVec<[u64; IN_PLACE]>,
    next: usize,
}

impl<const N: usize> Told<N> {
    /// True if this was not said lately; from now on it was.
    pub(crate) fn is_new(&mut self, print: Print) -> bool {
        if self.prints.contains(&print.0) {
            return false;
        }
        if self.prints.len() < N {
            self.prints.push(print.0);
        } else if let Some(place) = self.prints.get_mut(self.next) {
            *place = print.0;
            self.next = self.next.saturating_add(1).checked_rem(N).unwrap_or(0);
        }
        true
    }
}

/// A fingerprint of octets, in the manner of FNV-1a but in words of eight octets: octet by octet every
/// step waits for a multiplication. Whoever sends octets with equal fingerprints on purpose hides only what it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print(u64);

impl Print {
    /// Of nothing.
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Of a day: what is told of one day is told again on the next.
    pub(crate) fn of_day(day: Day) -> Self {
        Self::new().with(&day.0.to_le_bytes())
    }

    /// With further octets.
    #[must_use]
    pub(crate) fn with(self, octets: &[u8]) -> Self {
        let (words, rest) = octets.as_chunks::<8>();
        let print = words.iter().fold(self.0, |print, word| mixed(print, u64::from_le_bytes(*word)));
        if rest.is_empty() {
            return Self(print);
        }
        // The length of what is left is in it: a NUL at the end counts.
        let mut word = [0; 8];
        for (to, octet) in word.iter_mut().zip(rest) {
            *to = *octet;
        }
        Self(mixed(print ^ (rest.len() as u64).rotate_right(8), u64::from_le_bytes(word)))
    }
}

fn mixed(print: u64, word: u64) -> u64 {
    (print ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_new_once_until_it_is_forgotten() {
        let mut told = Told::<2>::default();
        let print = |text: &str| Print::new().with(text.as_bytes());
        assert!(told.is_new(print("a")) && !told.is_new(print("a")));
        assert!(told.is_new(print("b")) && !told.is_new(print("a")));
        assert!(told.is_new(print("c")) && told.is_new(print("a")));
        assert!(
            told.is_new(print("c\0")) && told.is_new(print("12345678")) && told.is_new(print("12345678\0"))
        );
        assert!(Told::<0>::default().is_new(print("a")));
    }
}
