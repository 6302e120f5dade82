//! Settlement files brought over HTTP.

use std::io::{ErrorKind, Write};

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::files::PaymentFileOut;
use super::{BringFiles, TOO_LARGE};
use crate::app::App;
use crate::kernel::text::Line;
use crate::payments::files::{self, FileError};
use crate::payments::intake::{self, Brought};
use crate::payments::jobs::PostFiles;
use crate::payments::model::PaymentError;
use crate::payments::shelf::{Incoming, Kept};
use crate::payments::signing;
use crate::platform::auth::Authorized;
use crate::platform::auth::signed_request::Headers;
use crate::platform::http::problem::Problem;
use crate::platform::jobs;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(bring_payment_file);
}

/// What the file is called where it comes from.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NameQuery {
    #[param(inline)]
    name: Line<100>,
}

/// Bring a settlement file: its bytes are the body.
///
/// It is kept and read whole before the answer, and posted afterwards. The same bytes again, under
/// any name, are the same file: 200 with what it is by now.
///
/// Where the channel signs its files, with its signature (RFC 9421), made once with the key of a
/// program of the channel, whoever brings the file:
/// `Signature-Input: sig=("content-digest");created=…;keyid="<client>";tag="kaifong-file"`.
#[utoipa::path(
    tag = "payments",
    params(
        NameQuery,
        ("Content-Digest" = Option<String>, Header),
        ("Signature-Input" = Option<String>, Header),
        ("Signature" = Option<String>, Header),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = PaymentFileOut, headers(("Location" = String))),
        (status = 200, body = PaymentFileOut),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["payment-file:write"])),
)]
#[post("/payment-files")]
async fn bring_payment_file(
    app: Data<App>,
    caller: Authorized<BringFiles>,
    request: HttpRequest,
    query: Query<NameQuery>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let kept = readable(shelve(&app, body).await?, now).await?;
    let actor = caller.actor.clone();
    let (again, name) = (kept.clone(), query.into_inner().name);
    let signature = signed(&request);
    let taken = app.db.write(move |conn| {
        let brought = Brought {
            name: name.as_str(),
            signature: signature.as_ref(),
            actor: &actor,
        };
        let (file, is_new) = intake::take_in(conn, &kept, brought, now)?;
        let channel = file.channel;
        jobs::enqueue(conn, &PostFiles { channel }, now)?;
        Ok::<_, PaymentError>((file, is_new))
    });
    let (file, is_new) = match taken.await {
        Ok(taken) => taken,
        Err(error) => {
            let known = app.db.query(move |conn| {
                signing::record_refusal(conn, (&again.sha256, &error), &caller.actor, now)?;
                intake::after_all(conn, &again, error, &caller.actor)
            });
            (known.await?, false)
        }
    };
    let file = PaymentFileOut::from(file);
    Ok(if is_new {
        let place = format!("/v1/payment-files/{}", file.id);
        HttpResponse::Created()
            .insert_header((LOCATION, place))
            .json(file)
    } else {
        HttpResponse::Ok().json(file)
    })
}

/// The signature that came with a file, if any of its three fields did.
fn signed(request: &HttpRequest) -> Option<Headers> {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap_or_default().to_owned())
    };
    let signature = Headers {
        content_digest: header("Content-Digest").unwrap_or_default(),
        signature_input: header("Signature-Input").unwrap_or_default(),
        signature: header("Signature").unwrap_or_default(),
    };
    // A digest alone says what was sent, and signs nothing.
    let is_signed = !signature.signature_input.is_empty() || !signature.signature.is_empty();
    is_signed.then_some(signature)
}

/// Puts what the body has on the shelf.
pub async fn shelve(app: &App, mut body: Payload) -> Result<Kept, Problem> {
    let (shelf, now) = (app.shelf.clone(), app.clock.now());
    let key = app.db.write(move |conn| shelf.key(conn, now)).await?;
    let shelf = &app.shelf;
    let mut incoming = shelf.begin(key).map_err(Problem::internal)?;
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|_| Problem::malformed(&"the body broke off"))?;
        // Pieces of some kilobytes, to the system's cache.
        incoming
            .write_all(&bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::FileTooLarge => Problem::new(TOO_LARGE)
                    .detail(format!("a file has at most {} bytes", shelf.at_most)),
                _ => Problem::internal(error),
            })?;
    }
    // The disk is waited for elsewhere.
    tokio::task::spawn_blocking(move || Incoming::keep(incoming))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)
}

/// What is on the shelf, read once: what is refused need not wait for the database, nor does
/// anybody wait for it there.
async fn readable(kept: Kept, now: DateTime<Utc>) -> Result<Kept, Problem> {
    let read = move || files::read(kept.open(), now, |_| Ok::<_, FileError>(())).map(|_| kept);
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(Problem::internal)?
        .map_err(|error| PaymentError::File(error).into())
}
