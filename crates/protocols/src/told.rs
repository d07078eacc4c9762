//! A memory of what was said already, so that cyclic messages cost no more than a look.

use observation::Day;

/// Fingerprints of the last `N` different things; the oldest gives way. What was forgotten is said again, which does no
/// harm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<const N: usize> {
    prints: [u64; N],
    next: usize,
}

impl<const N: usize> Default for Told<N> {
    fn default() -> Self {
        Self { prints: [0; N], next: 0 }
    }
}

impl<const N: usize> Told<N> {
    /// True if this was not said lately; from now on it was.
    pub(crate) fn is_new(&mut self, print: Print) -> bool {
        // No fingerprint is 0, which stands for nothing.
        let print = print.0.max(1);
        if self.prints.contains(&print) {
            return false;
        }
        if let Some(place) = self.prints.get_mut(self.next) {
            *place = print;
        }
        self.next = self.next.saturating_add(1).checked_rem(N).unwrap_or(0);
        true
    }
}

/// A fingerprint of octets: FNV-1a of 64 bits. Whoever sends octets with equal fingerprints on purpose hides only what
/// it says itself.
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
        Self(
            octets
                .iter()
                .fold(self.0, |print, octet| (print ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)),
        )
    }
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
        assert!(Told::<0>::default().is_new(print("a")));
    }
}
