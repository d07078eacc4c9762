//! Cut-off, damaged and hostile captures keep what was read and say where it ended; what is no capture is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

mod source_writers;

use std::io::Write;

use capture::{FileSource, Input, SourceError};
use observation::CaptureStatus::{Complete, Damaged, Truncated};
use source_writers::*;

fn small_pcap() -> Vec<u8> {
    let mut file = Pcap::new(Little, MICROS);
    file.frame(1, 0, b"abc").frame(2, 0, b"").frame(3, 0, &[7; 100]);
    file.octets
}

fn small_pcapng() -> Vec<u8> {
    let mut file = Pcapng::new(Big);
    file.interface(1, 0, &[(9, vec![9])]).enhanced(0, 1, b"abc").statistics(0, &[(5, 3)]);
    file.block(10, b"secret").section(Little).interface(1, 8, &[]).simple(9, b"abcdefgh");
    file.packet(0, 0, 1, b"abcde");
    file.octets
}

fn stopped(octets: &[u8]) -> (usize, String) {
    let (frames, finished) = read(octets).unwrap();
    let stopped = finished.stopped.unwrap_or_default();
    (frames.len(), format!("{}: {stopped}", finished.status.as_str()))
}

#[test]
fn a_capture_cut_anywhere_gives_the_frames_before_the_cut() {
    for whole in [small_pcap(), small_pcapng()] {
        let (all, finished) = read(&whole).unwrap();
        assert_eq!((all.len(), finished.status), (3, Complete));
        let mut complete = 0;
        for cut in 4..whole.len() {
            let (frames, finished) = read(&whole[..cut]).unwrap();
            assert_eq!(frames[..], all[..frames.len()], "cut at {cut}");
            match finished.status {
                // Only between two records.
                Complete => complete += 1,
                Truncated => assert!(finished.stopped.is_some_and(|text| text.contains(" left"))),
                Damaged => panic!("cut at {cut}: {:?}", finished.stopped),
            }
        }
        assert!((2..=8).contains(&complete), "{complete}");
    }
}

#[test]
fn a_compressed_capture_cut_anywhere_gives_frames_of_the_whole() {
    for whole in [small_pcap(), small_pcapng()] {
        let (all, _) = read(&whole).unwrap();
        for packed in [gzip(&whole), zstd(&whole), [gzip(&whole[..90]), gzip(&whole[90..])].concat()] {
            for cut in 0..packed.len() {
                match read(&packed[..cut]) {
                    Ok((frames, finished)) => {
                        assert_eq!(frames[..], all[..frames.len()], "cut at {cut}");
                        let between_members = packed[cut..].starts_with(&[0x1F, 0x8B]);
                        assert!(
                            finished.status == Truncated || between_members,
                            "cut at {cut}: {finished:?}"
                        );
                    }
                    Err(error) => {
                        let text = error.to_string();
                        assert!(
                            text.contains("cut off") || text.contains("empty") || cut < 4,
                            "{cut}: {text}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn changed_octets_never_panic_and_never_invent_octets() {
    let captures = [small_pcap(), small_pcapng()];
    let packed = captures.clone().map(|whole| [gzip(&whole), zstd(&whole)]);
    let mut numbers = Numbers::new(7);
    for whole in captures.iter().chain(packed.iter().flatten()) {
        for _ in 0..3_000 {
            let mut changed = whole.clone();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(changed.len());
                changed[at] = numbers.next().to_le_bytes()[5];
            }
            if let Ok((frames, finished)) = read(&changed) {
                let octets: usize = frames.iter().map(|frame| frame.octets.len()).sum();
                assert!(octets <= whole.len().max(1000) * 2, "{octets}");
                assert_eq!(finished.status == Complete, finished.stopped.is_none());
            }
        }
    }
}

#[test]
fn the_place_and_the_reason_of_a_cut_are_told() {
    let whole = small_pcap();
    assert_eq!(stopped(&whole[..10]), (0, "truncated: octet 0: file header of 24 octets, 10 left".into()));
    assert_eq!(stopped(&whole[..30]), (0, "truncated: octet 24: record header of 16 octets, 6 left".into()));
    assert_eq!(stopped(&whole[..60]), (2, "truncated: octet 59: record header of 16 octets, 1 left".into()));
    assert_eq!(stopped(&whole[..100]), (2, "truncated: octet 59: record of 116 octets, 41 left".into()));
    let whole = small_pcapng();
    assert_eq!(stopped(&whole[..20]), (0, "truncated: octet 0: block of 44 octets, 20 left".into()));
    assert_eq!(stopped(&whole[..47]), (0, "truncated: octet 44: block of 12 octets, 3 left".into()));
}

#[test]
fn places_in_compressed_captures_are_of_the_decompressed_octets() {
    let mut file = Pcap::new(Little, MICROS);
    let mut numbers = Numbers::new(3);
    for second in 0..5_000 {
        let octets: Vec<u8> = (0..20).flat_map(|_| numbers.next().to_le_bytes()).collect();
        file.frame(second, 0, &octets);
    }
    for (name, packed) in [("gzip", gzip(&file.octets)), ("zstd", zstd(&file.octets))] {
        let (count, text) = stopped(&packed[..packed.len() / 2]);
        assert!((1..5_000).contains(&count), "{count}");
        let place = 24 + count * 176;
        assert!(
            text.starts_with(&format!("truncated: octet {place} of the decompressed octets: ")),
            "{text}"
        );
        assert!(text.ends_with(&format!("{name} is cut off")), "{text}");

        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xFF);
        let (count, text) = stopped(&damaged);
        assert!(count < 5_000);
        assert!(text.starts_with("damaged: octet "), "{text}");
    }
}

#[test]
fn a_wrong_checksum_and_octets_after_the_last_member_are_damage() {
    let mut packed = gzip(&small_pcap());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let (count, text) = stopped(&packed);
    assert_eq!(count, 3);
    assert!(text.starts_with("damaged: octet 175 of the decompressed octets: record header"), "{text}");
    assert!(text.contains("gzip is damaged: "), "{text}");
    let followed = [gzip(&small_pcap()), b"and more".to_vec()].concat();
    let (count, text) = stopped(&followed);
    assert_eq!(count, 3);
    assert!(text.ends_with("its last member is followed by something else"), "{text}");
}

#[test]
fn a_huge_length_is_damage_and_takes_no_memory() {
    for length in [262_145, 16 << 20, u32::MAX] {
        let mut file = Pcap::new(Big, NANOS);
        file.frame(1, 0, b"abc").record(2, 0, length, length, &[0; 5000]);
        let text = format!("damaged: octet 43: record of {length} octets, more than the 262144 of a frame");
        assert_eq!(stopped(&file.octets), (1, text));
    }
    let mut file = Pcapng::new(Little);
    file.interface(1, 0, &[]).enhanced(0, 1, b"abcd");
    for length in [0, 4, 11, (16 << 20) + 4, u32::MAX] {
        let place = file.octets.len();
        let block = [6_u32.to_le_bytes(), length.to_le_bytes(), [0; 4], [0; 4]].concat();
        let damaged = [file.octets.clone(), block].concat();
        assert_eq!(stopped(&damaged), (1, format!("damaged: octet {place}: block of {length} octets")));
    }
}

#[test]
fn a_block_that_contradicts_itself_is_damage() {
    let blocks: [fn(&mut Pcapng) -> &mut Pcapng; 8] = [
        |file| {
            file.enhanced(0, 1, b"abcd");
            *file.octets.last_mut().unwrap() = 1;
            file
        },
        |file| file.enhanced_with(0, 1, 9, 9, b"abcd", &[]),
        |file| file.enhanced_with(0, 1, u32::MAX, 9, b"abcd", &[]),
        |file| file.block(6, &[0; 16]),
        |file| file.block(3, &[]),
        |file| file.block(1, &[0; 4]),
        |file| file.block(5, &[0; 4]),
        |file| file.block(0x0A0D_0D0A, &[1; 16]),
    ];
    let reasons = [
        "block of 36 octets ends with the length 16777252",
        "frame of 9 octets in a block of 36",
        "frame of 4294967295 octets in a block of 36",
        "packet without its fields",
        "packet without its fields",
        "interface description without its fields",
        "interface statistics without their fields",
        "section header without byte-order magic",
    ];
    for (block, reason) in blocks.into_iter().zip(reasons) {
        let mut file = Pcapng::new(Little);
        file.interface(1, 0, &[]).enhanced(0, 1, b"abcd");
        let place = file.octets.len();
        let damaged = &block(&mut file).enhanced(0, 2, b"beyond").octets;
        assert_eq!(stopped(damaged), (1, format!("damaged: octet {place}: {reason}")));
    }
}

#[test]
fn more_interfaces_than_the_limit_are_counted() {
    let mut file = Pcapng::new(Little);
    for _ in 0..65_540 {
        file.interface(1, 0, &[]);
    }
    file.enhanced(65_535, 1, b"in").enhanced(65_536, 1, b"out");
    let (frames, finished) = read(&file.octets).unwrap();
    assert_eq!(frames.len(), 1);
    assert_eq!(finished.counters["source.interfaces_over_limit"], 4);
    assert_eq!(finished.counters["source.frames_of_unknown_interface"], 1);
}

#[test]
fn a_decompression_bomb_is_stopped() {
    let mut file = Pcap::new(Little, MICROS).octets;
    file.resize(64 << 20, 0);
    let bomb = zstd(&file);
    assert!(bomb.len() < 64 << 10);
    // Zeros after the header are frames of no octets; many such frames of zstd are one stream.
    let zeros = zstd(&vec![0; 64 << 20]);
    let bomb = [bomb, zeros.repeat(6)].concat();
    let (count, text) = stopped(&bomb);
    assert!(count < 320 << 16, "{count}");
    assert!(text.ends_with("zstd expands more than 1000-fold: taken for a decompression bomb"), "{text}");
}

#[test]
fn what_is_no_capture_is_refused_with_the_reason() {
    let refusal = |octets: &[u8]| read(octets).unwrap_err().to_string();
    assert_eq!(refusal(b""), "is empty");
    assert_eq!(refusal(b"\xD4\xC3"), "not a capture: starts with d4 c3");
    assert_eq!(refusal(b"PK\x03\x04rest"), "not a capture: starts with 50 4b 03 04, a zip archive");
    assert_eq!(refusal(b"# Captures\n"), "not a capture: starts with 23 20 43 61, text");
    assert_eq!(
        refusal(&gzip(b"%PDF-1.7")),
        "not a capture: gzip of a file that starts with 25 50 44 46, a PDF document"
    );
    assert_eq!(refusal(&zstd(b"")), "not a capture: zstd of a file that is empty");
    assert_eq!(
        refusal(&gzip(&gzip(&small_pcap()))),
        "not a capture: gzip of a file that starts with 1f 8b 08 00, compressed by gzip once more"
    );
    assert_eq!(refusal(b"\x1F\x8Bxx"), "not a capture: gzip is cut off");
    assert!(
        refusal(&[b"\x1F\x8Bxx".as_slice(), &[7; 100]].concat())
            .starts_with("not a capture: gzip is damaged: ")
    );
    let version = Pcap::with(Big, MICROS, (3, 0), 0, 1).octets;
    assert_eq!(refusal(&version), "not a capture: pcap version 3.0 is unknown");
    let mut version = Pcapng::new(Big);
    version.octets.clear();
    version.section_of_version(Big, 2);
    assert_eq!(refusal(&version.octets), "not a capture: pcapng version 2.0 is unknown");
}

#[test]
fn folders_and_missing_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path| FileSource::open(&Input::File(path.into())).err().unwrap();
    assert!(matches!(open(folder.path()), SourceError::Folder));
    let missing = open(&folder.path().join("missing.pcap"));
    assert!(matches!(&missing, SourceError::Io(error) if error.kind() == std::io::ErrorKind::NotFound));
    assert!(!missing.is_permission());
}

#[test]
fn the_hash_covers_what_was_not_walked() {
    let mut file = Pcap::new(Little, MICROS);
    file.frame(1, 0, b"abc").record(1, 0, u32::MAX, 0, b"");
    file.octets.resize(3 << 20, 0x55);
    for octets in [file.octets.clone(), gzip(&file.octets)] {
        // `read` compares hash and size.
        let (frames, finished) = read(&octets).unwrap();
        assert_eq!((frames.len(), finished.status), (1, Damaged));
    }
    // Nor need the frames be walked at all.
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(&file.octets).unwrap();
    let source = FileSource::open(&Input::File(on_disk.path().into())).unwrap();
    assert_eq!(source.finish().unwrap().sha256, sha256(&file.octets));
}
