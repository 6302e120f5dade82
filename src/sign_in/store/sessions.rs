//! Who is signed in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{refresh_family, session as table};
use crate::sign_in::model::{Session, SessionEnd};

/// Keeps other sign-ins of `principal` out until the transaction ends, so that together they
/// do not open more sessions than it may have.
pub fn hold(conn: &mut PgConnection, principal: Uuid) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210841, hashtext($1))")
        .bind::<Text, _>(principal.to_string())
        .execute(conn)?;
    Ok(())
}

/// Adds a session.
pub fn add(conn: &mut PgConnection, new: &Session) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(new)
        .execute(conn)?;
    Ok(())
}

/// Session `id`.
pub fn session(conn: &mut PgConnection, id: Uuid) -> Result<Option<Session>, DbError> {
    Ok(table::table
        .find(id)
        .select(Session::as_select())
        .first(conn)
        .optional()?)
}

/// The open sessions of `principal`, oldest first.
pub fn open_of(
    conn: &mut PgConnection,
    principal: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, DbError> {
    Ok(table::table
        .filter(table::principal.eq(principal))
        .filter(table::ended_at.is_null())
        .filter(table::ends_at.gt(now))
        .order((table::signed_in_at, table::id))
        .select(Session::as_select())
        .load(conn)?)
}

/// The open sessions that take place at `device`.
pub fn open_at(
    conn: &mut PgConnection,
    device: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, DbError> {
    Ok(table::table
        .filter(table::device_id.eq(device))
        .filter(table::ended_at.is_null())
        .filter(table::ends_at.gt(now))
        .select(Session::as_select())
        .load(conn)?)
}

/// The sessions of `principal` that are open or began after `since`, newest first.
pub fn recent_of(
    conn: &mut PgConnection,
    principal: Uuid,
    since: DateTime<Utc>,
) -> Result<Vec<Session>, DbError> {
    let open = table::ended_at.is_null().and(table::ends_at.gt(since));
    Ok(table::table
        .filter(table::principal.eq(principal))
        .filter(open.or(table::signed_in_at.gt(since)))
        .order((table::signed_in_at.desc(), table::id))
        .limit(100)
        .select(Session::as_select())
        .load(conn)?)
}

/// Ends session `id` and its refresh tokens; false when it had ended.
pub fn end(
    conn: &mut PgConnection,
    id: Uuid,
    reason: SessionEnd,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let ended = diesel::update(table::table.find(id).filter(table::ended_at.is_null()))
        .set((table::ended_at.eq(now), table::end_reason.eq(reason)))
        .execute(conn)?;
    let family = refresh_family::table
        .filter(refresh_family::session_id.eq(id))
        .filter(refresh_family::revoked_at.is_null());
    diesel::update(family)
        .set((
            refresh_family::revoked_at.eq(now),
            refresh_family::reason.eq(reason.as_str()),
        ))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Records that the holder of session `id` proved again who they are.
pub fn step_up(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set(table::stepped_up_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Every session that is kept of `household`, oldest first.
pub fn ever_of(conn: &mut PgConnection, household: TenantCode) -> Result<Vec<Session>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .order((table::signed_in_at, table::id))
        .select(Session::as_select())
        .load(conn)?)
}
