//! What moved on our bank accounts and is no household's payment, over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{AssignMovements, Reconcile};
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::four_eyes::Standing;
use crate::kernel::id::{AssignmentId, MovementId, PaymentFileId};
use crate::kernel::money::Money;
use crate::kernel::text::Line;
use crate::payments::model::{Channel, PaymentError};
use crate::payments::reconciliation::{self, Assignment, Moved};
use crate::payments::store::movements::{self as store, Wanted};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_bank_movements)
        .service(read_bank_movement)
        .service(propose_assignment)
        .service(approve_assignment)
        .service(refuse_assignment);
}

/// Which movements, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MovementsQuery {
    /// Those of which it is known whose they are, or is not.
    known: Option<bool>,
    channel: Option<Channel>,
    /// Booked on this day or later.
    from: Option<Day>,
    /// Booked on this day or before.
    to: Option<Day>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Money that moved on an account of ours and paid nobody's rent.
#[derive(Serialize, ToSchema)]
struct MovementOut {
    id: MovementId,
    /// The statement.
    file: PaymentFileId,
    account: String,
    /// The bank's own; it may have none.
    reference: String,
    /// What the bank, or who paid, wrote of it.
    wording: String,
    /// Below zero when it left the account, HKD.
    amount: Money,
    booked_on: NaiveDate,
    /// A direct debit that was paid back.
    returned: bool,
    /// Whose it is; absent, no channel's.
    channel: Option<Channel>,
    /// The channel's day that it is of.
    day: Option<NaiveDate>,
    /// Whether it is known whose it is.
    known: bool,
}

impl From<Moved> for MovementOut {
    fn from(moved: Moved) -> Self {
        Self {
            id: moved.id,
            file: moved.file,
            account: moved.account,
            reference: moved.reference,
            wording: moved.wording,
            amount: moved.amount,
            booked_on: moved.booked_on,
            returned: moved.returned,
            channel: moved.channel,
            day: moved.settled_on,
            known: moved.known,
        }
    }
}

/// A movement, and what was proposed of it.
#[derive(Serialize, ToSchema)]
struct MovementTold {
    #[serde(flatten)]
    movement: MovementOut,
    /// Oldest first.
    assignments: Vec<AssignmentOut>,
}

/// Whose a movement shall be.
#[derive(Serialize, Deserialize, ToSchema)]
struct AssignmentOut {
    id: AssignmentId,
    movement: MovementId,
    /// Absent: no channel's.
    channel: Option<Channel>,
    day: Option<NaiveDate>,
    reason: String,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    state: Standing,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    refused_for: Option<String>,
}

impl From<Assignment> for AssignmentOut {
    fn from(assignment: Assignment) -> Self {
        let state = assignment.standing();
        let decision = assignment.decision.as_ref();
        Self {
            id: assignment.id,
            movement: assignment.movement,
            channel: assignment.whose.map(|(channel, _)| channel),
            day: assignment.whose.map(|(_, day)| day),
            state,
            decided_by: decision.map(|decision| decision.decided_by.clone()),
            decided_at: decision.map(|decision| decision.decided_at),
            refused_for: decision.and_then(|decision| decision.reason.clone()),
            reason: assignment.reason,
            proposed_by: assignment.proposed_by,
            proposed_at: assignment.proposed_at,
        }
    }
}

/// Whose a movement is, and why.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignmentIn {
    /// Absent, with the day: no channel's.
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    day: Option<Day>,
    reason: Line<200>,
}

impl AssignmentIn {
    fn whose(&self) -> Result<Option<(Channel, NaiveDate)>, PaymentError> {
        match (self.channel, self.day) {
            (Some(channel), Some(day)) => Ok(Some((channel, day.into()))),
            (None, None) => Ok(None),
            _ => Err(PaymentError::Unfit("channel and day: both or neither")),
        }
    }
}

/// Why a proposal is refused, or taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignmentRefusalIn {
    reason: Line<200>,
}

/// What moved on our accounts and is no household's payment, the newest first.
#[utoipa::path(
    tag = "payments",
    params(MovementsQuery),
    responses((status = 200, body = Page<MovementOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/bank-movements")]
async fn list_bank_movements(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    query: Query<MovementsQuery>,
) -> Result<Json<Page<MovementOut>>, Problem> {
    let MovementsQuery {
        known,
        channel,
        from,
        to,
        after,
        limit,
    } = query.into_inner();
    let wanted = Wanted {
        known,
        channel,
        from: from.map(Into::into),
        to: to.map(Into::into),
    };
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::list(conn, wanted, after, limit.rows()));
    let key = |moved: &Moved| (moved.booked_on, moved.id);
    Page::new(found.await?, limit, key, MovementOut::from).map(Json)
}

/// What moved, whose it is, and what was proposed.
#[utoipa::path(
    tag = "payments",
    params(("id" = MovementId, Path)),
    responses((status = 200, body = MovementTold), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/bank-movements/{id}")]
async fn read_bank_movement(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    id: Path<MovementId>,
) -> Result<Json<MovementTold>, Problem> {
    let told = app.db.read(move |conn| {
        let movement = store::movement(conn, *id)?.into();
        let assignments = store::assignments(conn, *id)?.into_iter();
        Ok::<_, PaymentError>(MovementTold {
            movement,
            assignments: assignments.map(AssignmentOut::from).collect(),
        })
    });
    Ok(Json(told.await?))
}

/// Propose whose a movement is: a channel's, of a day, or no channel's.
#[utoipa::path(
    tag = "payments",
    params(("id" = MovementId, Path), IdempotencyKey),
    request_body = AssignmentIn,
    responses((status = 201, body = AssignmentOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:write"])),
)]
#[post("/bank-movements/{id}/assignments")]
async fn propose_assignment(
    app: Data<App>,
    caller: Authorized<AssignMovements>,
    key: IdempotencyKey,
    id: Path<MovementId>,
    body: Json<AssignmentIn>,
) -> Result<(Json<AssignmentOut>, StatusCode), Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let proposed = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "propose_assignment",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let wanted = (body.whose()?, body.reason.as_str());
            let proposed = reconciliation::propose(conn, id, wanted, &caller.actor, now)?;
            Ok::<_, PaymentError>(AssignmentOut::from(proposed))
        })
    });
    Ok((Json(proposed.await?), StatusCode::CREATED))
}

/// Approve what somebody else proposed.
#[utoipa::path(
    tag = "payments",
    params(("id" = AssignmentId, Path)),
    responses((status = 200, body = AssignmentOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:write"])),
)]
#[post("/bank-movement-assignments/{id}/approval")]
async fn approve_assignment(
    app: Data<App>,
    caller: Authorized<AssignMovements>,
    id: Path<AssignmentId>,
) -> Result<Json<AssignmentOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app
        .db
        .write(move |conn| reconciliation::decide(conn, id, None, &caller.actor, now));
    Ok(Json(decided.await?.into()))
}

/// Refuse what was proposed, or take one's own proposal back.
#[utoipa::path(
    tag = "payments",
    params(("id" = AssignmentId, Path)),
    request_body = AssignmentRefusalIn,
    responses((status = 200, body = AssignmentOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["reconciliation:write"])),
)]
#[post("/bank-movement-assignments/{id}/refusal")]
async fn refuse_assignment(
    app: Data<App>,
    caller: Authorized<AssignMovements>,
    id: Path<AssignmentId>,
    body: Json<AssignmentRefusalIn>,
) -> Result<Json<AssignmentOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app.db.write(move |conn| {
        let reason = Some(body.reason.as_str());
        reconciliation::decide(conn, id, reason, &caller.actor, now)
    });
    Ok(Json(decided.await?.into()))
}
