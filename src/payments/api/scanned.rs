//! What a scanned FPS code says: ours or somebody else's.

use actix_web::post;
use actix_web::web::Json;
use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadCodes;
use crate::kernel::clock::hong_kong_time;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::payments::fps_code::Payee;
use crate::payments::model::{PaymentError, Scanned};
use crate::payments::rules;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_scanned_code);
}

/// The text of a QR code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScannedIn {
    payload: Line<512>,
}

/// What an FPS code says.
#[derive(Serialize, ToSchema)]
struct ScannedOut {
    payee: PayeeOut,
    merchant: String,
    /// What it asks for, HKD; absent when the payer types it.
    amount: Option<Money>,
    /// Whether the payer may change the amount.
    amount_editable: bool,
    /// After which banks refuse it.
    expires_at: Option<DateTime<Utc>>,
    bill_number: Option<String>,
    reference: Option<String>,
    /// The account that it pays, when the bill's number is a tenant code.
    tenant_code: Option<TenantCode>,
    /// What the payer was shown, when it is a code of ours.
    shown: Option<ShownOut>,
}

/// Whom an FPS code pays.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PayeeOut {
    FpsId(String),
    Mobile(String),
    Email(String),
}

/// What a payer was shown.
#[derive(Serialize, ToSchema)]
struct ShownOut {
    month: Month,
    /// HKD.
    due: Money,
}

impl From<Scanned> for ScannedOut {
    fn from(scanned: Scanned) -> Self {
        let code = scanned.code;
        Self {
            payee: match code.payee {
                Payee::FpsId(id) => PayeeOut::FpsId(id),
                Payee::Mobile(number, _) => PayeeOut::Mobile(number),
                Payee::Email(address, _) => PayeeOut::Email(address),
            },
            merchant: code.merchant,
            amount: code.amount,
            amount_editable: code.amount_editable,
            expires_at: code.expires_at.map(in_hong_kong),
            bill_number: code.bill_number,
            reference: code.reference,
            tenant_code: scanned.account,
            shown: scanned.shown.map(|shown| ShownOut {
                month: shown.month,
                due: shown.due,
            }),
        }
    }
}

fn in_hong_kong(local: NaiveDateTime) -> DateTime<Utc> {
    hong_kong_time(local.date(), local.num_seconds_from_midnight())
}

/// What a scanned FPS code says; a text that is none is refused where it goes wrong.
#[utoipa::path(
    tag = "payments",
    request_body = ScannedIn,
    responses((status = 200, body = ScannedOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment:codes"])),
)]
#[post("/payment-codes/read")]
async fn read_scanned_code(
    _caller: Authorized<ReadCodes>,
    body: Json<ScannedIn>,
) -> Result<Json<ScannedOut>, Problem> {
    let scanned = rules::scanned(body.payload.as_str()).map_err(PaymentError::from)?;
    Ok(Json(scanned.into()))
}
