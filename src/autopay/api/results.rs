//! What the bank answered, reported by hand; files come by `kaifong autopay-results`.

use actix_web::post;
use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReportResults;
use super::strays::StrayOut;
use crate::app::App;
use crate::autopay::model::{Answer, DebitResult, Report};
use crate::autopay::results;
use crate::kernel::id::CollectionId;
use crate::kernel::text::Line;
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(report_autopay_results);
}

/// What the bank answered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultsIn {
    results: Vec<ResultIn>,
}

/// What the bank said of one debit: whether it was accepted, later that it came back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultIn {
    reference: Line<35>,
    code: DebitResult,
}

/// What became of the answers.
#[derive(Serialize, Deserialize, ToSchema)]
struct ReportOut {
    accepted: u32,
    refused: u32,
    /// Accepted before, and taken back: reversed, with its fee.
    returned: u32,
    /// Taken before, and just so.
    duplicates: u32,
    /// Mandates that were suspended.
    suspended: u32,
    /// Those that fit no debit; they are kept.
    strays: Vec<StrayOut>,
}

impl From<Report> for ReportOut {
    fn from(report: Report) -> Self {
        Self {
            accepted: report.accepted,
            refused: report.refused,
            returned: report.returned,
            duplicates: report.duplicates,
            suspended: report.suspended,
            strays: report.strays.into_iter().map(Into::into).collect(),
        }
    }
}

/// Report what the bank answered to a released collection.
///
/// An answer is taken once. One that fits no debit is kept, and told with its place.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), IdempotencyKey),
    request_body = ResultsIn,
    responses((status = 200, body = ReportOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:results"])),
)]
#[post("/autopay/collections/{id}/results")]
async fn report_autopay_results(
    app: Data<App>,
    caller: Authorized<ReportResults>,
    key: IdempotencyKey,
    id: Path<CollectionId>,
    body: Json<ResultsIn>,
) -> Result<Json<ReportOut>, Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    let taken = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "report_autopay_results",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let answers: Vec<Answer> = (1..)
                .zip(&body.results)
                .map(|(place, result)| Answer {
                    place,
                    reference: result.reference.to_string(),
                    code: result.code,
                    amount: None,
                })
                .collect();
            results::take(conn, id, &answers, &caller.actor, now).map(ReportOut::from)
        })
    });
    Ok(Json(taken.await?))
}
