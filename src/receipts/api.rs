//! Receipts over HTTP: as JSON, as a page to read, as a slip of a printer.

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_LANGUAGE};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{Home, Receipt, ReceiptError, UndoneBy};
use super::{paper, tell, words};
use crate::app::App;
use crate::counter::Tender;
use crate::kernel::id::PaymentId;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::{self, Channel, Paid, word_of_channel};
use crate::platform::auth::{Authorized, permissions};
use crate::platform::http::language::Reads;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See what was paid to a household, and its receipts.
    ReadReceipts = "receipt:read";
}

const NO_PAPER: Kind = Kind::new("no-paper", 503, "This server cannot print");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_household_payments).service(read_receipt);
}

/// Which payments, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HouseholdPaymentsQuery {
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A payment to a household.
#[derive(Serialize, ToSchema)]
struct HouseholdPaymentOut {
    id: PaymentId,
    channel: Channel,
    /// The channel's own.
    reference: String,
    /// What of it reached the household, HKD.
    amount: Money,
    paid_at: DateTime<Utc>,
    /// The day from which it counts.
    value_on: NaiveDate,
}

impl From<Paid> for HouseholdPaymentOut {
    fn from(Paid { payment, amount }: Paid) -> Self {
        Self {
            id: payment.id,
            channel: payment.channel,
            reference: payment.reference,
            amount,
            paid_at: payment.instructed_at,
            value_on: payment.value_on,
        }
    }
}

/// Of which household, where a payment was shared among several.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReceiptQuery {
    tenant_code: Option<TenantCode>,
}

/// What a household has for a payment.
#[derive(Serialize, ToSchema)]
struct ReceiptOut {
    payment: PaymentId,
    /// The number of a counter's receipt.
    receipt: Option<String>,
    /// The channel's own.
    reference: String,
    tenant_code: TenantCode,
    /// In the caller's language; absent for an office that only took the payment.
    flat: Option<String>,
    /// HKD.
    amount: Money,
    channel: Channel,
    /// In the caller's language.
    channel_label: &'static str,
    /// With what it was paid at a counter.
    tender: Option<Tender>,
    /// In the caller's language, where it has a name in that.
    place: Option<String>,
    paid_at: DateTime<Utc>,
    /// The day from which it counts.
    value_on: NaiveDate,
    /// What was owed after it, below zero credit, HKD; absent as the flat is.
    balance: Option<Money>,
    /// The day as at which that is.
    balance_as_at: Option<NaiveDate>,
    undone: Option<UndoneOut>,
    issued_at: DateTime<Utc>,
}

/// That the payment was undone since.
#[derive(Serialize, ToSchema)]
struct UndoneOut {
    by: UndoneBy,
    at: DateTime<Utc>,
    /// In the caller's language.
    said: String,
}

impl ReceiptOut {
    fn new(receipt: Receipt, language: Language) -> Self {
        let known = receipt.particulars.as_ref();
        let home = known.and_then(|known| known.home.as_ref());
        Self {
            payment: receipt.payment,
            receipt: receipt.counter.map(|(number, _)| number.to_string()),
            tenant_code: receipt.code,
            flat: home.map(|home: &Home| words::home(home, language)),
            amount: receipt.amount,
            channel: receipt.channel,
            channel_label: word_of_channel(receipt.channel, language),
            tender: receipt.counter.map(|(_, tender)| tender),
            paid_at: receipt.paid_at,
            value_on: receipt.value_on,
            balance: known.map(|known| known.balance),
            balance_as_at: known.map(|known| known.as_at),
            undone: receipt.undone.map(|undone| UndoneOut {
                by: undone.by,
                at: undone.at,
                said: words::undone(undone, language).1,
            }),
            issued_at: receipt.issued_at,
            place: Some(receipt.place.get(language).to_owned()).filter(|place| !place.is_empty()),
            reference: receipt.reference,
        }
    }
}

/// What was paid to a household, the newest first; each has its receipt.
#[utoipa::path(
    tag = "receipts",
    params(("code" = TenantCode, Path), HouseholdPaymentsQuery),
    responses((status = 200, body = Page<HouseholdPaymentOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["receipt:read"])),
)]
#[get("/rent-accounts/{code}/payments")]
async fn list_household_payments(
    app: Data<App>,
    caller: Authorized<ReadReceipts>,
    code: Path<TenantCode>,
    query: Query<HouseholdPaymentsQuery>,
) -> Result<Json<Page<HouseholdPaymentOut>>, Problem> {
    let (code, limit, now) = (*code, query.limit, app.clock.now());
    let after = page::after(query.after.as_ref())?;
    let found = app.db.read(move |conn| {
        tell::admit(conn, &caller.reach, code, now)?;
        payments::paid_to(conn, code, after, limit.rows()).map_err(ReceiptError::from)
    });
    let key = |paid: &Paid| (paid.payment.value_on, paid.payment.id);
    Page::new(found.await?, limit, key, HouseholdPaymentOut::from).map(Json)
}

/// The receipt for a payment.
///
/// JSON; with `Accept: application/pdf` a page in the caller's language, with `text/plain` a slip
/// for an 80 mm printer (48 columns, a Chinese character takes two).
#[utoipa::path(
    tag = "receipts",
    params(("id" = PaymentId, Path), ReceiptQuery, Reads),
    responses(
        (status = 200, content(
            (ReceiptOut = "application/json"),
            (Vec<u8> = "application/pdf"),
            (String = "text/plain"),
        )),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["receipt:read"])),
)]
#[get("/payments/{id}/receipt")]
async fn read_receipt(
    app: Data<App>,
    caller: Authorized<ReadReceipts>,
    id: Path<PaymentId>,
    query: Query<ReceiptQuery>,
    Reads(language): Reads,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (wanted, now) = ((*id, query.tenant_code), app.clock.now());
    let receipt = app
        .db
        .read(move |conn| tell::receipt(conn, &caller.reach, wanted, now))
        .await?;
    let accepts = request.headers().get(ACCEPT);
    let accepts = accepts.and_then(|header| header.to_str().ok());
    let accepts = |kind| accepts.is_some_and(|accepts| accepts.contains(kind));
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header(("Vary", "Accept, Accept-Language"));
    if accepts("text/plain") {
        let slip = paper::slip(&receipt, language);
        return Ok(response
            .content_type("text/plain; charset=utf-8")
            .body(slip));
    }
    if !accepts("application/pdf") {
        return Ok(response.json(ReceiptOut::new(receipt, language)));
    }
    let name = format!("attachment; filename=\"receipt-{}.pdf\"", receipt.payment);
    let pdf = app
        .desk
        .draw(move |fonts| paper::pdf(&receipt, language, fonts))
        .await;
    let pdf = pdf.map_err(|error| {
        tracing::error!(error.cause = %error, "a receipt was not printed");
        Problem::new(NO_PAPER)
    })?;
    response.insert_header((CONTENT_DISPOSITION, name));
    Ok(response.content_type("application/pdf").body(pdf))
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NoSuchPayment => Self::not_found(),
            ReceiptError::Db(error) => error.into(),
        }
    }
}
