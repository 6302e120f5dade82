//! Passkeys: enrolled, signed in with, removed.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::links::is_in_force;
use super::sessions::{Arrival, Opened, end, open, step_up as stepped_up};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::sign_in::model::{
    CeremonyPurpose, Passkey, Session, SessionEnd, SessionKind, SignInError,
};
use crate::sign_in::relying_party::{Asked, Assertion, RelyingParty, named};
use crate::sign_in::rules::session::lifetime;
use crate::sign_in::store::{links, passkeys as store, reach_all, sessions, staff};

/// Nobody needs more; more are someone else's.
const MOST: usize = 10;

/// What an authenticator is to be asked for.
pub enum Wanted {
    /// A proof of whoever comes.
    SignIn,
    /// A new proof of whoever is signed in.
    StepUp(Session),
    /// A new passkey of whoever is signed in.
    Enrolment(Session),
}

/// Asks for what is wanted; `handle` is the digest of what the answer comes back with.
pub fn begin(
    conn: &mut PgConnection,
    party: &RelyingParty,
    (wanted, handle): (&Wanted, Digest),
    now: DateTime<Utc>,
) -> Result<Asked, SignInError> {
    let (what, asked) = match wanted {
        Wanted::SignIn => ((CeremonyPurpose::SignIn, None), party.ask(&[])?),
        Wanted::StepUp(session) => (
            (CeremonyPurpose::StepUp, Some(session.id)),
            party.ask(&known(conn, session.principal)?)?,
        ),
        Wanted::Enrolment(session) => {
            let name = shown_as(conn, session)?;
            let known = known(conn, session.principal)?;
            (
                (CeremonyPurpose::Enrol, Some(session.id)),
                party.enrol(session.principal, &name, known)?,
            )
        }
    };
    store::begin(conn, handle, what, &asked.kept, now)?;
    Ok(asked)
}

/// What an authenticator shows of whose passkey it is.
fn shown_as(conn: &mut PgConnection, session: &Session) -> Result<String, SignInError> {
    if session.device_id.is_some() {
        return Err(SignInError::NotNow(
            "a passkey is enrolled on one's own device",
        ));
    }
    match (session.kind, session.household) {
        (SessionKind::Staff, _) => staff::account(conn, session.principal)?
            .map(|account| account.login)
            .ok_or(SignInError::NotFound),
        (SessionKind::Pin | SessionKind::Link, Some(household)) => Ok(household.to_string()),
        _ => Err(SignInError::NotFound),
    }
}

fn known(conn: &mut PgConnection, holder: Uuid) -> Result<Vec<Vec<u8>>, DbError> {
    let own = store::of(conn, holder)?.into_iter();
    Ok(own.map(|passkey| passkey.credential_id).collect())
}

/// Enrols the passkey that was made, under a name; none when the answer is not to what was
/// asked of this session.
pub fn enrol(
    conn: &mut PgConnection,
    party: &RelyingParty,
    session: &Session,
    (handle, name, answer): (Digest, String, &RegisterPublicKeyCredential),
    now: DateTime<Utc>,
) -> Result<Option<Passkey>, SignInError> {
    let what = (CeremonyPurpose::Enrol, Some(session.id));
    let Some(kept) = store::take(conn, handle, what, now)? else {
        return Ok(None);
    };
    let Some(made) = party.enrolled(kept, answer)? else {
        return Ok(None);
    };
    sessions::hold(conn, session.principal)?;
    if store::of(conn, session.principal)?.len() >= MOST {
        return Err(SignInError::NotNow("you have ten passkeys: remove one"));
    }
    let passkey = Passkey {
        id: Uuid::now_v7(),
        holder_kind: session.kind,
        holder: session.principal,
        household: session.household,
        name,
        credential_id: made.credential_id,
        credential: made.credential,
        enrolled_at: now,
        used_at: None,
    };
    if !store::add(conn, &passkey)? {
        return Ok(None);
    }
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "passkey.enrolled", &passkey.id, now)?;
    Ok(Some(passkey))
}

/// What an authenticator answered, and the digest of the handle of what it was asked.
pub struct Answer {
    pub handle: Digest,
    pub credential: Box<PublicKeyCredential>,
}

/// Signs in the holder of the passkey that answered; none when the answer is not good.
pub fn sign_in(
    conn: &mut PgConnection,
    party: &RelyingParty,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, SignInError> {
    let what = (CeremonyPurpose::SignIn, None);
    // What the passkey belongs to tells the reach.
    reach_all(conn)?;
    // The authenticator must say whose it is: nobody else has.
    let whose = |passkey: &Passkey| named(&answer.credential) == Some(passkey.holder);
    let Some((passkey, hardware)) = proven(conn, party, answer, (what, &whose), now)? else {
        return Ok(None);
    };
    if !may(conn, &passkey, now)? {
        return Ok(None);
    }
    let arrival = Arrival {
        kind: passkey.holder_kind,
        principal: passkey.holder,
        household: passkey.household,
        device: None,
        amr: if hardware {
            &["hwk", "mfa"]
        } else {
            &["swk", "mfa"]
        },
        passkey: Some(passkey.id),
    };
    open(conn, &arrival, now).map(Some)
}

/// Takes the answer for a new proof of whoever is signed in with `session`; none when it is
/// not good or another's.
pub fn step_up(
    conn: &mut PgConnection,
    party: &RelyingParty,
    (session, answer): (Session, &Answer),
    now: DateTime<Utc>,
) -> Result<Option<Opened>, SignInError> {
    let what = (CeremonyPurpose::StepUp, Some(session.id));
    let whose = |passkey: &Passkey| {
        passkey.holder == session.principal
            && named(&answer.credential).is_none_or(|named| named == passkey.holder)
    };
    if proven(conn, party, answer, (what, &whose), now)?.is_none() {
        return Ok(None);
    }
    stepped_up(conn, &session, now)?;
    Ok(Some(Opened {
        access: lifetime(session.kind, session.device_id.is_some()).access,
        session,
        refresh: None,
    }))
}

/// The passkey that answered what was asked, if it is of whom it must be, and whether it
/// cannot leave its authenticator.
///
/// The row is locked before its counter is looked at: of two answers at once, one is later.
fn proven(
    conn: &mut PgConnection,
    party: &RelyingParty,
    answer: &Answer,
    (what, whose): (store::For, &dyn Fn(&Passkey) -> bool),
    now: DateTime<Utc>,
) -> Result<Option<(Passkey, bool)>, SignInError> {
    let Some(kept) = store::take(conn, answer.handle, what, now)? else {
        return Ok(None);
    };
    let id = answer.credential.get_credential_id();
    let Some(passkey) = store::lock_by_credential(conn, id)?.filter(whose) else {
        return Ok(None);
    };
    match party.weigh(kept, &answer.credential, passkey.credential.clone())? {
        Assertion::Proven {
            credential,
            hardware,
        } => {
            store::used(conn, passkey.id, &credential, now)?;
            Ok(Some((passkey, hardware)))
        }
        Assertion::WentBack => {
            let actor = Actor::program("sign-in");
            audit::record(conn, &actor, "passkey.counter_went_back", &passkey.id, now)?;
            Ok(None)
        }
        Assertion::Refused => Ok(None),
    }
}

/// Whether the credential that `passkey` belongs to is still good.
fn may(
    conn: &mut PgConnection,
    passkey: &Passkey,
    now: DateTime<Utc>,
) -> Result<bool, SignInError> {
    Ok(match passkey.holder_kind {
        SessionKind::Staff => {
            staff::account(conn, passkey.holder)?.is_some_and(|account| account.ended_at.is_none())
        }
        SessionKind::Pin => true,
        SessionKind::Link => {
            let link = links::link(conn, passkey.holder)?.filter(|link| link.ended_at.is_none());
            match link {
                Some(link) => is_in_force(conn, &link, now)?,
                None => false,
            }
        }
        SessionKind::Device | SessionKind::Client => false,
    })
}

/// Removes passkey `id` of `session`'s holder, and ends every session it opened.
pub fn remove(
    conn: &mut PgConnection,
    session: &Session,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    if !store::remove(conn, session.principal, id)? {
        return Err(SignInError::NotFound);
    }
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "passkey.removed", &id, now)?;
    sessions::hold(conn, session.principal)?;
    for opened in sessions::open_of(conn, session.principal, now)? {
        if opened.passkey_id == Some(id) {
            end(conn, opened.id, SessionEnd::CredentialChanged, now)?;
        }
    }
    Ok(())
}

/// Removes every passkey of `holder`, whose credential was withdrawn or issued anew.
pub fn remove_all(
    conn: &mut PgConnection,
    actor: &Actor,
    holder: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    for passkey in store::of(conn, holder)? {
        store::remove(conn, holder, passkey.id)?;
        audit::record(conn, actor, "passkey.removed", &passkey.id, now)?;
    }
    Ok(())
}
