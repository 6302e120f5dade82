//! Time, as a dependency, and what date it is in Hong Kong.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Asia::Hong_Kong;

use super::month::Month;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
    fn now(&self) -> DateTime<Utc> {
        // PostgreSQL keeps microseconds: an instant must survive being stored.
        chrono::SubsecRound::trunc_subsecs(Utc::now(), 6)
    }
}

/// An instant is a clock that stands still.
impl Clock for DateTime<Utc> {
    fn now(&self) -> DateTime<Utc> {
        *self
    }
}

/// The date in Hong Kong at `instant`; the day turns at 16:00 UTC.
#[must_use]
pub fn hong_kong_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Hong_Kong).date_naive()
}

/// The rent month in Hong Kong at `instant`.
#[must_use]
pub fn hong_kong_month(instant: DateTime<Utc>) -> Month {
    Month::of(hong_kong_date(instant))
}

/// The time of day in Hong Kong at `instant`.
#[must_use]
pub fn hong_kong_time_of_day(instant: DateTime<Utc>) -> NaiveTime {
    instant.with_timezone(&Hong_Kong).time()
}

/// The instant at which it is `seconds` after midnight on `date` in Hong Kong.
#[must_use]
pub fn hong_kong_time(date: NaiveDate, seconds: u32) -> DateTime<Utc> {
    let local = date.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds.into());
    // An hour that summer time (until 1979) left out is taken as if it had not.
    let instant = local.and_local_timezone(Hong_Kong).earliest();
    instant.map_or_else(
        || local.and_utc() - TimeDelta::hours(8),
        |instant| instant.with_timezone(&Utc),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hong_kong_day_turns_at_sixteen_hundred_utc() {
        for (instant, date, month) in [
            ("2024-02-28T15:59:59Z", "2024-02-28", "2024-02"),
            ("2024-02-28T16:00:00Z", "2024-02-29", "2024-02"),
            ("2024-02-29T16:00:00Z", "2024-03-01", "2024-03"),
            ("2022-12-31T15:59:59Z", "2022-12-31", "2022-12"),
            ("2022-12-31T16:00:00Z", "2023-01-01", "2023-01"),
        ] {
            let instant = instant.parse().unwrap();
            assert_eq!(hong_kong_date(instant), date.parse().unwrap());
            assert_eq!(hong_kong_month(instant), month.parse().unwrap());
        }
    }

    #[test]
    fn a_hong_kong_midnight_is_sixteen_hundred_utc_of_the_day_before() {
        let date = "2024-02-29".parse().unwrap();
        let midnight: DateTime<Utc> = "2024-02-28T16:00:00Z".parse().unwrap();
        assert_eq!(hong_kong_time(date, 0), midnight);
        assert_eq!(hong_kong_date(hong_kong_time(date, 86_399)), date);
    }
}
