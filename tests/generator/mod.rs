//! Makes capture files: the plant mix that the benchmark measures, and the small hard captures of `captures/`.
//!
//! Everything is seeded and written from the specifications: the same command gives the same octets on every machine.
//! Checksums, sequence numbers and lengths are right unless a capture is about what is wrong with them.
#![allow(dead_code, reason = "the tests, the benchmark and the command each use a part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "makes test material from constants; a mistake should stop it"
)]

pub mod dnp3;
pub mod enip;
pub mod file;
pub mod frame;
pub mod it;
pub mod mix;
pub mod modbus;
pub mod random;
pub mod s7comm;
pub mod samples;
pub mod talk;
pub mod tcp;
