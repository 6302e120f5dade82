//! Legal holds and erasure over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{ReadPrivacy, WritePrivacy};
use crate::app::App;
use crate::kernel::id::PersonId;
use crate::kernel::text::Line;
use crate::people;
use crate::people::Caller;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::precondition::IfMatch;
use crate::platform::http::problem::Problem;
use crate::privacy::model::{ErasureReason, ErasureRequest, Hold, HoldReason, PrivacyError};
use crate::privacy::{erasure, store};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(set_legal_hold)
        .service(list_legal_holds)
        .service(lift_legal_hold)
        .service(request_erasure)
        .service(approve_erasure);
}

/// Why a person's data must be kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalHoldIn {
    reason: HoldReason,
    /// The case that it belongs to, without personal data.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    case_ref: Line<64>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
struct LegalHoldOut {
    id: Uuid,
    person_id: PersonId,
    reason: HoldReason,
    case_ref: String,
    set_by: String,
    set_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted_at: Option<DateTime<Utc>>,
    /// For `If-Match` when it is lifted.
    version: i32,
}

impl From<Hold> for LegalHoldOut {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id,
            person_id: hold.person,
            reason: hold.reason,
            case_ref: hold.case_ref,
            set_by: hold.set_by,
            set_at: hold.set_at,
            lifted_by: hold.lifted_by,
            lifted_at: hold.lifted_at,
            version: hold.version,
        }
    }
}

/// Why a person is to be erased.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ErasureIn {
    reason: ErasureReason,
}

/// An erasure, asked for or done.
#[derive(Debug, Serialize, ToSchema)]
struct ErasureOut {
    person_id: PersonId,
    reason: ErasureReason,
    requested_by: String,
    requested_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// When the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<DateTime<Utc>>,
}

impl From<ErasureRequest> for ErasureOut {
    fn from(asked: ErasureRequest) -> Self {
        Self {
            person_id: asked.person,
            reason: asked.reason,
            requested_by: asked.requested_by,
            requested_at: asked.requested_at,
            approved_by: asked.approved_by,
            approved_at: asked.approved_at,
        }
    }
}

/// Put a person under a legal hold: they are not erased until it is lifted.
#[utoipa::path(
    tag = "privacy",
    params(("id" = PersonId, Path), IdempotencyKey),
    request_body = LegalHoldIn,
    responses((status = 201, body = LegalHoldOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/people/{id}/holds")]
async fn set_legal_hold(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    id: Path<PersonId>,
    body: Json<LegalHoldIn>,
) -> Result<(Json<LegalHoldOut>, StatusCode), Problem> {
    let (id, body) = (*id, body.into_inner());
    let held = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "set_legal_hold",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            erasure::set_hold(conn, by, id, (body.reason, &body.case_ref))
        })
    });
    Ok((Json(held.await?.into()), StatusCode::CREATED))
}

/// List the legal holds on a person, lifted ones too, the oldest first.
#[utoipa::path(
    tag = "privacy",
    params(("id" = PersonId, Path)),
    responses((status = 200, body = Vec<LegalHoldOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/people/{id}/holds")]
async fn list_legal_holds(
    app: Data<App>,
    caller: Authorized<ReadPrivacy>,
    id: Path<PersonId>,
) -> Result<Json<Vec<LegalHoldOut>>, Problem> {
    let holds = Caller::of(&app, caller).does(&app, move |conn, by| {
        people::known(conn, by, *id)?;
        Ok::<_, PrivacyError>(store::holds_of(conn, *id)?)
    });
    Ok(Json(holds.await?.into_iter().map(Into::into).collect()))
}

/// Lift a legal hold.
#[utoipa::path(
    tag = "privacy",
    params(("id" = Uuid, Path), IfMatch),
    responses((status = 200, body = LegalHoldOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/holds/{id}/lift")]
async fn lift_legal_hold(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    if_match: IfMatch,
    id: Path<Uuid>,
) -> Result<Json<LegalHoldOut>, Problem> {
    let read = (*id, if_match.version());
    let lifted =
        Caller::of(&app, caller).does(&app, move |conn, by| erasure::lift_hold(conn, by, read));
    Ok(Json(lifted.await?.into()))
}

/// Ask that a person be erased: another approves.
///
/// Refused while they belong to a household or are under a legal hold.
#[utoipa::path(
    tag = "privacy",
    params(("id" = PersonId, Path), IdempotencyKey),
    request_body = ErasureIn,
    responses((status = 201, body = ErasureOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/people/{id}/erasure")]
async fn request_erasure(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    id: Path<PersonId>,
    body: Json<ErasureIn>,
) -> Result<(Json<ErasureOut>, StatusCode), Problem> {
    let (id, body) = (*id, body.into_inner());
    let asked = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "request_erasure",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            erasure::ask(conn, by, id, body.reason)
        })
    });
    Ok((Json(asked.await?.into()), StatusCode::CREATED))
}

/// Approve another's request: the person is erased, for good.
#[utoipa::path(
    tag = "privacy",
    params(("id" = PersonId, Path), IdempotencyKey),
    responses((status = 201, body = ErasureOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/people/{id}/erasure/approval")]
async fn approve_erasure(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    id: Path<PersonId>,
) -> Result<(Json<ErasureOut>, StatusCode), Problem> {
    let id = *id;
    let caller = Caller::of(&app, caller);
    // It is kept before anything is destroyed; the daily job carries out what was stopped here.
    let carrier = caller.clone();
    let done = caller.does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "approve_erasure",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| erasure::approve(conn, by, id))
    });
    let approved = done.await?;
    let carried_out = carrier.does(&app, move |conn, by| erasure::carry_out(conn, by, id));
    carried_out.await?;
    Ok((Json(approved.into()), StatusCode::CREATED))
}
