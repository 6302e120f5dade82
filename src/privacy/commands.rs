//! Requests received and decided. Each runs inside the caller's transaction, with the caller's
//! reach set in it.

use diesel::PgConnection;
use uuid::Uuid;

use super::erasure::claim_place;
use super::model::{Decision, Kind, PrivacyError, Refusal, Request, RequestState};
use super::{rules, store};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PersonId;
use crate::kernel::text::Line;
use crate::people::{self, By, Correction, PeopleError};
use crate::platform::audit::{self, Entry};
use crate::platform::crypto::hex;
use crate::platform::db::DbError;
use crate::platform::vault::{BlindIndex, IndexName, KeyClass, Padding, VaultError};

/// Puts on record that somebody asks for what is held on `person`.
pub fn ask_access(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
) -> Result<Request, PrivacyError> {
    people::on_record(conn, by, person)?;
    let request = received(by, person);
    store::access::add(conn, &request)?;
    record(conn, by, "privacy.access.requested", &request.id, person)?;
    Ok(request)
}

/// Decides access request `id`; `version` is what the caller read.
pub fn decide_access(
    conn: &mut PgConnection,
    by: By<'_>,
    (id, version): (Uuid, i32),
    decision: Decision,
) -> Result<Request, PrivacyError> {
    let request = store::access::lock(conn, id)?;
    let decided = decided(by, Kind::Access, request, version, decision)?;
    store::access::decide(conn, &decided)?;
    record(conn, by, "privacy.access.decided", &id, decided.person)?;
    Ok(decided)
}

/// Puts on record what `person` says is wrong.
pub fn ask_correction(
    conn: &mut PgConnection,
    by: By<'_>,
    person: PersonId,
    claim: &Line<500>,
) -> Result<Request, PrivacyError> {
    people::on_record(conn, by, person)?;
    let keys = by.vault.keys(conn, KeyClass::Identity, person.as_uuid())?;
    let keys = keys.ok_or(PeopleError::Erased)?;
    let request = received(by, person);
    let sealed = keys.seal(
        &claim_place(request.id),
        claim.as_str().as_bytes(),
        Padding::Multiple256,
    )?;
    store::correction::add(conn, &request)?;
    store::set_claim(conn, request.id, &sealed)?;
    let action = "privacy.correction.requested";
    record(conn, by, action, &request.id, person)?;
    Ok(request)
}

/// Makes the correction that request `id` asks for; `revision` is of the person.
pub fn make_correction(
    conn: &mut PgConnection,
    by: By<'_>,
    (id, version): (Uuid, i32),
    (revision, correction): (i32, Correction),
) -> Result<Request, PrivacyError> {
    let request = store::correction::lock(conn, id)?;
    let made = decided(by, Kind::Correction, request, version, Decision::Done)?;
    people::correct(conn, by, (made.person, revision), correction)?;
    store::correction::decide(conn, &made)?;
    record(conn, by, "privacy.correction.made", &id, made.person)?;
    Ok(made)
}

/// Refuses the correction that request `id` asks for. What it claims is kept, and goes with
/// the person's data from now on.
pub fn refuse_correction(
    conn: &mut PgConnection,
    by: By<'_>,
    (id, version): (Uuid, i32),
    reason: Refusal,
) -> Result<Request, PrivacyError> {
    let request = store::correction::lock(conn, id)?;
    let refusal = Decision::Refused(reason);
    let refused = decided(by, Kind::Correction, request, version, refusal)?;
    store::correction::decide(conn, &refused)?;
    record(conn, by, "privacy.correction.refused", &id, refused.person)?;
    Ok(refused)
}

/// A keyed digest of a claim, to tell the same request from another.
pub fn fingerprint(by: By<'_>, claim: &Line<500>) -> Result<String, VaultError> {
    const CLAIM: IndexName = IndexName {
        class: KeyClass::Identity,
        table: "correction_request",
        column: "claim",
        purpose: "fingerprint",
    };
    let BlindIndex(digest) = by.vault.index(CLAIM, claim.as_str().as_bytes())?;
    Ok(hex(&digest))
}

fn received(by: By<'_>, person: PersonId) -> Request {
    let today = hong_kong_date(by.now);
    Request {
        id: Uuid::now_v7(),
        person,
        received_on: today,
        due_on: rules::due_on(today),
        received_by: by.actor.as_str().to_owned(),
        state: RequestState::Received,
        refusal: None,
        decided_by: None,
        decided_at: None,
        version: 1,
    }
}

fn decided(
    by: By<'_>,
    kind: Kind,
    request: Option<Request>,
    version: i32,
    decision: Decision,
) -> Result<Request, PrivacyError> {
    let request = request.ok_or(PrivacyError::NoSuchRequest)?;
    if request.version != version {
        return Err(PrivacyError::Stale);
    }
    rules::decide(kind, request, decision, (by.actor.as_str(), by.now))
}

/// Records that the caller did `action` to `subject`, about `person`.
pub(super) fn record(
    conn: &mut PgConnection,
    by: By<'_>,
    action: &'static str,
    subject: &impl ToString,
    person: PersonId,
) -> Result<(), DbError> {
    let entry = Entry {
        person: Some(person.as_uuid()),
        ..Entry::of(by.actor, action, subject, by.now)
    };
    audit::add(conn, &entry)
}
