//! Who asks and who answers, by what both ends say.
//!
//! Ports and who opened the conversation tell it as a rule, and the caller passes that on. They mislead where a capture
//! begins in the middle, and where a serial server opens the connection to the one that polls it.

use observation::{Address, End};

use super::pdu::Shape;
use crate::Context;

/// Requests that still wait for their response; the oldest goes first. Servers accept up to 16 transactions at a time
/// (Messaging V1.0b, section 4.2.1: "NumberMaxOfTransaction" 1 to 16), and there may be a gateway behind one address.
pub(super) const ASKED_MAX: usize = 32;

/// Points that prove a direction: two messages of unmistakable shape, or one that answers or identifies.
const PROVEN: i8 = 2;

/// Points are kept within this, so that neither end is held for the server for ever.
const POINTS_MAX: i8 = 4;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It asks.
    Request,
    /// It answers.
    Response,
    /// Its shape contradicts what is known of its sender, which is not yet proven: nothing is read from it.
    Unclear,
}

/// What pairs a request with its response. A serial line has no transactions; there it is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    /// Transaction identifier.
    pub(super) identifier: u16,
    /// Unit identifier.
    pub(super) unit: u8,
    /// Function code without the bit of exceptions.
    pub(super) function: u8,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    transaction: Transaction,
    by_first: bool,
    certain: bool,
}

/// What is known of the direction of one conversation.
#[derive(Debug)]
pub(super) struct Direction {
    /// Who sent the first message: ends are told apart by it, whatever they are called later.
    first: Option<(Address, u16)>,
    /// Above 0 the first sender answers, below 0 it asks.
    points: i8,
    asked: [Option<Asked>; ASKED_MAX],
    next: usize,
}

impl Direction {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self { first: None, points: 0, asked: [None; ASKED_MAX], next: 0 }
    }

    /// Judges one message: its role, and the end that answers if that is news. `identifies` is true for an answer of
    /// such length and form that no request looks like it. The number is that of requests given up for lack of room.
    pub(super) fn judge(
        &mut self,
        context: &Context,
        transaction: Transaction,
        shape: Shape,
        identifies: bool,
    ) -> Verdict {
        let sender = (context.source, context.source_port);
        let is_first = *self.first.get_or_insert(sender) == sender;
        let mut dropped = 0;
        let asked = if shape == Shape::Request { None } else { self.take(transaction, is_first) };
        let answers_certainly = asked.is_some_and(|certain| certain || shape == Shape::Response);
        let points = match shape {
            Shape::Response | Shape::Either if answers_certainly || identifies => PROVEN,
            Shape::Response => 1,
            Shape::Request => -1,
            Shape::Either | Shape::Neither => 0,
        };
        if asked.is_none() && shape != Shape::Response {
            dropped =
                self.remember(Asked { transaction, by_first: is_first, certain: shape == Shape::Request });
        }
        let before = self.proven();
        let points = if is_first { points } else { points.saturating_neg() };
        self.points = self.points.saturating_add(points).clamp(-POINTS_MAX, POINTS_MAX);
        let proven = self.proven();
        let labelled = context.from == End::Server;
        let answers = proven.map_or(labelled, |first_answers| first_answers == is_first);
        let server_is = (proven.is_some() && (proven != before || answers != labelled))
            .then(|| if answers { context.from } else { context.from.other() });
        let role = match (shape, answers) {
            (Shape::Response, false) | (Shape::Request, true) if proven.is_none() => Role::Unclear,
            (_, true) => Role::Response,
            (_, false) => Role::Request,
        };
        Verdict { role, server_is, dropped }
    }

    /// Octets were lost: requests that waited may have been answered.
    pub(super) fn forget_asked(&mut self) {
        self.asked = [None; ASKED_MAX];
    }

    /// Whether the first sender is proven to answer.
    fn proven(&self) -> Option<bool> {
        (self.points.unsigned_abs() >= PROVEN.unsigned_abs()).then_some(self.points > 0)
    }

    /// Takes the latest request of the other end that this transaction answers, and says if it was certainly one.
    fn take(&mut self, transaction: Transaction, by_first: bool) -> Option<bool> {
        let (newer, older) = self.asked.split_at_mut_checked(self.next)?;
        let is_it = |slot: &Option<Asked>| {
            slot.is_some_and(|asked| asked.transaction == transaction && asked.by_first != by_first)
        };
        // Nearly always the one asked last, whose place is the next again: one place serves whoever asks one by one.
        if let Some(last) = newer.last_mut().filter(|last| is_it(last)) {
            self.next = self.next.saturating_sub(1);
            return last.take().map(|asked| asked.certain);
        }
        let slot = newer.iter_mut().rev().chain(older.iter_mut().rev()).find(|slot| is_it(slot))?;
        slot.take().map(|asked| asked.certain)
    }

    fn remember(&mut self, asked: Asked) -> u32 {
        let dropped = self.asked.get_mut(self.next).and_then(|slot| slot.replace(asked)).is_some();
        self.next = self.next.saturating_add(1) % ASKED_MAX;
        dropped.into()
    }
}

/// What [`Direction::judge`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What the message is.
    pub(super) role: Role,
    /// The end that answers, where this message proves it or the caller has it wrong.
    pub(super) server_is: Option<End>,
    /// Requests given up for lack of room.
    pub(super) dropped: u32,
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::Transport;

    use super::*;

    /// Judges a message from the poller (port 50000) or from the polled end (port 502), labelled as given.
    fn judge(
        direction: &mut Direction,
        from_poller: bool,
        labelled: End,
        identifier: u16,
        shape: Shape,
    ) -> (Role, Option<End>) {
        let sender = if from_poller { End::Client } else { End::Server };
        let ends = [("10.0.0.1", 50_000), ("10.0.0.2", 502)];
        let context =
            Context { from: labelled, ..Context::of_test(sender, ends[0], ends[1], Transport::Tcp) };
        let verdict =
            direction.judge(&context, Transaction { identifier, unit: 1, function: 3 }, shape, false);
        (verdict.role, verdict.server_is)
    }

    #[test]
    fn an_ordinary_exchange_agrees_with_its_labels_and_proves_them_once() {
        let mut direction = Direction::new();
        assert_eq!(judge(&mut direction, true, End::Client, 1, Shape::Request), (Role::Request, None));
        assert_eq!(
            judge(&mut direction, false, End::Server, 1, Shape::Response),
            (Role::Response, Some(End::Server))
        );
        assert_eq!(judge(&mut direction, true, End::Client, 2, Shape::Request), (Role::Request, None));
    }

    #[test]
    fn a_polled_end_that_opened_the_connection_is_the_server_after_one_exchange() {
        let mut direction = Direction::new();
        assert_eq!(judge(&mut direction, true, End::Server, 1, Shape::Request), (Role::Unclear, None));
        assert_eq!(
            judge(&mut direction, false, End::Client, 1, Shape::Response),
            (Role::Response, Some(End::Client))
        );
        // Whether the caller follows or not, the roles stay.
        assert_eq!(judge(&mut direction, true, End::Client, 2, Shape::Request), (Role::Request, None));
        assert_eq!(
            judge(&mut direction, true, End::Server, 3, Shape::Either),
            (Role::Request, Some(End::Client))
        );
    }

    #[test]
    fn one_odd_message_turns_nothing_round() {
        let mut direction = Direction::new();
        for identifier in 0..4 {
            judge(&mut direction, true, End::Client, identifier, Shape::Request);
            judge(&mut direction, false, End::Server, identifier, Shape::Response);
        }
        assert_eq!(judge(&mut direction, true, End::Client, 9, Shape::Response), (Role::Request, None));
        assert_eq!(judge(&mut direction, false, End::Server, 8, Shape::Response), (Role::Response, None));
    }

    #[test]
    fn requests_without_response_push_out_the_oldest_and_are_counted() {
        let mut direction = Direction::new();
        for identifier in 0..ASKED_MAX as u16 {
            judge(&mut direction, true, End::Client, identifier, Shape::Request);
        }
        let dropped = direction.remember(Asked {
            transaction: Transaction { identifier: 99, unit: 1, function: 3 },
            by_first: true,
            certain: true,
        });
        assert_eq!(dropped, 1);
        assert_eq!(direction.take(Transaction { identifier: 0, unit: 1, function: 3 }, false), None);
        assert_eq!(direction.take(Transaction { identifier: 1, unit: 1, function: 3 }, false), Some(true));
        assert_eq!(direction.take(Transaction { identifier: 99, unit: 1, function: 3 }, false), Some(true));
    }
}
