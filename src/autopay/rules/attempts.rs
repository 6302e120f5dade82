//! Whether a household is debited, for how much, and for the how-manieth time.

use chrono::NaiveDate;

use super::days::plus_working_days;
use crate::autopay::model::{DebitResult, LeftOut, Policy};
use crate::cssa::ToCome;
use crate::kernel::id::MandateId;
use crate::kernel::money::Money;
use crate::kernel::working_day::Holidays;

/// An earlier attempt of the same month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    pub attempt: i16,
    pub mandate: MandateId,
    pub collected_on: NaiveDate,
    pub fate: Fate,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Waiting,
    Accepted,
    /// At once, or after it was accepted.
    Refused(DebitResult),
    /// Its collection was never sent.
    Withdrawn,
}

/// The number of the attempt to make on `collect_on` by `mandate`, after those `tried`, in order.
pub fn next_attempt(
    tried: &[Tried],
    mandate: MandateId,
    policy: &Policy,
    (collect_on, holidays): (NaiveDate, &Holidays),
) -> Result<i16, LeftOut> {
    let last = tried.iter().map(|tried| tried.attempt).max();
    let next = last.unwrap_or(0).saturating_add(1);
    let sent = || tried.iter().filter(|tried| tried.fate != Fate::Withdrawn);
    let Some(last) = sent().next_back() else {
        return Ok(next);
    };
    let code = match last.fate {
        Fate::Waiting => return Err(LeftOut::OnItsWay),
        Fate::Accepted => return Err(LeftOut::Collected),
        Fate::Withdrawn => return Ok(next),
        Fate::Refused(code) => code,
    };
    // Another account is another matter.
    if last.mandate != mandate {
        return Ok(next);
    }
    let times = sent().filter(|tried| tried.mandate == mandate).count();
    if times > policy.retries || !code.may_pass() {
        return Err(LeftOut::NotTriedAgain);
    }
    if collect_on < plus_working_days(last.collected_on, policy.retry_after, holidays) {
        return Err(LeftOut::TooSoon);
    }
    Ok(next)
}

/// What to debit of `due`, when so much is `on_its_way` of other months and so much of this one is
/// to come by `cssa`.
pub fn amount(
    due: Money,
    (on_its_way, cssa): (Money, Option<ToCome>),
    at_most: Option<Money>,
) -> Result<Money, LeftOut> {
    let to_come = match cssa {
        None => Money::ZERO,
        Some(ToCome::Whole) => return Err(LeftOut::PaidByCssa),
        Some(ToCome::Part(rest)) => rest,
    };
    let rest = due.checked_sub(on_its_way).unwrap_or_default();
    let rest = rest.checked_sub(to_come).unwrap_or_default();
    if rest <= Money::ZERO {
        return Err(LeftOut::NothingDue);
    }
    // The bank would refuse the whole of it.
    match at_most {
        Some(most) if rest > most => Err(LeftOut::OverLimit),
        _ => Ok(rest),
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::autopay::model::{Creditor, Rail};
    use crate::kernel::dated::{InForce, RuleRow};

    pub fn policy() -> Policy {
        Policy {
            row: RuleRow {
                number: 1,
                source: Arc::from("a test"),
                assumed: true,
            },
            in_force: InForce {
                valid_from: day("2000-01-01"),
                valid_to: None,
                recorded_at: "2000-01-01T00:00:00Z".parse().unwrap(),
                replaced_at: None,
            },
            rail: Rail::Autopay,
            collection_day: 1,
            lead_days: 2,
            retries: 1,
            retry_after: 5,
            refusals: 3,
            return_fee: "60.00".parse().unwrap(),
            creditor: Creditor {
                payment_code: "R01".to_owned(),
                bank: "004".to_owned(),
                account: "808123456001".to_owned(),
                name: "HK Housing Authority".to_owned(),
            },
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one plain list")]
    fn an_attempt_follows_a_refusal_that_may_pass_and_nothing_else() {
        let (one, other) = (MandateId::derived("one"), MandateId::derived("other"));
        let tried = |attempt, fate| Tried {
            attempt,
            mandate: one,
            collected_on: day("2026-11-02"),
            fate,
        };
        let funds = Fate::Refused(DebitResult::InsufficientFunds);
        let closed = Fate::Refused(DebitResult::AccountClosed);
        let (soon, later) = ("2026-11-06", "2026-11-09");
        for (before, mandate, on, expected) in [
            (vec![], one, soon, Ok(1)),
            (
                vec![tried(1, Fate::Waiting)],
                one,
                later,
                Err(LeftOut::OnItsWay),
            ),
            (
                vec![tried(1, Fate::Waiting)],
                other,
                later,
                Err(LeftOut::OnItsWay),
            ),
            (
                vec![tried(1, Fate::Accepted)],
                one,
                later,
                Err(LeftOut::Collected),
            ),
            (vec![tried(1, funds)], one, soon, Err(LeftOut::TooSoon)),
            (vec![tried(1, funds)], one, later, Ok(2)),
            (vec![tried(1, funds)], other, soon, Ok(2)),
            (
                vec![tried(1, closed)],
                one,
                later,
                Err(LeftOut::NotTriedAgain),
            ),
            (vec![tried(1, closed)], other, soon, Ok(2)),
            (
                vec![tried(1, funds), tried(2, funds)],
                one,
                "2026-11-30",
                Err(LeftOut::NotTriedAgain),
            ),
            // What was never sent was no attempt, but had its number.
            (vec![tried(1, Fate::Withdrawn)], one, soon, Ok(2)),
            (
                vec![tried(1, Fate::Withdrawn), tried(2, funds)],
                one,
                later,
                Ok(3),
            ),
            (
                vec![tried(1, funds), tried(2, Fate::Withdrawn)],
                one,
                later,
                Ok(3),
            ),
            (
                vec![tried(1, Fate::Accepted), tried(2, Fate::Withdrawn)],
                one,
                later,
                Err(LeftOut::Collected),
            ),
        ] {
            let when = (day(on), &Holidays::default());
            assert_eq!(
                next_attempt(&before, mandate, &policy(), when),
                expected,
                "{before:?} {on}"
            );
        }
    }

    #[test]
    fn what_is_due_is_debited_whole_or_not_at_all() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let part = |text| Some(ToCome::Part(money(text)));
        for (due, on_its_way, cssa, at_most, expected) in [
            ("2364.00", "0.00", None, None, Ok("2364.00")),
            ("0.00", "0.00", None, None, Err(LeftOut::NothingDue)),
            ("2364.00", "2364.00", None, None, Err(LeftOut::NothingDue)),
            ("2364.00", "5000.00", None, None, Err(LeftOut::NothingDue)),
            ("4728.00", "2364.00", None, Some("2364.00"), Ok("2364.00")),
            (
                "2364.01",
                "0.00",
                None,
                Some("2364.00"),
                Err(LeftOut::OverLimit),
            ),
            ("2364.00", "0.00", part("1500.00"), None, Ok("864.00")),
            ("2364.00", "800.00", part("1500.00"), None, Ok("64.00")),
            ("864.00", "0.00", part("0.00"), None, Ok("864.00")),
            (
                "1500.00",
                "0.00",
                part("1500.00"),
                None,
                Err(LeftOut::NothingDue),
            ),
            // The limit is for the tenant's part.
            (
                "2364.00",
                "0.00",
                part("1500.00"),
                Some("1000.00"),
                Ok("864.00"),
            ),
            (
                "2364.00",
                "0.00",
                Some(ToCome::Whole),
                None,
                Err(LeftOut::PaidByCssa),
            ),
            (
                "0.00",
                "0.00",
                Some(ToCome::Whole),
                None,
                Err(LeftOut::PaidByCssa),
            ),
        ] {
            let found = amount(money(due), (money(on_its_way), cssa), at_most.map(money));
            assert_eq!(found, expected.map(money), "{due} {on_its_way} {cssa:?}");
        }
    }
}
