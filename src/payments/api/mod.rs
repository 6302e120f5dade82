//! Payments over HTTP.

mod bringing;
mod channels;
mod codes;
mod decisions;
mod files;
mod movements;
mod notices;
mod reconciliation;
mod scanned;
mod shares;
mod suspense;
mod terms;
mod trace;
mod unpaid;

use utoipa_actix_web::service_config::ServiceConfig;

pub use bringing::shelve;

use super::files::FileError;
use super::model::PaymentError;
use crate::ledger::LedgerError;
use crate::platform::auth::permissions;
use crate::platform::http::problem::{Kind, Problem};

permissions! {
    /// See what a payer scans or types.
    ReadCodes = "payment:codes";
    /// See settlement files: a channel's program, those of its channels.
    ReadFiles = "payment-file:read" everywhere;
    /// Bring settlement files: a channel's program, those of its channels.
    BringFiles = "payment-file:write" everywhere;
    /// Decide of settlement files that cannot be posted.
    DecideFiles = "payment-file:decide" everywhere;
    /// Look for a payment.
    TracePayments = "payment:trace" everywhere;
    /// See what channels told as it happened.
    ReadNotices = "payment-notice:read" everywhere;
    /// Say which programs speak for a channel, and on what terms it is open.
    AppointClients = "payment-channel:write" everywhere;
    /// See money in suspense.
    ReadSuspense = "suspense:read" everywhere;
    /// Propose where money in suspense goes, and approve what another proposed.
    ClearSuspense = "suspense:write" everywhere;
    /// See whether files, bank and ledger say the same, and which channel took how much.
    Reconcile = "reconciliation:read" everywhere;
    /// Propose whose money moved on a bank account, and approve what another proposed.
    AssignMovements = "reconciliation:write" everywhere;
}

const UNREADABLE: Kind = Kind::new("unreadable-code", 422, "The text is no FPS code");

const TOO_LARGE: Kind = Kind::new("file-too-large", 413, "The file is too large");
const FILE_REFUSED: Kind = Kind::new(
    "payment-file-refused",
    422,
    "The settlement file is refused",
);
const CHANNEL_CLOSED: Kind = Kind::new("channel-closed", 422, "The channel is not open then");
const NOT_OURS: Kind = Kind::new(
    "not-our-account",
    422,
    "No channel collects into this account",
);
const SEQUENCE_TAKEN: Kind = Kind::new("sequence-taken", 409, "Another file has that number");
const NOT_NOW: Kind = Kind::new("payment-not-now", 409, "Its state does not allow this");
const PAYMENT_REFUSED: Kind = Kind::new("payment-refused", 422, "This is no payment");
const CONTRADICTS: Kind = Kind::new(
    "payment-contradicts",
    409,
    "The channel was paid by this reference otherwise",
);
const UNSIGNED: Kind = Kind::new("signature-refused", 401, "The signature does not hold");
const FILE_UNSIGNED: Kind = Kind::new(
    "file-signature-refused",
    422,
    "The signature of the settlement file is refused",
);
const NOT_ITS_CHANNEL: Kind = Kind::new(
    "not-its-channel",
    403,
    "The program does not speak for this channel",
);
const NO_CLIENT: Kind = Kind::new(
    "no-such-program",
    422,
    "No program of a channel has this id",
);
const EVENT_TAKEN: Kind = Kind::new(
    "event-taken",
    409,
    "The channel told something else by this name",
);
const SAME_PERSON: Kind = Kind::new("payment-needs-another", 403, "Somebody else approves it");
const PERIOD: Kind = Kind::new("reconciliation-period", 422, "No such time is reported");
const TERMS_PAST: Kind = Kind::new("terms-of-the-past", 422, "What was decided stays decided");
const TERMS_OVERLAP: Kind = Kind::new("terms-overlap", 409, "Other terms hold then");
const TERMS_REFUSED: Kind = Kind::new("terms-refused", 422, "These are no terms of a channel");
const TOO_WIDE: Kind = Kind::new("too-wide", 422, "Something to look for is needed");

/// Adds this slice's endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    channels::routes(cfg);
    terms::routes(cfg);
    codes::routes(cfg);
    bringing::routes(cfg);
    files::routes(cfg);
    unpaid::routes(cfg);
    decisions::routes(cfg);
    notices::routes(cfg);
    trace::routes(cfg);
    scanned::routes(cfg);
    suspense::routes(cfg);
    reconciliation::routes(cfg);
    movements::routes(cfg);
    shares::routes(cfg);
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            PaymentError::NoSuchAccount
            | PaymentError::NoSuchCode
            | PaymentError::NoSuchFile
            | PaymentError::NoSuchPayment => return Self::not_found(),
            PaymentError::File(error @ FileError::Io(_)) => return Self::internal(error),
            PaymentError::Db(error) | PaymentError::Ledger(LedgerError::Db(error)) => {
                return error.into();
            }
            PaymentError::Ledger(error) => return Self::internal(error),
            PaymentError::Rent(error) => return error.into(),
            PaymentError::Vault(error) => return error.into(),
            PaymentError::Unreadable(_) => UNREADABLE,
            PaymentError::File(FileError::Refused(_)) => FILE_REFUSED,
            PaymentError::Closed(..) => CHANNEL_CLOSED,
            PaymentError::NotOurs(..) => NOT_OURS,
            PaymentError::SequenceTaken { .. } => SEQUENCE_TAKEN,
            PaymentError::Unfit(_) => PAYMENT_REFUSED,
            PaymentError::YetToCome(_) => PERIOD,
            PaymentError::Contradicts { .. } => CONTRADICTS,
            PaymentError::TermsOfThePast(_) => TERMS_PAST,
            PaymentError::TermsOverlap(..) => TERMS_OVERLAP,
            PaymentError::TermsUnfit(_) | PaymentError::NeverOpen(_) => TERMS_REFUSED,
            PaymentError::NotNow(_) => NOT_NOW,
            PaymentError::SamePerson => SAME_PERSON,
            PaymentError::NotItsChannel(_) => NOT_ITS_CHANNEL,
            PaymentError::Signature(_) => FILE_UNSIGNED,
            PaymentError::NoSuchClient => NO_CLIENT,
            PaymentError::EventTaken => EVENT_TAKEN,
            PaymentError::Replayed => UNSIGNED,
        };
        Self::new(kind).detail(detail)
    }
}
