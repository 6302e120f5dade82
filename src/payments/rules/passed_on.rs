//! Of which channel and day a credit of the bank is.

use chrono::{NaiveDate, TimeDelta};

use crate::kernel::working_day::Holidays;
use crate::payments::model::Channel;
use crate::payments::reconciliation::PayingIn;

/// No channel's money takes longer.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The rule that a credit so worded comes under: the one that says most of it.
pub fn paying_in<'a>(rules: &'a [PayingIn], wording: &str) -> Option<&'a PayingIn> {
    let fitting = rules.iter().filter(|rule| begins(rule, wording).is_some());
    fitting.max_by_key(|rule| rule.begins.len())
}

/// What follows the words that the rule names, when the wording begins with them, as words.
fn begins<'a>(rule: &PayingIn, wording: &'a str) -> Option<&'a str> {
    let rest = wording.strip_prefix(rule.begins.as_str())?;
    let goes_on = rest.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    (!goes_on).then_some(rest)
}

/// Whose money a rule says that a credit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// No channel's: a transfer of ours.
    Nobody,
    Channel(Channel, NaiveDate),
    /// A channel's, but its day cannot be told.
    Unknown,
}

/// What `rule` says of a credit with this wording, booked that day.
pub fn passed_on(
    rule: &PayingIn,
    (wording, booked_on): (&str, NaiveDate),
    holidays: &Holidays,
) -> Owner {
    let Some(channel) = rule.channel else {
        return Owner::Nobody;
    };
    let day = match rule.days_after {
        None => begins(rule, wording).and_then(day_in),
        Some(days) => {
            let last = holidays.before(booked_on, u8::try_from(days).unwrap_or_default());
            let mut days = last.iter_days().rev();
            days.find(|day| holidays.is_working_day(*day))
        }
    };
    match day.filter(|day| may_settle(*day, booked_on)) {
        Some(day) => Owner::Channel(channel, day),
        None => Owner::Unknown,
    }
}

/// Whether what was booked on a day can be of `day`.
pub fn may_settle(day: NaiveDate, booked_on: NaiveDate) -> bool {
    day <= booked_on && booked_on - day <= LONGEST
}

/// The day that the first word is, as in `20261120`.
fn day_in(text: &str) -> Option<NaiveDate> {
    let word = text.split_whitespace().next()?;
    let is_whole = word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    let day = is_whole.then(|| NaiveDate::parse_from_str(word, "%Y%m%d").ok());
    day.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(begins: &str, channel: Option<Channel>, days_after: Option<i16>) -> PayingIn {
        PayingIn {
            id: 1,
            begins: begins.to_owned(),
            channel,
            days_after,
        }
    }

    #[test]
    fn the_rule_that_says_most_is_taken_and_words_are_whole() {
        let rules = [
            rule("STORES", Some(Channel::Store), None),
            rule("STORES AT STATIONS", Some(Channel::Mtr), None),
        ];
        let found = |wording: &str| paying_in(&rules, wording).and_then(|rule| rule.channel);
        for (wording, channel) in [
            ("STORES 20261120", Some(Channel::Store)),
            ("STORES AT STATIONS 20261120", Some(Channel::Mtr)),
            ("STORES AT STATIONSIDE", Some(Channel::Store)),
            ("STORESIDE 20261120", None),
            ("RENT STORES 20261120", None),
            ("stores 20261120", None),
            ("", None),
        ] {
            assert_eq!(found(wording), channel, "{wording:?}");
        }
    }

    #[test]
    fn a_credit_says_its_day_or_comes_so_many_working_days_after_it() {
        let holidays = [day("2026-12-25"), day("2026-12-26")].into_iter().collect();
        let dated = rule("STORES", Some(Channel::Store), None);
        let later = rule("PPS", Some(Channel::Pps), Some(1));
        let ours = rule("TRANSFER", None, None);
        let of = |channel, text: &str| Owner::Channel(channel, day(text));
        for (rule, wording, booked_on, expected) in [
            (
                &dated,
                "STORES 20261118",
                "2026-11-20",
                of(Channel::Store, "2026-11-18"),
            ),
            (
                &dated,
                "STORES 20261120 A",
                "2026-11-20",
                of(Channel::Store, "2026-11-20"),
            ),
            (&dated, "STORES 20261121", "2026-11-20", Owner::Unknown),
            (&dated, "STORES 20251118", "2026-11-20", Owner::Unknown),
            (&dated, "STORES 20261131", "2026-12-01", Owner::Unknown),
            (&dated, "STORES 2026-11-18", "2026-11-20", Owner::Unknown),
            (&dated, "STORES", "2026-11-20", Owner::Unknown),
            // A Friday; the Monday after one; the Monday after Christmas.
            (&later, "PPS", "2026-11-20", of(Channel::Pps, "2026-11-19")),
            (&later, "PPS", "2026-11-23", of(Channel::Pps, "2026-11-20")),
            (&later, "PPS", "2026-12-28", of(Channel::Pps, "2026-12-24")),
            (&ours, "TRANSFER", "2026-11-20", Owner::Nobody),
        ] {
            let found = passed_on(rule, (wording, day(booked_on)), &holidays);
            assert_eq!(found, expected, "{wording:?} {booked_on}");
        }
    }
}
