//! Status reports of banks.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ReadCollections, ReportResults};
use crate::app::App;
use crate::autopay::model::{AutopayError, DebitResult, StatusReport};
use crate::autopay::{keep_report, store};
use crate::kernel::id::{CollectionId, StatusReportId};
use crate::payments::shelve;
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(bring_autopay_report)
        .service(get_autopay_report);
}

/// A bank's status report on a collection.
#[derive(Serialize, ToSchema)]
struct StatusReportOut {
    id: StatusReportId,
    /// Of its bytes, hexadecimal.
    sha256: String,
    /// The bank's name of it.
    message: String,
    collection: CollectionId,
    /// What it says of every debit that it does not name.
    whole: Option<DebitResult>,
    /// How many debits it names.
    verdicts: i32,
    received_by: String,
    received_at: DateTime<Utc>,
    /// When all of it was taken; absent until then.
    taken_at: Option<DateTime<Utc>>,
}

impl From<StatusReport> for StatusReportOut {
    fn from(report: StatusReport) -> Self {
        Self {
            id: report.id,
            sha256: hex(&report.sha256),
            message: report.message,
            collection: report.collection,
            whole: report.whole,
            verdicts: report.verdicts,
            received_by: report.received_by,
            received_at: report.received_at,
            taken_at: report.taken_at,
        }
    }
}

/// Bring a bank's status report (`pain.002`): its bytes are the body.
///
/// It is kept and read whole before the answer, and taken afterwards. The same bytes again are the
/// same report: 200 with what it is by now.
#[utoipa::path(
    tag = "autopay",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = StatusReportOut, headers(("Location" = String))),
        (status = 200, body = StatusReportOut),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["autopay:results"])),
)]
#[post("/autopay/status-reports")]
async fn bring_autopay_report(
    app: Data<App>,
    caller: Authorized<ReportResults>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let kept = shelve(&app, body).await?;
    let (again, now) = (kept.sha256.clone(), app.clock.now());
    let taken = app
        .db
        .write(move |conn| keep_report(conn, kept.open(), &kept.sha256, &caller.actor, now));
    let (report, is_new) = match taken.await {
        Ok(taken) => taken,
        // Somebody else may have brought the same bytes meanwhile.
        Err(error) => {
            let known = app.db.query(move |conn| {
                store::report_of_digest(conn, &again).map_err(AutopayError::from)
            });
            (known.await?.ok_or(error)?, false)
        }
    };
    let report = StatusReportOut::from(report);
    Ok(if is_new {
        let place = format!("/v1/autopay/status-reports/{}", report.id);
        HttpResponse::Created()
            .insert_header((LOCATION, place))
            .json(report)
    } else {
        HttpResponse::Ok().json(report)
    })
}

/// Where a status report is.
#[utoipa::path(
    tag = "autopay",
    params(("id" = StatusReportId, Path)),
    responses((status = 200, body = StatusReportOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/status-reports/{id}")]
async fn get_autopay_report(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    id: Path<StatusReportId>,
) -> Result<Json<StatusReportOut>, Problem> {
    let found = app.db.query(move |conn| store::report(conn, *id));
    Ok(Json(found.await?.into()))
}
