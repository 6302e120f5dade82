//! Break-glass over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::commands;
use super::model::{Approval, BreakGlassError, Outcome, Reason, Request, Review, Subject, Wanted};
use super::store;
use crate::app::App;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::kernel::whole::whole;
use crate::platform::auth::{Authorized, permissions};
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// Ask for access in an emergency.
    RequestBreakGlass = "break_glass:request" everywhere;
    /// Approve another's request.
    ApproveBreakGlass = "break_glass:approve" everywhere fresh;
    /// Review what was done with it.
    ReviewBreakGlass = "break_glass:review" everywhere;
}

const REFUSED: Kind = Kind::new("break-glass-refused", 409, "The access cannot be had so");
const SUSPENDED: Kind = Kind::new(
    "break-glass-suspended",
    409,
    "An earlier access was not reviewed in time",
);
const BAD: Kind = Kind::new("break-glass-malformed", 422, "The access cannot be so");

/// The most fields that one access is for.
const FIELDS: usize = 20;

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(request_break_glass)
        .service(approve_break_glass)
        .service(review_break_glass)
        .service(list_open_break_glass_reviews);
}

/// An access to ask for: of a person or of a household.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BreakGlassIn {
    person: Option<Uuid>,
    tenant_code: Option<TenantCode>,
    reason: Reason,
    /// The ticket or case that it belongs to.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    ticket: Line<64>,
    /// The sealed fields, by name.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 20)]
    fields: Vec<Line<64>>,
    /// How long it is needed.
    #[schema(minimum = 1, maximum = 30)]
    #[serde(deserialize_with = "whole")]
    minutes: i16,
}

impl TryFrom<BreakGlassIn> for Wanted {
    type Error = Problem;

    fn try_from(asked: BreakGlassIn) -> Result<Self, Problem> {
        let bad = |why: &'static str| Err(Problem::new(BAD).detail(why));
        let subject = match (asked.person, asked.tenant_code) {
            (Some(person), None) => Subject::Person(person),
            (None, Some(code)) => Subject::Household(code),
            _ => return bad("either person or tenant_code"),
        };
        if !(1..=30).contains(&asked.minutes) {
            return bad("minutes: from 1 to 30");
        }
        if !(1..=FIELDS).contains(&asked.fields.len()) {
            return bad("fields: from 1 to 20");
        }
        Ok(Self {
            subject,
            reason: asked.reason,
            ticket: asked.ticket.into(),
            fields: asked.fields.into_iter().map(String::from).collect(),
            minutes: asked.minutes,
        })
    }
}

/// What a review found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BreakGlassReviewIn {
    outcome: Outcome,
    /// Why, without personal data.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    note: Line<500>,
}

/// A request, and how far it has come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct BreakGlassOut {
    id: Uuid,
    /// Who asked.
    staff: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_code: Option<TenantCode>,
    reason: Reason,
    ticket: String,
    fields: Vec<String>,
    minutes: i16,
    requested_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<AccessOut>,
}

/// When access is had, and by when it must have been reviewed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct AccessOut {
    approver: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// By the end of this day in Hong Kong.
    review_by: NaiveDate,
}

/// A review as it was recorded.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct BreakGlassReviewOut {
    request: Uuid,
    reviewer: String,
    outcome: Outcome,
    note: String,
    reviewed_at: DateTime<Utc>,
}

impl From<Request> for BreakGlassOut {
    fn from(request: Request) -> Self {
        Self {
            id: request.id,
            staff: request.staff,
            person: request.person,
            tenant_code: request.household,
            reason: request.reason,
            ticket: request.ticket,
            fields: request.fields,
            minutes: request.minutes,
            requested_at: request.requested_at,
            access: None,
        }
    }
}

impl From<Approval> for AccessOut {
    fn from(approval: Approval) -> Self {
        Self {
            approver: approval.approver,
            starts_at: approval.starts_at,
            ends_at: approval.ends_at,
            review_by: approval.review_by,
        }
    }
}

impl From<Review> for BreakGlassReviewOut {
    fn from(review: Review) -> Self {
        Self {
            request: review.request,
            reviewer: review.reviewer,
            outcome: review.outcome,
            note: review.note,
            reviewed_at: review.reviewed_at,
        }
    }
}

/// Ask for access in an emergency.
///
/// It begins when another member of staff approves it.
#[utoipa::path(
    tag = "break-glass",
    params(IdempotencyKey),
    request_body = BreakGlassIn,
    responses((status = 201, body = BreakGlassOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["break_glass:request"])),
)]
#[post("/break-glass")]
async fn request_break_glass(
    app: Data<App>,
    caller: Authorized<RequestBreakGlass>,
    key: IdempotencyKey,
    body: Json<BreakGlassIn>,
) -> Result<(Json<BreakGlassOut>, StatusCode), Problem> {
    let (wanted, now) = (Wanted::try_from(body.into_inner())?, app.clock.now());
    let asked = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "request_break_glass",
            key: &key,
        };
        once(conn, &attempt, &wanted, |conn| {
            commands::request(conn, &caller.actor, &wanted, now)
        })
    });
    Ok((Json(asked.await?.into()), StatusCode::CREATED))
}

/// Approve another's request: access begins.
#[utoipa::path(
    tag = "break-glass",
    params(("id" = Uuid, Path), IdempotencyKey),
    responses((status = 201, body = AccessOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["break_glass:approve"])),
)]
#[post("/break-glass/{id}/approval")]
async fn approve_break_glass(
    app: Data<App>,
    caller: Authorized<ApproveBreakGlass>,
    key: IdempotencyKey,
    id: Path<Uuid>,
) -> Result<(Json<AccessOut>, StatusCode), Problem> {
    let (id, now) = (*id, app.clock.now());
    let approved = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "approve_break_glass",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| {
            commands::approve(conn, &caller.actor, id, now)
        })
    });
    Ok((Json(approved.await?.into()), StatusCode::CREATED))
}

/// Review an access; one that is under way ends with it.
#[utoipa::path(
    tag = "break-glass",
    params(("id" = Uuid, Path), IdempotencyKey),
    request_body = BreakGlassReviewIn,
    responses((status = 201, body = BreakGlassReviewOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["break_glass:review"])),
)]
#[post("/break-glass/{id}/review")]
async fn review_break_glass(
    app: Data<App>,
    caller: Authorized<ReviewBreakGlass>,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<BreakGlassReviewIn>,
) -> Result<(Json<BreakGlassReviewOut>, StatusCode), Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let reviewed = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "review_break_glass",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let found = (id, body.outcome, body.note.as_str());
            commands::review(conn, &caller.actor, found, now)
        })
    });
    Ok((Json(reviewed.await?.into()), StatusCode::CREATED))
}

/// A page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// List the accesses that nobody has reviewed yet, the oldest first.
#[utoipa::path(
    tag = "break-glass",
    params(PageQuery),
    responses((status = 200, body = Page<BreakGlassOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["break_glass:review"])),
)]
#[get("/break-glass/open-reviews")]
async fn list_open_break_glass_reviews(
    app: Data<App>,
    caller: Authorized<ReviewBreakGlass>,
    query: Query<PageQuery>,
) -> Result<Json<Page<BreakGlassOut>>, Problem> {
    let after: Option<(DateTime<Utc>, Uuid)> = page::after(query.after.as_ref())?;
    if after.is_some_and(|(at, _)| !(1900..=2199).contains(&at.year())) {
        return Err(Problem::malformed(&"after: not a place in this list"));
    }
    let limit = query.limit;
    let rows = app
        .db
        .read(move |conn| {
            reach_in(conn, &caller.reach)?;
            store::unreviewed(conn, after, limit.rows())
        })
        .await?;
    let place = |(approval, request): &(Approval, Request)| (approval.starts_at, request.id);
    let shown = |(approval, request): (Approval, Request)| BreakGlassOut {
        access: Some(approval.into()),
        ..request.into()
    };
    Page::new(rows, limit, place, shown).map(Json)
}

impl From<BreakGlassError> for Problem {
    fn from(error: BreakGlassError) -> Self {
        let why = error.to_string();
        match error {
            BreakGlassError::NoSuchRequest => Self::not_found(),
            BreakGlassError::Suspended(_) => Self::new(SUSPENDED),
            BreakGlassError::OwnRequest
            | BreakGlassError::TooLate
            | BreakGlassError::Approved
            | BreakGlassError::OwnApproval
            | BreakGlassError::Reviewed => Self::new(REFUSED).detail(why),
            BreakGlassError::Db(error) => error.into(),
        }
    }
}
