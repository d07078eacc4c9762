//! `doctor`, section interfaces: does the mirror port give what it should, and does the sensor's own port keep silent.

use std::fmt::Write;

use inventory::{AssetState, Snapshot};
use observation::{CaptureKind, CaptureSummary, Transport};

use crate::interface;
use crate::summary::{COUNTER_SENT, sent_line};

/// TCP conversations below which nothing is said of directions.
const CONVERSATIONS_MIN: usize = 5;

/// Frames below which nothing is said of a mirror port.
const FRAMES_MIN: u64 = 100;

/// Share of mirrored duplicates in percent from which on the mirror port is told to be wrong.
const DUPLICATES_PERCENT: u64 = 30;

/// What the register says of live sessions: those of `wanted`, or all.
pub(crate) fn sessions(snapshot: &Snapshot, wanted: Option<&str>) -> String {
    let mut text = String::new();
    let is_meant = |capture: &&CaptureSummary| {
        capture.kind == CaptureKind::Live && wanted.is_none_or(|name| name == capture.interface)
    };
    let sessions: Vec<&CaptureSummary> = snapshot.captures.iter().filter(is_meant).collect();
    for session in &sessions {
        session_text(&mut text, session);
    }
    // The register sums conversations over captures: only where all of them are these sessions do they tell of the port.
    if !sessions.is_empty() && sessions.len() == snapshot.captures.len() {
        directions(&mut text, snapshot);
    }
    text
}

/// What the traffic of one session says of the mirror port.
fn session_text(text: &mut String, session: &CaptureSummary) {
    let of = |name: &str| session.counters.get(name).copied().unwrap_or(0);
    let name = &session.interface;
    text.push_str(&sent_line(session));
    if of(COUNTER_SENT) > 0 {
        let _ = writeln!(
            text,
            "NOTE        {name} is not silent: `tapledger setup {name}` shows how to silence it"
        );
    }
    if session.kernel_drops > 0 || of("source.interface_drops") > 0 {
        let _ = writeln!(
            text,
            "NOTE        {name}: lost before capture: {} frames by the kernel's full buffer (buffer_mib), {} by the network card",
            session.kernel_drops,
            of("source.interface_drops")
        );
    }
    let duplicates = of("mirror duplicates");
    if session.frames >= FRAMES_MIN && percent(duplicates, session.frames) >= DUPLICATES_PERCENT {
        let _ = writeln!(
            text,
            "NOTE        {name}: {}% of the frames are there twice: the mirror port copies both the sending and the receiving port",
            percent(duplicates, session.frames)
        );
    }
}

/// Whether both directions are heard, and anything but what a switch sends to all ports.
fn directions(text: &mut String, snapshot: &Snapshot) {
    let frames: u64 = snapshot.captures.iter().map(|capture| capture.frames).sum();
    let tcp: Vec<[u64; 2]> = snapshot
        .inventory
        .conversations
        .iter()
        .filter(|conversation| conversation.transport == Transport::Tcp)
        .map(|conversation| conversation.frames)
        .collect();
    let one_way = tcp.iter().filter(|[to, from]| *to == 0 || *from == 0).count();
    if tcp.len() >= CONVERSATIONS_MIN && one_way.saturating_mul(2) > tcp.len() {
        let _ = writeln!(
            text,
            "NOTE        one direction only in {one_way} of {} TCP conversations: the mirror port copies what is received or what is sent, not both",
            tcp.len()
        );
    }
    if tcp.is_empty() && frames >= FRAMES_MIN && !two_stations_talk(snapshot) {
        let _ = writeln!(
            text,
            "NOTE        only broadcast and multicast in {frames} frames: the mirror port is probably off"
        );
    }
}

/// True if a device was heard to answer another one.
fn two_stations_talk(snapshot: &Snapshot) -> bool {
    snapshot.inventory.conversations.iter().any(|conversation| {
        let [to, from] = conversation.frames;
        to > 0 && from > 0
    })
}

/// What the machine itself says of an interface: whether it is there, and what would speak on it.
pub(crate) fn local(snapshot: &Snapshot, name: &str) -> String {
    let mut text = String::new();
    let Some(traffic) = interface::traffic(name) else {
        let _ = writeln!(text, "NOTE        {name}: there is no such interface here");
        return text;
    };
    let _ = writeln!(
        text,
        "interface   {name}: {} frames received and {} sent since it was made",
        traffic.received, traffic.sent
    );
    match (interface::is_up(name), interface::has_carrier(name)) {
        (Some(false), _) => {
            let _ = writeln!(text, "NOTE        {name} is down: `ip link set {name} up`");
        }
        (_, Some(false)) => {
            let _ = writeln!(text, "NOTE        {name} has no carrier: is the cable in?");
        }
        _ => {}
    }
    let addresses = capture::addresses(name);
    for address in addresses {
        let kind = match address {
            std::net::IpAddr::V6(address) if address.is_unicast_link_local() => "the IPv6 link-local address",
            _ => "the address",
        };
        let _ = writeln!(
            text,
            "NOTE        {name} has {kind} {address}: the machine can be spoken to and speaks there; `tapledger setup {name}` shows how to take it away"
        );
    }
    if let Some(program) = lldp_sender() {
        let _ = writeln!(
            text,
            "NOTE        {program} runs here, which sends LLDP unless it is told to leave {name} alone; `tapledger setup {name}` shows how"
        );
    }
    let own = interface::mac(name);
    let heard = own.is_some_and(|own| {
        snapshot.inventory.assets.iter().filter(|asset| asset.state == AssetState::Observed).any(|asset| {
            asset.stations.iter().any(|station| station.mac.is_some_and(|mac| mac.to_string() == own))
        })
    });
    if heard {
        let _ = writeln!(text, "NOTE        {name}: frames of this machine's own are in the register");
    }
    text
}

/// A program that sends LLDP, if one runs.
fn lldp_sender() -> Option<&'static str> {
    const SENDERS: [&str; 3] = ["lldpd", "lldpad", "ladvd"];
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        SENDERS.into_iter().find(|sender| *sender == name.trim())
    })
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use inventory::{AssetEnd, Conversation, Inventory};
    use observation::{CaptureStatus, Time};

    use super::*;

    fn live(frames: u64, counters: &[(&str, u64)]) -> CaptureSummary {
        CaptureSummary {
            uid: "a".into(),
            kind: CaptureKind::Live,
            name: "eth1".into(),
            site: "default".into(),
            sensor: String::new(),
            interface: "eth1".into(),
            octets: 0,
            frames,
            kernel_drops: 0,
            first: None,
            last: None,
            status: CaptureStatus::Complete,
            stopped: None,
            counters: counters.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        }
    }

    fn conversation(transport: Transport, frames: [u64; 2]) -> Conversation {
        let end = AssetEnd::External([203, 0, 113, 1].into());
        Conversation {
            site: "default".into(),
            client: end.clone(),
            server: end,
            protocol: "modbus".into(),
            transport,
            port: 502,
            vlan: None,
            frames,
            octets: [0; 2],
            first: Time(0),
            last: Time(0),
            operations: Default::default(),
            named: Vec::new(),
        }
    }

    fn said(session: CaptureSummary, conversations: Vec<Conversation>) -> String {
        let snapshot = Snapshot {
            as_of: None,
            captures: vec![session],
            inventory: Inventory { conversations, ..Inventory::default() },
            ..Snapshot::default()
        };
        let all = sessions(&snapshot, None);
        assert_eq!(sessions(&snapshot, Some("eth1")), all);
        all
    }

    #[test]
    fn a_mirror_port_that_gives_what_it_should_is_not_blamed() {
        let both = vec![conversation(Transport::Tcp, [5, 4]); 9];
        assert_eq!(said(live(1000, &[("mirror duplicates", 299)]), both), "");
    }

    #[test]
    fn one_direction_broadcasts_and_copies_are_told_apart() {
        let one = vec![conversation(Transport::Tcp, [5, 0]); 9];
        assert!(
            said(live(1000, &[]), one.clone()).contains("one direction only in 9 of 9 TCP conversations")
        );
        assert_eq!(said(live(1000, &[]), one[..4].to_vec()), "", "four conversations prove nothing");
        let groups = vec![conversation(Transport::Udp, [50, 0]); 9];
        assert!(said(live(1000, &[]), groups.clone()).contains("the mirror port is probably off"));
        assert_eq!(said(live(99, &[]), groups), "", "a hundred frames prove nothing");
        let copies =
            said(live(1000, &[("mirror duplicates", 300)]), vec![conversation(Transport::Udp, [5, 4])]);
        assert!(copies.contains("30% of the frames are there twice"), "{copies}");
    }

    #[test]
    fn what_was_sent_and_lost_is_said() {
        let counters = [
            ("interface: frames received", 5),
            ("source.interface_drops", 3),
            ("interface: frames sent until its end", 2),
        ];
        let text = said(live(5, &counters), Vec::new());
        assert!(
            text.contains("eth1: 0 frames sent by this machine while it was listened on (0 before, 2 after)"),
            "{text}"
        );
        assert!(
            text.contains("0 frames by the kernel's full buffer (buffer_mib), 3 by the network card"),
            "{text}"
        );
        assert!(!text.contains("not silent"), "{text}");
        let text =
            said(live(5, &[("interface: frames received", 5), ("interface: frames sent", 1)]), Vec::new());
        assert!(text.contains("eth1 is not silent"), "{text}");
    }
}
