//! What somebody decides of a settlement file that cannot be posted.

use actix_web::post;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::DecideFiles;
use super::files::PaymentFileOut;
use crate::app::App;
use crate::kernel::id::PaymentFileId;
use crate::kernel::text::Line;
use crate::payments::intake;
use crate::payments::jobs::PostFiles;
use crate::payments::model::PaymentError;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;
use crate::platform::jobs;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(release_payment_file)
        .service(withdraw_payment_file);
}

/// Why somebody decides so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionIn {
    reason: Line<200>,
}

/// Let a file go on: a held one, though one before it never comes, for its channel has said so; a
/// quarantined one, without the lines that contradict what was paid before.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentFileId, Path)),
    request_body = DecisionIn,
    responses((status = 200, body = PaymentFileOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:decide"])),
)]
#[post("/payment-files/{id}/release")]
async fn release_payment_file(
    app: Data<App>,
    caller: Authorized<DecideFiles>,
    id: Path<PaymentFileId>,
    body: Json<DecisionIn>,
) -> Result<Json<PaymentFileOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let released = app.db.write(move |conn| {
        let reason = body.reason.as_str();
        let file = intake::release(conn, id, reason, &caller.actor, now)?;
        let channel = file.channel;
        jobs::enqueue(conn, &PostFiles { channel }, now)?;
        Ok::<_, PaymentError>(file)
    });
    Ok(Json(released.await?.into()))
}

/// Give up a file of which nothing was posted: its channel sends what it has anew.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentFileId, Path)),
    request_body = DecisionIn,
    responses((status = 200, body = PaymentFileOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:decide"])),
)]
#[post("/payment-files/{id}/withdrawal")]
async fn withdraw_payment_file(
    app: Data<App>,
    caller: Authorized<DecideFiles>,
    id: Path<PaymentFileId>,
    body: Json<DecisionIn>,
) -> Result<Json<PaymentFileOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let withdrawn = app
        .db
        .write(move |conn| intake::withdraw(conn, id, body.reason.as_str(), &caller.actor, now));
    Ok(Json(withdrawn.await?.into()))
}
