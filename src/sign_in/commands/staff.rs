//! Staff: signing in, accounts, roles.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::sessions::{Arrival, Opened, open};
use super::{end_all, passkeys};
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::sign_in::model::{NewRole, SessionKind, SignInError, StaffAccount, StaffRole, subject};
use crate::sign_in::rules::lock::{Factor, Guesses, guess};
use crate::sign_in::rules::staff::{STAFF_ROLES, four_eyes};
use crate::sign_in::store::revocation::{self, Changed};
use crate::sign_in::store::staff as store;
use crate::sign_in::store::staff::StaffSecrets;

/// A password and a one-time code, as they were checked.
pub struct Tried {
    /// The hash the password was checked against.
    pub hash: Option<String>,
    pub right: bool,
    /// The step whose code was sent, if it is one.
    pub step: Option<i64>,
    /// The password hashed anew, or the one it is changed for.
    pub rehashed: Option<String>,
    /// Whether it is changed for another.
    pub changed: bool,
}

/// What came of a sign-in.
pub enum Outcome {
    Signed(Box<Opened>),
    Refused,
    /// All was right, but the password was for once and no new one was given.
    MustChange,
}

/// Signs account `id` in.
pub fn sign_in(
    conn: &mut PgConnection,
    id: Uuid,
    tried: Tried,
    now: DateTime<Utc>,
) -> Result<Outcome, SignInError> {
    let Some(mut secrets) = store::lock_secrets(conn, id)? else {
        return Ok(Outcome::Refused);
    };
    // Checked against what is not the password any more.
    if secrets.ended || tried.hash.is_none() || tried.hash != secrets.password_hash {
        return Ok(Outcome::Refused);
    }
    let step_before = secrets.totp_step;
    let (password, guesses) = guess(secrets.password, tried.right, Factor::Other, now);
    secrets.password = guesses;
    // Who does not know the password does not get to guess codes.
    let accepted = password && try_code(&mut secrets, tried.step, now);
    let must_change = secrets.must_change && !tried.changed;
    if accepted && must_change {
        // The code serves for the next try, with a new password.
        secrets.totp_step = step_before;
    } else if accepted {
        secrets.password_hash = tried.rehashed.or(secrets.password_hash);
        secrets.must_change = false;
    }
    store::save_secrets(conn, &secrets)?;
    if !accepted {
        return Ok(Outcome::Refused);
    }
    if must_change {
        return Ok(Outcome::MustChange);
    }
    if tried.changed {
        let actor = Actor::named(&subject(SessionKind::Staff, id));
        audit::record(conn, &actor, "staff.password_changed", &id, now)?;
        end_all(conn, id, now)?;
    }
    let arrival = Arrival {
        kind: SessionKind::Staff,
        principal: id,
        household: None,
        device: None,
        amr: &["pwd", "otp", "mfa"],
        passkey: None,
    };
    let opened = open(conn, &arrival, now)?;
    Ok(Outcome::Signed(Box::new(opened)))
}

/// Whether the code of `step` is accepted; a wrong one is counted.
fn try_code(secrets: &mut StaffSecrets, step: Option<i64>, now: DateTime<Utc>) -> bool {
    let step = step.filter(|step| *step > secrets.totp_step);
    let (accepted, guesses) = guess(secrets.totp, step.is_some(), Factor::Other, now);
    secrets.totp = guesses;
    if let Some(step) = step.filter(|_| accepted) {
        secrets.totp_step = step;
    }
    accepted
}

/// Whether the code of `step` proves again that account `id` is who it was.
pub fn prove(
    conn: &mut PgConnection,
    id: Uuid,
    step: Option<i64>,
    now: DateTime<Utc>,
) -> Result<bool, SignInError> {
    let Some(mut secrets) = store::lock_secrets(conn, id)? else {
        return Ok(false);
    };
    let accepted = !secrets.ended && try_code(&mut secrets, step, now);
    store::save_secrets(conn, &secrets)?;
    Ok(accepted)
}

/// Adds an account; nobody can sign in to it until its secrets are issued.
pub fn create(
    conn: &mut PgConnection,
    actor: &Actor,
    login: &str,
    now: DateTime<Utc>,
) -> Result<StaffAccount, SignInError> {
    let account = StaffAccount {
        id: Uuid::now_v7(),
        login: login.to_owned(),
        must_change: true,
        created_at: now,
        created_by: actor.as_str().to_owned(),
        ended_at: None,
        version: 1,
    };
    store::add(conn, &account)?;
    audit::record(conn, actor, "staff.created", &account.id, now)?;
    Ok(account)
}

/// Gives account `id` a one-time password (hashed) and a new seed (wrapped), forgets every
/// wrong guess, removes its passkeys, and signs it out.
pub fn reset(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
    (password_hash, totp_seed): (String, Vec<u8>),
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    let secrets = store::lock_secrets(conn, id)?.ok_or(SignInError::NotFound)?;
    if secrets.ended {
        return Err(SignInError::NotNow("the account has ended"));
    }
    if actor.as_str() == subject(SessionKind::Staff, id) {
        return Err(SignInError::FourEyes);
    }
    let issued = StaffSecrets {
        password_hash: Some(password_hash),
        must_change: true,
        totp_seed: Some(totp_seed),
        totp_step: 0,
        password: Guesses::default(),
        totp: Guesses::default(),
        ..secrets
    };
    store::save_secrets(conn, &issued)?;
    audit::record(conn, actor, "staff.secrets_issued", &id, now)?;
    passkeys::remove_all(conn, actor, id, now)?;
    Ok(end_all(conn, id, now)?)
}

/// Ends account `id`; `version` is what the caller read.
pub fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (Uuid, i32),
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    let account = store::lock(conn, id)?.ok_or(SignInError::NotFound)?;
    if account.version != version {
        return Err(SignInError::Stale);
    }
    if account.ended_at.is_some() {
        return Err(SignInError::NotNow("the account has ended"));
    }
    store::end(conn, id, now)?;
    audit::record(conn, actor, "staff.ended", &id, now)?;
    passkeys::remove_all(conn, actor, id, now)?;
    Ok(end_all(conn, id, now)?)
}

/// Asks for a role for account `id`; it gives nothing until someone else approves it.
pub fn request_role(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
    new: &NewRole,
    now: DateTime<Utc>,
) -> Result<StaffRole, SignInError> {
    let account = store::lock(conn, id)?.ok_or(SignInError::NotFound)?;
    if account.ended_at.is_some() {
        return Err(SignInError::NotNow("the account has ended"));
    }
    if !STAFF_ROLES.contains(&new.role) {
        return Err(SignInError::Unfit("the role is not one of staff"));
    }
    if new.valid_to.is_some_and(|to| to < new.valid_from) {
        return Err(SignInError::Unfit("a posting ends after it starts"));
    }
    let estates = new.estates.as_ref();
    if estates.is_some_and(|estates| !(1..=400).contains(&estates.len())) {
        return Err(SignInError::Unfit("a posting is to 1 to 400 estates"));
    }
    let role = StaffRole {
        id: Uuid::now_v7(),
        staff_id: id,
        role: new.role,
        estates: estates.map(|estates| estates.iter().map(|id| id.as_uuid()).collect()),
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        granted_by: actor.as_str().to_owned(),
        granted_at: now,
        approved_by: None,
        approved_at: None,
        ended_at: None,
    };
    store::add_role(conn, &role)?;
    audit::record(conn, actor, "staff.role_requested", &role.id, now)?;
    Ok(role)
}

/// Approves role `id`, which someone else asked for; it is in force on every replica within a
/// second.
pub fn approve_role(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<StaffRole, SignInError> {
    let role = store::lock_role(conn, id)?.ok_or(SignInError::NotFound)?;
    if role.approved_at.is_some() || role.ended_at.is_some() {
        return Err(SignInError::NotNow("the role is not waiting for approval"));
    }
    let holder = subject(SessionKind::Staff, role.staff_id);
    if !four_eyes(&role.granted_by, &holder, actor.as_str()) {
        return Err(SignInError::FourEyes);
    }
    store::approve_role(conn, id, actor.as_str(), now)?;
    audit::record(conn, actor, "staff.role_approved", &id, now)?;
    revocation::add(conn, Changed::Principal(role.staff_id), now)?;
    Ok(StaffRole {
        approved_by: Some(actor.as_str().to_owned()),
        approved_at: Some(now),
        ..role
    })
}

/// Ends role `id`, on every replica within a second.
pub fn end_role(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<StaffRole, SignInError> {
    let role = store::lock_role(conn, id)?.ok_or(SignInError::NotFound)?;
    if role.ended_at.is_some() {
        return Err(SignInError::NotNow("the role has ended"));
    }
    store::end_role(conn, id, now)?;
    audit::record(conn, actor, "staff.role_ended", &id, now)?;
    revocation::add(conn, Changed::Principal(role.staff_id), now)?;
    Ok(StaffRole {
        ended_at: Some(now),
        ..role
    })
}
