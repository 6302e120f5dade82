//! Months that are reconciled.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{OrderMonths, ReadMonths};
use crate::app::App;
use crate::cssa::model::{CssaError, ExceptionKind, Reconciliation};
use crate::cssa::reconcile;
use crate::cssa::store::exceptions::{self, OfKind};
use crate::cssa::store::reconciliations as store;
use crate::kernel::id::ReconciliationId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(order_cssa_reconciliation)
        .service(list_cssa_reconciliations)
        .service(get_cssa_reconciliation);
}

/// Which month.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CssaMonthIn {
    /// From two years ago to the next.
    month: Month,
}

/// A month's rent allowances against what the Social Welfare Department paid, as everything stood
/// when it was made.
#[derive(Serialize, Deserialize, ToSchema)]
struct CssaReconciliationOut {
    id: ReconciliationId,
    month: Month,
    requested_by: String,
    requested_at: DateTime<Utc>,
    /// Absent while it waits; until then every figure is zero.
    made_at: Option<DateTime<Utc>>,
    /// The month's files.
    files: i32,
    /// The payments in them, and what their trailers say these come to, HKD.
    lines: i32,
    amount: Money,
    /// Of it on households' accounts, HKD.
    paid_amount: Money,
    /// In suspense: each is an exception.
    suspense_amount: Money,
    /// Given back to the department.
    returned_amount: Money,
    /// Paid before by the same references: each is an exception.
    duplicate_amount: Money,
    /// Households with an allowance, and what these come to, HKD.
    expected: i32,
    expected_amount: Money,
    /// Households that were paid for.
    paid: i32,
    /// Households that were paid for as is granted, and what that comes to, HKD.
    agreed: i32,
    agreed_amount: Money,
    exceptions: i32,
}

impl From<Reconciliation> for CssaReconciliationOut {
    fn from(one: Reconciliation) -> Self {
        Self {
            id: one.id,
            month: one.month,
            requested_by: one.requested_by,
            requested_at: one.requested_at,
            made_at: one.made_at,
            files: one.files,
            lines: one.lines,
            amount: one.amount,
            paid_amount: one.paid_amount,
            suspense_amount: one.suspense_amount,
            returned_amount: one.returned_amount,
            duplicate_amount: one.duplicate_amount,
            expected: one.expected,
            expected_amount: one.expected_amount,
            paid: one.paid,
            agreed: one.agreed,
            agreed_amount: one.agreed_amount,
            exceptions: one.exceptions,
        }
    }
}

/// A reconciliation, and how many exceptions of each kind the caller may see.
#[derive(Serialize, ToSchema)]
struct ReconciliationTold {
    #[serde(flatten)]
    reconciliation: CssaReconciliationOut,
    kinds: Vec<OfKindOut>,
}

/// How many exceptions of a kind there are.
#[derive(Serialize, ToSchema)]
struct OfKindOut {
    kind: ExceptionKind,
    exceptions: i64,
}

impl From<OfKind> for OfKindOut {
    fn from(of: OfKind) -> Self {
        Self {
            kind: of.kind,
            exceptions: of.exceptions,
        }
    }
}

/// Which reconciliations, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReconciliationsQuery {
    /// Of this month.
    month: Option<Month>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Queue the reconciliation of a month. One is made of itself when a file was taken in.
#[utoipa::path(
    tag = "cssa",
    params(IdempotencyKey),
    request_body = CssaMonthIn,
    responses((status = 202, body = CssaReconciliationOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-month:write"])),
)]
#[post("/cssa/reconciliations")]
async fn order_cssa_reconciliation(
    app: Data<App>,
    caller: Authorized<OrderMonths>,
    key: IdempotencyKey,
    body: Json<CssaMonthIn>,
) -> Result<(Json<CssaReconciliationOut>, StatusCode), Problem> {
    let (body, now) = (body.into_inner(), app.clock.now());
    let ordered = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "order_cssa_reconciliation",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            reconcile::order(conn, &caller.actor, body.month, now).map(CssaReconciliationOut::from)
        })
    });
    Ok((Json(ordered.await?), StatusCode::ACCEPTED))
}

/// The reconciliations, newest first.
#[utoipa::path(
    tag = "cssa",
    params(ReconciliationsQuery),
    responses((status = 200, body = Page<CssaReconciliationOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-month:read"])),
)]
#[get("/cssa/reconciliations")]
async fn list_cssa_reconciliations(
    app: Data<App>,
    _caller: Authorized<ReadMonths>,
    query: Query<ReconciliationsQuery>,
) -> Result<Json<Page<CssaReconciliationOut>>, Problem> {
    let (month, limit) = (query.month, query.limit);
    let before = page::after(query.after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::list(conn, month, before, limit.rows()).map_err(CssaError::from));
    let key = |one: &Reconciliation| (one.requested_at, one.id);
    Page::new(found.await?, limit, key, CssaReconciliationOut::from).map(Json)
}

/// A month's allowances against what was paid, and how many exceptions of each kind there are.
#[utoipa::path(
    tag = "cssa",
    params(("id" = ReconciliationId, Path)),
    responses((status = 200, body = ReconciliationTold), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-month:read"])),
)]
#[get("/cssa/reconciliations/{id}")]
async fn get_cssa_reconciliation(
    app: Data<App>,
    caller: Authorized<ReadMonths>,
    id: Path<ReconciliationId>,
) -> Result<Json<ReconciliationTold>, Problem> {
    let told = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        let kinds = exceptions::by_kind(conn, *id, &caller.reach)?.into_iter();
        Ok::<_, CssaError>(ReconciliationTold {
            reconciliation: store::one(conn, *id)?.into(),
            kinds: kinds.map(Into::into).collect(),
        })
    });
    Ok(Json(told.await?))
}
