//! How people stand to a finding.

use observation::Time;

use crate::model::Finding;

/// What people decided about a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingState {
    /// Nobody has, or it is open again.
    #[default]
    Open,
    /// Somebody knows, and works on it.
    Acknowledged,
    /// It may stay as it is, for a reason and until a day.
    Accepted,
    /// It is done; seen again, it is open.
    Closed,
}

impl FindingState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Acknowledged, Self::Accepted, Self::Closed];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
        }
    }

    /// The state that [`as_str`](Self::as_str) prints.
    #[must_use]
    pub fn read_back(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How people stand to a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What holds.
    pub state: FindingState,
    /// Why, in the words of whoever decided; for what opened again by itself, in ours.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<Time>,
    /// Until when it is accepted.
    pub expires: Option<Time>,
    /// The latest sight of it when it was closed.
    pub closed_at: Option<Time>,
    /// Who decided.
    pub actor: String,
    /// When, by the wall clock.
    pub at: Option<Time>,
}

impl Standing {
    /// What holds of a decision at a moment: an acceptance ends with its day, and what was closed and is seen again
    /// is open.
    #[must_use]
    pub fn held(self, finding: &Finding, as_of: Option<Time>) -> Self {
        let has_expired = self.expires.zip(as_of).is_some_and(|(expires, as_of)| as_of > expires);
        let was_seen_again = match (self.closed_at, finding.last) {
            (Some(closed), Some(last)) => last > closed,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let again = match self.state {
            FindingState::Accepted if has_expired => "the acceptance has expired",
            FindingState::Closed if was_seen_again => "it was seen again after it was closed",
            _ => return self,
        };
        let reason = if self.reason.is_empty() {
            again.to_owned()
        } else {
            format!("{again} (was {}: {})", self.state.as_str(), self.reason)
        };
        Self { state: FindingState::Open, reason, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    fn finding(last: i64) -> Finding {
        Finding {
            kind: "remote_access",
            severity: Severity::Notice,
            text: String::new(),
            site: String::new(),
            about: String::new(),
            anchors: Vec::new(),
            assets: Vec::new(),
            first: None,
            last: Some(Time(last)),
            count: 1,
            evidence: Vec::new(),
            standing: Standing::default(),
        }
    }

    #[test]
    fn an_acceptance_ends_with_its_day() {
        let accepted = Standing {
            state: FindingState::Accepted,
            reason: "contract".into(),
            expires: Some(Time(100)),
            ..Standing::default()
        };
        assert_eq!(accepted.clone().held(&finding(5), Some(Time(100))), accepted);
        let held = accepted.clone().held(&finding(5), Some(Time(101)));
        assert_eq!(held.state, FindingState::Open);
        assert_eq!(held.reason, "the acceptance has expired (was accepted: contract)");
        assert_eq!(accepted.clone().held(&finding(500), None), accepted);
    }

    #[test]
    fn what_was_closed_is_open_when_it_is_seen_again() {
        let closed =
            Standing { state: FindingState::Closed, closed_at: Some(Time(50)), ..Standing::default() };
        assert_eq!(closed.clone().held(&finding(50), None).state, FindingState::Closed);
        assert_eq!(closed.held(&finding(51), None).state, FindingState::Open);
    }
}
