//! What becomes of the direct debits that we order, in the words of no bank.

use chrono::NaiveDate;

use crate::kernel::choice::choice;
use crate::kernel::money::Money;

choice! {
    /// What became of a direct debit. Each layout keeps the table from its bank's codes.
    pub enum DebitResult {
        /// The money came.
        Accepted = "ACCEPTED",
        /// The payer's bank knows of no mandate, or it has ended.
        NoMandate = "NO_MANDATE",
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        AccountClosed = "ACCOUNT_CLOSED",
        /// There is no such account, or none that can be debited.
        AccountInvalid = "ACCOUNT_INVALID",
        AmountInvalid = "AMOUNT_INVALID",
        /// More than the mandate or the bank allows.
        OverLimit = "OVER_LIMIT",
        Duplicate = "DUPLICATE",
        DateInvalid = "DATE_INVALID",
        /// The payer stopped it, or asked for the money back.
        PayerCancelled = "PAYER_CANCELLED",
        /// What the bank's code does not say more closely.
        Other = "OTHER",
    }
}

/// A direct debit that was not paid, or that was paid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaid {
    /// What we called it when we ordered it.
    pub reference: String,
    /// The account as the order named it: it may be none.
    pub account: String,
    pub amount: Money,
    /// The day it was for, or was paid back; none where the bank refused that very day.
    pub on: Option<NaiveDate>,
    pub result: DebitResult,
    /// The bank's own code.
    pub code: String,
}
