//! Forms filled by iAM Smart: asked for, arrived, collected once, erased.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::links::is_in_force;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::crypto::Digest;
use crate::platform::vault::{Cell, KeyClass, Padding, SealedColumn, Vault};
use crate::sign_in::identity_provider::Filled;
use crate::sign_in::model::{FormField, FormFilling, Session, SignInError};
use crate::sign_in::store::{forms as store, links, reach_all, sessions};

/// How long who was asked has to consent.
const CONSENT: TimeDelta = TimeDelta::minutes(10);
/// How long what arrived waits to be collected, from when it was asked for.
pub const KEPT: TimeDelta = TimeDelta::hours(1);

/// The sealed column of this slice: under a key of the identity that was asked.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "form_filling",
    column: "content",
    id: "id",
    // Written once.
    revision: None,
    subject: "link_id",
    class: KeyClass::Identity,
    grows_only: false,
}];

fn place(id: Uuid) -> Cell {
    Cell {
        table: "form_filling",
        column: "content",
        row: id,
        revision: 0,
    }
}

/// Records that whoever is signed in with `session` asks for `fields` of the identity with
/// `identity`, which must act for their household; none when it does not. `state` is the
/// digest of what the answer comes back with.
pub fn ask(
    conn: &mut PgConnection,
    session: &Session,
    (identity, state, fields): (Digest, Digest, &[FormField]),
    now: DateTime<Utc>,
) -> Result<Option<FormFilling>, SignInError> {
    let linked = links::of_identity(conn, identity)?
        .into_iter()
        .find(|link| Some(link.household) == session.household);
    let Some(link) = linked else { return Ok(None) };
    if !is_in_force(conn, &link, now)? {
        return Ok(None);
    }
    let asked = FormFilling {
        id: Uuid::now_v7(),
        state_hash: state.to_vec(),
        holder: session.principal,
        link_id: link.id,
        fields: fields.iter().map(ToString::to_string).collect(),
        asked_at: now,
        filled_at: None,
        content: None,
        collected_at: None,
    };
    store::add(conn, &asked)?;
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "form.asked", &asked.id, now)?;
    Ok(Some(asked))
}

/// Keeps what arrived, sealed; false when nobody waits for it. The first that arrives counts:
/// another after it changes nothing.
///
/// `identity` is the keyed hash of whose it says it is.
pub fn arrive(
    conn: &mut PgConnection,
    vault: &Vault,
    (filled, state, identity): (&Filled, Digest, Digest),
    now: DateTime<Utc>,
) -> Result<bool, SignInError> {
    // The state we gave out tells whose it is.
    reach_all(conn)?;
    let Some(asked) = store::lock_by_state(conn, state)? else {
        return Ok(false);
    };
    let link = links::link(conn, asked.link_id)?.filter(|link| link.ended_at.is_none());
    if link.is_none_or(|link| link.identity_hash != identity) {
        return Ok(false);
    }
    if asked.filled_at.is_some() {
        return Ok(true);
    }
    if now >= asked.asked_at + CONSENT {
        return Ok(false);
    }
    // What was not asked for is not kept.
    let kept: BTreeMap<&String, &String> = filled
        .fields
        .iter()
        .filter(|(name, _)| asked.fields.contains(name))
        .collect();
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&kept).map_err(SignInError::Form)?);
    // Two forms of one identity may arrive at once, and it gets one key.
    sessions::hold(conn, asked.link_id)?;
    let keys = match vault.keys(conn, KeyClass::Identity, asked.link_id)? {
        Some(keys) => keys,
        None => vault.create(conn, KeyClass::Identity, asked.link_id, now)?,
    };
    let sealed = keys.seal(&place(asked.id), &text, Padding::Multiple256)?;
    store::fill(conn, asked.id, &sealed, now)?;
    audit::record(
        conn,
        &Actor::program("sign-in"),
        "form.filled",
        &asked.id,
        now,
    )?;
    Ok(true)
}

/// What filled form `id` of `session`'s holder, who collects it once.
pub fn collect(
    conn: &mut PgConnection,
    vault: &Vault,
    (session, id): (&Session, Uuid),
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, String>, SignInError> {
    let asked = store::lock_own(conn, session.principal, id)?
        .filter(|asked| asked.collected_at.is_none() && now < asked.asked_at + KEPT)
        .ok_or(SignInError::NotFound)?;
    let sealed = asked
        .content
        .ok_or(SignInError::NotNow("it has not arrived"))?;
    let keys = vault.keys(conn, KeyClass::Identity, asked.link_id)?;
    let keys = keys.ok_or(SignInError::NotFound)?;
    let text = keys.open(&place(id), &sealed)?;
    let fields = serde_json::from_slice(&text).map_err(SignInError::Form)?;
    let actor = Actor::named(&session.subject());
    audit::record(conn, &actor, "form.collected", &id, now)?;
    store::collect(conn, id, now)?;
    Ok(fields)
}
