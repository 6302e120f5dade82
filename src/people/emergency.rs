//! Reading in an emergency (break-glass): what the caller's own reach does not take in, an
//! access in force may.
//!
//! * The access is looked for in the transaction of the reading: it begins with its approval
//!   and is over with its time or its review, on every replica at once.
//! * It reaches its subject and no one else, and shows the fields it names and no others. Each
//!   reading through it is on record with its number.
//! * Nothing is changed and nobody is searched for through it.

use diesel::PgConnection;
use uuid::Uuid;

use super::commands::By;
use super::model::{Membership, PeopleError, Person, PersonField, UnmaskReason};
use super::reading;
use super::store::Wanted;
use crate::break_glass::{self, BreakGlassError, InForce, Subject};
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::kernel::text::Line;
use crate::platform::db::{DbError, reach_in};

/// What every reading in an emergency is on record for. The reason is not: who reads the record
/// of readings may be whom somebody must be kept safe from.
pub const IN_EMERGENCY: &str = "break_glass";

/// An access in an emergency, as a reach.
#[derive(Debug)]
pub struct Access {
    pub(super) request: Uuid,
    pub(super) fields: Vec<PersonField>,
    reach: Reach,
}

impl From<InForce> for Access {
    fn from(access: InForce) -> Self {
        let fields = access.fields.iter();
        Self {
            request: access.request,
            fields: fields.filter_map(|field| field.parse().ok()).collect(),
            reach: match access.subject {
                Subject::Person(id) => Reach::Person(id.into()),
                Subject::Household(code) => Reach::Household(code),
            },
        }
    }
}

/// What was read, and which fields of it may be shown.
pub struct Shown<T> {
    pub found: T,
    pub fields: Vec<PersonField>,
}

/// As [`reading::members`], in an emergency too.
pub(super) fn members(
    conn: &mut PgConnection,
    by: By<'_>,
    wanted: Wanted,
) -> Result<Shown<Vec<(Membership, Person)>>, PeopleError> {
    within_reach_or_access(conn, by, |conn, by| reading::members(conn, by, wanted))
}

/// As [`reading::person`], in an emergency too.
pub(super) fn person(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
) -> Result<Shown<(Person, Vec<Membership>)>, PeopleError> {
    within_reach_or_access(conn, by, |conn, by| reading::person(conn, by, id))
}

/// As [`reading::unmask`], in an emergency too: of fields that the access does not name there
/// is nobody.
pub(super) fn unmask(
    conn: &mut PgConnection,
    by: By<'_>,
    id: PersonId,
    fields: &[PersonField],
    (reason, note): (UnmaskReason, Option<&Line<200>>),
) -> Result<Person, PeopleError> {
    let unmasked = within_reach_or_access(conn, by, |conn, by| {
        if !fields.iter().all(|field| by.shows(*field)) {
            return Err(PeopleError::NoSuchPerson);
        }
        reading::unmask(conn, by, id, fields, reason, note)
    });
    Ok(unmasked?.found)
}

/// Reads within the caller's own reach or, where that finds nobody, through each access in
/// force. The second line lets through what the access reaches, while it is read.
fn within_reach_or_access<T>(
    conn: &mut PgConnection,
    by: By<'_>,
    mut read: impl FnMut(&mut PgConnection, By<'_>) -> Result<T, PeopleError>,
) -> Result<Shown<T>, PeopleError> {
    let own = read(conn, by);
    let nobody = |read: &Result<T, _>| {
        matches!(
            read,
            Err(PeopleError::NoSuchHousehold | PeopleError::NoSuchPerson)
        )
    };
    let accesses = match by.reach {
        Reach::Estates(_) if nobody(&own) => accesses(conn, by)?,
        _ => Vec::new(),
    };
    for access in accesses {
        reach_in(conn, &access.reach)?;
        let through = By {
            reach: &access.reach,
            access: Some(&access),
            ..by
        };
        let found = read(conn, through);
        reach_in(conn, by.reach)?;
        if !nobody(&found) {
            let fields = access.fields;
            return found.map(|found| Shown { found, fields });
        }
    }
    own.map(|found| Shown {
        found,
        fields: PersonField::ALL.to_vec(),
    })
}

/// The accesses in force; none for somebody who may have none.
fn accesses(conn: &mut PgConnection, by: By<'_>) -> Result<Vec<Access>, DbError> {
    match break_glass::in_force(conn, by.actor, by.now) {
        Ok(accesses) => Ok(accesses.into_iter().map(Access::from).collect()),
        Err(BreakGlassError::Db(error)) => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}
