//! Dates as callers write them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A date written `YYYY-MM-DD`, from 1900 to 2199: any other is a slip, and the far ones do
/// not fit in PostgreSQL.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Date, pattern = r"^(19|2[01])\d{2}-\d{2}-\d{2}$", example = "2026-11-20")]
pub struct Day(NaiveDate);

/// The text is not a date from 1900 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date is written YYYY-MM-DD, from 1900-01-01 to 2199-12-31")]
pub struct NotDay;

impl FromStr for Day {
    type Err = NotDay;

    fn from_str(text: &str) -> Result<Self, NotDay> {
        // Chrono also reads `2026-1-5` and ` +2026-01-05`.
        let shaped =
            text.len() == 10 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-'));
        let date: NaiveDate = text.parse().map_err(|_| NotDay)?;
        let fits = shaped && (1900..=2199).contains(&date.year());
        fits.then_some(Self(date)).ok_or(NotDay)
    }
}

impl From<Day> for NaiveDate {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl TryFrom<NaiveDate> for Day {
    type Error = NotDay;

    fn try_from(date: NaiveDate) -> Result<Self, NotDay> {
        date.to_string().parse()
    }
}

impl TryFrom<String> for Day {
    type Error = NotDay;

    fn try_from(text: String) -> Result<Self, NotDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_plain_dates_are_read() {
        for text in ["1900-01-01", "2024-02-29", "2199-12-31"] {
            assert_eq!(text.parse::<Day>().map(String::from), Ok(text.to_owned()));
        }
        for text in [
            "",
            "2025-02-29",
            "2025-02-30",
            "2025-13-01",
            "1899-12-31",
            "2200-01-01",
            "2025-2-3",
            " 2025-02-3",
            "2025-02-03 ",
            "+2025-02-03",
            "-262143-01-01",
            "20250203",
            "2025-02-03T00:00:00Z",
            "2025-02\0-3",
            "２０２５-02-03",
        ] {
            assert_eq!(text.parse::<Day>(), Err(NotDay), "{text:?}");
        }
    }
}
