//! The one figure that every channel shows.

use chrono::{DateTime, NaiveDate, Utc};

use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::rent::model::{Award, Charge, Quote, RentError, RuleBook, Tenure};

use super::charge;

/// Where the ledger stands for a household as at a day, as known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub valid_at: NaiveDate,
    pub known_at: DateTime<Utc>,
    /// Everything that counts from that day or before.
    pub balance: Money,
    /// What of the balance is the quoted month's own charges.
    pub charged: Money,
}

/// What the household has to pay for `month`.
///
/// The month's rent is calculated, not read from the ledger: the figure is the same before
/// the monthly charge is booked, while it runs and after, and a decision counts the moment
/// it is recorded.
pub fn quote(
    book: &RuleBook,
    tenures: &[Tenure],
    awards: &[Award],
    month: Month,
    position: Position,
) -> Result<Quote, RentError> {
    let Position {
        valid_at,
        known_at,
        balance,
        charged,
    } = position;
    let charges: Vec<Charge> = tenures
        .iter()
        .filter_map(|tenure| charge(book, tenure, awards, month, known_at).transpose())
        .collect::<Result<_, _>>()?;
    let rent = Money::sum(charges.iter().map(|charge| charge.amount))?;
    let brought_forward = balance.checked_sub(charged)?;
    let total = brought_forward.checked_add(rent)?;
    Ok(Quote {
        month,
        valid_at,
        known_at,
        charges,
        rent,
        brought_forward,
        due: total.or_zero(),
        credit: total.negated().or_zero(),
    })
}
