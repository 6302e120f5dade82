//! Direct debits that a file says were not paid, or were paid back.

use diesel::prelude::*;

use super::files::number;
use crate::kernel::id::PaymentFileId;
use crate::payments::files::Unpaid;
use crate::payments::model::UnpaidLine;
use crate::platform::db::DbError;
use crate::platform::db::schema::payment_file_unpaid as table;

/// Adds what file `id` says after so many others, by one `COPY`.
pub fn add(
    conn: &mut PgConnection,
    (id, before): (PaymentFileId, u32),
    unpaid: &[Unpaid],
) -> Result<(), DbError> {
    let rows = (before.saturating_add(1)..).zip(unpaid).map(|(at, one)| {
        (
            table::file.eq(id),
            table::number.eq(number(at)),
            table::reference.eq(&one.reference),
            table::amount.eq(one.amount),
            table::day.eq(one.on),
            table::result.eq(one.result),
            table::code.eq(&one.code),
            table::was_paid.eq(one.was_paid),
        )
    });
    diesel::copy_from(table::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// Up to `rows` of them of file `id`, after number `after`.
pub fn list(
    conn: &mut PgConnection,
    id: PaymentFileId,
    after: i32,
    rows: i64,
) -> Result<Vec<UnpaidLine>, DbError> {
    Ok(table::table
        .filter(table::file.eq(id))
        .filter(table::number.gt(after))
        .order(table::number)
        .limit(rows)
        .select(UnpaidLine::as_select())
        .load(conn)?)
}

/// How many there are of file `id`.
pub fn count(conn: &mut PgConnection, id: PaymentFileId) -> Result<i64, DbError> {
    Ok(table::table
        .filter(table::file.eq(id))
        .count()
        .get_result(conn)?)
}
