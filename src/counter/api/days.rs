//! Counters' days: opened, listed, read.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::counts::CountOut;
use super::{ReadCounters, WorkCounter};
use crate::app::App;
use crate::counter::commands;
use crate::counter::model::{Count, CounterDay, CounterError, DayState, Held, Tender};
use crate::counter::store::days::{CounterDayOrder, Wanted};
use crate::counter::store::{counts, days, receipts};
use crate::kernel::day::Day;
use crate::kernel::id::{CounterDayId, EstateId};
use crate::kernel::money::Money;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(open_counter_day)
        .service(list_counter_days)
        .service(read_counter_day);
}

/// At which office.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CounterDayIn {
    estate: EstateId,
}

/// Which days, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CounterDaysQuery {
    estate: Option<EstateId>,
    #[param(inline)]
    shroff: Option<Line<100>>,
    #[param(inline)]
    state: Option<DayState>,
    /// Opened on this day in Hong Kong or later.
    from: Option<Day>,
    /// Opened on this day in Hong Kong or before.
    to: Option<Day>,
    /// The newest first, unless the oldest are wanted first.
    #[param(inline)]
    order: Option<CounterDayOrder>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A shroff's day at the counter of an office.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct CounterDayOut {
    id: CounterDayId,
    estate: EstateId,
    /// Whose day it is.
    shroff: String,
    opened_on: NaiveDate,
    opened_at: DateTime<Utc>,
    state: DayState,
    closed_at: Option<DateTime<Utc>>,
}

impl From<CounterDay> for CounterDayOut {
    fn from(day: CounterDay) -> Self {
        Self {
            id: day.id,
            estate: day.estate,
            shroff: day.shroff,
            opened_on: day.opened_on,
            opened_at: day.opened_at,
            state: day.state,
            closed_at: day.closed_at,
        }
    }
}

/// What a day holds of one tender.
#[derive(Serialize, ToSchema)]
struct HeldByTenderOut {
    tender: Tender,
    /// Receipts that are not void.
    receipts: i64,
    /// What they come to, HKD.
    amount: Money,
    /// Those that are.
    voided: i64,
    /// HKD.
    voided_amount: Money,
}

impl From<Held> for HeldByTenderOut {
    fn from(held: Held) -> Self {
        Self {
            tender: held.tender,
            receipts: held.receipts,
            amount: held.amount,
            voided: held.voided,
            voided_amount: held.voided_amount,
        }
    }
}

/// A day, what it holds and what was counted last.
#[derive(Serialize, ToSchema)]
struct WholeCounterDayOut {
    day: CounterDayOut,
    /// By tender; none of one that nobody paid with.
    held: Vec<HeldByTenderOut>,
    count: Option<CountOut>,
}

/// Open one's day at the counter of an estate office.
#[utoipa::path(
    tag = "counter",
    params(IdempotencyKey),
    request_body = CounterDayIn,
    responses((status = 201, body = CounterDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-days")]
async fn open_counter_day(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    body: Json<CounterDayIn>,
) -> Result<(Json<CounterDayOut>, StatusCode), Problem> {
    let now = app.clock.now();
    let opened = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "open_counter_day",
            key: &key,
        };
        once(conn, &attempt, &body.0, |conn| {
            let who = (&caller.actor, &caller.reach);
            commands::open_day(conn, who, body.estate, now).map(CounterDayOut::from)
        })
    });
    Ok((Json(opened.await?), StatusCode::CREATED))
}

/// Days at counters.
#[utoipa::path(
    tag = "counter",
    params(CounterDaysQuery),
    responses((status = 200, body = Page<CounterDayOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:read"])),
)]
#[get("/counter-days")]
async fn list_counter_days(
    app: Data<App>,
    caller: Authorized<ReadCounters>,
    query: Query<CounterDaysQuery>,
) -> Result<Json<Page<CounterDayOut>>, Problem> {
    let query = query.into_inner();
    let wanted = Wanted {
        reach: caller.reach,
        estate: query.estate,
        shroff: query.shroff.map(Into::into),
        state: query.state,
        from: query.from.map(Into::into),
        to: query.to.map(Into::into),
        order: query.order.unwrap_or(CounterDayOrder::Newest),
    };
    let (after, limit) = (page::after(query.after.as_ref())?, query.limit);
    let found = app
        .db
        .query(move |conn| days::list(conn, wanted, after, limit.rows()));
    let key = |day: &CounterDay| (day.opened_at, day.id);
    Page::new(found.await?, limit, key, CounterDayOut::from).map(Json)
}

/// A day at a counter: what it holds of each tender, and what was counted last.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path)),
    responses((status = 200, body = WholeCounterDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:read"])),
)]
#[get("/counter-days/{id}")]
async fn read_counter_day(
    app: Data<App>,
    caller: Authorized<ReadCounters>,
    id: Path<CounterDayId>,
) -> Result<Json<WholeCounterDayOut>, Problem> {
    let id = *id;
    let read = app.db.read(move |conn| {
        let day = commands::day_within(conn, &caller.reach, id)?;
        let (held, count) = (receipts::held(conn, id)?, counts::last(conn, id)?);
        Ok::<(CounterDay, Vec<Held>, Option<Count>), CounterError>((day, held, count))
    });
    let (day, held, count) = read.await?;
    Ok(Json(WholeCounterDayOut {
        day: day.into(),
        held: held.into_iter().map(HeldByTenderOut::from).collect(),
        count: count.map(CountOut::from),
    }))
}
