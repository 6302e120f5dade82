//! Settlement files (結算檔): what a channel, or the bank, says was taken for us.
//!
//! * A file is read as it comes, whatever its size, and not one of its lines counts before its
//!   end was read and what it says of itself agrees.
//! * What is refused is refused with the line, the column, what was expected, and what to do.
//! * The layout shows in the first bytes: ours (`house`; `allowances` for the Social Welfare
//!   Department's month), HSBC's autopay collection file (`hsbc_collection`), or ISO 20022
//!   (`iso20022`). Each is one function of the shape of [`read`].

mod allowances;
mod big5;
mod debit;
mod house;
mod hsbc_collection;
mod iso20022;
mod lines;
mod values;

use std::io::{BufRead, Read};

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::model::Channel;
use crate::kernel::money::Money;
use crate::kernel::month::Month;

pub(crate) use allowances::SERIES as ALLOWANCES;
pub use allowances::{
    AllowanceEvent, AllowanceLine, Coverage, Granted, line_of_allowance, line_of_transfer,
    write as write_allowances,
};
pub use big5::NoCode;
pub use debit::{DebitReference, DebitResult, Unpaid};
pub use house::write;
pub use iso20022::{Scope, StatusReport, Verdict, is_status_report, read_status_report};
pub(crate) use lines::{Fields, Lines, RIGHT, WHOLE};
pub use values::Characters;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub whose: Whose,
    /// The day that it is the file of.
    pub business_date: NaiveDate,
    /// Whose numbers it has, where one channel has several rows of them.
    pub series: String,
    pub sequence: Sequence,
    /// How many payments, and what they come to.
    pub lines: u32,
    pub amount: Money,
    /// What it tells of rent allowances, where its layout has them.
    pub allowances: Option<AllowancesTold>,
}

/// The rent allowances that a file tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowancesTold {
    /// The month for which its payments are.
    pub month: Month,
    /// How many lines are about allowances.
    pub lines: u32,
}

impl Summary {
    /// Its number in the series; its date in digits where there is one a day.
    #[must_use]
    pub fn number(&self) -> u32 {
        match self.sequence {
            Sequence::Number(number) => number,
            Sequence::Day => {
                let year = self.business_date.year_ce().1;
                year * 10_000 + self.business_date.month() * 100 + self.business_date.day()
            }
        }
    }
}

/// Whose file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    Channel(Channel),
    /// The bank account that the money came to; for which channel it collects is dated data.
    Account(String),
}

/// A file's place among the files of its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// Counted without gaps.
    Number(u32),
    /// Its business date: one a day at most, and none on many days.
    Day,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Before all others of a bank's message: what they are of.
    Of(Origin),
    Payment(Line),
    Unpaid(Unpaid),
    Movement(Movement),
    Allowance(AllowanceLine),
}

/// The account that a bank's message is of, and its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub account: String,
    pub business_date: NaiveDate,
    /// What a notification tells comes again in a statement.
    pub is_statement: bool,
}

/// One payment that a channel took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1, the payments only.
    pub number: u32,
    /// The channel's own, once for ever.
    pub reference: String,
    /// What whoever ordered it called it, [`NOT_PROVIDED`] when nothing; `None` of a layout that
    /// knows one reference only.
    pub end_to_end: Option<String>,
    /// What a bank tells beside it, in the payer's words or its own: it shows what is a channel's
    /// sum, and is not kept of a payment.
    pub wording: Option<String>,
    /// The account as the payer gave it: it may be none.
    pub account: String,
    pub amount: Money,
    /// When the payer told the channel to pay.
    pub instructed_at: DateTime<Utc>,
    /// Where, such as the name of a store.
    pub place: String,
}

/// How ISO 20022 says that a payment was not called anything.
pub const NOT_PROVIDED: &str = "NOTPROVIDED";

/// Money that moved on a bank account and paid nobody's rent: a transfer of ours, a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The bank's own; it may have none.
    pub reference: String,
    /// What the bank, or who paid, wrote of it.
    pub wording: String,
    /// Negative when it left the account.
    pub amount: Money,
    pub booked_on: NaiveDate,
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

/// Reads a file of any layout that came by `now`: gives each of its lines to `each`, and says
/// what the payments among them come to.
///
/// `each` may refuse by an error of its own; nothing it was given counts unless all is read.
pub fn read<E: From<FileError>>(
    mut source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut head = Vec::new();
    let looked = (&mut source).take(HEAD).read_to_end(&mut head);
    looked.map_err(FileError::from)?;
    let layout = Layout::of(&head).map_err(FileError::from)?;
    let whole = head.as_slice().chain(source);
    match layout {
        Layout::Allowances => allowances::read(whole, now, each),
        Layout::House => house::read(whole, now, |line| each(Entry::Payment(line))),
        Layout::HsbcCollection => hsbc_collection::read(whole, now, each),
        Layout::Iso20022 => iso20022::read(whole, now, each),
    }
}

/// The channel that the beginning of a file names; none of a bank's, which names an account.
pub fn named(mut source: impl BufRead, now: DateTime<Utc>) -> Result<Option<Channel>, FileError> {
    let mut head = Vec::new();
    (&mut source).take(HEAD).read_to_end(&mut head)?;
    match Layout::of(&head)? {
        Layout::Allowances => Ok(Some(Channel::Cssa)),
        Layout::House => house::named(head.as_slice().chain(source), now).map(Some),
        Layout::HsbcCollection | Layout::Iso20022 => Ok(None),
    }
}

/// How files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Allowances,
    House,
    HsbcCollection,
    Iso20022,
}

/// How many bytes tell the layout.
const HEAD: u64 = 16;
/// How compressed files begin.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK\x03\x04";
/// How some programs begin a text in UTF-8; XML allows it.
const MARK: &[u8] = "\u{feff}".as_bytes();

impl Layout {
    /// The layout of a file that begins with `head`.
    fn of(head: &[u8]) -> Result<Self, Refusal> {
        let refuse = |what: &str, remedy| {
            Err(Refusal {
                line: 1,
                column: 1,
                what: what.to_owned(),
                remedy,
            })
        };
        let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
        if head.is_empty() {
            refuse("the file is empty", lines::WHOLE)
        } else if head.starts_with(GZIP) || head.starts_with(ZIP) {
            refuse("the file is compressed", "unpack it and send the text")
        } else if head.starts_with(allowances::BEGINNING) {
            Ok(Self::Allowances)
        } else if head.starts_with(house::BEGINNING) {
            Ok(Self::House)
        } else if head.starts_with(hsbc_collection::BEGINNING) {
            Ok(Self::HsbcCollection)
        } else if text.starts_with(b"<") {
            Ok(Self::Iso20022)
        } else {
            let what = "H|, UHL1 or <?xml was expected: the file is of no layout that is read";
            refuse(what, "ask the channel for a layout that is read")
        }
    }
}

#[cfg(test)]
mod tests;
