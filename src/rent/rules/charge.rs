//! What one tenancy costs in one month.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::kernel::money::{Money, Rounding};
use crate::kernel::month::Month;
use crate::ledger::General;
use crate::rent::model::{
    Award, Charge, Effect, Line, LineKind, Rate, RentError, RuleBook, RuleRow, Scheme, SchemeRule,
    Tenure,
};
use crate::tenancy::TenancyKind;

/// What `tenure` costs in `month` as far as was known at `known_at`; nothing when the
/// household does not hold the flat in it.
pub fn charge(
    book: &RuleBook,
    tenure: &Tenure,
    awards: &[Award],
    month: Month,
    known_at: DateTime<Utc>,
) -> Result<Option<Charge>, RentError> {
    let Some((first_day, last_day)) = days_held(tenure, month, known_at) else {
        return Ok(None);
    };
    let day = first_day;
    let mut bill = Bill::default();
    let rate = rate(book, tenure, day, known_at)?;
    normal_rent(&mut bill, book, rate, tenure, (day, known_at))?;
    let rates = Money::round(rate.rates_per_m2 * tenure.ifa, Rounding::Cent)?;
    let scheme = scheme_of(tenure, awards, month, known_at);
    let mut additional = false;
    if let Some(scheme) = scheme {
        let rule = scheme_rule(book, scheme, day, known_at)?;
        additional = matches!(rule.effect, Effect::Multiply(_));
        apply_scheme(&mut bill, rule, rates)?;
    }
    if matches!(tenure.kind, TenancyKind::Prh | TenancyKind::InterimHousing) {
        waive(&mut bill, book, additional, (day, known_at))?;
    }
    let whole = first_day == month.first() && last_day == month.last();
    if !whole {
        for line in &mut bill.lines {
            line.amount = line
                .amount
                .share(first_day.day(), last_day.day(), month.days())?;
        }
    }
    bill.lines.retain(|line| line.amount != Money::ZERO);
    Ok(Some(Charge {
        tenancy: tenure.tenancy_id,
        first_day,
        last_day,
        amount: Money::sum(bill.lines.iter().map(|line| line.amount))?,
        lines: bill.lines,
    }))
}

/// The lines so far and what they come to.
#[derive(Default)]
struct Bill {
    lines: Vec<Line>,
    payable: Money,
}

impl Bill {
    fn add(
        &mut self,
        kind: LineKind,
        amount: Money,
        row: &RuleRow,
        general: General,
    ) -> Result<(), RentError> {
        self.payable = self.payable.checked_add(amount)?;
        let row = row.clone();
        self.lines.push(Line {
            kind,
            amount,
            row,
            general,
        });
        Ok(())
    }
}

/// The days of `month` on which the household holds the flat.
fn days_held(
    tenure: &Tenure,
    month: Month,
    known_at: DateTime<Utc>,
) -> Option<(NaiveDate, NaiveDate)> {
    let end_known = tenure.end_recorded_at.is_some_and(|at| at <= known_at);
    let end = tenure
        .ends_on
        .filter(|_| end_known)
        .unwrap_or(NaiveDate::MAX);
    let (first, last) = (tenure.starts_on.max(month.first()), end.min(month.last()));
    (tenure.recorded_at <= known_at && first <= last).then_some((first, last))
}

fn rate<'a>(
    book: &'a RuleBook,
    tenure: &Tenure,
    day: NaiveDate,
    known_at: DateTime<Utc>,
) -> Result<&'a Rate, RentError> {
    let rates = book
        .rates
        .get(&tenure.estate_id)
        .map(Vec::as_slice)
        .unwrap_or_default();
    rates
        .iter()
        .find(|rate| rate.in_force.holds(day, known_at))
        .ok_or(RentError::NoRate(tenure.estate_id, day))
}

/// The rent before any scheme: the rate, then every review since it was set.
fn normal_rent(
    bill: &mut Bill,
    book: &RuleBook,
    rate: &Rate,
    tenure: &Tenure,
    (day, known_at): (NaiveDate, DateTime<Utc>),
) -> Result<(), RentError> {
    let income = match tenure.kind {
        TenancyKind::Prh => General::RentIncome,
        TenancyKind::InterimHousing | TenancyKind::Licence => General::LicenceFeeIncome,
        TenancyKind::Occupation => General::OccupationFeeIncome,
    };
    let mut rent = Money::round(rate.rent_per_m2 * tenure.ifa, Rounding::Dollar)?;
    bill.add(LineKind::BaseRent, rent, &rate.row, income)?;
    let since = rate.in_force.valid_from;
    let reviews = book.reviews.iter().filter(|review| {
        review.in_force.valid_from > since && review.in_force.holds(day, known_at)
    });
    for review in reviews {
        let reviewed = rent.as_decimal() * (Decimal::ONE + review.rent_change);
        let reviewed = Money::round(reviewed, Rounding::Dollar)?;
        let change = reviewed.checked_sub(rent)?;
        bill.add(LineKind::RentReview, change, &review.row, income)?;
        if review.increase_waived_until.is_some_and(|last| day <= last) {
            let waived = change.or_zero().negated();
            bill.add(
                LineKind::IncreaseWaived,
                waived,
                &review.row,
                General::IncreaseWaived,
            )?;
        }
        rent = reviewed;
    }
    Ok(())
}

/// What the household pays by: its kind of tenancy decides, else what it was granted.
fn scheme_of(
    tenure: &Tenure,
    awards: &[Award],
    month: Month,
    known_at: DateTime<Utc>,
) -> Option<Scheme> {
    match tenure.kind {
        TenancyKind::Licence => return Some(Scheme::Licence),
        TenancyKind::Occupation => return Some(Scheme::Occupation),
        TenancyKind::Prh | TenancyKind::InterimHousing => {}
    }
    let granted = awards.iter().find(|award| {
        award.household == tenure.household
            && award.first_month <= month.first()
            && award.last_month.is_none_or(|last| month.first() <= last)
            && award.recorded_at <= known_at
            && award.replaced_at.is_none_or(|end| known_at < end)
    });
    granted.map(|award| award.scheme)
}

/// What `scheme` does on `day`.
pub(super) fn scheme_rule(
    book: &RuleBook,
    scheme: Scheme,
    day: NaiveDate,
    known_at: DateTime<Utc>,
) -> Result<&SchemeRule, RentError> {
    book.schemes
        .iter()
        .find(|rule| rule.scheme == scheme && rule.in_force.holds(day, known_at))
        .ok_or(RentError::NoSchemeRule(scheme, day))
}

fn apply_scheme(bill: &mut Bill, rule: &SchemeRule, rates: Money) -> Result<(), RentError> {
    let payable = bill.payable.as_decimal();
    let (kind, general) = match rule.scheme {
        Scheme::Assistance25 | Scheme::Assistance50 => {
            (LineKind::RentAssistance, General::RentAssistance)
        }
        Scheme::AdditionalOver2 | Scheme::AdditionalOver3 | Scheme::AdditionalOver4 => {
            (LineKind::AdditionalRent, General::AdditionalRentIncome)
        }
        Scheme::Licence => (LineKind::LicenceFee, General::LicenceFeeIncome),
        Scheme::Occupation => (LineKind::OccupationFee, General::OccupationFeeIncome),
    };
    let becomes = match rule.effect {
        Effect::Reduce(share) => payable * (Decimal::ONE - share),
        // k times the net rent plus rates; the rates are in the rent once already.
        Effect::Multiply(times) => {
            payable + (payable - rates.as_decimal()) * (times - Decimal::ONE)
        }
    };
    let becomes = Money::round(becomes, Rounding::Dollar)?;
    bill.add(kind, becomes.checked_sub(bill.payable)?, &rule.row, general)
}

fn waive(
    bill: &mut Bill,
    book: &RuleBook,
    additional: bool,
    (day, known_at): (NaiveDate, DateTime<Utc>),
) -> Result<(), RentError> {
    let waiver = book
        .waivers
        .iter()
        .find(|waiver| waiver.in_force.holds(day, known_at))
        .filter(|waiver| !(additional && waiver.excludes_additional));
    let Some(waiver) = waiver else { return Ok(()) };
    let relief = Money::round(bill.payable.as_decimal() * waiver.share, Rounding::Dollar)?;
    bill.add(
        LineKind::RentWaived,
        relief.negated(),
        &waiver.row,
        General::RentWaived,
    )
}

#[cfg(test)]
#[path = "charge_tests.rs"]
mod tests;
