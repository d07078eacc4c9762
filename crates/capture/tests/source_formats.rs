//! Every variant of the capture formats is read as written.
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

use std::collections::BTreeMap;
use std::io::Write;

use capture::{FileSource, Input, LinkType};
use observation::CaptureStatus;
use source_writers::*;

const SECOND: i64 = 1_000_000_000;

fn one(octets: &[u8]) -> Frame {
    let (mut frames, finished) = read(octets).unwrap();
    assert_eq!((frames.len(), finished.status), (1, CaptureStatus::Complete), "{finished:?}");
    frames.remove(0)
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_all_three_magics() {
    for order in [Big, Little] {
        for (magic, nanos) in [(MICROS, 7_000), (NANOS, 7), (PATCHED, 7_000)] {
            let mut file = Pcap::with(order, magic, (2, 4), 65_535, 113);
            file.frame(1_700_000_000, 7, b"abc").record(1_700_000_001, 0, 2, 1514, b"de");
            let (frames, finished) = read(&file.octets).unwrap();
            let link_type = LinkType::LINUX_SLL;
            let first = 1_700_000_000 * SECOND + nanos;
            let second = 1_700_000_001 * SECOND;
            assert_eq!(
                frames,
                [
                    Frame { number: 1, nanos: first, link_type, original_length: 3, octets: b"abc".into() },
                    Frame {
                        number: 2,
                        nanos: second,
                        link_type,
                        original_length: 1514,
                        octets: b"de".into()
                    },
                ],
                "{order:?} {magic:x}"
            );
            assert_eq!(finished.status, CaptureStatus::Complete);
            assert_eq!((finished.stopped, finished.kernel_drops), (None, 0));
            assert_eq!(finished.link_types, BTreeMap::from([(link_type, 2)]));
        }
    }
}

#[test]
fn a_pcap_without_frames_is_complete() {
    let (frames, finished) = read(&Pcap::new(Little, MICROS).octets).unwrap();
    assert_eq!((frames.len(), finished.status), (0, CaptureStatus::Complete));
}

#[test]
fn frames_of_no_octets_and_times_at_both_ends_are_survived() {
    let mut file = Pcap::new(Big, MICROS);
    file.frame(0, 0, b"").record(u32::MAX, u32::MAX, 0, 60, b"").frame(1, 0, b"x");
    let (frames, _) = read(&file.octets).unwrap();
    assert_eq!(frames.len(), 3);
    assert_eq!((frames[0].nanos, frames[0].octets.len()), (0, 0));
    assert_eq!(frames[1].nanos, i64::from(u32::MAX) * SECOND + i64::from(u32::MAX) * 1000);
    assert_eq!(frames[1].original_length, 60);
    assert_eq!(frames[2].octets, b"x");
}

#[test]
fn the_upper_half_of_the_link_type_is_not_part_of_it() {
    for order in [Big, Little] {
        let mut file = Pcap::with(order, MICROS, (2, 4), 0, 0x1400_0114);
        file.frame(1, 0, b"x");
        assert_eq!(one(&file.octets).link_type, LinkType::LINUX_SLL2);
    }
}

#[test]
fn old_pcap_versions_may_have_the_lengths_either_way_round() {
    let mut file = Pcap::with(Big, MICROS, (2, 3), 100, 1);
    file.record(1, 0, 1514, 3, b"abc").record(1, 0, 3, 1514, b"abc");
    let (frames, _) = read(&file.octets).unwrap();
    assert_eq!(frames.len(), 2);
    assert!(frames.iter().all(|frame| frame.original_length == 1514 && frame.octets == b"abc"));
    // From 2.4 on the first is what was captured, also where it is the longer one.
    let mut file = Pcap::new(Big, MICROS);
    file.record(1, 0, 3, 2, b"abc");
    assert_eq!(one(&file.octets).octets, b"abc");
}

#[test]
fn frames_across_buffers_and_longer_than_one_are_whole() {
    let mut file = Pcap::with(Little, MICROS, (2, 4), 2_000_000, 1);
    let mut numbers = Numbers::new(1);
    let mut expected = Vec::new();
    for length in [60, 1514, 200_000, 9_000, 1_900_000, 1, 0, 262_144].into_iter().cycle().take(64) {
        let octets: Vec<u8> = (0..length).map(|_| numbers.next().to_le_bytes()[3]).collect();
        file.frame(1, 0, &octets);
        expected.push(octets);
    }
    for packed in [file.octets.clone(), gzip(&file.octets), zstd(&file.octets)] {
        let (frames, finished) = read(&packed).unwrap();
        assert_eq!(finished.status, CaptureStatus::Complete);
        assert!(frames.iter().map(|frame| &frame.octets).eq(&expected));
    }
}

#[test]
fn pcapng_sections_of_either_order_have_their_own_interfaces() {
    let mut file = Pcapng::new(Little);
    file.interface(1, 96, &[(2, b"eth0".to_vec()), (9, vec![9])])
        .interface(113, 0, &[])
        .enhanced(0, 5, b"first")
        .enhanced(1, 5, b"second");
    file.section(Big).interface(101, 0, &[(9, vec![3])]).enhanced(0, 5, b"third");
    file.section(Little).enhanced(0, 5, b"lost").interface(276, 0, &[]).enhanced(0, 6, b"fourth");
    let (frames, finished) = read(&file.octets).unwrap();
    let read: Vec<_> = frames
        .iter()
        .map(|frame| (frame.number, frame.link_type.0, frame.nanos, frame.octets.as_slice()))
        .collect();
    assert_eq!(
        read,
        [
            (1, 1, 5, b"first".as_slice()),
            (2, 113, 5_000, b"second"),
            (3, 101, 5_000_000, b"third"),
            (5, 276, 6_000, b"fourth"),
        ]
    );
    assert_eq!(finished.status, CaptureStatus::Complete);
    let types = [(1, 1), (101, 1), (113, 1), (276, 1)].map(|(number, count)| (LinkType(number), count));
    assert_eq!(finished.link_types, BTreeMap::from(types));
    let counters =
        [("source.frames_of_unknown_interface", 1), ("source.interfaces", 4), ("source.sections", 3)];
    assert_eq!(finished.counters, counters.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn pcapng_clocks_are_powers_of_ten_or_two_with_an_offset() {
    for order in [Big, Little] {
        let at = |options: Options<'_>, units| {
            let mut file = Pcapng::new(order);
            file.interface(1, 0, options).enhanced(0, units, b"x");
            one(&file.octets).nanos
        };
        let offset = |seconds: i64| (14, order.u64(seconds.cast_unsigned()).to_vec());
        assert_eq!(at(&[], 1_700_000_000_000_001), 1_700_000_000 * SECOND + 1_000);
        assert_eq!(at(&[(9, vec![9])], 1_700_000_000_000_000_001), 1_700_000_000 * SECOND + 1);
        assert_eq!(at(&[(9, vec![0])], 1_700_000_000), 1_700_000_000 * SECOND);
        assert_eq!(at(&[(9, vec![12])], 5_999), 5);
        assert_eq!(
            at(&[(9, vec![0x80 | 10])], (1_700_000_000 << 10) + 512),
            1_700_000_000 * SECOND + SECOND / 2
        );
        assert_eq!(at(&[(9, vec![6]), offset(3600)], 1), 3600 * SECOND + 1000);
        assert_eq!(at(&[offset(-3600), (9, vec![9])], 1), -3600 * SECOND + 1);
        assert_eq!(at(&[(9, vec![0])], u64::MAX), i64::MAX);
        assert_eq!(at(&[offset(i64::MIN)], 0), i64::MIN);
    }
}

#[test]
fn all_three_packet_blocks_are_read() {
    for order in [Big, Little] {
        let mut file = Pcapng::new(order);
        file.interface(1, 4, &[]).interface(113, 0, &[]);
        file.packet(1, 0xFFFF, 3, b"obsolete").simple(3, b"abc").simple(1514, b"abcd").enhanced(0, 4, b"new");
        let (frames, finished) = read(&file.octets).unwrap();
        let read: Vec<_> = frames
            .iter()
            .map(|frame| (frame.link_type.0, frame.nanos, frame.original_length, frame.octets.as_slice()))
            .collect();
        assert_eq!(
            read,
            [
                (113, 3_000, 8, b"obsolete".as_slice()),
                (1, 3_000, 3, b"abc"),
                (1, 3_000, 1514, b"abcd"),
                (1, 4_000, 3, b"new"),
            ]
        );
        assert_eq!(finished.counters["source.frames_without_time"], 2);
        assert_eq!(finished.kernel_drops, 0);
    }
}

#[test]
fn a_simple_packet_without_a_snaplen_is_as_long_as_its_block_says() {
    let mut file = Pcapng::new(Little);
    file.interface(1, 0, &[]).simple(1514, b"abcd");
    let frame = one(&file.octets);
    assert_eq!((frame.original_length, frame.octets.as_slice()), (1514, b"abcd".as_slice()));
}

#[test]
fn kernel_drops_of_all_interfaces_are_summed_and_later_statistics_replace_earlier_ones() {
    for order in [Big, Little] {
        let mut file = Pcapng::new(order);
        file.interface(1, 0, &[]).interface(1, 0, &[]).interface(1, 0, &[]);
        file.statistics(0, &[(4, 1000), (5, 3), (7, 4)])
            .statistics(0, &[(4, 2000), (5, 30), (7, 40)])
            .statistics(1, &[(7, 500)])
            .statistics(7, &[(7, 9999)]);
        let dropped = vec![(4, order.u64(600).to_vec())];
        file.enhanced_with(1, 1, 2, 2, b"ab", &dropped).packet(2, 1000, 1, b"ab").packet(2, 1000, 1, b"ab");
        file.section(order).interface(1, 0, &[]).statistics(0, &[(5, 10_000)]);
        let (frames, finished) = read(&file.octets).unwrap();
        assert_eq!(frames.len(), 3);
        assert_eq!(finished.kernel_drops, 70 + 600 + 2000 + 10_000);
    }
}

#[test]
fn blocks_without_frames_and_options_without_sense_are_passed_over() {
    let mut file = Pcapng::new(Big);
    file.block(0x0000_0004, b"names").interface(
        1,
        0,
        &[(0x0B, b"filter".to_vec()), (2988, b"custom".to_vec())],
    );
    file.block(0x0000_000A, b"TLSKpassword").block(0x0000_0BAD, b"custom").block(0x4000_0BAD, b"");
    file.block(0x8000_0001, &[0xEE; 300_000]);
    file.enhanced_with(0, 1, 3, 3, b"abc", &[(1, b"comment".to_vec())]);
    // An option that claims more than the block holds.
    let mut body = vec![0; 20];
    body[15] = 2;
    body.extend(b"de\0\0\x00\x01\xFF\xFF");
    file.block(6, &body);
    let (frames, finished) = read(&file.octets).unwrap();
    assert_eq!(frames.iter().map(|frame| frame.octets.as_slice()).collect::<Vec<_>>(), [&b"abc"[..], b"de"]);
    assert_eq!(finished.status, CaptureStatus::Complete);
    assert_eq!(finished.counters["source.secrets_skipped"], 1);
    assert_eq!(finished.counters["source.blocks_skipped"], 4);
}

#[test]
fn sections_of_an_unknown_version_are_passed_over_and_counted() {
    let mut file = Pcapng::new(Little);
    file.interface(1, 0, &[]).enhanced(0, 1, b"one");
    file.section_of_version(Little, 2).interface(1, 0, &[]).enhanced(0, 1, b"two");
    file.section(Big).interface(1, 0, &[]).enhanced(0, 1, b"three");
    let (frames, finished) = read(&file.octets).unwrap();
    assert_eq!(
        frames.iter().map(|frame| frame.octets.as_slice()).collect::<Vec<_>>(),
        [&b"one"[..], b"three"]
    );
    assert_eq!(finished.counters["source.blocks_of_unknown_version"], 2);
}

#[test]
fn a_block_whose_length_leaves_the_padding_out_is_read() {
    let mut file = Pcapng::new(Little);
    file.interface(1, 0, &[]).enhanced(0, 1, b"abcde");
    let block = file.octets.len() - 40;
    for at in [block + 4, block + 36] {
        file.octets[at] = 37;
    }
    file.enhanced(0, 2, b"next");
    let (frames, finished) = read(&file.octets).unwrap();
    assert_eq!(
        frames.iter().map(|frame| frame.octets.as_slice()).collect::<Vec<_>>(),
        [&b"abcde"[..], b"next"]
    );
    assert_eq!(finished.status, CaptureStatus::Complete);
}

#[test]
fn compression_is_told_by_magic_and_the_hash_is_of_the_file_on_disk() {
    let mut file = Pcapng::new(Little);
    file.interface(1, 0, &[]);
    for second in 0..20_000_u64 {
        file.enhanced(0, second * 1_000_000, &second.to_be_bytes());
    }
    let (plain, _) = read(&file.octets).unwrap();
    let (one_part, other) = file.octets.split_at(123_457);
    let members = [gzip(one_part), gzip(b""), gzip(other)].concat();
    let padded = [members.clone(), vec![0; 600_000]].concat();
    let zstd_frames = [zstd(one_part), zstd(other)].concat();
    for packed in [gzip(&file.octets), members, padded, zstd(&file.octets), zstd_frames] {
        // `read` compares the hash with that of `packed`.
        let (frames, finished) = read(&packed).unwrap();
        assert_eq!(finished.status, CaptureStatus::Complete, "{:?}", finished.stopped);
        assert!(frames == plain);
    }
}

#[test]
fn progress_counts_octets_on_disk_and_reaches_the_size() {
    let mut file = Pcap::new(Little, MICROS);
    for second in 0..100_000 {
        file.frame(second, 0, &second.to_be_bytes());
    }
    for octets in [file.octets.clone(), gzip(&file.octets)] {
        let mut on_disk = tempfile::NamedTempFile::new().unwrap();
        on_disk.write_all(&octets).unwrap();
        let mut source = FileSource::open(&Input::File(on_disk.path().into())).unwrap();
        assert_eq!(source.size(), Some(octets.len() as u64));
        assert!(source.octets_read() <= 256 * 1024);
        let mut last = 0;
        while source.next().is_some() {
            assert!(source.octets_read() >= last);
            last = source.octets_read();
        }
        assert_eq!(last, octets.len() as u64);
    }
}

#[test]
fn a_source_can_be_handed_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<FileSource>();
    is_send::<capture::LiveSource>();
}

#[test]
fn standard_input_is_read_as_it_arrives() {
    const CHILD: &str = "TAPLEDGER_TEST_READS_STDIN";
    if std::env::var_os(CHILD).is_some() {
        let mut source = FileSource::open(&Input::Stdin).unwrap();
        assert_eq!(source.size(), None);
        let count = frames(&mut source).len();
        let finished = source.finish().unwrap();
        println!("read {count} {} {}", finished.octets, finished.sha256);
        return;
    }
    let mut file = Pcap::new(Little, MICROS);
    for second in 0..50_000 {
        file.frame(second, 0, b"a frame of some octets");
    }
    for octets in [file.octets.clone(), gzip(&file.octets), zstd(&file.octets)] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "standard_input_is_read_as_it_arrives", "--nocapture"])
            .env(CHILD, "1")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // In odd pieces, so that records and magic arrive in parts.
        pipe.write_all(&octets[..3]).unwrap();
        for piece in octets[3..].chunks(7_919) {
            pipe.write_all(piece).unwrap();
        }
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let expected = format!("read 50000 {} {}", octets.len(), sha256(&octets));
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.contains(&expected), "{output}");
    }
}
