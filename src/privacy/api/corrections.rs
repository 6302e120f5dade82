//! Correction requests over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::access::tagged;
use super::shown::{CorrectionRequestOut, PrivacyRequestOut, RequestsQuery, page};
use super::{ReadPrivacy, WritePrivacy};
use crate::app::App;
use crate::kernel::id::PersonId;
use crate::kernel::text::Line;
use crate::kernel::whole::whole;
use crate::people::{Caller, Correction, PersonChange};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::page::Page;
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::privacy::model::{PrivacyError, Refusal};
use crate::privacy::{bundle, commands, store};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(request_correction)
        .service(list_correction_requests)
        .service(read_correction_request)
        .service(make_correction)
        .service(refuse_correction);
}

/// What somebody says is wrong.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionRequestIn {
    person_id: PersonId,
    /// Kept sealed.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    claim: Line<500>,
}

/// The correction to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MakeCorrectionIn {
    /// The person's `ETag`, as a number.
    #[schema(minimum = 1)]
    #[serde(deserialize_with = "whole")]
    person_version: i32,
    change: PersonChange,
}

/// Why a correction is not made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefuseCorrectionIn {
    refusal: Refusal,
}

/// Put on record what a person says is wrong; it is decided within 40 days.
#[utoipa::path(
    tag = "privacy",
    params(IdempotencyKey),
    request_body = CorrectionRequestIn,
    responses((status = 201, body = PrivacyRequestOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/correction-requests")]
async fn request_correction(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    body: Json<CorrectionRequestIn>,
) -> Result<(Json<PrivacyRequestOut>, StatusCode), Problem> {
    let CorrectionRequestIn { person_id, claim } = body.into_inner();
    let asked = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "request_correction",
            key: &key,
        };
        // Keyed: a plain digest would give the claim away to whoever tries likely ones.
        let claimed = commands::fingerprint(by, &claim)
            .map_err(|error| OnceError::Work(PrivacyError::from(error)))?;
        once(conn, &attempt, &(person_id, claimed), |conn| {
            commands::ask_correction(conn, by, person_id, &claim)
        })
    });
    Ok((Json(asked.await?.into()), StatusCode::CREATED))
}

/// List correction requests, the one due first before the others.
#[utoipa::path(
    tag = "privacy",
    params(RequestsQuery),
    responses((status = 200, body = Page<PrivacyRequestOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/correction-requests")]
async fn list_correction_requests(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    query: Query<RequestsQuery>,
) -> Result<Json<Page<PrivacyRequestOut>>, Problem> {
    let wanted = query.wanted()?;
    let rows = Caller::of(&app, caller).does(&app, move |conn, _| {
        Ok::<_, PrivacyError>(store::correction::list(conn, wanted)?)
    });
    page(rows.await?, query.limit).map(Json)
}

/// Read a correction request and what it claims; that it was read goes on record.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = CorrectionRequestOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/correction-requests/{id}")]
async fn read_correction_request(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let read =
        Caller::of(&app, caller).does(&app, move |conn, by| bundle::correction(conn, by, *id));
    let shown = CorrectionRequestOut::from(read.await?);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(shown.request.version)))
        .json(shown))
}

/// Make the correction that a request asks for.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path), IfMatch),
    request_body = MakeCorrectionIn,
    responses(
        (status = 200, body = PrivacyRequestOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/correction-requests/{id}/correction")]
async fn make_correction(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    if_match: IfMatch,
    id: Path<Uuid>,
    body: Json<MakeCorrectionIn>,
) -> Result<HttpResponse, Problem> {
    let read = (*id, if_match.version());
    let MakeCorrectionIn {
        person_version,
        change,
    } = body.into_inner();
    let correction = (person_version, Correction::from(change));
    let made = Caller::of(&app, caller).does(&app, move |conn, by| {
        commands::make_correction(conn, by, read, correction)
    });
    Ok(tagged(made.await?))
}

/// Refuse a correction for a reason of the Ordinance; what the person said is kept.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path), IfMatch),
    request_body = RefuseCorrectionIn,
    responses(
        (status = 200, body = PrivacyRequestOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/correction-requests/{id}/refusal")]
async fn refuse_correction(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    if_match: IfMatch,
    id: Path<Uuid>,
    body: Json<RefuseCorrectionIn>,
) -> Result<HttpResponse, Problem> {
    let (read, reason) = ((*id, if_match.version()), body.refusal);
    let refused = Caller::of(&app, caller).does(&app, move |conn, by| {
        commands::refuse_correction(conn, by, read, reason)
    });
    Ok(tagged(refused.await?))
}
