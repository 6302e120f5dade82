//! Voiding receipts: proposed by one person, approved by another.

use actix_web::http::StatusCode;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ApproveCounters, CounterRefusalIn, WorkCounter};
use crate::app::App;
use crate::counter::commands;
use crate::counter::model::Void;
use crate::kernel::four_eyes::Standing;
use crate::kernel::id::{PaymentId, VoidId};
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(propose_void)
        .service(approve_void)
        .service(refuse_void);
}

/// Why a receipt shall be void.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidIn {
    reason: Line<200>,
}

/// A proposal that a receipt is void.
#[derive(Serialize, Deserialize, ToSchema)]
struct VoidOut {
    id: VoidId,
    payment: PaymentId,
    reason: String,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    state: Standing,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    refused_for: Option<String>,
}

impl From<Void> for VoidOut {
    fn from(void: Void) -> Self {
        let state = void.standing();
        let decision = void.decision;
        Self {
            id: void.id,
            payment: void.payment,
            reason: void.reason,
            proposed_by: void.proposed_by,
            proposed_at: void.proposed_at,
            state,
            decided_at: decision.as_ref().map(|decision| decision.decided_at),
            refused_for: decision.as_ref().and_then(|one| one.reason.clone()),
            decided_by: decision.map(|decision| decision.decided_by),
        }
    }
}

/// Propose that a counter's receipt is void, on its own day.
#[utoipa::path(
    tag = "counter",
    params(("id" = PaymentId, Path), IdempotencyKey),
    request_body = VoidIn,
    responses((status = 201, body = VoidOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-receipts/{id}/voids")]
async fn propose_void(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    id: Path<PaymentId>,
    body: Json<VoidIn>,
) -> Result<(Json<VoidOut>, StatusCode), Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let proposed = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "propose_void",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let (who, reason) = ((&caller.actor, &caller.reach), body.reason.as_str());
            commands::propose_void(conn, who, id, reason, now).map(VoidOut::from)
        })
    });
    Ok((Json(proposed.await?), StatusCode::CREATED))
}

/// Approve that a receipt is void: the posting is reversed, the number stays used.
#[utoipa::path(
    tag = "counter",
    params(("id" = VoidId, Path), IdempotencyKey),
    responses((status = 200, body = VoidOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:approve"])),
)]
#[post("/counter-voids/{id}/approval")]
async fn approve_void(
    app: Data<App>,
    caller: Authorized<ApproveCounters>,
    key: IdempotencyKey,
    id: Path<VoidId>,
) -> Result<Json<VoidOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "approve_void",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| {
            let who = (&caller.actor, &caller.reach);
            commands::decide_void(conn, who, id, None, now).map(VoidOut::from)
        })
    });
    Ok(Json(decided.await?))
}

/// Refuse that a receipt is void, or take one's own proposal back.
#[utoipa::path(
    tag = "counter",
    params(("id" = VoidId, Path), IdempotencyKey),
    request_body = CounterRefusalIn,
    responses((status = 200, body = VoidOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-voids/{id}/refusal")]
async fn refuse_void(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    id: Path<VoidId>,
    body: Json<CounterRefusalIn>,
) -> Result<Json<VoidOut>, Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let decided = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "refuse_void",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let (who, why) = ((&caller.actor, &caller.reach), body.reason.as_str());
            commands::decide_void(conn, who, id, Some(why), now).map(VoidOut::from)
        })
    });
    Ok(Json(decided.await?))
}
