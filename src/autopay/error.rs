//! Why something about direct debits was refused.

use chrono::NaiveDate;

use super::files::NoRoom;
use super::model::{CollectionState, MandateState, Rail};
use crate::cssa::CssaError;
use crate::kernel::money::NotMoney;
use crate::kernel::month::Month;
use crate::ledger::LedgerError;
use crate::payments::PaymentError;
use crate::payments::files::FileError;
use crate::platform::db::DbError;
use crate::platform::vault::VaultError;
use crate::rent::RentError;

/// Why something about direct debits was refused.
#[derive(Debug, thiserror::Error)]
pub enum AutopayError {
    #[error("no such account")]
    NoSuchAccount,
    #[error("no such mandate")]
    NoSuchMandate,
    #[error("no such collection")]
    NoSuchCollection,
    #[error("no such status report")]
    NoSuchReport,
    /// The bank answers to an order that we never made.
    #[error("{0} is no order of ours: ask the bank what it answers to")]
    NotOurOrder(String),
    #[error("someone changed it meanwhile")]
    Stale,
    #[error("the household lives nowhere of ours")]
    NoTenancy,
    #[error("the household has another mandate that is {0}: end it first")]
    AnotherMandate(MandateState),
    #[error("a mandate that is {0} is not changed so")]
    Mandate(MandateState),
    #[error("the most that one debit may be is above zero")]
    Limit,
    #[error("a bank that says yes gives the mandate a reference")]
    NoBankReference,
    #[error("direct debits are collected for this month and the next, not for {0}")]
    OutsideMonths(Month),
    #[error("a collection of that month and channel waits to be released or withdrawn")]
    CollectionOpen,
    #[error("{0} collects nothing on {1}")]
    Closed(Rail, NaiveDate),
    #[error("a collection that is {0} is not changed so")]
    Collection(CollectionState),
    #[error("nobody is to be debited: withdraw it")]
    NothingToCollect,
    #[error("a second person releases it")]
    OwnCollection,
    #[error("the file has another digest: look at it again")]
    OtherDigest,
    /// Nobody is debited who has taken the leave back meanwhile.
    #[error("{0} mandates are not in force any more: withdraw it and prepare another")]
    Lapsed(i64),
    #[error("the bank had to have the file by {0}: withdraw it and prepare another")]
    TooLate(NaiveDate),
    #[error("the file has been kept for as long as it may be")]
    Forgotten,
    #[error(transparent)]
    Layout(#[from] NoRoom),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Rent(RentError),
    #[error(transparent)]
    Cssa(#[from] CssaError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<RentError> for AutopayError {
    fn from(error: RentError) -> Self {
        match error {
            RentError::NoSuchAccount => Self::NoSuchAccount,
            RentError::Db(error) => Self::Db(error),
            other => Self::Rent(other),
        }
    }
}

impl From<diesel::result::Error> for AutopayError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
