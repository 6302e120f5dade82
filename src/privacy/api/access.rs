//! Data access requests over HTTP.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_LANGUAGE, ETAG};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::shown::{CorrectionRequestOut, PrivacyRequestOut, RequestsQuery, ViewOut, page};
use super::{AskPrivacy, ReadPrivacy, WritePrivacy};
use crate::app::App;
use crate::kernel::held::Held;
use crate::kernel::id::PersonId;
use crate::people::{Caller, MembershipOut, PersonField, UnmaskedOut};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::language::Reads;
use crate::platform::http::page::Page;
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::{Kind, Problem};
use crate::privacy::bundle::{self, Bundle};
use crate::privacy::model::{Decision, PrivacyError, Refusal, Request};
use crate::privacy::{commands, paper, store};

const NO_PAPER: Kind = Kind::new("no-paper", 503, "This server cannot print");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(request_access)
        .service(list_access_requests)
        .service(read_access_request)
        .service(decide_access_request)
        .service(read_access_bundle);
}

/// Whose data is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccessRequestIn {
    person_id: PersonId,
}

/// What becomes of a request: answered without a reason, refused for one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccessDecisionIn {
    /// Absent: the person has their data.
    refusal: Option<Refusal>,
}

/// Everything held on a person.
#[derive(Serialize, ToSchema)]
struct BundleOut {
    request: PrivacyRequestOut,
    made_on: NaiveDate,
    particulars: UnmaskedOut,
    memberships: Vec<MembershipOut>,
    /// Who read the record, the newest first.
    views: Vec<ViewOut>,
    access_requests: Vec<PrivacyRequestOut>,
    correction_requests: Vec<CorrectionRequestOut>,
    /// What every other table holds on the person.
    held: Vec<HeldOut>,
}

/// The rows of one table that are about a person.
#[derive(Serialize, ToSchema)]
struct HeldOut {
    /// The table's name.
    table: &'static str,
    /// Of each row, what its columns hold; without those that hold nothing.
    rows: Vec<BTreeMap<&'static str, String>>,
}

impl From<Held> for HeldOut {
    fn from(held: Held) -> Self {
        let names = held.columns.iter().map(|(name, _)| *name);
        let row = |cells: Vec<Option<String>>| {
            let cells = names.clone().zip(cells);
            cells
                .filter_map(|(name, cell)| Some((name, cell?)))
                .collect()
        };
        Self {
            table: held.table,
            rows: held.rows.into_iter().map(row).collect(),
        }
    }
}

impl From<Bundle> for BundleOut {
    fn from(bundle: Bundle) -> Self {
        Self {
            request: bundle.request.into(),
            made_on: bundle.made_on,
            particulars: UnmaskedOut::new(&bundle.particulars, PersonField::ALL),
            memberships: bundle.memberships.into_iter().map(Into::into).collect(),
            views: bundle.views.into_iter().map(Into::into).collect(),
            access_requests: bundle.requests.into_iter().map(Into::into).collect(),
            correction_requests: bundle.corrections.into_iter().map(Into::into).collect(),
            held: bundle.held.into_iter().map(Into::into).collect(),
        }
    }
}

/// Ask for what is held on a person.
///
/// A privacy officer asks for anybody, a tenant for members of the own household. The answer
/// is due within 40 days.
#[utoipa::path(
    tag = "privacy",
    params(IdempotencyKey),
    request_body = AccessRequestIn,
    responses((status = 201, body = PrivacyRequestOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:request"])),
)]
#[post("/privacy/access-requests")]
async fn request_access(
    app: Data<App>,
    caller: Authorized<AskPrivacy>,
    key: IdempotencyKey,
    body: Json<AccessRequestIn>,
) -> Result<(Json<PrivacyRequestOut>, StatusCode), Problem> {
    let person = body.person_id;
    let asked = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "request_access",
            key: &key,
        };
        once(conn, &attempt, &person, |conn| {
            commands::ask_access(conn, by, person)
        })
    });
    Ok((Json(asked.await?.into()), StatusCode::CREATED))
}

/// List data access requests, the one due first before the others.
#[utoipa::path(
    tag = "privacy",
    params(RequestsQuery),
    responses((status = 200, body = Page<PrivacyRequestOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/access-requests")]
async fn list_access_requests(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    query: Query<RequestsQuery>,
) -> Result<Json<Page<PrivacyRequestOut>>, Problem> {
    let wanted = query.wanted()?;
    let rows = Caller::of(&app, caller).does(&app, move |conn, _| {
        Ok::<_, PrivacyError>(store::access::list(conn, wanted)?)
    });
    page(rows.await?, query.limit).map(Json)
}

/// Read a data access request.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = PrivacyRequestOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/access-requests/{id}")]
async fn read_access_request(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = Caller::of(&app, caller).does(&app, move |conn, _| {
        store::access::one(conn, *id)?.ok_or(PrivacyError::NoSuchRequest)
    });
    Ok(tagged(found.await?))
}

/// Answer a data access request, or refuse it for a reason of the Ordinance.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path), IfMatch),
    request_body = AccessDecisionIn,
    responses(
        (status = 200, body = PrivacyRequestOut, headers(("ETag" = String))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:write"])),
)]
#[patch("/privacy/access-requests/{id}")]
async fn decide_access_request(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    if_match: IfMatch,
    id: Path<Uuid>,
    body: Json<AccessDecisionIn>,
) -> Result<HttpResponse, Problem> {
    let read = (*id, if_match.version());
    let decision = body.refusal.map_or(Decision::Done, Decision::Refused);
    let decided = Caller::of(&app, caller).does(&app, move |conn, by| {
        commands::decide_access(conn, by, read, decision)
    });
    Ok(tagged(decided.await?))
}

/// A request with its version as `ETag`.
pub(super) fn tagged(request: Request) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(request.version)))
        .json(PrivacyRequestOut::from(request))
}

/// Everything held on the person of a request.
///
/// JSON, or with `Accept: application/pdf` a paper in the caller's language. That it was read
/// goes on record.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path), Reads),
    responses(
        (status = 200, content((BundleOut = "application/json"), (Vec<u8> = "application/pdf"))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/access-requests/{id}/bundle")]
async fn read_access_bundle(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    id: Path<Uuid>,
    Reads(language): Reads,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = *id;
    let read =
        Caller::of(&app, caller).does(&app, move |conn, by| bundle::of_request(conn, by, id));
    let bundle = read.await?;
    let accepts = request
        .headers()
        .get(ACCEPT)
        .and_then(|header| header.to_str().ok());
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header(("Vary", "Accept, Accept-Language"));
    if !accepts.is_some_and(|accepts| accepts.contains("application/pdf")) {
        return Ok(response.json(BundleOut::from(bundle)));
    }
    let drawn = app
        .desk
        .draw(move |fonts| paper::pdf(&bundle, language, fonts));
    let pdf = drawn.await.map_err(|error| {
        tracing::error!(error.cause = %error, "a bundle was not printed");
        Problem::new(NO_PAPER)
    })?;
    let name = format!("attachment; filename=\"personal-data-{id}.pdf\"");
    response.insert_header((CONTENT_DISPOSITION, name));
    Ok(response.content_type("application/pdf").body(pdf))
}
