//! Adjustments, reversals and refunds of a rent account.

use actix_web::http::StatusCode;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::CorrectRent;
use crate::app::App;
use crate::kernel::id::TransferId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::ledger::{self, Transfer, TransferKind};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::problem::Problem;
use crate::rent::commands::{self, NewCorrection};
use crate::rent::model::RentError;
use crate::rent::tell;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(adjust_rent)
        .service(refund_rent)
        .service(reverse_rent);
}

/// A correction of an account.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustmentIn {
    /// Positive is owed, negative is in the tenant's favour, HKD.
    amount: Money,
    /// The Hong Kong date it counts from; today or earlier.
    effective_on: NaiveDate,
    reason: Line<200>,
}

/// Money to give back.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundIn {
    /// At most what the household has to its credit, HKD.
    amount: Money,
    reason: Line<200>,
}

/// An entry to undo.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReversalIn {
    /// The entry's id.
    entry: TransferId,
    reason: Line<200>,
}

/// What was posted.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct PostedOut {
    id: TransferId,
    kind: TransferKind,
    effective_on: NaiveDate,
    /// Positive is owed, negative is in the tenant's favour, HKD.
    amount: Money,
    booked_at: DateTime<Utc>,
}

impl PostedOut {
    pub(super) fn new(transfer: &Transfer, code: TenantCode) -> Self {
        Self {
            id: transfer.id,
            kind: transfer.kind,
            effective_on: transfer.effective_on,
            amount: transfer.onto(code.number()),
            booked_at: transfer.booked_at,
        }
    }
}

/// Correct an account by an amount.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), IdempotencyKey),
    request_body = AdjustmentIn,
    responses((status = 201, body = PostedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:correct"])),
)]
#[post("/rent-accounts/{code}/adjustments")]
async fn adjust_rent(
    app: Data<App>,
    caller: Authorized<CorrectRent>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<AdjustmentIn>,
) -> Result<(Json<PostedOut>, StatusCode), Problem> {
    let (code, body, now) = (*code, body.into_inner(), app.clock.now());
    let posted = app.db.write(move |conn| {
        tell::admit(conn, &caller.reach, code, now).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "adjust_rent",
            key: &key,
        };
        once(conn, &attempt, &(code, &body), |conn| {
            let new = NewCorrection {
                code,
                amount: body.amount,
                effective_on: body.effective_on,
                reason: body.reason.to_string(),
            };
            let transfer = commands::adjust(conn, &caller.actor, &new, now)?;
            Ok::<_, RentError>(PostedOut::new(&transfer, code))
        })
    });
    Ok((Json(posted.await?), StatusCode::CREATED))
}

/// Give back of what a household has to its credit.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), IdempotencyKey),
    request_body = RefundIn,
    responses((status = 201, body = PostedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:correct"])),
)]
#[post("/rent-accounts/{code}/refunds")]
async fn refund_rent(
    app: Data<App>,
    caller: Authorized<CorrectRent>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<RefundIn>,
) -> Result<(Json<PostedOut>, StatusCode), Problem> {
    let (code, body, now) = (*code, body.into_inner(), app.clock.now());
    let posted = app.db.write(move |conn| {
        tell::admit(conn, &caller.reach, code, now).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "refund_rent",
            key: &key,
        };
        once(conn, &attempt, &(code, &body), |conn| {
            let asked = (code, body.amount, body.reason.to_string());
            let transfer = commands::refund(conn, &caller.actor, asked, now)?;
            Ok::<_, RentError>(PostedOut::new(&transfer, code))
        })
    });
    Ok((Json(posted.await?), StatusCode::CREATED))
}

/// Undo an entry by its mirror; once, and never a reversal.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), IdempotencyKey),
    request_body = ReversalIn,
    responses((status = 201, body = PostedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:correct"])),
)]
#[post("/rent-accounts/{code}/reversals")]
async fn reverse_rent(
    app: Data<App>,
    caller: Authorized<CorrectRent>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<ReversalIn>,
) -> Result<(Json<PostedOut>, StatusCode), Problem> {
    let (code, body, now) = (*code, body.into_inner(), app.clock.now());
    let posted = app.db.write(move |conn| {
        tell::admit(conn, &caller.reach, code, now).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "reverse_rent",
            key: &key,
        };
        once(conn, &attempt, &(code, &body), |conn| {
            let reason = body.reason.as_str();
            let mirror = ledger::reverse(conn, code, body.entry, reason, &caller.actor, now)?;
            Ok::<_, RentError>(PostedOut::new(&mirror, code))
        })
    });
    Ok((Json(posted.await?), StatusCode::CREATED))
}
