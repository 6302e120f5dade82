//! Sessions: opened, refreshed, ended.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::platform::db::DbError;
use crate::platform::password::Secret;
use crate::sign_in::model::{Session, SessionEnd, SessionKind, SignInError, subject};
use crate::sign_in::rules::refresh::{Verdict, present};
use crate::sign_in::rules::session::{ended_by_one_more, lifetime};
use crate::sign_in::store::revocation::{self, Changed};
use crate::sign_in::store::{refresh, sessions as store};

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub kind: SessionKind,
    pub principal: Uuid,
    pub household: Option<TenantCode>,
    /// The kiosk or gateway at which they do.
    pub device: Option<Uuid>,
    /// What they proved it with (RFC 8176).
    pub amr: &'static [&'static str],
    /// The passkey, if it was one.
    pub passkey: Option<Uuid>,
}

/// A session and what its holder is given.
#[derive(Debug)]
pub struct Opened {
    pub session: Session,
    /// How long an access token is in force, in seconds.
    pub access: i64,
    pub refresh: Option<Secret>,
}

/// Opens a session; the caller's oldest ends if there would be too many.
pub fn open(
    conn: &mut PgConnection,
    arrival: &Arrival,
    now: DateTime<Utc>,
) -> Result<Opened, SignInError> {
    let life = lifetime(arrival.kind, arrival.device.is_some());
    store::hold(conn, arrival.principal)?;
    let open: Vec<Uuid> = store::open_of(conn, arrival.principal, now)?
        .into_iter()
        // At a device and elsewhere are counted apart: a kiosk ends nobody's phone session.
        .filter(|session| session.device_id.is_some() == arrival.device.is_some())
        .map(|session| session.id)
        .collect();
    for old in ended_by_one_more(&open, life.at_once) {
        end(conn, old, SessionEnd::Displaced, now)?;
    }
    // The next person at a kiosk must not find the last one's session.
    if let Some(device) = arrival.device {
        store::hold(conn, device)?;
        for old in store::open_at(conn, device, now)? {
            end(conn, old.id, SessionEnd::Displaced, now)?;
        }
    }
    let session = Session {
        id: Uuid::now_v7(),
        kind: arrival.kind,
        principal: arrival.principal,
        household: arrival.household,
        device_id: arrival.device,
        amr: arrival.amr.iter().map(|word| (*word).to_owned()).collect(),
        signed_in_at: now,
        stepped_up_at: None,
        ends_at: now + life.longest,
        ended_at: None,
        end_reason: None,
        passkey_id: arrival.passkey,
    };
    store::add(conn, &session)?;
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "session.opened", &session.id, now)?;
    let refresh = match life.idle {
        None => None,
        Some(_) => Some(first_token(conn, &session, now)?),
    };
    Ok(Opened {
        session,
        access: life.access,
        refresh,
    })
}

fn first_token(
    conn: &mut PgConnection,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Secret, SignInError> {
    let secret = Secret::fresh()?;
    let family = refresh::add_family(conn, session.id, now, session.ends_at)?;
    refresh::add(conn, family, secret.digest(), None, now)?;
    Ok(secret)
}

/// Changes the refresh token with `hash` for a new one; none when it is not good any more.
///
/// One that was used by two ends its session.
pub fn refresh(
    conn: &mut PgConnection,
    hash: Digest,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, SignInError> {
    let Some(held) = refresh::lock_family_of(conn, hash)? else {
        return Ok(None);
    };
    let session = store::session(conn, held.session)?.filter(|session| session.is_open(now));
    let Some(session) = session else {
        return Ok(None);
    };
    let life = lifetime(session.kind, session.device_id.is_some());
    let found = refresh::token(conn, hash)?;
    let idle = life.idle.unwrap_or_default();
    let verdict = present(found.presented, held.family, idle, now);
    let secret = match verdict {
        Verdict::Over => return Ok(None),
        Verdict::Reused => {
            let actor = Actor::named(&session.subject());
            audit::record(conn, &actor, "session.token_reused", &session.id, now)?;
            end(conn, session.id, SessionEnd::TokenReused, now)?;
            return Ok(None);
        }
        Verdict::Rotate | Verdict::Sibling => Secret::fresh()?,
    };
    let child = secret.digest();
    refresh::add(conn, held.id, child, Some(hash), now)?;
    if verdict == Verdict::Sibling {
        refresh::replace(conn, hash, found.child, child, now)?;
    } else {
        refresh::consume(conn, hash, child, now)?;
    }
    Ok(Some(Opened {
        session,
        access: life.access,
        refresh: Some(secret),
    }))
}

/// Ends session `id`, on every replica within a second; false when it had ended.
pub fn end(
    conn: &mut PgConnection,
    id: Uuid,
    reason: SessionEnd,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let Some(session) = store::session(conn, id)? else {
        return Ok(false);
    };
    if !store::end(conn, id, reason, now)? {
        return Ok(false);
    }
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "session.ended", &id, now)?;
    revocation::add(conn, Changed::Session(id), now)?;
    Ok(true)
}

/// Ends session `id` of the caller whose name is `owner`; false when there is none such.
pub fn end_own(
    conn: &mut PgConnection,
    owner: &Actor,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let own = store::session(conn, id)?
        .is_some_and(|session| session.is_open(now) && session.subject() == owner.as_str());
    if !own {
        return Ok(false);
    }
    end(conn, id, SessionEnd::SignedOut, now)
}

/// Ends the session that the refresh token with `hash` belongs to, if there is one.
pub fn revoke(conn: &mut PgConnection, hash: Digest, now: DateTime<Utc>) -> Result<(), DbError> {
    if let Some(session) = refresh::session_of(conn, hash)? {
        end(conn, session, SessionEnd::SignedOut, now)?;
    }
    Ok(())
}

/// Records that the holder of session `id` proved again who they are, for every replica.
pub fn step_up(
    conn: &mut PgConnection,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    store::step_up(conn, session.id, now)?;
    let actor = Actor::named(&subject(session.kind, session.principal));
    audit::record(conn, &actor, "session.stepped_up", &session.id, now)?;
    revocation::add(conn, Changed::Session(session.id), now)
}
