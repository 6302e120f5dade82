//! Recording entries, inside the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Entry, Viewed};
use super::store;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;

/// The action of every reading of sealed fields.
const VIEWED: &str = "record.viewed";

/// Records that `actor` did `action` to `subject`.
pub fn record(
    conn: &mut PgConnection,
    actor: &Actor,
    action: &'static str,
    subject: &impl ToString,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    store::add(conn, &Entry::of(actor, action, subject, at))
}

/// Records that `actor` read sealed fields: before they leave, and in the same transaction.
pub fn viewed(
    conn: &mut PgConnection,
    actor: &Actor,
    viewed: &Viewed<'_>,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    let entry = Entry {
        person: Some(viewed.person),
        household: viewed.household,
        fields: Some(viewed.fields),
        purpose: Some(viewed.purpose),
        ..Entry::of(actor, VIEWED, &viewed.person, at)
    };
    store::add(conn, &entry)
}
