//! What a demo tells, as text.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::cli::generate::dollars;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::EstateId;
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{General, Standing, TrialLine};
use crate::rent::{Billed, Line, Quote, RentRun, word_of_line};

/// What happened.
pub struct Told {
    pub now: DateTime<Utc>,
    pub month: Month,
    /// Whether the population is new.
    pub generated: bool,
    /// What this demo charged.
    pub billed: Billed,
    /// One of the estates.
    pub estate: Option<EstateId>,
    pub estates: usize,
    /// Tenancies that run today.
    pub running: i64,
    /// The charge of the month, by this demo or an earlier one.
    pub run: Option<RentRun>,
    pub trial: Vec<TrialLine>,
    pub standing: Standing,
    pub bill: Option<Bill>,
}

/// What one household has to pay.
pub struct Bill {
    pub code: TenantCode,
    pub quote: Quote,
}

/// The width of what an amount is called, and of an amount.
const LABEL: usize = 36;
const AMOUNT: usize = 22;

/// The whole table.
pub fn render(told: &Told) -> String {
    let mut text = String::from("\n");
    // Writing to a string cannot fail.
    let _ = totals(&mut text, told)
        .and_then(|()| accounts(&mut text, &told.trial))
        .and_then(|()| standing(&mut text, told))
        .and_then(|()| match &told.bill {
            Some(bill) => one_bill(&mut text, bill),
            None => Ok(()),
        });
    text
}

fn totals(text: &mut String, told: &Told) -> std::fmt::Result {
    let Told { month, billed, .. } = told;
    let age = if told.generated {
        "new"
    } else {
        "kept from before"
    };
    writeln!(
        text,
        "Kaifong on {}: the population is {age}\n",
        hong_kong_date(told.now)
    )?;
    writeln!(
        text,
        "{:<LABEL$}{:>AMOUNT$}",
        "Estates",
        grouped(told.estates)
    )?;
    writeln!(
        text,
        "{:<LABEL$}{:>AMOUNT$}",
        "Tenancies that run",
        grouped(told.running)
    )?;
    let charged = told.run.as_ref().map_or((0, Decimal::ZERO), |run| {
        (run.done, run.charged.as_decimal())
    });
    let label = format!("Tenancies charged for {month}");
    let (count, amount) = (grouped(charged.0), dollars(charged.1));
    writeln!(text, "{label:<LABEL$}{count:>AMOUNT$}{amount:>AMOUNT$}")?;
    let amount = dollars(billed.amount.as_decimal());
    let (label, count) = ("  of them just now", grouped(billed.tenancies));
    writeln!(text, "{label:<LABEL$}{count:>AMOUNT$}{amount:>AMOUNT$}")
}

/// The trial balance.
fn accounts(text: &mut String, trial: &[TrialLine]) -> std::fmt::Result {
    row(text, "\nLedger account", "debit", "credit")?;
    rule(text)?;
    let amount = |amount: Decimal| {
        if amount.is_zero() {
            String::new()
        } else {
            dollars(amount)
        }
    };
    for line in trial {
        let name = line.account.map_or("Households, all".to_owned(), name);
        row(text, &name, &amount(line.debit), &amount(line.credit))?;
    }
    rule(text)?;
    let debit: Decimal = trial.iter().map(|line| line.debit).sum();
    let credit: Decimal = trial.iter().map(|line| line.credit).sum();
    let verdict = if debit == credit {
        "Total: both columns are equal"
    } else {
        "Total: the columns DIFFER"
    };
    row(text, verdict, &dollars(debit), &dollars(credit))
}

fn standing(text: &mut String, told: &Told) -> std::fmt::Result {
    let net = |account: General| {
        let line = told.trial.iter().find(|line| line.account == Some(account));
        line.map_or(Decimal::ZERO, |line| line.debit - line.credit)
    };
    let Standing {
        in_arrears,
        arrears,
        in_credit,
        credit,
        balance,
    } = told.standing;
    let behind = format!("Arrears of {} households", grouped(in_arrears));
    let ahead = format!("Credit of {} households", grouped(in_credit));
    let all = format!("All of it with {}'s rent", told.month);
    text.push('\n');
    for (label, amount) in [
        ("Relief: Rent Assistance", net(General::RentAssistance)),
        ("Relief: increases waived", net(General::IncreaseWaived)),
        ("Relief: rent waived", net(General::RentWaived)),
        (&behind, arrears),
        (&ahead, -credit),
        (&all, balance),
    ] {
        writeln!(text, "{label:<LABEL$}{:>AMOUNT$}", dollars(amount))?;
    }
    Ok(())
}

fn one_bill(text: &mut String, bill: &Bill) -> std::fmt::Result {
    let quote = &bill.quote;
    writeln!(
        text,
        "\nThe bill of household {} for {}",
        bill.code, quote.month
    )?;
    for charge in &quote.charges {
        if charge.first_day != quote.month.first() || charge.last_day != quote.month.last() {
            writeln!(text, "  from {} to {}", charge.first_day, charge.last_day)?;
        }
        for line in &charge.lines {
            bill_line(text, line)?;
        }
    }
    for (label, amount) in [
        ("Rent of the month", quote.rent),
        ("Brought forward", quote.brought_forward),
        ("To be paid", quote.due),
        ("Credit that remains", quote.credit),
    ] {
        if amount != Money::ZERO || label != "Credit that remains" {
            writeln!(text, "  {label:<34}{:>16}", dollars(amount.as_decimal()))?;
        }
    }
    Ok(())
}

/// A line and the rule that says so.
fn bill_line(text: &mut String, line: &Line) -> std::fmt::Result {
    let word = word_of_line(line.kind, Language::En);
    let (amount, number) = (dollars(line.amount.as_decimal()), line.row.number);
    let source = &line.row.source;
    let told = !line.row.assumed || source.contains("assumed");
    let assumed = if told { "" } else { " (assumed)" };
    writeln!(
        text,
        "  {word:<34}{amount:>16}   rule {number}: {source}{assumed}"
    )
}

fn row(text: &mut String, label: &str, debit: &str, credit: &str) -> std::fmt::Result {
    let width = LABEL + label.chars().filter(|one| *one == '\n').count();
    writeln!(text, "{label:<width$}{debit:>AMOUNT$}{credit:>AMOUNT$}")
}

fn rule(text: &mut String) -> std::fmt::Result {
    writeln!(text, "{:-<width$}", "", width = LABEL + 2 * AMOUNT)
}

/// An account's word as a name: `rent_income` is Rent income.
fn name(account: General) -> String {
    let word = account.as_str().replace('_', " ");
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A count with its thousands apart.
pub fn grouped(count: impl TryInto<i64>) -> String {
    let written = dollars(Decimal::from(count.try_into().unwrap_or(i64::MAX)));
    written
        .replace("HK$", "")
        .trim_end_matches(".00")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kernel::id::TenancyId;
    use crate::rent::{Charge, LineKind, RuleRow};

    fn line(kind: LineKind, amount: &str, number: i32, assumed: bool) -> Line {
        Line {
            kind,
            amount: amount.parse().unwrap(),
            row: RuleRow {
                number,
                source: Arc::from("a gazette"),
                assumed,
            },
            general: General::RentIncome,
        }
    }

    fn told(credit: &str) -> Told {
        let month: Month = "2026-11".parse().unwrap();
        let trial = |account, debit: &str, credit: &str| TrialLine {
            account,
            debit: debit.parse().unwrap(),
            credit: credit.parse().unwrap(),
        };
        let charge = Charge {
            tenancy: TenancyId::derived("one"),
            first_day: month.first(),
            last_day: month.last(),
            lines: vec![
                line(LineKind::BaseRent, "2345.00", 7, true),
                line(LineKind::RentAssistance, "-1172.50", 12, false),
            ],
            amount: "1172.50".parse().unwrap(),
        };
        Told {
            now: "2026-11-20T01:00:00Z".parse().unwrap(),
            month,
            generated: true,
            billed: Billed {
                tenancies: 1,
                amount: "1172.50".parse().unwrap(),
                refused: Vec::new(),
            },
            estate: None,
            estates: 24,
            running: 3_000,
            run: None,
            trial: vec![
                trial(Some(General::RentIncome), "0", credit),
                trial(Some(General::RentAssistance), "1172.50", "0"),
                trial(None, "2345", "1172.50"),
            ],
            standing: Standing {
                in_arrears: 1,
                arrears: "20".parse().unwrap(),
                in_credit: 2,
                credit: "35.5".parse().unwrap(),
                balance: "1157".parse().unwrap(),
            },
            bill: Some(Bill {
                code: TenantCode::of(TenantCode::FIRST).unwrap(),
                quote: Quote {
                    month,
                    valid_at: month.first(),
                    known_at: "2026-11-20T01:00:00Z".parse().unwrap(),
                    charges: vec![charge],
                    rent: "1172.50".parse().unwrap(),
                    brought_forward: "-100".parse().unwrap(),
                    due: "1072.50".parse().unwrap(),
                    credit: Money::ZERO,
                },
            }),
        }
    }

    #[test]
    fn the_table_tells_all_of_it() {
        let text = render(&told("2345"));
        let expected = "
Kaifong on 2026-11-20: the population is new

Estates                                                 24
Tenancies that run                                   3,000
Tenancies charged for 2026-11                            0               HK$0.00
  of them just now                                       1           HK$1,172.50

Ledger account                                       debit                credit
--------------------------------------------------------------------------------
Rent income                                                          HK$2,345.00
Rent assistance                                HK$1,172.50
Households, all                                HK$2,345.00           HK$1,172.50
--------------------------------------------------------------------------------
Total: both columns are equal                  HK$3,517.50           HK$3,517.50

Relief: Rent Assistance                        HK$1,172.50
Relief: increases waived                           HK$0.00
Relief: rent waived                                HK$0.00
Arrears of 1 households                           HK$20.00
Credit of 2 households                           -HK$35.50
All of it with 2026-11's rent                  HK$1,157.00

The bill of household 1000000005 for 2026-11
  Basic rent                             HK$2,345.00   rule 7: a gazette (assumed)
  Rent Assistance                       -HK$1,172.50   rule 12: a gazette
  Rent of the month                      HK$1,172.50
  Brought forward                         -HK$100.00
  To be paid                             HK$1,072.50
";
        assert_eq!(
            text.lines().map(str::trim_end).collect::<Vec<_>>(),
            expected.lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn columns_that_differ_are_told() {
        assert!(render(&told("2345.01")).contains("the columns DIFFER"));
    }
}
