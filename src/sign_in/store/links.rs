//! Outside identities: the households they act for, and sign-ins on their way.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::{identity_link as table, outside_sign_in as journey};
use crate::sign_in::model::{IdentityLink, SignInError};

/// A sign-in that takes longer has been given up.
const JOURNEY: TimeDelta = TimeDelta::minutes(10);

/// Begins a sign-in; forgets those given up.
pub fn begin(
    conn: &mut PgConnection,
    (state, nonce): (Digest, Digest),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::delete(journey::table.filter(journey::begun_at.lt(now - JOURNEY))).execute(conn)?;
    diesel::insert_into(journey::table)
        .values((
            journey::state_hash.eq(state.to_vec()),
            journey::nonce_hash.eq(nonce.to_vec()),
            journey::begun_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Uses up the sign-in begun with `state` and `nonce`; false when there is none, it was used,
/// or it was begun by someone else.
pub fn arrive(
    conn: &mut PgConnection,
    (state, nonce): (Digest, Digest),
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let begun = journey::table
        .find(state.to_vec())
        .filter(journey::nonce_hash.eq(nonce.to_vec()))
        .filter(journey::used_at.is_null())
        .filter(journey::begun_at.gt(now - JOURNEY));
    let used = diesel::update(begun)
        .set(journey::used_at.eq(now))
        .execute(conn)?;
    Ok(used == 1)
}

/// Adds a link.
pub fn add(conn: &mut PgConnection, new: &IdentityLink) -> Result<(), SignInError> {
    let added = diesel::insert_into(table::table).values(new).execute(conn);
    added.map(|_| ()).map_err(|error| {
        let error = DbError::from(error);
        match error.constraint() {
            Some("identity_link_once") => SignInError::LinkedAlready,
            Some("identity_link_household_fkey") => SignInError::NoSuchHousehold,
            _ => error.into(),
        }
    })
}

/// Link `id`.
pub fn link(conn: &mut PgConnection, id: Uuid) -> Result<Option<IdentityLink>, DbError> {
    Ok(table::table
        .find(id)
        .select(IdentityLink::as_select())
        .first(conn)
        .optional()?)
}

/// The links of the identity with `hash` that have not ended, oldest first.
pub fn of_identity(conn: &mut PgConnection, hash: Digest) -> Result<Vec<IdentityLink>, DbError> {
    Ok(table::table
        .filter(table::identity_hash.eq(hash.to_vec()))
        .filter(table::ended_at.is_null())
        .order((table::linked_at, table::id))
        .select(IdentityLink::as_select())
        .load(conn)?)
}

/// The links of `household` that have not ended, oldest first.
pub fn of_household(
    conn: &mut PgConnection,
    household: TenantCode,
) -> Result<Vec<IdentityLink>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .filter(table::ended_at.is_null())
        .order((table::linked_at, table::id))
        .select(IdentityLink::as_select())
        .load(conn)?)
}

/// The links through which delegate `id` acts.
pub fn of_delegate(conn: &mut PgConnection, id: Uuid) -> Result<Vec<Uuid>, DbError> {
    Ok(table::table
        .filter(table::delegate_id.eq(id))
        .filter(table::ended_at.is_null())
        .select(table::id)
        .load(conn)?)
}

/// Ends link `id`; false when it had ended.
pub fn end(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool, DbError> {
    let ended = diesel::update(table::table.find(id).filter(table::ended_at.is_null()))
        .set(table::ended_at.eq(now))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Every link that `household` has had, oldest first.
pub fn ever_of(
    conn: &mut PgConnection,
    household: TenantCode,
) -> Result<Vec<IdentityLink>, DbError> {
    Ok(table::table
        .filter(table::household.eq(household))
        .order((table::linked_at, table::id))
        .select(IdentityLink::as_select())
        .load(conn)?)
}
