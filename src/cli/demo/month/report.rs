//! What a month ends with: files, bank and ledger compared, shares of channels, suspense, the books.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::Value;

use super::calls::{items, word};
use super::{Stage, cssa};
use crate::cli::demo::table::grouped;
use crate::cli::generate::dollars;
use crate::cli::verify::Verify;
use crate::cli::{Failure, reconcile};
use crate::kernel::clock::{hong_kong_date, hong_kong_month};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::role::Role;
use crate::payments::reconciliation::{DayStanding, Period};
use crate::payments::shares::{shares, text};

/// What a counter takes on a day off counts from the next working day.
const AHEAD: TimeDelta = TimeDelta::days(10);

/// Writes it all down; `month` is the one that was played.
pub fn tell(stage: &mut Stage<'_>, month: Month) -> Result<(), Failure> {
    let now = stage.now();
    let allowances = cssa::reconciled(stage.conn, month, now)?;
    stage.say(format_args!("\n{}", allowances.trim_end()));
    compared(stage, month)?;
    stage.show()?;
    // On the first days of a month the files are of the one before, the counter's day is not.
    for month in month.through(hong_kong_month(now)) {
        let shares = shares(stage.conn, month, now)?;
        stage.say(format_args!("\n{}", text(&shares, Language::En).trim_end()));
    }
    suspense(stage)?;
    books(stage)?;
    stage.show()
}

/// Files, bank and ledger, of every day that does not agree.
fn compared(stage: &mut Stage<'_>, month: Month) -> Result<(), Failure> {
    let period = Period {
        channel: None,
        from: month.first(),
        to: hong_kong_date(stage.now()) + AHEAD,
    };
    let (agree, others): (Vec<_>, Vec<_>) = reconcile::compare(stage.conn, period, None)?
        .into_iter()
        .partition(|told| told.0 == DayStanding::Agreed);
    let agreed = agree.len();
    stage.say(format_args!(
        "\nFiles, bank and ledger (`kaifong reconcile`): {agreed} channel days agree"
    ));
    if !others.is_empty() {
        stage.say(format_args!("{}", reconcile::table(&others).trim_end()));
    }
    Ok(())
}

/// What is nobody's: payments, and what else moved on our accounts.
fn suspense(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let who = Role::FinanceOfficer;
    let suspense = stage.api.get(who, "/v1/suspense?limit=100")?;
    stage.say(format_args!("\nIn suspense, and whose it may be"));
    for payment in items(&suspense) {
        let path = format!("/v1/suspense/{}", word(payment, "id"));
        let told = stage.api.get(who, &path)?;
        stage.say(format_args!(
            "  {:<8}{:<24}{:<18}{:>14}   {}",
            word(payment, "channel"),
            word(payment, "reference"),
            word(payment, "account"),
            amount(payment),
            likeliest(&told),
        ));
    }
    let movements = "/v1/bank-movements?known=false&limit=100";
    let movements = stage.api.get(who, movements)?;
    if !items(&movements).is_empty() {
        stage.say(format_args!(
            "\nMoved on our accounts, and no rule says why"
        ));
    }
    for item in items(&movements) {
        let (day, wording) = (word(item, "booked_on"), word(item, "wording"));
        let amount = amount(item);
        stage.say(format_args!("  {day:<12}{wording:<38}{amount:>14}"));
    }
    Ok(())
}

/// Whom a payment in suspense was likeliest meant for.
fn likeliest(told: &Value) -> String {
    let candidates = told.get("candidates").and_then(Value::as_array);
    let Some(first) = candidates.and_then(|all| all.first()) else {
        return "no code is near".to_owned();
    };
    let just_that = first.get("owes_just_that").and_then(Value::as_bool);
    let why = match just_that {
        Some(true) => ", who owes just that",
        _ => "",
    };
    format!("perhaps {}{why}", word(first, "tenant_code"))
}

/// Whether the ledger tells the truth, as `kaifong verify` finds.
fn books(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let scene = stage.scene;
    let findings = Verify::default().findings(scene.url, &scene.config.data_dir)?;
    let totals = &findings.ledger.totals;
    let debits: Decimal = totals.iter().map(|total| total.debits).sum();
    let credits: Decimal = totals.iter().map(|total| total.credits).sum();
    let verdict = if findings.are_clean() && debits == credits {
        "The books balance"
    } else {
        "The books LIE"
    };
    stage.say(format_args!(
        "\n{verdict}: {} debit, {} credit in {} transfers (`kaifong verify`)",
        dollars(debits),
        dollars(credits),
        grouped(findings.ledger.transfers)
    ));
    for lie in findings.lies() {
        stage.say(format_args!("  LIE: {lie}"));
    }
    Ok(())
}

fn amount(item: &Value) -> String {
    let amount: Money = word(item, "amount").parse().unwrap_or_default();
    dollars(amount.as_decimal())
}
