//! Files of rents for the department.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{OrderMonths, ReadRents, TakeRents};
use crate::app::App;
use crate::cssa::model::{CssaError, RentFile};
use crate::cssa::store::rents as store;
use crate::cssa::{file, rents};
use crate::kernel::id::RentFileId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(order_cssa_rents)
        .service(list_cssa_rent_files)
        .service(get_cssa_rent_file)
        .service(read_cssa_rents);
}

/// Which month's rents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CssaRentsIn {
    /// This month or the next.
    month: Month,
}

/// A file that tells the Social Welfare Department the rents of its recipients.
#[derive(Serialize, Deserialize, ToSchema)]
struct RentFileOut {
    id: RentFileId,
    month: Month,
    /// Its place among these files.
    sequence: i32,
    /// What the file is called.
    file: String,
    requested_by: String,
    requested_at: DateTime<Utc>,
    /// Absent while it waits; until then every figure is zero.
    made_at: Option<DateTime<Utc>>,
    /// Recipients in it, and what their rents come to, HKD.
    lines: i32,
    amount: Money,
    /// Recipients whose rent cannot be told.
    left_out: i32,
    /// The digest of its bytes, in hexadecimal.
    sha256: Option<String>,
}

impl From<RentFile> for RentFileOut {
    fn from(one: RentFile) -> Self {
        Self {
            file: file::name(&one),
            id: one.id,
            month: one.month,
            sequence: one.sequence,
            requested_by: one.requested_by,
            requested_at: one.requested_at,
            made_at: one.made_at,
            lines: one.lines,
            amount: one.amount,
            left_out: one.left_out,
            sha256: one.sha256.map(|digest| hex(&digest)),
        }
    }
}

/// A place in a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RentFilesQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Queue the file of a month's rents, and what changes of them.
#[utoipa::path(
    tag = "cssa",
    params(IdempotencyKey),
    request_body = CssaRentsIn,
    responses((status = 202, body = RentFileOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-month:write"])),
)]
#[post("/cssa/rent-files")]
async fn order_cssa_rents(
    app: Data<App>,
    caller: Authorized<OrderMonths>,
    key: IdempotencyKey,
    body: Json<CssaRentsIn>,
) -> Result<(Json<RentFileOut>, StatusCode), Problem> {
    let (body, now) = (body.into_inner(), app.clock.now());
    let ordered = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "order_cssa_rents",
            key: &key,
        };
        once(conn, &attempt, &body, |conn| {
            rents::order(conn, &caller.actor, body.month, now).map(RentFileOut::from)
        })
    });
    Ok((Json(ordered.await?), StatusCode::ACCEPTED))
}

/// The files of rents, newest first.
#[utoipa::path(
    tag = "cssa",
    params(RentFilesQuery),
    responses((status = 200, body = Page<RentFileOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-rents:read"])),
)]
#[get("/cssa/rent-files")]
async fn list_cssa_rent_files(
    app: Data<App>,
    _caller: Authorized<ReadRents>,
    query: Query<RentFilesQuery>,
) -> Result<Json<Page<RentFileOut>>, Problem> {
    let (before, limit) = (page::after(query.after.as_ref())?, query.limit);
    let found = app
        .db
        .query(move |conn| store::list(conn, before, limit.rows()).map_err(CssaError::from));
    let key = |one: &RentFile| (one.requested_at, one.id);
    Page::new(found.await?, limit, key, RentFileOut::from).map(Json)
}

/// How far a file of rents is, and what it comes to.
#[utoipa::path(
    tag = "cssa",
    params(("id" = RentFileId, Path)),
    responses((status = 200, body = RentFileOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["cssa-rents:read"])),
)]
#[get("/cssa/rent-files/{id}")]
async fn get_cssa_rent_file(
    app: Data<App>,
    _caller: Authorized<ReadRents>,
    id: Path<RentFileId>,
) -> Result<Json<RentFileOut>, Problem> {
    let found = app.db.query(move |conn| store::one(conn, *id));
    Ok(Json(found.await?.into()))
}

/// The file of rents itself: the same bytes whenever it is asked for.
///
/// `Content-Digest` (RFC 9530) is that of the making. Each taking is on record.
#[utoipa::path(
    tag = "cssa",
    params(("id" = RentFileId, Path)),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["cssa-rents:file"])),
)]
#[get("/cssa/rent-files/{id}/file")]
async fn read_cssa_rents(
    app: Data<App>,
    caller: Authorized<TakeRents>,
    id: Path<RentFileId>,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let taken = app
        .db
        .write(move |conn| rents::bytes(conn, &caller.actor, *id, now));
    let (made, bytes) = taken.await?;
    let digest = STANDARD.encode(made.sha256.as_deref().unwrap_or_default());
    let name = format!("attachment; filename=\"{}\"", file::name(&made));
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Digest", format!("sha-256=:{digest}:")))
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type("text/plain; charset=utf-8")
        .body(bytes))
}
