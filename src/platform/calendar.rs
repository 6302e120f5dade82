//! General holidays (公眾假期) as rows, each with the source that says so.
//!
//! In a year that has none yet every weekday counts as a working day: a day by which something is
//! due may then be too early, never too late.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::kernel::working_day::Holidays;
use crate::platform::db::DbError;
use crate::platform::db::schema::general_holiday;

/// No working day is further away than this.
const AHEAD: Days = Days::new(30);

/// The general holidays from `first` to a month after `last`.
pub fn holidays(
    conn: &mut PgConnection,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Holidays, DbError> {
    let until = last.checked_add_days(AHEAD).unwrap_or(NaiveDate::MAX);
    let days: Vec<NaiveDate> = general_holiday::table
        .filter(general_holiday::date.between(first, until))
        .select(general_holiday::date)
        .load(conn)?;
    Ok(days.into_iter().collect())
}

/// The first working day after `date`.
pub fn next_working_day(conn: &mut PgConnection, date: NaiveDate) -> Result<NaiveDate, DbError> {
    Ok(holidays(conn, date, date)?.after(date))
}
