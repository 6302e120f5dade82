//! Money in suspense over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::trace::PaymentOut;
use super::{ClearSuspense, ReadSuspense};
use crate::app::App;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::four_eyes::Standing;
use crate::kernel::id::{PaymentId, ProposalId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::payments::model::{Channel, Payment, PaymentError};
use crate::payments::store::suspense::{self as store, Age, Wanted};
use crate::payments::suspense::{self, Candidate, InSuspense, Part, Proposal};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_suspense)
        .service(read_suspense_ages)
        .service(read_suspense)
        .service(propose_clearing)
        .service(approve_clearing)
        .service(refuse_clearing);
}

/// Which payments, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SuspenseQuery {
    channel: Option<Channel>,
    /// Those for which a proposal is open, or none is.
    proposed: Option<bool>,
    /// In suspense for at least so many days.
    #[param(maximum = 65_535)]
    days: Option<u16>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A payment that came for nobody.
#[derive(Serialize, ToSchema)]
struct SuspenseOut {
    payment: PaymentOut,
    /// Oldest first.
    proposals: Vec<ProposalOut>,
    /// Whom it may have been meant for, the likeliest first.
    candidates: Vec<CandidateOut>,
}

/// A household whose code is one slip away from what the payer gave.
#[derive(Serialize, ToSchema)]
struct CandidateOut {
    tenant_code: TenantCode,
    /// What it owes now, HKD.
    owed: Money,
    /// It owes just what was paid.
    owes_just_that: bool,
}

impl From<Candidate> for CandidateOut {
    fn from(candidate: Candidate) -> Self {
        Self {
            tenant_code: candidate.code,
            owed: candidate.owed,
            owes_just_that: candidate.owes_just_that,
        }
    }
}

/// Where money in suspense shall go.
#[derive(Serialize, Deserialize, ToSchema)]
struct ProposalOut {
    id: ProposalId,
    payment: PaymentId,
    parts: Vec<PartBody>,
    reason: String,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    state: Standing,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    refused_for: Option<String>,
}

impl From<Proposal> for ProposalOut {
    fn from(proposal: Proposal) -> Self {
        let state = proposal.standing();
        let decision = proposal.decision.as_ref();
        Self {
            id: proposal.id,
            payment: proposal.payment,
            state,
            decided_by: decision.map(|decision| decision.decided_by.clone()),
            decided_at: decision.map(|decision| decision.decided_at),
            refused_for: decision.and_then(|decision| decision.reason.clone()),
            parts: proposal.parts.into_iter().map(PartBody::from).collect(),
            reason: proposal.reason,
            proposed_by: proposal.proposed_by,
            proposed_at: proposal.proposed_at,
        }
    }
}

/// A part of a payment, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartBody {
    /// Absent: it goes back to the payer.
    #[serde(default)]
    tenant_code: Option<TenantCode>,
    /// HKD.
    amount: Money,
}

impl From<Part> for PartBody {
    fn from(part: Part) -> Self {
        Self {
            tenant_code: part.household,
            amount: part.amount,
        }
    }
}

/// Where a payment shall go.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposalIn {
    /// They come to the payment.
    #[schema(min_items = 1, max_items = 20)]
    parts: Vec<PartBody>,
    reason: Line<200>,
}

/// Why a proposal is refused, or taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefusalIn {
    reason: Line<200>,
}

/// Payments of one channel that have been in suspense for so long.
#[derive(Serialize, ToSchema)]
struct AgeOut {
    channel: Channel,
    /// The fewest days that they have been there: 0, 8, 31 or 91.
    days: i32,
    payments: i64,
    /// HKD.
    amount: Money,
}

impl From<Age> for AgeOut {
    fn from(age: Age) -> Self {
        Self {
            channel: age.channel,
            days: age.days,
            payments: age.payments,
            amount: age.amount,
        }
    }
}

/// Payments in suspense, the oldest first.
#[utoipa::path(
    tag = "payments",
    params(SuspenseQuery),
    responses((status = 200, body = Page<PaymentOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:read"])),
)]
#[get("/suspense")]
async fn list_suspense(
    app: Data<App>,
    _caller: Authorized<ReadSuspense>,
    query: Query<SuspenseQuery>,
) -> Result<Json<Page<PaymentOut>>, Problem> {
    let SuspenseQuery {
        channel,
        proposed,
        days,
        after,
        limit,
    } = query.into_inner();
    let now = app.clock.now();
    let wanted = Wanted {
        channel,
        proposed,
        before: days.map(|days| now - TimeDelta::days(days.into())),
    };
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::list(conn, wanted, after, limit.rows()));
    let key = |payment: &Payment| (payment.recorded_at, payment.id);
    Page::new(found.await?, limit, key, PaymentOut::from).map(Json)
}

/// How long what is in suspense has been there, by channel.
#[utoipa::path(
    tag = "payments",
    responses((status = 200, body = Vec<AgeOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:read"])),
)]
#[get("/suspense-ages")]
async fn read_suspense_ages(
    app: Data<App>,
    _caller: Authorized<ReadSuspense>,
) -> Result<Json<Vec<AgeOut>>, Problem> {
    let today = hong_kong_date(app.clock.now());
    let ages = app.db.query(move |conn| store::ages(conn, today)).await?;
    Ok(Json(ages.into_iter().map(AgeOut::from).collect()))
}

/// A payment that came for nobody: whom it may have been meant for, and what was proposed.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentId, Path)),
    responses((status = 200, body = SuspenseOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:read"])),
)]
#[get("/suspense/{id}")]
async fn read_suspense(
    app: Data<App>,
    _caller: Authorized<ReadSuspense>,
    id: Path<PaymentId>,
) -> Result<Json<SuspenseOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let InSuspense {
        payment,
        proposals,
        candidates,
    } = app
        .db
        .read(move |conn| suspense::item(conn, id, now))
        .await?;
    Ok(Json(SuspenseOut {
        payment: payment.into(),
        proposals: proposals.into_iter().map(ProposalOut::from).collect(),
        candidates: candidates.into_iter().map(CandidateOut::from).collect(),
    }))
}

/// Propose where a payment in suspense goes: to households, or back to the payer.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentId, Path), IdempotencyKey),
    request_body = ProposalIn,
    responses((status = 201, body = ProposalOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:write"])),
)]
#[post("/suspense/{id}/proposals")]
async fn propose_clearing(
    app: Data<App>,
    caller: Authorized<ClearSuspense>,
    key: IdempotencyKey,
    id: Path<PaymentId>,
    body: Json<ProposalIn>,
) -> Result<(Json<ProposalOut>, StatusCode), Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let proposed = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "propose_clearing",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let parts = body.parts.iter().map(|part| Part {
                household: part.tenant_code,
                amount: part.amount,
            });
            let wanted = (parts.collect(), body.reason.as_str());
            let proposal = suspense::propose(conn, id, wanted, &caller.actor, now)?;
            Ok::<_, PaymentError>(ProposalOut::from(proposal))
        })
    });
    Ok((Json(proposed.await?), StatusCode::CREATED))
}

/// Approve what somebody else proposed: the money moves.
#[utoipa::path(
    tag = "payments",
    params(("id" = ProposalId, Path)),
    responses((status = 200, body = ProposalOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:write"])),
)]
#[post("/suspense-proposals/{id}/approval")]
async fn approve_clearing(
    app: Data<App>,
    caller: Authorized<ClearSuspense>,
    id: Path<ProposalId>,
) -> Result<Json<ProposalOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app
        .db
        .write(move |conn| suspense::decide(conn, id, None, &caller.actor, now));
    Ok(Json(decided.await?.into()))
}

/// Refuse a proposal, or take one's own back.
#[utoipa::path(
    tag = "payments",
    params(("id" = ProposalId, Path)),
    request_body = RefusalIn,
    responses((status = 200, body = ProposalOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["suspense:write"])),
)]
#[post("/suspense-proposals/{id}/refusal")]
async fn refuse_clearing(
    app: Data<App>,
    caller: Authorized<ClearSuspense>,
    id: Path<ProposalId>,
    body: Json<RefusalIn>,
) -> Result<Json<ProposalOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app.db.write(move |conn| {
        let reason = Some(body.reason.as_str());
        suspense::decide(conn, id, reason, &caller.actor, now)
    });
    Ok(Json(decided.await?.into()))
}
