//! `Idempotency-Key`: the same request twice is done once.
//!
//! The key is claimed in the same transaction as the work. A concurrent duplicate waits on
//! the unique index until the first commits, then replays its answer; if the first rolls
//! back, so does its claim, and the next try does the work.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::problem::{Kind, Problem};
use crate::platform::auth::Actor;
use crate::platform::crypto::sha256;
use crate::platform::db::DbError;
use crate::platform::db::schema::idempotency_key as table;

const MISSING: Kind = Kind::new(
    "idempotency-key-missing",
    400,
    "The request needs an Idempotency-Key",
);
const REUSED: Kind = Kind::new(
    "idempotency-key-reused",
    422,
    "The key belongs to another request",
);

/// A client's name for one attempt to change something: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, IntoParams)]
#[into_params(names("Idempotency-Key"), parameter_in = Header)]
pub struct IdempotencyKey(#[param(pattern = "^[!-~]{1,64}$")] String);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request
            .headers()
            .get("Idempotency-Key")
            .and_then(|key| key.to_str().ok());
        let key = key.filter(|key| {
            (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        ready(key.map(|key| Self(key.to_owned())).ok_or_else(|| {
            Problem::new(MISSING).detail("Idempotency-Key: 1 to 64 visible ASCII characters")
        }))
    }
}

/// Why the work did not run.
#[derive(Debug, thiserror::Error)]
pub enum OnceError<E> {
    /// The key was spent on a different request.
    #[error("the idempotency key belongs to another request")]
    Reused,
    /// The stored answer no longer parses.
    #[error(transparent)]
    Stored(#[from] serde_json::Error),
    #[error(transparent)]
    Db(#[from] DbError),
    /// The work itself refused.
    #[error(transparent)]
    Work(E),
}

impl<E> From<diesel::result::Error> for OnceError<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl<E: Into<Problem>> From<OnceError<E>> for Problem {
    fn from(error: OnceError<E>) -> Self {
        match error {
            OnceError::Reused => Self::new(REUSED),
            OnceError::Stored(error) => Self::internal(error),
            OnceError::Db(error) => error.into(),
            OnceError::Work(error) => error.into(),
        }
    }
}

/// One attempt: who makes it, which operation it is, under which key.
pub struct Attempt<'a> {
    pub actor: &'a Actor,
    pub operation: &'static str,
    pub key: &'a IdempotencyKey,
}

/// Runs `work` unless this attempt already did; either way, returns the first answer.
///
/// `request` is everything the work depends on: path and body.
pub fn once<T, E>(
    conn: &mut PgConnection,
    attempt: &Attempt<'_>,
    request: &impl Serialize,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, OnceError<E>>
where
    T: Serialize + DeserializeOwned,
{
    let fingerprint = sha256(&[&serde_json::to_vec(request)?]).to_vec();
    let name = (
        attempt.actor.as_str(),
        attempt.operation,
        attempt.key.0.as_str(),
    );
    let claimed = diesel::insert_into(table::table)
        .values((
            table::actor.eq(name.0),
            table::operation.eq(name.1),
            table::key.eq(name.2),
            table::fingerprint.eq(&fingerprint),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let row = table::table.find(name);

    if claimed == 0 {
        let (spent_on, answer): (Vec<u8>, Option<serde_json::Value>) = row
            .select((table::fingerprint, table::answer))
            .first(conn)?;
        if spent_on != fingerprint {
            return Err(OnceError::Reused);
        }
        return Ok(serde_json::from_value(answer.unwrap_or_default())?);
    }

    let answer = work(conn).map_err(OnceError::Work)?;
    diesel::update(row)
        .set(table::answer.eq(serde_json::to_value(&answer)?))
        .execute(conn)?;
    Ok(answer)
}
