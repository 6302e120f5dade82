//! What every replica must forget, in the order it was committed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::db::DbError;
use crate::platform::db::schema::revocation as table;

/// Whose standing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Session(Uuid),
    /// Every session of this credential.
    Principal(Uuid),
}

/// Tells every replica that `changed` must be looked up again.
///
/// Until the commit no other change gets a number (a trigger sees to it): a reader that has
/// seen one has seen all before it.
pub fn add(conn: &mut PgConnection, changed: Changed, now: DateTime<Utc>) -> Result<(), DbError> {
    let (session, principal) = match changed {
        Changed::Session(id) => (Some(id), None),
        Changed::Principal(id) => (None, Some(id)),
    };
    diesel::insert_into(table::table)
        .values((
            table::session_id.eq(session),
            table::principal.eq(principal),
            table::at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The last number.
pub fn last(conn: &mut PgConnection) -> Result<i64, DbError> {
    let last: Option<i64> = table::table
        .select(diesel::dsl::max(table::number))
        .first(conn)?;
    Ok(last.unwrap_or_default())
}

/// What changed after number `after`, and the last number seen.
pub fn since(conn: &mut PgConnection, after: i64) -> Result<(Vec<Changed>, i64), DbError> {
    let rows: Vec<(i64, Option<Uuid>, Option<Uuid>)> = table::table
        .filter(table::number.gt(after))
        .order(table::number)
        .select((table::number, table::session_id, table::principal))
        .load(conn)?;
    let last = rows.last().map_or(after, |(number, _, _)| *number);
    let changed = rows.into_iter().filter_map(|(_, session, principal)| {
        session
            .map(Changed::Session)
            .or(principal.map(Changed::Principal))
    });
    Ok((changed.collect(), last))
}

/// Forgets what every replica has long read.
pub fn forget(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, DbError> {
    Ok(diesel::delete(table::table.filter(table::at.lt(before))).execute(conn)?)
}
