//! What becomes of the direct debits that we order, in the words of no bank.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use crate::kernel::choice::choice;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;

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
        /// The bank took none of the order: no payer's doing.
        OrderRefused = "ORDER_REFUSED",
        /// What the bank's code does not say more closely.
        Other = "OTHER",
    }
}

/// What we call a direct debit at the bank: month, tenant code, attempt, such as
/// `202611100000001801`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebitReference {
    pub month: Month,
    pub code: TenantCode,
    pub attempt: i16,
}

/// What we never called a debit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("month, tenant code and attempt were expected")]
pub struct NotOurs;

impl fmt::Display for DebitReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.month.first();
        let (year, month) = (first.year(), first.month());
        write!(f, "{year:04}{month:02}{}{:02}", self.code, self.attempt)
    }
}

impl FromStr for DebitReference {
    type Err = NotOurs;

    fn from_str(word: &str) -> Result<Self, NotOurs> {
        let part = |from, to| word.get(from..to).ok_or(NotOurs);
        // `-1` is written in two places too, and reads as a number.
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotOurs);
        }
        let month = format!("{}-{}", part(0, 4)?, part(4, 6)?);
        let read = Self {
            month: month.parse().map_err(|_| NotOurs)?,
            code: part(6, 16)?.parse().map_err(|_| NotOurs)?,
            attempt: part(16, word.len())?.parse().map_err(|_| NotOurs)?,
        };
        // As we write it, and no otherwise.
        (read.to_string() == word).then_some(read).ok_or(NotOurs)
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
    /// It had been paid, and was paid back.
    pub was_paid: bool,
    /// The bank's own code.
    pub code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_called_a_debit_names_its_household() {
        let ours: DebitReference = "202611100000001801".parse().unwrap();
        assert_eq!(ours.month, "2026-11".parse().unwrap());
        assert_eq!(ours.code.to_string(), "1000000018");
        assert_eq!(ours.attempt, 1);
        for text in ["202611100000001801", "2026111000000018100"] {
            assert_eq!(text.parse::<DebitReference>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "AP20261101",
            "NOTPROVIDED",
            "20261110000000180",
            "2026111000000018001",
            "20261110000000180A",
            "202613100000001801",
            "202611100000001901",
            "2026111000000018-1",
            " 202611100000001801",
            "20261110000000180１",
        ] {
            assert_eq!(text.parse::<DebitReference>(), Err(NotOurs), "{text}");
        }
    }
}
