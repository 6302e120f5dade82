//! What of a month the department pays, and what is left for the tenant.

use crate::cssa::model::{RentChange, ToCome};
use crate::kernel::money::Money;
use crate::payments::files::{Coverage, Granted};

/// What has still to come of `granted` when so much of the month was paid.
pub fn still_to_come(granted: Granted, paid: Money) -> ToCome {
    match granted.coverage {
        Coverage::Full => ToCome::Whole,
        Coverage::Partial => {
            let rest = granted.amount.checked_sub(paid).unwrap_or_default();
            ToCome::Part(rest.or_zero())
        }
    }
}

/// What of `due` is left for the tenant, when `rent` of it is the month's and the department has
/// paid so much of that: what is owed of other months stays the tenant's.
pub fn yours((due, rent): (Money, Money), paid: Money, to_come: Option<ToCome>) -> Money {
    let covered = match to_come {
        None => Money::ZERO,
        Some(ToCome::Whole) => rent.checked_sub(paid).unwrap_or_default().or_zero(),
        Some(ToCome::Part(part)) => part,
    };
    due.checked_sub(covered).unwrap_or_default().or_zero()
}

/// What became of a rent since the month before.
pub fn change(lives: bool, before: Money, rent: Money) -> RentChange {
    match lives {
        false => RentChange::Ended,
        true if before == rent => RentChange::Same,
        true => RentChange::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn granted(coverage: Coverage, amount: &str) -> Granted {
        Granted {
            coverage,
            amount: money(amount),
        }
    }

    #[test]
    fn what_came_is_not_expected_twice() {
        let part = |text| ToCome::Part(money(text));
        for (coverage, paid, expected) in [
            (Coverage::Partial, "0.00", part("1500.00")),
            (Coverage::Partial, "400.00", part("1100.00")),
            (Coverage::Partial, "1500.00", part("0.00")),
            (Coverage::Partial, "1600.00", part("0.00")),
            (Coverage::Full, "0.00", ToCome::Whole),
            (Coverage::Full, "1500.00", ToCome::Whole),
        ] {
            let found = still_to_come(granted(coverage, "1500.00"), money(paid));
            assert_eq!(found, expected, "{coverage} {paid}");
        }
    }

    #[test]
    fn the_tenant_pays_the_rest_and_what_is_owed_besides() {
        let part = |text| Some(ToCome::Part(money(text)));
        for (due, paid, to_come, left) in [
            ("2364.00", "0.00", None, "2364.00"),
            ("2364.00", "0.00", part("1500.00"), "864.00"),
            // The transfer came: the quote has it already.
            ("864.00", "1500.00", part("0.00"), "864.00"),
            ("2364.00", "0.00", Some(ToCome::Whole), "0.00"),
            ("0.00", "2364.00", Some(ToCome::Whole), "0.00"),
            // A hundred is owed of another month.
            ("2464.00", "0.00", Some(ToCome::Whole), "100.00"),
            ("100.00", "2364.00", Some(ToCome::Whole), "100.00"),
            // Credit counts first.
            ("300.00", "0.00", part("1500.00"), "0.00"),
            ("300.00", "0.00", Some(ToCome::Whole), "0.00"),
        ] {
            let found = yours((money(due), money("2364.00")), money(paid), to_come);
            assert_eq!(found, money(left), "{due} {paid} {to_come:?}");
        }
    }

    #[test]
    fn a_rent_is_the_same_or_another_or_over() {
        let (one, two) = (money("2364.00"), money("2400.00"));
        assert_eq!(change(true, one, one), RentChange::Same);
        assert_eq!(change(true, one, two), RentChange::Changed);
        assert_eq!(change(false, one, Money::ZERO), RentChange::Ended);
    }
}
