//! What is due for a month, and every line that makes it.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadRent;
use crate::app::App;
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::id::TenancyId;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::Problem;
use crate::rent::model::{Charge, Line, LineKind, Quote, RentError, RuleRow};
use crate::rent::tell::{self, Asked};
use crate::rent::words;

/// How far ahead rent can be told.
const MONTHS_AHEAD: u32 = 12;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_rent_quote);
}

/// Which quote.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct QuoteQuery {
    /// The rent month; this month when absent.
    #[param(value_type = Option<String>)]
    month: Option<Month>,
    /// As at the end of this day; today when absent.
    valid_at: Option<NaiveDate>,
    /// As far as was known then; now when absent.
    known_at: Option<DateTime<Utc>>,
}

/// What a household has to pay for a month.
#[derive(Serialize, ToSchema)]
pub(super) struct QuoteOut {
    month: Month,
    valid_at: NaiveDate,
    known_at: DateTime<Utc>,
    /// What is to be paid, HKD.
    due: Money,
    /// What stays in the household's favour, HKD.
    credit: Money,
    /// The month's rent: the sum of the charges, HKD.
    rent: Money,
    /// What else is owed; below zero, credit brought forward, HKD.
    brought_forward: Money,
    charges: Vec<ChargeOut>,
}

/// What one tenancy costs in the month.
#[derive(Serialize, ToSchema)]
pub(super) struct ChargeOut {
    tenancy_id: TenancyId,
    first_day: NaiveDate,
    last_day: NaiveDate,
    amount: Money,
    lines: Vec<LineOut>,
}

/// One reason of the amount.
#[derive(Serialize, ToSchema)]
pub(super) struct LineOut {
    kind: LineKind,
    /// In the caller's language.
    label: &'static str,
    /// Below zero when it lowers what is due, HKD.
    amount: Money,
    rule: RuleRow,
}

impl LineOut {
    pub(super) fn new(line: Line, language: Language) -> Self {
        let Line {
            kind,
            amount,
            row,
            general: _,
        } = line;
        Self {
            kind,
            label: words::line(kind, language),
            amount,
            rule: row,
        }
    }
}

impl ChargeOut {
    fn new(charge: Charge, language: Language) -> Self {
        let Charge {
            tenancy,
            first_day,
            last_day,
            lines,
            amount,
        } = charge;
        let lines = lines.into_iter().map(|line| LineOut::new(line, language));
        Self {
            tenancy_id: tenancy,
            first_day,
            last_day,
            amount,
            lines: lines.collect(),
        }
    }
}

impl QuoteOut {
    pub(super) fn new(quote: Quote, language: Language) -> Self {
        let Quote {
            month,
            valid_at,
            known_at,
            charges,
            rent,
            brought_forward,
            due,
            credit,
        } = quote;
        let charges = charges
            .into_iter()
            .map(|charge| ChargeOut::new(charge, language));
        Self {
            month,
            valid_at,
            known_at,
            due,
            credit,
            rent,
            brought_forward,
            charges: charges.collect(),
        }
    }
}

/// What is, was or will be due for a month, with every line and its rule.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), QuoteQuery, Reads),
    responses((status = 200, body = QuoteOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:read"])),
)]
#[get("/rent-accounts/{code}/quote")]
async fn get_rent_quote(
    app: Data<App>,
    caller: Authorized<ReadRent>,
    code: Path<TenantCode>,
    query: Query<QuoteQuery>,
    Reads(language): Reads,
) -> Result<Json<QuoteOut>, Problem> {
    let (code, now, rules) = (*code, app.clock.now(), app.rules.clone());
    let asked = Asked {
        month: query.month.unwrap_or_else(|| hong_kong_month(now)),
        valid_at: query.valid_at.unwrap_or_else(|| hong_kong_date(now)),
        known_at: query.known_at.unwrap_or(now),
    };
    check_reach(asked, now)?;
    let quote = app
        .db
        .read(move |conn| {
            tell::admit(conn, &caller.reach, code, now)?;
            tell::quote(conn, &rules, code, asked)
        })
        .await?;
    Ok(Json(QuoteOut::new(quote, language)))
}

/// Refuses what cannot be known: months far ahead, dates that no ledger holds.
fn check_reach(asked: Asked, now: DateTime<Utc>) -> Result<(), RentError> {
    let last = hong_kong_month(now).plus(MONTHS_AHEAD);
    for month in [asked.month, Month::of(asked.valid_at)] {
        if month < Month::earliest() || month > last {
            return Err(RentError::OutsideLedger(month));
        }
    }
    if asked.known_at > now {
        return Err(RentError::InFuture(hong_kong_date(asked.known_at)));
    }
    Ok(())
}
