//! The statement of a rent account (租金結單): what was charged and paid, month by month, and
//! what is due now.

mod pdf;
mod words;

pub use pdf::pdf;
pub use words::{Words, grouped, hkd};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::book::RuleShelf;
use super::model::{Quote, RentError};
use super::store;
use super::tell::{self, Asked};
use crate::estates;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::TransferId;
use crate::kernel::language::Trilingual;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{self, Extract, Order, Transfer, TransferKind};

/// A household's account over some months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub code: TenantCode,
    /// The estates that it holds or held flats in during these months.
    pub estates: Vec<Trilingual>,
    /// Figures are as at the end of this day.
    pub issued_on: NaiveDate,
    pub from: Month,
    pub to: Month,
    /// What was owed before the first line; below zero, credit.
    pub opening: Money,
    pub lines: Vec<StatementLine>,
    /// What is owed after the last line.
    pub closing: Money,
    /// What is due for the month of issue, and why.
    pub due: Quote,
}

/// One entry of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pub id: TransferId,
    pub date: NaiveDate,
    pub kind: TransferKind,
    /// Positive is owed, below zero is paid.
    pub amount: Money,
    /// What is owed after it.
    pub balance: Money,
}

/// What the household's account says of the months `from` to `to`.
pub fn assemble(
    conn: &mut PgConnection,
    shelf: &RuleShelf,
    code: TenantCode,
    (from, to): (Month, Month),
    now: DateTime<Utc>,
) -> Result<Statement, RentError> {
    let issued_on = hong_kong_date(now);
    let known_at = DateTime::<Utc>::MAX_UTC;
    let asked = Asked {
        month: Month::of(issued_on),
        valid_at: issued_on,
        known_at,
    };
    let due = Quote {
        known_at: now,
        ..tell::quote(conn, shelf, code, asked)?
    };
    let opening = ledger::balance(conn, code, from.minus(1).last(), known_at)?;
    let entries = entries(conn, code, from.first(), to.last().min(issued_on))?;
    let mut balance = opening;
    let mut lines = Vec::with_capacity(entries.len());
    for entry in entries {
        let amount = entry.onto(code.number());
        balance = balance.checked_add(amount)?;
        let Transfer {
            id,
            effective_on: date,
            kind,
            ..
        } = entry;
        lines.push(StatementLine {
            id,
            date,
            kind,
            amount,
            balance,
        });
    }
    let estates = estates(conn, code, from, to)?;
    Ok(Statement {
        code,
        estates,
        issued_on,
        from,
        to,
        opening,
        lines,
        closing: balance,
        due,
    })
}

/// Every entry between two days, oldest first.
fn entries(
    conn: &mut PgConnection,
    household: TenantCode,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Transfer>, RentError> {
    /// More than eight years of a busy account.
    const MOST: i64 = 10_000;
    let extract = Extract {
        household,
        from,
        to,
        kind: None,
        known_at: None,
        order: Order::OldestFirst,
        after: None,
        rows: MOST,
    };
    Ok(ledger::entries(conn, &extract)?)
}

/// The estates of the flats held in these months, in the order they were held.
fn estates(
    conn: &mut PgConnection,
    code: TenantCode,
    from: Month,
    to: Month,
) -> Result<Vec<Trilingual>, RentError> {
    let mut names = Vec::new();
    for tenure in store::tenures_of(conn, code)? {
        let held =
            tenure.starts_on <= to.last() && tenure.ends_on.is_none_or(|end| from.first() <= end);
        if let Some(estate) = estates::estate(conn, tenure.estate_id)?.filter(|_| held)
            && !names.contains(&estate.name)
        {
            names.push(estate.name);
        }
    }
    Ok(names)
}
