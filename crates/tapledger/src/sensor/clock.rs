//! The two clocks of the machine beside each other, and its memory.

use std::time::Instant;

use super::writer::now;
use crate::session;

/// Milliseconds by which the wall clock may run away from the other before that is a jump: time servers slew slower.
const JUMP_MS: i64 = 500;

/// Watches how far the wall clock is from the monotonic one.
#[derive(Debug)]
pub(crate) struct Clock {
    began: Instant,
    /// Milliseconds of the wall clock when the monotonic one stood at `began`.
    wall: i64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { began: now(), wall: wall() }
    }

    /// Milliseconds by which the wall clock has jumped since the last look, if it has. A machine that slept has, too.
    pub(crate) fn jump(&mut self) -> Option<i64> {
        let elapsed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.look(elapsed, wall())
    }

    /// What slews slowly is followed.
    fn look(&mut self, elapsed: i64, wall: i64) -> Option<i64> {
        let base = wall.saturating_sub(elapsed);
        let off = base.saturating_sub(self.wall);
        self.wall = base;
        (off.abs() > JUMP_MS).then_some(off)
    }
}

fn wall() -> i64 {
    session::now().0 / 1_000_000
}

/// Memory that this process has in use, in octets.
pub(crate) fn memory_octets() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_in_both_directions_are_seen_once_and_slewing_is_not() {
        let mut clock = Clock { began: now(), wall: 1_000_000 };
        assert_eq!(clock.look(1000, 1_001_000), None);
        assert_eq!(clock.look(2000, 1_002_300), None);
        assert_eq!(clock.look(3000, 4_603_300), Some(3_600_000));
        assert_eq!(clock.look(4000, 4_604_300), None);
        assert_eq!(clock.look(5000, 1_005_000), Some(-3_600_300));
        assert!(memory_octets().is_some_and(|octets| octets > 1 << 20));
    }
}
