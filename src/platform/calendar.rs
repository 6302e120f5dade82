//! Working days in Hong Kong: Monday to Friday, general holidays left out.
//!
//! A holiday is a row, with the source that says so. In a year that has none yet every weekday
//! counts: a day by which something is due may then be too early, never too late.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;

use crate::platform::db::DbError;
use crate::platform::db::schema::general_holiday;

/// No working day is further away than this.
const AHEAD: Days = Days::new(30);

/// The first working day after `date`.
pub fn next_working_day(conn: &mut PgConnection, date: NaiveDate) -> Result<NaiveDate, DbError> {
    let until = date.checked_add_days(AHEAD).unwrap_or(NaiveDate::MAX);
    let holidays: Vec<NaiveDate> = general_holiday::table
        .filter(general_holiday::date.gt(date))
        .filter(general_holiday::date.le(until))
        .select(general_holiday::date)
        .load(conn)?;
    Ok(following(date, &holidays.into_iter().collect()))
}

fn following(date: NaiveDate, holidays: &BTreeSet<NaiveDate>) -> NaiveDate {
    let weekend = |day: &NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let mut later = date.iter_days().skip(1);
    later
        .find(|day| !weekend(day) && !holidays.contains(day))
        .unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_and_general_holidays_are_no_working_days() {
        let holidays = ["2026-04-03", "2026-04-04", "2026-04-06", "2026-04-07"];
        let holidays = holidays.map(day).into();
        for (date, next) in [
            ("2026-11-19", "2026-11-20"),
            ("2026-11-20", "2026-11-23"),
            ("2026-11-21", "2026-11-23"),
            ("2026-11-22", "2026-11-23"),
            // Easter and Ching Ming of 2026 together.
            ("2026-04-02", "2026-04-08"),
        ] {
            assert_eq!(following(day(date), &holidays), day(next), "{date}");
        }
    }
}
