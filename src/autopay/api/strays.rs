//! What banks say that fits no debit.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::ReadCollections;
use super::collections::PageQuery;
use crate::app::App;
use crate::autopay::model::{AutopayError, DebitResult, Misfit, Stray};
use crate::autopay::store;
use crate::kernel::id::CollectionId;
use crate::platform::auth::Authorized;
use crate::platform::http::page::{self, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_autopay_strays)
        .service(list_strays_of_no_collection);
}

/// An answer of the bank that fits no debit.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct StrayOut {
    /// Its place in what was sent, counted from 1.
    place: i32,
    reference: String,
    code: DebitResult,
    problem: Misfit,
}

impl From<Stray> for StrayOut {
    fn from(stray: Stray) -> Self {
        Self {
            place: stray.place,
            reference: stray.reference,
            code: stray.code,
            problem: stray.problem,
        }
    }
}

/// What settlement files told of debits that fits no collection, in the order it came.
#[utoipa::path(
    tag = "autopay",
    params(PageQuery),
    responses((status = 200, body = Page<StrayOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/strays")]
async fn list_strays_of_no_collection(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    query: Query<PageQuery>,
) -> Result<Json<Page<StrayOut>>, Problem> {
    let (after, limit) = (page::after(query.after.as_ref())?, query.limit);
    let found = app.db.query(move |conn| {
        store::strays(conn, None, after, limit.rows()).map_err(AutopayError::from)
    });
    let key = |(id, _): &(Uuid, Stray)| *id;
    Page::new(found.await?, limit, key, |(_, stray)| stray.into()).map(Json)
}

/// What the bank answered that fits no debit, in the order it came.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), PageQuery),
    responses((status = 200, body = Page<StrayOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/collections/{id}/strays")]
async fn list_autopay_strays(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    id: Path<CollectionId>,
    query: Query<PageQuery>,
) -> Result<Json<Page<StrayOut>>, Problem> {
    let (after, limit) = (page::after(query.after.as_ref())?, query.limit);
    let found = app.db.read(move |conn| {
        store::collection(conn, *id)?;
        store::strays(conn, Some(*id), after, limit.rows()).map_err(AutopayError::from)
    });
    let key = |(id, _): &(Uuid, Stray)| *id;
    Page::new(found.await?, limit, key, |(_, stray)| stray.into()).map(Json)
}
