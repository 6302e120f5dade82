//! Collections, whom they debit and whom they leave out.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ReadCollections;
use crate::app::App;
use crate::autopay::files;
use crate::autopay::model::{
    AutopayError, Collection, CollectionState, DebitResult, LeftOut, LineState, Omission, Rail,
};
use crate::autopay::store::{self, Told, Wanted};
use crate::kernel::id::CollectionId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_autopay_collections)
        .service(get_autopay_collection)
        .service(list_autopay_lines)
        .service(list_autopay_left_out);
}

/// A month's direct debits of a channel, in one file.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct CollectionOut {
    id: CollectionId,
    month: Month,
    channel: Rail,
    /// 1 for the month's first; further ones are for what is tried again.
    run: i16,
    /// The working day on which accounts are debited.
    collect_on: NaiveDate,
    state: CollectionState,
    /// The number of the policy that it goes by.
    policy: i32,
    /// Mandates in force when it was ordered.
    mandates: i64,
    /// Mandates that were looked at.
    looked_at: i64,
    /// Debits, and what they come to, HKD.
    lines: i32,
    amount: Money,
    /// What the file is called.
    file: String,
    /// How long it is.
    bytes: Option<i64>,
    /// Its digest, in hexadecimal: what is approved.
    sha256: Option<String>,
    requested_by: String,
    requested_at: DateTime<Utc>,
    prepared_at: Option<DateTime<Utc>>,
    /// Who released or withdrew it.
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

impl From<Collection> for CollectionOut {
    fn from(collection: Collection) -> Self {
        Self {
            file: files::name(&collection),
            id: collection.id,
            month: collection.month,
            channel: collection.rail,
            run: collection.run,
            collect_on: collection.collect_on,
            state: collection.state,
            policy: collection.policy,
            mandates: collection.total,
            looked_at: collection.looked_at,
            lines: collection.lines,
            amount: collection.amount,
            bytes: collection.bytes,
            sha256: collection.sha256.map(|digest| hex(&digest)),
            requested_by: collection.requested_by,
            requested_at: collection.requested_at,
            prepared_at: collection.prepared_at,
            decided_by: collection.decided_by,
            decided_at: collection.decided_at,
        }
    }
}

/// A place in a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// The previous page's `next`.
    pub after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    pub limit: Limit,
}

/// Which debits.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LinesQuery {
    /// Only those that are so.
    state: Option<LineState>,
    /// Only those of which the bank said this last.
    code: Option<DebitResult>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Who was left out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LeftOutQuery {
    /// Only those for this reason.
    reason: Option<LeftOut>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// One direct debit.
#[derive(Serialize, ToSchema)]
struct DebitOut {
    tenant_code: TenantCode,
    /// The how-manieth of its month.
    attempt: i16,
    /// What the bank calls it in its answer.
    reference: String,
    /// HKD.
    amount: Money,
    state: LineState,
    /// What the bank said last.
    code: Option<DebitResult>,
}

impl From<Told> for DebitOut {
    fn from(told: Told) -> Self {
        Self {
            state: told.state(),
            code: told.codes.last().copied(),
            tenant_code: told.household,
            attempt: told.attempt,
            reference: told.reference,
            amount: told.amount,
        }
    }
}

/// A household with a mandate that is not debited.
#[derive(Serialize, ToSchema)]
struct LeftOutOut {
    tenant_code: TenantCode,
    reason: LeftOut,
    /// What was due, HKD.
    due: Option<Money>,
}

impl From<Omission> for LeftOutOut {
    fn from(omission: Omission) -> Self {
        Self {
            tenant_code: omission.household,
            reason: omission.reason,
            due: omission.due,
        }
    }
}

/// The collections, newest first.
#[utoipa::path(
    tag = "autopay",
    params(PageQuery),
    responses((status = 200, body = Page<CollectionOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/collections")]
async fn list_autopay_collections(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    query: Query<PageQuery>,
) -> Result<Json<Page<CollectionOut>>, Problem> {
    let (before, limit) = (page::after(query.after.as_ref())?, query.limit);
    let found = app.db.query(move |conn| {
        store::collections(conn, before, limit.rows()).map_err(AutopayError::from)
    });
    let key = |one: &Collection| (one.requested_at, one.id);
    Page::new(found.await?, limit, key, CollectionOut::from).map(Json)
}

/// How far a collection is, and what it comes to.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path)),
    responses((status = 200, body = CollectionOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/collections/{id}")]
async fn get_autopay_collection(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    id: Path<CollectionId>,
) -> Result<Json<CollectionOut>, Problem> {
    let found = app.db.query(move |conn| store::collection(conn, *id));
    Ok(Json(found.await?.into()))
}

/// The debits of a collection, by household, and what the bank said of them.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), LinesQuery),
    responses((status = 200, body = Page<DebitOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/collections/{id}/lines")]
async fn list_autopay_lines(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    id: Path<CollectionId>,
    query: Query<LinesQuery>,
) -> Result<Json<Page<DebitOut>>, Problem> {
    let limit = query.limit;
    let wanted = Wanted {
        collection: *id,
        state: query.state,
        code: query.code,
        after: page::after(query.after.as_ref())?,
    };
    let found = app.db.read(move |conn| {
        store::collection(conn, wanted.collection)?;
        store::lines(conn, wanted, limit.rows()).map_err(AutopayError::from)
    });
    Page::new(found.await?, limit, |one| one.household, DebitOut::from).map(Json)
}

/// The households with a mandate that a collection does not debit, and why.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path), LeftOutQuery),
    responses((status = 200, body = Page<LeftOutOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["autopay:read"])),
)]
#[get("/autopay/collections/{id}/left-out")]
async fn list_autopay_left_out(
    app: Data<App>,
    _caller: Authorized<ReadCollections>,
    id: Path<CollectionId>,
    query: Query<LeftOutQuery>,
) -> Result<Json<Page<LeftOutOut>>, Problem> {
    let limit = query.limit;
    let which = (query.reason, page::after(query.after.as_ref())?);
    let found = app.db.read(move |conn| {
        store::collection(conn, *id)?;
        store::left_out(conn, *id, which, limit.rows()).map_err(AutopayError::from)
    });
    Page::new(found.await?, limit, |one| one.household, LeftOutOut::from).map(Json)
}
