//! When somebody was born.

use chrono::{Datelike, Months, NaiveDate};

use crate::kernel::personal::personal;

personal! {
    /// A date of birth, written `YYYY-MM-DD`, from 1890 on.
    BirthDate(max = 10);
}

/// The text is no date of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date of birth is written YYYY-MM-DD, from 1890-01-01 to today")]
pub struct NotBirthDate;

const EARLIEST_YEAR: i32 = 1890;

impl BirthDate {
    /// The day itself.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.0.parse().unwrap_or_default()
    }

    /// Whether the person was born by `day`.
    #[must_use]
    pub fn by(&self, day: NaiveDate) -> bool {
        self.day() <= day
    }

    /// Whether the person is `years` old on `day`; who was born on a leap day, from 1 March in
    /// other years.
    #[must_use]
    pub fn is_of_age(&self, years: u32, day: NaiveDate) -> bool {
        let born = self.day();
        let Some(birthday) = born.checked_add_months(Months::new(years.saturating_mul(12))) else {
            return false;
        };
        let moved = birthday.day() != born.day();
        if moved {
            birthday < day
        } else {
            birthday <= day
        }
    }

    /// Its year: `1980-**-**`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}-**-**", self.0.get(..4).unwrap_or_default())
    }
}

impl TryFrom<NaiveDate> for BirthDate {
    type Error = NotBirthDate;

    fn try_from(day: NaiveDate) -> Result<Self, NotBirthDate> {
        let fits = (EARLIEST_YEAR..=2199).contains(&day.year());
        fits.then(|| Self(day.to_string())).ok_or(NotBirthDate)
    }
}

impl TryFrom<String> for BirthDate {
    type Error = NotBirthDate;

    fn try_from(text: String) -> Result<Self, NotBirthDate> {
        // Chrono also reads `2026-1-5` and ` +2026-01-05`.
        let shaped =
            text.len() == 10 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-'));
        let day: NaiveDate = text.parse().map_err(|_| NotBirthDate)?;
        if shaped {
            day.try_into()
        } else {
            Err(NotBirthDate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(text: &str) -> BirthDate {
        text.parse().unwrap()
    }

    #[test]
    fn only_plain_dates_since_1890_are_read() {
        for text in ["1890-01-01", "2000-02-29", "2026-11-20"] {
            assert_eq!(born(text).reveal(), text);
        }
        for text in [
            "",
            "1889-12-31",
            "2001-02-29",
            "2000-2-9",
            "20000229",
            "2200-01-01",
            "+2000-01-01",
            "2000-01-0\u{0}",
        ] {
            assert_eq!(text.parse::<BirthDate>(), Err(NotBirthDate), "{text:?}");
        }
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let day = |text: &str| text.parse().unwrap();
        for (birth, years, today, is) in [
            ("2008-11-20", 18, "2026-11-19", false),
            ("2008-11-20", 18, "2026-11-20", true),
            ("2008-02-29", 18, "2026-02-28", false),
            ("2008-02-29", 18, "2026-03-01", true),
            ("2008-02-29", 20, "2028-02-29", true),
        ] {
            assert_eq!(
                born(birth).is_of_age(years, day(today)),
                is,
                "{birth} on {today}"
            );
        }
        assert!(born("2026-11-20").by(day("2026-11-20")));
        assert!(!born("2026-11-21").by(day("2026-11-20")));
        assert_eq!(born("1980-05-06").masked(), "1980-**-**");
        assert_eq!(format!("{:?}", born("1980-05-06")), "BirthDate(***)");
    }
}
