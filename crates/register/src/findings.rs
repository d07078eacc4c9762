//! What people decided about findings, and which kinds they do not want to see.

use std::collections::{BTreeMap, HashMap};

use inventory::{Finding, FindingState, Standing, moment};
use observation::Time;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::error::{Error, Result};
use crate::journal::{self, Actor};
use crate::open::Register;
use crate::people::PEOPLE_VALUE_CHARS_MAX;

/// A decision about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Somebody knows.
    Acknowledge {
        /// A word on it, or nothing.
        reason: &'a str,
    },
    /// It may stay.
    Accept {
        /// Why.
        reason: &'a str,
        /// Until when, in observed time.
        expires: Time,
    },
    /// It is done.
    Close {
        /// How.
        reason: &'a str,
    },
    /// It is open again.
    Reopen {
        /// Why.
        reason: &'a str,
    },
    /// Somebody answers for it.
    Assign {
        /// Who; nobody if empty.
        owner: &'a str,
        /// By when.
        due: Option<Time>,
    },
}

impl Decision<'_> {
    fn action(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "finding acknowledged",
            Self::Accept { .. } => "finding accepted",
            Self::Close { .. } => "finding closed",
            Self::Reopen { .. } => "finding reopened",
            Self::Assign { .. } => "finding assigned",
        }
    }

    fn words(&self) -> &str {
        match self {
            Self::Acknowledge { reason }
            | Self::Accept { reason, .. }
            | Self::Close { reason }
            | Self::Reopen { reason } => reason,
            Self::Assign { owner, .. } => owner,
        }
    }

    fn apply(&self, finding: &Finding, standing: Standing, actor: &Actor<'_>) -> Standing {
        let state = |state, reason: &str, expires, closed_at| Standing {
            state,
            reason: reason.to_owned(),
            expires,
            closed_at,
            ..standing.clone()
        };
        let decided = match *self {
            Self::Acknowledge { reason } => state(FindingState::Acknowledged, reason, None, None),
            Self::Accept { reason, expires } => state(FindingState::Accepted, reason, Some(expires), None),
            Self::Close { reason } => state(FindingState::Closed, reason, None, finding.last),
            Self::Reopen { reason } => state(FindingState::Open, reason, None, None),
            Self::Assign { owner, due } => {
                Standing { owner: Some(owner.to_owned()).filter(|owner| !owner.is_empty()), due, ..standing }
            }
        };
        Standing { actor: actor.name.to_owned(), at: Some(actor.at), ..decided }
    }
}

/// A line of the history of a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingStep {
    /// Wall clock.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// What: `finding accepted`.
    pub action: String,
    /// In words.
    pub detail: String,
}

/// A kind of findings that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRule {
    /// The kind.
    pub kind: String,
    /// Who switched it off.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Time,
}

/// What is stored of a finding: the strongest anchor of each of its assets when it was decided about, and the decision.
struct Stored {
    id: i64,
    anchors: Vec<String>,
    standing: Standing,
}

/// Decisions by site, kind and what the finding is about.
pub(crate) struct Decisions(HashMap<(String, String, String), Vec<Stored>>);

impl Decisions {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let mut decisions: HashMap<_, Vec<Stored>> = HashMap::new();
        let mut statement = connection.prepare_cached(
            "SELECT site, kind, about, id, anchors, state, reason, owner, due, expires, closed_at, actor, at
             FROM finding_decision ORDER BY at, id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let state: String = row.get(5)?;
            let state = FindingState::read_back(&state)
                .ok_or_else(|| Error::Damaged(format!("a finding is \"{}\"", state.escape_debug())))?;
            let time =
                |index| -> rusqlite::Result<Option<Time>> { Ok(row.get::<_, Option<i64>>(index)?.map(Time)) };
            let anchors: String = row.get(4)?;
            let stored = Stored {
                id: row.get(3)?,
                anchors: anchors.lines().map(str::to_owned).collect(),
                standing: Standing {
                    state,
                    reason: row.get(6)?,
                    owner: row.get(7)?,
                    due: time(8)?,
                    expires: time(9)?,
                    closed_at: time(10)?,
                    actor: row.get(11)?,
                    at: time(12)?,
                },
            };
            decisions.entry((row.get(0)?, row.get(1)?, row.get(2)?)).or_default().push(stored);
        }
        Ok(Self(decisions))
    }

    /// The decisions about a finding, oldest first. More than one where two assets turned out to be one.
    fn of(&self, finding: &Finding) -> impl Iterator<Item = &Stored> {
        let key = (finding.site.clone(), finding.kind.to_owned(), finding.about.clone());
        let stored = self.0.get(&key).map(Vec::as_slice).unwrap_or_default().iter();
        stored.filter(|stored| {
            stored.anchors.len() == finding.anchors.len()
                && stored.anchors.iter().zip(&finding.anchors).all(|(anchor, own)| own.contains(anchor))
        })
    }

    /// The numbers of the decisions about a finding.
    pub(crate) fn ids(&self, finding: &Finding) -> impl Iterator<Item = i64> {
        self.of(finding).map(|stored| stored.id)
    }

    /// What was decided about a finding last.
    pub(crate) fn standing(&self, finding: &Finding) -> Standing {
        self.of(finding).last().map(|stored| stored.standing.clone()).unwrap_or_default()
    }
}

impl Register {
    /// Notes a decision about a finding, in its history and in the journal. It belongs to the kind, the site, what the
    /// finding is about and the assets by their anchors, so that importing again does not lose it.
    ///
    /// # Errors
    ///
    /// Fails if the words are longer than [`PEOPLE_VALUE_CHARS_MAX`], or the register cannot be written.
    pub fn decide_finding(
        &mut self,
        finding: &Finding,
        decision: &Decision<'_>,
        actor: &Actor<'_>,
    ) -> Result<Standing> {
        let characters = decision.words().chars().count();
        if characters > PEOPLE_VALUE_CHARS_MAX {
            let field = "reason".to_owned();
            return Err(Error::ValueTooLong { field, characters, max: PEOPLE_VALUE_CHARS_MAX });
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let decisions = Decisions::read(&transaction)?;
        let known = decisions.of(finding).last();
        let before = known.map(|stored| stored.standing.clone()).unwrap_or_default();
        let after = decision.apply(finding, before.clone(), actor);
        let time = |time: Option<Time>| time.map(|time| time.0);
        let id = match known {
            Some(stored) => stored.id,
            None => {
                let anchors: Vec<&str> = finding
                    .anchors
                    .iter()
                    .map(|anchors| anchors.first().map_or("", String::as_str))
                    .collect();
                transaction
                    .prepare_cached(
                        "INSERT INTO finding_decision (site, kind, about, anchors, state, reason, actor, at)
                         VALUES (?1, ?2, ?3, ?4, 'open', '', '', 0)",
                    )?
                    .insert(params![finding.site, finding.kind, finding.about, anchors.join("\n")])?
            }
        };
        transaction
            .prepare_cached(
                "UPDATE finding_decision SET state = ?2, reason = ?3, owner = ?4, due = ?5, expires = ?6,
                    closed_at = ?7, actor = ?8, at = ?9 WHERE id = ?1",
            )?
            .execute(params![
                id,
                after.state.as_str(),
                after.reason,
                after.owner,
                time(after.due),
                time(after.expires),
                time(after.closed_at),
                actor.name,
                actor.at.0
            ])?;
        let detail = detail(&before, &after);
        transaction
            .prepare_cached(
                "INSERT INTO finding_step (decision, at, actor, action, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id, actor.at.0, actor.name, decision.action(), detail])?;
        let text = format!("{} {}: {detail}", finding.kind, finding.text);
        journal::append(&transaction, actor, decision.action(), &finding.id(), &text)?;
        transaction.commit()?;
        Ok(after)
    }

    /// Everything that was decided about a finding, oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn finding_history(&self, finding: &Finding) -> Result<Vec<FindingStep>> {
        let decisions = Decisions::read(&self.connection)?;
        let mut steps = Vec::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT at, actor, action, detail FROM finding_step WHERE decision = ?1 ORDER BY id",
        )?;
        for stored in decisions.of(finding) {
            let read = statement.query_map([stored.id], |row| {
                Ok(FindingStep {
                    at: Time(row.get(0)?),
                    actor: row.get(1)?,
                    action: row.get(2)?,
                    detail: row.get(3)?,
                })
            })?;
            steps.extend(read.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        steps.sort_by_key(|step| step.at);
        Ok(steps)
    }

    /// The kinds of findings that are not shown, by kind.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn finding_rules(&self) -> Result<Vec<FindingRule>> {
        finding_rules(&self.connection)
    }

    /// Switches a kind of findings off, or on again. True if that changed anything.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be written.
    pub fn switch_findings(&mut self, kind: &str, on: bool, actor: &Actor<'_>) -> Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_off = transaction
            .prepare_cached("SELECT kind FROM finding_rule WHERE kind = ?1")?
            .query_row([kind], |row| row.get::<_, String>(0))
            .optional()?
            .is_some();
        if is_off != on {
            return Ok(false);
        }
        if on {
            transaction.prepare_cached("DELETE FROM finding_rule WHERE kind = ?1")?.execute([kind])?;
        } else {
            transaction
                .prepare_cached("INSERT INTO finding_rule (kind, actor, at) VALUES (?1, ?2, ?3)")?
                .execute(params![kind, actor.name, actor.at.0])?;
        }
        let detail = if on { "shown again" } else { "not shown any more" };
        journal::append(&transaction, actor, "findings switched", kind, detail)?;
        transaction.commit()?;
        Ok(true)
    }
}

pub(crate) fn finding_rules(connection: &Connection) -> Result<Vec<FindingRule>> {
    let mut statement =
        connection.prepare_cached("SELECT kind, actor, at FROM finding_rule ORDER BY kind")?;
    let rules = statement.query_map([], |row| {
        Ok(FindingRule { kind: row.get(0)?, actor: row.get(1)?, at: Time(row.get(2)?) })
    })?;
    Ok(rules.collect::<rusqlite::Result<_>>()?)
}

/// Gives findings what people decided, and takes out the kinds that are off. Returns how many of each were taken out.
pub(crate) fn apply(
    findings: &mut Vec<Finding>,
    decisions: &Decisions,
    rules: &[FindingRule],
    as_of: Option<Time>,
) -> BTreeMap<String, u64> {
    let mut off: BTreeMap<String, u64> = rules.iter().map(|rule| (rule.kind.clone(), 0)).collect();
    findings.retain(|finding| match off.get_mut(finding.kind) {
        Some(count) => {
            *count = count.saturating_add(1);
            false
        }
        None => true,
    });
    for finding in findings {
        finding.standing = decisions.standing(finding).held(finding, as_of);
    }
    off
}

/// What a decision changed, in words.
fn detail(before: &Standing, after: &Standing) -> String {
    let mut parts = Vec::new();
    if before.state != after.state {
        parts.push(format!("{} instead of {}", after.state.as_str(), before.state.as_str()));
    }
    if before.reason != after.reason {
        parts.push(format!("reason {:?}", after.reason));
    }
    let when = |time: Option<Time>| time.map_or_else(|| "none".to_owned(), moment);
    if before.expires != after.expires {
        parts.push(format!("expires {}", when(after.expires)));
    }
    if before.owner != after.owner {
        parts.push(format!("owner {:?}", after.owner.as_deref().unwrap_or("nobody")));
    }
    if before.due != after.due {
        parts.push(format!("due {}", when(after.due)));
    }
    parts.join(", ")
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use inventory::Severity;

    use super::*;

    fn finding(anchors: &[&[&str]], last: i64) -> Finding {
        Finding {
            kind: "remote_access",
            severity: Severity::Warning,
            text: "a reaches b".into(),
            site: "north".into(),
            about: "rdp".into(),
            anchors: anchors
                .iter()
                .map(|own| own.iter().map(|&anchor| anchor.to_owned()).collect())
                .collect(),
            assets: Vec::new(),
            first: None,
            last: Some(Time(last)),
            count: 1,
            evidence: Vec::new(),
            standing: Standing::default(),
        }
    }

    const ADA: Actor<'static> = Actor { name: "ada", at: Time(7) };

    fn held(register: &Register, finding: &Finding, as_of: i64) -> Standing {
        let mut findings = vec![finding.clone()];
        let decisions = Decisions::read(&register.connection).unwrap();
        apply(&mut findings, &decisions, &register.finding_rules().unwrap(), Some(Time(as_of)));
        findings.remove(0).standing
    }

    #[test]
    fn a_decision_is_found_by_any_anchor_and_by_no_other_finding() {
        let mut register = Register::in_memory().unwrap();
        let before = finding(&[&["10.0.0.1"], &["10.0.0.2"]], 5);
        register.decide_finding(&before, &Decision::Acknowledge { reason: "" }, &ADA).unwrap();
        let is_known = |finding| held(&register, &finding, 9).state == FindingState::Acknowledged;
        // The first turned out to have a MAC, which is the stronger anchor.
        assert!(is_known(finding(&[&["00:1b:1b:00:00:01", "10.0.0.1"], &["10.0.0.2"]], 5)));
        assert!(!is_known(finding(&[&["10.0.0.2"], &["10.0.0.1"]], 5)));
        assert!(!is_known(finding(&[&["10.0.0.1"]], 5)));
        assert!(!is_known(Finding { site: "south".into(), ..before.clone() }));
        assert!(!is_known(Finding { about: "vnc".into(), ..before }));
    }

    #[test]
    fn every_step_is_kept_and_in_the_journal() {
        let mut register = Register::in_memory().unwrap();
        const DUE: Time = Time(1_767_323_045_000_000_000);
        let seen = finding(&[&["10.0.0.1"]], 50);
        let steps = [
            Decision::Assign { owner: "grace", due: Some(DUE) },
            Decision::Accept { reason: "contract", expires: Time(100) },
            Decision::Close { reason: "tunnel removed" },
        ];
        for step in &steps {
            register.decide_finding(&seen, step, &ADA).unwrap();
        }
        let standing = held(&register, &seen, 1000);
        assert_eq!((standing.state, standing.owner.as_deref()), (FindingState::Closed, Some("grace")));
        assert_eq!((standing.due, standing.expires), (Some(DUE), None));
        let again = held(&register, &finding(&[&["10.0.0.1"]], 51), 1000);
        assert_eq!(again.state, FindingState::Open);
        assert_eq!(again.reason, "it was seen again after it was closed (was closed: tunnel removed)");
        let history = register.finding_history(&seen).unwrap();
        let told: Vec<_> = history.iter().map(|step| (step.action.as_str(), step.detail.as_str())).collect();
        assert_eq!(
            told,
            [
                ("finding assigned", "owner \"grace\", due 2026-01-02T03:04:05Z"),
                (
                    "finding accepted",
                    "accepted instead of open, reason \"contract\", expires 1970-01-01T00:00:00Z"
                ),
                ("finding closed", "closed instead of accepted, reason \"tunnel removed\", expires none"),
            ]
        );
        let journal = register.journal().unwrap();
        assert_eq!(journal.len(), 3);
        assert_eq!((journal[2].action.as_str(), &journal[2].subject), ("finding closed", &seen.id()));
    }

    #[test]
    fn an_acceptance_opens_by_itself_as_of_the_day_after() {
        let mut register = Register::in_memory().unwrap();
        let seen = finding(&[&["10.0.0.1"]], 50);
        register.decide_finding(&seen, &Decision::Accept { reason: "r", expires: Time(100) }, &ADA).unwrap();
        assert_eq!(held(&register, &seen, 100).state, FindingState::Accepted);
        assert_eq!(held(&register, &seen, 101).state, FindingState::Open);
    }

    #[test]
    fn a_kind_that_is_off_is_counted_and_comes_back() {
        let mut register = Register::in_memory().unwrap();
        assert!(register.switch_findings("remote_access", false, &ADA).unwrap());
        assert!(!register.switch_findings("remote_access", false, &ADA).unwrap());
        let mut findings = vec![finding(&[], 5), finding(&[], 6)];
        let decisions = Decisions::read(&register.connection).unwrap();
        let off = apply(&mut findings, &decisions, &register.finding_rules().unwrap(), None);
        assert!(findings.is_empty());
        assert_eq!(off, BTreeMap::from([("remote_access".to_owned(), 2)]));
        assert!(register.switch_findings("remote_access", true, &ADA).unwrap());
        assert!(register.finding_rules().unwrap().is_empty());
        assert_eq!(register.journal().unwrap().len(), 2);
    }

    #[test]
    fn words_have_a_limit() {
        let mut register = Register::in_memory().unwrap();
        let long = "x".repeat(PEOPLE_VALUE_CHARS_MAX + 1);
        let decision = Decision::Close { reason: &long };
        assert!(matches!(
            register.decide_finding(&finding(&[], 1), &decision, &ADA),
            Err(Error::ValueTooLong { .. })
        ));
        assert!(register.journal().unwrap().is_empty());
    }
}
