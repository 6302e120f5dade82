//! The catalogue: the state of what guards the tables, taken once an hour.
//!
//! Whoever owns a table can switch its trigger off, change a row, and switch it on again. If an
//! hour begins meanwhile, the trail says so.

use chrono::{DateTime, Timelike, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{AuditError, Entry};
use super::store;
use crate::platform::auth::Actor;
use crate::platform::crypto::{Digest, Fields, hex};
use crate::platform::db::{DbError, transact};

/// The action of the entries whose subject is the digest of a catalogue.
pub const CATALOGUE: &str = "audit.catalogue.taken";

/// What became of one item between two catalogues.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    #[error("+ {0}")]
    Added(String),
    #[error("- {0}")]
    Removed(String),
}

/// The digest of a catalogue.
pub(super) fn digest(items: &[String]) -> Digest {
    let mut fields = Fields::of("kaifong audit catalogue 1");
    for item in items {
        fields.add(item.as_bytes());
    }
    fields.digest()
}

/// What differs between two catalogues.
#[must_use]
pub fn differences(before: &[String], after: &[String]) -> Vec<Difference> {
    let removed = before.iter().filter(|item| !after.contains(item));
    let added = after.iter().filter(|item| !before.contains(item));
    removed
        .cloned()
        .map(Difference::Removed)
        .chain(added.cloned().map(Difference::Added))
        .collect()
}

/// Whether none was taken yet in the hour of `now`.
pub(super) fn is_due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<bool, DbError> {
    let hour = |at: DateTime<Utc>| (at.date_naive(), at.hour());
    let last = store::newest_at(conn, CATALOGUE)?;
    Ok(last.is_none_or(|last| hour(last) != hour(now)))
}

/// Takes the hour's catalogue, unless it was taken already.
pub(super) fn take(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), AuditError> {
    if !is_due(conn, now)? {
        return Ok(());
    }
    let items = items(conn)?;
    transact(conn, |conn| {
        store::hold_seal(conn)?;
        // Another may have taken it while this one waited.
        if is_due(conn, now)? {
            let digest = digest(&items);
            store::add_catalogue(conn, &digest, &items)?;
            let actor = Actor::program("audit");
            store::add(conn, &Entry::of(&actor, CATALOGUE, &hex(&digest), now))?;
        }
        Ok(())
    })
}

/// The catalogue as it is now, sorted.
fn items(conn: &mut PgConnection) -> Result<Vec<String>, AuditError> {
    #[derive(QueryableByName)]
    struct Item {
        #[diesel(sql_type = Text)]
        line: String,
    }
    transact(conn, |conn| {
        conn.batch_execute("SET LOCAL search_path = pg_catalog")
            .map_err(DbError::from)?;
        let items: Vec<Item> = diesel::sql_query(include_str!("catalogue.sql"))
            .load(conn)
            .map_err(DbError::from)?;
        Ok(items.into_iter().map(|item| item.line).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_what_came_and_went() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(differences(&list("a b"), &list("a b")), []);
        assert_eq!(
            differences(&list("a b"), &list("a c")),
            [
                Difference::Removed("b".to_owned()),
                Difference::Added("c".to_owned())
            ]
        );
        assert_ne!(digest(&list("a b")), digest(&list("ab")));
    }
}
