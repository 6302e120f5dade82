//! Rules of retention, and what each day's run did.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::model::{DataClass, PrivacyError, RetentionRule, RetentionRun};
use crate::platform::db::DbError;
use crate::platform::db::schema::{retention_rule, retention_run};

/// Adds a rule; the key decides when two are recorded for one day.
pub fn add_rule(conn: &mut PgConnection, rule: &RetentionRule) -> Result<(), PrivacyError> {
    let added = diesel::insert_into(retention_rule::table)
        .values(rule)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(error) if error.constraint() == Some("retention_rule_pkey") => {
            Err(PrivacyError::RuleNotAhead)
        }
        added => Ok(added.map(drop)?),
    }
}

/// Every rule, the newest first.
pub fn rules(conn: &mut PgConnection) -> Result<Vec<RetentionRule>, DbError> {
    Ok(retention_rule::table
        .order((
            retention_rule::data_class,
            retention_rule::valid_from.desc(),
        ))
        .select(RetentionRule::as_select())
        .load(conn)?)
}

/// The rule for `class` in force on `day`.
pub fn rule_on(
    conn: &mut PgConnection,
    class: DataClass,
    day: NaiveDate,
) -> Result<Option<RetentionRule>, DbError> {
    Ok(retention_rule::table
        .filter(retention_rule::data_class.eq(class))
        .filter(retention_rule::valid_from.le(day))
        .order(retention_rule::valid_from.desc())
        .select(RetentionRule::as_select())
        .first(conn)
        .optional()?)
}

/// Whether the run of `day` came to its end.
pub fn has_ended(conn: &mut PgConnection, day: NaiveDate) -> Result<bool, DbError> {
    let ended = retention_run::table
        .find(day)
        .filter(retention_run::ended_at.is_not_null());
    Ok(diesel::select(exists(ended)).get_result(conn)?)
}

/// Begins the run of `day`, or goes on with it.
pub fn begin_run(conn: &mut PgConnection, day: NaiveDate) -> Result<(), DbError> {
    diesel::insert_into(retention_run::table)
        .values(retention_run::ran_on.eq(day))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Counts one erased, in the transaction that erases.
pub fn count_erased(conn: &mut PgConnection, day: NaiveDate) -> Result<(), DbError> {
    diesel::update(retention_run::table.find(day))
        .set(retention_run::erased.eq(retention_run::erased + 1))
        .execute(conn)?;
    Ok(())
}

/// Ends the run of `day`; says what it did.
pub fn end_run(
    conn: &mut PgConnection,
    day: NaiveDate,
    (held, failed): (i32, i32),
    now: DateTime<Utc>,
) -> Result<RetentionRun, DbError> {
    Ok(diesel::update(retention_run::table.find(day))
        .set((
            retention_run::held.eq(held),
            retention_run::failed.eq(failed),
            retention_run::ended_at.eq(now),
        ))
        .returning(RetentionRun::as_returning())
        .get_result(conn)?)
}

/// The last run that came to its end.
pub fn last_run(conn: &mut PgConnection) -> Result<Option<RetentionRun>, DbError> {
    Ok(retention_run::table
        .filter(retention_run::ended_at.is_not_null())
        .order(retention_run::ran_on.desc())
        .select(RetentionRun::as_select())
        .first(conn)
        .optional()?)
}
