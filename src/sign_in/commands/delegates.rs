//! Delegates: named by the household, ended by it.

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::{end_all, passkeys};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::sign_in::model::{Delegate, DelegateKind, SignInError};
use crate::sign_in::store::{delegates as store, links};

/// How long a delegate has to claim the invitation.
const CODE: TimeDelta = TimeDelta::days(7);

/// A delegate to name.
pub struct NewDelegate {
    pub kind: DelegateKind,
    pub scopes: Vec<String>,
    pub expires_on: NaiveDate,
    /// The digest of the code by which they claim it.
    pub code: Digest,
}

/// Names a delegate of `household`; `held` is what the household itself may do.
pub fn name(
    conn: &mut PgConnection,
    actor: &Actor,
    household: TenantCode,
    (new, held): (NewDelegate, &[&'static str]),
    now: DateTime<Utc>,
) -> Result<Delegate, SignInError> {
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() || scopes.iter().any(|scope| !held.contains(&scope.as_str())) {
        return Err(SignInError::Unfit(
            "a delegate may do a part of what you may",
        ));
    }
    let today = hong_kong_date(now);
    let last = today.checked_add_months(Months::new(12)).unwrap_or(today);
    if !(today..=last).contains(&new.expires_on) {
        return Err(SignInError::Unfit(
            "a delegate is named for up to twelve months",
        ));
    }
    let delegate = Delegate {
        id: Uuid::now_v7(),
        household,
        kind: new.kind,
        scopes,
        expires_on: new.expires_on,
        code_hash: Some(new.code.to_vec()),
        code_until: Some(now + CODE),
        granted_by: actor.as_str().to_owned(),
        granted_at: now,
        ended_at: None,
    };
    store::add(conn, &delegate)?;
    audit::record(conn, actor, "delegate.named", &delegate.id, now)?;
    Ok(delegate)
}

/// Ends delegate `id` of `household`, on every replica within a second.
pub fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    (household, id): (TenantCode, Uuid),
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    store::lock(conn, id)?
        .filter(|delegate| delegate.household == household && delegate.ended_at.is_none())
        .ok_or(SignInError::NotFound)?;
    store::end(conn, id, now)?;
    for link in links::of_delegate(conn, id)? {
        links::end(conn, link, now)?;
        passkeys::remove_all(conn, actor, link, now)?;
        end_all(conn, link, now)?;
    }
    audit::record(conn, actor, "delegate.ended", &id, now)?;
    Ok(())
}
