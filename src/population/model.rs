//! What is asked for, what comes of it, and what is planned in between.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::estates::EstateError;
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::money::{Money, NotMoney};
use crate::kernel::month::Month;
use crate::kernel::person_name::NotName;
use crate::ledger::LedgerError;
use crate::people::PeopleError;
use crate::platform::db::DbError;
use crate::platform::vault::VaultError;
use crate::rent::RentError;

/// The most tenancies that one order may ask for.
pub const MOST_TENANCIES: u32 = 2_000_000;
/// The most months of history.
pub const MOST_MONTHS: u32 = 240;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Tenancies that run at the end of the history.
    pub tenancies: u32,
    /// Another seed makes another population.
    pub seed: u64,
    /// Months of history.
    pub months: u32,
    /// The last of them.
    pub until: Month,
}

impl Order {
    /// Two years of history up to last month in Hong Kong.
    #[must_use]
    pub fn new(tenancies: u32, seed: u64, now: DateTime<Utc>) -> Self {
        Self {
            tenancies,
            seed,
            months: 24,
            until: hong_kong_month(now).minus(1),
        }
    }

    /// The time the history covers, unless the order cannot be met at `now`.
    pub fn window(&self, now: DateTime<Utc>) -> Result<Window, PopulationError> {
        let this_month = hong_kong_month(now);
        let months = (1..=MOST_MONTHS).contains(&self.months);
        let tenancies = (1..=MOST_TENANCIES).contains(&self.tenancies);
        if !months || !tenancies || self.until > this_month {
            return Err(PopulationError::Order);
        }
        Ok(Window {
            first: self.until.minus(self.months - 1),
            last: self.until,
            until: self.until.last().min(hong_kong_date(now)),
            now,
        })
    }
}

/// The time a history covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: Month,
    pub last: Month,
    /// Its last day.
    pub until: NaiveDate,
    /// Nothing is known, paid or booked after this.
    pub now: DateTime<Utc>,
}

impl Window {
    /// How many months it has.
    #[must_use]
    pub fn months(&self) -> u32 {
        let months = self.first.through(self.last).count();
        u32::try_from(months).unwrap_or(MOST_MONTHS)
    }
}

/// What was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub estates: usize,
    pub flats: usize,
    pub households: usize,
    /// That run at the end.
    pub tenancies: usize,
    /// That ended during the history.
    pub ended: usize,
    pub awards: usize,
    /// Members of households, those who left too.
    pub people: u64,
    pub months: u32,
    pub charges: u64,
    /// Of charges and of payments.
    pub transfers: u64,
    pub payments: u64,
    /// What was charged, HKD.
    pub charged: Decimal,
    /// What was paid, HKD.
    pub paid: Decimal,
    /// Households that owe something at the end, and how much, HKD.
    pub owing: usize,
    pub owed: Decimal,
    /// Households in credit at the end, and how much, HKD.
    pub in_credit: usize,
    pub credit: Decimal,
    /// Where the time went.
    pub took: Vec<(&'static str, Duration)>,
}

impl Summary {
    /// Counts what a household owes at the end.
    pub fn count_balance(&mut self, balance: Money) {
        let amount = balance.as_decimal();
        if balance > Money::ZERO {
            self.owing += 1;
            self.owed += amount;
        } else if balance < Money::ZERO {
            self.in_credit += 1;
            self.credit -= amount;
        }
    }
}

/// Why no population was generated.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    #[error(
        "an order is of 1 to {MOST_TENANCIES} tenancies and 1 to {MOST_MONTHS} months, \
         the last of them this month or before"
    )]
    Order,
    /// A population is only put where there is none.
    #[error("the database has flats, households, rent or a ledger already")]
    NotEmpty,
    /// No estate has blocks, a count of rental flats and a rent rate from the first month on.
    #[error("no estate can be lived in from {0}: none has blocks, rental flats and a rent rate")]
    NoEstates(Month),
    #[error("stopped; nothing is kept")]
    Stopped,
    #[error("the threads that make and load it lost each other")]
    Severed,
    #[error(transparent)]
    Name(#[from] NotName),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Amount(#[from] NotMoney),
    #[error(transparent)]
    Estates(#[from] EstateError),
    #[error(transparent)]
    Rent(#[from] RentError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Db(#[from] DbError),
}
