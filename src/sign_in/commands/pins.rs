//! PINs: tried and set.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::sessions::{Arrival, Opened, open};
use super::{end_all, passkeys};
use crate::kernel::tenant_code::TenantCode;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::sign_in::model::{SessionKind, SignInError};
use crate::sign_in::rules::lock::{Factor, guess};
use crate::sign_in::store::{pins as store, reach_all};

/// A guess at a PIN, as it was checked.
pub struct Tried {
    /// The hash it was checked against.
    pub hash: Option<String>,
    pub right: bool,
    /// The PIN hashed anew, when its hash is out of date.
    pub rehashed: Option<String>,
}

/// Signs in with `household`'s PIN; none when the guess is not accepted.
///
/// The row is locked before the guess counts: of many at once, five are looked at.
pub fn sign_in(
    conn: &mut PgConnection,
    household: TenantCode,
    tried: Tried,
    device: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, SignInError> {
    reach_all(conn)?;
    let Some(mut pin) = store::lock(conn, household)? else {
        return Ok(None);
    };
    // Checked against what is not the PIN any more.
    if tried.hash.as_ref() != Some(&pin.hash) {
        return Ok(None);
    }
    let (accepted, guesses) = guess(pin.guesses, tried.right, Factor::Pin, now);
    pin.guesses = guesses;
    if accepted {
        pin.hash = tried.rehashed.unwrap_or(pin.hash);
    }
    store::save(conn, &pin)?;
    if !accepted {
        if guesses.until.is_some() {
            let actor = Actor::program("sign-in");
            audit::record(conn, &actor, "pin.closed", &household, now)?;
        }
        return Ok(None);
    }
    let arrival = Arrival {
        kind: SessionKind::Pin,
        principal: pin.id,
        household: Some(household),
        device,
        amr: &["pin"],
        passkey: None,
    };
    open(conn, &arrival, now).map(Some)
}

/// Sets `household`'s PIN; whoever signed in with the old one is signed out, and the passkeys
/// that were enrolled with it are removed.
pub fn set(
    conn: &mut PgConnection,
    actor: &Actor,
    household: TenantCode,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<(), SignInError> {
    let id = store::set(conn, household, hash, actor.as_str(), now)?;
    audit::record(conn, actor, "pin.set", &household, now)?;
    passkeys::remove_all(conn, actor, id, now)?;
    Ok(end_all(conn, id, now)?)
}
