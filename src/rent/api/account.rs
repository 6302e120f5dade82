//! A rent account at a glance.

use actix_web::get;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadRent;
use crate::app::App;
use crate::kernel::id::{EstateId, TenancyId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;
use crate::rent::model::Tenure;
use crate::rent::tell::{self, Overview};
use crate::tenancy::TenancyKind;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_rent_account);
}

/// A rent account at a glance.
#[derive(Serialize, ToSchema)]
struct AccountOut {
    tenant_code: TenantCode,
    /// Every figure is as at this instant.
    as_at: DateTime<Utc>,
    /// The rent month in Hong Kong.
    month: Month,
    /// What is to be paid now, HKD; the figure that every channel shows.
    owed: Money,
    /// What the household has in its favour, HKD.
    credit: Money,
    /// This month's rent, HKD.
    rent: Money,
    next: NextOut,
    tenancies: Vec<TenancyOut>,
}

/// The next month's rent.
#[derive(Serialize, ToSchema)]
struct NextOut {
    month: Month,
    /// Rent is due in advance, on the first of the month.
    due_on: NaiveDate,
    /// HKD, by the rules and awards on record now.
    rent: Money,
}

/// A flat that the household holds.
#[derive(Serialize, ToSchema)]
struct TenancyOut {
    tenancy_id: TenancyId,
    kind: TenancyKind,
    estate_id: EstateId,
    /// Internal floor area, m2.
    #[schema(value_type = String)]
    ifa: Decimal,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
}

impl From<Tenure> for TenancyOut {
    fn from(tenure: Tenure) -> Self {
        Self {
            tenancy_id: tenure.tenancy_id,
            kind: tenure.kind,
            estate_id: tenure.estate_id,
            ifa: tenure.ifa,
            starts_on: tenure.starts_on,
            ends_on: tenure.ends_on,
        }
    }
}

/// What a household owes now, its credit, and what is due next.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path)),
    responses((status = 200, body = AccountOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["rent:read"])),
)]
#[get("/rent-accounts/{code}")]
async fn get_rent_account(
    app: Data<App>,
    caller: Authorized<ReadRent>,
    code: Path<TenantCode>,
) -> Result<Json<AccountOut>, Problem> {
    let (code, now, rules) = (*code, app.clock.now(), app.rules.clone());
    let overview = app
        .db
        .query(move |conn| {
            tell::admit(conn, &caller.reach, code, now)?;
            tell::overview(conn, &rules, code, now)
        })
        .await?;
    let Overview {
        this_month,
        next_month,
        tenures,
    } = overview;
    Ok(Json(AccountOut {
        tenant_code: code,
        as_at: now,
        month: this_month.month,
        owed: this_month.due,
        credit: this_month.credit,
        rent: this_month.rent,
        next: NextOut {
            month: next_month.month,
            due_on: next_month.month.first(),
            rent: next_month.rent,
        },
        tenancies: tenures.into_iter().map(TenancyOut::from).collect(),
    }))
}
