//! What is taken at a counter.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ReadCounters, WorkCounter};
use crate::app::App;
use crate::counter::commands;
use crate::counter::model::{CounterError, HandedOver, Taking, Tender};
use crate::counter::store::receipts;
use crate::kernel::id::{CounterDayId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(take_counter_payment)
        .service(list_counter_receipts);
}

/// What somebody hands over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakingIn {
    tenant_code: TenantCode,
    /// HKD.
    amount: Money,
    tender: Tender,
    /// The number of the cheque, or what the card's slip is called; cash has none.
    #[serde(default)]
    instrument: Option<Line<12>>,
}

/// A payment that a counter took, and its receipt.
#[derive(Serialize, Deserialize, ToSchema)]
struct TakingOut {
    payment: PaymentId,
    /// The receipt's number: the office's, the year, and the how-manieth of these.
    receipt: String,
    day: CounterDayId,
    tenant_code: TenantCode,
    /// HKD.
    amount: Money,
    tender: Tender,
    instrument: Option<String>,
    taken_at: DateTime<Utc>,
    /// When it was voided, if it was.
    voided_at: Option<DateTime<Utc>>,
}

impl From<Taking> for TakingOut {
    fn from(taking: Taking) -> Self {
        Self {
            payment: taking.payment,
            receipt: taking.receipt.to_string(),
            day: taking.day,
            tenant_code: taking.what.code,
            amount: taking.what.amount,
            tender: taking.what.tender,
            instrument: taking.what.instrument,
            taken_at: taking.taken_at,
            voided_at: taking.voided.map(|(_, at)| at),
        }
    }
}

/// Which receipts, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CounterReceiptsQuery {
    #[param(inline)]
    tender: Option<Tender>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Take a payment for any household, on one's own day; the answer has the receipt's number.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path), IdempotencyKey),
    request_body = TakingIn,
    responses((status = 201, body = TakingOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-days/{id}/payments")]
async fn take_counter_payment(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    id: Path<CounterDayId>,
    body: Json<TakingIn>,
) -> Result<(Json<TakingOut>, StatusCode), Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let taken = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "take_counter_payment",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let handed = HandedOver {
                code: body.tenant_code,
                amount: body.amount,
                tender: body.tender,
                instrument: body.instrument.as_ref().map(ToString::to_string),
            };
            let who = (&caller.actor, &caller.reach);
            commands::take(conn, who, id, handed, now).map(TakingOut::from)
        })
    });
    Ok((Json(taken.await?), StatusCode::CREATED))
}

/// The receipts of a day, by number.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path), CounterReceiptsQuery),
    responses((status = 200, body = Page<TakingOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:read"])),
)]
#[get("/counter-days/{id}/receipts")]
async fn list_counter_receipts(
    app: Data<App>,
    caller: Authorized<ReadCounters>,
    id: Path<CounterDayId>,
    query: Query<CounterReceiptsQuery>,
) -> Result<Json<Page<TakingOut>>, Problem> {
    let (id, tender, limit) = (*id, query.tender, query.limit);
    let after = page::after(query.after.as_ref())?;
    let found = app.db.read(move |conn| {
        commands::day_within(conn, &caller.reach, id)?;
        receipts::list(conn, (id, tender), after, limit.rows()).map_err(CounterError::from)
    });
    let key = |taking: &Taking| (taking.receipt.year, taking.receipt.number);
    Page::new(found.await?, limit, key, TakingOut::from).map(Json)
}
