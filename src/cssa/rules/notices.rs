//! What we were told of a household's allowance, and what of it holds in a month.

use chrono::NaiveDate;

use crate::cssa::model::{Allowance, ExceptionKind, Notice};
use crate::kernel::month::Month;
use crate::payments::files::{AllowanceEvent, Granted};

/// What is granted in `month`, of what was told in this order: the last that reaches so far.
pub fn in_force(told: &[Notice], month: Month) -> Option<Granted> {
    let last = told.iter().rfind(|notice| notice.month <= month);
    last.and_then(Notice::granted)
}

/// The allowances that come of what was told in this order, from when to when.
pub fn periods(told: &[Notice]) -> Vec<Allowance> {
    let mut periods: Vec<Allowance> = Vec::new();
    for notice in told {
        // From its month on nothing holds that was told before.
        periods.retain(|period| period.from < notice.month);
        if let Some(last) = periods.last_mut() {
            let before = notice.month.minus(1);
            last.to = Some(last.to.map_or(before, |to| to.min(before)));
        }
        if let Some(granted) = notice.granted() {
            periods.push(Allowance {
                granted,
                from: notice.month,
                to: None,
                file: notice.file,
                number: notice.number,
                recorded_at: notice.recorded_at,
            });
        }
    }
    periods
}

/// What is known of the household that a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The last day on which it lives somewhere of ours; none when it never did.
    pub lives_until: Option<NaiveDate>,
    /// What is granted in the line's month.
    pub granted: Option<Granted>,
}

/// Why a line of a file of `of_file` changes nothing, if it does not.
pub fn misfit(
    (event, month): (AllowanceEvent, Month),
    of_file: Month,
    known: Option<Known>,
) -> Option<ExceptionKind> {
    let Some(Known {
        lives_until,
        granted,
    }) = known
    else {
        return Some(ExceptionKind::UnknownAccount);
    };
    if month < of_file {
        return Some(ExceptionKind::MonthPast);
    }
    let is_over = lives_until.is_none_or(|last| last < month.first());
    match (event, granted) {
        (AllowanceEvent::Start | AllowanceEvent::Change, _) if is_over => {
            Some(ExceptionKind::TenancyEnded)
        }
        (AllowanceEvent::Start, Some(_)) => Some(ExceptionKind::AlreadyGranted),
        (AllowanceEvent::Change | AllowanceEvent::Stop, None) => Some(ExceptionKind::NotGranted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::PaymentFileId;
    use crate::payments::files::Coverage;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn granted(amount: &str) -> Granted {
        Granted {
            coverage: Coverage::Partial,
            amount: amount.parse().unwrap(),
        }
    }

    fn told(from: &str, amount: Option<&str>) -> Notice {
        let granted = amount.map(granted);
        Notice {
            household: "1000000018".parse().unwrap(),
            month: month(from),
            coverage: granted.map(|granted| granted.coverage),
            amount: granted.map(|granted| granted.amount),
            file: PaymentFileId::derived("one"),
            number: 1,
            recorded_at: "2026-11-27T00:00:00Z".parse().unwrap(),
        }
    }

    /// From, to and amount of each allowance.
    fn shown(told: &[Notice]) -> Vec<String> {
        let line = |one: Allowance| {
            let to = one.to.map_or("on".to_owned(), |to| to.to_string());
            format!("{} {to} {}", one.from, one.granted.amount)
        };
        periods(told).into_iter().map(line).collect()
    }

    #[test]
    fn what_was_told_last_holds_from_its_month_on() {
        let history = [
            told("2026-10", Some("2000.00")),
            told("2027-01", Some("2200.00")),
            told("2026-12", None),
            told("2027-03", Some("1800.00")),
        ];
        for (known, expected) in [
            (1, vec!["2026-10 on 2000.00"]),
            (2, vec!["2026-10 2026-12 2000.00", "2027-01 on 2200.00"]),
            // A stop ends what was to begin later, too.
            (3, vec!["2026-10 2026-11 2000.00"]),
            // What had ended has ended then, whatever begins later.
            (4, vec!["2026-10 2026-11 2000.00", "2027-03 on 1800.00"]),
        ] {
            let known = &history[..known];
            assert_eq!(shown(known), expected);
            for asked in month("2026-09").through(month("2027-05")) {
                let of_period = periods(known).into_iter().find(|period| {
                    period.from <= asked && period.to.is_none_or(|last| asked <= last)
                });
                let of_period = of_period.map(|period| period.granted);
                assert_eq!(in_force(known, asked), of_period, "{asked}");
            }
        }
    }

    #[test]
    fn a_line_that_fits_nothing_is_told_why() {
        use AllowanceEvent::{Change, Start, Stop};
        use ExceptionKind::{AlreadyGranted, MonthPast, NotGranted, TenancyEnded, UnknownAccount};
        let (has, until) = (
            Some(granted("2000.00")),
            Some("2027-01-31".parse().unwrap()),
        );
        let known = |granted, lives_until| {
            Some(Known {
                lives_until,
                granted,
            })
        };
        for (event, at, known, expected) in [
            (Start, "2026-12", known(None, until), None),
            (Change, "2026-12", known(has, until), None),
            (Stop, "2026-12", known(has, until), None),
            (Start, "2026-12", None, Some(UnknownAccount)),
            (Stop, "2026-11", known(has, until), Some(MonthPast)),
            (Start, "2026-12", known(has, until), Some(AlreadyGranted)),
            (Change, "2026-12", known(None, until), Some(NotGranted)),
            (Stop, "2026-12", known(None, until), Some(NotGranted)),
            (Start, "2027-01", known(None, until), None),
            (Start, "2027-02", known(None, until), Some(TenancyEnded)),
            (Change, "2027-02", known(has, until), Some(TenancyEnded)),
            (Start, "2027-01", known(None, None), Some(TenancyEnded)),
            // What is over may always stop.
            (Stop, "2027-02", known(has, until), None),
        ] {
            let found = misfit((event, month(at)), month("2026-12"), known);
            assert_eq!(found, expected, "{event} {at} {known:?}");
        }
    }
}
