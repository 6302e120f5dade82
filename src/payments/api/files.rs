//! Settlement files over HTTP: followed, and what became of every line.

use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::ReadFiles;
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::model::{
    Channel, Decided, Fate, FileDecision, FileSignature, FileState, PaymentError, PaymentFile,
    SettledLine, Tally,
};
use crate::payments::programs;
use crate::payments::store::files::{self as store, Wanted};
use crate::payments::store::shelf::signature;
use crate::platform::auth::Authorized;
use crate::platform::crypto::hex;
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_payment_files)
        .service(read_payment_file)
        .service(list_payment_file_lines);
}

/// A settlement file.
#[derive(Serialize, ToSchema)]
pub(super) struct PaymentFileOut {
    pub(super) id: PaymentFileId,
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
    /// By whom it was signed, if it was.
    signature: Option<SignatureOut>,
    /// Of a held one: the number that must come next in its series. It goes on when that and all up
    /// to it have come, or when somebody releases it, for the channel says that it never comes.
    awaits: Option<i32>,
}

/// By whom a file was signed.
#[derive(Serialize, ToSchema)]
struct SignatureOut {
    /// The program.
    client: Uuid,
    /// Which key of it: its thumbprint (RFC 7638).
    key: String,
    signed_at: DateTime<Utc>,
    /// As they came with the file, for whoever proves it again (RFC 9421).
    signature_input: String,
    signature: String,
}

impl From<FileSignature> for SignatureOut {
    fn from(signature: FileSignature) -> Self {
        Self {
            client: signature.client,
            key: signature.key,
            signed_at: signature.signed_at,
            signature_input: signature.signature_input,
            signature: signature.signature,
        }
    }
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

/// Settlement files, the newest first; a channel's program sees its channels'.
#[utoipa::path(
    tag = "payments",
    params(FilesQuery),
    responses((status = 200, body = Page<PaymentFileOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-file:read"])),
)]
#[get("/payment-files")]
async fn list_payment_files(
    app: Data<App>,
    caller: Authorized<ReadFiles>,
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
            channels: None,
            channel,
            state,
            business_date: business_date.map(Into::into),
        },
    );
    let files = app
        .db
        .read(move |conn| {
            let channels = programs::confined_to(conn, &caller.actor)?;
            let wanted = Wanted { channels, ..wanted };
            store::list(conn, &wanted, after, limit.rows())
        })
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
    caller: Authorized<ReadFiles>,
    id: Path<PaymentFileId>,
) -> Result<Json<PaymentFileTold>, Problem> {
    let told = app.db.read(move |conn| {
        Ok::<_, PaymentError>(PaymentFileTold {
            file: programs::file(conn, *id, &caller.actor)?.into(),
            fates: store::tally(conn, *id)?
                .into_iter()
                .map(TallyOut::from)
                .collect(),
            decisions: store::decisions(conn, *id)?
                .into_iter()
                .map(DecisionOut::from)
                .collect(),
            signature: signature(conn, *id)?.map(SignatureOut::from),
            awaits: store::held(conn)?
                .into_iter()
                .find(|held| held.id == *id)
                .map(|held| held.awaits),
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
    caller: Authorized<ReadFiles>,
    id: Path<PaymentFileId>,
    query: Query<LinesQuery>,
) -> Result<Json<Page<PaymentLineOut>>, Problem> {
    let LinesQuery { fate, after, limit } = query.into_inner();
    let after = page::after(after.as_ref())?.unwrap_or(0);
    let lines = app.db.read(move |conn| {
        programs::file(conn, *id, &caller.actor)?;
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
