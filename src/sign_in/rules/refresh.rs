//! What a presented refresh token is answered with.
//!
//! Every use gives a new token and spends the old one. An answer may be lost on the way: the
//! spent token is then accepted once more, soon, if its successor was never used. Whatever
//! else is presented twice was stolen from one of two, and nobody can tell from whom: the
//! whole family ends.

use chrono::{DateTime, TimeDelta, Utc};

/// How soon a client that got no answer asks again.
const RETRY: TimeDelta = TimeDelta::seconds(120);

/// A token's family.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    pub ends_at: DateTime<Utc>,
    pub revoked: bool,
}

/// The token presented.
#[derive(Debug, Clone, Copy)]
pub struct Presented {
    pub issued_at: DateTime<Utc>,
    pub consumed_at: Option<DateTime<Utc>>,
    /// Its answer was already taken for lost once.
    pub retried: bool,
    /// It was replaced before it was used.
    pub revoked: bool,
    /// The token it was changed for was used.
    pub child_used: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Spend it and give its successor.
    Rotate,
    /// Revoke the successor that was lost and give another.
    Sibling,
    /// Too old, or its family has ended: nothing is given.
    Over,
    /// Used by two: end the family.
    Reused,
}

/// What to do with `token`, which may lie unused for `idle`.
pub fn present(token: Presented, family: Family, idle: TimeDelta, now: DateTime<Utc>) -> Verdict {
    if family.revoked || now >= family.ends_at {
        return Verdict::Over;
    }
    if token.revoked {
        return Verdict::Reused;
    }
    match token.consumed_at {
        None if now - token.issued_at >= idle => Verdict::Over,
        None => Verdict::Rotate,
        Some(at) if !token.child_used && !token.retried && now - at <= RETRY => Verdict::Sibling,
        Some(_) => Verdict::Reused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_token_has_one_answer() {
        let issued: DateTime<Utc> = "2026-11-21T01:00:00Z".parse().unwrap();
        let at = |seconds| issued + TimeDelta::seconds(seconds);
        let day = 86_400;
        let family = Family {
            ends_at: at(90 * day),
            revoked: false,
        };
        let fresh = Presented {
            issued_at: issued,
            consumed_at: None,
            retried: false,
            revoked: false,
            child_used: false,
        };
        let spent = Presented {
            consumed_at: Some(at(10)),
            ..fresh
        };
        let revoked_family = Family {
            revoked: true,
            ..family
        };
        let child_used = Presented {
            child_used: true,
            ..spent
        };
        let retried = Presented {
            retried: true,
            ..spent
        };
        let replaced = Presented {
            revoked: true,
            ..fresh
        };
        for (name, token, family, now, verdict) in [
            ("unused", fresh, family, 0, Verdict::Rotate),
            (
                "idle, just not",
                fresh,
                family,
                14 * day - 1,
                Verdict::Rotate,
            ),
            ("idle", fresh, family, 14 * day, Verdict::Over),
            ("past the end", fresh, family, 90 * day, Verdict::Over),
            ("family ended", fresh, revoked_family, 0, Verdict::Over),
            (
                "spent, family ended",
                spent,
                revoked_family,
                20,
                Verdict::Over,
            ),
            ("lost answer", spent, family, 10, Verdict::Sibling),
            ("lost answer, in time", spent, family, 130, Verdict::Sibling),
            ("lost answer, late", spent, family, 131, Verdict::Reused),
            ("lost a second time", retried, family, 20, Verdict::Reused),
            (
                "successor was used",
                child_used,
                family,
                20,
                Verdict::Reused,
            ),
            ("was replaced", replaced, family, 20, Verdict::Reused),
            (
                "was replaced, past the end",
                replaced,
                family,
                90 * day,
                Verdict::Over,
            ),
        ] {
            let found = present(token, family, TimeDelta::days(14), at(now));
            assert_eq!(found, verdict, "{name}");
        }
    }
}
