//! Values as ISO 20022 writes them. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};

use super::tree::{Leaf, Place};
use crate::kernel::clock::hong_kong_time;
use crate::kernel::money::Money;
use crate::payments::files::Refusal;
use crate::payments::files::lines::RIGHT;

/// A value that may be told once, and where it was.
#[derive(Debug)]
pub struct Told<T>(Option<(T, Place)>);

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Told<T> {
    pub fn get(&self) -> Option<T> {
        self.placed().map(|(value, _)| value)
    }

    pub fn placed(&self) -> Option<(T, Place)> {
        self.0.clone()
    }
}

impl Leaf {
    /// Its text, read by `read`; `expected` says what it should be.
    pub fn read<T>(
        &self,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Refusal> {
        let wrong = || self.at.refuse(format!("{expected} was expected"), RIGHT);
        read(&self.text).ok_or_else(wrong)
    }

    /// Keeps its text in `slot`, where it may be once.
    pub fn keep<T>(
        &self,
        slot: &mut Told<T>,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<(), Refusal> {
        if slot.0.is_some() {
            return Err(self.at.refuse("this was told before", RIGHT));
        }
        slot.0 = Some((self.read(expected, read)?, self.at));
        Ok(())
    }

    /// Keeps an amount in Hong Kong dollars.
    pub fn keep_hkd(&self, slot: &mut Told<Money>) -> Result<(), Refusal> {
        if self.currency.as_deref() != Some("HKD") {
            return Err(self.at.refuse("Ccy=\"HKD\" was expected", RIGHT));
        }
        self.keep(slot, "an amount such as 2364.00", amount)
    }
}

/// Which way money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

impl Direction {
    /// `amount`, negative when it goes out.
    pub fn signed(self, amount: Money) -> Money {
        match self {
            Self::In => amount,
            Self::Out => amount.negated(),
        }
    }
}

pub fn direction(word: &str) -> Option<Direction> {
    match word {
        "CRDT" => Some(Direction::In),
        "DBIT" => Some(Direction::Out),
        _ => None,
    }
}

/// An amount without a sign and with up to two places: a third is a mistake somewhere.
pub fn amount(word: &str) -> Option<Money> {
    let places = word.split_once('.').map_or(0, |(_, cents)| cents.len());
    let is_plain = places <= 2 && !word.starts_with('-');
    word.parse().ok().filter(|_| is_plain)
}

pub fn number(word: &str) -> Option<u32> {
    let is_plain = (1..=15).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| is_plain)
}

pub fn flag(word: &str) -> Option<bool> {
    match word {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

pub fn date(word: &str) -> Option<NaiveDate> {
    let date: NaiveDate = word.parse().ok()?;
    (date.to_string() == word).then_some(date)
}

/// The first instant of a date in Hong Kong.
pub fn day(word: &str) -> Option<DateTime<Utc>> {
    date(word).map(|date| hong_kong_time(date, 0))
}

/// A date and time; one without its distance from UTC is Hong Kong's.
pub fn instant(word: &str) -> Option<DateTime<Utc>> {
    // The library takes a blank for the T as well.
    if word.len() > 35 || word.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(word) {
        return Some(instant.with_timezone(&Utc));
    }
    let local = NaiveDateTime::parse_from_str(word, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    let seconds = local.time().num_seconds_from_midnight();
    Some(hong_kong_time(local.date(), seconds))
}

/// An identifier: 35 characters, or the 36 of a UUID.
pub fn identifier(word: &str) -> Option<String> {
    let fits = (1..=36).contains(&word.chars().count());
    let is_plain = !word.contains(char::is_control);
    (fits && is_plain).then(|| word.to_owned())
}

/// A text, cut to what is kept of it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "of the shape of every reader here"
)]
pub fn text(word: &str) -> Option<String> {
    Some(word.chars().take(140).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written_or_not_at_all() {
        let cents = |word: &str| amount(word).map(Money::cents);
        for (word, expected) in [
            ("2364.00", Some(236_400)),
            ("2364", Some(236_400)),
            ("2364.5", Some(236_450)),
            ("0", Some(0)),
            ("2364.000", None),
            ("-2364.00", None),
            ("-0", None),
            ("+1", None),
            ("1,000", None),
            ("1e3", None),
            ("", None),
            ("10000000000", None),
        ] {
            assert_eq!(cents(word), expected, "{word:?}");
        }
        for (word, expected) in [
            ("2026-11-20T10:31:07+08:00", Some("2026-11-20T02:31:07Z")),
            ("2026-11-20T02:31:07Z", Some("2026-11-20T02:31:07Z")),
            ("2026-11-20T10:31:07", Some("2026-11-20T02:31:07Z")),
            ("2026-11-20T10:31:07.123", Some("2026-11-20T02:31:07Z")),
            ("2026-11-20", None),
            ("2026-11-20 10:31:07+08:00", None),
            ("2026-11-31T10:31:07", None),
            ("2026-11-20T24:00:00", None),
        ] {
            let expected = expected.map(|word| word.parse().unwrap());
            assert_eq!(instant(word), expected, "{word}");
        }
        assert_eq!(day("2026-11-20"), "2026-11-19T16:00:00Z".parse().ok());
        assert_eq!((day("20261120"), day("2026-1-2")), (None, None));
        assert_eq!(
            (flag("1"), flag("false"), flag("yes")),
            (Some(true), Some(false), None)
        );
        assert_eq!(
            (number("037"), number("-1"), number("4294967296")),
            (Some(37), None, None)
        );
    }
}
