//! `watch`: captures that are put into a folder are imported once, when they are whole.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Register, capture, command, list};

/// `tapledger watch`, running.
struct Watcher {
    child: Child,
    log: PathBuf,
}

impl Watcher {
    fn start(register: &Register, spool: &Path, options: &[&str]) -> Self {
        Self::start_as(None, register, spool, options)
    }

    /// As another user, if one is named.
    fn start_as(user: Option<u32>, register: &Register, spool: &Path, options: &[&str]) -> Self {
        let log = register.folder.path().join("log");
        let mut watch = command(register.folder.path(), ["-v", "watch", spool.to_str().unwrap()]);
        let options = if options.is_empty() { &["--every", "1s", "--settle", "3s"] } else { options };
        watch.args(options).arg("--db").arg(register.database());
        if let Some(user) = user {
            watch.uid(user).gid(user);
        }
        let log_file = fs::File::create(&log).unwrap();
        let child = watch.stdout(Stdio::null()).stderr(log_file).spawn().unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn until(&mut self, what: &str, mut happened: impl FnMut(&str) -> bool) {
        let began = Instant::now();
        while !happened(&self.log()) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended ({status}): {}", self.log());
            }
            assert!(began.elapsed() < Duration::from_secs(60), "never: {what}\n{}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(mut self) -> String {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_secs(30), "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
        self.log()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn put(name: &str, spool: &Path, target: &str) -> PathBuf {
    let path = spool.join(target);
    fs::copy(capture(name), &path).unwrap();
    path
}

fn captures(register: &Register) -> usize {
    list(&register.json(), "captures").len()
}

#[test]
fn whole_files_are_imported_once_growing_ones_wait_and_a_restart_reads_nothing_again() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    put("modbus-gateway.pcap", spool.path(), "a.pcap");
    fs::write(spool.path().join("notes.txt"), "no capture").unwrap();
    let mut watcher = Watcher::start(&register, spool.path(), &[]);
    watcher.until("the first is imported", |log| log.contains("a.pcap"));
    // A capture that is still written: at no moment is half of it taken.
    let octets = fs::read(capture("s7-download.pcap")).unwrap();
    let mut file = fs::File::create(spool.path().join("b.pcap")).unwrap();
    for part in octets.chunks(octets.len() / 8 + 1) {
        file.write_all(part).unwrap();
        file.sync_all().unwrap();
        thread::sleep(Duration::from_millis(400));
    }
    watcher.until("the second is imported", |log| log.contains("b.pcap"));
    // The same under another name is no other capture.
    put("modbus-gateway.pcap", spool.path(), "c.pcap");
    watcher.until("the third is known already", |log| log.contains("c.pcap"));
    let log = watcher.stop();
    assert!(
        log.contains("2 imported (0 not to the end), 1 known already, 0 refused, 0 files waiting"),
        "{log}"
    );
    assert_eq!(captures(&register), 2);
    let direct = Register::of(&[capture("modbus-gateway.pcap"), capture("s7-download.pcap")]);
    assert_eq!(list(&register.json(), "assets").len(), list(&direct.json(), "assets").len());

    let mut watcher = Watcher::start(&register, spool.path(), &[]);
    put("cuts/modbus-identity.pcapng", spool.path(), "d.pcapng");
    watcher.until("the fourth is imported", |log| log.contains("d.pcapng"));
    let log = watcher.stop();
    assert!(
        log.contains("1 imported (0 not to the end), 0 known already, 0 refused, 0 files waiting"),
        "{log}"
    );
    assert!(!log.contains("a.pcap"), "{log}");
}

#[test]
fn damaged_files_are_put_aside_and_whole_ones_moved_or_deleted() {
    let (register, spool, away, damaged) = (
        Register::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    put("modbus-gateway.pcap", spool.path(), "a.pcap");
    fs::write(spool.path().join("b.pcap"), "this is no capture at all").unwrap();
    let octets = fs::read(capture("s7-download.pcap")).unwrap();
    fs::write(spool.path().join("c.pcap"), &octets[..octets.len() - 7]).unwrap();
    let run = |options: &[&str]| {
        let output = command(register.folder.path(), ["watch", spool.path().to_str().unwrap(), "--once"])
            .args(options)
            .arg("--db")
            .arg(register.database())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{log}");
        log
    };
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let log =
        run(&["--move-to", away.path().to_str().unwrap(), "--damaged-to", damaged.path().to_str().unwrap()]);
    assert!(log.contains("2 imported (1 not to the end), 0 known already, 1 refused"), "{log}");
    assert!(log.contains("c.pcap") && log.contains("not imported to its end"), "{log}");
    assert_eq!(names(spool.path()), Vec::<String>::new());
    assert_eq!(names(away.path()), ["a.pcap"]);
    assert_eq!(names(damaged.path()), ["b.pcap", "c.pcap"]);

    // What could not be read to its end is never deleted.
    put("cuts/modbus-identity.pcapng", spool.path(), "d.pcapng");
    fs::write(spool.path().join("e.pcap"), &octets[..octets.len() - 9]).unwrap();
    run(&["--delete"]);
    assert_eq!(names(spool.path()), ["e.pcap"]);
    assert_eq!(captures(&register), 4);
    // And it is not read again.
    assert!(run(&[]).contains("0 imported (0 not to the end), 0 known already, 0 refused"));
}

#[test]
fn a_file_that_grew_after_it_was_imported_is_said_and_not_counted_twice() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    let octets = fs::read(capture("s7-download.pcap")).unwrap();
    let path = spool.path().join("a.pcap");
    fs::write(&path, &octets[..octets.len() / 2]).unwrap();
    let once = || {
        let output = command(register.folder.path(), ["watch", spool.path().to_str().unwrap(), "--once"])
            .arg("--db")
            .arg(register.database())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    once();
    fs::write(&path, &octets).unwrap();
    let log = once();
    assert!(log.contains("it grew after it was imported"), "{log}");
    assert_eq!(captures(&register), 1);
    // A ring that writes another capture under the same name is another matter.
    fs::copy(capture("plant.pcapng"), &path).unwrap();
    once();
    assert_eq!(captures(&register), 2);
}

#[test]
fn a_file_that_grows_while_it_is_imported_and_after_is_counted_once() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    let octets = fs::read(capture("s7-download.pcap")).unwrap();
    let (header, records) = octets.split_at(24);
    let path = spool.path().join("a.pcap");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(header).unwrap();
    for _ in 0..(4 << 20) / records.len() {
        file.write_all(records).unwrap();
    }
    let mut watcher = Watcher::start(&register, spool.path(), &["--every", "1s", "--settle", "0s"]);
    let grew = "it grew after it was imported";
    watcher.until("it grew, after it was imported while it grew", |log| {
        file.write_all(records).unwrap();
        log.contains(grew)
    });
    let log = watcher.stop();
    assert!(log.contains("1 imported (0 not to the end), 0 known already"), "{log}");
    assert_eq!(captures(&register), 1);
}

#[test]
fn the_register_may_have_a_bare_name() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    put("modbus-gateway.pcap", spool.path(), "a.pcap");
    let arguments = ["watch", spool.path().to_str().unwrap(), "--once", "--db", "register.db"];
    let output = command(register.folder.path(), arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(captures(&register), 1);
    assert!(register.folder.path().join("register.db.watched").exists());
}

#[test]
fn a_file_that_cannot_be_read_yet_is_waited_for_and_never_put_aside() {
    const NOBODY: u32 = 65_534;
    let (register, spool, damaged) =
        (Register::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        for folder in [register.folder.path(), spool.path(), damaged.path()] {
            chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let path = put("modbus-gateway.pcap", spool.path(), "a.pcap");
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o000);
    let options = ["--every", "1s", "--settle", "1s", "--damaged-to", damaged.path().to_str().unwrap()];
    let mut watcher = Watcher::start_as(is_root.then_some(NOBODY), &register, spool.path(), &options);
    watcher.until("it cannot be read", |log| log.contains("Permission denied"));
    thread::sleep(Duration::from_secs(3));
    mode(0o644);
    watcher.until("it is imported", |log| log.contains("imported"));
    let log = watcher.stop();
    assert!(log.contains("1 imported (0 not to the end), 0 known already, 0 refused"), "{log}");
    assert_eq!(log.matches("Permission denied").count(), 1, "said once: {log}");
    assert_eq!(fs::read_dir(damaged.path()).unwrap().count(), 0);
}

#[test]
fn a_memory_that_cannot_be_written_ends_nothing_and_is_said_once() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    put("modbus-gateway.pcap", spool.path(), "a.pcap");
    // In the way of the file that is written beside.
    let partial = register.folder.path().join("register.db.watched.partial");
    fs::create_dir(&partial).unwrap();
    let mut watcher = Watcher::start(&register, spool.path(), &["--every", "1s", "--settle", "0s"]);
    watcher.until("it complains", |log| log.contains("register.db.watched"));
    put("s7-download.pcap", spool.path(), "b.pcap");
    watcher.until("it goes on", |log| log.contains("b.pcap"));
    thread::sleep(Duration::from_secs(3));
    assert_eq!(watcher.log().matches("register.db.watched").count(), 1, "{}", watcher.log());
    fs::remove_dir(&partial).unwrap();
    let memory = register.folder.path().join("register.db.watched");
    watcher.until("it is written", |_| fs::read_to_string(&memory).is_ok_and(|text| text.contains("b.pcap")));
    watcher.stop();
    assert_eq!(captures(&register), 2);
}

#[test]
fn folders_that_are_none_or_the_same_are_refused() {
    let (register, spool) = (Register::new(), tempfile::tempdir().unwrap());
    let path = spool.path().to_str().unwrap();
    for (arguments, problem) in [
        (["watch", "/nowhere", "--move-to", path], "is no folder"),
        (["watch", path, "--move-to", path], "folder that is watched"),
    ] {
        let output = register.run(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(problem));
    }
}
