//! People read and opened. Whoever reads a sealed field is on record in the same transaction,
//! before the field leaves.

use diesel::PgConnection;
use uuid::Uuid;

use super::commands::By;
use super::model::{Membership, PeopleError, Person, PersonField, UnmaskReason};
use super::sealing::{self, PersonRow};
use super::store;
use crate::kernel::id::PersonId;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::platform::audit;
use crate::platform::db::DbError;
use crate::platform::vault::KeyClass;

/// What a page of masked particulars shows something of.
const SHOWN: &[PersonField] = PersonField::ALL;

/// Members of a household, and who they are.
pub(super) fn members(
    conn: &mut PgConnection,
    by: By<'_>,
    wanted: store::Wanted,
) -> Result<Vec<(Membership, Person)>, PeopleError> {
    let code = wanted.household;
    if !store::household_is_within(conn, code, by.reach, by.today())? {
        return Err(PeopleError::NoSuchHousehold);
    }
    let (stays, rows): (Vec<_>, Vec<_>) = store::members(conn, wanted)?.into_iter().unzip();
    let people = open(conn, by, &rows)?;
    viewed(conn, by, Some(code), &people, SHOWN, "list of members")?;
    Ok(stays.into_iter().zip(people).collect())
}

/// Person `id`, and their memberships within reach.
pub(super) fn person(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
) -> Result<(Person, Vec<Membership>), PeopleError> {
    let person = found(conn, by, id)?;
    viewed(conn, by, None, &[person.clone()], SHOWN, "one person")?;
    let stays = memberships_of(conn, by, &[id])?;
    Ok((person, stays))
}

/// Person `id` to be shown `fields` of, for `reason`.
pub(super) fn unmask(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
    fields: &[PersonField],
    reason: UnmaskReason,
    note: Option<&Line<200>>,
) -> Result<Person, PeopleError> {
    let person = found(conn, by, id)?;
    if person.particulars.is_none() {
        return Err(PeopleError::Erased);
    }
    viewed(conn, by, None, &[person.clone()], fields, reason.as_str())?;
    Ok(person)
}

/// The memberships of `people` in households within the caller's reach.
pub fn memberships_of(
    conn: &mut PgConnection,
    by: By<'_>,
    people: &[PersonId],
) -> Result<Vec<Membership>, PeopleError> {
    Ok(store::memberships_of(conn, people, by.reach, by.today())?)
}

fn found(conn: &mut PgConnection, by: By<'_>, id: PersonId) -> Result<Person, PeopleError> {
    let row = store::person(conn, id, by.reach, by.today())?;
    let row = row.ok_or(PeopleError::NoSuchPerson)?;
    let keys = by.vault.keys(conn, KeyClass::Identity, id.as_uuid())?;
    sealing::open(keys.as_ref(), &row)
}

/// The people of `rows`, in their order; one question for all their keys.
pub(super) fn open(
    conn: &mut PgConnection,
    by: By<'_>,
    rows: &[PersonRow],
) -> Result<Vec<Person>, PeopleError> {
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.id.as_uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = by.vault.many(conn, KeyClass::Identity, &ids)?;
    rows.iter()
        .map(|row| sealing::open(keys.get(&row.id.as_uuid()), row))
        .collect()
}

/// Records that the caller sees `fields` of `people`.
pub(super) fn viewed(
    conn: &mut PgConnection,
    by: By<'_>,
    household: Option<TenantCode>,
    people: &[Person],
    fields: &[PersonField],
    purpose: &str,
) -> Result<(), DbError> {
    let _ = (household, fields, purpose);
    for person in people {
        audit::record(conn, by.actor, "people.viewed", &person.id, by.now)?;
    }
    Ok(())
}
