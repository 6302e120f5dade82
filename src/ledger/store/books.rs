//! The ledger for those who keep books elsewhere: all of it, month by month.

use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Numeric};
use rust_decimal::Decimal;

use crate::kernel::month::Month;
use crate::ledger::model::Transfer;
use crate::platform::db::DbError;
use crate::platform::db::schema::ledger_transfer;

/// The first and the last month with transfers.
pub fn months(conn: &mut PgConnection) -> Result<Option<(Month, Month)>, DbError> {
    let ends: (Option<NaiveDate>, Option<NaiveDate>) = ledger_transfer::table
        .select((
            min(ledger_transfer::effective_on),
            max(ledger_transfer::effective_on),
        ))
        .get_result(conn)?;
    Ok(ends
        .0
        .zip(ends.1)
        .map(|(first, last)| (Month::of(first), Month::of(last))))
}

/// Gives `each` the transfers that count from `month`, by date and id, as they come.
pub fn each_effective<E: From<DbError>>(
    conn: &mut PgConnection,
    month: Month,
    mut each: impl FnMut(&Transfer) -> Result<(), E>,
) -> Result<(), E> {
    let rows = ledger_transfer::table
        .filter(ledger_transfer::effective_on.between(month.first(), month.last()))
        .order((ledger_transfer::effective_on, ledger_transfer::id))
        .select(Transfer::as_select())
        .load_iter::<Transfer, PgRowByRowLoadingMode>(conn)
        .map_err(DbError::from)?;
    for row in rows {
        each(&row.map_err(DbError::from)?)?;
    }
    Ok(())
}

/// What was put onto one account, less what was taken off.
#[derive(Debug, QueryableByName)]
pub struct Side {
    #[diesel(sql_type = BigInt)]
    pub account: i64,
    #[diesel(sql_type = Numeric)]
    pub amount: Decimal,
}

/// Gives `each` every account that was not even before `date`, by number, as they come.
pub fn balances_before<E: From<DbError>>(
    conn: &mut PgConnection,
    date: NaiveDate,
    mut each: impl FnMut(&Side) -> Result<(), E>,
) -> Result<(), E> {
    let rows = diesel::sql_query(
        "SELECT account, sum(change) AS amount FROM ledger_transfer \
         CROSS JOIN LATERAL (VALUES (debit, amount), (credit, -amount)) AS side (account, change) \
         WHERE effective_on < $1 GROUP BY account HAVING sum(change) <> 0 ORDER BY account",
    )
    .bind::<Date, _>(date)
    .load_iter::<Side, PgRowByRowLoadingMode>(conn)
    .map_err(DbError::from)?;
    for row in rows {
        each(&row.map_err(DbError::from)?)?;
    }
    Ok(())
}

/// What was put onto each general account, and onto all households together (as account
/// 100000000), by transfers that count from `from` (or from any date) to `to`.
pub fn class_totals(
    conn: &mut PgConnection,
    from: Option<NaiveDate>,
    to: NaiveDate,
) -> Result<Vec<Side>, DbError> {
    Ok(diesel::sql_query(
        "SELECT least(account, 100000000) AS account, sum(change) AS amount FROM ledger_transfer \
         CROSS JOIN LATERAL (VALUES (debit, amount), (credit, -amount)) AS side (account, change) \
         WHERE ($1 IS NULL OR effective_on >= $1) AND effective_on <= $2 GROUP BY 1 ORDER BY 1",
    )
    .bind::<Nullable<Date>, _>(from)
    .bind::<Date, _>(to)
    .load(conn)?)
}
