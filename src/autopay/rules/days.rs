//! The working days of a collection.

use chrono::{Datelike, NaiveDate};

use crate::autopay::model::Policy;
use crate::kernel::month::Month;
use crate::kernel::working_day::Holidays;

/// The working day on which a collection of `month` that is prepared `today` debits accounts: the
/// policy's, or the first one for which the bank still has the file in time.
pub fn collect_on(
    policy: &Policy,
    month: Month,
    today: NaiveDate,
    holidays: &Holidays,
) -> NaiveDate {
    let day = month.first().with_day(policy.collection_day);
    let day = holidays.on_or_after(day.unwrap_or_else(|| month.first()));
    day.max(plus_working_days(today, policy.lead_days, holidays))
}

/// The last day to release a collection that debits accounts on `collect_on`.
pub fn release_by(policy: &Policy, collect_on: NaiveDate, holidays: &Holidays) -> NaiveDate {
    holidays.before(collect_on, policy.lead_days)
}

/// The working day that is so many after `day`; none of them is `day`, or the next working day.
pub fn plus_working_days(day: NaiveDate, count: u8, holidays: &Holidays) -> NaiveDate {
    let first = holidays.on_or_after(day);
    // A weekend or holiday is over with the working day after it, which counts as a whole one.
    (0..count).fold(first, |day, _| holidays.after(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopay::rules::attempts::tests::policy;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn accounts_are_debited_on_the_first_working_day_that_the_bank_can_meet() {
        let holidays: Holidays = ["2027-01-01", "2026-12-25", "2026-12-26"]
            .map(day)
            .into_iter()
            .collect();
        for (lead, month, today, expected) in [
            (2, "2026-12", "2026-11-20", "2026-12-01"),
            // New Year's Day is a Friday.
            (2, "2027-01", "2026-12-20", "2027-01-04"),
            // Sunday 1 November.
            (0, "2026-11", "2026-10-20", "2026-11-02"),
            // Late: two working days from Friday, and from Saturday.
            (2, "2026-11", "2026-11-20", "2026-11-24"),
            (2, "2026-11", "2026-11-21", "2026-11-25"),
            (0, "2026-11", "2026-11-21", "2026-11-23"),
            // Over Christmas.
            (2, "2026-12", "2026-12-24", "2026-12-29"),
        ] {
            let policy = crate::autopay::model::Policy {
                lead_days: lead,
                ..policy()
            };
            let found = collect_on(&policy, month.parse().unwrap(), day(today), &holidays);
            assert_eq!(found, day(expected), "{month} {today}");
            assert!(
                release_by(&policy, found, &holidays) >= day(today),
                "{today}"
            );
        }
    }
}
