//! The direct debits of a settlement file that were not paid.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadFiles;
use crate::app::App;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::payments::files::DebitResult;
use crate::payments::model::{PaymentError, UnpaidLine};
use crate::payments::programs;
use crate::payments::store::unpaid;
use crate::platform::auth::Authorized;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_unpaid_debits);
}

/// How many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UnpaidQuery {
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A direct debit that was not paid, or was paid back.
#[derive(Serialize, ToSchema)]
struct UnpaidDebitOut {
    number: i32,
    /// What we called the debit, when the file says so.
    reference: String,
    /// HKD.
    amount: Money,
    /// The day it was for, or was paid back.
    day: Option<NaiveDate>,
    result: DebitResult,
    /// The bank's own code.
    code: String,
    /// It had been paid, and was paid back.
    was_paid: bool,
}

impl From<UnpaidLine> for UnpaidDebitOut {
    fn from(unpaid: UnpaidLine) -> Self {
        Self {
            number: unpaid.number,
            reference: unpaid.reference,
            amount: unpaid.amount,
            day: unpaid.day,
            result: unpaid.result,
            code: unpaid.code,
            was_paid: unpaid.was_paid,
        }
    }
}

/// The direct debits that a settlement file says were not paid, or were paid back, as it has them.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentFileId, Path), UnpaidQuery),
    responses((status = 200, body = Page<UnpaidDebitOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:read"])),
)]
#[get("/payment-files/{id}/unpaid")]
async fn list_unpaid_debits(
    app: Data<App>,
    caller: Authorized<ReadFiles>,
    id: Path<PaymentFileId>,
    query: Query<UnpaidQuery>,
) -> Result<Json<Page<UnpaidDebitOut>>, Problem> {
    let UnpaidQuery { after, limit } = query.into_inner();
    let after = page::after(after.as_ref())?.unwrap_or(0);
    let unpaid = app.db.read(move |conn| {
        programs::file(conn, *id, &caller.actor)?;
        Ok::<_, PaymentError>(unpaid::list(conn, *id, after, limit.rows())?)
    });
    Page::new(unpaid.await?, limit, |one| one.number, UnpaidDebitOut::from).map(Json)
}
