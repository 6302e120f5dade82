//! Signing in, in PostgreSQL. Nothing else names its tables.

pub(super) mod clients;
pub(super) mod delegates;
pub(super) mod devices;
pub(super) mod forms;
pub(super) mod links;
pub(super) mod passkeys;
pub(super) mod pins;
pub(super) mod refresh;
pub(super) mod revocation;
pub(super) mod sessions;
pub(super) mod staff;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::kernel::reach::Reach;
use crate::platform::db::schema::{hashing_cost, used_assertion};
use crate::platform::db::{DbError, reach_in};
use crate::platform::password::Cost;

/// Lets the rest of this transaction see every credential. Whoever signs in has no reach yet:
/// the credential is what will tell it.
pub(super) fn reach_all(conn: &mut PgConnection) -> Result<(), DbError> {
    reach_in(conn, &Reach::Everywhere)
}

/// What hashing a secret for `purpose` costs at `now`.
pub(super) fn cost(
    conn: &mut PgConnection,
    purpose: &'static str,
    now: DateTime<Utc>,
) -> Result<Cost, DbError> {
    let (memory, passes, lanes): (i32, i32, i32) = hashing_cost::table
        .filter(hashing_cost::purpose.eq(purpose))
        .filter(hashing_cost::valid_from.le(now))
        .order(hashing_cost::valid_from.desc())
        .select((
            hashing_cost::memory_kib,
            hashing_cost::passes,
            hashing_cost::lanes,
        ))
        .first(conn)?;
    // What argon2 does not take it refuses itself.
    let figure = |figure| u32::try_from(figure).unwrap_or_default();
    Ok(Cost {
        memory_kib: figure(memory),
        passes: figure(passes),
        lanes: figure(lanes),
    })
}

/// Marks assertion `jti` of `holder` as used; false when it was before.
pub(super) fn use_assertion(
    conn: &mut PgConnection,
    holder: uuid::Uuid,
    jti: &str,
    expires: DateTime<Utc>,
) -> Result<bool, DbError> {
    let new = diesel::insert_into(used_assertion::table)
        .values((
            used_assertion::holder.eq(holder),
            used_assertion::jti.eq(jti),
            used_assertion::expires.eq(expires),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(new == 1)
}

/// Forgets assertions that would be refused for their age.
pub(super) fn forget_assertions(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::delete(used_assertion::table.filter(used_assertion::expires.lt(now))).execute(conn)?;
    Ok(())
}
