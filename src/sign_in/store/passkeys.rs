//! Passkeys, and ceremonies on their way.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::{passkey as table, passkey_ceremony as ceremony};
use crate::sign_in::model::{CeremonyPurpose, Passkey};
use crate::sign_in::relying_party::CEREMONY;

/// What a ceremony is for, and the session that began it.
pub type For = (CeremonyPurpose, Option<Uuid>);

fn begun_after(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::from_std(CEREMONY).unwrap_or_default()
}

/// Begins a ceremony whose handle has `hash`; forgets those given up.
pub fn begin(
    conn: &mut PgConnection,
    hash: Digest,
    (purpose, session): For,
    kept: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    forget_ceremonies(conn, now)?;
    diesel::insert_into(ceremony::table)
        .values((
            ceremony::handle_hash.eq(hash.to_vec()),
            ceremony::purpose.eq(purpose),
            ceremony::session_id.eq(session),
            ceremony::state.eq(kept),
            ceremony::begun_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Uses up the ceremony with `hash`, and what was kept of it; none when there is none, it was
/// used, it is too old, or it was begun for something else or by someone else.
pub fn take(
    conn: &mut PgConnection,
    hash: Digest,
    (purpose, session): For,
    now: DateTime<Utc>,
) -> Result<Option<Value>, DbError> {
    let begun = ceremony::table
        .find(hash.to_vec())
        .filter(ceremony::purpose.eq(purpose))
        .filter(ceremony::session_id.is_not_distinct_from(session))
        .filter(ceremony::begun_at.gt(begun_after(now)));
    Ok(diesel::delete(begun)
        .returning(ceremony::state)
        .get_result(conn)
        .optional()?)
}

/// The passkeys of those who sign in for household `code`.
pub fn ever_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Passkey>, DbError> {
    Ok(table::table
        .filter(table::household.eq(code))
        .order((table::enrolled_at, table::id))
        .select(Passkey::as_select())
        .load(conn)?)
}

/// Forgets the ceremonies that were given up.
pub fn forget_ceremonies(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::delete(ceremony::table.filter(ceremony::begun_at.le(begun_after(now))))
        .execute(conn)?;
    Ok(())
}

/// Adds a passkey; false when its credential is enrolled already.
pub fn add(conn: &mut PgConnection, new: &Passkey) -> Result<bool, DbError> {
    let added = diesel::insert_into(table::table)
        .values(new)
        .on_conflict(table::credential_id)
        .do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// The passkeys of `holder`, oldest first.
pub fn of(conn: &mut PgConnection, holder: Uuid) -> Result<Vec<Passkey>, DbError> {
    Ok(table::table
        .filter(table::holder.eq(holder))
        .order((table::enrolled_at, table::id))
        .select(Passkey::as_select())
        .load(conn)?)
}

/// The passkey whose credential is `id`, locked until the transaction ends.
pub fn lock_by_credential(conn: &mut PgConnection, id: &[u8]) -> Result<Option<Passkey>, DbError> {
    Ok(table::table
        .filter(table::credential_id.eq(id))
        .select(Passkey::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Keeps `credential` as passkey `id` is after its use.
pub fn used(
    conn: &mut PgConnection,
    id: Uuid,
    credential: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(table::table.find(id))
        .set((table::credential.eq(credential), table::used_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Removes passkey `id` of `holder`; false when there is none such.
pub fn remove(conn: &mut PgConnection, holder: Uuid, id: Uuid) -> Result<bool, DbError> {
    let own = table::table.find(id).filter(table::holder.eq(holder));
    Ok(diesel::delete(own).execute(conn)? == 1)
}
