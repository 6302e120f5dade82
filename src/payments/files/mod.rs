//! Settlement files (結算檔): what a channel says it took for us.
//!
//! * A file is read line by line, whatever its size, and not one of its lines counts before the
//!   last was read: header, numbers in a row, and a trailer that says how many and how much.
//! * What is refused is refused with the line, the column, what was expected, and what to do.

mod big5;
mod house;
mod lines;

use chrono::{DateTime, NaiveDate, Utc};

use super::model::Channel;
use crate::kernel::money::Money;

pub use big5::NoCode;
pub use house::{Characters, read, write};
pub(crate) use lines::{Fields, Lines, RIGHT, WHOLE};

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub channel: Channel,
    /// The day that it is the file of.
    pub business_date: NaiveDate,
    /// Its place among the channel's files, without gaps.
    pub sequence: u32,
    pub lines: u32,
    pub amount: Money,
}

/// One payment that a channel took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    /// The channel's own, once for ever.
    pub reference: String,
    /// The account as the payer gave it: it may be none.
    pub account: String,
    pub amount: Money,
    /// When the payer told the channel to pay.
    pub instructed_at: DateTime<Utc>,
    /// Where, such as the name of a store.
    pub place: String,
}

/// Why a file is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}; {remedy}")]
pub struct Refusal {
    /// Counted from 1.
    pub line: u32,
    /// The character, counted from 1.
    pub column: usize,
    /// What was expected.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("cannot read the file")]
    Io(#[from] std::io::Error),
}
