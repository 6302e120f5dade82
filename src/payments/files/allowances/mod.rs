//! The Social Welfare Department's month (社署租金津貼檔): who is granted a rent allowance, what
//! changes of it, and the rent that it pays.
//!
//! Its own layout is not public; this is of the family of the house layout, in UTF-8 or Big5-HKSCS
//! as the header says:
//!
//! ```text
//! H|kaifong-cssa-1|2026-12|2026-11-27|9|UTF-8
//! A|1|start|1000000018|full|2364.00|2026-12
//! A|2|change|1000000026|partial|1500.00|2026-12
//! A|3|stop|1000000034|||2026-12
//! D|1|SWD202612-000001|1000000018|2364.00|HKD|2026-11-27
//! D|2|SWD202612-000002|1000000026|1500.00|HKD|2026-11-27
//! T|3|2|3864.00|9
//! ```
//!
//! * The header names the layout, the rent month, the business date, the file's number in its own
//!   row, and the characters.
//! * An allowance (`A`) has its number among them, what happens to it, the tenant code, how far it
//!   goes, HKD a month, and the month from which this holds. All of them come before the first
//!   transfer, so that the place of each in the file is known by its number.
//! * A transfer of rent (`D`) has its number among them, the department's reference, the tenant
//!   code, the amount, the currency, and the day of the transfer; it is for the header's month.
//! * The trailer says how many allowances, how many transfers, what these come to, and the file's
//!   number once more.
//!
//! The department's case numbers are in no field: a tenant code says who it is.

use std::fmt::Write as _;
use std::io::BufRead;

use chrono::{DateTime, NaiveDate, Utc};

use super::lines::{Fields, Lines, RIGHT, WHOLE};
use super::values::{amount, date, number, opening, reference, text, two_places};
use super::{AllowancesTold, Characters, Entry, FileError, Line, Refusal};
use super::{Sequence, Summary, Whose, big5};
use crate::kernel::choice::choice;
use crate::kernel::clock::{hong_kong_date, hong_kong_time};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::payments::model::Channel;
use crate::payments::rules;

/// How a file begins.
pub(super) const BEGINNING: &[u8] = b"H|kaifong-cssa-1";
const LAYOUT: &str = "kaifong-cssa-1";
/// The row of numbers that these files have.
pub(crate) const SERIES: &str = "allowances";
/// Who pays, as receipts have it.
const PLACE: &str = "社會福利署";
/// How far from the file's month an allowance's may be.
const MONTHS: u32 = 12;

choice! {
    /// How far a rent allowance goes.
    pub enum Coverage {
        /// The whole of the rent.
        Full = "full",
        /// So much of it: the tenant pays the rest.
        Partial = "partial",
    }
}

choice! {
    /// What happens to a rent allowance.
    pub enum AllowanceEvent {
        Start = "start",
        Change = "change",
        Stop = "stop",
    }
}

/// What is granted a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    pub coverage: Coverage,
    pub amount: Money,
}

/// What happens to a household's allowance, from a month on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceLine {
    /// Counted from 1, the allowances only.
    pub number: u32,
    pub event: AllowanceEvent,
    /// The tenant code as the department has it: it may be nobody's.
    pub account: String,
    /// None where it stops.
    pub granted: Option<Granted>,
    pub month: Month,
}

/// Reads a file that came by `now`: gives each entry to `each`, and says what the transfers come
/// to.
///
/// `each` may refuse by an error of its own; nothing it was given counts unless all is read.
pub fn read<E: From<FileError>>(
    source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut lines = Lines::of(source);
    let (mut seen, characters) = Seen::header(&mut lines, now)?;
    loop {
        let Some(bytes) = lines.next()? else {
            let what = "the file ends without its trailer";
            lines.at = lines.at.saturating_add(1);
            return Err(FileError::from(lines.refuse(1, what, WHOLE)).into());
        };
        let text = text(&lines, bytes, characters).map_err(FileError::from)?;
        let fields = Fields::of(&text, lines.at);
        match seen.take(&fields, now).map_err(FileError::from)? {
            Some(entry) => each(entry)?,
            None => break,
        }
    }
    if lines.next()?.is_none() {
        return Ok(seen.summary());
    }
    let what = "the file goes on after its trailer";
    Err(FileError::from(lines.refuse(1, what, APART)).into())
}

const APART: &str = "two files were put together: send each by itself";

/// What was read so far.
struct Seen {
    month: Month,
    business_date: NaiveDate,
    sequence: u32,
    allowances: u32,
    transfers: u32,
    amount: Money,
}

impl Seen {
    fn header(
        lines: &mut Lines<impl BufRead>,
        now: DateTime<Utc>,
    ) -> Result<(Self, Characters), FileError> {
        let month = |word: &str| word.parse::<Month>().ok();
        let opening = opening(lines, (LAYOUT, now), ("a month such as 2026-12", month))?;
        let (month, around) = (opening.names, Month::of(opening.business_date));
        if month > around.next() || month < around.minus(MONTHS) {
            let what = "a month from a year before the business date to the one after it \
                        was expected";
            // After "H|kaifong-cssa-1|".
            return Err(lines.refuse(BEGINNING.len() + 2, what, RIGHT).into());
        }
        let seen = Self {
            month,
            business_date: opening.business_date,
            sequence: opening.sequence,
            allowances: 0,
            transfers: 0,
            amount: Money::ZERO,
        };
        Ok((seen, opening.characters))
    }

    /// Takes a line; `None` when it is the trailer.
    fn take(&mut self, fields: &Fields<'_>, now: DateTime<Utc>) -> Result<Option<Entry>, Refusal> {
        match fields.get(0) {
            "A" => self.allowance(fields).map(Entry::Allowance).map(Some),
            "D" => self.transfer(fields, now).map(Entry::Payment).map(Some),
            "T" => self.trailer(fields).map(|()| None),
            "H" => Err(fields.refuse(0, "a second header", APART)),
            _ => Err(fields.refuse(0, "A, D or T was expected", RIGHT)),
        }
    }

    fn allowance(&mut self, fields: &Fields<'_>) -> Result<AllowanceLine, Refusal> {
        fields.exactly(7, "an allowance")?;
        if self.transfers > 0 {
            let what = "an allowance after the first transfer";
            return Err(fields.refuse(0, what, RIGHT));
        }
        self.allowances = numbered(fields, "allowance", self.allowances)?;
        let event = fields.read(2, "start, change or stop", |word| word.parse().ok())?;
        let account = fields.read(3, CODE, account)?;
        let granted = if event == AllowanceEvent::Stop {
            let nothing = |word: &str| word.is_empty().then_some(());
            fields.read(4, "nothing, where an allowance stops,", nothing)?;
            fields.read(5, "nothing, where an allowance stops,", nothing)?;
            None
        } else {
            Some(Granted {
                coverage: fields.read(4, "full or partial", |word| word.parse().ok())?,
                amount: fields.read(5, AMOUNT, amount)?,
            })
        };
        let near = self.month.minus(MONTHS)..=self.month.plus(MONTHS);
        let month = fields.read(6, "a month within a year of the file's", |word| {
            word.parse().ok().filter(|month| near.contains(month))
        })?;
        Ok(AllowanceLine {
            number: self.allowances,
            event,
            account,
            granted,
            month,
        })
    }

    fn transfer(&mut self, fields: &Fields<'_>, now: DateTime<Utc>) -> Result<Line, Refusal> {
        fields.exactly(7, "a transfer")?;
        self.transfers = numbered(fields, "transfer", self.transfers)?;
        let reference = fields.read(2, "a reference of 1 to 35 letters and digits", reference)?;
        let account = fields.read(3, CODE, account)?;
        let amount = fields.read(4, AMOUNT, amount)?;
        fields.read(5, "HKD", |word| (word == "HKD").then_some(()))?;
        let day = fields.read(6, "a date such as 2026-11-27", date)?;
        if day > self.business_date || day > hong_kong_date(now) {
            let what = "the transfer is later than the day of the file";
            return Err(fields.refuse(6, what, RIGHT));
        }
        if self.business_date - day > rules::OLDEST {
            let what = "the transfer is more than a year older than the file";
            return Err(fields.refuse(6, what, RIGHT));
        }
        self.amount = self
            .amount
            .checked_add(amount)
            .map_err(|_| fields.refuse(4, "the amounts are too large to add up", RIGHT))?;
        Ok(Line {
            end_to_end: None,
            wording: None,
            number: self.transfers,
            reference,
            account,
            amount,
            instructed_at: hong_kong_time(day, 0),
            place: PLACE.to_owned(),
        })
    }

    fn trailer(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        fields.exactly(5, "a trailer")?;
        for (place, what, seen) in [
            (1, "allowances", self.allowances),
            (2, "transfers", self.transfers),
        ] {
            let wanted = format!("how many {what} there are");
            let said = fields.read(place, &wanted, |word| word.parse::<u32>().ok())?;
            if said != seen {
                let what = format!("the trailer says {said} {what}, the file has {seen}");
                return Err(fields.refuse(place, what, WHOLE));
            }
        }
        let said: Money = fields.read(3, "the sum such as 3864.00", two_places)?;
        if said != self.amount {
            let what = format!(
                "the trailer says HK${said}, the transfers come to HK${}",
                self.amount
            );
            return Err(fields.refuse(3, what, WHOLE));
        }
        let wanted = format!("{}, the number in the header,", self.sequence);
        fields.read(4, &wanted, |word| {
            (number(word) == Some(self.sequence)).then_some(())
        })
    }

    fn summary(&self) -> Summary {
        Summary {
            whose: Whose::Channel(Channel::Cssa),
            business_date: self.business_date,
            series: SERIES.to_owned(),
            sequence: Sequence::Number(self.sequence),
            lines: self.transfers,
            amount: self.amount,
            allowances: Some(AllowancesTold {
                month: self.month,
                lines: self.allowances,
            }),
        }
    }
}

const AMOUNT: &str = "an amount above zero and below ten million such as 2364.00";
const CODE: &str = "a tenant code such as 1000000018";

/// A tenant code as it is written, which may be nobody's.
fn account(word: &str) -> Option<String> {
    (!word.is_empty() && rules::is_account(word)).then(|| word.to_owned())
}

/// The number of the next line of its kind.
fn numbered(fields: &Fields<'_>, what: &str, before: u32) -> Result<u32, Refusal> {
    let expected = before.saturating_add(1);
    fields.read(1, &format!("{what} number {expected}"), |word| {
        number(word).filter(|number| *number == expected)
    })
}

/// The line of the file on which transfer `number` is, after so many allowances.
#[must_use]
pub fn line_of_transfer(allowances: i32, number: i32) -> i32 {
    line_of_allowance(allowances).saturating_add(number)
}

/// The line of the file on which allowance `number` is.
#[must_use]
pub fn line_of_allowance(number: i32) -> i32 {
    number.saturating_add(1)
}

/// The file of `allowances` and `transfers`, as the department would send it; refuses what has no
/// code in `characters`.
pub fn write(
    (month, business_date, sequence): (Month, NaiveDate, u32),
    characters: Characters,
    allowances: &[AllowanceLine],
    transfers: &[Line],
) -> Result<Vec<u8>, big5::NoCode> {
    let mut text = format!("H|{LAYOUT}|{month}|{business_date}|{sequence}|{characters}\n");
    // Writing to a String cannot fail.
    for line in allowances {
        let granted = line.granted.map_or_else(
            || "|".to_owned(),
            |granted| format!("{}|{}", granted.coverage, granted.amount),
        );
        let (number, event, month) = (line.number, line.event, line.month);
        let _ = writeln!(
            text,
            "A|{number}|{event}|{}|{granted}|{month}",
            line.account
        );
    }
    for line in transfers {
        let (number, day) = (line.number, hong_kong_date(line.instructed_at));
        let (reference, account, amount) = (&line.reference, &line.account, line.amount);
        let _ = writeln!(text, "D|{number}|{reference}|{account}|{amount}|HKD|{day}");
    }
    let sum = Money::sum(transfers.iter().map(|line| line.amount)).unwrap_or_default();
    let (many, count) = (allowances.len(), transfers.len());
    let _ = writeln!(text, "T|{many}|{count}|{sum}|{sequence}");
    match characters {
        Characters::Utf8 => Ok(text.into_bytes()),
        Characters::Big5 => big5::encode(&text),
    }
}

#[cfg(test)]
mod tests;
