//! When a message is sent, and when again.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};

use crate::kernel::clock::{hong_kong_date, hong_kong_time, hong_kong_time_of_day};
use crate::kernel::month::Month;
use crate::kernel::working_day::Holidays;
use crate::messages::model::Terms;

/// No wait between two tries is longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

/// What to do with a message whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Send,
    /// The household has been sent enough today.
    Later(DateTime<Utc>),
    /// It is of no use any more.
    Stale,
    /// Whoever tried it last did not live to tell.
    TriedEnough,
}

/// What is looked at of a message.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub stale_at: DateTime<Utc>,
    pub attempts: i16,
    /// How many other messages the household was sent today, or is being sent.
    pub others_today: i64,
}

/// What to do at `now`.
#[must_use]
pub fn verdict(terms: &Terms, due: Due, now: DateTime<Utc>) -> Verdict {
    if due.stale_at <= now {
        Verdict::Stale
    } else if due.attempts >= terms.attempts {
        Verdict::TriedEnough
    } else if due.others_today >= terms.daily_cap {
        Verdict::Later(opening_after(terms, now))
    } else {
        Verdict::Send
    }
}

/// Whether nobody is to be disturbed at `now`.
#[must_use]
pub fn is_quiet(terms: &Terms, now: DateTime<Utc>) -> bool {
    let (from, to) = (terms.quiet_from, terms.quiet_to);
    let time = hong_kong_time_of_day(now);
    if from <= to {
        from <= time && time < to
    } else {
        time >= from || time < to
    }
}

/// When households may be disturbed again, on the day after `now`.
fn opening_after(terms: &Terms, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = hong_kong_date(now);
    let tomorrow = today.succ_opt().unwrap_or(today);
    let opens = if terms.quiet_from <= terms.quiet_to {
        0
    } else {
        terms.quiet_to.num_seconds_from_midnight()
    };
    hong_kong_time(tomorrow, opens)
}

/// How long to wait after failure number `attempt`: twice as long each time, of which at least
/// half; `draw` decides the rest, so that what failed together is not tried again together.
#[must_use]
pub fn back_off(terms: &Terms, attempt: i16, draw: u16) -> TimeDelta {
    let doubled = 1_i64 << attempt.saturating_sub(1).clamp(0, 20);
    let seconds = terms.first_wait.num_seconds().saturating_mul(doubled);
    let half = seconds.min(LONGEST_WAIT.num_seconds()) / 2;
    TimeDelta::seconds(half + half * i64::from(draw) / i64::from(u16::MAX))
}

/// The day on which who owes is reminded of `month`.
#[must_use]
pub fn reminder_day(terms: &Terms, month: Month, holidays: &Holidays) -> NaiveDate {
    holidays
        .before(month.last(), terms.reminder_lead)
        .max(month.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            quiet_from: "21:00:00".parse().unwrap(),
            quiet_to: "09:00:00".parse().unwrap(),
            daily_cap: 3,
            attempts: 5,
            first_wait: TimeDelta::seconds(60),
            reminder_lead: 5,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn nobody_is_disturbed_at_night_in_hong_kong() {
        for (now, quiet) in [
            ("2026-11-20T12:59:59Z", false),
            ("2026-11-20T13:00:00Z", true),
            ("2026-11-20T16:30:00Z", true),
            ("2026-11-21T00:59:59Z", true),
            ("2026-11-21T01:00:00Z", false),
        ] {
            assert_eq!(is_quiet(&terms(), at(now)), quiet, "{now}");
        }
        let siesta = Terms {
            quiet_from: "13:00:00".parse().unwrap(),
            quiet_to: "14:00:00".parse().unwrap(),
            ..terms()
        };
        assert!(is_quiet(&siesta, at("2026-11-20T05:30:00Z")));
        assert!(!is_quiet(&siesta, at("2026-11-20T06:00:00Z")));
        assert!(!is_quiet(&siesta, at("2026-11-20T16:00:00Z")));
        let never = Terms {
            quiet_to: siesta.quiet_from,
            ..siesta
        };
        assert!(!is_quiet(&never, at("2026-11-20T05:00:00Z")));
    }

    #[test]
    fn a_message_is_sent_once_the_household_may_be_sent_more() {
        let now = at("2026-11-20T02:00:00Z");
        let due = Due {
            stale_at: at("2026-11-20T02:00:01Z"),
            attempts: 4,
            others_today: 2,
        };
        assert_eq!(verdict(&terms(), due, now), Verdict::Send);
        let many = Due {
            others_today: 3,
            ..due
        };
        // Nine in the morning of the 21st.
        let tomorrow = Verdict::Later(at("2026-11-21T01:00:00Z"));
        assert_eq!(verdict(&terms(), many, now), tomorrow);
        let tried = Due { attempts: 5, ..due };
        assert_eq!(verdict(&terms(), tried, now), Verdict::TriedEnough);
        let old = Due {
            stale_at: now,
            ..tried
        };
        assert_eq!(verdict(&terms(), old, now), Verdict::Stale);
    }

    #[test]
    fn each_wait_is_twice_the_one_before_and_no_two_need_be_alike() {
        let waits =
            |draw| [1, 2, 3, 9, i16::MAX].map(|n| back_off(&terms(), n, draw).num_seconds());
        assert_eq!(waits(0), [30, 60, 120, 7_680, 10_800]);
        assert_eq!(waits(u16::MAX), [60, 120, 240, 15_360, 21_600]);
        assert_eq!(back_off(&terms(), 1, u16::MAX / 2).num_seconds(), 44);
    }

    #[test]
    fn the_reminder_leaves_working_days_before_the_month_ends() {
        let none = Holidays::default();
        let month = "2026-11".parse().unwrap();
        // 30 November 2026 is a Monday.
        let day = reminder_day(&terms(), month, &none);
        assert_eq!(day.to_string(), "2026-11-23");
        let all: Holidays = month.first().iter_days().take(30).collect();
        assert_eq!(reminder_day(&terms(), month, &all), month.first());
    }
}
