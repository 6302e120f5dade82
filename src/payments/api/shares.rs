//! What came by each channel in a month: as JSON, a table, CSV, a chart.

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_LANGUAGE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::Reconcile;
use crate::app::App;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::payments::model::Channel;
use crate::payments::shares::{self, Category, CategoryPart, ChannelPart, Part, Shares};
use crate::platform::auth::Authorized;
use crate::platform::http::language::Reads;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(read_payment_channel_shares);
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SharesQuery {
    month: Month,
}

/// How many payments, what they come to, and which parts of all that is.
#[derive(Serialize, ToSchema)]
struct PartOut {
    payments: i64,
    /// HKD.
    amount: Money,
    /// Of all payments, per cent.
    #[schema(value_type = String, example = "30.0")]
    payments_share: Decimal,
    /// Of the whole amount, per cent.
    #[schema(value_type = String, example = "30.0")]
    amount_share: Decimal,
}

impl From<Part> for PartOut {
    fn from(part: Part) -> Self {
        Self {
            payments: part.payments,
            amount: part.amount,
            payments_share: Decimal::new(part.payments_share.into(), 1),
            amount_share: Decimal::new(part.amount_share.into(), 1),
        }
    }
}

/// One channel's part.
#[derive(Serialize, ToSchema)]
struct ChannelPartOut {
    channel: Channel,
    #[serde(flatten)]
    part: PartOut,
}

impl From<ChannelPart> for ChannelPartOut {
    fn from(one: ChannelPart) -> Self {
        Self {
            channel: one.channel,
            part: one.part.into(),
        }
    }
}

/// The part of channels that are told together.
#[derive(Serialize, ToSchema)]
struct CategoryPartOut {
    category: Category,
    #[serde(flatten)]
    part: PartOut,
    /// Those by which something came.
    channels: Vec<ChannelPartOut>,
}

impl From<CategoryPart> for CategoryPartOut {
    fn from(one: CategoryPart) -> Self {
        let channels = one.channels.into_iter();
        Self {
            category: one.category,
            part: one.part.into(),
            channels: channels.map(ChannelPartOut::from).collect(),
        }
    }
}

/// What came by each channel in a month.
#[derive(Serialize, ToSchema)]
struct SharesOut {
    month: Month,
    as_at: DateTime<Utc>,
    all: PartOut,
    /// What is not paid at a counter.
    electronic: PartOut,
    categories: Vec<CategoryPartOut>,
}

impl From<Shares> for SharesOut {
    fn from(shares: Shares) -> Self {
        let categories = shares.categories.into_iter();
        Self {
            month: shares.month,
            as_at: shares.as_at,
            all: shares.all.into(),
            electronic: shares.electronic.into(),
            categories: categories.map(CategoryPartOut::from).collect(),
        }
    }
}

/// What came by each channel in a month, by count and amount.
///
/// JSON, or with `Accept` a table (`text/plain`), a sheet (`text/csv`) or a chart
/// (`image/svg+xml`), in the caller's language.
#[utoipa::path(
    tag = "payments",
    params(SharesQuery, Reads),
    responses(
        (status = 200, content(
            (SharesOut = "application/json"),
            (String = "text/plain"),
            (String = "text/csv"),
            (String = "image/svg+xml"),
        )),
        (status = "4XX", body = Problem),
    ),
    security(("bearer" = ["reconciliation:read"])),
)]
#[get("/payment-channel-shares")]
async fn read_payment_channel_shares(
    app: Data<App>,
    _caller: Authorized<Reconcile>,
    query: Query<SharesQuery>,
    Reads(language): Reads,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (month, now) = (query.month, app.clock.now());
    let shares = app
        .db
        .read(move |conn| shares::shares(conn, month, now))
        .await?;
    let accepts = request.headers().get(ACCEPT);
    let accepts = accepts.and_then(|header| header.to_str().ok());
    let accepts = |kind: &str| accepts.is_some_and(|accepts| accepts.contains(kind));
    let mut response = HttpResponse::Ok();
    response.insert_header(("Vary", "Accept, Accept-Language"));
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    Ok(if accepts("image/svg+xml") {
        let chart = shares::svg(&shares, language);
        response.content_type("image/svg+xml").body(chart)
    } else if accepts("text/csv") {
        let sheet = shares::csv(&shares, language).map_err(Problem::internal)?;
        let name = format!("attachment; filename=\"payment-channel-shares-{month}.csv\"");
        response.insert_header((CONTENT_DISPOSITION, name));
        response.content_type("text/csv; charset=utf-8").body(sheet)
    } else if accepts("text/plain") {
        let table = shares::text(&shares, language);
        response
            .content_type("text/plain; charset=utf-8")
            .body(table)
    } else {
        response.json(SharesOut::from(shares))
    })
}
