//! Outside identities: linked to households, signed in with.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::sessions::{Arrival, Opened, open};
use super::{end_all, passkeys};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::sign_in::model::{IdentityLink, SessionKind, SignInError};
use crate::sign_in::store::{delegates, links as store, reach_all};

/// For which of its links an identity signs in.
#[derive(Debug)]
pub enum Chosen {
    Signed(Box<Opened>),
    /// It is linked to nothing.
    Unknown,
    /// It is linked to several households and named none.
    Several,
}

/// Signs in with the identity with `hash`, for the household it named if it has several.
pub fn sign_in(
    conn: &mut PgConnection,
    hash: Digest,
    household: Option<TenantCode>,
    now: DateTime<Utc>,
) -> Result<Chosen, SignInError> {
    reach_all(conn)?;
    let mut links = store::of_identity(conn, hash)?;
    links.retain(|link| household.is_none_or(|code| link.household == code));
    let mut in_force = Vec::new();
    for link in links {
        if is_in_force(conn, &link, now)? {
            in_force.push(link);
        }
    }
    let link = match in_force.as_slice() {
        [] => return Ok(Chosen::Unknown),
        [link] => link,
        _ => return Ok(Chosen::Several),
    };
    let arrival = Arrival {
        kind: SessionKind::Link,
        principal: link.id,
        household: Some(link.household),
        device: None,
        // The page that began it, and the app on the phone.
        amr: &["mca"],
        passkey: None,
    };
    open(conn, &arrival, now).map(|opened| Chosen::Signed(Box::new(opened)))
}

/// Whether `link` still acts for its household.
pub(super) fn is_in_force(
    conn: &mut PgConnection,
    link: &IdentityLink,
    now: DateTime<Utc>,
) -> Result<bool, SignInError> {
    let Some(id) = link.delegate_id else {
        return Ok(true);
    };
    let delegate = delegates::delegate(conn, id)?;
    Ok(delegate.is_some_and(|delegate| {
        delegate.ended_at.is_none() && hong_kong_date(now) <= delegate.expires_on
    }))
}

/// Links the identity with `hash` to `household`.
pub fn add(
    conn: &mut PgConnection,
    actor: &Actor,
    (hash, household, delegate_id): (Digest, TenantCode, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<IdentityLink, SignInError> {
    let link = IdentityLink {
        id: Uuid::now_v7(),
        identity_hash: hash.to_vec(),
        household,
        delegate_id,
        linked_by: actor.as_str().to_owned(),
        linked_at: now,
        ended_at: None,
    };
    store::add(conn, &link)?;
    audit::record(conn, actor, "identity.linked", &link.id, now)?;
    Ok(link)
}

/// Links the identity with `hash` to the household that invited the holder of the code with
/// `code`; none when the code is not good.
pub fn claim(
    conn: &mut PgConnection,
    (hash, code): (Digest, Digest),
    now: DateTime<Utc>,
) -> Result<Option<IdentityLink>, SignInError> {
    reach_all(conn)?;
    let delegate = delegates::lock_by_code(conn, code)?.filter(|delegate| {
        delegate.ended_at.is_none() && delegate.code_until.is_some_and(|until| now < until)
    });
    let Some(delegate) = delegate else {
        return Ok(None);
    };
    delegates::claim(conn, delegate.id)?;
    let actor = Actor::named(&format!("delegate:{}", delegate.id));
    let of = (hash, delegate.household, Some(delegate.id));
    add(conn, &actor, of, now).map(Some)
}

/// Ends link `id` of `household`, and every session it opened.
pub fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    (household, id): (TenantCode, Uuid),
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    store::link(conn, id)?
        .filter(|link| link.household == household && link.ended_at.is_none())
        .ok_or(SignInError::NotFound)?;
    store::end(conn, id, now)?;
    audit::record(conn, actor, "identity.unlinked", &id, now)?;
    passkeys::remove_all(conn, actor, id, now)?;
    Ok(end_all(conn, id, now)?)
}
