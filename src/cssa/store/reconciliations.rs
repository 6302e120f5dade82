//! Months that were reconciled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::cssa::model::{CssaError, Reconciliation};
use crate::kernel::id::ReconciliationId;
use crate::kernel::month::Month;
use crate::platform::db::DbError;
use crate::platform::db::schema::cssa_reconciliation as table;

pub fn add(conn: &mut PgConnection, one: &Reconciliation) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values(one)
        .execute(conn)?;
    Ok(())
}

pub fn one(conn: &mut PgConnection, id: ReconciliationId) -> Result<Reconciliation, CssaError> {
    let found = table::table
        .find(id)
        .select(Reconciliation::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(CssaError::NoSuchReconciliation)
}

/// Reconciliation `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: ReconciliationId) -> Result<Reconciliation, CssaError> {
    let found = table::table
        .find(id)
        .select(Reconciliation::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    found.ok_or(CssaError::NoSuchReconciliation)
}

/// Keeps what was found.
pub fn save(conn: &mut PgConnection, one: &Reconciliation) -> Result<(), DbError> {
    diesel::update(table::table.find(one.id))
        .set((
            table::made_at.eq(one.made_at),
            table::files.eq(one.files),
            table::lines.eq(one.lines),
            table::amount.eq(one.amount),
            table::paid_amount.eq(one.paid_amount),
            table::suspense_amount.eq(one.suspense_amount),
            table::returned_amount.eq(one.returned_amount),
            table::duplicate_amount.eq(one.duplicate_amount),
            table::expected.eq(one.expected),
            table::expected_amount.eq(one.expected_amount),
            table::paid.eq(one.paid),
            table::agreed.eq(one.agreed),
            table::agreed_amount.eq(one.agreed_amount),
            table::exceptions.eq(one.exceptions),
        ))
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` reconciliations, of `month` when there is one, the newest first, from before
/// `before`.
pub fn list(
    conn: &mut PgConnection,
    month: Option<Month>,
    before: Option<(DateTime<Utc>, ReconciliationId)>,
    rows: i64,
) -> Result<Vec<Reconciliation>, DbError> {
    let mut query = table::table
        .order((table::requested_at.desc(), table::id.desc()))
        .limit(rows)
        .select(Reconciliation::as_select())
        .into_boxed();
    if let Some(month) = month {
        query = query.filter(table::month.eq(month));
    }
    if let Some((at, id)) = before {
        let same = table::requested_at.eq(at).and(table::id.lt(id));
        query = query.filter(table::requested_at.lt(at).or(same));
    }
    Ok(query.load(conn)?)
}
