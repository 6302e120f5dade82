//! Payments as they happen, over HTTP: signed news, and who may sign them.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{HttpRequest, get, post};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::trace::PaymentOut;
use super::{AppointClients, ReadNotices, UNSIGNED};
use crate::app::App;
use crate::kernel::money::Money;
use crate::kernel::text::Line;
use crate::payments::model::{Channel, Payment, PaymentError};
use crate::payments::notices::{News, Nonce, Notice, NoticeOutcome, NoticeState};
use crate::payments::store::notices::{self as store, Wanted};
use crate::platform::audit;
use crate::platform::auth::signed_request::{Claim, Headers, Request};
use crate::platform::auth::{Actor, Authorized};
use crate::platform::http::page::{self, Cursor, Limit, Page};
use crate::platform::http::problem::Problem;
use crate::platform::limits::{Bucket, Rate};
use crate::sign_in;

/// How often one program may tell. Its name is known to it and to us alone, so that nobody else
/// can empty its bucket.
const ONE_PROGRAM: Rate = Rate::new(5_000, Duration::from_micros(200));

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(take_payment_notice)
        .service(list_payment_notices)
        .service(list_unsettled_payments)
        .service(appoint_channel_client);
}

/// What a channel tells of a payment as it happens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoticeIn {
    channel: Channel,
    /// The channel's own name of this piece of news: the same when it is delivered again.
    event: Line<64>,
    /// The channel's own, of the payment.
    reference: Line<36>,
    state: NoticeState,
    /// As the payer gave it.
    account: Line<20>,
    /// HKD.
    amount: Money,
    instructed_at: DateTime<Utc>,
    place: Line<60>,
}

/// What a channel told, and what it led to.
#[derive(Serialize, ToSchema)]
struct NoticeOut {
    channel: Channel,
    event: String,
    reference: String,
    state: NoticeState,
    account: String,
    /// HKD.
    amount: Money,
    instructed_at: DateTime<Utc>,
    place: String,
    outcome: NoticeOutcome,
    received_at: DateTime<Utc>,
}

impl From<Notice> for NoticeOut {
    fn from(notice: Notice) -> Self {
        Self {
            channel: notice.channel,
            event: notice.event,
            reference: notice.reference,
            state: notice.state,
            account: notice.account,
            amount: notice.amount,
            instructed_at: notice.instructed_at,
            place: notice.place,
            outcome: notice.outcome,
            received_at: notice.received_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    channel: Option<Channel>,
    #[param(inline)]
    outcome: Option<NoticeOutcome>,
    #[param(inline)]
    reference: Option<Line<36>>,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UnsettledQuery {
    channel: Option<Channel>,
    /// Told at least so many days ago.
    #[serde(default)]
    #[param(required = false, maximum = 65_535)]
    days: u16,
    after: Option<Cursor>,
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// A payment channel's program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppointmentIn {
    client: Uuid,
}

/// Who speaks for a channel.
#[derive(Serialize, ToSchema)]
struct AppointmentOut {
    channel: Channel,
    client: Uuid,
}

/// Tell of a payment as it happens; signed with the program's key (RFC 9421).
///
/// `Signature-Input: sig=("@method" "@path" "content-digest");created=…;keyid="<client>";nonce="…"`
/// with the key's own algorithm. The same news again, signed anew, is answered as the first time.
#[utoipa::path(
    tag = "payments",
    params(
        ("Content-Digest" = String, Header),
        ("Signature-Input" = String, Header),
        ("Signature" = String, Header),
    ),
    request_body = NoticeIn,
    responses((status = 200, body = NoticeOut), (status = "4XX", body = Problem)),
)]
#[post("/payment-notices")]
async fn take_payment_notice(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<Json<NoticeOut>, Problem> {
    if body.len() > app.body_limit {
        return Err(Problem::too_large());
    }
    let now = app.clock.now().trunc_subsecs(6);
    let unsigned = || Problem::new(UNSIGNED);
    let headers = headers(&request).ok_or_else(unsigned)?;
    let signed = Request {
        method: request.method().as_str(),
        path: request.path(),
        body: &body,
    };
    let claim = Claim::of(signed, &headers, now).ok_or_else(unsigned)?;
    let client: Uuid = claim.key.parse().map_err(|_| unsigned())?;
    let program = Bucket::of("payment-notice", &client.to_string(), ONE_PROGRAM);
    app.sign_in.take(vec![program]).await?;
    let key = app
        .db
        .query(move |conn| sign_in::channel_key(conn, client))
        .await?;
    let key = key.filter(|key| claim.holds(key.by()));
    let client = key.ok_or_else(unsigned)?.client;
    let told: NoticeIn =
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(&error))?;
    let news = News {
        actor: Actor::of_client(client),
        nonce: Nonce {
            key: claim.key,
            nonce: claim.nonce,
        },
        notice: told.of(client, now),
    };
    Ok(Json(app.news.take(news).await?.into()))
}

fn headers(request: &HttpRequest) -> Option<Headers> {
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Some(Headers {
        content_digest: header("Content-Digest")?,
        signature_input: header("Signature-Input")?,
        signature: header("Signature")?,
    })
}

impl NoticeIn {
    /// As `client` told it at `now`; what it leads to is yet to be seen.
    fn of(self, client: Uuid, now: DateTime<Utc>) -> Notice {
        Notice {
            channel: self.channel,
            event: self.event.into(),
            client,
            reference: self.reference.into(),
            state: self.state,
            account: self.account.into(),
            amount: self.amount,
            // PostgreSQL keeps microseconds.
            instructed_at: self.instructed_at.trunc_subsecs(6),
            place: self.place.into(),
            outcome: NoticeOutcome::Noted,
            received_at: now,
        }
    }
}

/// What channels told as it happened, the newest first.
#[utoipa::path(
    tag = "payments",
    params(NoticesQuery),
    responses((status = 200, body = Page<NoticeOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-notice:read"])),
)]
#[get("/payment-notices")]
async fn list_payment_notices(
    app: Data<App>,
    _caller: Authorized<ReadNotices>,
    query: Query<NoticesQuery>,
) -> Result<Json<Page<NoticeOut>>, Problem> {
    let NoticesQuery {
        channel,
        outcome,
        reference,
        after,
        limit,
    } = query.into_inner();
    let wanted = Wanted {
        channel,
        outcome,
        reference: reference.map(Into::into),
    };
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::list(conn, &wanted, after, limit.rows()));
    let key = |notice: &Notice| (notice.received_at, notice.channel, notice.event.clone());
    Page::new(found.await?, limit, key, NoticeOut::from).map(Json)
}

/// Payments that were told as they happened and that no settlement file has named yet, the oldest
/// first.
#[utoipa::path(
    tag = "payments",
    params(UnsettledQuery),
    responses((status = 200, body = Page<PaymentOut>), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-notice:read"])),
)]
#[get("/unsettled-payments")]
async fn list_unsettled_payments(
    app: Data<App>,
    _caller: Authorized<ReadNotices>,
    query: Query<UnsettledQuery>,
) -> Result<Json<Page<PaymentOut>>, Problem> {
    let UnsettledQuery {
        channel,
        days,
        after,
        limit,
    } = query.into_inner();
    let before = app.clock.now() - TimeDelta::days(days.into());
    let after = page::after(after.as_ref())?;
    let found = app
        .db
        .query(move |conn| store::unsettled(conn, (channel, before), after, limit.rows()));
    let key = |payment: &Payment| (payment.instructed_at, payment.id);
    Page::new(found.await?, limit, key, PaymentOut::from).map(Json)
}

/// Let a payment channel's program speak for a channel.
#[utoipa::path(
    tag = "payments",
    params(("channel" = Channel, Path)),
    request_body = AppointmentIn,
    responses((status = 201, body = AppointmentOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-channel:write"])),
)]
#[post("/payment-channels/{channel}/clients")]
async fn appoint_channel_client(
    app: Data<App>,
    caller: Authorized<AppointClients>,
    channel: Path<Channel>,
    body: Json<AppointmentIn>,
) -> Result<(Json<AppointmentOut>, StatusCode), Problem> {
    let (channel, client, now) = (*channel, body.client, app.clock.now());
    let appointed = app.db.write(move |conn| {
        sign_in::channel_key(conn, client)?.ok_or(PaymentError::NoSuchClient)?;
        if store::appoint(conn, (client, channel), &caller.actor, now)? {
            let subject = format!("{channel}/{client}");
            audit::record(
                conn,
                &caller.actor,
                "payments.client.appointed",
                &subject,
                now,
            )?;
        }
        Ok::<_, PaymentError>(AppointmentOut { channel, client })
    });
    Ok((Json(appointed.await?), StatusCode::CREATED))
}
