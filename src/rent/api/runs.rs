//! The monthly charge: order it, follow it, and see what late decisions changed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ReadRuns, RunRent};
use crate::app::App;
use crate::kernel::clock::hong_kong_month;
use crate::kernel::id::JobId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;
use crate::platform::jobs;
use crate::rent::model::{RentError, RentRun, code_of};
use crate::rent::run::{RentRunJob, check_month};
use crate::rent::store;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(order_rent_run)
        .service(list_rent_runs)
        .service(get_rent_run)
        .service(list_rent_revisions);
}

/// A month to charge.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RentRunIn {
    month: Month,
    /// Revise the charges that the rules no longer give, too.
    #[serde(default)]
    revise: bool,
}

/// The work that was queued.
#[derive(Serialize, Deserialize, ToSchema)]
struct RentRunQueued {
    month: Month,
    /// Absent when the same work already waits.
    job: Option<JobId>,
}

/// A place in a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// What a late decision changed of a household's charge.
#[derive(Serialize, ToSchema)]
struct RevisionOut {
    tenant_code: TenantCode,
    /// Counts the changes of one charge.
    revision: i16,
    /// Below zero, in the tenant's favour, HKD.
    change: Money,
    /// What the tenant had paid beyond what was due, and now has to its credit, HKD.
    overpaid: Money,
    booked_at: DateTime<Utc>,
}

/// Queue the charge of a month.
#[utoipa::path(
    tag = "rent",
    params(IdempotencyKey),
    request_body = RentRunIn,
    responses((status = 202, body = RentRunQueued), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:run"])),
)]
#[post("/rent-runs")]
async fn order_rent_run(
    app: Data<App>,
    caller: Authorized<RunRent>,
    key: IdempotencyKey,
    body: Json<RentRunIn>,
) -> Result<(Json<RentRunQueued>, StatusCode), Problem> {
    let (body, now) = (body.into_inner(), app.clock.now());
    check_month(body.month, hong_kong_month(now))?;
    let queued = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "order_rent_run",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            let RentRunIn { month, revise } = body;
            let job = jobs::enqueue(conn, &RentRunJob { month, revise }, now)?;
            Ok::<_, RentError>(RentRunQueued { month, job })
        })
    });
    Ok((Json(queued.await?), StatusCode::ACCEPTED))
}

/// The monthly charges, newest first.
#[utoipa::path(
    tag = "rent",
    params(PageQuery),
    responses((status = 200, body = Page<RentRun>), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent-run:read"])),
)]
#[get("/rent-runs")]
async fn list_rent_runs(
    app: Data<App>,
    _caller: Authorized<ReadRuns>,
    query: Query<PageQuery>,
) -> Result<Json<Page<RentRun>>, Problem> {
    let (before, limit) = (page::after(query.after.as_ref())?, query.limit);
    let runs = app
        .db
        .query(move |conn| store::runs(conn, before, limit.rows()))
        .await?;
    Page::new(runs, limit, |run| run.month, |run| run).map(Json)
}

/// How far the charge of a month has got.
#[utoipa::path(
    tag = "rent",
    params(("month" = Month, Path)),
    responses((status = 200, body = RentRun), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent-run:read"])),
)]
#[get("/rent-runs/{month}")]
async fn get_rent_run(
    app: Data<App>,
    _caller: Authorized<ReadRuns>,
    month: Path<Month>,
) -> Result<Json<RentRun>, Problem> {
    let run = app.db.query(move |conn| store::run(conn, *month)).await?;
    run.map(Json).ok_or_else(Problem::not_found)
}

/// What late decisions changed of a month's charges: who overpaid, and by how much.
#[utoipa::path(
    tag = "rent",
    params(("month" = Month, Path), PageQuery),
    responses((status = 200, body = Page<RevisionOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent-run:read"])),
)]
#[get("/rent-runs/{month}/revisions")]
async fn list_rent_revisions(
    app: Data<App>,
    _caller: Authorized<ReadRuns>,
    month: Path<Month>,
    query: Query<PageQuery>,
) -> Result<Json<Page<RevisionOut>>, Problem> {
    let (after, limit) = (page::after(query.after.as_ref())?, query.limit);
    let revisions = app.db.query(move |conn| {
        let revisions = store::revisions(conn, *month, after, limit.rows())?;
        let coded = revisions
            .into_iter()
            .map(|row| Ok((code_of(row.household)?, row)));
        coded.collect::<Result<Vec<_>, RentError>>()
    });
    let key = |(_, row): &(TenantCode, store::Revision)| (row.household, row.number);
    let page = Page::new(revisions.await?, limit, key, |(tenant_code, row)| {
        RevisionOut {
            tenant_code,
            revision: row.number,
            change: row.amount,
            overpaid: row.overpaid,
            booked_at: row.booked_at,
        }
    });
    page.map(Json)
}
