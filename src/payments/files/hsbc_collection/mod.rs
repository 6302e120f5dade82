//! HSBC's "Autopay Electronic Collection Data File" (自動轉帳收款檔): what became of the direct
//! debits of a day, paid and unpaid.
//!
//! Lines of 400 bytes in fixed columns. The header:
//!
//! | Column | Length | |
//! |---|---|---|
//! | 1 | 4 | `UHL1` |
//! | 5 | 8 | process date, `YYYYMMDD` |
//! | 13 | 15 | the account that the money came to, `KKKBBBNNNNNCSSS` |
//! | 28 | 3 | payment code; blank when the file comes by HSBC Connect |
//! | 31 | 370 | the account once more, and filler: not read |
//!
//! A debit:
//!
//! | Column | Length | |
//! |---|---|---|
//! | 1 | 3 | payment code, `X99` |
//! | 4 | 8 | value date |
//! | 12 | 12 | reference of the batch: not read |
//! | 24 | 35 | debtor reference: the tenant code |
//! | 59 | 181 | the payer's bank, account and name: not read, and kept in no table |
//! | 240 | 17 | amount in cents |
//! | 257 | 35 | second-party reference: what we called the debit |
//! | 292 | 2 | status |
//! | 294 | 107 | filler: not read |
//!
//! Status `00` is a payment; every other one is a debit that was not paid, see [`result`].
//! The published layout gives the columns of neither the debtor reference, nor the status, nor the
//! filler after it: they follow from the lengths of their neighbours, and from lines of 400.
//!
//! The bank numbers these files nowhere and ends them by no trailer. Therefore:
//!
//! * A file's place is its process date, in a series of its account and payment code: another file
//!   of the same day is refused, and that a day is missing cannot be seen here.
//! * Count and sum are what the lines come to. A file cut within a line is refused; one cut between
//!   two lines is not: what tells is that a debit which was ordered has no result, and that the
//!   account's statement shows more.
//! * A line has no reference of the bank's. Ours must be there, once for each debit ordered.
//! * The money counts from the value date: its first instant stands for when the payer told us to.

use std::io::BufRead;

use chrono::{DateTime, NaiveDate, Utc};

use super::lines::{Lines, RIGHT, WHOLE};
use super::{DebitResult, Entry, FileError, Line, Refusal, Sequence, Summary, Unpaid, Whose};
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::money::Money;
use crate::payments::rules;

/// How a file begins.
pub(super) const BEGINNING: &[u8] = b"UHL1";
const LENGTH: usize = 400;
const APART: &str = "two files were put together: send each by itself";

/// Column, counted from 1, and length.
type Field = (usize, usize);

const PROCESS_DATE: Field = (5, 8);
const ACCOUNT: Field = (13, 15);
const HEADER_CODE: Field = (28, 3);

const CODE: Field = (1, 3);
const VALUE_DATE: Field = (4, 8);
const DEBTOR: Field = (24, 35);
const CENTS: Field = (240, 17);
const REFERENCE: Field = (257, 35);
const STATUS: Field = (292, 2);

/// What a status means; `None` when it is none. From `05` on they are of payments out, where a
/// proxy (an e-mail address, a telephone number) stands for an account.
fn result(status: &str) -> Option<DebitResult> {
    Some(match status {
        "00" => DebitResult::Accepted,
        "01" | "07" | "08" | "09" | "10" => DebitResult::AccountInvalid,
        "02" => DebitResult::AmountInvalid,
        "03" => DebitResult::DateInvalid,
        "04" => DebitResult::Duplicate,
        "05" | "06" => DebitResult::Other,
        _ => return None,
    })
}

/// Reads a file that came by `now`.
pub(super) fn read<E: From<FileError>>(
    source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut lines = Lines::of(source);
    let bytes = lines.next()?.unwrap_or_default();
    let columns = Columns::of(&bytes, lines.at).map_err(FileError::from)?;
    let (mut seen, code) = header(&columns, now).map_err(FileError::from)?;
    while let Some(bytes) = lines.next()? {
        if bytes.starts_with(BEGINNING) {
            return Err(FileError::from(lines.refuse(1, "a second header", APART)).into());
        }
        let columns = Columns::of(&bytes, lines.at).map_err(FileError::from)?;
        each(debit(&columns, &mut seen, &code).map_err(FileError::from)?)?;
    }
    if lines.at == 1 {
        lines.at = 2;
        let refusal = lines.refuse(1, "the file ends without a debit", WHOLE);
        return Err(FileError::from(refusal).into());
    }
    Ok(seen)
}

/// What the file says of itself, and its payment code.
fn header(columns: &Columns<'_>, now: DateTime<Utc>) -> Result<(Summary, String), Refusal> {
    let business_date = columns.read(PROCESS_DATE, "a date such as 20261120", date)?;
    if business_date > hong_kong_date(now) {
        return Err(columns.refuse(PROCESS_DATE, "the day is yet to come"));
    }
    if hong_kong_date(now) - business_date > rules::OLDEST {
        return Err(columns.refuse(PROCESS_DATE, "the day is more than a year ago"));
    }
    let account = columns.read(ACCOUNT, "an account of 15 digits", |word| {
        let is_whole = word.len() == ACCOUNT.1 && is_digits(word);
        is_whole.then(|| word.to_owned())
    })?;
    let code = columns.text(HEADER_CODE)?.to_owned();
    let summary = Summary {
        series: format!("{account} {code}").trim_end().to_owned(),
        whose: Whose::Account(account),
        business_date,
        sequence: Sequence::Day,
        lines: 0,
        amount: Money::ZERO,
        allowances: None,
    };
    Ok((summary, code))
}

/// The debit of a line; when it was paid, `seen` has it too.
fn debit(columns: &Columns<'_>, seen: &mut Summary, code: &str) -> Result<Entry, Refusal> {
    columns.read(CODE, "the payment code of the header", |word| {
        let is_code = word.len() == CODE.1 && (code.is_empty() || word == code);
        is_code.then_some(())
    })?;
    let status = columns.text(STATUS)?;
    let result = columns.read(STATUS, "a status from 00 to 10", result)?;
    let reference = columns.read(REFERENCE, "what we called the debit", |word| {
        let is_one = !word.is_empty() && !word.contains(' ');
        is_one.then(|| word.to_owned())
    })?;
    let account = columns.text(DEBTOR)?.trim_start().to_owned();
    let amount = columns.read(CENTS, "an amount of 17 digits", cents)?;
    if result != DebitResult::Accepted {
        return Ok(Entry::Unpaid(Unpaid {
            reference,
            account,
            amount,
            on: date(columns.text(VALUE_DATE)?),
            result,
            was_paid: false,
            code: status.to_owned(),
        }));
    }
    let value_on = columns.read(VALUE_DATE, "a date such as 20261120", date)?;
    if value_on > seen.business_date {
        return Err(columns.refuse(VALUE_DATE, "the payment is later than the day of the file"));
    }
    if seen.business_date - value_on > rules::OLDEST {
        let what = "the payment is more than a year older than the file";
        return Err(columns.refuse(VALUE_DATE, what));
    }
    if !rules::is_amount(amount) {
        let what = "an amount above zero and below ten million was expected";
        return Err(columns.refuse(CENTS, what));
    }
    let sum = seen.amount.checked_add(amount);
    seen.amount = sum.map_err(|_| columns.refuse(CENTS, "the amounts are too large to add up"))?;
    seen.lines = seen.lines.saturating_add(1);
    Ok(Entry::Payment(Line {
        number: seen.lines,
        reference,
        end_to_end: None,
        wording: None,
        account,
        amount,
        instructed_at: hong_kong_time(value_on, 0),
        place: String::new(),
    }))
}

/// A line in fixed columns.
struct Columns<'a> {
    bytes: &'a [u8],
    line: u32,
}

impl<'a> Columns<'a> {
    fn of(bytes: &'a [u8], line: u32) -> Result<Self, Refusal> {
        if bytes.len() == LENGTH {
            return Ok(Self { bytes, line });
        }
        Err(Refusal {
            line,
            column: bytes.len().min(LENGTH) + 1,
            what: format!("a line of {LENGTH} bytes was expected, not {}", bytes.len()),
            remedy: WHOLE,
        })
    }

    fn refuse(&self, (column, _): Field, what: impl Into<String>) -> Refusal {
        Refusal {
            line: self.line,
            column,
            what: what.into(),
            remedy: RIGHT,
        }
    }

    /// What stands in `field`, without the blanks after it.
    fn text(&self, field: Field) -> Result<&'a str, Refusal> {
        let (column, length) = field;
        let all = self.bytes.get(column - 1..).unwrap_or_default();
        let bytes = all.get(..length).unwrap_or_default();
        let is_plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        let strange = bytes.iter().position(|byte| !is_plain(byte));
        match (strange, str::from_utf8(bytes)) {
            (None, Ok(text)) => Ok(text.trim_end_matches(' ')),
            (strange, _) => {
                let at = column + strange.unwrap_or_default();
                Err(self.refuse((at, 1), "a plain letter, digit or sign was expected"))
            }
        }
    }

    /// Field `field`, read by `read`; `expected` says what it should be.
    fn read<T>(
        &self,
        field: Field,
        expected: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Refusal> {
        read(self.text(field)?)
            .ok_or_else(|| self.refuse(field, format!("{expected} was expected")))
    }
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn date(word: &str) -> Option<NaiveDate> {
    let is_whole = word.len() == PROCESS_DATE.1 && is_digits(word);
    let read = is_whole.then(|| NaiveDate::parse_from_str(word, "%Y%m%d").ok());
    read.flatten()
}

fn cents(word: &str) -> Option<Money> {
    let is_whole = word.len() == CENTS.1 && is_digits(word);
    let cents = word.parse().ok().filter(|_| is_whole)?;
    Money::of_cents(cents).ok()
}

#[cfg(test)]
mod tests;
