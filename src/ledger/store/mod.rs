//! The ledger in PostgreSQL. The only folder that names its tables.

mod books;
mod checkpoints;
mod entries;
mod lies;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use diesel::sql_types::{Array, BigInt, Date, Numeric, Timestamptz};
use uuid::Uuid;

use super::model::{Account, General, LedgerError, Transfer};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{ledger_transfer, rent_account};

pub(super) use books::{balances_before, class_totals, each_effective, months};
pub(super) use checkpoints::{
    add_checkpoint, any_booked, checkpoint, checkpoint_numbers, each_booked, hold_postings,
    newest_checkpoint, next_checkpoint, seal_end, sealed_through,
};
pub use entries::{entries, reversed_at};
pub(super) use entries::{record_reversal, record_reversals, reversals_of, transfer, transfers};
pub(super) use lies::{
    Totals, each_reversal, odd_transfers, posted_twice, totals, unsealed, wrong_balances,
    wrong_reversals,
};

/// Postings hold this lock shared; a checkpoint takes it alone, so none is under way then.
const SEAL_LOCK: &str = "SELECT pg_advisory_xact_lock_shared(7210813)";

diesel::define_sql_function! {
    /// Opens a month for postings; true when it was not open.
    fn ledger_open_month(month: Date) -> Bool;
}

diesel::define_sql_function! {
    /// Adds to the balances of households, which are in order; how many there are.
    fn ledger_move_balances(households: Array<BigInt>, amounts: Array<Numeric>) -> Integer;
}

/// Opens every month from `first` to `last` for postings.
pub fn open_months(conn: &mut PgConnection, first: Month, last: Month) -> Result<(), DbError> {
    for month in first.through(last) {
        diesel::select(ledger_open_month(month.first())).get_result::<bool>(conn)?;
    }
    Ok(())
}

/// Holds off checkpoints until the transaction ends; says up to when the ledger is sealed.
pub(super) fn hold_seal(conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, DbError> {
    diesel::sql_query(SEAL_LOCK).execute(conn)?;
    sealed_through(conn)
}

/// Adds `transfers`.
pub(super) fn append(conn: &mut PgConnection, transfers: &[Transfer]) -> Result<(), LedgerError> {
    // In the order of id: two that post the same things never wait for each other in a circle.
    let mut sorted: Vec<&Transfer> = transfers.iter().collect();
    sorted.sort_unstable_by_key(|transfer| transfer.id);
    let Err(error) = diesel::copy_from(ledger_transfer::table)
        .from_insertable(sorted)
        .execute(conn)
    else {
        return Ok(());
    };
    if let Some(date) = outside(&error, transfers) {
        return Err(LedgerError::OutsideLedger(date));
    }
    match DbError::from(error) {
        // Each month is a table of its own, and so is the name of its key.
        DbError::Constraint(name) if name.ends_with("_pkey") => Err(LedgerError::AlreadyPosted),
        error => Err(error.into()),
    }
}

/// The date for which there is no month, when that is why `transfers` were refused: the only
/// failed check without a name. PostgreSQL tells the date at the end of the details.
fn outside(error: &Diesel, transfers: &[Transfer]) -> Option<NaiveDate> {
    let Diesel::DatabaseError(DatabaseErrorKind::CheckViolation, info) = error else {
        return None;
    };
    if info.constraint_name().is_some() {
        return None;
    }
    let named = info
        .details()
        .and_then(|details| details.rsplit_once('('))
        .and_then(|(_, date)| date.split(')').next())
        .and_then(|date| date.parse().ok());
    named.or_else(|| transfers.iter().map(|transfer| transfer.effective_on).min())
}

/// Adds to each household's balance, opening its account if need be; in the order of
/// household, so that two postings never wait for each other in a circle.
pub(super) fn add_to_balances(
    conn: &mut PgConnection,
    changes: &BTreeMap<i64, Money>,
) -> Result<(), LedgerError> {
    let (households, amounts): (Vec<i64>, Vec<Money>) = changes.iter().unzip();
    let moved = diesel::select(ledger_move_balances(households, amounts));
    match moved.get_result::<i32>(conn).map_err(DbError::from) {
        Ok(rows) if usize::try_from(rows) == Ok(changes.len()) => Ok(()),
        Ok(_) => Err(LedgerError::NoSuchHousehold),
        Err(DbError::Constraint(name)) if name == "rent_account_household_fkey" => {
            Err(LedgerError::NoSuchHousehold)
        }
        Err(error) => Err(error.into()),
    }
}

/// What `code` owes by everything booked, whatever date it counts from.
pub fn booked_balance(conn: &mut PgConnection, code: TenantCode) -> Result<Money, DbError> {
    let balance = rent_account::table
        .find(code.number())
        .select(rent_account::balance)
        .first(conn)
        .optional()?;
    Ok(balance.unwrap_or_default())
}

/// Up to `rows` households after `after`, by number, that owe something by everything booked.
pub fn owing(
    conn: &mut PgConnection,
    after: Option<TenantCode>,
    rows: i64,
) -> Result<Vec<TenantCode>, DbError> {
    let after = after.map_or(0, TenantCode::number);
    Ok(rent_account::table
        .filter(rent_account::household.gt(after))
        .filter(rent_account::balance.gt(Money::ZERO))
        .order(rent_account::household)
        .limit(rows)
        .select(rent_account::household)
        .load(conn)?)
}

/// What `code` owed as at the end of `valid_on`, as far as was known at `known_at`.
pub fn balance(
    conn: &mut PgConnection,
    code: TenantCode,
    valid_on: NaiveDate,
    known_at: DateTime<Utc>,
) -> Result<Money, DbError> {
    #[derive(QueryableByName)]
    struct Balance {
        #[diesel(sql_type = Numeric)]
        balance: Money,
    }
    // The constant condition lets the planner use the index of households' transfers.
    let row: Balance = diesel::sql_query(
        "SELECT (SELECT coalesce(sum(amount), 0) FROM ledger_transfer \
                 WHERE debit = $1 AND debit >= 100000000 AND effective_on <= $2 AND booked_at <= $3) \
              - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer \
                 WHERE credit = $1 AND credit >= 100000000 AND effective_on <= $2 AND booked_at <= $3) \
              AS balance",
    )
    .bind::<BigInt, _>(code.number())
    .bind::<Date, _>(valid_on)
    .bind::<Timestamptz, _>(known_at)
    .get_result(conn)?;
    Ok(row.balance)
}

/// What `band` of households was charged in `month`, by source and general account: positive
/// is onto the household's account.
pub fn charged(
    conn: &mut PgConnection,
    band: &RangeInclusive<i64>,
    month: Month,
) -> Result<Vec<(Uuid, General, Money)>, LedgerError> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        source: Uuid,
        #[diesel(sql_type = BigInt)]
        general: i64,
        #[diesel(sql_type = Numeric)]
        amount: Money,
    }
    let sums: Vec<Sum> = diesel::sql_query(
        "SELECT source, general, sum(amount) AS amount FROM ( \
             SELECT source, credit AS general, amount FROM ledger_transfer \
             WHERE debit BETWEEN $1 AND $2 AND debit >= 100000000 \
               AND effective_on BETWEEN $3 AND $4 AND kind = 'charge' \
             UNION ALL \
             SELECT source, debit, -amount FROM ledger_transfer \
             WHERE credit BETWEEN $1 AND $2 AND credit >= 100000000 \
               AND effective_on BETWEEN $3 AND $4 AND kind = 'charge') AS charge \
         GROUP BY source, general",
    )
    .bind::<BigInt, _>(*band.start())
    .bind::<BigInt, _>(*band.end())
    .bind::<Date, _>(month.first())
    .bind::<Date, _>(month.last())
    .load(conn)?;
    let known = |sum: Sum| match Account::of(sum.general) {
        Some(Account::General(general)) => Ok((sum.source, general, sum.amount)),
        _ => Err(LedgerError::UnknownAccount(sum.general)),
    };
    sums.into_iter().map(known).collect()
}

/// What `code` owes by everything booked, locked until the transaction ends.
pub fn lock_balance(conn: &mut PgConnection, code: TenantCode) -> Result<Money, DbError> {
    let balance = rent_account::table
        .find(code.number())
        .select(rent_account::balance)
        .for_update()
        .first(conn)
        .optional()?;
    Ok(balance.unwrap_or_default())
}
