//! What the bank said.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Numeric, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::autopay::model::{DebitResult, Stray};
use crate::kernel::id::{CollectionId, MandateId, PaymentFileId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::auth::Actor;
use crate::platform::db::DbError;
use crate::platform::db::schema::{autopay_result, autopay_stray};

/// Strays that one statement adds.
const STRAYS_AT_ONCE: usize = 1_000;

/// A debit that was answered, and its answers so far, in order.
#[derive(Debug, Clone, QueryableByName)]
pub struct Debited {
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = SqlUuid)]
    pub collection: CollectionId,
    #[diesel(sql_type = BigInt)]
    pub household: TenantCode,
    #[diesel(sql_type = SqlUuid)]
    pub mandate: MandateId,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    #[diesel(sql_type = Date)]
    pub collect_on: NaiveDate,
    #[diesel(sql_type = Array<Text>)]
    pub codes: Vec<DebitResult>,
}

/// The debits of these references, by reference.
pub fn debited(
    conn: &mut PgConnection,
    references: &[&str],
) -> Result<HashMap<String, Debited>, DbError> {
    let rows: Vec<Debited> = diesel::sql_query(
        "SELECT l.reference, l.collection, l.household, l.mandate, l.amount, c.collect_on, \
             ARRAY(SELECT code FROM autopay_result r WHERE r.reference = l.reference \
                   ORDER BY r.number) AS codes \
         FROM autopay_line l JOIN autopay_collection c ON c.id = l.collection \
         WHERE l.reference = ANY($1)",
    )
    .bind::<Array<Text>, _>(references)
    .load(conn)?;
    let by_reference = rows.into_iter().map(|row| (row.reference.clone(), row));
    Ok(by_reference.collect())
}

/// An answer to keep.
#[derive(Debug, Insertable)]
#[diesel(table_name = autopay_result)]
#[diesel(treat_none_as_default_value = false)]
pub struct NewResult {
    pub reference: String,
    /// 1 for the first answer, 2 for one after it.
    pub number: i16,
    pub code: DebitResult,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
}

/// Adds `results` by one `COPY`.
pub fn add_results(conn: &mut PgConnection, results: &[NewResult]) -> Result<(), DbError> {
    diesel::copy_from(autopay_result::table)
        .from_insertable(results)
        .execute(conn)?;
    Ok(())
}

/// What the bank said last of each debit of these mandates since they are in force, the newest
/// first.
pub fn last_answers(
    conn: &mut PgConnection,
    mandates: &[MandateId],
) -> Result<HashMap<MandateId, Vec<DebitResult>>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        mandate: MandateId,
        #[diesel(sql_type = Text)]
        code: DebitResult,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT l.mandate, r.code FROM autopay_mandate m JOIN autopay_line l ON l.mandate = m.id \
         JOIN autopay_collection c ON c.id = l.collection AND c.decided_at >= m.active_since \
         CROSS JOIN LATERAL (SELECT code FROM autopay_result r WHERE r.reference = l.reference \
             ORDER BY r.number DESC LIMIT 1) AS r \
         WHERE m.id = ANY($1) ORDER BY l.mandate, c.collect_on DESC, l.attempt DESC",
    )
    .bind::<Array<SqlUuid>, _>(mandates)
    .load(conn)?;
    let mut by_mandate: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        by_mandate.entry(row.mandate).or_default().push(row.code);
    }
    Ok(by_mandate)
}

/// Keeps answers that fit no debit, by one statement: those about a collection, or of a settlement
/// file, or both. One that is kept already stays as it is.
pub fn add_strays(
    conn: &mut PgConnection,
    (collection, file): (Option<CollectionId>, Option<PaymentFileId>),
    strays: &[Stray],
    (actor, now): (&Actor, DateTime<Utc>),
) -> Result<(), DbError> {
    let row = |stray: &Stray| {
        (
            autopay_stray::id.eq(Uuid::now_v7()),
            autopay_stray::collection.eq(collection),
            autopay_stray::file.eq(file),
            autopay_stray::place.eq(stray.place),
            autopay_stray::reference.eq(stray.reference.clone()),
            autopay_stray::code.eq(stray.code),
            autopay_stray::problem.eq(stray.problem),
            autopay_stray::recorded_by.eq(actor.as_str().to_owned()),
            autopay_stray::recorded_at.eq(now),
        )
    };
    // A statement has so many places for values.
    for strays in strays.chunks(STRAYS_AT_ONCE) {
        diesel::insert_into(autopay_stray::table)
            .values(strays.iter().map(row).collect::<Vec<_>>())
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

/// Up to `rows` answers that fit no debit of `collection`, or no collection at all, after `after`,
/// in the order they came.
pub fn strays(
    conn: &mut PgConnection,
    collection: Option<CollectionId>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<(Uuid, Stray)>, DbError> {
    let mut query = autopay_stray::table
        .order(autopay_stray::id)
        .limit(rows)
        .select((autopay_stray::id, Stray::as_select()))
        .into_boxed();
    query = match collection {
        Some(collection) => query.filter(autopay_stray::collection.eq(collection)),
        None => query.filter(autopay_stray::collection.is_null()),
    };
    if let Some(after) = after {
        query = query.filter(autopay_stray::id.gt(after));
    }
    Ok(query.load(conn)?)
}
