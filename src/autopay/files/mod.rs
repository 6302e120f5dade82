//! Files to the bank and answers from it.
//!
//! What is written depends on nothing but what is frozen: the same collection is the same bytes,
//! whenever they are made. What does not fit its field is refused, never cut off.

pub mod answers;
mod apc;
mod pain008;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::model::{Collection, Creditor, Policy, Rail};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;

/// What the whole of a file is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub rail: Rail,
    /// At most twelve characters.
    pub reference: String,
    pub collect_on: NaiveDate,
    pub requested_at: DateTime<Utc>,
    pub lines: i32,
    pub amount: Money,
    pub creditor: Creditor,
}

/// One debit to make.
#[derive(Debug, Clone, Copy)]
pub struct Instruction<'a> {
    pub bank: &'a str,
    pub account: &'a str,
    pub holder: &'a str,
    /// By what the bank knows the mandate.
    pub mandate: &'a str,
    pub code: TenantCode,
    pub reference: &'a str,
    pub amount: Money,
}

/// Something is longer than the layout has room for, or of other characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} does not fit the layout")]
pub struct NoRoom(pub &'static str);

impl Batch {
    /// What a collection by `policy` is to the bank.
    #[must_use]
    pub fn of(collection: &Collection, policy: &Policy) -> Self {
        Self {
            rail: collection.rail,
            reference: reference_of(collection),
            collect_on: collection.collect_on,
            requested_at: collection.requested_at,
            lines: collection.lines,
            amount: collection.amount,
            creditor: policy.creditor.clone(),
        }
    }

    /// What stands before the first debit.
    pub fn opening(&self) -> Result<Vec<u8>, NoRoom> {
        match self.rail {
            Rail::Autopay => apc::opening(self),
            Rail::FpsDebit => pain008::opening(self),
        }
    }

    pub fn instruction(&self, one: &Instruction<'_>) -> Result<Vec<u8>, NoRoom> {
        match self.rail {
            Rail::Autopay => apc::instruction(one),
            Rail::FpsDebit => pain008::instruction(one),
        }
    }

    /// What stands after the last debit.
    pub fn closing(&self) -> Result<Vec<u8>, NoRoom> {
        match self.rail {
            Rail::Autopay => Ok(Vec::new()),
            Rail::FpsDebit => pain008::closing(),
        }
    }
}

/// What a collection is called at the bank, such as `AP20261101`.
fn reference_of(collection: &Collection) -> String {
    let kind = match collection.rail {
        Rail::Autopay => "AP",
        Rail::FpsDebit => "ED",
    };
    let month = collection.month.first();
    format!(
        "{kind}{:04}{:02}{:02}",
        month.year(),
        month.month(),
        collection.run
    )
}

/// Which collection is called so at the bank: its channel, month and number.
#[must_use]
pub fn ordered_as(reference: &str) -> Option<(Rail, Month, i16)> {
    let (rail, digits) = match (reference.strip_prefix("AP"), reference.strip_prefix("ED")) {
        (Some(digits), _) => (Rail::Autopay, digits),
        (None, digits) => (Rail::FpsDebit, digits?),
    };
    let month = format!("{}-{}", digits.get(..4)?, digits.get(4..6)?);
    let run = digits.get(6..)?;
    let is_number = run.len() >= 2 && run.bytes().all(|byte| byte.is_ascii_digit());
    let run = run.parse().ok().filter(|_| is_number)?;
    Some((rail, month.parse().ok()?, run))
}

/// The name of a collection's file.
#[must_use]
pub fn name(collection: &Collection) -> String {
    let ending = match collection.rail {
        Rail::Autopay => "apc",
        Rail::FpsDebit => "xml",
    };
    format!("{}.{ending}", reference_of(collection))
}

#[cfg(test)]
mod tests;
