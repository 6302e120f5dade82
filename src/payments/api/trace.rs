//! Why is my payment not here: payments that were entered, and lines that were not.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{TOO_WIDE, TracePayments};
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::payments::model::{Channel, FileState, Payment};
use crate::payments::store::trace::{self as store, NotEntered, Sought};
use crate::platform::auth::Authorized;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_payments).service(list_unentered_payments);
}

/// What is known of a payment: its reference, or its amount or day. With an amount alone the last
/// three months are looked through.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SoughtQuery {
    channel: Option<Channel>,
    /// The channel's own.
    #[param(inline)]
    reference: Option<Line<36>>,
    /// As the payer gave it.
    #[param(inline)]
    account: Option<Line<20>>,
    /// HKD.
    amount: Option<Money>,
    /// The day in Hong Kong when the channel was told to pay.
    instructed_on: Option<Day>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A payment that was entered.
#[derive(Serialize, ToSchema)]
pub(super) struct PaymentOut {
    id: PaymentId,
    channel: Channel,
    /// The channel's own.
    reference: String,
    /// As the payer gave it.
    account: String,
    /// Whose account it was posted to; absent, it is in suspense.
    tenant_code: Option<TenantCode>,
    /// HKD.
    amount: Money,
    instructed_at: DateTime<Utc>,
    /// The day from which it counts.
    value_on: NaiveDate,
    /// The file and line that it came by; absent, it was told as it happened.
    file: Option<PaymentFileId>,
    line: Option<i32>,
    recorded_at: DateTime<Utc>,
}

impl From<Payment> for PaymentOut {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            channel: payment.channel,
            reference: payment.reference,
            account: payment.account,
            tenant_code: payment.household,
            amount: payment.amount,
            instructed_at: payment.instructed_at,
            value_on: payment.value_on,
            file: payment.file,
            line: payment.line,
            recorded_at: payment.recorded_at,
        }
    }
}

/// A line of a file that is not posted, and where the file is.
#[derive(Serialize, ToSchema)]
struct UnenteredOut {
    channel: Channel,
    reference: String,
    account: String,
    /// HKD.
    amount: Money,
    instructed_at: DateTime<Utc>,
    file: PaymentFileId,
    line: i32,
    state: FileState,
    /// Why the file is quarantined.
    reason: Option<String>,
}

impl From<NotEntered> for UnenteredOut {
    fn from(line: NotEntered) -> Self {
        Self {
            channel: line.channel,
            reference: line.told.reference,
            account: line.told.account,
            amount: line.told.amount,
            instructed_at: line.told.instructed_at,
            file: line.file,
            line: line.number,
            state: line.state,
            reason: line.reason,
        }
    }
}

impl SoughtQuery {
    /// What to look for, when it is enough.
    fn sought(self, now: DateTime<Utc>) -> Result<(Sought, Option<Cursor>, Limit), Problem> {
        let sought = Sought {
            channel: self.channel,
            reference: self.reference.map(Into::into),
            account: self.account.map(Into::into),
            amount: self.amount,
            instructed_on: self.instructed_on.map(Into::into),
            now,
        };
        let enough = sought.reference.is_some()
            || sought.account.is_some()
            || sought.amount.is_some()
            || sought.instructed_on.is_some();
        let why = "a reference, an account, an amount or a day";
        let enough = enough.then_some((sought, self.after, self.limit));
        enough.ok_or_else(|| Problem::new(TOO_WIDE).detail(why))
    }
}

/// Payments that were entered, the newest first, by what somebody knows of them.
#[utoipa::path(
    tag = "payments",
    params(SoughtQuery),
    responses((status = 200, body = Page<PaymentOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment:trace"])),
)]
#[get("/payments")]
async fn list_payments(
    app: Data<App>,
    _caller: Authorized<TracePayments>,
    query: Query<SoughtQuery>,
) -> Result<Json<Page<PaymentOut>>, Problem> {
    let (sought, after, limit) = query.into_inner().sought(app.clock.now())?;
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::entered(conn, &sought, after, limit.rows()));
    let key = |payment: &Payment| (payment.instructed_at, payment.id);
    Page::new(found.await?, limit, key, PaymentOut::from).map(Json)
}

/// Lines of files that are held, quarantined, withdrawn or being posted: payments that are not
/// there yet, and why.
#[utoipa::path(
    tag = "payments",
    params(SoughtQuery),
    responses((status = 200, body = Page<UnenteredOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment:trace"])),
)]
#[get("/unentered-payments")]
async fn list_unentered_payments(
    app: Data<App>,
    _caller: Authorized<TracePayments>,
    query: Query<SoughtQuery>,
) -> Result<Json<Page<UnenteredOut>>, Problem> {
    let (sought, after, limit) = query.into_inner().sought(app.clock.now())?;
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::not_entered(conn, &sought, after, limit.rows()));
    let key = |line: &NotEntered| (line.file, line.number);
    Page::new(found.await?, limit, key, UnenteredOut::from).map(Json)
}
