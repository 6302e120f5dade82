//! What a household scans or types to pay: as JSON, as a picture, as text.

use actix_web::http::header::{ACCEPT, CONTENT_LANGUAGE};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadCodes;
use crate::app::App;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::model::{Channel, Form, PaymentCode, PaymentCodes};
use crate::payments::picture::Modules;
use crate::payments::{tell, words};
use crate::platform::auth::Authorized;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::{Kind, Problem};

const NO_PICTURE: Kind = Kind::new("no-picture", 406, "There is no picture of this code");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_payment_codes).service(read_payment_code);
}

/// How a household pays what is due now.
#[derive(Serialize, ToSchema)]
struct PaymentCodesOut {
    tenant_code: TenantCode,
    /// Every figure is as at this instant.
    as_at: DateTime<Utc>,
    month: Month,
    /// What is to be paid now, HKD; the figure of the rent account.
    due: Money,
    items: Vec<PaymentCodeOut>,
}

/// What a payer gives one channel.
#[derive(Serialize, ToSchema)]
struct PaymentCodeOut {
    channel: Channel,
    /// In the caller's language.
    label: &'static str,
    form: Form,
    /// Whom to pay: an FPS identifier, a biller's number.
    payee: Option<String>,
    payee_name: String,
    /// What is scanned or typed.
    payload: String,
    /// The most that one payment may be, HKD.
    at_most: Option<Money>,
    /// The last day to pay this month's rent in time.
    pay_by: NaiveDate,
    /// The day from which the money counts when it is paid now.
    counts_from: NaiveDate,
}

impl PaymentCodeOut {
    fn new(code: PaymentCode, language: Language) -> Self {
        Self {
            channel: code.channel,
            label: words::channel(code.channel, language),
            form: code.form,
            payee: code.payee,
            payee_name: code.payee_name,
            payload: code.payload,
            at_most: code.at_most,
            pay_by: code.pay_by,
            counts_from: code.counts_from,
        }
    }
}

/// How to pay what is due now, by every channel that is open today.
#[utoipa::path(
    tag = "payments",
    params(("code" = TenantCode, Path), Reads),
    responses((status = 200, body = PaymentCodesOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment:codes"])),
)]
#[get("/rent-accounts/{code}/payment-codes")]
async fn list_payment_codes(
    app: Data<App>,
    caller: Authorized<ReadCodes>,
    code: Path<TenantCode>,
    Reads(language): Reads,
) -> Result<Json<PaymentCodesOut>, Problem> {
    let (code, now, rules) = (*code, app.clock.now(), app.rules.clone());
    let told = app
        .db
        .read(move |conn| tell::codes(conn, &rules, (code, &caller.reach), now));
    let PaymentCodes {
        code,
        as_at,
        month,
        due,
        codes,
    } = told.await?;
    let codes = codes.into_iter();
    Ok(Json(PaymentCodesOut {
        tenant_code: code,
        as_at,
        month,
        due,
        items: codes
            .map(|code| PaymentCodeOut::new(code, language))
            .collect(),
    }))
}

/// What to scan or type for one channel.
///
/// JSON, or with `Accept` a picture (`image/svg+xml`, `image/png`) or characters (`text/plain`).
#[utoipa::path(
    tag = "payments",
    params(("code" = TenantCode, Path), ("channel" = Channel, Path), Reads),
    responses(
        (status = 200, content(
            (PaymentCodeOut = "application/json"),
            (String = "image/svg+xml"),
            (Vec<u8> = "image/png"),
            (String = "text/plain"),
        )),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["payment:codes"])),
)]
#[get("/rent-accounts/{code}/payment-codes/{channel}")]
async fn read_payment_code(
    app: Data<App>,
    caller: Authorized<ReadCodes>,
    path: Path<(TenantCode, Channel)>,
    Reads(language): Reads,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ((code, channel), now, rules) = (path.into_inner(), app.clock.now(), app.rules.clone());
    let code = app
        .db
        .read(move |conn| tell::code_for(conn, &rules, (code, &caller.reach), channel, now))
        .await?;
    let accepts = request.headers().get(ACCEPT);
    let accepts = accepts.and_then(|header| header.to_str().ok());
    let accepts = |kind: &str| accepts.is_some_and(|accepts| accepts.contains(kind));
    let mut response = HttpResponse::Ok();
    response.insert_header(("Vary", "Accept, Accept-Language"));
    Ok(if accepts("image/svg+xml") {
        let picture = modules(&code)?.svg();
        response.content_type("image/svg+xml").body(picture)
    } else if accepts("image/png") {
        let picture = modules(&code)?.png().map_err(Problem::internal)?;
        response.content_type("image/png").body(picture)
    } else if accepts("text/plain") {
        let text = match code.form {
            Form::Bill => format!("{}\n", code.payload),
            Form::Qr | Form::Barcode => modules(&code)?.text(),
        };
        response
            .content_type("text/plain; charset=utf-8")
            .body(text)
    } else {
        response.insert_header((CONTENT_LANGUAGE, language.tag()));
        response.json(PaymentCodeOut::new(code, language))
    })
}

fn modules(code: &PaymentCode) -> Result<Modules, Problem> {
    let drawn = match code.form {
        Form::Qr => Modules::qr(&code.payload),
        Form::Barcode => Modules::bars(&code.payload),
        Form::Bill => return Err(Problem::new(NO_PICTURE).detail("a bill's number is typed")),
    };
    drawn.map_err(Problem::internal)
}
