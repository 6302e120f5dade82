//! What the fields of our own layouts hold, and the header that they share.

use std::io::BufRead;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use super::lines::{Fields, Lines, RIGHT, WHOLE};
use super::{FileError, Refusal, big5};
use crate::kernel::choice::choice;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::payments::rules;

choice! {
    /// The characters of a file.
    pub enum Characters {
        Utf8 = "UTF-8",
        Big5 = "BIG5-HKSCS",
    }
}

/// What a header says: `H`, the layout, what the file names, its business date, its number, its
/// characters.
pub struct Opening<T> {
    pub names: T,
    pub business_date: NaiveDate,
    pub sequence: u32,
    pub characters: Characters,
}

/// Reads the header of a file of `layout` that came by `now`; `what` says what it names, and
/// `reading` reads it.
pub fn opening<T>(
    lines: &mut Lines<impl BufRead>,
    (layout, now): (&str, DateTime<Utc>),
    (what, reading): (&str, impl FnOnce(&str) -> Option<T>),
) -> Result<Opening<T>, FileError> {
    let Some(bytes) = lines.next()? else {
        return Err(lines.refuse(1, "the file is empty", WHOLE).into());
    };
    if !bytes.is_ascii() {
        let at = bytes.iter().take_while(|byte| byte.is_ascii()).count();
        let remedy = "send it in UTF-8 without a mark in front, or in Big5-HKSCS";
        return Err(lines
            .refuse(at + 1, "a header of plain letters was expected", remedy)
            .into());
    }
    let text = text(lines, bytes, Characters::Utf8)?;
    let fields = Fields::of(&text, lines.at);
    fields.read(0, "H, a header,", |word| (word == "H").then_some(()))?;
    fields.exactly(6, "a header")?;
    fields.read(1, layout, |word| (word == layout).then_some(()))?;
    let names = fields.read(2, what, reading)?;
    let business_date = fields.read(3, "a date such as 2026-11-20", date)?;
    if business_date > hong_kong_date(now) {
        return Err(fields.refuse(3, "the day is yet to come", RIGHT).into());
    }
    if hong_kong_date(now) - business_date > rules::OLDEST {
        return Err(fields
            .refuse(3, "the day is more than a year ago", RIGHT)
            .into());
    }
    Ok(Opening {
        names,
        business_date,
        sequence: fields.read(4, "a number from 1 to 999999999", number)?,
        characters: fields.read(5, "UTF-8 or BIG5-HKSCS", |word| word.parse().ok())?,
    })
}

/// The text of a line: whole characters, none of them a control character.
pub fn text(
    lines: &Lines<impl BufRead>,
    bytes: Vec<u8>,
    characters: Characters,
) -> Result<String, Refusal> {
    let good = |part: &[u8]| match characters {
        Characters::Utf8 => String::from_utf8_lossy(part).chars().count(),
        Characters::Big5 => big5::decode(part).map_or(0, |text| text.chars().count()),
    };
    let (text, after) = match characters {
        Characters::Utf8 => match String::from_utf8(bytes) {
            Ok(text) => (Some(text), 0),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                (
                    None,
                    good(error.as_bytes().get(..valid).unwrap_or_default()),
                )
            }
        },
        Characters::Big5 => match big5::decode(&bytes) {
            Ok(text) => (Some(text), 0),
            Err(error) => (None, good(bytes.get(..error.after).unwrap_or_default())),
        },
    };
    let Some(text) = text else {
        let what = format!("what follows is no {characters}");
        let remedy = "the header must name the characters that the file has";
        return Err(lines.refuse(after + 1, what, remedy));
    };
    match text.chars().position(char::is_control) {
        None => Ok(text),
        Some(before) => Err(lines.refuse(before + 1, "a control character", RIGHT)),
    }
}

pub fn number(word: &str) -> Option<u32> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit()) && !word.starts_with('0');
    let number = word.parse().ok().filter(|_| is_plain)?;
    (1..=999_999_999).contains(&number).then_some(number)
}

pub fn date(word: &str) -> Option<NaiveDate> {
    let date: NaiveDate = word.parse().ok()?;
    (date.to_string() == word).then_some(date)
}

pub fn instant(word: &str) -> Option<DateTime<Utc>> {
    let instant: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(word).ok()?;
    (word.len() <= 32).then(|| instant.with_timezone(&Utc))
}

pub fn reference(word: &str) -> Option<String> {
    rules::is_reference(word).then(|| word.to_owned())
}

/// An amount that is written with two places: a third, or none, is a mistake somewhere.
pub fn two_places(word: &str) -> Option<Money> {
    let amount: Money = word.parse().ok()?;
    (amount.to_string() == word).then_some(amount)
}

pub fn amount(word: &str) -> Option<Money> {
    two_places(word).filter(|amount| rules::is_amount(*amount))
}
