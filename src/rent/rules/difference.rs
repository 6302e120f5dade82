//! What has to be booked so that the ledger says what the rules say.

use std::collections::BTreeMap;

use crate::kernel::money::Money;
use crate::ledger::General;
use crate::rent::model::{Charge, RentError};

/// Amounts on a household's account by the general account on their other side.
pub type Posted = BTreeMap<General, Money>;

/// What `charge` is to be, by general account.
pub fn by_general(charge: Option<&Charge>) -> Result<Posted, RentError> {
    let mut amounts = Posted::new();
    for line in charge.into_iter().flat_map(|charge| &charge.lines) {
        let amount = amounts.entry(line.general).or_default();
        *amount = amount.checked_add(line.amount)?;
    }
    Ok(amounts)
}

/// What must still be booked to get from `posted` to `wanted`; zeros are left out.
pub fn difference(wanted: &Posted, posted: &Posted) -> Result<Posted, RentError> {
    let mut missing = wanted.clone();
    for (general, amount) in posted {
        let rest = missing.entry(*general).or_default();
        *rest = rest.checked_sub(*amount)?;
    }
    missing.retain(|_, amount| *amount != Money::ZERO);
    Ok(missing)
}
