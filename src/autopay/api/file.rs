//! The file of a collection: looked at before it is released, taken to the bank afterwards.

use actix_web::body::SizedStream;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::try_unfold;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{ApproveCollections, TakeFiles};
use crate::app::App;
use crate::autopay::model::{AutopayError, Collection, Rail};
use crate::autopay::{collect, file, files};
use crate::kernel::id::CollectionId;
use crate::platform::auth::Authorized;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_autopay_file)
        .service(read_prepared_autopay_file);
}

/// The file of a released collection: the same bytes whenever it is asked for.
///
/// `Content-Digest` (RFC 9530) is what was approved. Each taking is on record.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path)),
    responses(
        (status = 200, content((String = "text/plain"), (String = "application/xml"))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["autopay:file"])),
)]
#[get("/autopay/collections/{id}/file")]
async fn read_autopay_file(
    app: Data<App>,
    caller: Authorized<TakeFiles>,
    id: Path<CollectionId>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (*id, app.clock.now());
    let taken = app
        .db
        .write(move |conn| collect::take(conn, &caller.actor, id, now))
        .await?;
    told(app, taken).await
}

/// The file of a prepared collection, for whoever is to release it: the bytes that will be sent.
///
/// `Content-Digest` (RFC 9530) is what is approved. Each reading is on record.
#[utoipa::path(
    tag = "autopay",
    params(("id" = CollectionId, Path)),
    responses(
        (status = 200, content((String = "text/plain"), (String = "application/xml"))),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["autopay:approve"])),
)]
#[get("/autopay/collections/{id}/prepared-file")]
async fn read_prepared_autopay_file(
    app: Data<App>,
    caller: Authorized<ApproveCollections>,
    id: Path<CollectionId>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (*id, app.clock.now());
    let looked_at = app
        .db
        .write(move |conn| collect::look_at(conn, &caller.actor, id, now))
        .await?;
    told(app, looked_at).await
}

/// The file of `collection`, piece by piece.
async fn told(app: Data<App>, collection: Collection) -> Result<HttpResponse, Problem> {
    let id = collection.id;
    // The first piece is opened before anything is answered: one that does not open is told.
    let first = piece(&app, id, 1).await?;
    let pieces = try_unfold((first, 2), move |(ready, number)| {
        let app = app.clone();
        async move {
            let Some(ready) = ready else {
                return Ok(None);
            };
            let next = piece(&app, id, number).await?;
            Ok::<_, AutopayError>(Some((Bytes::from(ready), (next, number + 1))))
        }
    });
    let digest = STANDARD.encode(collection.sha256.as_deref().unwrap_or_default());
    let name = format!("attachment; filename=\"{}\"", files::name(&collection));
    let kind = match collection.rail {
        Rail::Autopay => "text/plain; charset=us-ascii",
        Rail::FpsDebit => "application/xml",
    };
    let bytes = collection.bytes.and_then(|bytes| u64::try_from(bytes).ok());
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Digest", format!("sha-256=:{digest}:")))
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type(kind)
        .body(SizedStream::new(bytes.unwrap_or_default(), pieces)))
}

async fn piece(app: &App, id: CollectionId, number: i32) -> Result<Option<Vec<u8>>, AutopayError> {
    let vault = app.vault.clone();
    app.db
        .query(move |conn| file::part(conn, &vault, (id, number)))
        .await
}
