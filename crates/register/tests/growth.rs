//! Growth: what is new shows, what only counts further does not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod common;

use common::{import, told};
use observation::{Batch, NANOS_PER_DAY, Sighting, Time};
use register::{Actor, Growth, Policy, Register};

#[test]
fn new_statements_show_and_an_import_of_the_same_does_not() {
    let mut register = Register::in_memory().unwrap();
    assert_eq!(register.growth().unwrap(), Growth::default());
    import(&mut register, "a", &[told(1, 0), told(2, 0)]);
    let one = register.growth().unwrap();
    assert!(one.rows() > 0 && one.stations > 0, "{one:?}");
    import(&mut register, "a", &[told(1, 0), told(2, 0)]);
    assert_eq!(register.growth().unwrap().facts, one.facts);
    import(&mut register, "b", &[told(1, 0), told(2, 0), told(3, 1)]);
    assert!(register.growth().unwrap().rows() > one.rows());
}

/// A station that says the same on each of these days.
fn on(days: &[i64]) -> Vec<Batch> {
    let of_day = |day: &i64| {
        let mut batch = told(1, 0);
        let sighting = Sighting::once(Time(day * NANOS_PER_DAY));
        batch.presences[0].sighting = sighting;
        batch.facts[0].sighting = sighting;
        batch
    };
    days.iter().map(of_day).collect()
}

#[test]
fn what_is_counted_day_by_day_shows_as_rows_of_days_until_it_is_folded() {
    let mut register = Register::in_memory().unwrap();
    assert_eq!(register.rows_of_days().unwrap(), 0);
    import(&mut register, "a", &on(&[1]));
    assert_eq!(register.rows_of_days().unwrap(), 2, "a presence and a fact");
    let one = register.growth().unwrap();
    import(&mut register, "b", &on(&[1, 2, 3, 4, 100]));
    assert_eq!(register.rows_of_days().unwrap(), 12);
    assert_eq!(register.growth().unwrap().facts, 2 * one.facts, "days are no new statements");
    let policy = Policy { detail_days: 1, conversation_days: 1, ..Policy::default() };
    register.prune(&policy, &Actor { name: "test", at: Time(101 * NANOS_PER_DAY) }).unwrap();
    // A day of the first capture; the folded days of the second, and its latest.
    assert_eq!(register.rows_of_days().unwrap(), 6);
}

#[test]
fn repetitions_within_a_capture_only_count_further() {
    let grown = |times: usize| {
        let mut register = Register::in_memory().unwrap();
        import(&mut register, "a", &vec![told(1, 0); times]);
        (register.growth().unwrap(), register.observed().unwrap())
    };
    let (once, often) = (grown(1), grown(5));
    assert_eq!(once.0, often.0);
    assert_ne!(format!("{:?}", once.1), format!("{:?}", often.1));
}
