//! Sums over the whole ledger: the trial balance (試算表), and what households owe.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric};
use rust_decimal::Decimal;

use super::model::{Account, General, LedgerError};
use crate::platform::db::DbError;

/// What went into one account, or into all accounts of households.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialLine {
    /// None stands for all households together.
    pub account: Option<General>,
    pub debit: Decimal,
    pub credit: Decimal,
}

/// What was ever debited and credited to each general account that was used, and to all
/// households together at the end. Both columns add up to the same.
pub fn trial_balance(conn: &mut PgConnection) -> Result<Vec<TrialLine>, LedgerError> {
    #[derive(QueryableByName)]
    struct Pair {
        #[diesel(sql_type = BigInt)]
        debit: i64,
        #[diesel(sql_type = BigInt)]
        credit: i64,
        #[diesel(sql_type = Numeric)]
        amount: Decimal,
    }
    // The households' numbers begin where this class stands for all of them.
    let pairs: Vec<Pair> = diesel::sql_query(
        "SELECT least(debit, 100000000) AS debit, least(credit, 100000000) AS credit, \
                sum(amount) AS amount \
         FROM ledger_transfer GROUP BY 1, 2",
    )
    .load(conn)?;
    let mut lines: Vec<TrialLine> = General::ALL
        .iter()
        .map(|general| TrialLine::of(Some(*general)))
        .chain([TrialLine::of(None)])
        .collect();
    for pair in pairs {
        line(&mut lines, pair.debit)?.debit += pair.amount;
        line(&mut lines, pair.credit)?.credit += pair.amount;
    }
    lines.retain(|line| line.account.is_none() || line.debit + line.credit > Decimal::ZERO);
    Ok(lines)
}

impl TrialLine {
    fn of(account: Option<General>) -> Self {
        Self {
            account,
            debit: Decimal::ZERO,
            credit: Decimal::ZERO,
        }
    }
}

/// The line of the account numbered `number`.
fn line(lines: &mut [TrialLine], number: i64) -> Result<&mut TrialLine, LedgerError> {
    let unknown = LedgerError::UnknownAccount(number);
    let account = match Account::of(number) {
        Some(Account::General(general)) => Some(general),
        Some(Account::Household(_)) => None,
        None => return Err(unknown),
    };
    let mut lines = lines.iter_mut();
    lines.find(|line| line.account == account).ok_or(unknown)
}

/// What households owe, and what stands to their credit, by everything booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Owing {
    /// Households that owe something.
    #[diesel(sql_type = BigInt)]
    pub owing: i64,
    #[diesel(sql_type = Numeric)]
    pub owed: Decimal,
    /// Households in credit.
    #[diesel(sql_type = BigInt)]
    pub in_credit: i64,
    #[diesel(sql_type = Numeric)]
    pub credit: Decimal,
}

/// What all households owe, and what stands to their credit.
pub fn owing(conn: &mut PgConnection) -> Result<Owing, DbError> {
    Ok(diesel::sql_query(
        "SELECT count(*) FILTER (WHERE balance > 0) AS owing, \
                coalesce(sum(balance) FILTER (WHERE balance > 0), 0) AS owed, \
                count(*) FILTER (WHERE balance < 0) AS in_credit, \
                coalesce(-sum(balance) FILTER (WHERE balance < 0), 0) AS credit \
         FROM rent_account",
    )
    .get_result(conn)?)
}
