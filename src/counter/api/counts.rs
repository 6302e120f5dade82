//! The end of a counter's day: counted, and closed.

use actix_web::post;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::days::CounterDayOut;
use super::{ApproveCounters, CounterRefusalIn, WorkCounter};
use crate::app::App;
use crate::counter::commands;
use crate::counter::model::{CashKind, Count, CountLine, Counted, CounterDay, Pile, Slips, Tender};
use crate::kernel::four_eyes::Standing;
use crate::kernel::id::CounterDayId;
use crate::kernel::money::Money;
use crate::kernel::text::Line;
use crate::kernel::whole::whole;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(count_counter_day)
        .service(approve_count)
        .service(refuse_count);
}

/// So many of a note or coin.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PileBody {
    kind: CashKind,
    /// HKD.
    value: Money,
    #[schema(maximum = 1_000_000)]
    #[serde(deserialize_with = "whole")]
    pieces: u32,
}

/// Cheques or card slips.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SlipsIn {
    #[schema(maximum = 1_000_000)]
    #[serde(deserialize_with = "whole")]
    pieces: u32,
    /// What they come to, HKD.
    amount: Money,
}

/// What was counted; what is not there was none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CountIn {
    #[serde(default)]
    #[schema(max_items = 100)]
    cash: Vec<PileBody>,
    #[serde(default)]
    cheques: Option<SlipsIn>,
    #[serde(default)]
    cards: Option<SlipsIn>,
    /// Why it differs from what is held; without a difference it is not kept.
    #[serde(default)]
    reason: Option<Line<200>>,
}

impl CountIn {
    fn counted(&self) -> Counted {
        let slips = |slips: Option<SlipsIn>| {
            slips.map_or(Slips::default(), |SlipsIn { pieces, amount }| Slips {
                pieces,
                amount,
            })
        };
        let piles = self.cash.iter().map(|pile| Pile {
            kind: pile.kind,
            value: pile.value,
            pieces: pile.pieces,
        });
        Counted {
            cash: piles.collect(),
            cheques: slips(self.cheques),
            cards: slips(self.cards),
            reason: self.reason.as_ref().map(ToString::to_string),
        }
    }
}

/// What was counted of one tender, beside what is held.
#[derive(Serialize, Deserialize, ToSchema)]
struct CountLineOut {
    tender: Tender,
    /// Receipts that are not void.
    receipts: i32,
    /// What they come to, HKD.
    held: Money,
    /// Notes and coins, cheques or slips.
    pieces: i32,
    /// HKD.
    counted: Money,
    /// What there is too much, or below zero too little, HKD.
    difference: Money,
}

impl From<CountLine> for CountLineOut {
    fn from(line: CountLine) -> Self {
        Self {
            tender: line.tender,
            receipts: line.receipts,
            held: line.held,
            pieces: line.pieces,
            counted: line.counted,
            difference: line.counted.checked_sub(line.held).unwrap_or_default(),
        }
    }
}

/// What was counted of a day.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct CountOut {
    /// The how-manieth of the day.
    number: i16,
    lines: Vec<CountLineOut>,
    cash: Vec<PileBody>,
    /// Why it differs.
    reason: Option<String>,
    counted_by: String,
    counted_at: DateTime<Utc>,
    /// Open while a second person is to look; absent when nothing differs.
    state: Option<Standing>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    /// Why it was sent back.
    refused_for: Option<String>,
}

impl From<Count> for CountOut {
    fn from(count: Count) -> Self {
        let decision = count.decision;
        // A difference has a reason, and only a difference.
        let differs = count.reason.is_some();
        let pile = |pile: Pile| PileBody {
            kind: pile.kind,
            value: pile.value,
            pieces: pile.pieces,
        };
        Self {
            number: count.number,
            lines: count.lines.into_iter().map(CountLineOut::from).collect(),
            cash: count.cash.into_iter().map(pile).collect(),
            reason: count.reason,
            counted_by: count.counted_by,
            counted_at: count.counted_at,
            state: differs.then(|| Standing::of(decision.as_ref())),
            decided_at: decision.as_ref().map(|decision| decision.decided_at),
            refused_for: decision.as_ref().and_then(|one| one.reason.clone()),
            decided_by: decision.map(|decision| decision.decided_by),
        }
    }
}

/// A day and what was counted of it.
#[derive(Serialize, Deserialize, ToSchema)]
struct CountedDayOut {
    day: CounterDayOut,
    count: CountOut,
}

impl From<(CounterDay, Count)> for CountedDayOut {
    fn from((day, count): (CounterDay, Count)) -> Self {
        Self {
            day: day.into(),
            count: count.into(),
        }
    }
}

/// Count a day: when all agrees it is closed, and otherwise a second person looks.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path), IdempotencyKey),
    request_body = CountIn,
    responses((status = 200, body = CountedDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-days/{id}/count")]
async fn count_counter_day(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    id: Path<CounterDayId>,
    body: Json<CountIn>,
) -> Result<Json<CountedDayOut>, Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let counted = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "count_counter_day",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let who = (&caller.actor, &caller.reach);
            commands::count(conn, who, id, body.counted(), now).map(CountedDayOut::from)
        })
    });
    Ok(Json(counted.await?))
}

/// Close a day whose count differs, as neither who counted nor whose day it is.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path), IdempotencyKey),
    responses((status = 200, body = CountedDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:approve"])),
)]
#[post("/counter-days/{id}/approval")]
async fn approve_count(
    app: Data<App>,
    caller: Authorized<ApproveCounters>,
    key: IdempotencyKey,
    id: Path<CounterDayId>,
) -> Result<Json<CountedDayOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let decided = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "approve_count",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| {
            let who = (&caller.actor, &caller.reach);
            commands::decide_count(conn, who, id, None, now).map(CountedDayOut::from)
        })
    });
    Ok(Json(decided.await?))
}

/// Send a day whose count differs back, to be counted anew.
#[utoipa::path(
    tag = "counter",
    params(("id" = CounterDayId, Path), IdempotencyKey),
    request_body = CounterRefusalIn,
    responses((status = 200, body = CountedDayOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["counter:take"])),
)]
#[post("/counter-days/{id}/refusal")]
async fn refuse_count(
    app: Data<App>,
    caller: Authorized<WorkCounter>,
    key: IdempotencyKey,
    id: Path<CounterDayId>,
    body: Json<CounterRefusalIn>,
) -> Result<Json<CountedDayOut>, Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let decided = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "refuse_count",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let (who, why) = ((&caller.actor, &caller.reach), body.reason.as_str());
            commands::decide_count(conn, who, id, Some(why), now).map(CountedDayOut::from)
        })
    });
    Ok(Json(decided.await?))
}
