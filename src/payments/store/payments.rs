//! What was paid.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Uuid as SqlUuid};

use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::model::Payment;
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment, payment_line, payment_settlement};

/// What was paid before.
#[derive(Debug, Clone)]
pub struct Before {
    pub account: String,
    pub amount: Money,
    /// It was told as it happened, and no line of a file has settled it yet.
    pub awaits_its_line: bool,
}

/// Those of `payments` that were paid before.
pub fn before(
    conn: &mut PgConnection,
    payments: &[PaymentId],
) -> Result<HashMap<PaymentId, Before>, DbError> {
    if payments.is_empty() {
        return Ok(HashMap::new());
    }
    let its_settlement = payment_settlement::payment.eq(payment::id);
    let rows: Vec<(PaymentId, String, Money, bool)> = payment::table
        .left_join(payment_settlement::table.on(its_settlement))
        .filter(payment::id.eq_any(payments))
        .select((
            payment::id,
            payment::account,
            payment::amount,
            payment::file
                .is_null()
                .and(payment_settlement::line.nullable().is_null()),
        ))
        .load(conn)?;
    let paid = rows
        .into_iter()
        .map(|(id, account, amount, awaits_its_line)| {
            let before = Before {
                account,
                amount,
                awaits_its_line,
            };
            (id, before)
        });
    Ok(paid.collect())
}

pub fn payment(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, DbError> {
    Ok(payment::table
        .find(id)
        .select(Payment::as_select())
        .first(conn)
        .optional()?)
}

/// The payments to households of the lines of file `id` after line `after`, up to line `to`.
pub fn by_lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    (after, to): (i32, i32),
) -> Result<Vec<Payment>, DbError> {
    Ok(diesel::sql_query(
        "SELECT * FROM payment_of_line \
         WHERE file = $1 AND line > $2 AND line <= $3 AND household IS NOT NULL ORDER BY line",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(after)
    .bind::<Integer, _>(to)
    .load(conn)?)
}

/// Adds payments by one `COPY`.
pub fn add(conn: &mut PgConnection, payments: &[Payment]) -> Result<(), DbError> {
    if !payments.is_empty() {
        diesel::copy_from(payment::table)
            .from_insertable(payments)
            .execute(conn)?;
    }
    Ok(())
}

/// A line of a file that is the money of what was told before.
#[derive(Debug, Insertable)]
#[diesel(table_name = payment_settlement, check_for_backend(diesel::pg::Pg))]
pub struct Settlement {
    pub payment: PaymentId,
    pub file: PaymentFileId,
    pub line: i32,
}

/// Notes which lines settled what was told before.
pub fn settle(conn: &mut PgConnection, settled: &[Settlement]) -> Result<(), DbError> {
    // Sixteen thousand rows of three fields are what one statement takes.
    for rows in settled.chunks(8_192) {
        diesel::insert_into(payment_settlement::table)
            .values(rows)
            .execute(conn)?;
    }
    Ok(())
}

/// What was paid to `code`, oldest first, and where.
pub fn of_household(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(Payment, String)>, DbError> {
    let its_line = payment::file
        .eq(payment_line::file.nullable())
        .and(payment::line.eq(payment_line::number.nullable()));
    let rows: Vec<(Payment, Option<String>)> = payment::table
        .left_join(payment_line::table.on(its_line))
        .filter(payment::household.eq(code))
        .order((payment::value_on, payment::id))
        .select((Payment::as_select(), payment_line::place.nullable()))
        .load(conn)?;
    let placed = rows.into_iter().map(|(payment, of_line)| {
        let place = of_line.or_else(|| payment.place.clone());
        (payment, place.unwrap_or_default())
    });
    Ok(placed.collect())
}

/// Up to `rows` payments to `code`, the newest first, from after the one at `after`.
pub fn newest_of(
    conn: &mut PgConnection,
    code: TenantCode,
    after: Option<(NaiveDate, PaymentId)>,
    rows: i64,
) -> Result<Vec<Payment>, DbError> {
    let place = (payment::value_on, payment::id);
    let mut query = payment::table
        .filter(payment::household.eq(code))
        .order((place.0.desc(), place.1.desc()))
        .limit(rows)
        .select(Payment::as_select())
        .into_boxed();
    if let Some((day, id)) = after {
        query = query.filter(place.0.lt(day).or(place.0.eq(day).and(place.1.lt(id))));
    }
    Ok(query.load(conn)?)
}

/// The place that a line of a file names.
pub fn place_of(
    conn: &mut PgConnection,
    (file, number): (PaymentFileId, i32),
) -> Result<Option<String>, DbError> {
    Ok(payment_line::table
        .find((file, number))
        .select(payment_line::place)
        .first(conn)
        .optional()?)
}
