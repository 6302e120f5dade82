//! Changes to people and memberships. Each runs inside the caller's transaction, with the
//! caller's reach set in it.

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::PgConnection;

use super::emergency::Access;
use super::model::{
    Correction, HeadChange, Joined, Leaving, LeavingReason, MemberRole, Membership, NewMember,
    PeopleError, Person, PersonField,
};
use super::sealing::{self, PersonRow};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::{MembershipId, PersonId};
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::vault::{KeyClass, Vault};
use crate::tenancy;

/// Who asks, over which rows, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub vault: &'a Vault,
    pub actor: &'a Actor,
    pub reach: &'a Reach,
    /// The access in an emergency that `reach` comes from.
    pub access: Option<&'a Access>,
    pub now: DateTime<Utc>,
}

impl By<'_> {
    pub(super) fn today(&self) -> NaiveDate {
        hong_kong_date(self.now)
    }

    /// Whether `field` may be shown: an access in an emergency is for some only.
    pub(super) fn shows(&self, field: PersonField) -> bool {
        self.access
            .is_none_or(|access| access.fields.contains(&field))
    }
}

/// Somebody joins household `code`: a new person, or the one who bears the same document.
pub(super) fn join(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
    new: &NewMember,
) -> Result<Joined, PeopleError> {
    let members = held(conn, by, code)?;
    rules::join(new, &members, by.today())?;
    let known = match &new.particulars.document {
        Some(document) => {
            let index = sealing::of_document(by.vault, document)?;
            store::person_with_document(conn, &index, by.reach)?
        }
        None => None,
    };
    let person = match known {
        Some(row) => same_person(conn, by, &row, new)?,
        None => add_person(conn, by, new)?,
    };
    let membership = Membership {
        id: MembershipId::fresh(),
        person,
        household: code,
        role: new.role,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        end_reason: new.ends_on.map(|_| LeavingReason::StayExpired),
        recorded_at: by.now,
        end_recorded_at: new.ends_on.map(|_| by.now),
        version: 1,
    };
    store::add_membership(conn, &membership)?;
    audit::record(conn, by.actor, "people.joined", &person, by.now)?;
    follow_size(conn, by, code)?;
    Ok(Joined {
        person,
        membership: membership.id,
    })
}

/// The person of `row`, when `new` is plainly the same: born on the same day.
fn same_person(
    conn: &mut PgConnection,
    by: By<'_>,
    row: &PersonRow,
    new: &NewMember,
) -> Result<PersonId, PeopleError> {
    let keys = by.vault.keys(conn, KeyClass::Identity, row.id.as_uuid())?;
    let held = sealing::open(keys.as_ref(), row)?.particulars;
    let born = held.and_then(|held| held.birth_date);
    if born.is_some() && born == new.particulars.birth_date {
        Ok(row.id)
    } else {
        Err(PeopleError::DocumentHeld)
    }
}

fn add_person(
    conn: &mut PgConnection,
    by: By<'_>,
    new: &NewMember,
) -> Result<PersonId, PeopleError> {
    let id = PersonId::fresh();
    let keys = by
        .vault
        .create(conn, KeyClass::Identity, id.as_uuid(), by.now)?;
    let row = sealing::seal(by.vault, &keys, (id, 1), &new.particulars, by.now)?;
    store::add_person(conn, &row)?;
    Ok(id)
}

/// Corrects what is known of person `id`; `revision` is what the caller read.
pub fn correct(
    conn: &mut PgConnection,
    by: By<'_>,
    (id, revision): (PersonId, i32),
    correction: Correction,
) -> Result<Person, PeopleError> {
    let row = store::lock_person(conn, id, (by.reach, by.today()))?;
    let row = row.ok_or(PeopleError::NoSuchPerson)?;
    if row.revision != revision {
        return Err(PeopleError::Stale);
    }
    let keys = by.vault.keys(conn, KeyClass::Identity, id.as_uuid())?;
    let keys = keys.ok_or(PeopleError::Erased)?;
    let before = sealing::open(Some(&keys), &row)?.particulars;
    let before = before.ok_or(PeopleError::Erased)?;
    let after = rules::corrected(before, correction, by.today())?;
    // Every cell is sealed for the revision, so all are sealed anew.
    let next = revision.saturating_add(1);
    let row = sealing::seal(by.vault, &keys, (id, next), &after, row.recorded_at)?;
    store::save_person(conn, &row)?;
    audit::record(conn, by.actor, "people.corrected", &id, by.now)?;
    Ok(Person {
        id,
        revision: next,
        particulars: Some(after),
    })
}

/// Person `id` leaves household `code`; `version` is of the membership the caller read.
pub(super) fn leave(
    conn: &mut PgConnection,
    by: By<'_>,
    (code, id, version): (TenantCode, PersonId, i32),
    leaving: Leaving,
) -> Result<Joined, PeopleError> {
    let members = held(conn, by, code)?;
    let member = members.iter().find(|member| member.person == id);
    let member = member.ok_or(PeopleError::NoSuchMember)?;
    if member.version != version {
        return Err(PeopleError::Stale);
    }
    rules::leave(member, &members, leaving, by.today())?;
    store::close(conn, &closed(*member, leaving, by.now))?;
    audit::record(conn, by.actor, "people.left", &id, by.now)?;
    follow_size(conn, by, code)?;
    Ok(Joined {
        person: id,
        membership: member.id,
    })
}

/// Somebody of household `code` becomes its head. Points, rent and ledger are the household's,
/// and stay as they are.
pub(super) fn change_head(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
    change: HeadChange,
) -> Result<Joined, PeopleError> {
    let members = held(conn, by, code)?;
    let next = members.iter().find(|member| member.person == change.person);
    let next = next.ok_or(PeopleError::NoSuchMember)?;
    let former = members
        .iter()
        .find(|member| member.role == MemberRole::Head);
    let particulars = particulars_of(conn, by, change.person)?;
    rules::head(former, next, &particulars, change, by.today())?;
    let day_before = change.starts_on - Days::new(1);
    let until = |reason| Leaving {
        ends_on: day_before,
        reason,
    };
    if let Some(former) = former {
        let reason = change.former_leaves.unwrap_or(LeavingReason::RoleChanged);
        store::close(conn, &closed(*former, until(reason), by.now))?;
        if change.former_leaves.is_none() {
            let role = MemberRole::AuthorisedMember;
            store::add_membership(conn, &begun(former, role, change.starts_on, by.now))?;
        }
    }
    store::close(
        conn,
        &closed(*next, until(LeavingReason::RoleChanged), by.now),
    )?;
    let head = begun(next, MemberRole::Head, change.starts_on, by.now);
    store::add_membership(conn, &head)?;
    audit::record(conn, by.actor, "people.head_changed", &code, by.now)?;
    follow_size(conn, by, code)?;
    Ok(Joined {
        person: change.person,
        membership: head.id,
    })
}

fn particulars_of(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
) -> Result<super::model::Particulars, PeopleError> {
    let row = store::person(conn, id, by.reach, by.today())?;
    let row = row.ok_or(PeopleError::NoSuchPerson)?;
    let keys = by.vault.keys(conn, KeyClass::Identity, id.as_uuid())?;
    let person = sealing::open(keys.as_ref(), &row)?;
    person.particulars.ok_or(PeopleError::Erased)
}

/// The members of household `code` that are not over today, the household held.
fn held(
    conn: &mut PgConnection,
    by: By<'_>,
    code: TenantCode,
) -> Result<Vec<Membership>, PeopleError> {
    if !store::household_is_within(conn, code, by.reach, by.today())? {
        return Err(PeopleError::NoSuchHousehold);
    }
    store::hold_household(conn, code)?;
    Ok(store::memberships(conn, code, by.today())?)
}

fn closed(member: Membership, leaving: Leaving, now: DateTime<Utc>) -> Membership {
    Membership {
        ends_on: Some(leaving.ends_on),
        end_reason: Some(leaving.reason),
        end_recorded_at: Some(now),
        version: member.version.saturating_add(1),
        ..member
    }
}

/// The same person in another role, from `starts_on` on.
fn begun(
    member: &Membership,
    role: MemberRole,
    starts_on: NaiveDate,
    now: DateTime<Utc>,
) -> Membership {
    Membership {
        id: MembershipId::fresh(),
        role,
        starts_on,
        ends_on: None,
        end_reason: None,
        recorded_at: now,
        end_recorded_at: None,
        version: 1,
        ..*member
    }
}

/// Lets the size of the household's tenancy follow its members.
fn follow_size(conn: &mut PgConnection, by: By<'_>, code: TenantCode) -> Result<(), PeopleError> {
    let members = store::memberships(conn, code, by.today())?;
    if let Some(size) = rules::size(&members) {
        tenancy::follow_size(conn, by.actor, code, size, by.now)?;
    }
    Ok(())
}

/// Refuses to erase person `id` while they belong to a household, and a second time. Their row
/// stays as it is until the transaction ends.
pub fn erasable(conn: &mut PgConnection, by: By<'_>, id: PersonId) -> Result<(), PeopleError> {
    leaving_row(conn, by, id).map(drop)
}

/// Takes everything sealed off the row of person `id`. Their keys are destroyed by whoever has
/// two people's word for it.
pub fn blank(conn: &mut PgConnection, by: By<'_>, id: PersonId) -> Result<(), PeopleError> {
    let row = leaving_row(conn, by, id)?;
    let bare = PersonRow {
        name_zh: None,
        name_en: None,
        document: None,
        symbols: None,
        birth_date: None,
        sex: None,
        phone: None,
        email: None,
        document_index: None,
        phone_index: None,
        name_key_zh: None,
        name_key_en: None,
        revision: row.revision.saturating_add(1),
        erased_at: Some(by.now),
        ..row
    };
    store::save_person(conn, &bare)?;
    Ok(audit::record(conn, by.actor, "people.erased", &id, by.now)?)
}

fn leaving_row(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
) -> Result<PersonRow, PeopleError> {
    let today = by.today();
    let row = store::lock_person(conn, id, (by.reach, today))?;
    let row = row.ok_or(PeopleError::NoSuchPerson)?;
    let stays = store::memberships_of(conn, &[id], by.reach, today)?;
    if stays.iter().any(|stay| !stay.is_over(today)) {
        return Err(PeopleError::StillMember);
    }
    match row.erased_at {
        None => Ok(row),
        Some(_) => Err(PeopleError::Erased),
    }
}
