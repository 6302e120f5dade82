//! What changes the tables. Row-level security makes a change out of reach a silent nothing,
//! so each says that it changed its row.

use diesel::prelude::*;

use super::super::model::{Membership, PeopleError};
use super::super::sealing::PersonRow;
use super::reach::person_within;
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::schema::{membership, person};
use crate::platform::db::{DbError, reach_in};

/// Keeps other changes of the household's members out until the transaction ends.
pub fn hold_household(conn: &mut PgConnection, code: TenantCode) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7210841, hashint8($1))")
        .bind::<diesel::sql_types::BigInt, _>(code.number())
        .execute(conn)?;
    Ok(())
}

/// Person `id`, if within `reach` today, locked until the transaction ends.
pub fn lock_person(
    conn: &mut PgConnection,
    id: PersonId,
    (reach, today): (&Reach, chrono::NaiveDate),
) -> Result<Option<PersonRow>, DbError> {
    Ok(person::table
        .filter(person::id.eq(id))
        .filter(person_within(reach, today))
        .select(PersonRow::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Who bears the document with this index, wherever they live: nobody may be on record twice.
/// The reach is `reach` again afterwards.
pub fn person_with_document(
    conn: &mut PgConnection,
    index: &[u8],
    reach: &Reach,
) -> Result<Option<PersonRow>, DbError> {
    reach_in(conn, &Reach::Everywhere)?;
    let found = person::table
        .filter(person::document_index.eq(index))
        .select(PersonRow::as_select())
        .first(conn)
        .optional();
    reach_in(conn, reach)?;
    Ok(found?)
}

/// Adds somebody.
pub fn add_person(conn: &mut PgConnection, row: &PersonRow) -> Result<(), PeopleError> {
    let added = diesel::insert_into(person::table).values(row).execute(conn);
    done(added)
}

/// Replaces the row of somebody within reach.
pub fn save_person(conn: &mut PgConnection, row: &PersonRow) -> Result<(), PeopleError> {
    let saved = diesel::update(person::table.find(row.id))
        .set(row)
        .execute(conn);
    done(saved)
}

/// Adds a membership.
pub fn add_membership(conn: &mut PgConnection, new: &Membership) -> Result<(), PeopleError> {
    let added = diesel::insert_into(membership::table)
        .values(new)
        .execute(conn);
    done(added)
}

/// Writes the end of a membership.
pub fn close(conn: &mut PgConnection, closed: &Membership) -> Result<(), PeopleError> {
    let saved = diesel::update(membership::table.find(closed.id))
        .set((
            membership::ends_on.eq(closed.ends_on),
            membership::end_reason.eq(closed.end_reason),
            membership::end_recorded_at.eq(closed.end_recorded_at),
            membership::version.eq(closed.version),
        ))
        .execute(conn);
    done(saved)
}

/// One row, or none within reach, or a refusal by a constraint.
fn done(rows: QueryResult<usize>) -> Result<(), PeopleError> {
    match rows.map_err(DbError::from) {
        Ok(0) => Err(PeopleError::NoSuchPerson),
        Ok(_) => Ok(()),
        Err(error) => Err(match error.constraint() {
            Some("person_document_once") => PeopleError::DocumentHeld,
            Some("membership_one_head") => PeopleError::HeadExists,
            Some("membership_once") => PeopleError::MemberAlready,
            _ => error.into(),
        }),
    }
}
