//! Who may act for a household.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::delegate as table;
use crate::sign_in::model::Delegate;

/// Adds a delegate.
pub fn add(conn: &mut PgConnection, new: &Delegate) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(new)
        .execute(conn)?;
    Ok(())
}

/// Delegate `id`.
pub fn delegate(conn: &mut PgConnection, id: Uuid) -> Result<Option<Delegate>, DbError> {
    Ok(table::table
        .find(id)
        .select(Delegate::as_select())
        .first(conn)
        .optional()?)
}

/// Delegate `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Delegate>, DbError> {
    Ok(table::table
        .find(id)
        .select(Delegate::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// The delegate that the code with `hash` is for, locked until the transaction ends.
pub fn lock_by_code(conn: &mut PgConnection, hash: Digest) -> Result<Option<Delegate>, DbError> {
    Ok(table::table
        .filter(table::code_hash.eq(hash.to_vec()))
        .select(Delegate::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Records that the delegate's code was used.
pub fn claim(conn: &mut PgConnection, id: Uuid) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set((
            table::code_hash.eq(None::<Vec<u8>>),
            table::code_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(())
}

/// The delegates of `household` that have not ended, in the order they were named.
pub fn of(conn: &mut PgConnection, household: TenantCode) -> Result<Vec<Delegate>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .filter(table::ended_at.is_null())
        .order((table::granted_at, table::id))
        .select(Delegate::as_select())
        .load(conn)?)
}

/// Ends delegate `id`.
pub fn end(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set(table::ended_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Every delegate that `household` has named, in the order they were.
pub fn ever_of(conn: &mut PgConnection, household: TenantCode) -> Result<Vec<Delegate>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .order((table::granted_at, table::id))
        .select(Delegate::as_select())
        .load(conn)?)
}
