//! Messages listed, read, and sent after all.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::shown::MessageOut;
use super::{ReadMessages, SendMessages};
use crate::app::App;
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::day::Day;
use crate::kernel::id::MessageId;
use crate::kernel::tenant_code::TenantCode;
use crate::messages::commands;
use crate::messages::model::{Message, MessageError, MessageKind, MessageState};
use crate::messages::store::messages::{self as store, Place, Wanted};
use crate::platform::auth::Authorized;
use crate::platform::db::reach_in;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_messages)
        .service(read_message)
        .service(resend_message)
        .service(list_household_messages);
}

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MessagesQuery {
    /// Only those to this household.
    tenant_code: Option<TenantCode>,
    state: Option<MessageState>,
    kind: Option<MessageKind>,
    /// Only those drafted on this day or later.
    from: Option<Day>,
    /// Only those drafted on this day or earlier.
    to: Option<Day>,
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A page of a household's messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OwnMessagesQuery {
    /// The previous page's `next`.
    after: Option<Cursor>,
    /// How many items to return.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

fn place_after(cursor: Option<&Cursor>) -> Result<Option<Place>, Problem> {
    let after: Option<(DateTime<Utc>, MessageId)> = page::after(cursor)?;
    if after.is_some_and(|(at, _)| !(1900..=2199).contains(&at.year())) {
        return Err(Problem::malformed(&"after: not a place in this list"));
    }
    Ok(after)
}

fn paged(rows: Vec<Message>, limit: Limit) -> Result<Json<Page<MessageOut>>, Problem> {
    let place = |message: &Message| (message.drafted_at, message.id);
    Page::new(rows, limit, place, MessageOut::from).map(Json)
}

/// List messages, the newest first.
#[utoipa::path(
    tag = "messages",
    params(MessagesQuery),
    responses((status = 200, body = Page<MessageOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["messages:read"])),
)]
#[get("/messages")]
async fn list_messages(
    app: Data<App>,
    caller: Authorized<ReadMessages>,
    query: Query<MessagesQuery>,
) -> Result<Json<Page<MessageOut>>, Problem> {
    let query = query.into_inner();
    let begins = |day: NaiveDate| hong_kong_time(day, 0);
    let after_it = |day: NaiveDate| day.succ_opt().unwrap_or(day);
    let wanted = Wanted {
        household: query.tenant_code,
        state: query.state,
        kind: query.kind,
        from: query.from.map(|day| begins(day.into())),
        until: query.to.map(|day| begins(after_it(day.into()))),
        after: place_after(query.after.as_ref())?,
    };
    let (limit, today) = (query.limit, hong_kong_date(app.clock.now()));
    let rows = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        store::list(conn, wanted, (&caller.reach, today), limit.rows())
    });
    paged(rows.await?, limit)
}

/// Read a message.
#[utoipa::path(
    tag = "messages",
    params(("id" = MessageId, Path)),
    responses((status = 200, body = MessageOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["messages:read"])),
)]
#[get("/messages/{id}")]
async fn read_message(
    app: Data<App>,
    caller: Authorized<ReadMessages>,
    id: Path<MessageId>,
) -> Result<Json<MessageOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let read = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        let found = store::one(conn, id)?;
        commands::admitted(conn, &caller.reach, found, now)
    });
    Ok(Json(read.await?.into()))
}

/// Send a message after all that is dead or had no address.
///
/// It keeps its id: a carrier that took it before does not send it twice.
#[utoipa::path(
    tag = "messages",
    params(("id" = MessageId, Path), IdempotencyKey),
    responses((status = 200, body = MessageOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["messages:send"])),
)]
#[post("/messages/{id}/resend")]
async fn resend_message(
    app: Data<App>,
    caller: Authorized<SendMessages>,
    key: IdempotencyKey,
    id: Path<MessageId>,
) -> Result<Json<MessageOut>, Problem> {
    let (id, now) = (*id, app.clock.now());
    let resent = app.db.write(move |conn| {
        reach_in(conn, &caller.reach)?;
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "resend_message",
            key: &key,
        };
        once(conn, &attempt, &id, |conn| {
            let by = (&caller.actor, &caller.reach);
            commands::resend(conn, by, id, now).map(MessageOut::from)
        })
    });
    Ok(Json(resent.await?))
}

/// List the messages to a household, the newest first.
#[utoipa::path(
    tag = "messages",
    params(("code" = TenantCode, Path), OwnMessagesQuery),
    responses((status = 200, body = Page<MessageOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["messages:read"])),
)]
#[get("/rent-accounts/{code}/messages")]
async fn list_household_messages(
    app: Data<App>,
    caller: Authorized<ReadMessages>,
    code: Path<TenantCode>,
    query: Query<OwnMessagesQuery>,
) -> Result<Json<Page<MessageOut>>, Problem> {
    let (code, now, query) = (*code, app.clock.now(), query.into_inner());
    let wanted = Wanted {
        household: Some(code),
        after: place_after(query.after.as_ref())?,
        ..Wanted::default()
    };
    let limit = query.limit;
    let rows = app.db.read(move |conn| {
        reach_in(conn, &caller.reach)?;
        commands::admit(conn, &caller.reach, code, now)?;
        let within = (&caller.reach, hong_kong_date(now));
        Ok::<_, MessageError>(store::list(conn, wanted, within, limit.rows())?)
    });
    paged(rows.await?, limit)
}
