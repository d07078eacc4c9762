//! TCP conversations that go on: one segment at a time, so that a mix can interleave hundreds of them.

use std::collections::VecDeque;

use super::random::Random;
use super::tcp::{ACK, Connection, FIN, From, PSH, SYN};

/// What comes next on a connection: who sends, flags, payload.
type Segment = (From, u8, Vec<u8>);

/// Makes the next exchange of a conversation once the one before is through: requests and answers, in order.
pub type Exchange = fn(&mut Talk, &mut Random);

/// A connection with what is still to be sent on it.
#[derive(Clone, Debug)]
pub struct Talk {
    pub connection: Connection,
    /// Exchanges so far.
    pub round: u64,
    /// What tells this device from others of its kind: its serial number, its link address, its unit.
    pub device: u32,
    /// True for an engineering station that asks who is there.
    pub asks_identity: bool,
    exchange: Exchange,
    pending: VecDeque<Segment>,
    /// Exchanges until it is closed; `None` for a conversation that stays.
    rounds_max: Option<u64>,
}

impl Talk {
    /// A conversation that opens with its first segments.
    pub fn new(connection: Connection, device: u32, exchange: Exchange, rounds_max: Option<u64>) -> Self {
        let pending = VecDeque::from([
            (From::Client, SYN, Vec::new()),
            (From::Server, SYN | ACK, Vec::new()),
            (From::Client, ACK, Vec::new()),
        ]);
        Self { connection, round: 0, device, asks_identity: false, exchange, pending, rounds_max }
    }

    /// Queues a request or answer.
    pub fn say(&mut self, from: From, payload: Vec<u8>) {
        self.pending.push_back((from, PSH | ACK, payload));
    }

    /// Queues a bare acknowledgment.
    pub fn acknowledge(&mut self, from: From) {
        self.pending.push_back((from, ACK, Vec::new()));
    }

    /// Appends the next segment to `out`; false once the conversation is closed and nothing was appended.
    pub fn next(&mut self, random: &mut Random, out: &mut Vec<u8>) -> bool {
        if self.pending.is_empty() {
            if self.rounds_max.is_some_and(|most| self.round > most) {
                return false;
            }
            if self.rounds_max == Some(self.round) {
                for (from, flags) in
                    [(From::Client, FIN | ACK), (From::Server, FIN | ACK), (From::Client, ACK)]
                {
                    self.pending.push_back((from, flags, Vec::new()));
                }
            } else {
                (self.exchange)(self, random);
            }
            self.round += 1;
        }
        let Some((from, flags, payload)) = self.pending.pop_front() else { return false };
        self.connection.segment(out, from, flags, &payload);
        true
    }
}
