//! People by the hundred thousand: drawn up away from the database, and loaded by `COPY`.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::{Membership, Particulars, PeopleError};
use super::sealing::{self, PersonRow};
use crate::kernel::id::PersonId;
use crate::platform::db::DbError;
use crate::platform::db::schema::{membership, person};
use crate::platform::vault::{DataKeyRow, KeyClass, Vault};

/// Somebody sealed, with the data key, for [`load_people`].
pub struct NewPerson {
    key: DataKeyRow,
    row: PersonRow,
}

/// Seals somebody under a key of their own. The key and what it seals differ every time.
pub fn draft(
    vault: &Vault,
    id: PersonId,
    known: &Particulars,
    recorded_at: DateTime<Utc>,
) -> Result<NewPerson, PeopleError> {
    let (key, keys) = vault.draft(KeyClass::Identity, id.as_uuid(), recorded_at)?;
    let row = sealing::seal(vault, &keys, (id, 1), known, recorded_at)?;
    Ok(NewPerson { key, row })
}

/// Adds `people` and their keys by two `COPY`s.
pub fn load_people(conn: &mut PgConnection, people: Vec<NewPerson>) -> Result<(), PeopleError> {
    let (keys, rows): (Vec<_>, Vec<_>) = people.into_iter().map(|new| (new.key, new.row)).unzip();
    Vault::load_drafts(conn, &keys)?;
    diesel::copy_from(person::table)
        .from_insertable(rows)
        .execute(conn)
        .map_err(DbError::from)?;
    Ok(())
}

/// Adds `memberships` by one `COPY`.
pub fn load_memberships(
    conn: &mut PgConnection,
    memberships: Vec<Membership>,
) -> Result<(), DbError> {
    diesel::copy_from(membership::table)
        .from_insertable(memberships)
        .execute(conn)?;
    Ok(())
}

/// Whether anybody is on record.
pub fn has_people(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(diesel::select(exists(person::table.select(person::id))).get_result(conn)?)
}
