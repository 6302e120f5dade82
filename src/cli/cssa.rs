//! `kaifong cssa`: months of rent allowances reconciled, and the department told its recipients'
//! rents.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::database::Database;
use super::{Failure, answer};
use crate::cssa::{self, CssaError, Found, Reconciliation};
use crate::kernel::clock::{Clock, SystemClock};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::platform::auth::Actor;
use crate::platform::config::Config;
use crate::platform::db::{self, transact};
use crate::rent::{RuleShelf, hkd};

/// Rent that the Social Welfare Department pays
#[derive(Debug, Subcommand)]
pub(super) enum Cssa {
    Reconcile(Reconcile),
    Rents(Rents),
}

/// Reconcile a month: what is granted against what the department paid
///
/// Says where every dollar of the month's files went, and what does not agree. Exits with 0 when
/// everything agrees.
#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// The month, such as 2026-12
    month: Month,
}

/// Write the file that tells the department its recipients' rents of a month
#[derive(Debug, Args)]
pub(super) struct Rents {
    /// This month or the next, such as 2026-12
    month: Month,
}

impl Cssa {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let (actor, now) = (Actor::program("cssa"), SystemClock.now());
        let rules = RuleShelf::default();
        Database::with(config, |url| {
            let conn = &mut db::connect(url)?;
            match self {
                Self::Reconcile(Reconcile { month }) => {
                    let (made, found) = transact(conn, |conn| {
                        let ordered = cssa::order_reconciliation(conn, &actor, month, now)?;
                        let made = cssa::make_reconciliation(conn, &rules, ordered.id, now)?;
                        let found = cssa::exceptions(conn, made.id)?;
                        Ok::<_, CssaError>((made, found))
                    })?;
                    answer(&readable(&made, &found))?;
                    Ok(if found.is_empty() {
                        ExitCode::SUCCESS
                    } else {
                        ExitCode::FAILURE
                    })
                }
                Self::Rents(Rents { month }) => {
                    let (_, bytes) = transact(conn, |conn| {
                        let ordered = cssa::order_rents(conn, &actor, month, now)?;
                        cssa::make_rents(conn, &rules, ordered.id, now)?;
                        cssa::rent_file(conn, &actor, ordered.id, now)
                    })?;
                    answer(&String::from_utf8_lossy(&bytes))
                }
            }
        })
    }
}

/// A reconciliation and what it found, as text.
pub(super) fn readable(made: &Reconciliation, found: &[Found]) -> String {
    let mut text = format!(
        "CSSA {}: {} files, {} payments, {}\n",
        made.month,
        made.files,
        made.lines,
        hkd(made.amount)
    );
    for (amount, whither) in [
        (made.paid_amount, "on accounts"),
        (made.suspense_amount, "in suspense"),
        (made.returned_amount, "given back"),
        (made.duplicate_amount, "paid before"),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>16}  {whither}", hkd(amount));
    }
    let _ = writeln!(
        text,
        "{} households expect {}, {} were paid for, {} agree",
        made.expected,
        hkd(made.expected_amount),
        made.paid,
        made.agreed
    );
    for one in found {
        text.push_str(&exception(one));
    }
    text
}

/// A line about what does not agree.
fn exception(found: &Found) -> String {
    let said = |amount: Option<Money>, what: &str| Some(format!("{} {what}", hkd(amount?)));
    let place = found.line.zip(found.file);
    let told = [
        said(found.allowance, "granted"),
        said(found.paid, "paid"),
        said(found.rent, "rent"),
        place.map(|(line, file)| format!("line {line} of file {file}")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let (kind, account) = (found.kind.as_str(), &found.account);
    format!("{kind:<16} {account}  {}\n", told.join(", "))
}
