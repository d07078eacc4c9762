//! What years bring: quiet hours, a process that hangs, impatient people, a configuration that is read while nothing is there.

use super::*;

/// Names, sizes and times of the register's files.
fn traces(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut traces: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("register.db"))
        .map(|path| {
            let metadata = path.metadata().unwrap();
            (path, metadata.len(), metadata.modified().unwrap())
        })
        .collect();
    traces.sort();
    traces
}

#[test]
fn a_quiet_line_feeds_the_watchdog_and_leaves_the_disk_alone() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    lab.silence();
    let sensor = Sensor::ready(&lab, folder.path());
    // The first look at the register comes after five seconds.
    thread::sleep(Duration::from_secs(8));
    let (before, began) = (traces(folder.path()), Instant::now());
    thread::sleep(Duration::from_secs(12));
    assert_eq!(traces(folder.path()), before, "nothing was heard, and something was written");
    let pings: Vec<Duration> =
        sensor.pings.lock().unwrap().iter().filter_map(|at| at.checked_duration_since(began)).collect();
    let longest = pings.windows(2).map(|two| two[1] - two[0]).max();
    assert!(pings.len() >= 4 && longest < Some(WATCHDOG), "{longest:?} of {pings:?}");
    lab.ping(20);
    sensor.until("it still hears", |sensor| sensor.frames() >= 20);
    sensor.stop();
}

#[test]
fn the_watchdog_is_fed_only_while_both_processes_get_on() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let sensor = Sensor::ready(&lab, folder.path());
    sensor.until("all is well", |sensor| sensor.said("WATCHDOG=1") > 1);
    let other = sensor.capturing();
    must("sh", &["-c", &format!("kill -STOP {other}")]);
    thread::sleep(Duration::from_secs(3));
    let fed = sensor.said("WATCHDOG=1");
    thread::sleep(WATCHDOG + Duration::from_secs(1));
    assert_eq!(sensor.said("WATCHDOG=1"), fed, "it says that all is well while nothing is captured");
    must("sh", &["-c", &format!("kill -CONT {other}")]);
    sensor.until("all is well again", |sensor| sensor.said("WATCHDOG=1") > fed + 1);
    sensor.stop();
}

#[test]
fn who_asks_twice_to_stop_does_not_wait() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let disk = Disk::new(folder.path().join("disk"));
    let db = disk.0.join("register.db");
    let config = format!(
        "register = \"{}\"\nlog.format = \"json\"\n[[interface]]\nname = \"tap0\"\nbuffer_mib = 8\n",
        db.display()
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut sensor = Sensor::ready(&lab, folder.path());
    let other = sensor.capturing();
    disk.fill();
    sensor.until("the register cannot be written", |sensor| {
        lab.ping(1);
        !sensor.events("register_failing").is_empty()
    });
    // Once: it tries for some seconds more.
    sensor.signal("TERM");
    sensor.until("it is stopping", |sensor| sensor.events("stopping").len() == 1);
    thread::sleep(Duration::from_millis(300));
    assert!(sensor.child.try_wait().unwrap().is_none(), "it still tries to write");
    let asked = Instant::now();
    sensor.signal("INT");
    assert_eq!(sensor.wait().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    while Path::new(&format!("/proc/{other}")).exists() {
        assert!(asked.elapsed() < Duration::from_secs(20), "the capturing process outlives the other one");
        thread::sleep(Duration::from_millis(20));
    }
    // What was in the register before is sound.
    fs::remove_file(disk.0.join("filler")).unwrap();
    let checked = run(binary().to_str().unwrap(), &["db", "check", "--db", db.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_configuration_is_taken_over_while_the_link_is_down_and_while_the_interface_is_gone() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let sensor = Sensor::ready(&lab, folder.path());
    lab.ping(20);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 20);
    lab.tap_link(&["set", "tap0", "down"]);
    sensor.until("it is down", |sensor| sensor.events("link_down").len() == 1);
    configure(folder.path(), "site = \"down\"");
    sensor.signal("HUP");
    sensor.until("it is taken over", |sensor| sensor.events("reloaded").len() == 1);
    sensor.until("the session before is written", |sensor| sensor.events("session_ended").len() == 1);
    lab.tap_link(&["set", "tap0", "up"]);
    sensor.until("frames are heard in the new session", |sensor| {
        lab.ping(1);
        list(&export(&sensor.folder.join("register.db")), "captures")
            .iter()
            .any(|capture| text(capture, "site") == "down" && capture["frames"].as_u64() > Some(0))
    });
    lab.tap_link(&["delete", "tap0"]);
    sensor.until("it is gone", |sensor| !sensor.events("interface_gone").is_empty());
    configure(folder.path(), "site = \"gone\"");
    sensor.signal("HUP");
    sensor.until("it is taken over", |sensor| sensor.events("reloaded").len() == 2);
    let alive = sensor.said("WATCHDOG=1");
    sensor.until("waiting is progress", |sensor| sensor.said("WATCHDOG=1") > alive + 1);
    lab.plug("tap0");
    sensor.until("frames are heard in the third session", |sensor| {
        lab.ping(1);
        list(&export(&sensor.folder.join("register.db")), "captures")
            .iter()
            .any(|capture| text(capture, "site") == "gone" && capture["frames"].as_u64() > Some(0))
    });
    sensor.stop();
    let register = export(&folder.path().join("register.db"));
    let states: Vec<_> = list(&register, "captures").iter().map(|capture| text(capture, "status")).collect();
    assert_eq!(states, ["complete"; 3]);
}
