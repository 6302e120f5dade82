//! What one person proposes and another decides (四眼原則).
//!
//! A proposal is approved or refused once. Whoever made it can only take it back.

use chrono::{DateTime, Utc};

use super::choice::choice;

choice! {
    /// Where a proposal is.
    pub enum Standing {
        Open = "open",
        Approved = "approved",
        /// Or taken back by whoever proposed it.
        Refused = "refused",
    }
}

/// Who decided of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub approved: bool,
    /// Why it was refused.
    pub reason: Option<String>,
    pub decided_by: String,
    pub decided_at: DateTime<Utc>,
}

/// Why somebody does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// It was decided.
    Already,
    /// Somebody else approves it.
    SamePerson,
}

impl Standing {
    /// Where the proposal of which `decision` was made is.
    #[must_use]
    pub fn of(decision: Option<&Decision>) -> Self {
        match decision {
            None => Self::Open,
            Some(decision) if decision.approved => Self::Approved,
            Some(_) => Self::Refused,
        }
    }
}

impl Decision {
    /// The decision of `by` at `now` on what `proposers` put forward and of which `before` was
    /// decided: an approval, unless it is refused for a reason.
    pub fn make(
        proposers: &[&str],
        before: Option<&Self>,
        refused_for: Option<&str>,
        (by, now): (&str, DateTime<Utc>),
    ) -> Result<Self, Undecided> {
        if before.is_some() {
            return Err(Undecided::Already);
        }
        let approved = refused_for.is_none();
        if approved && proposers.contains(&by) {
            return Err(Undecided::SamePerson);
        }
        Ok(Self {
            approved,
            reason: refused_for.map(ToOwned::to_owned),
            decided_by: by.to_owned(),
            decided_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_approves_and_whoever_proposed_takes_back_once() {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let decide = |before: Option<&Decision>, refused_for: Option<&str>, by| {
            Decision::make(&["one", "two"], before, refused_for, (by, now))
        };
        assert_eq!(decide(None, None, "one"), Err(Undecided::SamePerson));
        assert_eq!(decide(None, None, "two"), Err(Undecided::SamePerson));
        let approved = decide(None, None, "three").unwrap();
        assert_eq!(Standing::of(Some(&approved)), Standing::Approved);
        let refused = decide(None, Some("a slip"), "one").unwrap();
        assert_eq!(Standing::of(Some(&refused)), Standing::Refused);
        assert_eq!(refused.reason.as_deref(), Some("a slip"));
        for before in [&approved, &refused] {
            for reason in [None, Some("so")] {
                let again = decide(Some(before), reason, "three");
                assert_eq!(again, Err(Undecided::Already));
            }
        }
        assert_eq!(Standing::of(None), Standing::Open);
    }
}
