//! People by the hundred thousand: drawn up away from the database, and loaded by `COPY`.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::model::{LeavingReason, Membership, Particulars, PeopleError};
use super::sealing::{self, PersonRow};
use super::store;
use crate::kernel::id::PersonId;
use crate::platform::db::schema::{membership, person};
use crate::platform::db::{DbError, copy_frozen, execute};
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

/// Empties the tables, which are empty, so that what is loaded next is frozen.
pub fn begin_people(conn: &mut PgConnection) -> Result<(), DbError> {
    execute(conn, "TRUNCATE membership, person")
}

/// Adds `people` and their keys by two `COPY`s, after [`begin_people`].
pub fn load_people(conn: &mut PgConnection, people: Vec<NewPerson>) -> Result<(), PeopleError> {
    let (keys, rows): (Vec<_>, Vec<_>) = people.into_iter().map(|new| (new.key, new.row)).unzip();
    Vault::load_drafts(conn, &keys)?;
    copy_frozen(conn, (person::table, 16), &rows, |row, to| {
        to.uuid(row.id.as_uuid())
            .maybe_bytes(row.name_zh.as_deref())
            .maybe_bytes(row.name_en.as_deref())
            .maybe_bytes(row.document.as_deref())
            .maybe_bytes(row.symbols.as_deref())
            .maybe_bytes(row.birth_date.as_deref())
            .maybe_bytes(row.sex.as_deref())
            .maybe_bytes(row.phone.as_deref())
            .maybe_bytes(row.email.as_deref())
            .maybe_bytes(row.document_index.as_deref())
            .maybe_bytes(row.phone_index.as_deref())
            .maybe_smallint(row.name_key_zh)
            .maybe_smallint(row.name_key_en)
            .integer(row.revision)
            .instant(row.recorded_at)
            .maybe_instant(row.erased_at);
    })?;
    Ok(())
}

/// Adds `memberships` by one `COPY`, after [`begin_people`].
pub fn load_memberships(
    conn: &mut PgConnection,
    memberships: &[Membership],
) -> Result<(), DbError> {
    copy_frozen(conn, (membership::table, 10), memberships, |stay, to| {
        to.uuid(stay.id.as_uuid())
            .uuid(stay.person.as_uuid())
            .bigint(stay.household.number())
            .text(stay.role.as_str())
            .date(stay.starts_on)
            .maybe_date(stay.ends_on)
            .maybe_text(stay.end_reason.map(LeavingReason::as_str))
            .instant(stay.recorded_at)
            .maybe_instant(stay.end_recorded_at)
            .integer(stay.version);
    })
}

/// Adds a few people with their stays, beside those who are there; as the schema's owner.
pub fn add_drafts(
    conn: &mut PgConnection,
    people: Vec<NewPerson>,
    memberships: &[Membership],
) -> Result<(), PeopleError> {
    for NewPerson { key, row } in people {
        Vault::load_drafts(conn, &[key])?;
        store::add_person(conn, &row)?;
    }
    for stay in memberships {
        store::add_membership(conn, stay)?;
    }
    Ok(())
}

/// Whether anybody is on record.
pub fn has_people(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(diesel::select(exists(person::table.select(person::id))).get_result(conn)?)
}
