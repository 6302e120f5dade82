//! From which day a payment counts.

use chrono::{DateTime, NaiveDate, Utc};

use crate::kernel::clock::{hong_kong_date, hong_kong_time_of_day};
use crate::kernel::month::Month;
use crate::kernel::working_day::Holidays;
use crate::payments::model::Terms;

/// What a payment's time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The day in Hong Kong when the payer told the channel to pay: whether it was in time.
    pub instructed_on: NaiveDate,
    /// The day from which the money counts on the account.
    pub value_on: NaiveDate,
}

/// What it means that a payer told the channel to pay at `instructed_at`.
///
/// PPS takes instructions after 7 pm, and on other than working days, for the next working day;
/// government bills so paid are in time when instructed before midnight on the last day.
pub fn counted(terms: &Terms, instructed_at: DateTime<Utc>, holidays: &Holidays) -> Counted {
    let instructed_on = hong_kong_date(instructed_at);
    let is_late = terms
        .cut_off
        .is_some_and(|cut_off| hong_kong_time_of_day(instructed_at) >= cut_off);
    let value_on = match (terms.working_days_only, is_late) {
        (true, true) if holidays.is_working_day(instructed_on) => holidays.after(instructed_on),
        (true, _) => holidays.on_or_after(instructed_on),
        (false, true) => instructed_on.succ_opt().unwrap_or(instructed_on),
        (false, false) => instructed_on,
    };
    Counted {
        instructed_on,
        value_on,
    }
}

/// The last day to pay the rent of `month` in time.
pub fn pay_by(terms: &Terms, month: Month, holidays: &Holidays) -> NaiveDate {
    holidays.before(month.last(), terms.lead_days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::Channel;
    use crate::payments::rules::codes::tests::terms;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_cut_off_and_working_days_decide_from_when_money_counts() {
        let holidays = [day("2026-12-25"), day("2026-12-26")].into_iter().collect();
        let pps = Terms {
            cut_off: "19:00:00".parse().ok(),
            working_days_only: true,
            ..terms(Channel::Pps)
        };
        let fps = terms(Channel::Fps);
        let late = Terms {
            working_days_only: false,
            ..pps.clone()
        };
        for (terms, at, instructed, value) in [
            // A Friday, one second before seven and at seven.
            (&pps, "2026-11-20T10:59:59Z", "2026-11-20", "2026-11-20"),
            (&pps, "2026-11-20T11:00:00Z", "2026-11-20", "2026-11-23"),
            // Saturday, before and after seven: both are for Monday.
            (&pps, "2026-11-21T10:00:00Z", "2026-11-21", "2026-11-23"),
            (&pps, "2026-11-21T12:00:00Z", "2026-11-21", "2026-11-23"),
            // Christmas Eve after seven, and Christmas.
            (&pps, "2026-12-24T11:30:00Z", "2026-12-24", "2026-12-28"),
            (&pps, "2026-12-25T02:00:00Z", "2026-12-25", "2026-12-28"),
            // The last minute of the month in Hong Kong is in time, and counts later.
            (&pps, "2026-11-30T15:59:59Z", "2026-11-30", "2026-12-01"),
            (&pps, "2026-11-30T16:00:00Z", "2026-12-01", "2026-12-01"),
            (&fps, "2026-12-25T15:59:59Z", "2026-12-25", "2026-12-25"),
            (&fps, "2026-12-25T16:00:00Z", "2026-12-26", "2026-12-26"),
            (&late, "2026-11-20T11:00:00Z", "2026-11-20", "2026-11-21"),
        ] {
            let expected = Counted {
                instructed_on: day(instructed),
                value_on: day(value),
            };
            let counted = counted(terms, at.parse().unwrap(), &holidays);
            assert_eq!(counted, expected, "{at} {}", terms.channel);
        }
    }

    #[test]
    fn a_store_wants_three_working_days() {
        let month: Month = "2026-11".parse().unwrap();
        let store = Terms {
            lead_days: 3,
            ..terms(Channel::Store)
        };
        let holidays = Holidays::default();
        assert_eq!(pay_by(&store, month, &holidays), day("2026-11-25"));
        let fps = terms(Channel::Fps);
        assert_eq!(pay_by(&fps, month, &holidays), day("2026-11-30"));
    }
}
