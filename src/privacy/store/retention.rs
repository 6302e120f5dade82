//! Rules of retention, and what each day's run did.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};

use super::super::model::{DataClass, PrivacyError, RetentionRule, RetentionRun, RetentionTally};
use crate::platform::db::DbError;
use crate::platform::db::schema::{retention_rule, retention_run, retention_tally};

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

/// Deletes what of `class` ended before `before`; says how many rows. The database keeps what is
/// younger than a year, whatever is asked.
pub fn forget_older(
    conn: &mut PgConnection,
    class: DataClass,
    before: DateTime<Utc>,
) -> Result<i64, DbError> {
    let forgotten = sql::<BigInt>("SELECT forget_older(")
        .bind::<Text, _>(class.as_str())
        .sql(", ")
        .bind::<Timestamptz, _>(before)
        .sql(")");
    Ok(forgotten.get_result(conn)?)
}

/// Writes how much of `class` the run of `day` erased.
pub fn tally(
    conn: &mut PgConnection,
    day: NaiveDate,
    (class, erased): (DataClass, i64),
) -> Result<(), DbError> {
    diesel::insert_into(retention_tally::table)
        .values((
            retention_tally::ran_on.eq(day),
            retention_tally::data_class.eq(class),
            retention_tally::erased.eq(erased),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the run of `day` is done with `class`.
pub fn is_tallied(
    conn: &mut PgConnection,
    day: NaiveDate,
    class: DataClass,
) -> Result<bool, DbError> {
    let done = retention_tally::table.find((day, class));
    Ok(diesel::select(exists(done)).get_result(conn)?)
}

/// What the run of `day` erased, by class.
pub fn tallies(conn: &mut PgConnection, day: NaiveDate) -> Result<Vec<RetentionTally>, DbError> {
    Ok(retention_tally::table
        .filter(retention_tally::ran_on.eq(day))
        .order(retention_tally::data_class)
        .select(RetentionTally::as_select())
        .load(conn)?)
}
