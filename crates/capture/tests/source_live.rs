//! Listening on an interface, in a network namespace of its own with a pair of virtual interfaces.
//!
//! Each test runs itself once more inside a fresh namespace, which takes root; without, it says so and passes.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test"
)]

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use capture::{LinkType, LiveOptions, LiveSource, SourceError};

const INSIDE: &str = "TAPLEDGER_TEST_INSIDE_NAMESPACE";
const SECOND: Duration = Duration::from_secs(1);

fn run(command: &str) -> bool {
    let words: Vec<_> = command.split(' ').collect();
    Command::new(words[0]).args(&words[1..]).output().is_ok_and(|output| output.status.success())
}

/// Runs `test` in a namespace where what leaves `wire` arrives at `tap` and 10.9.9.2 is behind `wire`.
fn in_namespace(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        for command in [
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
            "sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
            "ip link set lo up",
            "ip link add tap type veth peer name wire",
            "ip link set tap up",
            "ip link set wire up",
            "ip address add 10.9.9.1/24 dev wire",
            "ip neighbor add 10.9.9.2 lladdr 02:00:00:00:00:02 dev wire",
        ] {
            assert!(run(command), "{command}");
        }
        return test();
    }
    if !run("unshare --net true") || !run("ip -V") {
        println!("skipped: {name} takes root, unshare and ip");
        return;
    }
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", "mount -t sysfs sysfs /sys && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    println!("{text}");
}

fn sender() -> UdpSocket {
    let socket = UdpSocket::bind("10.9.9.1:4000").unwrap();
    socket.connect("10.9.9.2:47808").unwrap();
    socket
}

/// Waits for a frame that ends in `payload`.
fn hear(source: &mut LiveSource, payload: &[u8]) -> bool {
    let end = Instant::now() + 10 * SECOND;
    while Instant::now() < end {
        if source.next(SECOND).unwrap().is_some_and(|frame| frame.octets.ends_with(payload)) {
            return true;
        }
    }
    false
}

#[test]
fn frames_are_heard_in_order_with_their_times_and_lengths() {
    in_namespace("frames_are_heard_in_order_with_their_times_and_lengths", || {
        let mut options = LiveOptions::new("tap");
        options.filter = Some("udp port 47808".into());
        let mut source = LiveSource::open(&options).unwrap();
        assert_eq!(source.link_type(), LinkType::ETHERNET);
        let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let socket = sender();
        UdpSocket::bind("10.9.9.1:4001").unwrap().send_to(b"filtered out", "10.9.9.2:9").unwrap();
        for number in 0..500_u32 {
            socket.send(&number.to_be_bytes().repeat(20)).unwrap();
        }
        let mut last = i64::try_from(before.as_nanos()).unwrap() - 1_000_000_000;
        for number in 0..500_u32 {
            let frame = source.next(10 * SECOND).unwrap().expect("the frame was sent");
            assert_eq!(frame.number, u64::from(number) + 1);
            assert_eq!((frame.original_length, frame.octets.len()), (122, 122));
            assert_eq!(frame.octets[..6], [2, 0, 0, 0, 0, 2], "promiscuous: it is for nobody here");
            assert_eq!(frame.octets[42..], number.to_be_bytes().repeat(20));
            assert!((last..last + 60_000_000_000).contains(&frame.time.0), "nanoseconds since 1970");
            last = frame.time.0;
        }
        assert!(source.next(Duration::from_millis(50)).unwrap().is_none());
        assert_eq!(source.kernel_drops(), 0);
        assert_eq!(source.counters()["source.received"], 500);
        let sent = std::fs::read_to_string("/sys/class/net/tap/statistics/tx_packets").unwrap();
        assert_eq!(sent.trim(), "0", "listening sends nothing");
    });
}

#[test]
fn silence_ends_with_the_time_out_and_traffic_is_heard_after_it() {
    in_namespace("silence_ends_with_the_time_out_and_traffic_is_heard_after_it", || {
        let mut source = LiveSource::open(&LiveOptions::new("tap")).unwrap();
        let socket = sender();
        for round in 0..3_u8 {
            let payload = [round; 100];
            socket.send(&payload).unwrap();
            assert!(hear(&mut source, &payload));
            let begin = Instant::now();
            while source.next(SECOND / 4).unwrap().is_some() {}
            assert!(begin.elapsed() < 5 * SECOND);
        }
    });
}

#[test]
fn a_snaplen_cuts_frames_and_keeps_their_length() {
    in_namespace("a_snaplen_cuts_frames_and_keeps_their_length", || {
        let mut options = LiveOptions::new("tap");
        options.snaplen = 60;
        options.filter = Some("udp".into());
        let mut source = LiveSource::open(&options).unwrap();
        sender().send(&[7; 1000]).unwrap();
        let frame = source.next(10 * SECOND).unwrap().expect("the frame was sent");
        assert_eq!((frame.octets.len(), frame.original_length), (60, 1042));
    });
}

#[test]
fn frames_that_a_full_ring_could_not_keep_are_counted() {
    in_namespace("frames_that_a_full_ring_could_not_keep_are_counted", || {
        let mut options = LiveOptions::new("tap");
        options.buffer = 256 * 1024;
        options.filter = Some("udp".into());
        let mut source = LiveSource::open(&options).unwrap();
        let socket = sender();
        let sent = 20_000;
        for _ in 0..sent {
            socket.send(&[7; 1000]).unwrap();
        }
        let mut heard = 0;
        while source.next(SECOND).unwrap().is_some() {
            heard += 1;
        }
        let dropped = source.kernel_drops();
        assert!(heard > 0 && dropped > 0, "{heard} heard, {dropped} dropped");
        assert_eq!(heard + dropped, sent);
        assert_eq!(source.kernel_drops(), dropped, "asking again counts nothing twice");
    });
}

#[test]
fn an_interface_that_goes_down_or_away_ends_the_source() {
    in_namespace("an_interface_that_goes_down_or_away_ends_the_source", || {
        for command in ["ip link set tap down", "ip link delete tap"] {
            run("ip link set tap up");
            let mut source = LiveSource::open(&LiveOptions::new("tap")).unwrap();
            assert!(run(command));
            let end = Instant::now() + 10 * SECOND;
            let error = loop {
                assert!(Instant::now() < end, "nothing happens after {command}");
                if let Err(error) = source.next(SECOND) {
                    break error;
                }
            };
            println!("{command}: {error}");
            assert!(matches!(error, SourceError::Interface { .. }));
        }
    });
}

#[test]
fn all_interfaces_at_once_are_heard_as_cooked_frames() {
    in_namespace("all_interfaces_at_once_are_heard_as_cooked_frames", || {
        let mut source = LiveSource::open(&LiveOptions::new("any")).unwrap();
        assert!([LinkType::LINUX_SLL, LinkType::LINUX_SLL2].contains(&source.link_type()));
        sender().send(b"hello").unwrap();
        assert!(hear(&mut source, b"hello"));
    });
}

#[test]
fn what_cannot_be_listened_on_is_refused_with_the_remedy() {
    in_namespace("what_cannot_be_listened_on_is_refused_with_the_remedy", || {
        let open = |name: &str| LiveSource::open(&LiveOptions::new(name)).err().unwrap();
        let missing = open("eth9").to_string();
        assert!(missing.starts_with("no such interface eth9; there are: "), "{missing}");
        assert!(
            missing.contains("tap") && missing.contains("wire") && !missing.contains("nflog"),
            "{missing}"
        );
        assert!(run("ip link set wire down"));
        let down = open("wire").to_string();
        assert_eq!(down, "interface wire: it is down; bring it up with: sudo ip link set wire up");
        let mut options = LiveOptions::new("tap");
        options.filter = Some("port nowhere-at-all".into());
        let filter = LiveSource::open(&options).err().unwrap();
        assert!(matches!(filter, SourceError::Filter { .. }), "{filter}");
        assert!(filter.to_string().starts_with("filter \"port nowhere-at-all\": "), "{filter}");
    });
}

#[test]
fn a_missing_privilege_is_told_with_the_command_that_gives_it() {
    const NAME: &str = "a_missing_privilege_is_told_with_the_command_that_gives_it";
    match LiveSource::open(&LiveOptions::new("lo")) {
        Err(error) => {
            let text = error.to_string();
            assert!(error.is_permission(), "{text}");
            assert!(
                text.starts_with(
                    "no permission to listen on lo; allow it with: sudo setcap cap_net_raw=ep /"
                ),
                "{text}"
            );
            println!("{text}");
        }
        Ok(_) if std::env::var_os(INSIDE).is_some() => panic!("still privileged"),
        // Once more without the capability.
        Ok(_) => {
            let drop = ["--bounding-set=-net_raw", "--inh-caps=-net_raw"];
            if !Command::new("setpriv").args(drop).arg("true").status().is_ok_and(|status| status.success()) {
                println!("skipped: {NAME} takes setpriv");
                return;
            }
            let output = Command::new("setpriv")
                .args(drop)
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", NAME, "--nocapture"])
                .env(INSIDE, "1")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
    }
}
