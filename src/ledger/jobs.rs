//! Sealing the days that are over.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Hong_Kong;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

use super::commands::seal;
use super::model::LedgerError;
use super::store;
use super::witness::bear_witness;
use crate::kernel::clock::hong_kong_date;
use crate::platform::crypto::SigningKey;
use crate::platform::db::transact;
use crate::platform::jobs::{self, Job};

/// Queued work: seal every transfer booked before a day began in Hong Kong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealDays {
    pub before: NaiveDate,
}

impl Job for SealDays {
    const KIND: &'static str = "ledger.seal_days";

    fn unique_name(&self) -> Option<String> {
        Some(self.before.to_string())
    }
}

/// Queues the sealing of yesterday and before, once it has not been done.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), LedgerError> {
    let before = hong_kong_date(now);
    let end = end_of_day_before(before);
    let newest = store::sealed_through(conn)?;
    if newest.is_none_or(|through| through < end) && store::any_booked(conn, newest, end)? {
        jobs::enqueue(conn, &SealDays { before }, now)?;
    }
    Ok(())
}

/// Seals what was booked before `before` began in Hong Kong, and bears witness of it in a file
/// outside the database; says how many checkpoints were made.
pub fn seal_days(
    conn: &mut PgConnection,
    key: &SigningKey,
    witness: &Path,
    before: NaiveDate,
    now: DateTime<Utc>,
) -> Result<usize, LedgerError> {
    let end = end_of_day_before(before);
    let mut made = 0;
    while transact(conn, |conn| seal(conn, key, end, now))?.is_some() {
        made += 1;
    }
    bear_witness(conn, witness)?;
    Ok(made)
}

/// The last microsecond before `day` began in Hong Kong.
fn end_of_day_before(day: NaiveDate) -> DateTime<Utc> {
    let midnight = Hong_Kong
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest();
    let midnight = midnight
        .map(|midnight| midnight.with_timezone(&Utc))
        .unwrap_or_default();
    midnight - chrono::TimeDelta::microseconds(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_just_before_sixteen_hundred_utc() {
        let end = end_of_day_before("2026-11-21".parse().unwrap());
        assert_eq!(
            end,
            "2026-11-20T15:59:59.999999Z"
                .parse::<DateTime<Utc>>()
                .unwrap()
        );
    }
}
