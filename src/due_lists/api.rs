//! Lists of what is due over HTTP.

use actix_web::body::SizedStream;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{HttpResponse, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::stream::try_unfold;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::make::part;
use super::model::{DueList, DueListError};
use super::store;
use crate::app::App;
use crate::kernel::id::DueListId;
use crate::kernel::money::Money;
use crate::payments::{self, Channel};
use crate::platform::auth::{Authorized, permissions};
use crate::platform::crypto::hex;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::{Kind, Problem};
use crate::rent::RentError;

permissions! {
    /// See the lists of what is due.
    ReadDueLists = "due-list:read" everywhere;
    /// Take the newest list of a channel that one speaks for.
    TakeDueList = "due-list:take" everywhere;
}

const GONE: Kind = Kind::new("due-list-gone", 410, "The list is not kept any more");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_due_lists)
        .service(read_due_list)
        .service(take_due_list);
}

/// Which lists, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DueListsQuery {
    channel: Option<Channel>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A list of what is due, for one channel.
#[derive(Serialize, ToSchema)]
struct DueListOut {
    id: DueListId,
    channel: Channel,
    /// The how-manieth of the channel.
    number: i32,
    business_date: NaiveDate,
    /// The instant as at which every figure is.
    as_at: DateTime<Utc>,
    /// Households that owe something.
    lines: i32,
    /// What they owe, HKD.
    amount: Money,
    /// Households of which it cannot be told what they owe.
    left_out: i32,
    /// What the file is called.
    file: String,
    /// How long it is.
    bytes: i64,
    /// Its digest, in hexadecimal.
    sha256: String,
    made_by: String,
    made_at: DateTime<Utc>,
}

impl From<DueList> for DueListOut {
    fn from(list: DueList) -> Self {
        Self {
            file: list.file_name(),
            id: list.id,
            channel: list.channel,
            number: list.number,
            business_date: list.business_date,
            as_at: list.as_at,
            lines: list.lines,
            amount: list.amount,
            left_out: list.left_out,
            bytes: list.bytes,
            sha256: hex(&list.sha256),
            made_by: list.made_by,
            made_at: list.made_at,
        }
    }
}

/// The lists of what is due, the newest first.
#[utoipa::path(
    tag = "payments",
    params(DueListsQuery),
    responses((status = 200, body = Page<DueListOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["due-list:read"])),
)]
#[get("/due-lists")]
async fn list_due_lists(
    app: Data<App>,
    _caller: Authorized<ReadDueLists>,
    query: Query<DueListsQuery>,
) -> Result<Json<Page<DueListOut>>, Problem> {
    let (channel, limit) = (query.channel, query.limit);
    let after = page::after(query.after.as_ref())?;
    let found = app.db.query(move |conn| {
        store::lists(conn, channel, after, limit.rows()).map_err(DueListError::from)
    });
    let key = |list: &DueList| (list.made_at, list.id);
    Page::new(found.await?, limit, key, DueListOut::from).map(Json)
}

/// The file of a list: the same bytes whenever it is asked for, while they are kept.
#[utoipa::path(
    tag = "payments",
    params(("id" = DueListId, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)),
    security(("bearer" = ["due-list:read"])),
)]
#[get("/due-lists/{id}/file")]
async fn read_due_list(
    app: Data<App>,
    _caller: Authorized<ReadDueLists>,
    id: Path<DueListId>,
) -> Result<HttpResponse, Problem> {
    let found = app.db.query(move |conn| store::list(conn, *id));
    let list = found.await?.ok_or(DueListError::NoSuchList)?;
    file(app, &list).await
}

/// The file of the newest list of a channel that the caller's program speaks for.
#[utoipa::path(
    tag = "payments",
    params(("channel" = Channel, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)),
    security(("bearer" = ["due-list:take"])),
)]
#[get("/payment-channels/{channel}/due-list")]
async fn take_due_list(
    app: Data<App>,
    caller: Authorized<TakeDueList>,
    channel: Path<Channel>,
) -> Result<HttpResponse, Problem> {
    let channel = *channel;
    let found = app.db.read(move |conn| {
        let client = caller.actor.client().ok_or(DueListError::NoSuchList)?;
        if !payments::speaks_for(conn, client, channel)? {
            return Err(DueListError::NoSuchList);
        }
        store::newest(conn, channel)?.ok_or(DueListError::NoSuchList)
    });
    let list = found.await?;
    file(app, &list).await
}

/// The file of `list`, a piece at a time. `Content-Digest` (RFC 9530) is that of the whole.
async fn file(app: Data<App>, list: &DueList) -> Result<HttpResponse, Problem> {
    let id = list.id;
    // The first piece is read before anything is answered: one that is gone is told.
    let first = piece(&app, id, 1).await?;
    let pieces = try_unfold((first, 2), move |(ready, number)| {
        let app = app.clone();
        async move {
            let Some(ready) = ready else {
                return Ok(None);
            };
            let next = piece(&app, id, number).await?;
            Ok::<_, DueListError>(Some((Bytes::from(ready), (next, number + 1))))
        }
    });
    let digest = STANDARD.encode(&list.sha256);
    let name = format!("attachment; filename=\"{}\"", list.file_name());
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Digest", format!("sha-256=:{digest}:")))
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type("text/plain; charset=utf-8")
        .body(SizedStream::new(list.bytes.unsigned_abs(), pieces)))
}

async fn piece(app: &App, list: DueListId, number: i32) -> Result<Option<Vec<u8>>, DueListError> {
    app.db.query(move |conn| part(conn, (list, number))).await
}

impl From<DueListError> for Problem {
    fn from(error: DueListError) -> Self {
        match error {
            DueListError::NoSuchList => Self::not_found(),
            DueListError::Gone => Self::new(GONE).detail(error.to_string()),
            DueListError::Rent(RentError::Db(error)) | DueListError::Db(error) => error.into(),
            // Nothing makes a list over HTTP.
            other => Self::internal(other),
        }
    }
}
