//! The ways to pay, and their terms. Anyone may read them.

use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::App;
use crate::kernel::dated::RuleRow;
use crate::kernel::day::Day;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::payments::model::{Channel, Form, PaymentError, Terms};
use crate::payments::{store, words};
use crate::platform::http::language::Reads;
use crate::platform::http::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_payment_channels);
}

/// Which channels.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChannelsQuery {
    /// Only those that are open on this day.
    on: Option<Day>,
    /// Only this one.
    channel: Option<Channel>,
}

/// A way to pay, from one day to another.
#[derive(Serialize, ToSchema)]
struct ChannelOut {
    #[serde(flatten)]
    row: RuleRow,
    channel: Channel,
    /// In the caller's language.
    label: &'static str,
    valid_from: NaiveDate,
    /// The last day, when there is one.
    valid_to: Option<NaiveDate>,
    /// The time in Hong Kong from which a payment counts for the next day, such as 19:00.
    cut_off: Option<String>,
    /// Money comes in on working days only.
    working_days_only: bool,
    /// Working days to leave before the end of the month.
    lead_days: u8,
    /// The most that one payment may be, HKD.
    at_most: Option<Money>,
    /// Whom the payer names: an FPS identifier, a biller's number.
    payee: Option<String>,
    payee_name: String,
    /// Its settlement files are signed.
    signs: bool,
    /// What the payer gives; absent where nothing is given each time.
    form: Option<Form>,
}

impl ChannelOut {
    fn new(terms: Terms, language: Language) -> Self {
        Self {
            row: terms.row,
            channel: terms.channel,
            label: words::channel(terms.channel, language),
            valid_from: terms.in_force.valid_from,
            valid_to: terms.in_force.valid_to,
            cut_off: terms.cut_off.map(|time| time.format("%H:%M").to_string()),
            working_days_only: terms.working_days_only,
            lead_days: terms.lead_days,
            at_most: terms.at_most,
            payee: terms.payee,
            payee_name: terms.payee_name,
            signs: terms.signs,
            form: terms.channel.form(),
        }
    }
}

/// The ways to pay rent, their terms, and who says so.
#[utoipa::path(
    tag = "payments",
    params(ChannelsQuery, Reads),
    responses((status = 200, body = Vec<ChannelOut>), (status = "4XX", body = Problem)),
)]
#[get("/payment-channels")]
async fn list_payment_channels(
    app: Data<App>,
    query: Query<ChannelsQuery>,
    Reads(language): Reads,
) -> Result<Json<Vec<ChannelOut>>, Problem> {
    let on = query.on.map(NaiveDate::from);
    let listed = app.db.query(move |conn| match on {
        Some(day) => store::terms_on(conn, day).map_err(PaymentError::from),
        None => Ok(store::terms(conn)?),
    });
    let mut listed = listed.await?;
    if let Some(channel) = query.channel {
        listed.retain(|terms| terms.channel == channel);
    }
    let told = listed.into_iter();
    Ok(Json(
        told.map(|terms| ChannelOut::new(terms, language)).collect(),
    ))
}
