//! How channels collect, and who says so.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadCollections;
use crate::app::App;
use crate::autopay::model::{AutopayError, Policy, Rail};
use crate::autopay::store;
use crate::kernel::dated::RuleRow;
use crate::kernel::money::Money;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_autopay_policies);
}

/// How a channel collects, from one day to another.
#[derive(Serialize, ToSchema)]
struct PolicyOut {
    #[serde(flatten)]
    row: RuleRow,
    channel: Rail,
    valid_from: NaiveDate,
    /// The last day, when there is one.
    valid_to: Option<NaiveDate>,
    /// Collected on the first working day on or after this day of the month.
    collection_day: u32,
    /// Working days before it by which the bank has the file.
    lead_days: u8,
    /// How often a refused debit is tried again in its month.
    retries: usize,
    /// After how many working days.
    retry_after: u8,
    /// So many refusals in a row suspend the mandate.
    refusals: usize,
    /// What a debit that comes back costs, HKD.
    return_fee: Money,
    /// By what the bank knows us.
    payment_code: String,
    creditor_name: String,
}

impl From<Policy> for PolicyOut {
    fn from(policy: Policy) -> Self {
        Self {
            row: policy.row,
            channel: policy.rail,
            valid_from: policy.in_force.valid_from,
            valid_to: policy.in_force.valid_to,
            collection_day: policy.collection_day,
            lead_days: policy.lead_days,
            retries: policy.retries,
            retry_after: policy.retry_after,
            refusals: policy.refusals,
            return_fee: policy.return_fee,
            payment_code: policy.creditor.payment_code,
            creditor_name: policy.creditor.name,
        }
    }
}

/// How channels collect, and who says so.
#[utoipa::path(
    tag = "autopay",
    responses((status = 200, body = Vec<PolicyOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/policies")]
async fn list_autopay_policies(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
) -> Result<Json<Vec<PolicyOut>>, Problem> {
    let told = app
        .db
        .query(|conn| store::policies(conn).map_err(AutopayError::from));
    Ok(Json(told.await?.into_iter().map(Into::into).collect()))
}
