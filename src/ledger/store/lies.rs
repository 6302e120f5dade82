//! Questions to the whole ledger that have no answer when it is true. Each is one statement
//! over all rows, so that forty million of them take minutes.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::kernel::id::TransferId;
use crate::ledger::findings::{Lie, Lies, Named};
use crate::ledger::model::{General, Reversal, TransferKind};
use crate::platform::db::DbError;
use crate::platform::db::schema::ledger_transfer;

/// How many transfers were booked after `after`.
pub fn unsealed(conn: &mut PgConnection, after: Option<DateTime<Utc>>) -> Result<i64, DbError> {
    let mut transfers = ledger_transfer::table.count().into_boxed();
    if let Some(after) = after {
        transfers = transfers.filter(ledger_transfer::booked_at.gt(after));
    }
    Ok(transfers.get_result(conn)?)
}

fn general_numbers() -> Vec<i64> {
    let numbers = General::ALL.iter().map(|general| general.number());
    numbers.collect()
}

/// Transfers that no posting could have made.
pub fn odd_transfers(conn: &mut PgConnection) -> Result<Lies, DbError> {
    #[derive(QueryableByName)]
    struct Odd {
        #[diesel(sql_type = SqlUuid)]
        id: TransferId,
        #[diesel(sql_type = Date)]
        effective_on: NaiveDate,
        #[diesel(sql_type = BigInt)]
        debit: i64,
        #[diesel(sql_type = BigInt)]
        credit: i64,
        #[diesel(sql_type = Text)]
        fault: String,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    // NaN is above every number, so it passes `amount > 0`.
    let rows: Vec<Odd> = diesel::sql_query(
        "SELECT id, effective_on, debit, credit, fault, count(*) OVER () AS found FROM ( \
           SELECT t.*, CASE \
             WHEN d.number IS NULL AND t.debit <> ALL ($1) THEN 'names an unknown debit account' \
             WHEN c.number IS NULL AND t.credit <> ALL ($1) THEN 'names an unknown credit account' \
             WHEN t.debit = t.credit THEN 'moves money nowhere' \
             WHEN t.amount <= 0 OR t.amount = 'NaN' THEN 'has an impossible amount' \
             WHEN t.kind <> ALL ($2) THEN 'is of an unknown kind' \
             WHEN (t.kind = 'reversal') <> (t.reverses IS NOT NULL) \
               THEN 'is half a reversal' \
             WHEN NOT isfinite(t.booked_at) THEN 'was booked at no time' \
           END AS fault \
           FROM ledger_transfer t \
           LEFT JOIN household d ON d.number = t.debit \
           LEFT JOIN household c ON c.number = t.credit) AS judged \
         WHERE fault IS NOT NULL ORDER BY booked_at, id LIMIT 20",
    )
    .bind::<Array<BigInt>, _>(general_numbers())
    .bind::<Array<Text>, _>(TransferKind::ALL)
    .load(conn)?;
    Ok(lies(rows, |row| {
        let transfer = Named::new(row.id, row.effective_on, row.debit, row.credit);
        let fault = row.fault;
        (row.found, Lie::OddTransfer { transfer, fault })
    }))
}

/// Ids that are booked in more than one month: the key holds within a month only.
pub fn posted_twice(conn: &mut PgConnection) -> Result<Lies, DbError> {
    #[derive(QueryableByName)]
    struct Twice {
        #[diesel(sql_type = SqlUuid)]
        id: TransferId,
        #[diesel(sql_type = BigInt)]
        times: i64,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let rows: Vec<Twice> = diesel::sql_query(
        "SELECT id, count(*) AS times, count(*) OVER () AS found FROM ledger_transfer \
         GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 20",
    )
    .load(conn)?;
    Ok(lies(rows, |row| {
        let (id, times) = (row.id, row.times);
        (row.found, Lie::PostedTwice { id, times })
    }))
}

/// Reversals without their record or the other way round, and those that do not undo exactly
/// one transfer.
pub fn wrong_reversals(conn: &mut PgConnection) -> Result<Lies, DbError> {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = SqlUuid)]
        id: TransferId,
        #[diesel(sql_type = Text)]
        fault: String,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let rows: Vec<Wrong> = diesel::sql_query(
        "SELECT id, fault, count(*) OVER () AS found FROM ( \
           SELECT coalesce(r.id, v.reversal) AS id, CASE \
             WHEN r.id IS NULL THEN 'is recorded but was never booked' \
             WHEN r.turn > 1 THEN 'reverses what was reversed before' \
             WHEN v.reversal IS NULL THEN 'has no record of who made it and why' \
             WHEN v.reversed <> r.reverses THEN 'is recorded as that of another transfer' \
             WHEN o.id IS NULL THEN 'reverses a transfer that is not there' \
             WHEN o.kind = 'reversal' THEN 'reverses a reversal' \
             WHEN (o.debit, o.credit, o.amount, o.effective_on) \
               IS DISTINCT FROM (r.credit, r.debit, r.amount, r.effective_on) \
               THEN 'does not mirror what it reverses' \
             WHEN v.household NOT IN (r.debit, r.credit) THEN 'is recorded for another household' \
             WHEN v.recorded_at <> r.booked_at THEN 'is recorded at another time' \
           END AS fault \
           FROM (SELECT *, row_number() OVER (PARTITION BY reverses ORDER BY booked_at, id) AS turn \
                 FROM ledger_transfer WHERE kind = 'reversal') AS r \
           FULL JOIN ledger_reversal v ON v.reversal = r.id \
           LEFT JOIN ledger_transfer o ON o.id = r.reverses) AS judged \
         WHERE fault IS NOT NULL ORDER BY id LIMIT 20",
    )
    .load(conn)?;
    Ok(lies(rows, |row| {
        let (id, fault) = (row.id, row.fault);
        (row.found, Lie::WrongReversal { id, fault })
    }))
}

/// Gives `each` the reversals that have a record, in the order they were booked: the
/// transfer, its source, and the record that should make it.
pub fn each_reversal(
    conn: &mut PgConnection,
    mut each: impl FnMut(TransferId, Uuid, Reversal),
) -> Result<(), DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: TransferId,
        #[diesel(sql_type = SqlUuid)]
        source: Uuid,
        #[diesel(sql_type = SqlUuid)]
        reversed: TransferId,
        #[diesel(sql_type = BigInt)]
        household: i64,
        #[diesel(sql_type = Text)]
        reason: String,
        #[diesel(sql_type = Text)]
        recorded_by: String,
        #[diesel(sql_type = Timestamptz)]
        recorded_at: DateTime<Utc>,
    }
    // A record of another time is named elsewhere, and could be of no time at all.
    let rows = diesel::sql_query(
        "SELECT r.id, r.source, v.reversed, v.household, v.reason, v.recorded_by, v.recorded_at \
         FROM ledger_reversal v JOIN ledger_transfer r ON r.id = v.reversal \
         WHERE r.kind = 'reversal' AND v.recorded_at = r.booked_at AND isfinite(r.booked_at) \
         ORDER BY r.booked_at, r.id",
    )
    .load_iter::<Row, PgRowByRowLoadingMode>(conn)?;
    for row in rows {
        let row = row?;
        let record = Reversal {
            reversed: row.reversed,
            household: row.household,
            reason: row.reason,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        };
        each(row.id, row.source, record);
    }
    Ok(())
}

/// Households whose balance is not the sum of their transfers, those without one, and those
/// with a balance but no transfers: it is a posting that opens an account.
pub fn wrong_balances(conn: &mut PgConnection) -> Result<Lies, DbError> {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = BigInt)]
        household: i64,
        #[diesel(sql_type = Text)]
        stored: String,
        #[diesel(sql_type = Text)]
        computed: String,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let rows: Vec<Wrong> = diesel::sql_query(
        "SELECT household, coalesce(stored::text, 'none') AS stored, \
                coalesce(computed::text, 'none') AS computed, \
                count(*) OVER () AS found FROM ( \
           SELECT coalesce(a.household, m.household) AS household, \
                  a.balance AS stored, m.computed AS computed \
           FROM rent_account a FULL JOIN ( \
             SELECT household, sum(change) AS computed FROM ( \
               SELECT debit AS household, amount AS change FROM ledger_transfer \
               WHERE debit >= 100000000 \
               UNION ALL \
               SELECT credit, -amount FROM ledger_transfer WHERE credit >= 100000000) AS changes \
             GROUP BY household) AS m ON m.household = a.household) AS compared \
         WHERE stored IS DISTINCT FROM computed ORDER BY household LIMIT 20",
    )
    .load(conn)?;
    Ok(lies(rows, |row| {
        let lie = Lie::WrongBalance {
            household: row.household,
            stored: row.stored,
            computed: row.computed,
        };
        (row.found, lie)
    }))
}

/// The ledger in figures.
pub struct Totals {
    pub transfers: i64,
    /// By general account: debits and credits. Unknown accounts are left out.
    pub general: Vec<(i64, Decimal, Decimal)>,
    pub households: (Decimal, Decimal),
    /// The balances in the households' rows, and what transfers put onto general accounts.
    pub sum: Decimal,
}

/// What was put onto and taken off each general account, and households together.
pub fn totals(conn: &mut PgConnection) -> Result<Totals, DbError> {
    #[derive(QueryableByName)]
    struct Total {
        /// A general account's number, or 100000000 for the households.
        #[diesel(sql_type = BigInt)]
        account: i64,
        #[diesel(sql_type = BigInt)]
        debited: i64,
        #[diesel(sql_type = Numeric)]
        debits: Decimal,
        #[diesel(sql_type = Numeric)]
        credits: Decimal,
    }
    #[derive(QueryableByName)]
    struct Stored {
        #[diesel(sql_type = Numeric)]
        stored: Decimal,
    }
    // What is no number is named elsewhere and would make every sum none too.
    let rows: Vec<Total> = diesel::sql_query(
        "SELECT least(account, 100000000) AS account, count(*) FILTER (WHERE debited) AS debited, \
                coalesce(sum(amount) FILTER (WHERE debited), 0.00) AS debits, \
                coalesce(sum(amount) FILTER (WHERE NOT debited), 0.00) AS credits \
         FROM ledger_transfer \
         CROSS JOIN LATERAL (VALUES (debit, true), (credit, false)) AS side (account, debited) \
         WHERE amount <> 'NaN' GROUP BY 1 ORDER BY 1",
    )
    .load(conn)?;
    let stored: Stored = diesel::sql_query(
        "SELECT coalesce(sum(balance), 0) AS stored FROM rent_account WHERE balance <> 'NaN'",
    )
    .get_result(conn)?;
    let mut totals = Totals {
        transfers: rows.iter().map(|row| row.debited).sum(),
        general: Vec::new(),
        households: (Decimal::new(0, 2), Decimal::new(0, 2)),
        sum: stored.stored,
    };
    for row in rows {
        if row.account >= 100_000_000 {
            totals.households = (row.debits, row.credits);
        } else {
            totals.sum += row.debits - row.credits;
            totals.general.push((row.account, row.debits, row.credits));
        }
    }
    Ok(totals)
}

fn lies<R>(rows: Vec<R>, told: impl Fn(R) -> (i64, Lie)) -> Lies {
    let (counts, first): (Vec<i64>, Vec<Lie>) = rows.into_iter().map(told).unzip();
    let count = counts.first().copied().unwrap_or(0);
    Lies {
        first,
        count: count.unsigned_abs(),
    }
}
