//! The audit trail: who did what to which thing, written in the work's own transaction.
//!
//! Entries are only ever added: a trigger refuses changes and the application's role lacks
//! the privilege. Subjects are identifiers, never names.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::auth::Actor;
use crate::platform::db::DbError;
use crate::platform::db::schema::audit_entry;

/// Records that `actor` did `action` to `subject`.
pub fn record(
    conn: &mut PgConnection,
    actor: &Actor,
    action: &'static str,
    subject: &impl ToString,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(audit_entry::table)
        .values((
            audit_entry::id.eq(Uuid::now_v7()),
            audit_entry::actor.eq(actor.as_str()),
            audit_entry::action.eq(action),
            audit_entry::subject.eq(subject.to_string()),
            audit_entry::at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}
