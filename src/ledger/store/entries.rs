//! A household's transfers one by one, and their reversals.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::kernel::id::TransferId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::model::{Extract, Order, Reversal, Transfer, TransferKind};
use crate::platform::db::DbError;
use crate::platform::db::schema::{ledger_reversal, ledger_transfer};

/// The transfer named `id`, if it is on the account of `household`.
pub fn transfer(
    conn: &mut PgConnection,
    household: TenantCode,
    id: TransferId,
) -> Result<Option<Transfer>, DbError> {
    let number = household.number();
    let on_account = ledger_transfer::debit
        .eq(number)
        .or(ledger_transfer::credit.eq(number));
    Ok(ledger_transfer::table
        .filter(ledger_transfer::id.eq(id))
        .filter(on_account)
        .select(Transfer::as_select())
        .first(conn)
        .optional()?)
}

/// Notes who reversed a transfer by `mirror` and why; false when it is reversed already.
pub fn record_reversal(
    conn: &mut PgConnection,
    record: &Reversal,
    mirror: TransferId,
) -> Result<bool, DbError> {
    let added = diesel::insert_into(ledger_reversal::table)
        .values((
            ledger_reversal::reversed.eq(record.reversed.as_uuid()),
            ledger_reversal::reversal.eq(mirror.as_uuid()),
            ledger_reversal::household.eq(record.household),
            ledger_reversal::reason.eq(&record.reason),
            ledger_reversal::recorded_by.eq(&record.recorded_by),
            ledger_reversal::recorded_at.eq(record.recorded_at),
        ))
        // Waits for another that is about to reverse it.
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(added == 1)
}

/// The transfers named `ids`, those that there are.
pub fn transfers(conn: &mut PgConnection, ids: &[TransferId]) -> Result<Vec<Transfer>, DbError> {
    Ok(ledger_transfer::table
        .filter(ledger_transfer::id.eq_any(ids))
        .select(Transfer::as_select())
        .load(conn)?)
}

/// Notes who reversed transfers and why, each with its mirror, by one statement; those that were
/// not reversed already.
pub fn record_reversals<'a>(
    conn: &mut PgConnection,
    records: impl Iterator<Item = &'a (Reversal, Transfer)>,
) -> Result<Vec<TransferId>, DbError> {
    #[derive(QueryableByName)]
    struct Noted {
        #[diesel(sql_type = SqlUuid)]
        reversed: TransferId,
    }
    let (mut reversed, mut mirrors, mut households) = (Vec::new(), Vec::new(), Vec::new());
    let (mut reasons, mut actors, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (record, mirror) in records {
        reversed.push(record.reversed.as_uuid());
        mirrors.push(mirror.id.as_uuid());
        households.push(record.household);
        reasons.push(record.reason.as_str());
        actors.push(record.recorded_by.as_str());
        times.push(record.recorded_at);
    }
    let noted: Vec<Noted> = diesel::sql_query(
        "INSERT INTO ledger_reversal \
             (reversed, reversal, household, reason, recorded_by, recorded_at) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS note (reversed) \
         ORDER BY reversed ON CONFLICT DO NOTHING RETURNING reversed",
    )
    .bind::<Array<SqlUuid>, _>(reversed)
    .bind::<Array<SqlUuid>, _>(mirrors)
    .bind::<Array<BigInt>, _>(households)
    .bind::<Array<Text>, _>(reasons)
    .bind::<Array<Text>, _>(actors)
    .bind::<Array<Timestamptz>, _>(times)
    .load(conn)?;
    Ok(noted.into_iter().map(|note| note.reversed).collect())
}

/// When transfer `id` was reversed, if it was.
pub fn reversed_at(
    conn: &mut PgConnection,
    id: TransferId,
) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(ledger_reversal::table
        .filter(ledger_reversal::reversed.eq(id.as_uuid()))
        .select(ledger_reversal::recorded_at)
        .first(conn)
        .optional()?)
}

/// Why transfers of `household` were reversed and when, the oldest first.
pub fn reversals_of(
    conn: &mut PgConnection,
    household: TenantCode,
) -> Result<Vec<(String, DateTime<Utc>)>, DbError> {
    Ok(ledger_reversal::table
        .filter(ledger_reversal::household.eq(household.number()))
        .order((ledger_reversal::recorded_at, ledger_reversal::reversed))
        .select((ledger_reversal::reason, ledger_reversal::recorded_at))
        .load(conn)?)
}

#[derive(QueryableByName)]
#[diesel(table_name = ledger_transfer, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: TransferId,
    effective_on: NaiveDate,
    debit: i64,
    credit: i64,
    amount: Money,
    kind: TransferKind,
    source: Uuid,
    reverses: Option<TransferId>,
    booked_at: DateTime<Utc>,
}

/// The transfers of a household that `extract` asks for.
pub fn entries(conn: &mut PgConnection, extract: &Extract) -> Result<Vec<Transfer>, DbError> {
    // Without a place to go on from, the day outside the range stands for one. What lies
    // before that place is cut off by date too, so that its months are not even opened.
    let (from, to, beyond) = (extract.from, extract.to, Uuid::nil());
    let (direction, comparison, after, from, to) = match (extract.order, extract.after) {
        (Order::NewestFirst, Some(after)) => ("DESC", "<", after, from, to.min(after.0)),
        (Order::OldestFirst, Some(after)) => ("ASC", ">", after, from.max(after.0), to),
        (Order::NewestFirst, None) => {
            let next = to.succ_opt().unwrap_or(to);
            ("DESC", "<", (next, beyond.into()), from, to)
        }
        (Order::OldestFirst, None) => {
            let before = from.pred_opt().unwrap_or(from);
            ("ASC", ">", (before, beyond.into()), from, to)
        }
    };
    // One branch a side: each has its own index, and the constant condition opens it.
    let branch = |side: &str| {
        format!(
            "SELECT * FROM ledger_transfer WHERE {side} = $1 AND {side} >= 100000000 \
             AND effective_on BETWEEN $2 AND $3 AND ($4 IS NULL OR kind = $4) \
             AND ($5 IS NULL OR booked_at <= $5) AND (effective_on, id) {comparison} ($6, $7)"
        )
    };
    let sql = format!(
        "{} UNION ALL {} ORDER BY effective_on {direction}, id {direction} LIMIT $8",
        branch("debit"),
        branch("credit")
    );
    let rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<BigInt, _>(extract.household.number())
        .bind::<Date, _>(from)
        .bind::<Date, _>(to)
        .bind::<Nullable<Text>, _>(extract.kind)
        .bind::<Nullable<Timestamptz>, _>(extract.known_at)
        .bind::<Date, _>(after.0)
        .bind::<SqlUuid, _>(after.1)
        .bind::<BigInt, _>(extract.rows)
        .load(conn)?;
    Ok(rows.into_iter().map(Transfer::from).collect())
}

impl From<Row> for Transfer {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            effective_on: row.effective_on,
            debit: row.debit,
            credit: row.credit,
            amount: row.amount,
            kind: row.kind,
            source: row.source,
            reverses: row.reverses,
            booked_at: row.booked_at,
        }
    }
}
