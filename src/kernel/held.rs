//! What is held on a person, as the person is told it.
//!
//! Each slice tells its own part: one [`Held`] a table, with the rows about the person as text.
//! Who composes the parts needs to know none of them.

use chrono::{DateTime, NaiveDate, Utc};

use super::clock::hong_kong_date;
use super::tenant_code::TenantCode;

/// A text in Traditional Chinese, Simplified Chinese and English.
pub type Said = [&'static str; 3];

/// A person's time in a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub household: TenantCode,
    pub starts_on: NaiveDate,
    /// The last day; absent while no end is known.
    pub ends_on: Option<NaiveDate>,
    /// Whether as the head, who is the tenant: the household's account, and who may act for it,
    /// are the tenant's data, and not that of whoever lives there too.
    pub heads: bool,
}

impl Stay {
    /// Whether `day` is one of its days.
    #[must_use]
    pub fn takes_in(&self, day: NaiveDate) -> bool {
        self.meets(day, Some(day))
    }

    /// Whether `instant` is on one of its days.
    #[must_use]
    pub fn saw(&self, instant: DateTime<Utc>) -> bool {
        self.takes_in(hong_kong_date(instant))
    }

    /// Whether it shares a day with the days from `first` to `last`; no last day is for good.
    #[must_use]
    pub fn meets(&self, first: NaiveDate, last: Option<NaiveDate>) -> bool {
        self.starts_on <= last.unwrap_or(NaiveDate::MAX)
            && first <= self.ends_on.unwrap_or(NaiveDate::MAX)
    }
}

/// The rows of one table that are about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The table's name.
    pub table: &'static str,
    pub heading: Said,
    /// The name of each column, and what it is called on paper.
    pub columns: &'static [(&'static str, Said)],
    /// As many cells a row as there are columns.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A cell.
pub fn cell(value: impl ToString) -> Option<String> {
    cell_of(Some(value))
}

/// A cell that may be empty.
pub fn cell_of<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// A cell for an instant: to the second, with its zone.
pub fn cell_at(instant: DateTime<Utc>) -> Option<String> {
    cell(instant.format("%Y-%m-%dT%H:%M:%SZ"))
}

/// What the columns that many tables have are called.
pub const TENANT_CODE: (&str, Said) = ("tenant_code", ["租戶號碼", "租户号码", "Tenant code"]);
pub const FROM: (&str, Said) = ("from", ["由", "由", "From"]);
pub const TO: (&str, Said) = ("to", ["至", "至", "To"]);
pub const ON: (&str, Said) = ("on", ["日期", "日期", "Date"]);
pub const AT: (&str, Said) = ("at", ["時間", "时间", "Time"]);
pub const ENDED_AT: (&str, Said) = ("ended_at", ["終止時間", "终止时间", "Ended"]);
pub const KIND: (&str, Said) = ("kind", ["類別", "类别", "Kind"]);
pub const AMOUNT: (&str, Said) = ("amount", ["金額", "金额", "Amount"]);
pub const REASON: (&str, Said) = ("reason", ["原因", "原因", "Reason"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stay_takes_in_its_first_and_its_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let stay = Stay {
            household: "1000000018".parse().unwrap(),
            starts_on: day("2026-01-10"),
            ends_on: Some(day("2026-01-20")),
            heads: true,
        };
        for (on, within) in [
            ("2026-01-09", false),
            ("2026-01-10", true),
            ("2026-01-20", true),
            ("2026-01-21", false),
        ] {
            assert_eq!(stay.takes_in(day(on)), within, "{on}");
        }
        assert!(stay.meets(day("2025-01-01"), None));
        assert!(!stay.meets(day("2026-01-21"), None));
        assert!(stay.meets(day("2025-01-01"), Some(day("2026-01-10"))));
        // A Hong Kong day begins eight hours before the one in UTC.
        assert!(stay.saw("2026-01-09T16:00:00Z".parse().unwrap()));
        assert!(!stay.saw("2026-01-20T16:00:00Z".parse().unwrap()));
        let open = Stay {
            ends_on: None,
            ..stay
        };
        assert!(open.takes_in(day("2099-01-01")));
    }
}
