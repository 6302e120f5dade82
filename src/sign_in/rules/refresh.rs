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

    /// A family of ninety days and its first token.
    fn family_and_token() -> (Family, Presented) {
        let issued_at: DateTime<Utc> = "2026-11-21T01:00:00Z".parse().unwrap();
        let family = Family {
            ends_at: issued_at + TimeDelta::days(90),
            revoked: false,
        };
        let fresh = Presented {
            issued_at,
            consumed_at: None,
            retried: false,
            revoked: false,
            child_used: false,
        };
        (family, fresh)
    }

    fn check(name: &str, token: Presented, family: Family, seconds: i64, verdict: Verdict) {
        let now = family_and_token().1.issued_at + TimeDelta::seconds(seconds);
        let found = present(token, family, TimeDelta::days(14), now);
        assert_eq!(found, verdict, "{name}");
    }

    const DAY: i64 = 86_400;

    /// The token as it is ten seconds later, once used.
    fn spent() -> Presented {
        let (_, fresh) = family_and_token();
        Presented {
            consumed_at: Some(fresh.issued_at + TimeDelta::seconds(10)),
            ..fresh
        }
    }

    #[test]
    fn an_unused_token_rotates_until_it_or_its_family_is_over() {
        let (family, fresh) = family_and_token();
        let ended = Family {
            revoked: true,
            ..family
        };
        check("unused", fresh, family, 0, Verdict::Rotate);
        check("just in time", fresh, family, 14 * DAY - 1, Verdict::Rotate);
        check("idle", fresh, family, 14 * DAY, Verdict::Over);
        check("past the end", fresh, family, 90 * DAY, Verdict::Over);
        check("family ended", fresh, ended, 0, Verdict::Over);
        check("spent, family ended", spent(), ended, 20, Verdict::Over);
        check(
            "spent, past the end",
            spent(),
            family,
            90 * DAY,
            Verdict::Over,
        );
    }

    #[test]
    fn a_spent_token_is_forgiven_once_soon_and_while_its_successor_is_unused() {
        let (family, fresh) = family_and_token();
        let child_used = Presented {
            child_used: true,
            ..spent()
        };
        let retried = Presented {
            retried: true,
            ..spent()
        };
        let replaced = Presented {
            revoked: true,
            ..fresh
        };
        check("lost answer", spent(), family, 10, Verdict::Sibling);
        check("in time", spent(), family, 130, Verdict::Sibling);
        check("late", spent(), family, 131, Verdict::Reused);
        check("lost a second time", retried, family, 20, Verdict::Reused);
        check(
            "successor was used",
            child_used,
            family,
            20,
            Verdict::Reused,
        );
        check("was replaced", replaced, family, 20, Verdict::Reused);
        check(
            "replaced, past the end",
            replaced,
            family,
            90 * DAY,
            Verdict::Over,
        );
    }
}
