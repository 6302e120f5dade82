//! The Electronic Payment Tenant Code (電子繳費租戶號碼): nine digits that number the
//! household and one check digit, e.g. `1000000018`.
//!
//! The Housing Authority's own format is not published, so this one is ours. The check
//! digit is Damm's (a quasigroup of order ten, H. M. Damm 2004): it refuses every code with
//! one digit wrong and every code with two neighbouring digits exchanged. A household's
//! number is the key of its rent account, so a code is looked up without an index of its own.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

/// A household's number with its check digit; the number alone (`bigint`) in SQL.
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
#[schema(value_type = String, pattern = r"^[1-9]\d{9}$", example = "1000000018")]
#[diesel(sql_type = BigInt)]
pub struct TenantCode(i64);

/// Why a text is not a tenant code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTenantCode {
    #[error("a tenant code has ten digits and does not start with 0")]
    Shape,
    #[error("the tenant code's check digit is wrong: a digit was mistyped")]
    CheckDigit,
}

/// Damm's quasigroup.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The check digit of `digits`; 0 when they already end in theirs.
fn damm(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |interim, digit| {
        let row = TABLE.get(usize::from(interim));
        row.and_then(|row| row.get(usize::from(digit)))
            .copied()
            .unwrap_or(0)
    })
}

impl TenantCode {
    /// The smallest household number: below it stand the general accounts of the ledger.
    pub const FIRST: i64 = 100_000_000;
    /// The largest household number.
    pub const LAST: i64 = 999_999_999;

    /// The code of the household numbered `number`.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        (Self::FIRST..=Self::LAST)
            .contains(&number)
            .then_some(Self(number))
    }

    /// The household's number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TenantCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.to_string();
        write!(
            f,
            "{number}{}",
            damm(number.bytes().map(|byte| byte - b'0'))
        )
    }
}

impl FromStr for TenantCode {
    type Err = NotTenantCode;

    fn from_str(text: &str) -> Result<Self, NotTenantCode> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() != 10 || !digits || text.starts_with('0') {
            return Err(NotTenantCode::Shape);
        }
        if damm(text.bytes().map(|byte| byte - b'0')) != 0 {
            return Err(NotTenantCode::CheckDigit);
        }
        let number: i64 = text.parse().map_err(|_| NotTenantCode::Shape)?;
        Self::of(number / 10).ok_or(NotTenantCode::Shape)
    }
}

impl TryFrom<String> for TenantCode {
    type Error = NotTenantCode;

    fn try_from(text: String) -> Result<Self, NotTenantCode> {
        text.parse()
    }
}

impl From<TenantCode> for String {
    fn from(code: TenantCode) -> Self {
        code.to_string()
    }
}

impl FromSql<BigInt, Pg> for TenantCode {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let number = <i64 as FromSql<BigInt, Pg>>::from_sql(bytes)?;
        Self::of(number).ok_or_else(|| "a household number has nine digits".into())
    }
}

impl ToSql<BigInt, Pg> for TenantCode {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <i64 as ToSql<BigInt, Pg>>::to_sql(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damms_published_example_holds() {
        assert_eq!(damm([5, 7, 2].into_iter()), 4);
        assert_eq!(damm([5, 7, 2, 4].into_iter()), 0);
    }

    proptest::proptest! {
        #[test]
        fn a_code_reads_back(number in TenantCode::FIRST..=TenantCode::LAST) {
            let code = TenantCode::of(number).unwrap();
            proptest::prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        #[test]
        fn one_wrong_digit_or_two_exchanged_are_refused(
            number in TenantCode::FIRST..=TenantCode::LAST,
            place in 0_usize..10,
            other in 1_u8..10,
        ) {
            let code = TenantCode::of(number).unwrap().to_string();
            let mut wrong = code.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + other) % 10;
            let wrong = String::from_utf8(wrong).unwrap();
            proptest::prop_assert!(wrong.parse::<TenantCode>().is_err());

            let mut exchanged = code.clone().into_bytes();
            exchanged.swap(place, (place + 1).min(9));
            let exchanged = String::from_utf8(exchanged).unwrap();
            proptest::prop_assert!(exchanged == code || exchanged.parse::<TenantCode>().is_err());
        }
    }
}
