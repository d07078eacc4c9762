//! What the operating system says of a network interface, read from files: asking by a socket would need one that sends.

use std::fs;

/// Bit of an interface that is up, in the flags of sysfs (IFF_UP).
const UP: u32 = 1;

/// Frames of an interface since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Frames that came in.
    pub(crate) received: u64,
    /// Frames that the machine itself sent.
    pub(crate) sent: u64,
}

/// The counters of an interface of this network namespace; `None` if it is not there.
pub(crate) fn traffic(name: &str) -> Option<Traffic> {
    traffic_in(&fs::read_to_string("/proc/self/net/dev").ok()?, name)
}

/// Lines of `/proc/net/dev`: name, a colon, eight numbers of what came in, eight of what went out; frames are the second.
fn traffic_in(text: &str, name: &str) -> Option<Traffic> {
    let own = |line: &'_ str| Some(line.trim_start().strip_prefix(name)?.strip_prefix(':')?.to_owned());
    let numbers = text.lines().find_map(own)?;
    let mut numbers = numbers.split_ascii_whitespace().map(str::parse);
    let received = numbers.nth(1)?.ok()?;
    let sent = numbers.nth(7)?.ok()?;
    Some(Traffic { received, sent })
}

/// True if an interface is up; `None` where that cannot be known.
pub(crate) fn is_up(name: &str) -> Option<bool> {
    let flags = of(name, "flags")?;
    let flags = u32::from_str_radix(flags.strip_prefix("0x")?, 16).ok()?;
    Some(flags & UP != 0)
}

/// True if its cable carries a signal; `None` where that cannot be known, as of an interface that is down.
pub(crate) fn has_carrier(name: &str) -> Option<bool> {
    Some(of(name, "carrier")? == "1")
}

/// Its MAC address.
pub(crate) fn mac(name: &str) -> Option<String> {
    of(name, "address")
}

fn of(name: &str, file: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/sys/class/net/{name}/{file}")).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_from_the_second_and_tenth_column() {
        let text = "Inter-|   Receive |  Transmit\n face |bytes packets|bytes packets\n  eth1: 10 2 0 0 0 0 0 0 30 4 0 0 0 0 0 0\neth10:1 7 0 0 0 0 0 0 3 9 0 0 0 0 0 0\n";
        assert_eq!(traffic_in(text, "eth1"), Some(Traffic { received: 2, sent: 4 }));
        assert_eq!(traffic_in(text, "eth10"), Some(Traffic { received: 7, sent: 9 }));
        assert_eq!(traffic_in(text, "eth"), None);
        assert!(traffic("lo").is_some());
    }
}
