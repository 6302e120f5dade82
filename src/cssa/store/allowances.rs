//! What was told of allowances, and of which files it was taken in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text};

use super::AT_ONCE;
use crate::cssa::model::{ExceptionKind, Notice};
use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::{Coverage, Granted};
use crate::platform::db::DbError;
use crate::platform::db::schema::{cssa_allowance, cssa_stray, cssa_taken};

/// The files whose allowances were taken in.
pub fn taken(conn: &mut PgConnection) -> Result<Vec<PaymentFileId>, DbError> {
    Ok(cssa_taken::table.select(cssa_taken::file).load(conn)?)
}

/// Notes that the allowances of `file` were taken in: so many, and so many that fit nothing.
pub fn add_taken(
    conn: &mut PgConnection,
    file: PaymentFileId,
    (taken, strays): (i32, i32),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(cssa_taken::table)
        .values((
            cssa_taken::file.eq(file),
            cssa_taken::taken.eq(taken),
            cssa_taken::strays.eq(strays),
            cssa_taken::taken_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds `notices`, in their order.
pub fn add(conn: &mut PgConnection, notices: &[Notice]) -> Result<(), DbError> {
    for some in notices.chunks(AT_ONCE) {
        diesel::insert_into(cssa_allowance::table)
            .values(some)
            .execute(conn)?;
    }
    Ok(())
}

/// Adds the lines of `file` that fit nothing, by one `COPY`.
pub fn add_strays(
    conn: &mut PgConnection,
    file: PaymentFileId,
    strays: &[(i32, ExceptionKind)],
) -> Result<(), DbError> {
    if strays.is_empty() {
        return Ok(());
    }
    let rows = strays.iter().map(|(number, problem)| {
        (
            cssa_stray::file.eq(file),
            cssa_stray::number.eq(*number),
            cssa_stray::problem.eq(*problem),
        )
    });
    diesel::copy_from(cssa_stray::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// The lines of `file` that fit nothing, by number.
pub fn strays(
    conn: &mut PgConnection,
    file: PaymentFileId,
) -> Result<Vec<(i32, ExceptionKind)>, DbError> {
    Ok(cssa_stray::table
        .filter(cssa_stray::file.eq(file))
        .order(cssa_stray::number)
        .select((cssa_stray::number, cssa_stray::problem))
        .load(conn)?)
}

/// What was told of the allowances of `codes`, of each in the order in which it was told.
pub fn told(conn: &mut PgConnection, codes: &[TenantCode]) -> Result<Vec<Notice>, DbError> {
    Ok(cssa_allowance::table
        .filter(cssa_allowance::household.eq_any(codes))
        .order((cssa_allowance::household, cssa_allowance::id))
        .select(Notice::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct InForce {
    #[diesel(sql_type = BigInt)]
    household: TenantCode,
    #[diesel(sql_type = Text)]
    coverage: Coverage,
    #[diesel(sql_type = Numeric)]
    amount: Money,
}

/// What is granted in `month`, by household: to those of `codes` only when there are any. The same
/// rule as `rules::in_force`, asked of many.
pub fn granted(
    conn: &mut PgConnection,
    month: Month,
    codes: Option<&[TenantCode]>,
) -> Result<Vec<(TenantCode, Granted)>, DbError> {
    let rows: Vec<InForce> = diesel::sql_query(
        "SELECT household, coverage, amount FROM ( \
             SELECT DISTINCT ON (household) household, coverage, amount FROM cssa_allowance \
             WHERE month <= $1 AND ($2 IS NULL OR household = ANY($2)) \
             ORDER BY household, id DESC) AS told \
         WHERE coverage IS NOT NULL ORDER BY household",
    )
    .bind::<Date, _>(month)
    .bind::<Nullable<Array<BigInt>>, _>(codes)
    .load(conn)?;
    let granted = |row: InForce| {
        let granted = Granted {
            coverage: row.coverage,
            amount: row.amount,
        };
        (row.household, granted)
    };
    Ok(rows.into_iter().map(granted).collect())
}
