//! Legal holds, and erasure by two people.

use diesel::PgConnection;
use uuid::Uuid;

use super::commands::record;
use super::model::{ErasureReason, ErasureRequest, Hold, HoldReason, PrivacyError};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PersonId;
use crate::kernel::text::Line;
use crate::people::{self, By, PeopleError};
use crate::platform::auth::Actor;
use crate::platform::vault::{Cell, Erasure, KeyClass, SealedColumn};

const TABLE: &str = "correction_request";
const CLAIM: &str = "claim";

/// The sealed column of this slice.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: TABLE,
    column: CLAIM,
    id: "id",
    // Written once.
    revision: None,
    subject: "person",
    class: KeyClass::Identity,
    grows_only: false,
}];

/// Where the claim of correction request `id` is.
pub(super) fn claim_place(id: Uuid) -> Cell {
    Cell {
        table: TABLE,
        column: CLAIM,
        row: id,
        revision: 0,
    }
}

/// Puts `person` under a hold.
pub(super) fn set_hold(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    (reason, case_ref): (HoldReason, &Line<64>),
) -> Result<Hold, PrivacyError> {
    people::on_record(conn, by, person)?;
    store::hold_person(conn, person)?;
    let hold = Hold {
        id: Uuid::now_v7(),
        person,
        reason,
        case_ref: case_ref.as_str().to_owned(),
        set_by: by.actor.as_str().to_owned(),
        set_at: by.now,
        lifted_by: None,
        lifted_at: None,
        version: 1,
    };
    store::add_hold(conn, &hold)?;
    record(conn, by, "privacy.hold.set", &hold.id, person)?;
    Ok(hold)
}

/// Lifts hold `id`; `version` is what the caller read.
pub(super) fn lift_hold(
    conn: &mut PgConnection,
    by: By<'_>,
    (id, version): (Uuid, i32),
) -> Result<Hold, PrivacyError> {
    let hold = store::hold(conn, id)?.ok_or(PrivacyError::NoSuchHold)?;
    if hold.version != version {
        return Err(PrivacyError::Stale);
    }
    if hold.lifted_at.is_some() {
        return Err(PrivacyError::Lifted);
    }
    let lifted = Hold {
        lifted_by: Some(by.actor.as_str().to_owned()),
        lifted_at: Some(by.now),
        version: hold.version.saturating_add(1),
        ..hold
    };
    store::lift(conn, &lifted)?;
    record(conn, by, "privacy.hold.lifted", &id, lifted.person)?;
    Ok(lifted)
}

/// Asks that `person` be erased.
pub(super) fn ask(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    reason: ErasureReason,
) -> Result<ErasureRequest, PrivacyError> {
    people::on_record(conn, by, person)?;
    let stays = people::memberships_of(conn, by, &[person])?;
    let today = hong_kong_date(by.now);
    if stays.iter().any(|stay| !stay.is_over(today)) {
        return Err(PeopleError::StillMember.into());
    }
    if store::is_held(conn, person)? {
        return Err(PrivacyError::Held);
    }
    let asked = ErasureRequest {
        id: Uuid::now_v7(),
        person,
        reason,
        requested_by: by.actor.as_str().to_owned(),
        requested_at: by.now,
        approved_by: None,
        approved_at: None,
    };
    store::add_erasure(conn, &asked)?;
    record(conn, by, "privacy.erasure.requested", &asked.id, person)?;
    Ok(asked)
}

/// Approves another's request that `person` be erased: they are.
pub(super) fn approve(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
) -> Result<ErasureRequest, PrivacyError> {
    people::known(conn, by, person)?;
    let asked = store::open_erasure(conn, person)?.ok_or(PrivacyError::NotAsked)?;
    if asked.requested_by == by.actor.as_str() {
        return Err(PrivacyError::OwnRequest);
    }
    let approved = ErasureRequest {
        approved_by: Some(by.actor.as_str().to_owned()),
        approved_at: Some(by.now),
        ..asked
    };
    store::approve_erasure(conn, &approved)?;
    record(conn, by, "privacy.erasure.approved", &approved.id, person)?;
    let requester = Actor::named(&approved.requested_by);
    erase(
        conn,
        by,
        person,
        (approved.reason.as_str(), [&requester, by.actor]),
    )?;
    Ok(approved)
}

/// Erases `person` on two people's word, unless they are under a hold. Memberships name them
/// by id from now on, and what is sealed about them in the audit trail is unreadable.
pub(super) fn erase(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    (reason, approved_by): (&str, [&Actor; 2]),
) -> Result<(), PrivacyError> {
    store::hold_person(conn, person)?;
    if store::is_held(conn, person)? {
        return Err(PrivacyError::Held);
    }
    store::forget_claims(conn, person)?;
    let (class, subject) = (KeyClass::Audit, person.as_uuid());
    let in_trail = by.vault.keys(conn, class, subject)?.is_some();
    // From here on keys are gone, even when this transaction is given up.
    people::erase(conn, by, person, (reason, approved_by))?;
    if in_trail {
        by.vault.erase(
            conn,
            &Erasure {
                class,
                subject,
                reason,
                approved_by,
                at: by.now,
            },
        )?;
    }
    Ok(())
}
