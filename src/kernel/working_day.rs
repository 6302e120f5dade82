//! Working days (工作天) in Hong Kong: Monday to Friday, general holidays left out.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};

/// The general holidays of a time: what of it is a working day.
#[derive(Debug, Clone, Default)]
pub struct Holidays(BTreeSet<NaiveDate>);

impl Holidays {
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.0.contains(&day)
    }

    /// `day`, or the first working day after it.
    #[must_use]
    pub fn on_or_after(&self, day: NaiveDate) -> NaiveDate {
        let mut days = day.iter_days();
        days.find(|day| self.is_working_day(*day)).unwrap_or(day)
    }

    /// The first working day after `day`.
    #[must_use]
    pub fn after(&self, day: NaiveDate) -> NaiveDate {
        day.succ_opt().map_or(day, |next| self.on_or_after(next))
    }

    /// The last day that has `working_days` working days after it up to `end`, `end` included.
    #[must_use]
    pub fn before(&self, end: NaiveDate, working_days: u8) -> NaiveDate {
        let mut day = end;
        for _ in 0..working_days {
            let mut days = day.iter_days().rev();
            day = days
                .find(|day| self.is_working_day(*day))
                .and_then(|day| day.pred_opt())
                .unwrap_or(day);
        }
        day
    }
}

impl FromIterator<NaiveDate> for Holidays {
    fn from_iter<T: IntoIterator<Item = NaiveDate>>(days: T) -> Self {
        Self(days.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn holidays() -> Holidays {
        let days = [
            "2026-04-03",
            "2026-04-04",
            "2026-04-06",
            "2026-04-07",
            "2026-12-25",
        ];
        days.map(day).into_iter().collect()
    }

    #[test]
    fn weekends_and_general_holidays_are_no_working_days() {
        for (date, next) in [
            ("2026-11-19", "2026-11-20"),
            ("2026-11-20", "2026-11-23"),
            ("2026-11-21", "2026-11-23"),
            ("2026-11-22", "2026-11-23"),
            // Easter and Ching Ming of 2026 together.
            ("2026-04-02", "2026-04-08"),
        ] {
            assert_eq!(holidays().after(day(date)), day(next), "{date}");
        }
        assert_eq!(holidays().on_or_after(day("2026-11-20")), day("2026-11-20"));
        assert_eq!(holidays().on_or_after(day("2026-04-03")), day("2026-04-08"));
    }

    #[test]
    fn so_many_working_days_are_left_after_a_day() {
        for (end, left, last) in [
            // Monday 30: Thursday 26, Friday 27 and itself are left after Wednesday 25.
            ("2026-11-30", 3, "2026-11-25"),
            ("2026-11-30", 0, "2026-11-30"),
            ("2026-10-31", 1, "2026-10-29"),
            // Christmas is none, nor is the Saturday after it.
            ("2026-12-27", 1, "2026-12-23"),
        ] {
            assert_eq!(holidays().before(day(end), left), day(last), "{end} {left}");
        }
    }
}
