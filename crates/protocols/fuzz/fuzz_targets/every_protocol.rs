//! One target for all decoders: the first octet picks the protocol.
#![no_main]

#[path = "../feed.rs"]
#[allow(dead_code, reason = "the seeded fuzzer makes inputs with it")]
mod feed;

libfuzzer_sys::fuzz_target!(|input: &[u8]| feed::feed(input));
