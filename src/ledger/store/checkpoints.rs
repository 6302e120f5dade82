//! Checkpoints, and the transfers they seal in the order they were booked.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;

use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::model::Transfer;
use crate::platform::db::DbError;
use crate::platform::db::schema::{ledger_checkpoint, ledger_transfer};

/// Waits until no posting is under way, and holds off others until the transaction ends.
pub fn hold_postings(conn: &mut PgConnection) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210813)").execute(conn)?;
    Ok(())
}

/// The checkpoint that seals last.
pub fn newest_checkpoint(conn: &mut PgConnection) -> Result<Option<Checkpoint>, DbError> {
    Ok(ledger_checkpoint::table
        .order(ledger_checkpoint::number.desc())
        .select(Checkpoint::as_select())
        .first(conn)
        .optional()?)
}

/// The number of every checkpoint, from the lowest; true ones are counted from 1.
pub fn checkpoint_numbers(conn: &mut PgConnection) -> Result<Vec<i32>, DbError> {
    Ok(ledger_checkpoint::table
        .order(ledger_checkpoint::number)
        .select(ledger_checkpoint::number)
        .load(conn)?)
}

/// The first checkpoint with a number above `number`.
pub fn next_checkpoint(
    conn: &mut PgConnection,
    number: i32,
) -> Result<Option<Checkpoint>, DbError> {
    Ok(ledger_checkpoint::table
        .filter(ledger_checkpoint::number.gt(number))
        .order(ledger_checkpoint::number)
        .select(Checkpoint::as_select())
        .first(conn)
        .optional()?)
}

/// The checkpoint numbered `number`.
pub fn checkpoint(conn: &mut PgConnection, number: i32) -> Result<Option<Checkpoint>, DbError> {
    Ok(ledger_checkpoint::table
        .find(number)
        .select(Checkpoint::as_select())
        .first(conn)
        .optional()?)
}

pub fn add_checkpoint(conn: &mut PgConnection, checkpoint: &Checkpoint) -> Result<(), DbError> {
    diesel::insert_into(ledger_checkpoint::table)
        .values(checkpoint)
        .execute(conn)?;
    Ok(())
}

/// How far one checkpoint after `after` may reach towards `through`: it seals at most `most`
/// transfers, but all that were booked at one instant.
pub fn seal_end(
    conn: &mut PgConnection,
    after: Option<DateTime<Utc>>,
    through: DateTime<Utc>,
    most: i64,
) -> Result<DateTime<Utc>, DbError> {
    let unsealed = || span(after, through);
    let too_far: Option<DateTime<Utc>> = unsealed()
        .order(ledger_transfer::booked_at)
        .offset(most)
        .select(ledger_transfer::booked_at)
        .first(conn)
        .optional()?;
    let Some(too_far) = too_far else {
        return Ok(through);
    };
    let end: Option<DateTime<Utc>> = unsealed()
        .filter(ledger_transfer::booked_at.lt(too_far))
        .select(max(ledger_transfer::booked_at))
        .get_result(conn)?;
    Ok(end.unwrap_or(too_far))
}

/// Gives `each` the transfers booked after `after` up to `through`, in that order, as they
/// come from the server: they are never all in memory.
pub fn each_booked<E: From<DbError>>(
    conn: &mut PgConnection,
    after: Option<DateTime<Utc>>,
    through: DateTime<Utc>,
    mut each: impl FnMut(&Transfer) -> Result<(), E>,
) -> Result<(), E> {
    let rows = span(after, through)
        .order((
            ledger_transfer::booked_at,
            ledger_transfer::id,
            ledger_transfer::effective_on,
        ))
        .select(Transfer::as_select())
        .load_iter::<Transfer, PgRowByRowLoadingMode>(conn)
        .map_err(DbError::from)?;
    for row in rows {
        each(&row.map_err(DbError::from)?)?;
    }
    Ok(())
}

fn span<'a>(
    after: Option<DateTime<Utc>>,
    through: DateTime<Utc>,
) -> ledger_transfer::BoxedQuery<'a, Pg> {
    let until = ledger_transfer::table
        .filter(ledger_transfer::booked_at.le(through))
        .into_boxed();
    match after {
        Some(after) => until.filter(ledger_transfer::booked_at.gt(after)),
        None => until,
    }
}

/// Up to when the ledger is sealed.
pub fn sealed_through(conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(ledger_checkpoint::table
        .select(ledger_checkpoint::through)
        .order(ledger_checkpoint::number.desc())
        .first(conn)
        .optional()?)
}

/// Whether anything was booked after `after` and up to `until`.
pub fn any_booked(
    conn: &mut PgConnection,
    after: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
) -> Result<bool, DbError> {
    let booked = ledger_transfer::table
        .filter(ledger_transfer::booked_at.gt(after.unwrap_or(DateTime::UNIX_EPOCH)))
        .filter(ledger_transfer::booked_at.le(until));
    Ok(diesel::select(diesel::dsl::exists(booked)).get_result(conn)?)
}
