//! Wrong guesses of one factor, and how long none is looked at after them.
//!
//! The lock is of the factor: who is signed in stays so, and other ways to sign in stay open.
//! So a stranger who guesses can neither get in nor keep the tenant out of everything.

use chrono::{DateTime, TimeDelta, Utc};

/// Every fifth wrong guess closes the factor, each time for twice as long.
const TRIES: i32 = 5;
const FIRST: TimeDelta = TimeDelta::minutes(15);
/// Doubling ends at some 21 days.
const MOST_DOUBLINGS: i32 = 11;
/// After so many wrong PINs in a row only the counter opens it again.
const PIN_LAST: i32 = 30;

/// What is kept of a factor's guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesses {
    /// Wrong ones since the last right one.
    pub wrong: i32,
    /// Until when none is looked at.
    pub until: Option<DateTime<Utc>>,
}

/// Which factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// Six digits: a million values, so guessing must end for good.
    Pin,
    /// A password or a one-time code.
    Other,
}

/// Whether a guess is accepted, and what is kept of it. A guess at a closed factor is not
/// looked at: right or wrong, it changes nothing.
pub fn guess(kept: Guesses, right: bool, factor: Factor, now: DateTime<Utc>) -> (bool, Guesses) {
    if is_closed(kept, factor, now) {
        return (false, kept);
    }
    if right {
        return (true, Guesses::default());
    }
    let wrong = kept.wrong.saturating_add(1);
    let until = (wrong % TRIES == 0).then(|| {
        let doublings = (wrong / TRIES - 1).min(MOST_DOUBLINGS);
        now + FIRST * (1 << doublings)
    });
    (false, Guesses { wrong, until })
}

/// Whether no guess is looked at.
pub fn is_closed(kept: Guesses, factor: Factor, now: DateTime<Utc>) -> bool {
    let for_good = factor == Factor::Pin && kept.wrong >= PIN_LAST;
    for_good || kept.until.is_some_and(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-21T01:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_fifth_wrong_guess_closes_the_factor_for_twice_as_long() {
        let (mut kept, mut now) = (Guesses::default(), start());
        for minutes in [15, 30, 60, 120, 240] {
            for _ in 0..4 {
                kept = guess(kept, false, Factor::Pin, now).1;
                assert_eq!(kept.until, None);
            }
            kept = guess(kept, false, Factor::Pin, now).1;
            assert_eq!(kept.until, Some(now + TimeDelta::minutes(minutes)));
            // Meanwhile even the right one is refused, and nothing is counted.
            let (accepted, after) = guess(kept, true, Factor::Pin, now);
            assert!(!accepted && after == kept);
            now = kept.until.unwrap();
        }
        assert_eq!(
            guess(kept, true, Factor::Pin, now),
            (true, Guesses::default())
        );
    }

    #[test]
    fn thirty_wrong_pins_close_it_for_good_and_other_factors_never_do() {
        let far = start() + TimeDelta::days(36_500);
        let kept = Guesses {
            wrong: 30,
            until: None,
        };
        assert!(!guess(kept, true, Factor::Pin, far).0);
        assert!(guess(kept, true, Factor::Other, far).0);
        let worn = Guesses {
            wrong: 2_000_000_000,
            until: None,
        };
        assert!(!guess(worn, false, Factor::Other, start()).0);
    }

    /// A blind attacker with all the time there is: every PIN is as good a guess as another,
    /// so the chance is the number of guesses looked at over a million.
    #[test]
    fn a_blind_attacker_finds_a_pin_with_a_chance_of_at_most_30_in_a_million() {
        let (mut kept, mut now, mut looked_at) = (Guesses::default(), start(), 0);
        for _ in 0..1_000_000 {
            if is_closed(kept, Factor::Pin, now) {
                // Ten years at the longest: then nothing will open it again.
                now = kept.until.unwrap_or(now + TimeDelta::days(3650)).max(now);
                if is_closed(kept, Factor::Pin, now) {
                    break;
                }
            }
            looked_at += 1;
            kept = guess(kept, false, Factor::Pin, now).1;
        }
        assert_eq!(looked_at, 30);
    }
}
