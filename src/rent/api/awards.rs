//! Rent Assistance and additional rent of a household.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{GrantAwards, ReadRent};
use crate::app::App;
use crate::kernel::id::AwardId;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::rent::commands::{self, NewAward};
use crate::rent::model::{Award, RentError, Scheme, code_of};
use crate::rent::{store, tell};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_awards)
        .service(grant_award)
        .service(end_award);
}

/// A scheme to grant.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AwardIn {
    scheme: Scheme,
    first_month: Month,
    /// The last month; Rent Assistance must have one.
    last_month: Option<Month>,
    reason: Line<200>,
}

/// When an award ends.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AwardEndIn {
    /// The last month; a month before the first cancels the award.
    last_month: Month,
}

/// A scheme granted to a household, as it stands or stood.
#[derive(Serialize, Deserialize, ToSchema)]
struct AwardOut {
    id: AwardId,
    /// Counts the changes; the `ETag` of the award is its newest.
    revision: i32,
    tenant_code: TenantCode,
    scheme: Scheme,
    first_month: Month,
    last_month: Option<Month>,
    reason: String,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
    /// From then on another revision is what we know.
    replaced_at: Option<DateTime<Utc>>,
}

impl TryFrom<Award> for AwardOut {
    type Error = RentError;

    fn try_from(award: Award) -> Result<Self, RentError> {
        Ok(Self {
            id: award.id,
            revision: award.revision,
            tenant_code: code_of(award.household)?,
            scheme: award.scheme,
            first_month: Month::of(award.first_month),
            last_month: award.last_month.map(Month::of),
            reason: award.reason,
            recorded_by: award.recorded_by,
            recorded_at: award.recorded_at,
            replaced_at: award.replaced_at,
        })
    }
}

/// Every award of a household, with its earlier revisions.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path)),
    responses((status = 200, body = Vec<AwardOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:read"])),
)]
#[get("/rent-accounts/{code}/awards")]
async fn list_awards(
    app: Data<App>,
    caller: Authorized<ReadRent>,
    code: Path<TenantCode>,
) -> Result<Json<Vec<AwardOut>>, Problem> {
    let now = app.clock.now();
    let awards = app.db.read(move |conn| {
        tell::admit(conn, &caller.reach, *code, now)?;
        if store::tenures_of(conn, *code)?.is_empty() {
            return Err(RentError::NoSuchAccount);
        }
        Ok(store::awards_of(conn, *code)?)
    });
    let awards = awards
        .await?
        .into_iter()
        .map(AwardOut::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Json(awards))
}

/// Grant a scheme to a household.
///
/// Months already charged are put right at once: the difference is booked.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), IdempotencyKey),
    request_body = AwardIn,
    responses((status = 201, body = AwardOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:award"])),
)]
#[post("/rent-accounts/{code}/awards")]
async fn grant_award(
    app: Data<App>,
    caller: Authorized<GrantAwards>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<AwardIn>,
) -> Result<HttpResponse, Problem> {
    let (code, body, now, rules) = (*code, body.into_inner(), app.clock.now(), app.rules.clone());
    let granted = app.db.write(move |conn| {
        tell::admit(conn, &caller.reach, code, now).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "grant_award",
            key: &key,
        };
        once(conn, &attempt, &(code, &body), |conn| {
            let new = NewAward {
                code,
                scheme: body.scheme,
                first: body.first_month,
                last: body.last_month,
                reason: body.reason.to_string(),
            };
            commands::grant(conn, &rules, &caller.actor, &new, now).and_then(AwardOut::try_from)
        })
    });
    let granted = granted.await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, etag(granted.revision)))
        .json(granted))
}

/// End or cancel an award.
#[utoipa::path(
    tag = "rent",
    params(("id" = AwardId, Path), IdempotencyKey, IfMatch),
    request_body = AwardEndIn,
    responses((status = 200, body = AwardOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:award"])),
)]
#[post("/rent-awards/{id}/end")]
async fn end_award(
    app: Data<App>,
    caller: Authorized<GrantAwards>,
    (key, if_match): (IdempotencyKey, IfMatch),
    id: Path<AwardId>,
    body: Json<AwardEndIn>,
) -> Result<HttpResponse, Problem> {
    let (id, last, now, rules) = (*id, body.last_month, app.clock.now(), app.rules.clone());
    let ended = app.db.write(move |conn| {
        tell::admit_to_award(conn, &caller.reach, id, now).map_err(OnceError::Work)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "end_award",
            key: &key,
        };
        once(conn, &attempt, &(id, last, if_match.version()), |conn| {
            let found = (id, if_match.version());
            commands::end_award(conn, &rules, &caller.actor, found, last, now)
                .and_then(AwardOut::try_from)
        })
    });
    let ended = ended.await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(ended.revision)))
        .json(ended))
}
