//! The ring of capture files that the sensor keeps beside the register.

use super::*;

/// The files of a ring, oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn octets(files: &[PathBuf]) -> u64 {
    files.iter().map(|file| file.metadata().unwrap().len()).sum()
}

/// A register of files, imported.
fn imported(files: &[PathBuf]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["import".into()].into_iter().chain(files.iter().cloned());
    let import = support::command(folder.path(), arguments).output().unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    export(&folder.path().join("register.db"))
}

fn frames(register: &Value) -> u64 {
    list(register, "captures").iter().map(|capture| capture["frames"].as_u64().unwrap()).sum()
}

/// What the counters of all sessions say of the ring: frames written and not kept.
fn kept(register: &Value) -> (u64, u64) {
    let of = |name: &str| -> u64 {
        let captures = list(register, "captures");
        captures.iter().map(|capture| counters(capture).get(name).copied().unwrap_or(0)).sum()
    };
    (of("ring: frames written"), of("ring: frames not kept in files"))
}

/// A sensor with a ring in this directory.
fn ring(folder: &Path, directory: &Path, more: &str) {
    // The disk of who runs the tests may be fuller than a ring allows unless told so.
    let floor = if more.contains("free_min_percent") { "" } else { "pcap_ring.free_min_percent = 1\n" };
    configure(
        folder,
        &format!(
            "pcap_ring.directory = \"{}\"\npcap_ring.octets_max = 16777216\n{floor}{more}",
            directory.display()
        ),
    );
}

#[test]
fn the_files_of_the_ring_imported_give_the_register_that_the_sensor_wrote() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let directory = folder.path().join("below/pcap");
    ring(folder.path(), &directory, "");
    lab.silence();
    let sensor = Sensor::ready(&lab, folder.path());
    let frames = lab.replay("plant.pcapng", "4");
    sensor.until("all frames are in the register", |sensor| sensor.frames() >= frames);
    sensor.signal("USR1");
    sensor.until("it counts", |sensor| sensor.events("stats").len() == 1);
    assert_eq!(sensor.events("stats")[0]["frames_not_in_files"], 0);
    sensor.stop();
    let live = export(&folder.path().join("register.db"));
    assert_eq!((kept(&live), text(&list(&live, "captures")[0], "status")), ((frames, 0), "complete"));
    let files = files(&directory);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(files.len() == 1 && name.starts_with("tap0-0000000001-20"), "{files:?}");
    same(&live, &imported(&files));
}

#[test]
fn the_oldest_files_go_and_a_new_session_or_sensor_goes_on_with_the_ring() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let directory = folder.path().join("pcap");
    ring(folder.path(), &directory, "pcap_ring.file_octets = 2097152");
    let sensor = Sensor::ready(&lab, folder.path());
    lab.send_long(3000);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 3000);
    ring(folder.path(), &directory, "pcap_ring.file_octets = 2097152\nsite = \"other\"");
    sensor.signal("HUP");
    sensor.until("it listens anew", |sensor| sensor.events("interface_open").len() == 2);
    lab.send_long(500);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 3500);
    sensor.stop();
    let before = files(&directory);
    let sensor = Sensor::ready(&lab, folder.path());
    lab.send_long(500);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 4000);
    sensor.stop();
    let after = files(&directory);
    assert!(after.last() > before.last() && after.first() > before.first(), "{before:?} {after:?}");
    let live = export(&folder.path().join("register.db"));
    let all = frames(&live);
    assert_eq!((list(&live, "captures").len(), kept(&live)), (3, (all, 0)));
    let sizes = octets(&after);
    assert!((12 << 20..=16 << 20).contains(&sizes) && (7..=9).contains(&after.len()), "{sizes}: {after:?}");
    let removed: u64 = list(&live, "captures")
        .iter()
        .map(|capture| counters(capture).get("ring: files removed, oldest first").copied().unwrap_or(0))
        .sum();
    let newest = after.last().unwrap().file_name().unwrap().to_str().unwrap();
    let number: u64 = newest["tap0-".len()..][..10].parse().unwrap();
    assert_eq!(removed + after.len() as u64, number, "files begun are files removed and files there");
    // Files are whole.
    assert!(frames(&imported(&after)) > 1500);
}

#[test]
fn a_full_disk_stops_the_ring_and_not_the_sensor_and_it_goes_on_when_there_is_room() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    lab.silence();
    // A ring goes on only where some MiB more than the floor are free.
    let disk = Disk::of(folder.path().join("disk"), 24);
    ring(folder.path(), &disk.0, "pcap_ring.free_min_percent = 1");
    let sensor = Sensor::ready(&lab, folder.path());
    lab.send_long(20);
    sensor.until("frames are kept", |_| octets(&files(&disk.0)) > 100_000);
    disk.fill();
    lab.send_long(300);
    sensor.until("that is said", |sensor| {
        !sensor.events("ring_failing").is_empty()
            && sensor
                .words
                .lock()
                .unwrap()
                .iter()
                .any(|line| line.contains("capture files of tap0 are not written"))
    });
    let alive = sensor.said("WATCHDOG=1");
    lab.send_long(300);
    sensor.until("frames are counted and all else is well", |sensor| {
        sensor.frames() >= 620 && sensor.said("WATCHDOG=1") > alive + 1
    });
    fs::remove_file(disk.0.join("filler")).unwrap();
    sensor.until("frames are kept again", |sensor| {
        lab.send_long(10);
        !sensor.events("ring_recovered").is_empty()
    });
    lab.send_long(20);
    let sent: u64 = lab.received();
    sensor.until("all is counted", |sensor| sensor.frames() >= sent);
    sensor.stop();
    let live = export(&folder.path().join("register.db"));
    let (written, not_kept) = kept(&live);
    assert_eq!((frames(&live), written + not_kept), (sent, sent));
    assert!(not_kept >= 300 && written >= 40, "{written} written, {not_kept} not");
    // What is there is whole, whatever the disk did.
    assert!(frames(&imported(&files(&disk.0))) >= 20);
}

#[test]
fn a_directory_that_cannot_be_used_is_said_and_costs_nothing_else() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    ring(folder.path(), Path::new("/proc/nowhere"), "");
    let sensor = Sensor::ready(&lab, folder.path());
    lab.ping(30);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 30);
    assert!(!sensor.events("ring_failing").is_empty());
    sensor.stop();
    let live = export(&folder.path().join("register.db"));
    assert_eq!(kept(&live), (0, frames(&live)));
}
