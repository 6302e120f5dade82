//! Forms that iAM Smart is asked to fill.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::form_filling as table;
use crate::sign_in::model::FormFilling;

/// Adds one; `state` is the digest of what the answer comes back with.
pub fn add(conn: &mut PgConnection, new: &FormFilling) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(new)
        .execute(conn)?;
    Ok(())
}

/// The one asked for under the state with `hash`, locked until the transaction ends.
pub fn lock_by_state(
    conn: &mut PgConnection,
    hash: Digest,
) -> Result<Option<FormFilling>, DbError> {
    Ok(table::table
        .filter(table::state_hash.eq(hash.to_vec()))
        .select(FormFilling::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// The one that `holder` asked for under `id`.
pub fn own(
    conn: &mut PgConnection,
    holder: Uuid,
    id: Uuid,
) -> Result<Option<FormFilling>, DbError> {
    Ok(table::table
        .find(id)
        .filter(table::holder.eq(holder))
        .select(FormFilling::as_select())
        .first(conn)
        .optional()?)
}

/// The same, locked until the transaction ends.
pub fn lock_own(
    conn: &mut PgConnection,
    holder: Uuid,
    id: Uuid,
) -> Result<Option<FormFilling>, DbError> {
    Ok(table::table
        .find(id)
        .filter(table::holder.eq(holder))
        .select(FormFilling::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Keeps what arrived, sealed.
pub fn fill(
    conn: &mut PgConnection,
    id: Uuid,
    content: &[u8],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set((table::content.eq(content), table::filled_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Takes the content of `id` away, for good; that it was collected is kept for the hour, so
/// that what arrives a second time is known.
pub fn collect(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set((
            table::content.eq(None::<Vec<u8>>),
            table::collected_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Erases those asked for before `before`.
pub fn erase(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, DbError> {
    Ok(diesel::delete(table::table.filter(table::asked_at.le(before))).execute(conn)?)
}
