//! The sensor as the service manager runs it: in a network namespace, with a replayed plant at the other end of a cable.
//!
//! They need root, `ip` and Python, and say so where they are skipped. Nothing of the machine's own network is touched.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::canonical::canonical;
use crate::support::{self, binary, list, text};

mod ring;
mod years;

/// How often the stand-in for the service manager wants to hear that all is well.
const WATCHDOG: Duration = Duration::from_secs(3);

/// Two namespaces and a cable: `tap0`, where the sensor listens, and `src0`, where the plant is.
struct Lab {
    tap: String,
    src: String,
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn must(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Lab {
    /// None without root or tools.
    fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let can = |program: &str, arguments: &[&str]| {
            Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        if must("id", &["-u"]).trim() != "0" {
            println!("\nSKIPPED: network namespaces need root");
            return None;
        }
        if !can("ip", &["-V"]) || !can("python3", &["-V"]) {
            println!("\nSKIPPED: ip and python3 are not here");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |end: &str| format!("tl-sensor-{}-{number}-{end}", std::process::id());
        let lab = Self { tap: name("tap"), src: name("src") };
        if !can("ip", &["netns", "add", &lab.tap]) || !can("ip", &["netns", "add", &lab.src]) {
            println!("\nSKIPPED: this kernel or container gives no network namespaces");
            return None;
        }
        lab.plug("tap0");
        Some(lab)
    }

    /// The cable. The plant's end is silent; the sensor's has the system's defaults.
    fn plug(&self, tap: &str) {
        let (own, other) = (self.tap.as_str(), self.src.as_str());
        must(
            "ip",
            &[
                "-n", other, "link", "add", "src0", "mtu", "9000", "type", "veth", "peer", "name", tap,
                "netns", own,
            ],
        );
        self.in_src(&["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/src0/disable_ipv6"]);
        must("ip", &["-n", other, "link", "set", "src0", "arp", "off", "multicast", "off", "up"]);
        must("ip", &["-n", own, "link", "set", tap, "mtu", "9000", "up"]);
    }

    fn in_src(&self, command: &[&str]) -> String {
        let mut arguments = vec!["netns", "exec", &self.src];
        arguments.extend(command);
        must("ip", &arguments)
    }

    /// Silences the sensor's end as a user would.
    fn silence(&self) {
        let program = binary();
        must("ip", &["netns", "exec", &self.tap, program.to_str().unwrap(), "setup", "tap0", "--apply"]);
    }

    fn tap_link(&self, arguments: &[&str]) {
        let mut all = vec!["-n", self.tap.as_str(), "link"];
        all.extend(arguments);
        must("ip", &all);
    }

    /// Frames that came out of the sensor's interface: what the plant's end received.
    fn sent(&self) -> u64 {
        self.in_src(&["cat", "/sys/class/net/src0/statistics/rx_packets"]).trim().parse().unwrap()
    }

    fn replay(&self, capture: &str, speed: &str) -> u64 {
        let script = support::root().join("tests/sensor/replay.py");
        let capture = support::root().join("captures").join(capture);
        let (script, capture) = (script.to_str().unwrap(), capture.to_str().unwrap());
        self.in_src(&["python3", script, capture, "src0", speed]).trim().parse().unwrap()
    }

    /// Sends frames of no interest.
    fn ping(&self, count: u32) {
        self.send("020000000002", count);
    }

    /// Sends frames of 8 KiB.
    fn send_long(&self, count: u32) {
        let program = format!(
            "import socket, time\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\ns.bind(('src0', 0))\n\
             for n in range({count}):\n\
             \x20   s.send(bytes.fromhex('02000000000202000000000188b5') + n.to_bytes(8178, 'big'))\n\
             \x20   if n % 100 == 99: time.sleep(0.02)"
        );
        self.in_src(&["python3", "-c", &program]);
    }

    /// Frames that came to the sensor's interface since it was made.
    fn received(&self) -> u64 {
        let path = "/sys/class/net/tap0/statistics/rx_packets";
        must("ip", &["netns", "exec", &self.tap, "cat", path]).trim().parse().unwrap()
    }

    fn send(&self, to: &str, count: u32) {
        let program = format!(
            "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\ns.bind(('src0', 0))\n\
             for n in range({count}): s.send(bytes.fromhex('{to}02000000000188b5') + n.to_bytes(46, 'big'))"
        );
        self.in_src(&["python3", "-c", &program]);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in [&self.tap, &self.src] {
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

/// A sensor that runs.
struct Sensor {
    child: Child,
    folder: PathBuf,
    words: Arc<Mutex<Vec<String>>>,
    /// When it said that all is well.
    pings: Arc<Mutex<Vec<Instant>>>,
}

impl Sensor {
    fn start(lab: &Lab, folder: &Path, wrapper: &[&str]) -> Self {
        let socket = folder.join("notify");
        let _ = fs::remove_file(&socket);
        let manager = UnixDatagram::bind(&socket).unwrap();
        let words = Arc::new(Mutex::new(Vec::new()));
        let pings = Arc::new(Mutex::new(Vec::new()));
        let (heard, fed) = (Arc::clone(&words), Arc::clone(&pings));
        thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok(length) = manager.recv(&mut room) {
                let said = String::from_utf8_lossy(&room[..length]).into_owned();
                if said.contains("WATCHDOG=1") {
                    fed.lock().unwrap().push(Instant::now());
                }
                heard.lock().unwrap().extend(said.lines().map(str::to_owned));
            }
        });
        must("chmod", &["777", socket.to_str().unwrap()]);
        let log = fs::File::create(folder.join("log")).unwrap();
        let child = Command::new("ip")
            .args(["netns", "exec", &lab.tap])
            .args(wrapper)
            .arg(binary())
            .args(["sensor", "--config"])
            .arg(folder.join("config.toml"))
            .current_dir(folder)
            .env_remove("TAPLEDGER_LOG")
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, folder: folder.to_path_buf(), words, pings }
    }

    fn ready(lab: &Lab, folder: &Path) -> Self {
        let sensor = Self::start(lab, folder, &[]);
        sensor.until("it is ready", |sensor| sensor.said("READY=1") > 0);
        sensor
    }

    fn said(&self, word: &str) -> usize {
        self.words.lock().unwrap().iter().filter(|line| line.starts_with(word)).count()
    }

    /// Log lines with this event.
    fn events(&self, event: &str) -> Vec<Value> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.filter(|line: &Value| line["event"] == event).collect()
    }

    fn until(&self, what: &str, mut happened: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !happened(self) {
            if began.elapsed() > Duration::from_secs(30) {
                panic!("never: {what}\n{}", fs::read_to_string(self.folder.join("log")).unwrap());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn signal(&self, signal: &str) {
        must("sh", &["-c", &format!("kill -{signal} {}", self.child.id())]);
    }

    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if began.elapsed() > Duration::from_secs(30) {
                self.signal("KILL");
                panic!("it does not end\n{}", fs::read_to_string(self.folder.join("log")).unwrap());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait();
        assert!(status.success(), "{status}\n{}", fs::read_to_string(self.folder.join("log")).unwrap());
        assert_eq!(self.said("STOPPING=1"), 1);
    }

    /// The process that captures.
    fn capturing(&self) -> u32 {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.child.id())).unwrap();
        children.trim().parse().unwrap()
    }

    /// Frames in the register so far.
    fn frames(&self) -> u64 {
        let captures = export(&self.folder.join("register.db"));
        list(&captures, "captures").iter().map(|capture| capture["frames"].as_u64().unwrap()).sum()
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn export(db: &Path) -> Value {
    let output = run(binary().to_str().unwrap(), &["export", "--db", db.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn configured(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), more);
    folder
}

fn configure(folder: &Path, more: &str) {
    let db = folder.join("register.db");
    let text = format!(
        "register = \"{}\"\nlog.format = \"json\"\n{more}\n[[interface]]\nname = \"tap0\"\nbuffer_mib = 8\n",
        db.display()
    );
    fs::write(folder.join("config.toml"), text).unwrap();
}

/// Field of `/proc/PID/status`.
fn status(process: u32, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap().trim().to_owned()
}

/// A register without what two captures of the same frames differ in: their names and ids.
fn plain(register: &Value) -> Value {
    fn strip(value: &mut Value, ids: &[String]) {
        match value {
            Value::Object(fields) => {
                fields.remove("captures");
                fields.values_mut().for_each(|value| strip(value, ids));
                // A finding about a capture as such is named after it.
                if fields.get("about").is_some_and(|about| about == "the capture") {
                    fields.remove("id");
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| strip(value, ids)),
            Value::String(text) => {
                for id in ids {
                    *text = text.replace(id, "the capture");
                }
            }
            _ => {}
        }
    }
    let mut ids = Vec::new();
    for capture in list(register, "captures") {
        ids.extend([text(capture, "id").to_owned(), text(capture, "name").to_owned()]);
    }
    let mut plain = register.clone();
    strip(&mut plain, &ids);
    // Once more in the order of names, without the ids of assets.
    canonical(&plain)
}

/// That two registers say the same, but for the captures' names and ids.
fn same(live: &Value, file: &Value) {
    let (live, file) = (plain(live), plain(file));
    for part in ["assets", "conversations", "findings"] {
        let (one, other) = (list(&live, part), list(&file, part));
        let only = |own: &[Value], other: &[Value]| -> Vec<String> {
            own.iter().filter(|row| !other.contains(row)).map(ToString::to_string).collect()
        };
        let (live, file) = (only(one, other), only(other, one));
        assert!(live.is_empty() && file.is_empty(), "{part}: live only {live:#?}, import only {file:#?}");
        assert!(!one.is_empty(), "{part}: none");
    }
}

fn counters(capture: &Value) -> BTreeMap<String, u64> {
    let counters = capture["counters"].as_object().unwrap();
    counters.iter().map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect()
}

#[test]
fn a_replayed_plant_gives_the_register_that_importing_it_gives_and_nothing_is_sent() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    lab.silence();
    let sensor = Sensor::ready(&lab, folder.path());
    let before = lab.sent();
    let recorded = folder.path().join("beside.pcap");
    let mut recorder = Command::new("ip")
        .args(["netns", "exec", &lab.tap, "python3"])
        .arg(support::root().join("tests/sensor/record.py"))
        .args(["tap0", recorded.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut on = [0; 3];
    recorder.stdout.take().unwrap().read_exact(&mut on).unwrap();
    let frames = lab.replay("plant.pcapng", "1");
    drop(recorder.stdin.take());
    assert!(recorder.wait().unwrap().success());
    sensor.until("all frames are in the register", |sensor| sensor.frames() >= frames);
    assert!(sensor.said("WATCHDOG=1") > 5 && sensor.said("STATUS=tap0 ") > 5);
    let (own, other) = (sensor.child.id(), sensor.capturing());
    assert_eq!(status(own, "CapEff"), "0000000000000000");
    assert_eq!(status(own, "CapPrm"), "0000000000000000");
    assert_eq!(status(other, "CapEff"), "0000000000002000", "cap_net_raw and nothing else");
    for process in [own, other] {
        assert_eq!((status(process, "Seccomp"), status(process, "NoNewPrivs")), ("2".into(), "1".into()));
    }
    sensor.stop();
    assert_eq!(lab.sent() - before, 0, "frames came out of the sensor's interface");

    let imported = tempfile::tempdir().unwrap();
    let import = support::command(imported.path(), ["import", recorded.to_str().unwrap()]).output().unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let live = export(&folder.path().join("register.db"));
    let file = export(&imported.path().join("register.db"));
    same(&live, &file);
    let (live, file) = (&list(&live, "captures")[0], &list(&file, "captures")[0]);
    assert_eq!(
        (&live["status"], &live["frames"], &live["kernel_drops"]),
        (&"complete".into(), &frames.into(), &0.into())
    );
    let (live, file) = (counters(live), counters(file));
    assert_eq!(live["interface: frames received"], frames);
    assert!(!live.contains_key("interface: frames sent"));
    let decoded = |counters: &BTreeMap<String, u64>| -> BTreeMap<String, u64> {
        let own = |name: &String| {
            !["source.", "interface:", "sensor:"].iter().any(|prefix| name.starts_with(prefix))
        };
        counters.iter().filter(|(name, _)| own(name)).map(|(name, count)| (name.clone(), *count)).collect()
    };
    assert_eq!(decoded(&live), decoded(&file));
}

#[test]
fn with_the_systems_defaults_only_the_kernel_itself_speaks() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    // What comes out of the sensor's interface, seen from the plant: its kind, if it is one of the kernel's own.
    let watch = "import socket, sys, time\n\
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))\n\
        s.bind(('src0', 3)); s.settimeout(0.2); end = time.time() + 9; print('on', flush=True)\n\
        while time.time() < end:\n\
        \x20   try: f, a = s.recvfrom(65536)\n\
        \x20   except TimeoutError: continue\n\
        \x20   if a[2] == 4: continue\n\
        \x20   at = 54 if f[20] == 58 else 62\n\
        \x20   own = f[12:14] == b'\\x86\\xdd' and (f[20] == 58 or f[54] == 58)\n\
        \x20   print({133: 'solicitation', 135: 'probe', 143: 'listener report'}.get(f[at], f.hex()) if own else f.hex(), flush=True)";
    let watcher = Command::new("ip")
        .args(["netns", "exec", &lab.src, "python3", "-c", watch])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sensor = Sensor::ready(&lab, folder.path());
    lab.send("ffffffffffff", 150);
    let output = watcher.wait_with_output().unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    let kinds: Vec<&str> = seen.lines().skip(1).collect();
    println!("sent by the kernel by itself: {kinds:?}");
    assert!(seen.starts_with("on\n"), "{seen}");
    assert!(!kinds.is_empty(), "a kernel with IPv6 at its defaults is heard");
    for kind in kinds {
        assert!(["solicitation", "probe", "listener report"].contains(&kind), "not the kernel's: {kind}");
    }
    sensor.stop();
    // The report names them, and the doctor says what to do.
    let db = folder.path().join("register.db");
    let (program, db) = (binary(), db.to_str().unwrap().to_owned());
    let doctor =
        ["netns", "exec", &lab.tap, program.to_str().unwrap(), "doctor", "-i", "tap0", "--db", db.as_str()];
    let said = must("ip", &doctor);
    assert!(said.contains("tap0 is not silent"), "{said}");
    assert!(said.contains("tap0 has the IPv6 link-local address fe80:"), "{said}");
    assert!(said.contains("the mirror port is probably off"), "{said}");
    lab.silence();
    let said = must("ip", &doctor);
    assert!(!said.contains("link-local"), "{said}");
}

#[test]
fn an_interface_that_goes_down_is_renamed_goes_away_and_returns_is_heard_again() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let sensor = Sensor::ready(&lab, folder.path());
    let heard = |sensor: &Sensor, counts: &mut u64| {
        lab.ping(100);
        *counts += 100;
        let expected = *counts;
        sensor.until("frames are heard", |sensor| sensor.frames() >= expected);
    };
    let mut count = 0;
    heard(&sensor, &mut count);
    lab.tap_link(&["set", "tap0", "down"]);
    sensor.until("it is down", |sensor| sensor.events("link_down").len() == 1);
    lab.tap_link(&["set", "tap0", "up"]);
    sensor.until("it is up", |sensor| sensor.events("link_up").len() == 1);
    heard(&sensor, &mut count);
    lab.tap_link(&["set", "tap0", "down"]);
    lab.tap_link(&["set", "tap0", "name", "tap7"]);
    lab.tap_link(&["set", "tap7", "up"]);
    sensor.until("it is renamed", |sensor| sensor.events("interface_renamed").len() == 1);
    // Libpcap may take the new name for a loss; then it is opened again by that name.
    let before = sensor.frames();
    sensor.until("frames are heard by the new name", |sensor| {
        lab.ping(1);
        sensor.frames() > before
    });
    let opened = sensor.events("interface_open").len();
    lab.tap_link(&["delete", "tap7"]);
    let gone = opened;
    sensor.until("it is gone", |sensor| sensor.events("interface_gone").len() == gone);
    sensor.until("that is said", |sensor| sensor.said("STATUS=tap0 is not there") > 0);
    let alive = sensor.said("WATCHDOG=1");
    sensor.until("waiting is progress", |sensor| sensor.said("WATCHDOG=1") > alive + 1);
    lab.plug("tap0");
    sensor.until("it is back", |sensor| sensor.events("interface_open").len() == opened + 1);
    let mut count = sensor.frames();
    heard(&sensor, &mut count);
    sensor.stop();
    let register = export(&folder.path().join("register.db"));
    let captures = list(&register, "captures");
    assert_eq!(captures.len(), 1, "one session");
    let counters = counters(&captures[0]);
    assert_eq!((counters["sensor: interface gone"], counters["sensor: interface renamed"]), (gone as u64, 1));
    assert!(counters["sensor: link down"] >= 1 && counters["sensor: link up"] >= 1, "{counters:?}");
}

#[test]
fn a_good_configuration_is_taken_over_and_a_bad_one_is_not() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let sensor = Sensor::ready(&lab, folder.path());
    lab.ping(20);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 20);
    configure(folder.path(), "sit = \"other\"");
    sensor.signal("HUP");
    sensor.until("it is refused", |sensor| sensor.events("reload_failed").len() == 1);
    let problems = sensor.events("reload_failed")[0]["problems"].as_str().unwrap().to_owned();
    assert!(problems.contains("config.toml:3: unknown key sit; did you mean site?"), "{problems}");
    sensor.until("it says so", |sensor| sensor.said("RELOADING=1") == 1 && sensor.said("READY=1") == 2);
    lab.ping(20);
    sensor.until("it goes on", |sensor| sensor.frames() >= 40);
    // A service manager that ends all processes of the service at once must not cut the capture off.
    must("sh", &["-c", &format!("kill -TERM {}", sensor.capturing())]);
    configure(folder.path(), "site = \"other\"");
    sensor.signal("HUP");
    sensor.until("it is taken over", |sensor| sensor.events("reloaded").len() == 1);
    sensor.until("it listens anew", |sensor| sensor.events("interface_open").len() == 2);
    lab.ping(20);
    sensor.until("it listens", |sensor| sensor.frames() >= 60);
    sensor.signal("USR1");
    sensor.until("it counts", |sensor| sensor.events("stats").len() == 1);
    assert!(sensor.events("stats")[0]["frames"].as_u64().unwrap() >= 20);
    // A second interface, and the first goes on.
    lab.tap_link(&["set", "lo", "up"]);
    let config = folder.path().join("config.toml");
    let more = fs::read_to_string(&config).unwrap() + "[[interface]]\nname = \"lo\"\nbuffer_mib = 8\n";
    fs::write(&config, more).unwrap();
    sensor.signal("HUP");
    sensor.until("it is taken over", |sensor| sensor.events("reloaded").len() == 2);
    assert_eq!(sensor.events("reloaded")[1]["sessions_ended"], 0);
    sensor.until("both are listened on", |sensor| sensor.events("interface_open").len() == 3);
    sensor.until("both are named", |sensor| {
        let words = sensor.words.lock().unwrap();
        words.last().is_some_and(|line| line.starts_with("STATUS=tap0 ") && line.contains("; lo "))
    });
    sensor.stop();
    let register = export(&folder.path().join("register.db"));
    let mut sites: Vec<_> = list(&register, "captures")
        .iter()
        .map(|capture| (text(capture, "site"), text(capture, "interface"), text(capture, "status")))
        .collect();
    sites.sort_unstable();
    assert_eq!(
        sites,
        [("default", "tap0", "complete"), ("other", "lo", "complete"), ("other", "tap0", "complete")]
    );
}

#[test]
fn a_killed_sensor_leaves_what_it_wrote_and_the_next_one_goes_on() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    let mut sensor = Sensor::ready(&lab, folder.path());
    lab.ping(100);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 100);
    let other = sensor.capturing();
    sensor.signal("KILL");
    sensor.wait();
    let began = Instant::now();
    while Path::new(&format!("/proc/{other}")).exists() {
        assert!(began.elapsed() < Duration::from_secs(10), "the capturing process outlives the other one");
        thread::sleep(Duration::from_millis(20));
    }
    let sensor = Sensor::ready(&lab, folder.path());
    lab.ping(50);
    sensor.until("it goes on", |sensor| sensor.frames() >= 150);
    // Ended by the capturing process's end it says so.
    let mut sensor = sensor;
    must("sh", &["-c", &format!("kill -KILL {}", sensor.capturing())]);
    assert_eq!(sensor.wait().code(), Some(1));
    let register = export(&folder.path().join("register.db"));
    let mut states: Vec<_> =
        list(&register, "captures").iter().map(|capture| text(capture, "status")).collect();
    states.sort_unstable();
    assert_eq!(states, ["complete", "truncated"]);
    let doctor = run(
        binary().to_str().unwrap(),
        &["doctor", "--db", folder.path().join("register.db").to_str().unwrap()],
    );
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
}

/// A file system of its own, so small that it is soon full.
struct Disk(PathBuf);

impl Disk {
    fn new(place: PathBuf) -> Self {
        Self::of(place, 3)
    }

    fn of(place: PathBuf, mib: u32) -> Self {
        fs::create_dir(&place).unwrap();
        let size = format!("size={mib}m");
        must("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", place.to_str().unwrap()]);
        Self(place)
    }

    /// Takes all room there is.
    fn fill(&self) {
        must("sh", &["-c", &format!("cat /dev/zero > {}/filler 2>/dev/null || true", self.0.display())]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", self.0.to_str().unwrap()]).output();
    }
}

#[test]
fn a_full_disk_does_not_stop_the_capture_and_what_was_heard_is_written_when_there_is_room() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    lab.silence();
    let disk = Disk::new(folder.path().join("disk"));
    let db = disk.0.join("register.db");
    let config = format!(
        "register = \"{}\"\nlog.format = \"json\"\n[[interface]]\nname = \"tap0\"\nbuffer_mib = 8\n",
        db.display()
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let sensor = Sensor::ready(&lab, folder.path());
    lab.ping(20);
    disk.fill();
    sensor.until("the register cannot be written", |sensor| {
        lab.ping(1);
        !sensor.events("register_failing").is_empty()
    });
    let alive = sensor.said("WATCHDOG=1");
    lab.ping(500);
    sensor.until("that is said, and the manager hears that all else is well", |sensor| {
        sensor.said("WATCHDOG=1") > alive + 2
            && sensor.words.lock().unwrap().iter().any(|line| line.contains("the register cannot be written"))
    });
    fs::remove_file(disk.0.join("filler")).unwrap();
    sensor.until("it can be written again", |sensor| sensor.events("register_recovered").len() == 1);
    sensor.stop();
    let doctor = run(binary().to_str().unwrap(), &["doctor", "--db", db.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{said}");
    let register = export(&db);
    let capture = &list(&register, "captures")[0];
    assert_eq!((text(capture, "status"), &capture["kernel_drops"]), ("complete", &0.into()));
    assert_eq!(capture["frames"], counters(capture)["interface: frames received"], "{capture}");
}

#[test]
fn a_user_with_cap_net_raw_alone_can_and_one_without_is_told_what_is_missing() {
    let Some(lab) = Lab::new() else { return };
    let folder = configured("");
    must("chown", &["-R", "65534:65534", folder.path().to_str().unwrap()]);
    must("chmod", &["755", folder.path().to_str().unwrap()]);
    let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut wrapper = user.to_vec();
    wrapper.extend(["--inh-caps", "-all", "--bounding-set", "-all"]);
    let mut sensor = Sensor::start(&lab, folder.path(), &wrapper);
    assert_eq!(sensor.wait().code(), Some(5));
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("setcap cap_net_raw=ep"), "{log}");
    drop(sensor);

    let mut wrapper = user.to_vec();
    wrapper.extend([
        "--inh-caps",
        "+net_raw",
        "--ambient-caps",
        "+net_raw",
        "--bounding-set",
        "-all,+net_raw",
    ]);
    let sensor = Sensor::start(&lab, folder.path(), &wrapper);
    sensor.until("it is ready", |sensor| sensor.said("READY=1") > 0);
    lab.ping(20);
    sensor.until("frames are heard", |sensor| sensor.frames() >= 20);
    sensor.stop();
}

#[test]
fn the_foreground_capture_ends_in_order_says_what_was_sent_and_notices_that_the_interface_goes_down() {
    let Some(lab) = Lab::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    lab.silence();
    let start = || {
        let child = Command::new("ip")
            .args(["netns", "exec", &lab.tap])
            .arg(binary())
            .args(["capture", "-i", "tap0", "--duration", "60s"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while status(child.id(), "Seccomp") != "2" {
            assert!(began.elapsed() < Duration::from_secs(20), "it is not confined");
            thread::sleep(Duration::from_millis(20));
        }
        child
    };
    let child = start();
    lab.ping(30);
    thread::sleep(Duration::from_millis(500));
    must("sh", &["-c", &format!("kill -INT {}", child.id())]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("frames      30 read = 30 counted"), "{said}");
    assert!(
        said.contains("interface   tap0: 0 frames sent by this machine while it was listened on"),
        "{said}"
    );

    let child = start();
    lab.tap_link(&["set", "tap0", "down"]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("interface tap0"), "{said}");
}

#[test]
fn what_cannot_run_says_why() {
    let folder = configured("");
    let sensor = |arguments: &[&str]| {
        let output = support::command(folder.path(), ["sensor", "--config", "config.toml"])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = sensor(&["--set", "queue.frame_max=1"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("unknown key queue.frame_max; did you mean queue.frames_max?"), "{said}");
    fs::write(folder.path().join("config.toml"), "site = \"x\"\n").unwrap();
    let (code, said) = sensor(&[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("no interface is chosen"), "{said}");
}

#[test]
fn the_program_links_no_function_of_libpcap_that_sends() {
    let Ok(output) = Command::new("nm").arg("-D").arg("--undefined-only").arg(binary()).output() else {
        println!("\nSKIPPED: nm is not here");
        return;
    };
    let symbols = String::from_utf8_lossy(&output.stdout);
    assert!(symbols.contains("pcap_activate"), "libpcap is linked otherwise than this test knows");
    let all =
        String::from_utf8_lossy(&Command::new("nm").arg(binary()).output().unwrap().stdout).into_owned();
    for name in ["pcap_inject", "pcap_sendpacket", "pcap_sendqueue"] {
        assert!(!symbols.contains(name) && !all.contains(name), "{name} is linked");
    }
}

#[test]
fn setup_prints_and_writes_what_silences_an_interface() {
    let folder = tempfile::tempdir().unwrap();
    let printed = support::command(folder.path(), ["setup", "eth9"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    for word in [
        "LinkLocalAddressing=no",
        "ARP=no",
        "LLDP=no",
        "EmitLLDP=no",
        "GenericReceiveOffload=no",
        "Promiscuous=yes",
        "disable_ipv6=1",
    ] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let output = support::command(folder.path(), ["setup", "eth9", "--write", "."]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for ending in ["link", "network"] {
        let file = fs::read_to_string(folder.path().join(format!("10-tapledger-eth9.{ending}"))).unwrap();
        assert!(printed.contains(&file), "{file}");
    }
    let refused = support::command(folder.path(), ["setup", "../etc/x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}
