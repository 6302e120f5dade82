//! The statement of a rent account, as JSON or as a PDF to read.

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_LANGUAGE};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadRent;
use super::entries::MONTHS_TOLD;
use super::quote::QuoteOut;
use crate::app::App;
use crate::kernel::clock::hong_kong_month;
use crate::kernel::id::TransferId;
use crate::kernel::language::{Language, Trilingual};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::TransferKind;
use crate::platform::auth::Authorized;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::{Kind, Problem};
use crate::rent::model::RentError;
use crate::rent::statement::{self, Statement};
use crate::rent::{tell, words};

/// The longest statement, in months.
const LONGEST: u32 = 84;

const PERIOD: Kind = Kind::new("statement-period", 422, "No statement covers such a period");
const NO_PAPER: Kind = Kind::new("no-paper", 503, "This server cannot print");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_rent_statement);
}

/// Which months.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct StatementQuery {
    /// The first month; five months before the last when absent.
    #[param(value_type = Option<String>)]
    from: Option<Month>,
    /// The last month; this month when absent.
    #[param(value_type = Option<String>)]
    to: Option<Month>,
}

/// A household's account over some months.
#[derive(Serialize, ToSchema)]
struct StatementOut {
    tenant_code: TenantCode,
    estates: Vec<Trilingual>,
    /// Figures are as at the end of this day.
    issued_on: NaiveDate,
    from: Month,
    to: Month,
    /// What was owed before the first line; below zero, credit, HKD.
    opening: Money,
    lines: Vec<StatementLineOut>,
    /// What is owed after the last line, HKD.
    closing: Money,
    /// What is due for the month of issue, and why.
    due: QuoteOut,
}

/// One entry of the account.
#[derive(Serialize, ToSchema)]
struct StatementLineOut {
    id: TransferId,
    date: NaiveDate,
    kind: TransferKind,
    /// In the caller's language.
    label: &'static str,
    /// Positive is owed, below zero is paid, HKD.
    amount: Money,
    /// What is owed after it, HKD.
    balance: Money,
}

impl StatementOut {
    fn new(statement: Statement, language: Language) -> Self {
        let lines = statement.lines.into_iter().map(|line| StatementLineOut {
            id: line.id,
            date: line.date,
            kind: line.kind,
            label: words::entry(line.kind, language),
            amount: line.amount,
            balance: line.balance,
        });
        Self {
            tenant_code: statement.code,
            estates: statement.estates,
            issued_on: statement.issued_on,
            from: statement.from,
            to: statement.to,
            opening: statement.opening,
            lines: lines.collect(),
            closing: statement.closing,
            due: QuoteOut::new(statement.due, language),
        }
    }
}

/// What was charged and paid over some months, and what is due now.
///
/// JSON, or with `Accept: application/pdf` a paper in the caller's language.
#[utoipa::path(
    tag = "rent",
    params(("code" = TenantCode, Path), StatementQuery, Reads),
    responses(
        (status = 200, content((StatementOut = "application/json"), (Vec<u8> = "application/pdf"))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["rent:read"])),
)]
#[get("/rent-accounts/{code}/statement")]
async fn get_rent_statement(
    app: Data<App>,
    caller: Authorized<ReadRent>,
    code: Path<TenantCode>,
    query: Query<StatementQuery>,
    Reads(language): Reads,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (code, now, rules) = (*code, app.clock.now(), app.rules.clone());
    let to = query.to.unwrap_or_else(|| hong_kong_month(now));
    let from = query.from.unwrap_or_else(|| to.minus(MONTHS_TOLD - 1));
    check_period(from, to, hong_kong_month(now))?;
    let statement = app
        .db
        .read(move |conn| {
            tell::admit(conn, &caller.reach, code, now)?;
            statement::assemble(conn, &rules, code, (from, to), now)
        })
        .await?;
    let accepts = request
        .headers()
        .get(ACCEPT)
        .and_then(|header| header.to_str().ok());
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header(("Vary", "Accept, Accept-Language"));
    if !accepts.is_some_and(|accepts| accepts.contains("application/pdf")) {
        return Ok(response.json(StatementOut::new(statement, language)));
    }
    let pdf = app
        .desk
        .draw(move |fonts| statement::pdf(&statement, language, fonts))
        .await;
    let pdf = pdf.map_err(|error| {
        tracing::error!(error.cause = %error, "a statement was not printed");
        Problem::new(NO_PAPER)
    })?;
    let name = format!("attachment; filename=\"rent-statement-{from}-{to}.pdf\"");
    response.insert_header((CONTENT_DISPOSITION, name));
    Ok(response.content_type("application/pdf").body(pdf))
}

fn check_period(from: Month, to: Month, this_month: Month) -> Result<(), Problem> {
    if to > this_month {
        return Err(RentError::OutsideLedger(to).into());
    }
    if from > to || to > from.plus(LONGEST - 1) {
        let detail = format!("from 1 to {LONGEST} months, the first before the last");
        return Err(Problem::new(PERIOD).detail(detail));
    }
    Ok(())
}
