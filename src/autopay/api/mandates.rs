//! A household's mandates.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{AnswerMandates, ReadMandates, WriteMandates};
use crate::app::App;
use crate::autopay::commands::{self, BankSays, NewMandate, Read};
use crate::autopay::model::{AutopayError, Mandate, MandateEvent, MandateState, Rail};
use crate::autopay::payer::{AccountNumber, BankCode, HolderName, Payer};
use crate::autopay::sealing;
use crate::autopay::tell::{self, Conn, History};
use crate::kernel::choice::choice;
use crate::kernel::id::MandateId;
use crate::kernel::money::Money;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::text::Line;
use crate::platform::auth::{Actor, Authorized};
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, OnceError, once};
use crate::platform::http::precondition::{IfMatch, etag};
use crate::platform::http::problem::Problem;
use crate::rent;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_mandates)
        .service(propose_mandate)
        .service(answer_mandate)
        .service(suspend_mandate)
        .service(end_mandate);
}

/// A bank account to debit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MandateIn {
    channel: Rail,
    bank: BankCode,
    /// Digits, as they are on the bank's card; spaces and hyphens are left out.
    account: AccountNumber,
    /// The name of the account, in Latin letters as the bank has it; it may be a relative's.
    holder: HolderName,
    /// The most that one debit may be, HKD.
    limit: Option<Money>,
}

choice! {
    /// What a bank answers.
    pub enum BankAnswer {
        Accepted = "accepted",
        Declined = "declined",
    }
}

/// A bank's answer to a mandate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerIn {
    answer: BankAnswer,
    /// By what the bank knows the mandate; it is needed when it accepts.
    bank_reference: Option<Line<35>>,
    reason: Option<Line<200>>,
}

/// Why a mandate is changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonIn {
    reason: Line<200>,
}

/// A household's leave to debit a bank account.
#[derive(Serialize, Deserialize, ToSchema)]
struct MandateOut {
    id: MandateId,
    tenant_code: TenantCode,
    channel: Rail,
    bank: String,
    /// Its last digits.
    account: String,
    /// The most that one debit may be, HKD.
    limit: Option<Money>,
    /// A mandate ends with the household's last tenancy.
    state: MandateState,
    bank_reference: Option<String>,
    active_since: Option<DateTime<Utc>>,
    proposed_at: DateTime<Utc>,
    /// The `ETag` of the mandate.
    version: i32,
    /// What became of it, the oldest first.
    history: Vec<EventOut>,
}

/// What became of a mandate.
#[derive(Serialize, Deserialize, ToSchema)]
struct EventOut {
    event: MandateEvent,
    reason: Option<String>,
    at: DateTime<Utc>,
}

impl From<History> for MandateOut {
    fn from(History { mandate, events }: History) -> Self {
        let history = events.into_iter().map(|one| EventOut {
            event: one.event,
            reason: one.reason,
            at: one.at,
        });
        Self {
            id: mandate.id,
            tenant_code: mandate.household,
            channel: mandate.rail,
            bank: mandate.bank,
            account: format!("*********{}", mandate.ending),
            limit: mandate.at_most,
            state: mandate.state,
            bank_reference: mandate.bank_reference,
            active_since: mandate.active_since,
            proposed_at: mandate.proposed_at,
            version: mandate.version,
            history: history.collect(),
        }
    }
}

/// The mandates of a household, the newest first, and what became of them.
#[utoipa::path(
    tag = "autopay",
    params(("code" = TenantCode, Path)),
    responses((status = 200, body = Vec<MandateOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["mandate:read"])),
)]
#[get("/rent-accounts/{code}/mandates")]
async fn list_mandates(
    app: Data<App>,
    caller: Authorized<ReadMandates>,
    code: Path<TenantCode>,
) -> Result<Json<Vec<MandateOut>>, Problem> {
    let (code, now) = (*code, app.clock.now());
    let told = app.db.read(move |conn| {
        rent::admit(conn, &caller.reach, code, now)?;
        reach_in(conn, &caller.reach)?;
        tell::mandates(conn, code, now)
    });
    Ok(Json(told.await?.into_iter().map(Into::into).collect()))
}

/// Propose a mandate: the bank is asked, and answers.
#[utoipa::path(
    tag = "autopay",
    params(("code" = TenantCode, Path), IdempotencyKey),
    request_body = MandateIn,
    responses((status = 201, body = MandateOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["mandate:write"])),
)]
#[post("/rent-accounts/{code}/mandates")]
async fn propose_mandate(
    app: Data<App>,
    caller: Authorized<WriteMandates>,
    key: IdempotencyKey,
    code: Path<TenantCode>,
    body: Json<MandateIn>,
) -> Result<HttpResponse, Problem> {
    let (code, body, now, vault) = (*code, body.into_inner(), app.clock.now(), app.vault.clone());
    let new = NewMandate {
        code,
        rail: body.channel,
        payer: Payer {
            bank: body.bank,
            account: body.account,
            holder: body.holder,
        },
        at_most: body.limit,
    };
    let proposed = app.db.write(move |conn| {
        let refused = OnceError::Work;
        rent::admit(conn, &caller.reach, code, now).map_err(|error| refused(error.into()))?;
        reach_in(conn, &caller.reach)?;
        let rest = format!("{} {}", new.rail, new.at_most.unwrap_or_default());
        let request = sealing::fingerprint(&vault, &new.payer, &rest);
        let request = request.map_err(|error| refused(error.into()))?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "propose_mandate",
            key: &key,
        };
        once(conn, &attempt, &(code, request), |conn| {
            let mandate = commands::propose(conn, &vault, &caller.actor, &new, now)?;
            tell::history(conn, mandate, now).map(MandateOut::from)
        })
    });
    let proposed = proposed.await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, etag(proposed.version)))
        .json(proposed))
}

/// Take the bank's answer: yes puts the mandate in force, also a suspended one; no ends it.
#[utoipa::path(
    tag = "autopay",
    params(("code" = TenantCode, Path), ("id" = MandateId, Path), IfMatch),
    request_body = AnswerIn,
    responses((status = 200, body = MandateOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["mandate:answer"])),
)]
#[post("/rent-accounts/{code}/mandates/{id}/verification")]
async fn answer_mandate(
    app: Data<App>,
    caller: Authorized<AnswerMandates>,
    if_match: IfMatch,
    path: Path<(TenantCode, MandateId)>,
    body: Json<AnswerIn>,
) -> Result<HttpResponse, Problem> {
    let AnswerIn {
        answer,
        bank_reference,
        reason,
    } = body.into_inner();
    let says = match answer {
        BankAnswer::Accepted => {
            let reference = bank_reference.ok_or(AutopayError::NoBankReference)?;
            BankSays::Yes(reference.into())
        }
        BankAnswer::Declined => BankSays::No,
    };
    let says = (says, reason.map(String::from));
    let by = (caller.actor, Reach::Everywhere);
    change(
        &app,
        by,
        (*path, if_match),
        move |conn, actor, read, now| commands::answer(conn, actor, read, says, now),
    )
    .await
}

/// Suspend a mandate: nothing is collected until the bank has verified it again.
#[utoipa::path(
    tag = "autopay",
    params(("code" = TenantCode, Path), ("id" = MandateId, Path), IfMatch),
    request_body = ReasonIn,
    responses((status = 200, body = MandateOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["mandate:answer"])),
)]
#[post("/rent-accounts/{code}/mandates/{id}/suspension")]
async fn suspend_mandate(
    app: Data<App>,
    caller: Authorized<AnswerMandates>,
    if_match: IfMatch,
    path: Path<(TenantCode, MandateId)>,
    body: Json<ReasonIn>,
) -> Result<HttpResponse, Problem> {
    let reason: String = body.into_inner().reason.into();
    let by = (caller.actor, Reach::Everywhere);
    change(
        &app,
        by,
        (*path, if_match),
        move |conn, actor, read, now| commands::suspend(conn, actor, read, reason, now),
    )
    .await
}

/// End a mandate, for good.
#[utoipa::path(
    tag = "autopay",
    params(("code" = TenantCode, Path), ("id" = MandateId, Path), IfMatch),
    request_body = ReasonIn,
    responses((status = 200, body = MandateOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["mandate:write"])),
)]
#[post("/rent-accounts/{code}/mandates/{id}/end")]
async fn end_mandate(
    app: Data<App>,
    caller: Authorized<WriteMandates>,
    if_match: IfMatch,
    path: Path<(TenantCode, MandateId)>,
    body: Json<ReasonIn>,
) -> Result<HttpResponse, Problem> {
    let reason: String = body.into_inner().reason.into();
    let by = (caller.actor, caller.reach);
    change(
        &app,
        by,
        (*path, if_match),
        move |conn, actor, read, now| commands::end(conn, actor, read, reason, now),
    )
    .await
}

/// Does `work` on a mandate within the caller's reach, and tells the mandate as it is then.
async fn change(
    app: &App,
    (actor, reach): (Actor, Reach),
    ((code, id), if_match): ((TenantCode, MandateId), IfMatch),
    work: impl FnOnce(&mut Conn, &Actor, Read, DateTime<Utc>) -> Result<Mandate, AutopayError>
    + Send
    + 'static,
) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let read = Read {
        code,
        id,
        version: if_match.version(),
    };
    let changed = app.db.write(move |conn| {
        rent::admit(conn, &reach, code, now)?;
        reach_in(conn, &reach)?;
        let mandate = work(conn, &actor, read, now)?;
        tell::history(conn, mandate, now).map(MandateOut::from)
    });
    let changed = changed.await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(changed.version)))
        .json(changed))
}
