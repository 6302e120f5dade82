//! One's own passkeys: enrolled, listed, removed; and what authenticators are asked.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::grants::{EVERYONE, ONE_KEY};
use super::{ChangePasskeys, OwnPasskeys, OwnSession, REFUSED, UNFIT};
use crate::app::App;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;
use crate::platform::limits::Bucket;
use crate::platform::password::{Remembered, Secret};
use crate::sign_in::commands::passkeys::{self as commands, Wanted};
use crate::sign_in::model::{Passkey, Session, SignInError};
use crate::sign_in::store;

/// How long what a holder calls a passkey may be.
const LONGEST_NAME: usize = 64;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(begin_passkey_sign_in)
        .service(begin_passkey_step_up)
        .service(begin_passkey_enrolment)
        .service(enrol_passkey)
        .service(list_passkeys)
        .service(remove_passkey);
}

/// What to ask the authenticator, within two minutes.
#[derive(Debug, Serialize, ToSchema)]
struct CeremonyOut {
    /// Sent back with the authenticator's answer; serves once.
    ceremony: String,
    /// What `navigator.credentials.create` or `.get` is given (W3C Web Authentication, JSON
    /// with base64url).
    #[schema(value_type = Object)]
    options: Value,
}

/// What the authenticator made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyIn {
    ceremony: Remembered,
    /// What its holder calls it.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// What `navigator.credentials.create` gave, `toJSON()`.
    #[schema(value_type = Object)]
    credential: Box<RegisterPublicKeyCredential>,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
struct PasskeyOut {
    id: Uuid,
    name: String,
    enrolled_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PasskeysOut {
    items: Vec<PasskeyOut>,
}

impl From<Passkey> for PasskeyOut {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            enrolled_at: passkey.enrolled_at,
            used_at: passkey.used_at,
        }
    }
}

/// Begin to sign in by a passkey: the same for everyone.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 200, body = CeremonyOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
#[post("/auth/passkey-sign-in")]
async fn begin_passkey_sign_in(app: Data<App>) -> Result<Json<CeremonyOut>, Problem> {
    let flood = vec![Bucket::of("passkey-begun", "", EVERYONE)];
    app.sign_in.take(flood).await?;
    begun(&app, Wanted::SignIn).await
}

/// Begin to prove again, by a passkey, who one is.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 200, body = CeremonyOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["session:own"])),
)]
#[post("/auth/passkey-step-up")]
async fn begin_passkey_step_up(
    app: Data<App>,
    caller: Authorized<OwnSession>,
) -> Result<Json<CeremonyOut>, Problem> {
    let session = signed_in(&app, caller.session).await?;
    flood_of(&app, &session).await?;
    begun(&app, Wanted::StepUp(session)).await
}

/// Begin to enrol a passkey, soon after a proof of who one is.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 200, body = CeremonyOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["passkey:own"])),
)]
#[post("/passkey-enrolments")]
async fn begin_passkey_enrolment(
    app: Data<App>,
    caller: Authorized<ChangePasskeys>,
) -> Result<Json<CeremonyOut>, Problem> {
    let session = signed_in(&app, caller.session).await?;
    flood_of(&app, &session).await?;
    begun(&app, Wanted::Enrolment(session)).await
}

/// Enrol the passkey that the authenticator made.
///
/// Whoever holds it signs in as who enrolled it did, until it is removed or the credential it
/// was enrolled with ends.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = PasskeyOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["passkey:own"])),
)]
#[post("/passkeys")]
async fn enrol_passkey(
    app: Data<App>,
    caller: Authorized<ChangePasskeys>,
    body: Json<PasskeyIn>,
) -> Result<HttpResponse, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let body = body.into_inner();
    let name = name(&body.name)?;
    let (party, now) = (Arc::clone(&app.sign_in.relying_party), app.clock.now());
    let enrolled = app.db.write(move |conn| {
        let made = (body.ceremony.digest(), name, &*body.credential);
        commands::enrol(conn, &party, &session, made, now)
    });
    let enrolled = enrolled.await?.ok_or_else(|| Problem::new(REFUSED))?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/passkeys/{}", enrolled.id)))
        .json(PasskeyOut::from(enrolled)))
}

/// List one's own passkeys, oldest first.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, body = PasskeysOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["passkey:own"])),
)]
#[get("/passkeys")]
async fn list_passkeys(
    app: Data<App>,
    caller: Authorized<OwnPasskeys>,
) -> Result<Json<PasskeysOut>, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let found = app
        .db
        .query(move |conn| store::passkeys::of(conn, session.principal));
    let items = found.await?.into_iter().map(PasskeyOut::from).collect();
    Ok(Json(PasskeysOut { items }))
}

/// Remove one of one's own passkeys, and end every session it opened.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)),
    security(("bearer" = ["passkey:own"])),
)]
#[delete("/passkeys/{id}")]
async fn remove_passkey(
    app: Data<App>,
    caller: Authorized<ChangePasskeys>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let now = app.clock.now();
    app.db
        .write(move |conn| commands::remove(conn, &session, *id, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's session; operators have none, and nothing of their own.
pub(super) async fn signed_in(app: &App, id: Option<Uuid>) -> Result<Session, Problem> {
    let id = id.ok_or_else(Problem::not_found)?;
    let session = app.db.query(move |conn| store::sessions::session(conn, id));
    session.await?.ok_or_else(Problem::not_found)
}

async fn flood_of(app: &App, session: &Session) -> Result<(), Problem> {
    let one = Bucket::of("passkey-begun", &session.principal.to_string(), ONE_KEY);
    app.sign_in.take(vec![one]).await
}

async fn begun(app: &App, wanted: Wanted) -> Result<Json<CeremonyOut>, Problem> {
    let handle = Secret::fresh().map_err(SignInError::from)?;
    let (party, now) = (Arc::clone(&app.sign_in.relying_party), app.clock.now());
    let digest = handle.digest();
    let asked = app
        .db
        .write(move |conn| commands::begin(conn, &party, (&wanted, digest), now));
    Ok(Json(CeremonyOut {
        options: asked.await?.options,
        ceremony: handle.reveal().to_owned(),
    }))
}

/// What a passkey may be called.
fn name(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Problem::new(UNFIT).detail("a passkey's name has 1 to 64 characters"))
    }
}
