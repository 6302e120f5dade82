//! Rent over HTTP.

mod account;
mod awards;
mod calculator;
mod corrections;
mod entries;
mod quote;
mod rule_book;
mod runs;
mod statement;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::RentError;
use crate::ledger::LedgerError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See rent accounts.
    ReadRent = "rent:read";
    /// Correct rent accounts: adjust, reverse, refund.
    CorrectRent = "rent:correct";
    /// Grant and end awards.
    GrantAwards = "rent:award";
    /// See how a month's charge went, for the whole Authority.
    ReadRuns = "rent-run:read" everywhere;
    /// Charge a month.
    RunRent = "rent:run" everywhere;
    /// Record rules.
    RecordRules = "rent:rules" everywhere;
}

const ALREADY_POSTED: Kind = Kind::new("already-posted", 409, "This is already posted");
const OUTSIDE_LEDGER: Kind =
    Kind::new("outside-ledger", 422, "The ledger does not hold that month");
const SEALED: Kind = Kind::new("ledger-sealed", 409, "The ledger is sealed");
const NOT_REVERSIBLE: Kind = Kind::new("not-reversible", 409, "The transfer cannot be reversed");
const NO_RATE: Kind = Kind::new("no-rent-rate", 422, "No rent rate is known");
const AWARD_REFUSED: Kind = Kind::new("award-refused", 422, "The award cannot be granted");
const AWARD_OVERLAPS: Kind = Kind::new(
    "award-overlaps",
    409,
    "The household already has a scheme then",
);
const CORRECTION_REFUSED: Kind =
    Kind::new("correction-refused", 422, "The correction cannot be made");
const MORE_THAN_CREDIT: Kind = Kind::new(
    "more-than-credit",
    409,
    "The refund is more than the credit",
);
const RULE_REFUSED: Kind = Kind::new(
    "rule-refused",
    409,
    "The rule contradicts another or itself",
);

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    account::routes(cfg);
    quote::routes(cfg);
    awards::routes(cfg);
    corrections::routes(cfg);
    entries::routes(cfg);
    statement::routes(cfg);
    calculator::routes(cfg);
    rule_book::routes(cfg);
    runs::routes(cfg);
}

impl From<RentError> for Problem {
    fn from(error: RentError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            RentError::NoSuchAccount | RentError::NoSuchAward => return Self::not_found(),
            RentError::Stale => return Stale.into(),
            RentError::Db(error) => return error.into(),
            RentError::Ledger(error) => return ledger_problem(error),
            RentError::NoRate(..) | RentError::NoSchemeRule(..) => NO_RATE,
            RentError::AwardTooLong(_) | RentError::AwardDates | RentError::NotGranted(_) => {
                AWARD_REFUSED
            }
            RentError::AwardOverlaps => AWARD_OVERLAPS,
            RentError::InFuture(_)
            | RentError::NothingToAdjust
            | RentError::NothingToRefund
            | RentError::Amount(_) => CORRECTION_REFUSED,
            RentError::MoreThanCredit(_) => MORE_THAN_CREDIT,
            RentError::OutsideLedger(_) => OUTSIDE_LEDGER,
            RentError::Rule(_) => RULE_REFUSED,
        };
        Self::new(kind).detail(detail)
    }
}

fn ledger_problem(error: LedgerError) -> Problem {
    let detail = error.to_string();
    let kind = match error {
        LedgerError::NoSuchHousehold | LedgerError::NoSuchTransfer => return Problem::not_found(),
        LedgerError::Db(error) => return error.into(),
        LedgerError::UnknownAccount(_)
        | LedgerError::NotPassed(_)
        | LedgerError::Witness(_)
        | LedgerError::File(_) => return Problem::internal(error),
        LedgerError::AlreadyPosted => ALREADY_POSTED,
        LedgerError::OutsideLedger(_) => OUTSIDE_LEDGER,
        LedgerError::Sealed(_) => SEALED,
        LedgerError::NotReversible => NOT_REVERSIBLE,
        LedgerError::Amount(_) => CORRECTION_REFUSED,
    };
    Problem::new(kind).detail(detail)
}
