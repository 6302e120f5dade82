//! Ordering collections, and releasing or withdrawing them.

use actix_web::http::StatusCode;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::collections::CollectionOut;
use super::{ApproveCollections, OrderCollections};
use crate::app::App;
use crate::autopay::collect;
use crate::autopay::jobs::PrepareCollection;
use crate::autopay::model::{AutopayError, Rail};
use crate::kernel::id::CollectionId;
use crate::kernel::month::Month;
use crate::platform::auth::Authorized;
use crate::platform::crypto::unhex;
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;
use crate::platform::jobs;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(order_autopay_collection)
        .service(release_autopay_collection)
        .service(withdraw_autopay_collection);
}

/// What to collect.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectionIn {
    /// This month or the next.
    month: Month,
    channel: Rail,
}

/// Which file is released.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseIn {
    /// The digest of the file that was looked at, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
}

/// Queue the collection of a month: the first, or one for what is tried again.
#[utoipa::path(
    tag = "autopay",
    params(IdempotencyKey),
    request_body = CollectionIn,
    responses((status = 202, body = CollectionOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:order"])),
)]
#[post("/autopay/collections")]
async fn order_autopay_collection(
    app: Data<App>,
    caller: Authorized<OrderCollections>,
    key: IdempotencyKey,
    body: Json<CollectionIn>,
) -> Result<(Json<CollectionOut>, StatusCode), Problem> {
    let (body, now) = (body.into_inner(), app.clock.now());
    let ordered = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "order_autopay_collection",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            let wanted = (body.month, body.channel);
            let ordered = collect::order(conn, &caller.actor, wanted, now)?;
            let collection = ordered.id;
            jobs::enqueue(conn, &PrepareCollection { collection }, now)?;
            Ok::<_, AutopayError>(CollectionOut::from(ordered))
        })
    });
    Ok((Json(ordered.await?), StatusCode::ACCEPTED))
}

/// Release the file that another ordered: from here on it is taken to the bank.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), IdempotencyKey),
    request_body = ReleaseIn,
    responses((status = 200, body = CollectionOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:approve"])),
)]
#[post("/autopay/collections/{id}/approval")]
async fn release_autopay_collection(
    app: Data<App>,
    caller: Authorized<ApproveCollections>,
    key: IdempotencyKey,
    id: Path<CollectionId>,
    body: Json<ReleaseIn>,
) -> Result<Json<CollectionOut>, Problem> {
    let (id, body, now) = (*id, body.into_inner(), app.clock.now());
    // What is no digest is that of no file.
    let digest = unhex(&body.sha256).unwrap_or_default();
    let released = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "release_autopay_collection",
            key: &key,
        };
        once(conn, &attempt, &(id, &body), |conn| {
            let what = (id, digest.as_slice());
            collect::release(conn, &caller.actor, what, now).map(CollectionOut::from)
        })
    });
    Ok(Json(released.await?))
}

/// Withdraw a collection that was not released: it is never sent, and may be made anew.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), IdempotencyKey),
    responses((status = 200, body = CollectionOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:order"])),
)]
#[post("/autopay/collections/{id}/withdrawal")]
async fn withdraw_autopay_collection(
    app: Data<App>,
    caller: Authorized<OrderCollections>,
    key: IdempotencyKey,
    id: Path<CollectionId>,
) -> Result<Json<CollectionOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let withdrawn = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "withdraw_autopay_collection",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| {
            collect::withdraw(conn, &caller.actor, id, now).map(CollectionOut::from)
        })
    });
    Ok(Json(withdrawn.await?))
}
