//! Terms of channels, changed over HTTP.

use actix_web::http::StatusCode;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppointClients;
use crate::app::App;
use crate::kernel::day::Day;
use crate::kernel::money::Money;
use crate::kernel::text::Line;
use crate::kernel::whole::whole;
use crate::payments::model::{Channel, PaymentError};
use crate::payments::terms::{self, Changed};
use crate::platform::auth::Authorized;
use crate::platform::http::idempotency::{Attempt, IdempotencyKey, once};
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(record_channel_terms);
}

/// On what terms a channel is open from a day on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermsIn {
    /// From a day that is yet to come.
    valid_from: Day,
    /// The last day; after it the channel is closed.
    valid_to: Option<Day>,
    /// The time in Hong Kong from which a payment counts for the next day, such as 19:00.
    cut_off: Option<Line<5>>,
    /// Money comes in on working days only.
    working_days_only: bool,
    /// Working days to leave before the end of the month.
    #[schema(maximum = 15)]
    #[serde(deserialize_with = "whole")]
    lead_days: u8,
    /// The most that one payment may be, HKD.
    at_most: Option<Money>,
    /// Its settlement files are signed.
    signs: bool,
    /// Who says so.
    source: Line<200>,
    /// No public source says so.
    #[serde(default)]
    #[schema(required = false)]
    assumed: bool,
}

/// The number that terms were given.
#[derive(Serialize, Deserialize, ToSchema)]
struct RecordedTermsOut {
    number: i32,
}

impl TermsIn {
    fn changed(&self) -> Result<Changed, PaymentError> {
        let time = |text: &Line<5>| {
            let time = NaiveTime::parse_from_str(text.as_str(), "%H:%M");
            time.map_err(|_| PaymentError::Unfit("a cut-off is a time such as 19:00"))
        };
        Ok(Changed {
            cut_off: self.cut_off.as_ref().map(time).transpose()?,
            working_days_only: self.working_days_only,
            lead_days: self.lead_days.into(),
            at_most: self.at_most,
            signs: self.signs,
            source: self.source.clone().into(),
            assumed: self.assumed,
        })
    }
}

/// Record on what terms a channel is open from a day that is yet to come.
///
/// Those that held until then end the day before. Whom the payer names stays. Who says so is
/// recorded with them.
#[utoipa::path(
    tag = "payments",
    params(("channel" = Channel, Path), IdempotencyKey),
    request_body = TermsIn,
    responses((status = 201, body = RecordedTermsOut), (status = "4XX", body = Problem)),
    security(("bearer" = ["payment-channel:write"])),
)]
#[post("/payment-channels/{channel}/terms")]
async fn record_channel_terms(
    app: Data<App>,
    caller: Authorized<AppointClients>,
    key: IdempotencyKey,
    channel: Path<Channel>,
    body: Json<TermsIn>,
) -> Result<(Json<RecordedTermsOut>, StatusCode), Problem> {
    let (channel, body, now) = (*channel, body.into_inner(), app.clock.now());
    let recorded = app.db.write(move |conn| {
        let attempt = Attempt {
            actor: &caller.actor,
            operation: "record_channel_terms",
            key: &key,
        };
        once(conn, &attempt, &(channel, &body), |conn| {
            let changed = body.changed()?;
            let days = (body.valid_from.into(), body.valid_to.map(Into::into));
            let by = (&caller.actor, now);
            let terms = terms::record(conn, channel, changed, days, by)?;
            let number = terms.row.number;
            Ok::<_, PaymentError>(RecordedTermsOut { number })
        })
    });
    Ok((Json(recorded.await?), StatusCode::CREATED))
}
