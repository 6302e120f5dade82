//! What a settlement file says of direct debits, for whoever ordered them.

use diesel::PgConnection;

use super::files::DebitResult;
use super::model::{PaymentError, UnpaidLine};
use super::store;
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;

/// What a file says of one debit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebitTold {
    /// Its place among the paid, or the unpaid, of the file.
    pub number: i32,
    /// What we called it.
    pub reference: String,
    pub amount: Money,
    pub result: DebitResult,
    /// It had been paid, and was paid back.
    pub was_paid: bool,
}

/// Up to `rows` debits of file `id` that were paid, after number `after`.
pub fn paid_debits(
    conn: &mut PgConnection,
    (id, after): (PaymentFileId, i32),
    rows: i64,
) -> Result<Vec<DebitTold>, PaymentError> {
    let lines = store::files::unsettled(conn, (id, after), rows)?;
    let told = (after.saturating_add(1)..).zip(lines);
    Ok(told
        .map(|(number, line)| DebitTold {
            number,
            reference: line.reference,
            amount: line.amount,
            result: DebitResult::Accepted,
            was_paid: true,
        })
        .collect())
}

/// Up to `rows` debits of file `id` that were not paid, or were paid back, after number `after`.
pub fn unpaid_debits(
    conn: &mut PgConnection,
    (id, after): (PaymentFileId, i32),
    rows: i64,
) -> Result<Vec<DebitTold>, PaymentError> {
    let unpaid = store::unpaid::list(conn, id, after, rows)?;
    Ok(unpaid.into_iter().map(DebitTold::from).collect())
}

/// How many debits file `id` tells of.
pub fn count_debits(conn: &mut PgConnection, id: PaymentFileId) -> Result<i64, PaymentError> {
    let paid = store::files::file(conn, id)?.lines;
    Ok(store::unpaid::count(conn, id)?.saturating_add(paid.into()))
}

impl From<UnpaidLine> for DebitTold {
    fn from(unpaid: UnpaidLine) -> Self {
        Self {
            number: unpaid.number,
            reference: unpaid.reference,
            amount: unpaid.amount,
            result: unpaid.result,
            was_paid: unpaid.was_paid,
        }
    }
}
