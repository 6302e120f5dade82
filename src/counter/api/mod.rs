//! Counters over HTTP.

mod counts;
mod days;
mod takings;
mod voids;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::CounterError;
use crate::kernel::text::Line;
use crate::platform::auth::permissions;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See counters' days, receipts and counts.
    ReadCounters = "counter:read";
    /// Open a day at a counter, take payments, propose voids, count.
    WorkCounter = "counter:take";
    /// Approve voids, and close days whose count differs.
    ApproveCounters = "counter:approve";
}

const ALREADY_OPEN: Kind = Kind::new("counter-open", 409, "The shroff has a day open there");
const NOT_THEIRS: Kind = Kind::new("counter-not-theirs", 409, "It is another shroff's day");
const DAY_STATE: Kind = Kind::new("counter-state", 409, "The day is not in such a state");
const OTHER_DATE: Kind = Kind::new("counter-other-date", 409, "The day is of another date");
const NOT_TAKEN: Kind = Kind::new("tender-not-taken", 422, "Counters do not take this");
const OVER_LIMIT: Kind = Kind::new("over-limit", 422, "It is more than one payment may be");
const INSTRUMENT: Kind = Kind::new(
    "instrument-refused",
    422,
    "The cheque or slip is not named so",
);
const NUMBER_USED: Kind = Kind::new("receipt-number-used", 409, "The receipt's number was used");
const NOT_NOW: Kind = Kind::new("counter-not-now", 409, "Its state does not allow this");
const SAME_PERSON: Kind = Kind::new("counter-needs-another", 403, "Somebody else approves it");
const NO_PIECE: Kind = Kind::new(
    "no-such-cash",
    422,
    "No such note or coin is in circulation",
);
const DIFFERS: Kind = Kind::new("count-differs", 422, "The count differs and has no reason");
const TOO_MUCH: Kind = Kind::new("count-too-large", 422, "The count is too large");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    days::routes(cfg);
    takings::routes(cfg);
    voids::routes(cfg);
    counts::routes(cfg);
}

/// Why something is refused, or sent back.
#[derive(serde::Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CounterRefusalIn {
    reason: Line<200>,
}

impl From<CounterError> for Problem {
    fn from(error: CounterError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            CounterError::NoSuchEstate
            | CounterError::NoSuchDay
            | CounterError::NoSuchReceipt
            | CounterError::NoSuchAccount => return Self::not_found(),
            CounterError::Payment(error) => return error.into(),
            CounterError::Ledger(error) => return Self::internal(error),
            CounterError::Db(error) => return error.into(),
            CounterError::AlreadyOpen => ALREADY_OPEN,
            CounterError::NotTheirs => NOT_THEIRS,
            CounterError::Day(_) => DAY_STATE,
            CounterError::OtherDate(_) => OTHER_DATE,
            CounterError::NotTaken(_) => NOT_TAKEN,
            CounterError::OverLimit { .. } => OVER_LIMIT,
            CounterError::Instrument(_) => INSTRUMENT,
            CounterError::NumberUsed => NUMBER_USED,
            CounterError::NotNow(_) => NOT_NOW,
            CounterError::SamePerson => SAME_PERSON,
            CounterError::NoSuchPiece(..) => NO_PIECE,
            CounterError::Differs => DIFFERS,
            CounterError::TooMuch => TOO_MUCH,
        };
        Self::new(kind).detail(detail)
    }
}
