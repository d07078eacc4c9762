//! Every bound of the pipeline, and the counter that says what it cost. Nothing is dropped without being counted.

/// Flows (pairs of address and port) watched at one time. The one longest silent of a few candidates goes first; what
/// it counted is kept, only its place in a half-read message is lost. Counter: `flows evicted`.
pub const FLOWS_MAX: usize = 65_536;

/// How long a short exchange of datagrams that stand alone (DNS, NTP, syslog) must be silent until its flow may give its
/// place to another though there is room, in nanoseconds: as long as Linux remembers one (`nf_conntrack_udp_timeout`, 30 s).
/// A datagram between the same ports after it may count as a new conversation, and what it says as said once more; no counter.
pub(crate) const EXCHANGE_OVER_NANOS: i64 = 30_000_000_000;

/// Candidates looked at for such a flow, for each new one.
pub(crate) const OVER_CANDIDATES: usize = 8;

/// Candidates looked at to find a flow to evict.
pub(crate) const EVICTION_CANDIDATES: usize = 16;

/// Octets of one direction that wait for an earlier segment or for the rest of a message. Counter: `stream octets dropped`.
pub const STREAM_OCTETS_MAX: usize = 262_144;

/// Segments of one direction that wait for an earlier one. Counter: `stream gaps`.
pub const EARLY_SEGMENTS_MAX: usize = 64;

/// Octets that wait in all directions of all flows. Counter: `stream octets dropped`.
pub const STREAMS_OCTETS_MAX: usize = 48 << 20;

/// How long a direction waits for a missing segment that the receiver has already acknowledged, in nanoseconds.
pub(crate) const GAP_WAIT_NANOS: i64 = 500_000_000;

/// Payloads of a flow that are tried before it is left alone as not recognised.
pub(crate) const RECOGNITION_TRIES: u8 = 12;

/// Messages in a row that must fit where one alone could fit by chance.
pub(crate) const UNSURE_MESSAGES_MIN: u8 = 3;

/// Payloads in a row without a message of the recognised protocol before the flow is left alone, if it never had one.
pub(crate) const FOREIGN_PAYLOADS_MAX: u16 = 16;

/// Different operations counted by name in one flow. Counter: `operation names dropped`.
pub const OPERATION_NAMES_MAX: usize = 64;

/// Times that one protocol of a flow hands over to a relative on the same transport. Counter: none, the flow stays
/// with the last one, whose messages that do not fit are counted as malformed.
pub(crate) const HAND_OVERS_MAX: u8 = 4;

/// Batches that the counts of a flow wait for the payload that tells its protocol. Live, a batch is a second.
pub(crate) const UNDECIDED_BATCHES_MAX: u8 = 8;

/// Rows gathered before a batch is due.
pub const BATCH_ROWS_MAX: usize = 100_000;

/// Octets of kept frames gathered before a batch is due.
pub const BATCH_FRAME_OCTETS_MAX: usize = 8 << 20;

/// Different facts remembered, so that repeating one costs a counter. Beyond, all are forgotten once. Counter: `fact memory cleared`.
pub const FACTS_MAX: usize = 65_536;

/// Frames kept as proof in one capture. Counter: `evidence frames dropped`.
pub const KEPT_FRAMES_MAX: u64 = 200_000;

/// Frames held because a later message may need them as proof. Counter: `held frames dropped`.
pub const HELD_FRAMES_MAX: usize = 2_048;

/// Secret ranges remembered, so that a frame stored later is masked too. Counter: `secret ranges forgotten`.
pub const SECRETS_MAX: usize = 4_096;

/// Malformed messages kept with their frame number, for each protocol. Counter: `malformed <protocol>` counts all.
pub const MALFORMED_ROWS_MAX: usize = 64;

/// How far apart two sightings of one frame may be to be the same frame mirrored twice, in nanoseconds.
pub(crate) const DUPLICATE_NANOS_MAX: i64 = 5_000_000;
