//! Amounts in Hong Kong dollars and cents.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Numeric;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount in HKD with exactly two decimal places, below ten thousand million.
///
/// There is no `Add`: sums can overflow, and [`Money::checked_add`] says so.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = r"^-?\d{1,10}\.\d{2}$", example = "2345.00")]
#[diesel(sql_type = Numeric)]
pub struct Money(Decimal);

/// The amount is not written with at most two decimal places, or is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount has up to ten digits and two decimal places, such as 2345.00")]
pub struct NotMoney;

/// How a calculated amount becomes one that can be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest cent, half a cent away from zero.
    Cent,
    /// To the nearest dollar, half a dollar away from zero: monthly rents are whole dollars.
    Dollar,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    const LIMIT: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0); // 10^10

    /// `amount` made payable.
    pub fn round(amount: Decimal, rounding: Rounding) -> Result<Self, NotMoney> {
        let places = match rounding {
            Rounding::Cent => 2,
            Rounding::Dollar => 0,
        };
        Self::exact(amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero))
    }

    fn exact(mut amount: Decimal) -> Result<Self, NotMoney> {
        if amount.scale() > 2 {
            amount = amount.normalize();
        }
        if amount.scale() > 2 || amount.abs() >= Self::LIMIT {
            return Err(NotMoney);
        }
        amount.rescale(2);
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        Ok(Self(amount))
    }

    /// The amount as a number, for multiplying by rates and shares.
    #[must_use]
    pub fn as_decimal(self) -> Decimal {
        self.0
    }

    /// The amount in cents.
    #[must_use]
    pub fn cents(self) -> i64 {
        i64::try_from(self.0.mantissa()).unwrap_or(i64::MAX)
    }

    /// The amount of `cents`.
    pub fn of_cents(cents: i64) -> Result<Self, NotMoney> {
        Self::exact(Decimal::new(cents, 2))
    }

    /// The sum, unless it is too large to be money.
    pub fn checked_add(self, other: Self) -> Result<Self, NotMoney> {
        self.0
            .checked_add(other.0)
            .ok_or(NotMoney)
            .and_then(Self::exact)
    }

    /// The difference, unless it is too large to be money.
    pub fn checked_sub(self, other: Self) -> Result<Self, NotMoney> {
        self.0
            .checked_sub(other.0)
            .ok_or(NotMoney)
            .and_then(Self::exact)
    }

    /// The same amount the other way.
    #[must_use]
    pub fn negated(self) -> Self {
        if self.0.is_zero() {
            self
        } else {
            Self(-self.0)
        }
    }

    /// How much without its direction.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// This amount, or nothing when it is negative.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// The sum of `amounts`, unless it is too large to be money.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, NotMoney> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// What of this amount falls on parts `first..=last` of `whole` equal parts.
    ///
    /// Each share is the difference of two rounded running totals, so however a month is
    /// cut into spells, their shares add up to the month: no cent is made or lost.
    pub fn share(self, first: u32, last: u32, whole: u32) -> Result<Self, NotMoney> {
        let until = |part: u32| {
            let exact = self.0 * Decimal::from(part) / Decimal::from(whole.max(1));
            Self::round(exact, Rounding::Cent)
        };
        until(last)?.checked_sub(until(first.saturating_sub(1))?)
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        // Decimal also reads `1_000`, `+1` and `.5`; an amount on paper has none of them.
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.starts_with(|digit: char| digit.is_ascii_digit())
            && digits.ends_with(|digit: char| digit.is_ascii_digit())
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !plain || text.len() > 32 {
            return Err(NotMoney);
        }
        Decimal::from_str_exact(text)
            .map_err(|_| NotMoney)
            .and_then(Self::exact)
    }
}

/// As callers write it: with two places, neither more nor fewer, as the description says.
impl TryFrom<String> for Money {
    type Error = NotMoney;

    fn try_from(text: String) -> Result<Self, NotMoney> {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        match digits.split_once('.') {
            Some((dollars, cents)) if (1..=10).contains(&dollars.len()) && cents.len() == 2 => {
                text.parse()
            }
            _ => Err(NotMoney),
        }
    }
}

impl From<Money> for String {
    fn from(amount: Money) -> Self {
        amount.to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl FromSql<Numeric, Pg> for Money {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let amount = <Decimal as FromSql<Numeric, Pg>>::from_sql(bytes)?;
        Ok(Self::exact(amount)?)
    }
}

impl ToSql<Numeric, Pg> for Money {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <Decimal as ToSql<Numeric, Pg>>::to_sql(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        for (exact, cent, dollar) in [
            ("0.005", "0.01", "0.00"),
            ("-0.005", "-0.01", "0.00"),
            ("2.344", "2.34", "2.00"),
            ("2.5", "2.50", "3.00"),
            ("-2.5", "-2.50", "-3.00"),
        ] {
            let exact: Decimal = exact.parse().unwrap();
            assert_eq!(Money::round(exact, Rounding::Cent), cent.parse());
            assert_eq!(Money::round(exact, Rounding::Dollar), dollar.parse());
        }
    }

    #[test]
    fn only_plain_amounts_are_read() {
        assert_eq!("1.10".parse::<Money>().unwrap().to_string(), "1.10");
        assert_eq!("7".parse::<Money>().unwrap().to_string(), "7.00");
        assert_eq!("-0.00".parse::<Money>().unwrap(), Money::ZERO);
        for text in [
            "1.001",
            "10000000000",
            "1_000",
            "+1",
            ".5",
            "5.",
            "1e3",
            "",
            "-",
            "NaN",
            "１",
        ] {
            assert_eq!(text.parse::<Money>(), Err(NotMoney), "{text:?}");
        }
    }

    #[test]
    fn a_caller_writes_both_decimal_places() {
        let read = |text: &str| serde_json::from_value::<Money>(text.into()).is_ok();
        for text in ["1.10", "-1.10", "0.00", "-0.00", "0000000001.10"] {
            assert!(read(text), "{text:?}");
        }
        for text in [
            "1",
            "1.1",
            "1.100",
            "1.",
            ".10",
            "00000000001.10",
            "--1.10",
            "1.1.0",
            "",
        ] {
            assert!(!read(text), "{text:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100_000))]

        /// 10^5 random months cut at random days: no cent is made or lost.
        #[test]
        fn shares_of_a_month_add_up_to_it(
            cents in -999_999_999_i64..999_999_999,
            days in 28_u32..=31,
            cuts in proptest::collection::btree_set(1_u32..31, 0..5),
        ) {
            let whole = Money::of_cents(cents).unwrap();
            let mut sum = Money::ZERO;
            let mut first = 1;
            for last in cuts.into_iter().filter(|cut| *cut < days).chain([days]) {
                sum = sum.checked_add(whole.share(first, last, days).unwrap()).unwrap();
                first = last + 1;
            }
            proptest::prop_assert_eq!(sum, whole);
        }
    }
}
