//! Every decoder on changed, cut, joined and repeated messages: nothing panics, hangs, grows without bound or says what
//! its evidence does not.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test, with modules that others include too"
)]

#[path = "../../../tests/fuzz/driver.rs"]
mod driver;
#[path = "../fuzz/feed.rs"]
mod feed;

use std::fs;
use std::path::Path;

use observation::Transport;
use protocols::{ALL, Protocol};

/// Longest input. Two messages of the largest protocol fit.
const OCTETS_MAX: usize = 4096;

/// As `every_protocol.rs` names them: `udp` in the name is a datagram, `ethernet` the payload of a frame.
fn transport(protocol: &Protocol, name: &str) -> Transport {
    match (protocol.tcp, protocol.udp) {
        ([], []) => Transport::Ethernet,
        (_, [_, ..]) if name.contains("udp") => Transport::Udp,
        _ if name.contains("ethernet") && !protocol.ethertypes.is_empty() => Transport::Ethernet,
        ([], _) => Transport::Udp,
        _ => Transport::Tcp,
    }
}

#[test]
fn no_octets_make_a_decoder_panic_hang_grow_or_say_what_it_cannot_prove() {
    let mut seeds = Vec::new();
    for (index, protocol) in ALL.iter().enumerate() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(protocol.name).join("messages");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in
            files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        {
            let prefix =
                feed::prefix(index, transport(protocol, path.file_name().unwrap().to_str().unwrap()));
            for mode in [0x00, 0x04, 0x08] {
                let mut seed = vec![prefix[0], prefix[1] | mode];
                seed.extend(fs::read(&path).unwrap());
                seeds.push(seed);
            }
        }
    }
    let count = driver::run("every-protocol", &seeds, OCTETS_MAX, feed::feed);
    assert!(count > seeds.len() as u64, "only the seeds were tried");
}
