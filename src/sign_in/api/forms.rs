//! Forms that iAM Smart fills: asked for, called back, collected once.

use std::collections::BTreeMap;

use actix_web::http::header::LOCATION;
use actix_web::web::{Bytes, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::grants::EVERYONE;
use super::links::{identified, provider};
use super::passkeys::signed_in;
use super::{OwnForms, REFUSED, UNFIT};
use crate::app::App;
use crate::platform::auth::Authorized;
use crate::platform::crypto::sha256;
use crate::platform::db::reach_in;
use crate::platform::http::problem::Problem;
use crate::platform::limits::Bucket;
use crate::platform::password::{Remembered, Secret};
use crate::sign_in::commands::forms as commands;
use crate::sign_in::identity_provider::{ProviderError, Signature};
use crate::sign_in::model::{FormField, FormFilling, SignInError};
use crate::sign_in::store;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(ask_form)
        .service(read_form)
        .service(collect_form)
        .service(take_filled_form);
}

/// Who is back from iAM Smart, and what they let it fill.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FormIn {
    code: Remembered,
    state: Remembered,
    nonce: Remembered,
    #[schema(min_items = 1, max_items = 8)]
    fields: Vec<FormField>,
}

/// A form that iAM Smart was asked to fill.
#[derive(Debug, Serialize, ToSchema)]
struct FormOut {
    id: Uuid,
    /// Whether what fills it has arrived and was not collected yet.
    ready: bool,
    asked_at: DateTime<Utc>,
    /// When it is erased, collected or not.
    erased_at: DateTime<Utc>,
}

/// What fills the form.
#[derive(Debug, Serialize, ToSchema)]
struct FilledOut {
    fields: BTreeMap<String, String>,
}

/// What iAM Smart sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "read as it came: it is signed as text")]
struct CallbackIn {
    /// Sealed with the content key, base64.
    content: String,
}

/// How iAM Smart is told that it was heard.
#[derive(Debug, Serialize, ToSchema)]
struct HeardOut {
    code: &'static str,
    message: &'static str,
}

impl From<FormFilling> for FormOut {
    fn from(form: FormFilling) -> Self {
        Self {
            id: form.id,
            ready: form.content.is_some(),
            asked_at: form.asked_at,
            erased_at: form.asked_at + commands::KEPT,
        }
    }
}

/// Ask iAM Smart to fill a form with what it knows, once its holder consents in the app.
///
/// The identity must be linked to one's own household.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 201, body = FormOut, headers(("Location" = String))),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
    security(("bearer" = ["form:own"])),
)]
#[post("/form-fillings")]
async fn ask_form(
    app: Data<App>,
    caller: Authorized<OwnForms>,
    body: Json<FormIn>,
) -> Result<HttpResponse, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let FormIn {
        code,
        state,
        nonce,
        mut fields,
    } = body.into_inner();
    fields.sort_unstable();
    fields.dedup();
    if fields.is_empty() {
        return Err(Problem::new(UNFIT).detail("a form has a field"));
    }
    let provider = provider(&app)?;
    let who = identified(&app, (code, state, nonce)).await?;
    let who = who.ok_or_else(|| Problem::new(REFUSED))?;
    let wrapper = &app.sign_in.wrapper;
    let identity = wrapper.keyed_hash("iam_smart", &who.tokenised_id);
    let issued = Secret::fresh().map_err(SignInError::from)?;
    let (digest, now, wanted) = (issued.digest(), app.clock.now(), fields.clone());
    // Kept before it is asked for: the answer may be here before the answer to the asking.
    let asked = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::ask(conn, &session, (identity, digest, &wanted), now)
    });
    let asked = asked.await?.ok_or_else(|| Problem::new(REFUSED))?;
    let requested = tokio::task::spawn_blocking(move || {
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        provider.request_form(&who, issued.reveal(), &names)
    });
    requested.await.map_err(Problem::internal)??;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/form-fillings/{}", asked.id)))
        .json(FormOut::from(asked)))
}

/// Read whether what fills a form has arrived.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FormOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["form:own"])),
)]
#[get("/form-fillings/{id}")]
async fn read_form(
    app: Data<App>,
    caller: Authorized<OwnForms>,
    id: Path<Uuid>,
) -> Result<Json<FormOut>, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let (id, now) = (*id, app.clock.now());
    let found = app
        .db
        .query(move |conn| store::forms::own(conn, session.principal, id));
    let found = found
        .await?
        .filter(|form| now < form.asked_at + commands::KEPT);
    Ok(Json(found.ok_or_else(Problem::not_found)?.into()))
}

/// Collect what fills a form, once; it is kept no longer.
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FilledOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["form:own"])),
)]
#[post("/form-fillings/{id}/collect")]
async fn collect_form(
    app: Data<App>,
    caller: Authorized<OwnForms>,
    id: Path<Uuid>,
) -> Result<Json<FilledOut>, Problem> {
    let session = signed_in(&app, caller.session).await?;
    let (vault, id, now) = (app.vault.clone(), *id, app.clock.now());
    let collected = app
        .db
        .write(move |conn| commands::collect(conn, &vault, (&session, id), now));
    let fields = collected.await?;
    Ok(Json(FilledOut { fields }))
}

/// Take what iAM Smart fills a form with: its callback.
///
/// It shows by its signature whose it is, in the headers `timestamp`, `nonce` and `signature`.
/// The same again changes nothing.
#[utoipa::path(
    tag = "sign-in",
    request_body = CallbackIn,
    responses(
        (status = 200, body = HeardOut),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
#[post("/auth/iam-smart/forms")]
async fn take_filled_form(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<Json<HeardOut>, Problem> {
    let flood = vec![Bucket::of("form", "", EVERYONE)];
    app.sign_in.take(flood).await?;
    let refused = || Problem::new(REFUSED);
    if body.len() > app.body_limit {
        return Err(Problem::too_large());
    }
    let provider = provider(&app)?;
    let body = String::from_utf8(body.to_vec()).map_err(|_| refused())?;
    let signature = signature(&request).ok_or_else(refused)?;
    let opened = tokio::task::spawn_blocking(move || provider.open_form(&body, &signature));
    let filled = match opened.await.map_err(Problem::internal)? {
        Ok(filled) => filled,
        Err(ProviderError::Refused | ProviderError::Envelope(_)) => return Err(refused()),
        Err(away @ ProviderError::Away(_)) => return Err(away.into()),
    };
    let state = sha256(&[filled.business_id.as_bytes()]);
    let wrapper = &app.sign_in.wrapper;
    let identity = wrapper.keyed_hash("iam_smart", &filled.tokenised_id);
    let (vault, now) = (app.vault.clone(), app.clock.now());
    let taken = app
        .db
        .write(move |conn| commands::arrive(conn, &vault, (&filled, state, identity), now));
    if !taken.await? {
        return Err(refused());
    }
    Ok(Json(HeardOut {
        code: "D00000",
        message: "",
    }))
}

fn signature(request: &HttpRequest) -> Option<Signature> {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Some(Signature {
        timestamp: header("timestamp")?.parse().ok()?,
        nonce: header("nonce")?,
        signature: header("signature")?,
    })
}
