//! Growth: what is new shows, what only counts further does not.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{import, told};
use register::{Growth, Register};

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
