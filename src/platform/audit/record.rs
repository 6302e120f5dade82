//! Recording entries, inside the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::model::{Entry, Viewed};
use super::store;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;
use crate::platform::vault::{Cell, DataKeys, KeyClass, Padding, SealedColumn, VaultError};

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
        request: viewed.request,
        ..Entry::of(actor, VIEWED, &viewed.person, at)
    };
    store::add(conn, &entry)
}

/// What is recorded of a person beyond the entry, and the keys that seal it: those of the
/// person of class audit, which are never changed, for what is in the trail stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    pub person: Uuid,
    pub keys: &'a DataKeys,
    pub detail: &'a [u8],
}

/// Records that `actor` did `action` to `subject`, with a detail that only the person's keys
/// open: without them it is gone, and the entry and the tree stand.
pub fn record_detail(
    conn: &mut PgConnection,
    actor: &Actor,
    (action, subject): (&'static str, &impl ToString),
    of: &Detail<'_>,
    at: DateTime<Utc>,
) -> Result<(), VaultError> {
    let entry = Entry {
        person: Some(of.person),
        ..Entry::of(actor, action, subject, at)
    };
    let sealed = of
        .keys
        .seal(&cell(entry.id), of.detail, Padding::Multiple256)?;
    let detail = Some(sealed.as_slice());
    store::add(conn, &Entry { detail, ..entry })?;
    Ok(())
}

/// The detail of the entry `id`; `None` when it has none.
pub fn detail(
    conn: &mut PgConnection,
    id: Uuid,
    keys: &DataKeys,
) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    let sealed = store::detail(conn, id)?;
    sealed
        .map(|sealed| keys.open(&cell(id), &sealed))
        .transpose()
}

/// The sealed column of the trail: it cannot be sealed anew, so its data keys are kept.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "audit_entry",
    column: "detail",
    id: "id",
    revision: None,
    subject: "person",
    class: KeyClass::Audit,
    grows_only: true,
}];

fn cell(id: Uuid) -> Cell {
    Cell {
        table: "audit_entry",
        column: "detail",
        row: id,
        revision: 0,
    }
}
