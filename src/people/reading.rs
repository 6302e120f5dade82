//! People read and opened. Whoever reads a sealed field is on record in the same transaction,
//! before the field leaves.

use chrono::NaiveDate;
use diesel::PgConnection;
use uuid::Uuid;

use super::commands::By;
use super::emergency::IN_EMERGENCY;
use super::model::{Membership, PeopleError, Person, PersonField, UnmaskReason};
use super::sealing::{self, PersonRow};
use super::store;
use crate::kernel::id::PersonId;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::platform::audit::{self, Detail, Viewed};
use crate::platform::db::DbError;
use crate::platform::vault::{DataKeys, KeyClass, VaultError};

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
    viewed(
        conn,
        by,
        None,
        std::slice::from_ref(&person),
        SHOWN,
        "one person",
    )?;
    let stays = memberships_of(conn, by, &[id])?;
    Ok((person, stays))
}

/// Person `id` to be shown `fields` of, for `reason`.
pub fn unmask(
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
    viewed(
        conn,
        by,
        None,
        std::slice::from_ref(&person),
        fields,
        reason.as_str(),
    )?;
    if let Some(note) = note {
        noted(conn, by, id, note)?;
    }
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

/// Refuses a person whom the caller does not reach.
pub fn known(conn: &mut PgConnection, by: By<'_>, id: PersonId) -> Result<(), PeopleError> {
    let row = store::person(conn, id, by.reach, by.today())?;
    row.map(drop).ok_or(PeopleError::NoSuchPerson)
}

/// Refuses a person whom the caller does not reach, or of whom nothing is left.
pub fn on_record(conn: &mut PgConnection, by: By<'_>, id: PersonId) -> Result<(), PeopleError> {
    let row = store::person(conn, id, by.reach, by.today())?;
    let row = row.ok_or(PeopleError::NoSuchPerson)?;
    match row.erased_at {
        None => Ok(()),
        Some(_) => Err(PeopleError::Erased),
    }
}

/// The memberships of household `code` that are not over today.
pub fn members_today(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
) -> Result<Vec<Membership>, PeopleError> {
    if !store::household_is_within(conn, code, by.reach, by.today())? {
        return Err(PeopleError::NoSuchHousehold);
    }
    Ok(store::memberships(conn, code, by.today())?)
}

/// Up to `rows` people after `after`, by id, who left their last household before `day` and
/// are not erased.
pub fn left_before(
    conn: &mut PgConnection,
    day: NaiveDate,
    after: Option<PersonId>,
    rows: i64,
) -> Result<Vec<PersonId>, DbError> {
    store::left_before(conn, day, after, rows)
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
    let household = household.map(|code| code.to_string());
    let shown = fields.iter().filter(|field| by.shows(**field));
    let fields: Vec<&str> = shown.map(|field| field.as_str()).collect();
    for person in people {
        let viewed = Viewed {
            person: person.id.as_uuid(),
            household: household.as_deref(),
            fields: &fields,
            purpose: by.access.map_or(purpose, |_| IN_EMERGENCY),
            request: by.access.map(|access| access.request),
        };
        audit::viewed(conn, by.actor, &viewed, by.now)?;
    }
    Ok(())
}

/// Keeps what the caller added to the reason, sealed with a key of the person's own for the
/// trail: it is gone when they are, and the trail stays whole.
fn noted(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
    note: &Line<200>,
) -> Result<(), PeopleError> {
    let person = id.as_uuid();
    let detail = Detail {
        person,
        keys: &trail_keys(conn, by, person)?,
        detail: note.as_str().as_bytes(),
    };
    let what = ("people.unmask_noted", &id);
    Ok(audit::record_detail(conn, by.actor, what, &detail, by.now)?)
}

/// The person's keys for the trail, made with the first note.
fn trail_keys(conn: &mut PgConnection, by: By<'_>, person: Uuid) -> Result<DataKeys, PeopleError> {
    if let Some(keys) = by.vault.keys(conn, KeyClass::Audit, person)? {
        return Ok(keys);
    }
    match by.vault.create(conn, KeyClass::Audit, person, by.now) {
        // Someone else's note was first.
        Err(VaultError::Exists { .. }) => {
            let keys = by.vault.keys(conn, KeyClass::Audit, person)?;
            keys.ok_or(PeopleError::Erased)
        }
        made => Ok(made?),
    }
}
