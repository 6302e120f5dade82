//! Changes to who may sign in and who is. Each runs inside the caller's transaction.

pub(super) mod delegates;
pub(super) mod forms;
pub(super) mod keys;
pub(super) mod links;
pub(super) mod passkeys;
pub(super) mod pins;
pub(super) mod sessions;
pub(super) mod staff;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::model::SessionEnd;
use super::store::revocation::{self, Changed};
use super::store::sessions as store;
use crate::platform::db::DbError;

/// Ends every session of `principal`, on every replica within a second.
fn end_all(conn: &mut PgConnection, principal: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    store::hold(conn, principal)?;
    for session in store::open_of(conn, principal, now)? {
        store::end(conn, session.id, SessionEnd::CredentialChanged, now)?;
    }
    revocation::add(conn, Changed::Principal(principal), now)
}
