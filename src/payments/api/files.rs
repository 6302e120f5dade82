//! Settlement files over HTTP: brought, followed, and what became of every line.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path, Payload, Query};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{BringFiles, ReadFiles, TOO_LARGE};
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::payments::files::{self, FileError};
use crate::payments::intake;
use crate::payments::jobs::PostFiles;
use crate::payments::model::{
    Channel, Decided, Fate, FileDecision, FileState, PaymentError, PaymentFile, SettledLine, Tally,
};
use crate::payments::shelf::{Incoming, Kept, Shelf};
use crate::payments::store::files::{self as store, Wanted};
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;
use crate::platform::jobs;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(bring_payment_file)
        .service(list_payment_files)
        .service(read_payment_file)
        .service(list_payment_file_lines);
}

/// What the file is called where it comes from.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NameQuery {
    #[param(inline)]
    name: Line<100>,
}

/// A settlement file.
#[derive(Serialize, ToSchema)]
pub(super) struct PaymentFileOut {
    id: PaymentFileId,
    channel: Channel,
    /// The day that it is the file of.
    business_date: NaiveDate,
    /// Whose numbers it has, where the channel has several rows of them.
    series: String,
    /// Its place among the files of its series.
    sequence: i32,
    name: String,
    /// Of its bytes, hexadecimal.
    sha256: String,
    lines: i32,
    /// What its lines come to, HKD.
    amount: Money,
    state: FileState,
    /// Lines whose fate is decided.
    settled: i32,
    /// Why it is quarantined or withdrawn.
    reason: Option<String>,
    received_by: String,
    received_at: DateTime<Utc>,
    posted_at: Option<DateTime<Utc>>,
}

impl From<PaymentFile> for PaymentFileOut {
    fn from(file: PaymentFile) -> Self {
        Self {
            id: file.id,
            channel: file.channel,
            business_date: file.business_date,
            series: file.series,
            sequence: file.sequence,
            name: file.name,
            sha256: hex(&file.sha256),
            lines: file.lines,
            amount: file.amount,
            state: file.state,
            settled: file.settled,
            reason: file.reason,
            received_by: file.received_by,
            received_at: file.received_at,
            posted_at: file.posted_at,
        }
    }
}

/// A settlement file, and what became of its lines.
#[derive(Serialize, ToSchema)]
struct PaymentFileTold {
    #[serde(flatten)]
    file: PaymentFileOut,
    fates: Vec<TallyOut>,
    /// What was decided of it, in order.
    decisions: Vec<DecisionOut>,
}

/// What somebody decided of a file.
#[derive(Serialize, ToSchema)]
struct DecisionOut {
    decision: Decided,
    reason: String,
    decided_by: String,
    decided_at: DateTime<Utc>,
}

impl From<FileDecision> for DecisionOut {
    fn from(decided: FileDecision) -> Self {
        Self {
            decision: decided.decision,
            reason: decided.reason,
            decided_by: decided.decided_by,
            decided_at: decided.decided_at,
        }
    }
}

impl From<Tally> for TallyOut {
    fn from(tally: Tally) -> Self {
        Self {
            fate: tally.fate,
            lines: tally.lines,
            amount: tally.amount,
        }
    }
}

/// How many lines had a fate, and what they come to.
#[derive(Serialize, ToSchema)]
struct TallyOut {
    fate: Fate,
    lines: i64,
    /// HKD.
    amount: Money,
}

/// A line of a settlement file.
#[derive(Serialize, ToSchema)]
struct PaymentLineOut {
    number: i32,
    /// The channel's own.
    reference: String,
    /// As the payer gave it.
    account: String,
    /// HKD.
    amount: Money,
    instructed_at: DateTime<Utc>,
    place: String,
    /// Absent while it waits.
    fate: Option<Fate>,
    /// Whose account it was posted to.
    tenant_code: Option<TenantCode>,
}

impl From<SettledLine> for PaymentLineOut {
    fn from(line: SettledLine) -> Self {
        Self {
            number: line.number,
            reference: line.reference,
            account: line.account,
            amount: line.amount,
            instructed_at: line.instructed_at,
            place: line.place,
            fate: line.fate,
            tenant_code: line.household,
        }
    }
}

/// Which files, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FilesQuery {
    channel: Option<Channel>,
    #[param(inline)]
    state: Option<FileState>,
    /// Of this business date.
    business_date: Option<Day>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Which lines, and how many of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LinesQuery {
    #[param(inline)]
    fate: Option<Fate>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Bring a settlement file: its bytes are the body.
///
/// It is kept and read whole before the answer, and posted afterwards. The same bytes again, under
/// any name, are the same file: 200 with what it is by now.
#[utoipa::path(
    tag = "payments",
    params(NameQuery),
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
    query: Query<NameQuery>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let kept = shelve(&app.shelf, body).await?;
    let kept = readable(kept, now).await?;
    let actor = caller.actor.clone();
    let (again, name) = (kept.sha256.clone(), query.into_inner().name);
    let taken = app.db.write(move |conn| {
        let (file, is_new) = intake::take_in(conn, &kept, name.as_str(), &actor, now)?;
        let channel = file.channel;
        jobs::enqueue(conn, &PostFiles { channel }, now)?;
        Ok::<_, PaymentError>((file, is_new))
    });
    let (file, is_new) = match taken.await {
        Ok(taken) => taken,
        // Somebody else may have brought the same bytes meanwhile.
        Err(error) => {
            let known = app.db.query(move |conn| store::of_digest(conn, &again));
            (known.await?.ok_or(error)?, false)
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

/// Puts what the body has on the shelf.
pub async fn shelve(shelf: &Shelf, mut body: Payload) -> Result<Kept, Problem> {
    let mut incoming = shelf.begin().map_err(Problem::internal)?;
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
    let read = move || {
        let source = File::open(&kept.path).map_err(FileError::from)?;
        files::read(BufReader::new(source), now, |_| Ok(())).map(|_| kept)
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(Problem::internal)?
        .map_err(|error| PaymentError::File(error).into())
}

/// Settlement files, the newest first.
#[utoipa::path(
    tag = "payments",
    params(FilesQuery),
    responses((status = 200, body = Page<PaymentFileOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:read"])),
)]
#[get("/payment-files")]
async fn list_payment_files(
    app: Data<App>,
    _caller: Authorized<ReadFiles>,
    query: Query<FilesQuery>,
) -> Result<Json<Page<PaymentFileOut>>, Problem> {
    let FilesQuery {
        channel,
        state,
        business_date,
        after,
        limit,
    } = query.into_inner();
    let (after, wanted) = (
        page::after(after.as_ref())?,
        Wanted {
            channel,
            state,
            business_date: business_date.map(Into::into),
        },
    );
    let files = app
        .db
        .query(move |conn| store::list(conn, wanted, after, limit.rows()))
        .await?;
    let key = |file: &PaymentFile| (file.received_at, file.id);
    Page::new(files, limit, key, PaymentFileOut::from).map(Json)
}

/// Where a settlement file is, and what became of its lines.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentFileId, Path)),
    responses((status = 200, body = PaymentFileTold), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:read"])),
)]
#[get("/payment-files/{id}")]
async fn read_payment_file(
    app: Data<App>,
    _caller: Authorized<ReadFiles>,
    id: Path<PaymentFileId>,
) -> Result<Json<PaymentFileTold>, Problem> {
    let told = app.db.read(move |conn| {
        Ok::<_, PaymentError>(PaymentFileTold {
            file: store::file(conn, *id)?.into(),
            fates: store::tally(conn, *id)?
                .into_iter()
                .map(TallyOut::from)
                .collect(),
            decisions: store::decisions(conn, *id)?
                .into_iter()
                .map(DecisionOut::from)
                .collect(),
        })
    });
    Ok(Json(told.await?))
}

/// The lines of a settlement file, as it has them, and what became of each.
#[utoipa::path(
    tag = "payments",
    params(("id" = PaymentFileId, Path), LinesQuery),
    responses((status = 200, body = Page<PaymentLineOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:read"])),
)]
#[get("/payment-files/{id}/lines")]
async fn list_payment_file_lines(
    app: Data<App>,
    _caller: Authorized<ReadFiles>,
    id: Path<PaymentFileId>,
    query: Query<LinesQuery>,
) -> Result<Json<Page<PaymentLineOut>>, Problem> {
    let LinesQuery { fate, after, limit } = query.into_inner();
    let after = page::after(after.as_ref())?.unwrap_or(0);
    let lines = app.db.read(move |conn| {
        store::file(conn, *id)?;
        Ok::<_, PaymentError>(store::lines(conn, *id, fate, after, limit.rows())?)
    });
    Page::new(
        lines.await?,
        limit,
        |line| line.number,
        PaymentLineOut::from,
    )
    .map(Json)
}
