//! A household's month: what was granted against what was paid and charged.

use crate::cssa::model::ExceptionKind;
use crate::kernel::money::Money;
use crate::payments::files::{Coverage, Granted};

/// What is known of a household's month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub granted: Option<Granted>,
    /// What the department paid.
    pub paid: Money,
    /// The month's rent; none when it cannot be told.
    pub rent: Option<Money>,
    /// Whether the household lives somewhere of ours in the month.
    pub lives: bool,
}

/// What of `case` does not agree.
pub fn findings(case: Case) -> Vec<ExceptionKind> {
    let Case {
        granted,
        paid,
        rent,
        lives,
    } = case;
    let is_paid = paid > Money::ZERO;
    if !lives {
        let is_one = granted.is_some() || is_paid;
        return is_one
            .then_some(ExceptionKind::TenancyEnded)
            .into_iter()
            .collect();
    }
    let Some(granted) = granted else {
        return is_paid
            .then_some(ExceptionKind::NoAllowance)
            .into_iter()
            .collect();
    };
    let of_payment = if !is_paid {
        Some(ExceptionKind::NotPaid)
    } else if paid != granted.amount {
        Some(ExceptionKind::OtherAmount)
    } else {
        None
    };
    let of_rent = rent.and_then(|rent| {
        if granted.amount > rent {
            Some(ExceptionKind::AboveRent)
        } else if granted.coverage == Coverage::Full && granted.amount < rent {
            Some(ExceptionKind::BelowRent)
        } else {
            None
        }
    });
    of_payment.into_iter().chain(of_rent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExceptionKind::{AboveRent, BelowRent, NoAllowance, NotPaid, OtherAmount, TenancyEnded};

    #[test]
    fn each_thing_that_does_not_agree_is_found() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let granted = |coverage, amount| {
            Some(Granted {
                coverage,
                amount: money(amount),
            })
        };
        let full = granted(Coverage::Full, "2000.00");
        let part = granted(Coverage::Partial, "2000.00");
        for (granted, paid, rent, lives, expected) in [
            (full, "2000.00", Some("2000.00"), true, vec![]),
            (part, "2000.00", Some("2400.00"), true, vec![]),
            (None, "0.00", Some("2400.00"), true, vec![]),
            (None, "0.01", Some("2400.00"), true, vec![NoAllowance]),
            (part, "0.00", Some("2400.00"), true, vec![NotPaid]),
            (part, "1999.99", Some("2400.00"), true, vec![OtherAmount]),
            (part, "2000.01", Some("2400.00"), true, vec![OtherAmount]),
            (part, "2000.00", Some("1999.99"), true, vec![AboveRent]),
            (full, "2000.00", Some("1999.99"), true, vec![AboveRent]),
            (full, "2000.00", Some("2000.01"), true, vec![BelowRent]),
            (
                full,
                "0.00",
                Some("2400.00"),
                true,
                vec![NotPaid, BelowRent],
            ),
            (part, "2000.00", None, true, vec![]),
            (part, "0.00", Some("0.00"), false, vec![TenancyEnded]),
            (None, "5.00", Some("0.00"), false, vec![TenancyEnded]),
            (None, "0.00", Some("0.00"), false, vec![]),
        ] {
            let case = Case {
                granted,
                paid: money(paid),
                rent: rent.map(money),
                lives,
            };
            assert_eq!(findings(case), expected, "{case:?}");
        }
    }
}
