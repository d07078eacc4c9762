use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{FileSource, Input};

const DAY: i64 = 20_454 * NANOS_PER_DAY;

fn options(folder: &Path, octets_max: u64, file_octets: u64) -> RingOptions {
    RingOptions { folder: folder.into(), name: "eth1".into(), octets_max, file_octets, free_octets_min: 1000 }
}

/// Frames of 100 octets that begin with their number.
fn frames(ring: &mut Ring, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let mut octets = [0; 100];
        octets[..4].copy_from_slice(&number.to_be_bytes());
        ring.frame(&RawFrame {
            number: number.into(),
            time: Time(DAY + i64::from(number)),
            link_type: LinkType::ETHERNET,
            original_length: 1500,
            octets: &octets,
        });
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Numbers of the frames in all files, as this crate's own reader reads them.
fn kept(folder: &Path) -> Vec<u32> {
    let mut numbers = Vec::new();
    for file in files(folder) {
        let mut source = FileSource::open(&Input::File(file)).unwrap();
        while let Some(frame) = source.next() {
            let number = u32::from_be_bytes(frame.octets[..4].try_into().unwrap());
            assert_eq!((frame.time, frame.original_length), (Time(DAY + i64::from(number)), 1500));
            numbers.push(number);
        }
    }
    numbers
}

#[test]
fn the_oldest_file_goes_first_and_the_newest_frames_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(options(folder.path(), 4096, 1024)).unwrap();
    frames(&mut ring, 0..200);
    let counts = ring.counts();
    drop(ring);
    let sizes: Vec<u64> = files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).collect();
    assert!(sizes.iter().sum::<u64>() <= 4096 && sizes.iter().all(|size| *size <= 1024), "{sizes:?}");
    let kept = kept(folder.path());
    assert_eq!(kept, (200 - u32::try_from(kept.len()).unwrap()..200).collect::<Vec<_>>());
    assert!(kept.len() > 20, "{}", kept.len());
    assert_eq!((counts.frames, counts.frames_not_written, counts.errors), (200, 0, 0));
    assert_eq!(counts.files_removed + sizes.len() as u64, 200_u64.div_ceil(8));
    let first = files(folder.path())[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(first.starts_with("eth1-00000000") && first.ends_with("-2026-01-01T000000Z.pcap"), "{first}");
}

#[test]
fn a_ring_goes_on_where_an_earlier_one_ended_and_leaves_other_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let others = ["eth1-notes.pcap", "eth10-0000000001-2026-01-01T000000Z.pcap", "plant.pcap"];
    for name in others {
        std::fs::write(folder.path().join(name), vec![0; 5000]).unwrap();
    }
    for begin in [0, 100, 200] {
        let mut ring = Ring::open(options(folder.path(), 2048, 512)).unwrap();
        frames(&mut ring, begin..begin + 100);
    }
    let mut left = files(folder.path());
    left.retain(|path| !others.contains(&path.file_name().unwrap().to_str().unwrap()));
    assert_eq!(left.len() + 3, files(folder.path()).len());
    for path in files(folder.path()).iter().filter(|path| !left.contains(path)) {
        std::fs::remove_file(path).unwrap();
    }
    let kept = kept(folder.path());
    assert_eq!(kept, (300 - u32::try_from(kept.len()).unwrap()..300).collect::<Vec<_>>());
}

#[test]
fn below_the_floor_files_go_then_writing_stops_and_it_goes_on_when_space_returns() {
    let folder = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(1 << 40));
    let seen = Arc::clone(&free);
    let options = options(folder.path(), 1 << 30, 1 << 20);
    let mut ring =
        Ring::with_free_space(options, Box::new(move |_| Ok(seen.load(Ordering::Relaxed)))).unwrap();
    let a_look = 20_000; // frames of 116 octets: two looks at the space
    frames(&mut ring, 0..a_look);
    assert_eq!((ring.counts().frames, ring.trouble()), (u64::from(a_look), None));
    free.store(999, Ordering::Relaxed);
    frames(&mut ring, a_look..2 * a_look);
    assert!(ring.trouble().unwrap().contains("999 octets are free"), "{:?}", ring.trouble());
    let counts = ring.counts();
    assert!(counts.files_removed_for_space > 1 && counts.frames_not_written > 10_000, "{counts:?}");
    assert_eq!(files(folder.path()), [] as [PathBuf; 0], "all of it is given to the register");
    // A little more is not enough to begin again.
    free.store(5000, Ordering::Relaxed);
    frames(&mut ring, 2 * a_look..3 * a_look);
    assert!(ring.trouble().is_some());
    free.store(1 << 40, Ordering::Relaxed);
    frames(&mut ring, 3 * a_look..4 * a_look);
    let counts = ring.counts();
    assert_eq!(ring.trouble(), None);
    assert_eq!(counts.frames + counts.frames_not_written, u64::from(4 * a_look));
    assert_eq!(counts.counters()["ring: frames not kept in files"], counts.frames_not_written);
    drop(ring);
    assert_eq!(kept(folder.path()).last(), Some(&(4 * a_look - 1)));
}

#[test]
fn a_folder_that_is_taken_away_is_counted_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("pcap");
    let mut ring = Ring::open(options(&below, 4096, 1024)).unwrap();
    frames(&mut ring, 0..5);
    std::fs::remove_dir_all(&below).unwrap();
    frames(&mut ring, 5..100);
    let counts = ring.counts();
    assert!(counts.errors > 0 && ring.trouble().is_some());
    assert_eq!(counts.frames + counts.frames_not_written, 100);
}

#[test]
fn what_was_on_the_wire_is_not_for_everybody() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(options(folder.path(), 4096, 1024)).unwrap();
    frames(&mut ring, 0..1);
    let mode = files(folder.path())[0].metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0);
}

#[test]
fn a_shorter_bound_is_kept_from_the_next_frame_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(options(folder.path(), 8192, 1024)).unwrap();
    frames(&mut ring, 0..100);
    ring.bound(2048);
    frames(&mut ring, 100..101);
    drop(ring);
    let octets: u64 = files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(octets <= 2048, "{octets}");
    assert_eq!(kept(folder.path()).last(), Some(&100));
}

#[test]
fn a_larger_bound_gives_files_back_the_size_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(options(folder.path(), 8192, 2048)).unwrap();
    ring.bound(1024);
    frames(&mut ring, 0..20);
    ring.bound(8192);
    frames(&mut ring, 20..100);
    drop(ring);
    let largest = files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).max().unwrap();
    assert!(largest > 1900 && largest <= 2048, "{largest}");
}

#[test]
fn files_of_names_that_nobody_writes_are_dealt_out_and_go_first_whether_frames_come_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let names = BTreeSet::from(["eth1".to_owned(), "eth-2".to_owned()]);
    let open = |name: &str, octets_max| {
        Ring::open(RingOptions { name: name.into(), ..options(folder.path(), octets_max, 512) }).unwrap()
    };
    for name in ["eth0", "eth-9", "eth-2"] {
        frames(&mut open(name, 4096), 0..100);
    }
    std::fs::write(folder.path().join("eth0-notes.pcap"), "mine").unwrap();
    let of = |name: &str| -> usize {
        let is_of = |path: &&PathBuf| number_of_file(path.file_name().unwrap(), name).is_some();
        files(folder.path()).iter().filter(is_of).count()
    };
    let octets = || -> u64 { files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).sum() };
    assert!(octets() > 10_000 && of("eth0") > 5 && of("eth-9") > 5 && of("eth-2") > 5);
    let mut rings = ["eth1", "eth-2"].map(|name| open(name, 3000));
    for ring in &mut rings {
        ring.adopt(&names).unwrap();
        // Nothing is heard.
        ring.bound(3000);
    }
    assert!(octets() <= 6000 + 4, "{}", octets());
    assert!(of("eth0") + of("eth-9") > 0, "no more goes than must");
    let [mut first, second] = rings;
    drop(second);
    frames(&mut first, 0..200);
    drop(first);
    assert!(octets() <= 6000 + 4, "{}", octets());
    assert!(of("eth1") > 3 && folder.path().join("eth0-notes.pcap").exists());
}

#[test]
fn counts_of_a_while_are_those_after_it_less_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(options(folder.path(), 4096, 1024)).unwrap();
    frames(&mut ring, 0..10);
    let before = ring.counts();
    frames(&mut ring, 10..25);
    let during = ring.counts().since(before);
    assert_eq!(during.frames, 15);
    assert_eq!(before.plus(during), ring.counts());
}

#[test]
fn a_share_of_the_file_system_is_octets() {
    let folder = tempfile::tempdir().unwrap();
    let all = percent_of_space(folder.path(), 100).unwrap();
    let tenth = percent_of_space(folder.path(), 10).unwrap();
    assert!(tenth > 0 && all / 10 == tenth, "{tenth} of {all}");
    assert!(percent_of_space(&folder.path().join("not there"), 10).is_err());
}
