//! What counters took.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;

use crate::counter::model::{CounterDay, HandedOver, Held, ReceiptNumber, Taking, Tender};
use crate::kernel::id::{CounterDayId, EstateId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    counter_office, counter_receipt, counter_void_decision, payment,
};

/// Adds the receipt of `payment`, which was taken on `day`.
pub fn add(
    conn: &mut PgConnection,
    (payment, day): (PaymentId, &CounterDay),
    receipt: ReceiptNumber,
    (tender, instrument): (Tender, Option<&str>),
) -> Result<(), DbError> {
    diesel::insert_into(counter_receipt::table)
        .values((
            counter_receipt::payment.eq(payment),
            counter_receipt::day.eq(day.id),
            counter_receipt::estate_id.eq(day.estate),
            counter_receipt::year.eq(receipt.year),
            counter_receipt::number.eq(receipt.number),
            counter_receipt::tender.eq(tender),
            counter_receipt::instrument.eq(instrument),
        ))
        .execute(conn)?;
    Ok(())
}

type Row = (
    (PaymentId, CounterDayId, i32, i16, i32),
    (Option<TenantCode>, Money, Tender, Option<String>),
    DateTime<Utc>,
    Option<(String, DateTime<Utc>)>,
);

#[diesel::dsl::auto_type(no_type_alias)]
fn rows() -> _ {
    let its_void = counter_void_decision::payment
        .eq(counter_receipt::payment)
        .and(counter_void_decision::approved);
    counter_receipt::table
        .inner_join(
            counter_office::table.on(counter_office::estate_id.eq(counter_receipt::estate_id)),
        )
        .inner_join(payment::table.on(payment::id.eq(counter_receipt::payment)))
        .left_join(counter_void_decision::table.on(its_void))
        .select((
            (
                counter_receipt::payment,
                counter_receipt::day,
                counter_office::number,
                counter_receipt::year,
                counter_receipt::number,
            ),
            (
                payment::household,
                payment::amount,
                counter_receipt::tender,
                counter_receipt::instrument,
            ),
            payment::instructed_at,
            (
                counter_void_decision::decided_by,
                counter_void_decision::decided_at,
            )
                .nullable(),
        ))
}

/// A counter takes money for a household only.
fn taking(row: Row) -> Option<Taking> {
    let ((payment, day, office, year, number), (code, amount, tender, instrument), at, voided) =
        row;
    Some(Taking {
        payment,
        day,
        receipt: ReceiptNumber {
            office,
            year,
            number,
        },
        what: HandedOver {
            code: code?,
            amount,
            tender,
            instrument,
        },
        taken_at: at,
        voided,
    })
}

/// The receipt of `payment`.
pub fn receipt(conn: &mut PgConnection, payment: PaymentId) -> Result<Option<Taking>, DbError> {
    let row: Option<Row> = rows()
        .filter(counter_receipt::payment.eq(payment))
        .first(conn)
        .optional()?;
    Ok(row.and_then(taking))
}

/// Up to `rows` receipts of `day`, by number, those with `tender` if one is asked for, from after
/// number `after`.
pub fn list(
    conn: &mut PgConnection,
    (day, tender): (CounterDayId, Option<Tender>),
    after: Option<(i16, i32)>,
    most: i64,
) -> Result<Vec<Taking>, DbError> {
    let (year, number) = (counter_receipt::year, counter_receipt::number);
    let (after_year, after_number) = after.unwrap_or_default();
    let later = year
        .gt(after_year)
        .or(year.eq(after_year).and(number.gt(after_number)));
    let query = rows()
        .filter(counter_receipt::day.eq(day))
        .filter(later)
        .order((year, number))
        .limit(most);
    let found: Vec<Row> = match tender {
        Some(tender) => query
            .filter(counter_receipt::tender.eq(tender))
            .load(conn)?,
        None => query.load(conn)?,
    };
    Ok(found.into_iter().filter_map(taking).collect())
}

/// The receipts for payments to `code`, oldest first.
pub fn of_household(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Taking>, DbError> {
    let found: Vec<Row> = rows()
        .filter(payment::household.eq(code))
        .order((payment::instructed_at, payment::id))
        .load(conn)?;
    Ok(found.into_iter().filter_map(taking).collect())
}

/// What `day` holds, tender by tender; none of one that nobody paid with.
pub fn held(conn: &mut PgConnection, day: CounterDayId) -> Result<Vec<Held>, DbError> {
    let mut held: Vec<Held> = diesel::sql_query(
        "SELECT r.tender, count(*) FILTER (WHERE v.payment IS NULL) AS receipts, \
             coalesce(sum(p.amount) FILTER (WHERE v.payment IS NULL), 0) AS amount, \
             count(v.payment) AS voided, \
             coalesce(sum(p.amount) FILTER (WHERE v.payment IS NOT NULL), 0) AS voided_amount \
         FROM counter_receipt r JOIN payment p ON p.id = r.payment \
         LEFT JOIN counter_void_decision v ON v.payment = r.payment AND v.approved \
         WHERE r.day = $1 GROUP BY r.tender",
    )
    .bind::<SqlUuid, _>(day)
    .load(conn)?;
    held.sort_unstable_by_key(|held| held.tender);
    Ok(held)
}

/// A counter's receipt, as others show it.
#[derive(Debug, Clone)]
pub struct Given {
    pub number: ReceiptNumber,
    /// Where it was given.
    pub estate: EstateId,
    pub tender: Tender,
    /// When it was voided, if it was.
    pub voided_at: Option<DateTime<Utc>>,
}

/// The receipt that a counter gave for `payment`, if it was paid at one.
pub fn given(conn: &mut PgConnection, payment: PaymentId) -> Result<Option<Given>, DbError> {
    let Some(taking) = receipt(conn, payment)? else {
        return Ok(None);
    };
    let estate = counter_receipt::table
        .find(payment)
        .select(counter_receipt::estate_id)
        .first(conn)?;
    Ok(Some(Given {
        number: taking.receipt,
        estate,
        tender: taking.what.tender,
        voided_at: taking.voided.map(|(_, at)| at),
    }))
}
