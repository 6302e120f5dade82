//! Who pays in the month of the demo.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::cli::Failure;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::rent::{self, RuleShelf};
use crate::tenancy;

/// How many households are looked at.
const LOOKED_AT: i64 = 400;
/// What a store takes at most, in cents.
const AT_MOST: i64 = 500_000;
/// Households whose rent the Social Welfare Department pays.
const RECIPIENTS: usize = 5;

/// A household, and how much.
pub type Owing = (TenantCode, Money);

/// Households, each in one place only.
pub struct Households {
    /// Recipients of CSSA, and their rent.
    pub recipients: Vec<Owing>,
    /// Who owes what a store would take.
    payers: Vec<Owing>,
    /// One that lives with us no more.
    pub gone: Option<TenantCode>,
}

impl Households {
    pub fn of(conn: &mut PgConnection, month: Month, now: DateTime<Utc>) -> Result<Self, Failure> {
        let today = hong_kong_date(now);
        let codes = (0..LOOKED_AT).filter_map(|place| TenantCode::of(TenantCode::FIRST + place));
        let mut until = tenancy::lives_until(conn, &codes.collect::<Vec<_>>())?;
        until.sort_unstable();
        let gone = until.iter().find(|(_, last)| *last < today);
        // Who leaves before the month ends has said so: nothing is granted or collected then.
        let stays = until
            .iter()
            .filter(|(_, last)| *last > Month::of(today).last());
        let living: Vec<_> = stays.map(|(code, _)| *code).collect();
        let shelf = RuleShelf::default();
        let mut recipients: Vec<_> = rent::rents(conn, &shelf, &living, (month, now))?
            .into_iter()
            .filter_map(|(code, rent)| Some((code, rent.ok()?)))
            .filter(|(_, rent)| *rent > Money::ZERO)
            .collect();
        recipients.sort_unstable();
        recipients.truncate(RECIPIENTS);
        let mut payers: Vec<_> = rent::dues(conn, &shelf, &living, (Month::of(today), now))?
            .into_iter()
            .filter_map(|(code, due)| Some((code, due.ok()?)))
            .filter(|(_, due)| (1..=AT_MOST).contains(&due.cents()))
            .filter(|(code, _)| recipients.iter().all(|(recipient, _)| recipient != code))
            .collect();
        payers.sort_unstable();
        Ok(Self {
            recipients,
            payers,
            gone: gone.map(|(code, _)| *code),
        })
    }

    /// So many payers from the one after `after` others.
    pub fn some(&self, after: usize, many: usize) -> Vec<Owing> {
        self.payers.iter().skip(after).take(many).copied().collect()
    }
}

/// `code` with another last digit, which no check digit is.
pub fn misread(code: TenantCode) -> String {
    let mut text = code.to_string();
    let last = text.pop().and_then(|digit| digit.to_digit(10));
    text + &((last.unwrap_or_default() + 1) % 10).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misread_code_is_nobodys() {
        for place in 0..50 {
            let code = TenantCode::of(TenantCode::FIRST + place).unwrap();
            assert!(misread(code).parse::<TenantCode>().is_err(), "{code}");
        }
    }
}
