//! An interface as a source of frames, through libpcap.
//!
//! The handle is only ever read from. It never blocks: libpcap's own waiting can hang for ever on a ring of the newest
//! kind (TPACKET_V3) once traffic stops, so the descriptor is polled with a time-out instead.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use observation::Time;
use pcap::{Active, Capture, Device, Precision};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::netdevice;

use super::SourceError;
use crate::{LinkType, RawFrame};

/// Milliseconds after which the kernel hands over a part of its ring that is not full.
const HAND_OVER_MS: i32 = 100;

/// Frames taken from the ring at a time. With the snaplen it bounds the memory of a source.
const BATCH: usize = 64;

/// Libpcap's device that stands for all interfaces; it has no promiscuous mode.
const ANY: &str = "any";

/// Devices libpcap lists that are no network interfaces.
const NO_INTERFACES: &[&str] = &["bluetooth", "dbus", "nflog", "nfqueue", "usbmon"];

/// How to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// Name of the interface.
    pub interface: String,
    /// Filter in the language of pcap-filter(7).
    pub filter: Option<String>,
    /// Octets kept of each frame.
    pub snaplen: u32,
    /// Octets of the kernel's ring.
    pub buffer: u32,
    /// Hear frames for others too. The device `any` cannot.
    pub promiscuous: bool,
    /// End when the interface goes down. If not, it falls silent, and is heard again when it is up again.
    pub ends_when_down: bool,
}

impl LiveOptions {
    /// Listens to whole frames of all traffic, with a ring that holds a burst of some ten thousand.
    #[must_use]
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            filter: None,
            snaplen: 262_144,
            buffer: 16 * 1024 * 1024,
            promiscuous: true,
            ends_when_down: true,
        }
    }
}

/// Compiles a filter for Ethernet and forgets it, to know beforehand whether it can be.
///
/// # Errors
///
/// What libpcap says of the filter.
pub fn check_filter(filter: &str) -> Result<(), SourceError> {
    let failed = |error: pcap::Error| SourceError::Filter { filter: filter.into(), reason: reason(&error) };
    let ethernet = pcap::Linktype(i32::from(LinkType::ETHERNET.0));
    Capture::dead(ethernet).map_err(failed)?.compile(filter, true).map_err(failed)?;
    Ok(())
}

/// Listens on an interface, promiscuously.
pub struct LiveSource {
    capture: Capture<Active>,
    interface: String,
    /// Number of the interface, which stays when it is renamed; none of [`ANY`].
    index: Option<u32>,
    ends_when_down: bool,
    link_type: LinkType,
    batch: Batch,
    number: u64,
    losses: Losses,
}

/// Frames taken from the ring, copied because libpcap lends them only within a call.
#[derive(Default)]
struct Batch {
    octets: Vec<u8>,
    frames: Vec<Taken>,
    next: usize,
}

struct Taken {
    time: Time,
    original_length: u32,
    range: Range<usize>,
}

/// Counts of libpcap, which are of 32 bits and wrap, carried on in 64.
#[derive(Default)]
struct Losses {
    received: Count,
    ring: Count,
    interface: Count,
}

#[derive(Default)]
struct Count {
    last: u32,
    total: u64,
}

impl Count {
    fn update(&mut self, now: u32) {
        self.total = self.total.saturating_add(now.wrapping_sub(self.last).into());
        self.last = now;
    }
}

impl LiveSource {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// Fails if the interface is not there or not up, if the process lacks the privilege, or if the filter is wrong.
    pub fn open(options: &LiveOptions) -> Result<Self, SourceError> {
        let LiveOptions { interface, filter, snaplen, buffer, promiscuous, ends_when_down } = options;
        let failed = |error: pcap::Error| refusal(interface, &error);
        let limit = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let mut capture = Capture::from_device(interface.as_str())
            .map_err(failed)?
            .promisc(*promiscuous && interface != ANY)
            .snaplen(limit(*snaplen))
            .buffer_size(limit(*buffer))
            .timeout(HAND_OVER_MS)
            .precision(Precision::Nano)
            .open()
            .and_then(Capture::setnonblock)
            .map_err(failed)?;
        if let Some(filter) = filter {
            capture
                .filter(filter, true)
                .map_err(|error| SourceError::Filter { filter: filter.clone(), reason: reason(&error) })?;
        }
        let link_type = link_type(capture.get_datalink().0);
        let index = netdevice::name_to_index(&capture, interface).ok();
        Ok(Self {
            capture,
            interface: interface.clone(),
            index,
            ends_when_down: *ends_when_down,
            link_type,
            batch: Batch::default(),
            number: 0,
            losses: Losses::default(),
        })
    }

    /// The next frame, waiting for it up to `timeout`; none when that is over or a signal came, so that the caller can
    /// look at the clock.
    ///
    /// # Errors
    ///
    /// Fails if the interface went down or away.
    #[inline]
    pub fn next(&mut self, timeout: Duration) -> Result<Option<RawFrame<'_>>, SourceError> {
        if self.batch.next >= self.batch.frames.len() {
            self.refill(timeout)?;
        }
        let Some(taken) = self.batch.frames.get(self.batch.next) else { return Ok(None) };
        self.batch.next = self.batch.next.saturating_add(1);
        self.number = self.number.saturating_add(1);
        Ok(Some(RawFrame {
            number: self.number,
            time: taken.time,
            link_type: self.link_type,
            original_length: taken.original_length,
            octets: self.batch.octets.get(taken.range.clone()).unwrap_or_default(),
        }))
    }

    /// Takes what the ring holds; if that is nothing, waits and looks once more.
    #[cold]
    fn refill(&mut self, timeout: Duration) -> Result<(), SourceError> {
        if self.take()? > 0 {
            return Ok(());
        }
        let timeout = Timespec::try_from(timeout).ok();
        let mut descriptor = [PollFd::new(&self.capture, PollFlags::IN)];
        let ready = match rustix::event::poll(&mut descriptor, timeout.as_ref()) {
            Ok(ready) => ready > 0,
            Err(Errno::INTR) => false,
            Err(error) => return Err(self.ended(&error.to_string())),
        };
        if ready && self.take()? > 0 {
            return Ok(());
        }
        // An interface that is taken down does not fail, it only falls silent.
        if !self.ends_when_down || self.is_up() { Ok(()) } else { Err(self.ended("it went down or away")) }
    }

    /// Looks among the interfaces there are, which takes less than a millisecond.
    fn is_up(&self) -> bool {
        let Ok(devices) = Device::list() else { return true };
        let own = devices.iter().find(|device| device.name == self.interface);
        self.interface == ANY || own.is_some_and(|device| device.flags.is_up())
    }

    fn take(&mut self) -> Result<usize, SourceError> {
        let Batch { octets, frames, next } = &mut self.batch;
        octets.clear();
        frames.clear();
        *next = 0;
        let taken = self.capture.dispatch(Some(BATCH), |packet| {
            let begin = octets.len();
            octets.extend_from_slice(packet.data);
            frames.push(Taken {
                time: time_of(packet.header),
                original_length: packet.header.len,
                range: begin..octets.len(),
            });
        });
        taken.map_err(|error| self.ended(&reason(&error)))
    }

    fn ended(&self, reason: &str) -> SourceError {
        SourceError::Interface { interface: self.interface.clone(), reason: reason.into() }
    }

    /// The packet socket, to be told apart in a filter of system calls.
    #[must_use]
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.capture.as_fd()
    }

    /// The name that the interface has now, if it is still there. The device `any` is always there.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self.index {
            Some(index) => netdevice::index_to_name(&self.capture, index).ok(),
            None => Some(self.interface.clone()),
        }
    }

    /// What the frames begin with.
    #[must_use]
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// Frames that the kernel had and could not keep for us because its ring was full.
    pub fn kernel_drops(&mut self) -> u64 {
        self.update();
        self.losses.ring.total
    }

    /// Other counts by name: what the kernel gave to the filter (`source.received`) and what the network card lost
    /// (`source.interface_drops`). Zero counts are left out.
    pub fn counters(&mut self) -> BTreeMap<String, u64> {
        self.update();
        [("source.received", &self.losses.received), ("source.interface_drops", &self.losses.interface)]
            .into_iter()
            .filter(|(_, count)| count.total > 0)
            .map(|(name, count)| (name.to_owned(), count.total))
            .collect()
    }

    fn update(&mut self) {
        // An interface that went away keeps the counts it had.
        if let Ok(now) = self.capture.stats() {
            self.losses.received.update(now.received);
            self.losses.ring.update(now.dropped);
            self.losses.interface.update(now.if_dropped);
        }
    }
}

/// Packet sockets of Linux always give the nanosecond precision asked for; the field keeps its name.
#[allow(clippy::useless_conversion, reason = "the fields are of 32 bits on 32-bit machines")]
fn time_of(header: &pcap::PacketHeader) -> Time {
    let (seconds, nanos) = (i64::from(header.ts.tv_sec), i64::from(header.ts.tv_usec));
    Time(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// The name a link type has in files; libpcap's own numbers differ for raw IP.
fn link_type(number: i32) -> LinkType {
    match LinkType(u16::try_from(number).unwrap_or(u16::MAX)) {
        LinkType::RAW_DLT_12 | LinkType::RAW_DLT_14 => LinkType::RAW,
        other => other,
    }
}

fn reason(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why an interface cannot be opened, from what libpcap says and from which interfaces there are.
fn refusal(interface: &str, error: &pcap::Error) -> SourceError {
    let reason = reason(error);
    let existing = interfaces();
    if !existing.is_empty() && !existing.iter().any(|name| name == interface) {
        return SourceError::NoSuchInterface { interface: interface.into(), existing };
    }
    let denied = ["CAP_NET_RAW", "not permitted", "ermission"];
    if denied.iter().any(|text| reason.contains(text)) {
        let program =
            std::env::current_exe().map_or_else(|_| "tapledger".into(), |path| path.display().to_string());
        let remedy = format!("allow it with: sudo setcap cap_net_raw=ep {program} (or run as root)");
        return SourceError::Privilege { interface: interface.into(), remedy };
    }
    if reason.contains("not up") {
        let reason = format!("it is down; bring it up with: sudo ip link set {interface} up");
        return SourceError::Interface { interface: interface.into(), reason };
    }
    SourceError::Interface { interface: interface.into(), reason }
}

/// IP addresses that an interface of this machine has.
#[must_use]
pub fn addresses(interface: &str) -> Vec<IpAddr> {
    let own = Device::list().unwrap_or_default().into_iter().filter(|device| device.name == interface);
    own.flat_map(|device| device.addresses).map(|address| address.addr).collect()
}

/// Names of the interfaces there are.
fn interfaces() -> Vec<String> {
    let devices = Device::list().unwrap_or_default();
    let names = devices.into_iter().map(|device| device.name);
    names.filter(|name| !NO_INTERFACES.iter().any(|prefix| name.starts_with(prefix))).collect()
}
