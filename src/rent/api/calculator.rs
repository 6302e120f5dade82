//! The rent calculator (計租易) for the public: no account, no token.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::quote::LineOut;
use crate::app::App;
use crate::kernel::clock::hong_kong_month;
use crate::kernel::id::EstateId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::{Kind, Problem};
use crate::rent::model::{RentError, Scheme};
use crate::rent::tell::{self, Supposed};
use crate::tenancy::TenancyKind;

const OUT_OF_BOUNDS: Kind = Kind::new("calculator-out-of-bounds", 422, "No such flat or household");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(calculate_rent);
}

/// The flat and household to calculate for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CalculatorQuery {
    /// The estate's id.
    #[param(value_type = String, format = Uuid)]
    estate: EstateId,
    /// Internal floor area, m2, from 1 to 200.
    #[param(value_type = String, pattern = r"^[1-9]\d{0,2}(\.\d{1,2})?$", example = "35.50")]
    ifa: Decimal,
    /// Persons, from 1 to 30.
    #[param(minimum = 1, maximum = 30)]
    household_size: u8,
    /// What the household pays by; normal rent when absent.
    scheme: Option<Scheme>,
    /// The rent month; this month when absent.
    month: Option<Month>,
}

/// A month's rent and what it is made of.
#[derive(Serialize, ToSchema)]
struct CalculatorOut {
    month: Month,
    /// HKD a month.
    rent: Money,
    /// Internal floor area for each person, m2.
    #[schema(value_type = String)]
    ifa_per_person: Decimal,
    lines: Vec<LineOut>,
}

/// What a flat would cost in a month.
#[utoipa::path(
    tag = "rent",
    params(CalculatorQuery, Reads),
    responses((status = 200, body = CalculatorOut), (status = "4XX", body = Problem)),
)]
#[get("/rent-calculator")]
async fn calculate_rent(
    app: Data<App>,
    query: Query<CalculatorQuery>,
    Reads(language): Reads,
) -> Result<Json<CalculatorOut>, Problem> {
    let now = app.clock.now();
    let CalculatorQuery {
        estate,
        ifa,
        household_size,
        scheme,
        month,
    } = query.into_inner();
    let month = month.unwrap_or_else(|| hong_kong_month(now));
    check(ifa, household_size, month, now)?;
    let kind = match scheme {
        Some(Scheme::Licence) => TenancyKind::Licence,
        Some(Scheme::Occupation) => TenancyKind::Occupation,
        _ => TenancyKind::Prh,
    };
    let (rules, supposed) = (
        app.rules.clone(),
        Supposed {
            estate,
            ifa,
            kind,
            scheme,
            month,
        },
    );
    let charge = app
        .db
        .query(move |conn| tell::suppose(conn, &rules, supposed, now))
        .await?;
    let person = ifa / Decimal::from(household_size);
    Ok(Json(CalculatorOut {
        month,
        rent: charge.amount,
        ifa_per_person: person.trunc_with_scale(2),
        lines: charge
            .lines
            .into_iter()
            .map(|line| LineOut::new(line, language))
            .collect(),
    }))
}

fn check(ifa: Decimal, size: u8, month: Month, now: DateTime<Utc>) -> Result<(), Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(OUT_OF_BOUNDS).detail(detail));
    if ifa < Decimal::ONE || ifa > Decimal::from(200) || ifa.scale() > 2 {
        return refuse("ifa is from 1 to 200 m2 with at most two decimal places");
    }
    if !(1..=30).contains(&size) {
        return refuse("household_size is from 1 to 30");
    }
    if month > hong_kong_month(now).plus(12) {
        return Err(RentError::OutsideLedger(month).into());
    }
    Ok(())
}
