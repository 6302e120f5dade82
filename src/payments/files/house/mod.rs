//! The house layout (本署格式): for channels whose own layout is not public.
//!
//! Lines of fields between `|`, in UTF-8 or Big5-HKSCS as the header says:
//!
//! ```text
//! H|kaifong-1|store|2026-11-20|37|UTF-8
//! D|1|S0001-000000482|1000000018|2364.00|HKD|2026-11-20T10:31:07+08:00|7-Eleven 華富邨
//! D|2|S0001-000000483|1000000026|1200.00|HKD|2026-11-20T10:33:41+08:00|7-Eleven 華富邨
//! T|2|3564.00|37
//! ```
//!
//! The header names the layout, the channel, the business date, the file's number in the channel's
//! own row, and the characters. A detail has its number in the file, the channel's reference, the
//! account as the payer gave it, the amount with two places, the currency, the time of the
//! instruction, and the place. The trailer says how many, how much, and the number once more.

use std::fmt::Write as _;
use std::io::BufRead;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use super::lines::{Fields, Lines, RIGHT, WHOLE};
use super::values::{Opening, amount, instant, number, opening, reference, text, two_places};
use super::{Characters, FileError, Line, Refusal, Sequence, Summary, Whose, big5};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::payments::model::Channel;
use crate::payments::rules;

/// How a file begins.
pub(super) const BEGINNING: &[u8] = b"H|";
const LAYOUT: &str = "kaifong-1";

/// Reads a file that came by `now`: gives each line to `each`, and says what they come to.
///
/// `each` may refuse by an error of its own; nothing it was given counts unless all is read.
pub fn read<E: From<FileError>>(
    source: impl BufRead,
    now: DateTime<Utc>,
    mut each: impl FnMut(Line) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut lines = Lines::of(source);
    let (header, characters) = header(&mut lines, now)?;
    let mut seen = Summary {
        lines: 0,
        amount: Money::ZERO,
        ..header
    };
    loop {
        let Some(bytes) = lines.next()? else {
            let what = format!(
                "after {} payments the file ends without its trailer",
                seen.lines
            );
            lines.at = lines.at.saturating_add(1);
            return Err(FileError::from(lines.refuse(1, what, WHOLE)).into());
        };
        let text = text(&lines, bytes, characters).map_err(FileError::from)?;
        let fields = Fields::of(&text, lines.at);
        match fields.get(0) {
            "D" => {
                let line = detail(&fields, &seen, now).map_err(FileError::from)?;
                seen.lines = line.number;
                seen.amount = seen.amount.checked_add(line.amount).map_err(|_| {
                    let refusal = fields.refuse(4, "the amounts are too large to add up", RIGHT);
                    FileError::from(refusal)
                })?;
                each(line)?;
            }
            "T" => {
                trailer(&fields, &seen).map_err(FileError::from)?;
                break;
            }
            "H" => {
                let what = "a second header";
                let remedy = "two files were put together: send each by itself";
                return Err(FileError::from(fields.refuse(0, what, remedy)).into());
            }
            _ => {
                let what = "D or T was expected";
                return Err(FileError::from(fields.refuse(0, what, RIGHT)).into());
            }
        }
    }
    if lines.next()?.is_none() {
        return Ok(seen);
    }
    let what = "the file goes on after its trailer";
    let remedy = "two files were put together: send each by itself";
    Err(FileError::from(lines.refuse(1, what, remedy)).into())
}

/// The channel that the header of a file which came by `now` names.
pub fn named(source: impl BufRead, now: DateTime<Utc>) -> Result<Channel, FileError> {
    opened(&mut Lines::of(source), now).map(|opening| opening.names)
}

fn opened(
    lines: &mut Lines<impl BufRead>,
    now: DateTime<Utc>,
) -> Result<Opening<Channel>, FileError> {
    let channel = |word: &str| word.parse().ok();
    opening(lines, (LAYOUT, now), ("a channel such as pps", channel))
}

fn header(
    lines: &mut Lines<impl BufRead>,
    now: DateTime<Utc>,
) -> Result<(Summary, Characters), FileError> {
    let opening = opened(lines, now)?;
    let summary = Summary {
        whose: Whose::Channel(opening.names),
        business_date: opening.business_date,
        series: String::new(),
        sequence: Sequence::Number(opening.sequence),
        lines: 0,
        amount: Money::ZERO,
        allowances: None,
    };
    Ok((summary, opening.characters))
}

fn detail(fields: &Fields<'_>, seen: &Summary, now: DateTime<Utc>) -> Result<Line, Refusal> {
    fields.exactly(8, "a payment")?;
    let expected = seen.lines.saturating_add(1);
    let wanted = format!("payment number {expected}");
    let number = fields.read(1, &wanted, |word| {
        number(word).filter(|number| *number == expected)
    })?;
    let reference = fields.read(2, "a reference of 1 to 36 letters and digits", reference)?;
    let account = fields.read(3, "an account of up to 20 characters", |word| {
        rules::is_account(word).then(|| word.to_owned())
    })?;
    let amount = fields.read(
        4,
        "an amount above zero and below ten million such as 2364.00",
        amount,
    )?;
    fields.read(5, "HKD", |word| (word == "HKD").then_some(()))?;
    let instructed_at = fields.read(6, "a time such as 2026-11-20T10:31:07+08:00", instant)?;
    if instructed_at > now || hong_kong_date(instructed_at) > seen.business_date {
        let what = "the payment is later than the day of the file";
        return Err(fields.refuse(6, what, RIGHT));
    }
    if seen.business_date - hong_kong_date(instructed_at) > rules::OLDEST {
        let what = "the payment is more than a year older than the file";
        return Err(fields.refuse(6, what, RIGHT));
    }
    let place = fields.read(7, "a place of up to 60 characters", |word| {
        rules::is_place(word).then(|| word.to_owned())
    })?;
    Ok(Line {
        number,
        reference,
        end_to_end: None,
        wording: None,
        account,
        amount,
        instructed_at,
        place,
    })
}

fn trailer(fields: &Fields<'_>, seen: &Summary) -> Result<(), Refusal> {
    fields.exactly(4, "a trailer")?;
    let lines = fields.read(1, "how many payments there are", |word| {
        word.parse::<u32>().ok()
    })?;
    if lines != seen.lines {
        let what = format!(
            "the trailer says {lines} payments, the file has {}",
            seen.lines
        );
        return Err(fields.refuse(1, what, WHOLE));
    }
    let said: Money = fields.read(2, "the sum such as 3564.00", two_places)?;
    if said != seen.amount {
        let what = format!(
            "the trailer says HK${said}, the payments come to HK${}",
            seen.amount
        );
        return Err(fields.refuse(2, what, WHOLE));
    }
    let wanted = format!("{}, the number in the header,", seen.number());
    fields.read(3, &wanted, |word| {
        (number(word) == Some(seen.number())).then_some(())
    })
}

/// The file of `lines`, as a channel would send it; refuses what has no code in `characters`.
pub fn write(
    (channel, business_date, sequence): (Channel, NaiveDate, u32),
    characters: Characters,
    lines: &[Line],
) -> Result<Vec<u8>, big5::NoCode> {
    let mut text = format!("H|{LAYOUT}|{channel}|{business_date}|{sequence}|{characters}\n");
    let hong_kong = FixedOffset::east_opt(8 * 3600);
    for line in lines {
        let at = hong_kong.map(|zone| line.instructed_at.with_timezone(&zone));
        let at = at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, false));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "D|{}|{}|{}|{}|HKD|{}|{}",
            line.number,
            line.reference,
            line.account,
            line.amount,
            at.unwrap_or_default(),
            line.place
        );
    }
    let sum = Money::sum(lines.iter().map(|line| line.amount)).unwrap_or_default();
    let _ = writeln!(text, "T|{}|{sum}|{sequence}", lines.len());
    match characters {
        Characters::Utf8 => Ok(text.into_bytes()),
        Characters::Big5 => big5::encode(&text),
    }
}

#[cfg(test)]
mod tests;
