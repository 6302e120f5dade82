//! Exporting the ledger, or its totals, in one snapshot.

use std::io::Write;

use chrono::NaiveDate;
use diesel::PgConnection;
use rust_decimal::Decimal;

use super::journal::{self, HOUSEHOLDS};
use super::model::LedgerError;
use super::store;
use crate::kernel::choice::choice;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::csv::Sheet;

choice! {
    /// What an export is written in.
    pub enum Format {
        /// A journal for hledger or ledger.
        Hledger = "hledger",
        /// Lines with a header, for spreadsheets (RFC 4180).
        Csv = "csv",
    }
}

/// What of the ledger is exported.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    /// The first and the last month; the ledger's own where absent.
    pub from: Option<Month>,
    pub to: Option<Month>,
    /// Whether a journal opens with the balances from before the first month, so that its
    /// balances are the true ones.
    pub opening: bool,
}

/// Writes the transfers in `range` to `out`, by date and id; says how many.
pub fn export(
    conn: &mut PgConnection,
    range: Range,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, LedgerError> {
    snapshot(conn, |conn| {
        let months = ends(conn, range)?;
        match format {
            Format::Hledger => export_journal(conn, range, months, out),
            Format::Csv => export_csv(conn, months, out),
        }
    })
}

/// What the transfers in `range` put onto each class of account, by name in a journal:
/// what hledger must come to from the same export.
pub fn class_totals(
    conn: &mut PgConnection,
    range: Range,
) -> Result<Vec<(String, Decimal)>, LedgerError> {
    snapshot(conn, |conn| {
        let Some((first, last)) = ends(conn, range)? else {
            return Ok(Vec::new());
        };
        let from = Some(first.first()).filter(|_| !range.opening);
        let sides = store::class_totals(conn, from, last.last())?;
        let name = |account| match account {
            TenantCode::FIRST => HOUSEHOLDS.to_owned(),
            general => journal::journal_name(general),
        };
        let totals = sides.iter().map(|side| (name(side.account), side.amount));
        Ok(totals.collect())
    })
}

fn snapshot<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(work)
}

/// The first and the last month of `range`; `None` when the ledger has nothing to say.
fn ends(conn: &mut PgConnection, range: Range) -> Result<Option<(Month, Month)>, LedgerError> {
    let Some((first, last)) = store::months(conn)? else {
        return Ok(None);
    };
    Ok(Some((
        range.from.unwrap_or(first),
        range.to.unwrap_or(last),
    )))
}

fn export_journal(
    conn: &mut PgConnection,
    range: Range,
    months: Option<(Month, Month)>,
    out: &mut impl Write,
) -> Result<u64, LedgerError> {
    let Some((first, last)) = months else {
        return Ok(0);
    };
    if range.opening {
        open(conn, first.first(), out)?;
    }
    let mut written = 0;
    for month in first.through(last) {
        store::each_effective(conn, month, |transfer| {
            written += 1;
            journal::transaction(out, transfer).map_err(LedgerError::from)
        })?;
    }
    out.flush()?;
    Ok(written)
}

/// Writes the transaction that carries every account's balance into `date`. It balances by
/// itself: every transfer before had two sides.
fn open(conn: &mut PgConnection, date: NaiveDate, out: &mut impl Write) -> Result<(), LedgerError> {
    let mut begun = false;
    store::balances_before(conn, date, |side| {
        if !begun {
            journal::opening(out, date)?;
            begun = true;
        }
        journal::posting(out, side.account, side.amount).map_err(LedgerError::from)
    })?;
    if begun {
        writeln!(out)?;
    }
    Ok(())
}

fn export_csv(
    conn: &mut PgConnection,
    months: Option<(Month, Month)>,
    out: &mut impl Write,
) -> Result<u64, LedgerError> {
    let mut sheet = Sheet::begin(out, &journal::COLUMNS)?;
    let mut written = 0;
    for month in months
        .into_iter()
        .flat_map(|(first, last)| first.through(last))
    {
        store::each_effective(conn, month, |transfer| {
            written += 1;
            sheet
                .line(journal::record(transfer))
                .map_err(LedgerError::from)
        })?;
    }
    sheet.flush()?;
    Ok(written)
}
