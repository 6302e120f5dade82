//! The first credentials: of the first administrator, and of every kind of caller in a demo.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::commands::staff as commands;
use super::model::{NewRole, SignInError};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::EstateId;
use crate::kernel::role::Role;
use crate::platform::auth::Actor;
use crate::platform::password::{
    Cost, Remembered, TotpSeed, Wrapper, hash_now, otpauth_uri, random,
};

/// What a member of staff is given to sign in with.
pub struct Issued {
    /// For one sign-in, which must bring a new one.
    pub password: Remembered,
    pub totp_uri: Remembered,
}

/// A one-time password and an authenticator seed for account `id`, and the seed as it is kept.
pub fn secrets(wrapper: &Wrapper, id: Uuid, login: &str) -> Result<(Issued, Vec<u8>), SignInError> {
    let seed = TotpSeed::fresh()?;
    let kept = wrapper.wrap(&["totp_seed", &id.to_string()], seed.bytes())?;
    let remembered = |text: String| {
        Remembered::try_from(text).map_err(|_| SignInError::Unfit("a secret cannot be made"))
    };
    let issued = Issued {
        password: remembered(URL_SAFE_NO_PAD.encode(random::<15>()?))?,
        totp_uri: remembered(otpauth_uri("Kaifong", login, &seed))?,
    };
    Ok((issued, kept))
}

/// A role to give to an account made on the command line.
pub struct Posting {
    pub role: Role,
    /// Absent: everywhere.
    pub estates: Option<Vec<EstateId>>,
}

/// Makes an account that signs in with `password`, for a demo; its seed and the seed's address.
pub(super) fn issue(
    conn: &mut PgConnection,
    wrapper: &Wrapper,
    by: [&Actor; 2],
    (login, posting, password): (&str, Posting, Remembered),
    now: DateTime<Utc>,
) -> Result<(TotpSeed, String), SignInError> {
    let cost = store::cost(conn, "staff", now)?;
    administrator(conn, wrapper, by, (login, posting), now)?;
    let account = store::staff::by_login(conn, login)?.ok_or(SignInError::NotFound)?;
    let seed = TotpSeed::fresh()?;
    let place = account.id.to_string();
    let settled = store::staff::StaffSecrets {
        password_hash: Some(hash_now(&password, cost)?),
        must_change: false,
        totp_seed: Some(wrapper.wrap(&["totp_seed", &place], seed.bytes())?),
        ..account
    };
    store::staff::save_secrets(conn, &settled)?;
    let uri = otpauth_uri("Kaifong", login, &seed);
    Ok((seed, uri))
}

/// Makes an account with a role, by `actor` and approved by `approver`: for whoever runs the
/// program, when nobody could sign in yet to do it.
pub fn administrator(
    conn: &mut PgConnection,
    wrapper: &Wrapper,
    [actor, approver]: [&Actor; 2],
    (login, posting): (&str, Posting),
    now: DateTime<Utc>,
) -> Result<Issued, SignInError> {
    let cost: Cost = store::cost(conn, "staff", now)?;
    let account = commands::create(conn, actor, login, now)?;
    let (issued, seed) = secrets(wrapper, account.id, login)?;
    let hash = hash_now(&issued.password, cost)?;
    commands::reset(conn, actor, account.id, (hash, seed), now)?;
    let new = NewRole {
        role: posting.role,
        estates: posting.estates,
        valid_from: hong_kong_date(now),
        valid_to: None,
    };
    let role = commands::request_role(conn, actor, account.id, &new, now)?;
    commands::approve_role(conn, approver, role.id, now)?;
    Ok(issued)
}
