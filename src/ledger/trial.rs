//! Sums over the whole ledger: the trial balance (試算表), and what households owe.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Numeric};
use rust_decimal::Decimal;

use super::model::{Account, General, LedgerError};
use crate::kernel::month::Month;
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

/// Where all households stand in a month: what they owed or had to their credit before its
/// charges, by everything booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Standing {
    /// Households in arrears.
    #[diesel(sql_type = BigInt)]
    pub in_arrears: i64,
    #[diesel(sql_type = Numeric)]
    pub arrears: Decimal,
    /// Households in credit.
    #[diesel(sql_type = BigInt)]
    pub in_credit: i64,
    #[diesel(sql_type = Numeric)]
    pub credit: Decimal,
    /// What all of them owe together, the month's charges included.
    #[diesel(sql_type = Numeric)]
    pub balance: Decimal,
}

/// Where all households stand in `month`.
pub fn standing(conn: &mut PgConnection, month: Month) -> Result<Standing, DbError> {
    Ok(diesel::sql_query(
        "WITH charged AS ( \
             SELECT household, sum(change) AS amount FROM ledger_transfer \
             CROSS JOIN LATERAL (VALUES (debit, amount), (credit, -amount)) AS side (household, change) \
             WHERE effective_on BETWEEN $1 AND $2 AND kind = 'charge' AND household >= 100000000 \
             GROUP BY household), \
         before AS ( \
             SELECT a.balance, a.balance - coalesce(c.amount, 0) AS forward \
             FROM rent_account a LEFT JOIN charged c USING (household)) \
         SELECT count(*) FILTER (WHERE forward > 0) AS in_arrears, \
                coalesce(sum(forward) FILTER (WHERE forward > 0), 0) AS arrears, \
                count(*) FILTER (WHERE forward < 0) AS in_credit, \
                coalesce(-sum(forward) FILTER (WHERE forward < 0), 0) AS credit, \
                coalesce(sum(balance), 0) AS balance \
         FROM before",
    )
    .bind::<Date, _>(month.first())
    .bind::<Date, _>(month.last())
    .get_result(conn)?)
}
