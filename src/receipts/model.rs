//! What a receipt says.

use chrono::{DateTime, NaiveDate, Utc};

use crate::counter::{ReceiptNumber, Tender};
use crate::estates::Flat;
use crate::kernel::choice::choice;
use crate::kernel::id::PaymentId;
use crate::kernel::language::Trilingual;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::Channel;
use crate::platform::db::DbError;

/// What a household has for a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub payment: PaymentId,
    pub code: TenantCode,
    /// What of the payment reached the household.
    pub amount: Money,
    pub channel: Channel,
    /// The channel's own.
    pub reference: String,
    /// Where, such as the name of a store; empty where the channel does not say. Only a counter's
    /// place has a name in each language.
    pub place: Trilingual,
    /// The number of a counter's receipt, and with what it was paid there.
    pub counter: Option<(ReceiptNumber, Tender)>,
    pub paid_at: DateTime<Utc>,
    /// The day from which it counts.
    pub value_on: NaiveDate,
    /// None of the business of an office elsewhere.
    pub particulars: Option<Particulars>,
    pub undone: Option<Undone>,
    /// When it was asked for.
    pub issued_at: DateTime<Utc>,
}

/// What a receipt says of the household beside the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// The flat on the day of the payment, or the one that was left last.
    pub home: Option<Home>,
    /// What was owed then; below zero, credit.
    pub balance: Money,
    /// The day as at which it is.
    pub as_at: NaiveDate,
}

/// Where a flat is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub estate: Trilingual,
    pub block: Trilingual,
    pub floor: i16,
    pub unit: String,
}

impl Home {
    /// The flat `flat` of these names.
    pub fn of(flat: Flat, estate: Trilingual, block: Trilingual) -> Self {
        Self {
            estate,
            block,
            floor: flat.floor,
            unit: flat.unit,
        }
    }
}

choice! {
    /// How a payment was undone.
    pub enum UndoneBy {
        /// The counter voided its receipt (作廢).
        Void = "void",
        /// The bank took it back, or an officer reversed it (沖銷).
        Reversal = "reversal",
    }
}

/// That a payment was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    pub by: UndoneBy,
    pub at: DateTime<Utc>,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("no such payment")]
    NoSuchPayment,
    #[error(transparent)]
    Db(#[from] DbError),
}
