//! What the department pays of a household's rent, and what is left.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadAllowances;
use crate::app::App;
use crate::cssa::model::Allowance;
use crate::cssa::tell::{self, Told};
use crate::cssa::{CssaError, words};
use crate::kernel::id::PaymentFileId;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{Coverage, line_of_allowance};
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::Problem;
use crate::rent;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_cssa);
}

/// Which month.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MonthQuery {
    /// This month, or the next; this one when it is left out.
    month: Option<Month>,
}

/// What the Social Welfare Department pays of a month's rent.
#[derive(Serialize, ToSchema)]
struct CssaOut {
    tenant_code: TenantCode,
    month: Month,
    /// What the quote says is due, HKD.
    due: Money,
    /// How far the month's allowance goes; none when there is none.
    coverage: Option<Coverage>,
    /// The month's allowance, HKD.
    allowance: Option<Money>,
    /// What the department has paid of the month, HKD.
    paid: Money,
    /// What the tenant has to pay, HKD.
    yours: Money,
    /// The same in the caller's language.
    note: String,
    /// What was, is and will be granted, the newest first.
    allowances: Vec<AllowanceOut>,
}

/// A rent allowance between two months.
#[derive(Serialize, ToSchema)]
struct AllowanceOut {
    coverage: Coverage,
    /// HKD a month.
    amount: Money,
    from: Month,
    /// The last month; none when it goes on.
    to: Option<Month>,
    /// The settlement file that says so, and the line of it.
    file: PaymentFileId,
    line: i32,
    recorded_at: DateTime<Utc>,
}

impl From<Allowance> for AllowanceOut {
    fn from(one: Allowance) -> Self {
        Self {
            coverage: one.granted.coverage,
            amount: one.granted.amount,
            from: one.from,
            to: one.to,
            file: one.file,
            line: line_of_allowance(one.number),
            recorded_at: one.recorded_at,
        }
    }
}

impl CssaOut {
    fn new(tenant_code: TenantCode, told: Told, language: Language) -> Self {
        Self {
            note: words::note(&told, language),
            tenant_code,
            month: told.month,
            due: told.due,
            coverage: told.granted.map(|granted| granted.coverage),
            allowance: told.granted.map(|granted| granted.amount),
            paid: told.paid,
            yours: told.yours,
            allowances: told.allowances.into_iter().map(Into::into).collect(),
        }
    }
}

/// What the Social Welfare Department pays of a household's rent, and what is left for the tenant.
#[utoipa::path(
    tag = "cssa",
    params(("code" = TenantCode, Path), MonthQuery, Reads),
    responses((status = 200, body = CssaOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa:read"])),
)]
#[get("/rent-accounts/{code}/cssa")]
async fn get_cssa(
    app: Data<App>,
    caller: Authorized<ReadAllowances>,
    code: Path<TenantCode>,
    query: Query<MonthQuery>,
    Reads(language): Reads,
) -> Result<Json<CssaOut>, Problem> {
    let (code, now, rules) = (*code, app.clock.now(), app.rules.clone());
    let month = query.month;
    let told = app.db.read(move |conn| {
        rent::admit(conn, &caller.reach, code, now)?;
        reach_in(conn, &caller.reach)?;
        tell::household(conn, &rules, code, (month, now))
    });
    let told: Result<Told, CssaError> = told.await;
    Ok(Json(CssaOut::new(code, told?, language)))
}
