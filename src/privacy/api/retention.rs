//! Rules of retention and approvals of matching over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{REFUSED, ReadPrivacy, WritePrivacy};
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::text::Line;
use crate::kernel::whole::whole;
use crate::people::Caller;
use crate::platform::auth::Authorized;
use crate::platform::db::DbError;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;
use crate::privacy::model::{
    DataClass, MatchingApproval, MatchingBasis, RetentionRule, RetentionRun, RetentionTally,
};
use crate::privacy::{jobs, matching, store};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_retention)
        .service(record_retention_rule)
        .service(approve_matching);
}

/// How long data is kept, and what was erased last.
#[derive(Debug, Serialize, ToSchema)]
struct RetentionOut {
    /// The newest first; of each class, the newest that has begun is in force.
    rules: Vec<RetentionRule>,
    /// Absent before the first run.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RetentionRun>,
    /// What the last run erased of each class.
    last_erased: Vec<RetentionTally>,
}

/// How long a class of data is to be kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RetentionRuleIn {
    data_class: DataClass,
    /// Its first day; ahead.
    valid_from: Day,
    #[schema(minimum = 12, maximum = 1200)]
    #[serde(deserialize_with = "whole")]
    keep_months: i32,
    /// Where the figure is from.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    source: Line<200>,
}

/// Leave for a matching procedure.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MatchingApprovalIn {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    purpose: Line<200>,
    basis: MatchingBasis,
    /// The consent, notice or enactment.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    source: Line<200>,
    valid_from: Day,
    /// Its last day.
    valid_to: Day,
}

/// Read the rules of retention and what the last run did.
#[utoipa::path(
    tag = "privacy",
    responses((status = 200, body = RetentionOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:read"])),
)]
#[get("/privacy/retention")]
async fn read_retention(
    app: Data<App>,
    _: Authorized<ReadPrivacy>,
) -> Result<Json<RetentionOut>, Problem> {
    let read = app.db.read(|conn| {
        let last_run = store::last_run(conn)?;
        let last_erased = match &last_run {
            Some(run) => store::tallies(conn, run.ran_on)?,
            None => Vec::new(),
        };
        Ok::<_, DbError>(RetentionOut {
            rules: store::rules(conn)?,
            last_run,
            last_erased,
        })
    });
    Ok(Json(read.await?))
}

/// Record a rule of retention, for a day ahead.
///
/// Whoever records it answers for what the daily run erases by it.
#[utoipa::path(
    tag = "privacy",
    params(IdempotencyKey),
    request_body = RetentionRuleIn,
    responses((status = 201, body = RetentionRule), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/retention-rules")]
async fn record_retention_rule(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    body: Json<RetentionRuleIn>,
) -> Result<(Json<RetentionRule>, StatusCode), Problem> {
    let body = body.into_inner();
    if !(12..=1200).contains(&body.keep_months) {
        return Err(Problem::new(REFUSED).detail("keep_months: from 12 to 1200"));
    }
    let recorded = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "record_retention_rule",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            let of = (body.data_class, body.valid_from.into());
            jobs::add_rule(conn, by, of, (body.keep_months, &body.source))
        })
    });
    Ok((Json(recorded.await?), StatusCode::CREATED))
}

/// Record an approval of a matching procedure: without one, no data is matched.
#[utoipa::path(
    tag = "privacy",
    params(IdempotencyKey),
    request_body = MatchingApprovalIn,
    responses((status = 201, body = MatchingApproval), (status = "4XX", body = Problem)),
    security(("bearer" = ["privacy:write"])),
)]
#[post("/privacy/matching-approvals")]
async fn approve_matching(
    app: Data<App>,
    caller: Authorized<WritePrivacy>,
    key: IdempotencyKey,
    body: Json<MatchingApprovalIn>,
) -> Result<(Json<MatchingApproval>, StatusCode), Problem> {
    let body = body.into_inner();
    let approved = Caller::of(&app, caller).does(&app, move |conn, by| {
        let attempt = Attempt {
            actor: by.actor,
            operation: "approve_matching",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            let of = (&body.purpose, body.basis, &body.source);
            matching::approve(conn, by, of, (body.valid_from.into(), body.valid_to.into()))
        })
    });
    Ok((Json(approved.await?), StatusCode::CREATED))
}
