//! Rent months.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};
use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Date;
use serde::{Deserialize, Serialize};

/// A calendar month for which rent is due, written `2026-11`; a `date` of its first day in SQL.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = r"^(195[4-9]|19[6-9]\d|20\d{2})-(0[1-9]|1[0-2])$", example = "2026-11")]
#[diesel(sql_type = Date)]
pub struct Month(NaiveDate);

/// The text is not a month from 1954-01 to 2099-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is written YYYY-MM, from 1954-01 to 2099-12")]
pub struct NotMonth;

impl Month {
    /// The month of `date`.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self(date.with_day(1).unwrap_or(date))
    }

    /// The first month there can be: public housing in Hong Kong began in 1954.
    #[must_use]
    pub fn earliest() -> Self {
        Self(NaiveDate::from_ymd_opt(1954, 1, 1).unwrap_or_default())
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.next().0 - Days::new(1)
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> u32 {
        self.last().day()
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The month `months` later.
    #[must_use]
    pub fn plus(self, months: u32) -> Self {
        Self(
            self.0
                .checked_add_months(Months::new(months))
                .unwrap_or(NaiveDate::MAX),
        )
    }

    /// The month `months` earlier.
    #[must_use]
    pub fn minus(self, months: u32) -> Self {
        Self(
            self.0
                .checked_sub_months(Months::new(months))
                .unwrap_or(NaiveDate::MIN),
        )
    }

    /// Every month from this one to `last`, both included.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |month| Some(month.next()))
            .take_while(move |month| *month <= last)
    }
}

impl FromStr for Month {
    type Err = NotMonth;

    fn from_str(text: &str) -> Result<Self, NotMonth> {
        let (year, month) = text.split_once('-').ok_or(NotMonth)?;
        let digits = |text: &str, wanted: usize| {
            (text.len() == wanted && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
        };
        digits(year, 4).zip(digits(month, 2)).ok_or(NotMonth)?;
        let (year, month) = (year.parse().ok(), month.parse().ok());
        year.zip(month)
            .filter(|(year, _)| (1954..=2099).contains(year))
            .and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1))
            .map(Self)
            .ok_or(NotMonth)
    }
}

impl TryFrom<String> for Month {
    type Error = NotMonth;

    fn try_from(text: String) -> Result<Self, NotMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromSql<Date, Pg> for Month {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        <NaiveDate as FromSql<Date, Pg>>::from_sql(bytes).map(Self::of)
    }
}

impl ToSql<Date, Pg> for Month {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <NaiveDate as ToSql<Date, Pg>>::to_sql(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_knows_its_days() {
        for (text, days) in [
            ("2024-02", 29),
            ("2023-02", 28),
            ("2026-04", 30),
            ("2026-12", 31),
        ] {
            assert_eq!(month(text).days(), days, "{text}");
        }
        assert_eq!(month("2026-12").next(), month("2027-01"));
        assert_eq!(month("2026-01").minus(13), month("2024-12"));
        let year: Vec<_> = month("2025-11").through(month("2026-02")).collect();
        assert_eq!(year.len(), 4);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "2026-13", "2026-00", "26-01", "2026-1", "2026-001", "+026-01", "1953-12", "2100-01",
            "", "2026",
        ] {
            assert_eq!(text.parse::<Month>(), Err(NotMonth), "{text:?}");
        }
    }
}
