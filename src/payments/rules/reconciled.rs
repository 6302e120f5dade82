//! Whether files, bank and ledger say the same of a channel's day, and which of their totals do not.

use crate::kernel::money::Money;
use crate::payments::reconciliation::{DayStanding, Figures};

/// Where a channel's day stands.
///
/// A line that was paid before pays nothing, so it is in no sum; the counter sends no files, and
/// is judged by what it told.
pub fn standing(figures: &Figures) -> DayStanding {
    if figures.channel.sends_files() && figures.files == 0 {
        return DayStanding::WaitingForFile;
    }
    let is_whole = figures.waiting == 0 && figures.unposted == 0;
    let differs = figures.credits > 0 && figures.bank_amount != figures.ledger_amount;
    if !is_whole || differs || figures.net_amount() != Some(figures.ledger_amount) {
        DayStanding::Difference
    } else if figures.credits == 0 && figures.ledger_amount != Money::ZERO {
        DayStanding::WaitingForBank
    } else {
        DayStanding::Agreed
    }
}

/// Which of `files` and which of `credits` have no equal on the other side, when they do not come
/// to the same.
pub fn pair(files: &[Money], credits: &[Money]) -> (Vec<bool>, Vec<bool>) {
    let sum = |amounts: &[Money]| Money::sum(amounts.iter().copied()).ok();
    let mut lone_files = vec![false; files.len()];
    if sum(files) == sum(credits) {
        return (lone_files, vec![false; credits.len()]);
    }
    let mut lone_credits = vec![true; credits.len()];
    for (amount, is_lone) in files.iter().zip(&mut lone_files) {
        let mut equals = credits.iter().zip(&mut lone_credits);
        let equal = equals.find(|(credit, is_lone)| **is_lone && *credit == amount);
        match equal {
            Some((_, is_lone)) => *is_lone = false,
            None => *is_lone = true,
        }
    }
    (lone_files, lone_credits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::model::Channel;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// One file of three payments, posted, and the bank's credit of it.
    fn agreed() -> Figures {
        Figures {
            channel: Channel::Store,
            day: "2026-11-20".parse().unwrap(),
            files: 1,
            lines: 3,
            amount: money("300.00"),
            duplicates: 0,
            duplicate_amount: Money::ZERO,
            waiting: 0,
            waiting_amount: Money::ZERO,
            told: 0,
            told_amount: Money::ZERO,
            credits: 1,
            bank_amount: money("300.00"),
            payments: 3,
            ledger_amount: money("300.00"),
            in_suspense: 1,
            suspense_amount: money("10.00"),
            unposted: 0,
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one plain row a case")]
    fn a_day_agrees_waits_or_differs() {
        let day = agreed();
        let no_file = Figures {
            files: 0,
            lines: 0,
            amount: Money::ZERO,
            payments: 0,
            ledger_amount: Money::ZERO,
            ..day.clone()
        };
        let no_credit = Figures {
            credits: 0,
            bank_amount: Money::ZERO,
            ..day.clone()
        };
        let told = Figures {
            told: 1,
            told_amount: money("5.00"),
            payments: 4,
            ledger_amount: money("305.00"),
            bank_amount: money("305.00"),
            ..day.clone()
        };
        let counter = Figures {
            channel: Channel::Shroff,
            told: 3,
            told_amount: money("300.00"),
            payments: 3,
            ledger_amount: money("300.00"),
            ..no_file.clone()
        };
        for (name, figures, expected) in [
            ("all three agree", day.clone(), DayStanding::Agreed),
            ("no file", no_file, DayStanding::WaitingForFile),
            ("no credit", no_credit.clone(), DayStanding::WaitingForBank),
            ("told and in no file", told, DayStanding::Difference),
            ("a counter's day", counter.clone(), DayStanding::Agreed),
            (
                "a counter's day, one cent short",
                Figures {
                    bank_amount: money("299.99"),
                    ..counter
                },
                DayStanding::Difference,
            ),
            (
                "the bank has one cent more",
                Figures {
                    bank_amount: money("300.01"),
                    ..day.clone()
                },
                DayStanding::Difference,
            ),
            (
                "a line waits",
                Figures {
                    waiting: 1,
                    waiting_amount: money("9.00"),
                    ..no_credit.clone()
                },
                DayStanding::Difference,
            ),
            (
                "a payment is not in the ledger",
                Figures {
                    unposted: 1,
                    ..day.clone()
                },
                DayStanding::Difference,
            ),
            (
                "the ledger has another sum",
                Figures {
                    ledger_amount: money("299.99"),
                    ..no_credit.clone()
                },
                DayStanding::Difference,
            ),
            (
                "a line was paid before",
                Figures {
                    lines: 4,
                    amount: money("400.00"),
                    duplicates: 1,
                    duplicate_amount: money("100.00"),
                    ..day
                },
                DayStanding::Agreed,
            ),
            (
                "all of it was paid before",
                Figures {
                    duplicates: 3,
                    duplicate_amount: money("300.00"),
                    payments: 0,
                    ledger_amount: Money::ZERO,
                    ..no_credit
                },
                DayStanding::Agreed,
            ),
        ] {
            assert_eq!(standing(&figures), expected, "{name}");
        }
    }

    #[test]
    fn totals_without_an_equal_are_named() {
        let of = |amounts: &[&str]| amounts.iter().map(|text| money(text)).collect::<Vec<_>>();
        for (files, credits, lone) in [
            (&["10.00", "20.00"][..], &["30.00"][..], ("..", ".")),
            (&["10.00", "20.00"], &["20.00", "9.99"], ("x.", ".x")),
            (&["10.00", "10.00"], &["10.00"], (".x", ".")),
            (&["10.00"], &["10.00", "10.00"], (".", ".x")),
            (&[], &["10.00"], ("", "x")),
        ] {
            let (one, other) = pair(&of(files), &of(credits));
            let shown = |lone: Vec<bool>| -> String {
                lone.into_iter()
                    .map(|lone| if lone { 'x' } else { '.' })
                    .collect()
            };
            assert_eq!(
                (shown(one).as_str(), shown(other).as_str()),
                lone,
                "{files:?} {credits:?}"
            );
        }
    }
}
