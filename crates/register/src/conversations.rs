//! Rows of conversations: found or made, many with one statement.

use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use crate::error::{Error, Result};
use crate::many::{Binding, ROWS, Sums};

const TABLE: Sums = Sums {
    insert: "INSERT INTO conversation (id, client, server, protocol, transport, port, vlan, oriented)",
    conflict: "ON CONFLICT DO NOTHING",
};

const COLUMNS: usize = 8;

/// What tells a conversation from all others, and whether its ends are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Key<'b> {
    pub(crate) client: i64,
    pub(crate) server: i64,
    pub(crate) protocol: &'b str,
    pub(crate) transport: &'static str,
    pub(crate) port: u16,
    pub(crate) vlan: u16,
    pub(crate) oriented: bool,
}

/// The table of conversations.
pub(crate) struct Conversations<'t> {
    transaction: &'t Transaction<'t>,
    /// Number of the row added last. Nobody else adds rows before the transaction ends.
    last: i64,
    /// For [`ROWS`] rows at one time.
    insert: Option<CachedStatement<'t>>,
}

impl<'t> Conversations<'t> {
    pub(crate) fn prepare(transaction: &'t Transaction<'t>) -> Result<Self> {
        let last = transaction
            .prepare_cached("SELECT coalesce(max(id), 0) FROM conversation")?
            .query_row([], |row| row.get(0))?;
        Ok(Self { transaction, last, insert: None })
    }

    /// The numbers of up to [`ROWS`] conversations, which are made if need be. Once the ends of one are known they are
    /// known: `oriented` only ever rises.
    pub(crate) fn add(&mut self, keys: &[Key<'_>]) -> Result<Vec<i64>> {
        let mut numbers = Vec::with_capacity(keys.len());
        if keys.len() < ROWS {
            let mut insert = self.prepare_insert(1)?;
            for key in keys {
                self.write(&mut insert, std::slice::from_ref(key), &mut numbers)?;
            }
        } else {
            let mut insert = match self.insert.take() {
                Some(insert) => insert,
                None => self.prepare_insert(ROWS)?,
            };
            self.write(&mut insert, keys, &mut numbers)?;
            self.insert = Some(insert);
        }
        Ok(numbers)
    }

    fn prepare_insert(&self, rows: usize) -> Result<CachedStatement<'t>> {
        Ok(self.transaction.prepare_cached(&TABLE.text(COLUMNS, rows))?)
    }

    /// Writes just as many rows as `insert` is for.
    fn write(
        &mut self,
        insert: &mut CachedStatement<'_>,
        keys: &[Key<'_>],
        numbers: &mut Vec<i64>,
    ) -> Result<()> {
        let before = self.last;
        // A number that is taken, though it should not be, makes no new row.
        let numbered = || (1..).zip(keys).map(|(at, key): (i64, _)| (before.wrapping_add(at), key));
        let mut binding = Binding::of(insert);
        for (number, key) in numbered() {
            binding.next(number)?;
            binding.next(key.client)?;
            binding.next(key.server)?;
            binding.next(key.protocol)?;
            binding.next(key.transport)?;
            binding.next(key.port)?;
            binding.next(key.vlan)?;
            binding.next(key.oriented)?;
        }
        let are_new = binding.execute()? == keys.len();
        for (number, key) in numbered() {
            numbers.push(if are_new { number } else { self.known(key)? });
            self.last = number;
        }
        Ok(())
    }

    /// The number of a conversation that is there.
    fn known(&self, key: &Key<'_>) -> Result<i64> {
        let Key { client, server, protocol, transport, port, vlan, oriented } = *key;
        let (id, was_oriented): (i64, bool) = self
            .transaction
            .prepare_cached(
                "SELECT id, oriented FROM conversation WHERE client = ?1 AND server = ?2 AND protocol = ?3
                    AND transport = ?4 AND port = ?5 AND vlan = ?6",
            )?
            .query_row(params![client, server, protocol, transport, port, vlan], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?
            .ok_or_else(|| Error::Damaged("the number of a conversation is taken".into()))?;
        if oriented && !was_oriented {
            self.transaction
                .prepare_cached("UPDATE conversation SET oriented = 1 WHERE id = ?1")?
                .execute([id])?;
        }
        Ok(id)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use observation::{
        Batch, CaptureKind, Conversation, ConversationKey, Day, NANOS_PER_DAY, Sighting, Station, Time,
        Transport,
    };

    use crate::{Actor, CaptureStart, Register};

    /// One frame to that port, on that day.
    fn conversation(port: u16, day: i32, oriented: bool) -> Conversation {
        let station = |address: &str| Station::root(address.parse().unwrap(), None);
        let time = Time(i64::from(day) * NANOS_PER_DAY);
        Conversation {
            key: ConversationKey {
                client: station("10.0.0.1"),
                server: station("10.0.0.2"),
                protocol: "tcp".into(),
                transport: Transport::Tcp,
                port,
                vlan: None,
            },
            sighting: Sighting { day: Day(day), ..Sighting::once(time) },
            frames: [1, 0],
            octets: [60, 0],
            oriented,
            operations: Vec::new(),
        }
    }

    #[test]
    fn new_conversations_and_known_ones_go_together_and_known_ends_stay_known() {
        let mut register = Register::in_memory().unwrap();
        let start = CaptureStart {
            uid: Some("a"),
            kind: CaptureKind::Live,
            name: "eth1",
            site: "",
            sensor: "",
            interface: "eth1",
        };
        let mut writer = register.begin_capture(&start, &Actor { name: "sensor", at: Time(0) }).unwrap();
        // The second batch has half of the first again, each on two days, some with known ends, and one in two places.
        let second =
            (20..90).flat_map(|port| [conversation(port, 0, false), conversation(port, 1, port % 2 == 0)]);
        let batches: [Vec<Conversation>; 3] = [
            (0..40).map(|port| conversation(port, 0, port % 3 == 0)).collect(),
            second.chain([conversation(25, 0, false)]).collect(),
            vec![conversation(0, 0, false), conversation(90, 0, true)],
        ];
        for conversations in batches {
            register.write(&mut writer, &Batch { conversations, ..Batch::default() }).unwrap();
        }
        let observed = register.observed().unwrap();
        let mut found: Vec<(u16, i32, u64, bool)> = observed.captures[0]
            .observed
            .conversations
            .iter()
            .map(|seen| (seen.key.port, seen.sighting.day.0, seen.frames[0], seen.oriented))
            .collect();
        found.sort_unstable();
        let expected = (0..=90_u16).flat_map(|port| {
            let oriented =
                port == 90 || (port < 40 && port % 3 == 0) || ((20..90).contains(&port) && port % 2 == 0);
            let first = match port {
                25 => 3,
                0 | 20..40 => 2,
                _ => 1,
            };
            let second_day = (20..90).contains(&port).then_some((port, 1, 1, oriented));
            std::iter::once((port, 0, first, oriented)).chain(second_day)
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
