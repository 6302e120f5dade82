//! Refresh tokens and their families.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::db::schema::{refresh_family as family, refresh_token as token};
use crate::sign_in::rules::refresh::{Family, Presented};

/// A family, held against other uses of its tokens.
pub struct Held {
    pub id: Uuid,
    pub session: Uuid,
    pub family: Family,
}

/// A token as it was presented.
pub struct Found {
    pub presented: Presented,
    pub child: Option<Vec<u8>>,
}

/// Begins the family of `session`.
pub fn add_family(
    conn: &mut PgConnection,
    session: Uuid,
    now: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<Uuid, DbError> {
    let id = Uuid::now_v7();
    diesel::insert_into(family::table)
        .values((
            family::id.eq(id),
            family::session_id.eq(session),
            family::created_at.eq(now),
            family::ends_at.eq(ends_at),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Adds the token with `hash`.
pub fn add(
    conn: &mut PgConnection,
    family: Uuid,
    hash: Digest,
    parent: Option<Digest>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(token::table)
        .values((
            token::hash.eq(hash.to_vec()),
            token::family_id.eq(family),
            token::parent.eq(parent.map(Vec::from)),
            token::issued_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The family of the token with `hash`, locked until the transaction ends.
pub fn lock_family_of(conn: &mut PgConnection, hash: Digest) -> Result<Option<Held>, DbError> {
    // A token's family never changes, so it may be read before anything is held.
    let id: Option<Uuid> = token::table
        .find(hash.to_vec())
        .select(token::family_id)
        .first(conn)
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    let (session, ends_at, revoked_at): (Uuid, _, Option<DateTime<Utc>>) = family::table
        .find(id)
        .select((family::session_id, family::ends_at, family::revoked_at))
        .for_update()
        .first(conn)?;
    let revoked = revoked_at.is_some();
    Ok(Some(Held {
        id,
        session,
        family: Family { ends_at, revoked },
    }))
}

/// The token with `hash`, once its family is held.
pub fn token(conn: &mut PgConnection, hash: Digest) -> Result<Found, DbError> {
    type Instant = Option<DateTime<Utc>>;
    type Row = (DateTime<Utc>, Instant, Instant, Option<Vec<u8>>, Instant);
    let (issued_at, consumed_at, retried_at, child, revoked_at): Row = token::table
        .find(hash.to_vec())
        .select((
            token::issued_at,
            token::consumed_at,
            token::retried_at,
            token::child,
            token::revoked_at,
        ))
        .first(conn)?;
    let child_used = match &child {
        None => false,
        Some(child) => {
            let used: Instant = token::table
                .find(child)
                .select(token::consumed_at)
                .first(conn)?;
            used.is_some()
        }
    };
    Ok(Found {
        presented: Presented {
            issued_at,
            consumed_at,
            retried: retried_at.is_some(),
            revoked: revoked_at.is_some(),
            child_used,
        },
        child,
    })
}

/// Records that the token with `hash` was changed for `child`.
pub fn consume(
    conn: &mut PgConnection,
    hash: Digest,
    child: Digest,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(token::table.find(hash.to_vec()))
        .set((
            token::consumed_at.eq(now),
            token::child.eq(Some(child.to_vec())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records that the answer to the token with `hash` was lost, and with it `lost`: `child` is
/// its successor now.
pub fn replace(
    conn: &mut PgConnection,
    hash: Digest,
    lost: Option<Vec<u8>>,
    child: Digest,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(token::table.find(hash.to_vec()))
        .set((
            token::retried_at.eq(now),
            token::child.eq(Some(child.to_vec())),
        ))
        .execute(conn)?;
    if let Some(lost) = lost {
        diesel::update(token::table.find(lost))
            .set(token::revoked_at.eq(now))
            .execute(conn)?;
    }
    Ok(())
}

/// The session of the family that the token with `hash` is of.
pub fn session_of(conn: &mut PgConnection, hash: Digest) -> Result<Option<Uuid>, DbError> {
    let family: Option<Uuid> = token::table
        .find(hash.to_vec())
        .select(token::family_id)
        .first(conn)
        .optional()?;
    let Some(family) = family else {
        return Ok(None);
    };
    Ok(family::table
        .find(family)
        .select(family::session_id)
        .first(conn)
        .optional()?)
}
