//! What is forgotten by the calendar.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::commands::forms;
use super::store;
use crate::platform::db::DbError;

/// Every replica reads the log twice a second, and one that starts reads on from its end.
const LOG: TimeDelta = TimeDelta::days(1);

/// Forgets what is of no more use.
pub fn timetable(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    store::revocation::forget(conn, now - LOG)?;
    store::passkeys::forget_ceremonies(conn, now)?;
    store::forms::erase(conn, now - forms::KEPT)?;
    store::forget_assertions(conn, now)
}
