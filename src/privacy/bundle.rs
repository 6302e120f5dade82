//! What is held on a person, in one piece: the answer to a data access request.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::erasure::claim_place;
use super::model::{PrivacyError, Request, Viewer};
use super::{held, rules, store};
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::held::{Held, Stay};
use crate::kernel::id::PersonId;
use crate::kernel::reach::Reach;
use crate::people::{
    self, By, MemberRole, Membership, Particulars, PeopleError, PersonField, UnmaskReason,
};
use crate::platform::audit::{self, Place, View, Viewed};
use crate::platform::vault::KeyClass;
use crate::{
    autopay, break_glass, counter, cssa, ledger, messages, payments, rent, sign_in, tenancy,
};

/// Everything held on a person.
pub(super) struct Bundle {
    pub request: Request,
    pub made_on: NaiveDate,
    pub particulars: Particulars,
    pub memberships: Vec<Membership>,
    /// Who read the record, the newest first.
    pub views: Vec<Seen>,
    pub requests: Vec<Request>,
    pub corrections: Vec<Claimed>,
    /// What every other table holds on the person, each slice's part told by itself.
    pub held: Vec<Held>,
}

/// A reading of a record, as the person may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub id: Uuid,
    pub person: PersonId,
    pub at: DateTime<Utc>,
    pub by: Viewer,
    pub purpose: Option<String>,
    pub fields: Vec<String>,
    /// Whether it was by break-glass.
    pub emergency: bool,
}

/// A correction request and what it claims.
pub(super) struct Claimed {
    pub request: Request,
    pub claim: Option<String>,
}

impl Seen {
    fn of(person: PersonId, view: View) -> Self {
        Self {
            id: view.id,
            person,
            at: view.at,
            by: rules::viewer(&view.actor),
            emergency: view.purpose.as_deref() == Some(people::IN_EMERGENCY),
            purpose: view.purpose,
            fields: view.fields.unwrap_or_default(),
        }
    }
}

/// What is held on the person of access request `id`. That it was read is on record first.
pub(super) fn of_request(
    conn: &mut PgConnection,
    by: By<'_>,
    id: Uuid,
) -> Result<Bundle, PrivacyError> {
    let request = store::access::one(conn, id)?.ok_or(PrivacyError::NoSuchRequest)?;
    let person = request.person;
    let reason = UnmaskReason::DataAccessRequest;
    let known = people::unmask(conn, by, person, PersonField::ALL, reason, None)?;
    let views = audit::views_of(conn, person.as_uuid(), None, i64::MAX)?;
    let memberships = people::memberships_of(conn, by, &[person])?;
    let stays: Vec<Stay> = memberships.iter().map(stay).collect();
    let held = [
        tenancy::held(conn, &stays)?,
        ledger::held(conn, &stays, by.now)?,
        rent::held(conn, &stays)?,
        payments::held(conn, &stays)?,
        cssa::held(conn, &stays)?,
        counter::held(conn, &stays)?,
        messages::held(conn, &stays)?,
        debited(conn, by, (person, &stays), reason.as_str())?,
        sign_in::held(conn, &stays)?,
        break_glass::held(conn, person, &stays)?,
        held::held(conn, person)?,
        vec![held::in_trail(conn, by, person, reason.as_str())?],
    ];
    Ok(Bundle {
        held: held.concat(),
        made_on: hong_kong_date(by.now),
        particulars: known.particulars.ok_or(PeopleError::Erased)?,
        memberships,
        views: views
            .into_iter()
            .map(|view| Seen::of(person, view))
            .collect(),
        requests: store::access::of(conn, person)?,
        corrections: claimed(conn, by, person, reason.as_str())?,
        request,
    })
}

/// The direct debits of somebody's households; that bank accounts were read is on record first.
fn debited(
    conn: &mut PgConnection,
    by: By<'_>,
    (person, stays): (PersonId, &[Stay]),
    purpose: &str,
) -> Result<Vec<Held>, PrivacyError> {
    let viewed = Viewed {
        person: person.as_uuid(),
        household: None,
        fields: &["debit_account"],
        purpose,
        request: None,
    };
    let held = autopay::held(conn, by.vault, stays)?;
    if held.iter().any(|part| !part.rows.is_empty()) {
        audit::viewed(conn, by.actor, &viewed, by.now)?;
    }
    Ok(held)
}

fn stay(membership: &Membership) -> Stay {
    Stay {
        household: membership.household,
        starts_on: membership.starts_on,
        ends_on: membership.ends_on,
        heads: membership.role == MemberRole::Head,
    }
}

/// Correction request `id` and what it claims, read for its decision.
pub(super) fn correction(
    conn: &mut PgConnection,
    by: By<'_>,
    id: Uuid,
) -> Result<Claimed, PrivacyError> {
    let request = store::correction::one(conn, id)?.ok_or(PrivacyError::NoSuchRequest)?;
    let claimed = claimed(conn, by, request.person, "correction request")?;
    let this = claimed.into_iter().find(|one| one.request.id == id);
    this.ok_or(PrivacyError::NoSuchRequest)
}

/// The correction requests of `person`; that their claims were read is on record first.
fn claimed(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    purpose: &str,
) -> Result<Vec<Claimed>, PrivacyError> {
    let requests = store::correction::of(conn, person)?;
    let sealed = store::claims(conn, person)?;
    let keys = by.vault.keys(conn, KeyClass::Identity, person.as_uuid())?;
    let viewed = Viewed {
        person: person.as_uuid(),
        household: None,
        fields: &["correction_claim"],
        purpose,
        request: None,
    };
    if !sealed.is_empty() {
        audit::viewed(conn, by.actor, &viewed, by.now)?;
    }
    let claim = |request: Request| {
        let own = sealed.iter().find(|(id, _)| *id == request.id);
        let opened = keys.as_ref().zip(own).map(|(keys, (id, cell))| {
            let text = keys.open(&claim_place(*id), cell)?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        });
        Ok(Claimed {
            claim: opened.transpose().map_err(PrivacyError::Vault)?,
            request,
        })
    };
    requests.into_iter().map(claim).collect()
}

/// Up to `rows` readings of the records of the caller's own household, after `after`, the
/// newest first: of those who belong to it today, since they joined it.
pub(super) fn of_household(
    conn: &mut PgConnection,
    by: By<'_>,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<Seen>, PrivacyError> {
    let Reach::Household(code) = by.reach else {
        return Err(PeopleError::NoSuchHousehold.into());
    };
    let members = people::members_today(conn, by, *code)?;
    let mut ids: Vec<PersonId> = members.iter().map(|stay| stay.person).collect();
    ids.sort_unstable();
    ids.dedup();
    let stays = people::memberships_of(conn, by, &ids)?;
    let mut seen = Vec::new();
    for person in ids {
        let joined = stays.iter().filter(|stay| stay.person == person);
        let Some(joined) = joined.map(|stay| stay.starts_on).min() else {
            continue;
        };
        let since = hong_kong_time(joined, 0);
        let views = audit::views_of(conn, person.as_uuid(), after, rows)?;
        let views = views.into_iter().take_while(|view| view.at >= since);
        seen.extend(views.map(|view| Seen::of(person, view)));
    }
    seen.sort_unstable_by_key(|one| std::cmp::Reverse((one.at, one.id)));
    seen.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    Ok(seen)
}
