//! The dated rules: everyone may read them; recording one needs permission.

#![expect(
    clippy::disallowed_types,
    reason = "what serde makes of a tagged enum names floats; none is kept"
)]

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::RecordRules;
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::id::EstateId;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;
use crate::rent::commands;
use crate::rent::model::{Effect, InForce, RentError, RuleBook, RuleRow, Scheme};
use crate::rent::store::NewRule;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_rent_rules).service(record_rent_rule);
}

/// What a rule says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
enum RuleSays {
    /// An estate's rent, HKD per m2 of internal floor area a month, and the part that is rates.
    Rate {
        estate: EstateId,
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        rent_per_m2: Decimal,
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        rates_per_m2: Decimal,
    },
    /// A rent review: 0.10 is an increase of 10%, the most there can be.
    Review {
        #[schema(value_type = Option<String>, pattern = r"^-?\d{1,2}(\.\d{1,4})?$")]
        index_change: Option<Decimal>,
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        rent_change: Decimal,
        /// The last day on which the increase is not collected.
        increase_waived_until: Option<Day>,
    },
    /// A scheme that takes a share off the rent.
    Reduction {
        scheme: Scheme,
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        share: Decimal,
        /// The longest award, in months.
        longest: Option<i16>,
    },
    /// A scheme that multiplies the net rent.
    Multiple {
        scheme: Scheme,
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        times: Decimal,
    },
    /// A waiver of a share of the rent, for whole months.
    Waiver {
        #[schema(value_type = String, pattern = r"^-?\d{1,6}(\.\d{1,4})?$")]
        share: Decimal,
        /// Whether households that pay additional rent go without.
        excludes_additional: bool,
    },
}

/// A rule to record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct RuleIn {
    #[serde(flatten)]
    says: RuleSays,
    valid_from: Day,
    /// The last day; a waiver must have one.
    valid_to: Option<Day>,
    /// The circular, paper or press release that says so.
    source: Line<200>,
}

/// A rule row.
#[derive(Serialize, ToSchema)]
struct RuleOut {
    #[serde(flatten)]
    row: RuleRow,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    says: RuleSays,
}

/// The number a rule was given.
#[derive(Serialize, Deserialize, ToSchema)]
struct RecordedOut {
    number: i32,
}

/// Which rules.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RulesQuery {
    /// Only those that hold on this day.
    on: Option<Day>,
    /// Rates of this estate only; without it, rates are left out.
    #[param(value_type = Option<String>, format = Uuid)]
    estate: Option<EstateId>,
}

/// The rules that rent is calculated by, with their sources.
#[utoipa::path(
    tag = "rent",
    params(RulesQuery),
    responses((status = 200, body = Vec<RuleOut>), (status = "4XX", body = Problem)),
)]
#[get("/rent-rules")]
async fn list_rent_rules(
    app: Data<App>,
    query: Query<RulesQuery>,
) -> Result<Json<Vec<RuleOut>>, Problem> {
    let (rules, now) = (app.rules.clone(), app.clock.now());
    let book = app.db.query(move |conn| rules.current(conn)).await?;
    let mut listed = listed(&book, query.estate);
    if let Some(day) = query.on {
        listed.retain(|(in_force, _)| in_force.holds(day.into(), now));
    }
    Ok(Json(listed.into_iter().map(|(_, rule)| rule).collect()))
}

fn listed(book: &RuleBook, estate: Option<EstateId>) -> Vec<(InForce, RuleOut)> {
    let rates = estate.and_then(|estate| Some((estate, book.rates.get(&estate)?)));
    let rates = rates.into_iter().flat_map(|(estate, rates)| {
        rates.iter().map(move |rate| {
            let (rent_per_m2, rates_per_m2) = (rate.rent_per_m2, rate.rates_per_m2);
            told(
                &rate.row,
                rate.in_force,
                RuleSays::Rate {
                    estate,
                    rent_per_m2,
                    rates_per_m2,
                },
            )
        })
    });
    let reviews = book.reviews.iter().map(|review| {
        let says = RuleSays::Review {
            index_change: review.index_change,
            rent_change: review.rent_change,
            increase_waived_until: review
                .increase_waived_until
                .and_then(|day| day.try_into().ok()),
        };
        told(&review.row, review.in_force, says)
    });
    let schemes = book.schemes.iter().map(|rule| {
        let scheme = rule.scheme;
        let longest = rule.longest.and_then(|months| i16::try_from(months).ok());
        let says = match rule.effect {
            Effect::Reduce(share) => RuleSays::Reduction {
                scheme,
                share,
                longest,
            },
            Effect::Multiply(times) => RuleSays::Multiple { scheme, times },
        };
        told(&rule.row, rule.in_force, says)
    });
    let waivers = book.waivers.iter().map(|waiver| {
        let (share, excludes_additional) = (waiver.share, waiver.excludes_additional);
        told(
            &waiver.row,
            waiver.in_force,
            RuleSays::Waiver {
                share,
                excludes_additional,
            },
        )
    });
    rates.chain(reviews).chain(schemes).chain(waivers).collect()
}

fn told(row: &RuleRow, in_force: InForce, says: RuleSays) -> (InForce, RuleOut) {
    let InForce {
        valid_from,
        valid_to,
        recorded_at,
        replaced_at,
    } = in_force;
    let row = row.clone();
    (
        in_force,
        RuleOut {
            row,
            valid_from,
            valid_to,
            recorded_at,
            replaced_at,
            says,
        },
    )
}

/// Record a rule; charges that it comes too late for are revised by a job.
#[utoipa::path(
    tag = "rent",
    params(IdempotencyKey),
    request_body = RuleIn,
    responses((status = 201, body = RecordedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:rules"])),
)]
#[post("/rent-rules")]
async fn record_rent_rule(
    app: Data<App>,
    caller: Authorized<RecordRules>,
    key: IdempotencyKey,
    body: Json<RuleIn>,
) -> Result<(Json<RecordedOut>, StatusCode), Problem> {
    let (body, now) = (body.into_inner(), app.clock.now());
    let recorded = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "record_rent_rule",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            let rule = new_rule(&body)?;
            let days = (body.valid_from.into(), body.valid_to.map(Into::into));
            let row = (&rule, days.0, days.1, body.source.as_str());
            let number = commands::record_rule(conn, &caller.actor, row, now)?;
            Ok::<_, RentError>(RecordedOut { number })
        })
    });
    Ok((Json(recorded.await?), StatusCode::CREATED))
}

fn new_rule(body: &RuleIn) -> Result<NewRule, RentError> {
    Ok(match body.says.clone() {
        RuleSays::Rate {
            estate,
            rent_per_m2,
            rates_per_m2,
        } => NewRule::Rate {
            estate,
            rent_per_m2,
            rates_per_m2,
        },
        RuleSays::Review {
            index_change,
            rent_change,
            increase_waived_until,
        } => NewRule::Review {
            index_change,
            rent_change,
            increase_waived_until: increase_waived_until.map(Into::into),
        },
        RuleSays::Reduction {
            scheme,
            share,
            longest,
        } => NewRule::Scheme {
            scheme,
            effect: Effect::Reduce(share),
            longest,
        },
        RuleSays::Multiple { scheme, times } => NewRule::Scheme {
            scheme,
            effect: Effect::Multiply(times),
            longest: None,
        },
        RuleSays::Waiver { .. } if body.valid_to.is_none() => {
            return Err(RentError::Rule("a waiver must have a last day".into()));
        }
        RuleSays::Waiver {
            share,
            excludes_additional,
        } => NewRule::Waiver {
            share,
            excludes_additional,
        },
    })
}
