//! Direct debits over HTTP.

mod collections;
mod decisions;
mod file;
mod mandates;
mod policies;
mod reports;
mod results;
mod strays;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::AutopayError;
use crate::ledger::LedgerError;
use crate::payments::files::FileError;
use crate::platform::auth::permissions;
use crate::platform::http::precondition::Stale;
use crate::platform::http::problem::{Kind, Problem};
use crate::rent::RentError;

permissions! {
    /// See a household's mandates.
    ReadMandates = "mandate:read";
    /// Propose and end mandates.
    WriteMandates = "mandate:write";
    /// Take a bank's answer to a mandate, and suspend mandates.
    AnswerMandates = "mandate:answer" everywhere;
    /// See collections, their debits, and how they collect.
    ReadCollections = "autopay:read" everywhere;
    /// Order and withdraw collections.
    OrderCollections = "autopay:order" everywhere;
    /// Release what another ordered.
    ApproveCollections = "autopay:approve" everywhere fresh;
    /// Take a file to the bank: it names bank accounts.
    TakeFiles = "autopay:file" everywhere fresh;
    /// Report what the bank answered.
    ReportResults = "autopay:results" everywhere;
}

const NO_TENANCY: Kind = Kind::new(
    "no-tenancy",
    409,
    "The household lives nowhere of the Authority's",
);
const ANOTHER_MANDATE: Kind =
    Kind::new("another-mandate", 409, "The household has another mandate");
const MANDATE_STATE: Kind = Kind::new("mandate-state", 409, "The mandate is not in such a state");
const UNFIT_MANDATE: Kind = Kind::new("unfit-mandate", 422, "The mandate cannot be so");
const OUTSIDE_MONTHS: Kind = Kind::new("outside-months", 422, "That month is not collected now");
const COLLECTION_OPEN: Kind = Kind::new(
    "collection-open",
    409,
    "Another collection waits to be decided",
);
const COLLECTION_STATE: Kind = Kind::new(
    "collection-state",
    409,
    "The collection is not in such a state",
);
const NO_POLICY: Kind = Kind::new("channel-closed", 409, "The channel collects nothing then");
const FOUR_EYES: Kind = Kind::new("second-person-needed", 403, "Somebody else must release it");
const OTHER_DIGEST: Kind = Kind::new(
    "other-digest",
    409,
    "The file is not the one that was looked at",
);
const LAPSED: Kind = Kind::new("mandates-lapsed", 409, "Mandates have ended meanwhile");
const TOO_LATE: Kind = Kind::new("too-late", 409, "The bank had to have the file before");
const FORGOTTEN: Kind = Kind::new("file-forgotten", 410, "The file is kept no longer");
const RESULTS_REFUSED: Kind = Kind::new("results-refused", 422, "The results cannot be read");

const NOT_OUR_ORDER: Kind = Kind::new("not-our-order", 422, "The bank answers to no order of ours");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    mandates::routes(cfg);
    policies::routes(cfg);
    collections::routes(cfg);
    decisions::routes(cfg);
    file::routes(cfg);
    results::routes(cfg);
    strays::routes(cfg);
    reports::routes(cfg);
}

impl From<AutopayError> for Problem {
    fn from(error: AutopayError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            AutopayError::NoSuchAccount
            | AutopayError::NoSuchMandate
            | AutopayError::NoSuchCollection
            | AutopayError::NoSuchReport => return Self::not_found(),
            AutopayError::Stale => return Stale.into(),
            AutopayError::NoTenancy => NO_TENANCY,
            AutopayError::AnotherMandate(_) => ANOTHER_MANDATE,
            AutopayError::Mandate(_) => MANDATE_STATE,
            AutopayError::Limit | AutopayError::NoBankReference => UNFIT_MANDATE,
            AutopayError::OutsideMonths(_) => OUTSIDE_MONTHS,
            AutopayError::CollectionOpen => COLLECTION_OPEN,
            AutopayError::Closed(..) => NO_POLICY,
            AutopayError::Collection(_) | AutopayError::NothingToCollect => COLLECTION_STATE,
            AutopayError::OwnCollection => FOUR_EYES,
            AutopayError::OtherDigest => OTHER_DIGEST,
            AutopayError::Lapsed(_) => LAPSED,
            AutopayError::TooLate(_) => TOO_LATE,
            AutopayError::Forgotten => FORGOTTEN,
            AutopayError::File(FileError::Io(error)) => return Self::internal(error),
            AutopayError::File(_) => RESULTS_REFUSED,
            AutopayError::NotOurOrder(_) => NOT_OUR_ORDER,
            AutopayError::Vault(error) => return error.into(),
            AutopayError::Db(error) | AutopayError::Ledger(LedgerError::Db(error)) => {
                return error.into();
            }
            AutopayError::Ledger(error) => return RentError::from(error).into(),
            AutopayError::Rent(error) => return error.into(),
            AutopayError::Cssa(error) => return error.into(),
            AutopayError::Payment(error) => return error.into(),
            error @ (AutopayError::Layout(_) | AutopayError::Amount(_)) => {
                return Self::internal(error);
            }
        };
        Self::new(kind).detail(detail)
    }
}
