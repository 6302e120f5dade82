//! Legal holds, and erasure by two people.

use diesel::PgConnection;
use uuid::Uuid;

use super::commands::record;
use super::model::{ErasureOrder, ErasureReason, ErasureRequest, Hold, HoldReason, PrivacyError};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PersonId;
use crate::kernel::text::Line;
use crate::people::{self, By, PeopleError};
use crate::platform::auth::Actor;
use crate::platform::vault::{Cell, Erasure, KeyClass, SealedColumn, VaultError};

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
    if store::is_ordered(conn, person)? {
        return Err(PrivacyError::Ordered);
    }
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

/// Approves another's request that `person` be erased: it is ordered.
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
    let word = (approved.reason.as_str(), [&requester, by.actor]);
    order(conn, by, person, word)?;
    Ok(approved)
}

/// Orders that `person` be erased, on two people's word, unless they are under a hold.
/// [`carry_out`] does it in a transaction of its own, once this one is kept.
pub(super) fn order(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    (reason, approved_by): (&str, [&Actor; 2]),
) -> Result<(), PrivacyError> {
    if approved_by[0] == approved_by[1] {
        return Err(PrivacyError::OwnRequest);
    }
    store::hold_person(conn, person)?;
    if store::is_held(conn, person)? {
        return Err(PrivacyError::Held);
    }
    people::erasable(conn, by, person)?;
    let order = ErasureOrder {
        person,
        reason: reason.to_owned(),
        approved_by: approved_by.map(|one| one.as_str().to_owned()).to_vec(),
        ordered_at: by.now,
        done_at: None,
    };
    store::add_order(conn, &order)?;
    record(conn, by, "privacy.erasure.ordered", &person, person)?;
    Ok(())
}

/// Erases `person` as was ordered; says whether it was to be done still. Memberships name them
/// by id from now on, and what is sealed about them in the audit trail is unreadable.
pub(super) fn carry_out(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
) -> Result<Option<ErasureOrder>, PrivacyError> {
    let Some(order) = store::open_order(conn, person)? else {
        return Ok(None);
    };
    let [one, other] = order.approved_by.as_slice() else {
        return Err(PrivacyError::NotAsked);
    };
    let approved_by = [one, other].map(|name| Actor::named(name));
    store::forget_claims(conn, person)?;
    people::blank(conn, by, person)?;
    store::end_order(conn, person, by.now)?;
    // Last: from here on keys are gone, even when this transaction is given up. The order
    // stands then, and is carried out again.
    for class in [KeyClass::Identity, KeyClass::Audit] {
        let subject = person.as_uuid();
        // A restart after an earlier try got so far.
        if by.vault.erased(conn, class, subject)? {
            continue;
        }
        let erased = by.vault.erase(
            conn,
            &Erasure {
                class,
                subject,
                reason: &order.reason,
                approved_by: [&approved_by[0], &approved_by[1]],
                at: by.now,
            },
        );
        match erased {
            // Nothing was ever sealed of them.
            Err(VaultError::NoDataKey { .. }) => {}
            erased => erased?,
        }
    }
    Ok(Some(order))
}

/// Destroys the keys of bank account or file `subject`, on two people's word: it opens no more.
pub(super) fn forget_account(
    conn: &mut PgConnection,
    by: By<'_>,
    subject: Uuid,
    (reason, approved_by): (&str, [&Actor; 2]),
) -> Result<(), PrivacyError> {
    let erasure = Erasure {
        class: KeyClass::Finance,
        subject,
        reason,
        approved_by,
        at: by.now,
    };
    Ok(by.vault.erase(conn, &erasure)?)
}
