//! Baselines: frozen registers, compressed, each with the hash of its text.

use observation::Time;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::columns::{counted, stored};
use crate::error::{Error, Result};
use crate::journal::{self, Actor};
use crate::open::Register;

/// Most octets of the text of a baseline.
pub const BASELINE_OCTETS_MAX: usize = 512 << 20;

/// How hard the text is compressed: the default of Zstandard.
const LEVEL: i32 = 3;

/// What is known of a baseline without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Its name.
    pub name: String,
    /// The moment that the register spoke of.
    pub as_of: Option<Time>,
    /// Assets in it.
    pub assets: u64,
    /// Octets of its text.
    pub octets: u64,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
    /// Why it was made, in that person's words.
    pub reason: String,
    /// Who made it.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
}

fn hash(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|octet| format!("{octet:02x}")).collect()
}

impl Register {
    /// Keeps the text of a frozen register under a name; returns its hash.
    ///
    /// # Errors
    ///
    /// Fails if the name is taken, no reason is given, or the text is longer than [`BASELINE_OCTETS_MAX`].
    pub fn create_baseline(
        &mut self,
        name: &str,
        as_of: Option<Time>,
        assets: u64,
        text: &[u8],
        reason: &str,
        actor: &Actor<'_>,
    ) -> Result<String> {
        if reason.is_empty() {
            return Err(Error::NoReason("a baseline"));
        }
        if text.len() > BASELINE_OCTETS_MAX {
            return Err(Error::BaselineTooLarge(text.len()));
        }
        let compressed = zstd::bulk::compress(text, LEVEL)
            .map_err(|error| Error::Damaged(format!("baseline {name}: {error}")))?;
        let sha256 = hash(text);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = transaction
            .prepare_cached(
                "INSERT INTO baseline (name, as_of, assets, octets, sha256, content, reason, actor, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (name) DO NOTHING",
            )?
            .execute(params![
                name,
                as_of.map(|time| time.0),
                stored(assets),
                stored(text.len() as u64),
                sha256,
                compressed,
                reason,
                actor.name,
                actor.at.0
            ])?;
        if rows == 0 {
            return Err(Error::BaselineExists(name.into()));
        }
        let detail = format!("SHA-256 {sha256}; assets {assets}; reason: {reason}");
        journal::append(&transaction, actor, "baseline create", name, &detail)?;
        transaction.commit()?;
        Ok(sha256)
    }

    /// The baselines, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn baselines(&self) -> Result<Vec<BaselineEntry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, as_of, assets, octets, sha256, reason, actor, at FROM baseline ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(BaselineEntry {
                name: row.get(0)?,
                as_of: row.get::<_, Option<i64>>(1)?.map(Time),
                assets: counted(row, 2)?,
                octets: counted(row, 3)?,
                sha256: row.get(4)?,
                reason: row.get(5)?,
                actor: row.get(6)?,
                at: Time(row.get(7)?),
            });
        }
        Ok(all)
    }

    /// The text of a baseline, checked against its hash.
    ///
    /// # Errors
    ///
    /// Fails if there is none of this name, or its text is not what was kept.
    pub fn baseline(&self, name: &str) -> Result<Vec<u8>> {
        let row: Option<(i64, String, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT octets, sha256, content FROM baseline WHERE name = ?1")?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let (octets, sha256, content) = row.ok_or_else(|| Error::UnknownBaseline(name.into()))?;
        let capacity = usize::try_from(octets).unwrap_or(0).min(BASELINE_OCTETS_MAX);
        let text = zstd::bulk::decompress(&content, capacity)
            .map_err(|error| Error::Damaged(format!("baseline {name}: {error}")))?;
        if hash(&text) != sha256 {
            return Err(Error::Damaged(format!("baseline {name}: its text is not the one of its hash")));
        }
        Ok(text)
    }

    /// Throws a baseline away; the journal keeps its hash.
    ///
    /// # Errors
    ///
    /// Fails if there is none of this name, or no reason is given.
    pub fn delete_baseline(&mut self, name: &str, reason: &str, actor: &Actor<'_>) -> Result<()> {
        if reason.is_empty() {
            return Err(Error::NoReason("deleting a baseline"));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if transaction.prepare_cached("DELETE FROM baseline WHERE name = ?1")?.execute([name])? == 0 {
            return Err(Error::UnknownBaseline(name.into()));
        }
        journal::append(&transaction, actor, "baseline delete", name, reason)?;
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Actor<'_> = Actor { name: "ada", at: Time(5) };

    #[test]
    fn a_baseline_is_kept_with_its_hash_and_goes_only_with_a_reason() {
        let mut register = Register::in_memory().unwrap();
        let text = b"{\"assets\":[]}".repeat(1000);
        let hash = register.create_baseline("first", Some(Time(3)), 7, &text, "handover", &ADA).unwrap();
        assert_eq!(register.baseline("first").unwrap(), text);
        let entry = register.baselines().unwrap().remove(0);
        assert_eq!((entry.sha256, entry.assets, entry.octets), (hash, 7, text.len() as u64));
        let again = register.create_baseline("first", None, 0, b"", "again", &ADA);
        assert!(matches!(again, Err(Error::BaselineExists(_))));
        assert!(matches!(register.delete_baseline("first", "", &ADA), Err(Error::NoReason(_))));
        register.connection.execute("UPDATE baseline SET sha256 = 'x'", []).unwrap();
        assert!(matches!(register.baseline("first"), Err(Error::Damaged(_))));
        register.delete_baseline("first", "replaced", &ADA).unwrap();
        assert!(matches!(register.baseline("first"), Err(Error::UnknownBaseline(_))));
        let actions: Vec<_> = register.journal().unwrap().into_iter().map(|line| line.action).collect();
        assert_eq!(actions, ["baseline create", "baseline delete"]);
    }
}
