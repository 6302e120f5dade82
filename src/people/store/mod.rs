//! People and memberships in PostgreSQL. The only folder that names their tables.

mod changes;
mod reach;

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::model::Membership;
use super::sealing::PersonRow;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{membership, person};

pub(super) use changes::{
    add_membership, add_person, close, hold_household, lock_person, person_with_document,
    save_person,
};
pub(super) use reach::household_is_within;
use reach::{membership_within, person_within};

/// A membership's place in a household's list.
pub(super) type Place = (NaiveDate, MembershipId);

/// Which members of a household to list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub household: TenantCode,
    /// Only those whose membership is not over by this day.
    pub not_over_by: Option<NaiveDate>,
    pub after: Option<Place>,
    pub rows: i64,
}

/// Members of a household that the caller may see, in the order they joined.
pub(super) fn members(
    conn: &mut PgConnection,
    wanted: Wanted,
) -> Result<Vec<(Membership, PersonRow)>, DbError> {
    let mut query = membership::table
        .inner_join(person::table.on(person::id.eq(membership::person)))
        .filter(membership::household.eq(wanted.household))
        .order((membership::starts_on, membership::id))
        .limit(wanted.rows)
        .select((Membership::as_select(), PersonRow::as_select()))
        .into_boxed();
    if let Some(day) = wanted.not_over_by {
        let ends = membership::ends_on;
        query = query.filter(ends.is_null().or(ends.assume_not_null().ge(day)));
    }
    if let Some((starts_on, id)) = wanted.after {
        let later = membership::starts_on
            .eq(starts_on)
            .and(membership::id.gt(id));
        query = query.filter(membership::starts_on.gt(starts_on).or(later));
    }
    Ok(query.load(conn)?)
}

/// The memberships of `household` that are not over by `day`.
pub(super) fn memberships(
    conn: &mut PgConnection,
    household: TenantCode,
    day: NaiveDate,
) -> Result<Vec<Membership>, DbError> {
    let ends = membership::ends_on;
    Ok(membership::table
        .filter(membership::household.eq(household))
        .filter(ends.is_null().or(ends.assume_not_null().ge(day)))
        .order((membership::starts_on, membership::id))
        .select(Membership::as_select())
        .load(conn)?)
}

/// Person `id`, if within `reach` today.
pub(super) fn person(
    conn: &mut PgConnection,
    id: PersonId,
    reach: &Reach,
    today: NaiveDate,
) -> Result<Option<PersonRow>, DbError> {
    Ok(person::table
        .filter(person::id.eq(id))
        .filter(person_within(reach, today))
        .select(PersonRow::as_select())
        .first(conn)
        .optional()?)
}

/// The memberships of `people` in households within `reach` today.
pub(super) fn memberships_of(
    conn: &mut PgConnection,
    people: &[PersonId],
    reach: &Reach,
    today: NaiveDate,
) -> Result<Vec<Membership>, DbError> {
    Ok(membership::table
        .filter(membership::person.eq_any(people))
        .filter(membership_within(reach, today))
        .order((membership::starts_on, membership::id))
        .select(Membership::as_select())
        .load(conn)?)
}

/// Up to `rows` people after `after`, by id, whose last membership ended before `day` and who
/// are not erased.
pub(super) fn left_before(
    conn: &mut PgConnection,
    day: NaiveDate,
    after: Option<PersonId>,
    rows: i64,
) -> Result<Vec<PersonId>, DbError> {
    let of_person = || membership::table.filter(membership::person.eq(person::id));
    let ends = membership::ends_on;
    let stays_on = of_person().filter(ends.is_null().or(ends.assume_not_null().ge(day)));
    let mut query = person::table
        .filter(person::erased_at.is_null())
        .filter(exists(of_person()))
        .filter(not(exists(stays_on)))
        .order(person::id)
        .limit(rows)
        .select(person::id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(person::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// What to find people by.
#[derive(Debug, Clone)]
pub(super) enum Key {
    Document(Vec<u8>),
    Phone(Vec<u8>),
    NameZh(i16),
    /// One of these.
    NameEn(Vec<i16>),
}

/// Up to `rows` people with this key within `reach` today, by id.
pub(super) fn people(
    conn: &mut PgConnection,
    key: Key,
    after: Option<PersonId>,
    (reach, today): (&Reach, NaiveDate),
    rows: i64,
) -> Result<Vec<PersonRow>, DbError> {
    let mut query = person::table
        .filter(person_within(reach, today))
        .order(person::id)
        .limit(rows)
        .select(PersonRow::as_select())
        .into_boxed();
    query = match key {
        Key::Document(index) => query.filter(person::document_index.eq(index)),
        Key::Phone(index) => query.filter(person::phone_index.eq(index)),
        Key::NameZh(key) => query.filter(person::name_key_zh.eq(key)),
        Key::NameEn(keys) => query.filter(person::name_key_en.eq_any(keys)),
    };
    if let Some(after) = after {
        query = query.filter(person::id.gt(after));
    }
    Ok(query.load(conn)?)
}
