//! What became of lines, counted.

use std::collections::BTreeMap;

use crate::kernel::money::{Money, NotMoney};
use crate::payments::model::{Fate, Tally};

/// How many lines met each fate, and what they come to; nothing of a fate that none met.
pub fn tallied(lines: impl Iterator<Item = (Fate, Money)>) -> Result<Vec<Tally>, NotMoney> {
    let mut tallies: BTreeMap<Fate, Tally> = BTreeMap::new();
    for (fate, amount) in lines {
        let none = Tally {
            fate,
            lines: 0,
            amount: Money::ZERO,
        };
        let tally = tallies.entry(fate).or_insert(none);
        tally.lines = tally.lines.saturating_add(1);
        tally.amount = tally.amount.checked_add(amount)?;
    }
    Ok(tallies.into_values().collect())
}
