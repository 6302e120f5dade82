//! The ledger as text for other programs: an hledger journal, or CSV (RFC 4180).
//!
//! In a journal a household's account is `assets:rent:` and its tenant code, a general one
//! [`General::journal_name`](super::General::journal_name); a transfer is one transaction
//! whose code is its id. Nothing a person typed gets into it.

use std::io::{self, Write};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::model::{Account, Transfer};
use crate::platform::csv::Cell;

/// Where the households' accounts are in a journal.
pub(super) const HOUSEHOLDS: &str = "assets:rent";

/// The account's name in a journal; unknown ones, which there should not be, are equity.
pub(super) fn journal_name(number: i64) -> String {
    match Account::of(number) {
        Some(Account::Household(code)) => format!("{HOUSEHOLDS}:{code}"),
        Some(Account::General(general)) => general.journal_name().to_owned(),
        None => format!("equity:unknown:{number}"),
    }
}

/// Writes `transfer` as a transaction.
pub(super) fn transaction(out: &mut impl Write, transfer: &Transfer) -> io::Result<()> {
    let Transfer {
        effective_on, id, ..
    } = transfer;
    writeln!(out, "{effective_on} ({id}) {}", transfer.kind)?;
    let amount = transfer.amount.as_decimal();
    posting(out, transfer.debit, amount)?;
    posting(out, transfer.credit, -amount)?;
    writeln!(out)
}

/// Writes the head of the transaction that opens the accounts on `date`.
pub(super) fn opening(out: &mut impl Write, date: NaiveDate) -> io::Result<()> {
    writeln!(out, "{date} opening balances")
}

/// Writes one line of a transaction.
pub(super) fn posting(out: &mut impl Write, account: i64, amount: Decimal) -> io::Result<()> {
    writeln!(out, "    {}  HKD {amount:.2}", journal_name(account))
}

/// The names of the columns of a CSV file.
pub(super) const COLUMNS: [&str; 9] = [
    "id",
    "effective_on",
    "debit",
    "credit",
    "amount",
    "kind",
    "source",
    "reverses",
    "booked_at",
];

/// `transfer` as a line of a CSV file; accounts are tenant codes or a general account's word.
pub(super) fn record(transfer: &Transfer) -> [Cell; 9] {
    let account = |number: i64| {
        let account = Account::of(number);
        Cell::Text(account.map_or_else(|| number.to_string(), |account| account.to_string()))
    };
    let reverses = transfer.reverses.map(|id| id.to_string());
    let booked_at = transfer.booked_at.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    [
        Cell::Text(transfer.id.to_string()),
        Cell::Text(transfer.effective_on.to_string()),
        account(transfer.debit),
        account(transfer.credit),
        Cell::Figure(transfer.amount.as_decimal()),
        Cell::Text(transfer.kind.to_string()),
        Cell::Text(transfer.source.to_string()),
        Cell::Text(reverses.unwrap_or_default()),
        Cell::Text(booked_at.to_string()),
    ]
}
