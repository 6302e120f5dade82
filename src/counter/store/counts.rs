//! What was counted at the end of days.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::counter::model::{CashKind, Count, CountLine, Pile, Tender};
use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{CountId, CounterDayId};
use crate::kernel::money::Money;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    cash_piece, counter_count, counter_count_cash, counter_count_decision, counter_count_line,
};

type Row = (
    (
        CountId,
        CounterDayId,
        i16,
        Option<String>,
        String,
        DateTime<Utc>,
    ),
    Option<(bool, Option<String>, String, DateTime<Utc>)>,
);

/// The last count of `day`.
pub fn last(conn: &mut PgConnection, day: CounterDayId) -> Result<Option<Count>, DbError> {
    let row: Option<Row> = counter_count::table
        .left_join(
            counter_count_decision::table.on(counter_count_decision::count.eq(counter_count::id)),
        )
        .filter(counter_count::day.eq(day))
        .order(counter_count::number.desc())
        .select((
            (
                counter_count::id,
                counter_count::day,
                counter_count::number,
                counter_count::reason,
                counter_count::counted_by,
                counter_count::counted_at,
            ),
            (
                counter_count_decision::approved,
                counter_count_decision::reason,
                counter_count_decision::decided_by,
                counter_count_decision::decided_at,
            )
                .nullable(),
        ))
        .first(conn)
        .optional()?;
    let Some(((id, day, number, reason, counted_by, counted_at), decided)) = row else {
        return Ok(None);
    };
    Ok(Some(Count {
        id,
        day,
        number,
        lines: lines(conn, id)?,
        cash: cash(conn, id)?,
        reason,
        counted_by,
        counted_at,
        decision: decided.map(|(approved, reason, decided_by, decided_at)| Decision {
            approved,
            reason,
            decided_by,
            decided_at,
        }),
    }))
}

fn lines(conn: &mut PgConnection, id: CountId) -> Result<Vec<CountLine>, DbError> {
    let rows: Vec<(Tender, i32, Money, i32, Money)> = counter_count_line::table
        .filter(counter_count_line::count.eq(id))
        .select((
            counter_count_line::tender,
            counter_count_line::receipts,
            counter_count_line::held,
            counter_count_line::pieces,
            counter_count_line::counted,
        ))
        .load(conn)?;
    let line = |(tender, receipts, held, pieces, counted)| CountLine {
        tender,
        receipts,
        held,
        pieces,
        counted,
    };
    let mut lines: Vec<_> = rows.into_iter().map(line).collect();
    lines.sort_unstable_by_key(|line| line.tender);
    Ok(lines)
}

fn cash(conn: &mut PgConnection, id: CountId) -> Result<Vec<Pile>, DbError> {
    let rows: Vec<(CashKind, Money, i32)> = counter_count_cash::table
        .inner_join(cash_piece::table.on(cash_piece::id.eq(counter_count_cash::piece)))
        .filter(counter_count_cash::count.eq(id))
        .order((cash_piece::kind.desc(), cash_piece::value.desc()))
        .select((
            cash_piece::kind,
            cash_piece::value,
            counter_count_cash::pieces,
        ))
        .load(conn)?;
    let pile = |(kind, value, pieces): (_, _, i32)| Pile {
        kind,
        value,
        pieces: pieces.unsigned_abs(),
    };
    Ok(rows.into_iter().map(pile).collect())
}

/// Adds `count`, of which nothing is decided, with how many there were of each piece.
pub fn add(
    conn: &mut PgConnection,
    count: &Count,
    cash: &BTreeMap<i32, u32>,
) -> Result<(), DbError> {
    diesel::insert_into(counter_count::table)
        .values((
            counter_count::id.eq(count.id),
            counter_count::day.eq(count.day),
            counter_count::number.eq(count.number),
            counter_count::reason.eq(&count.reason),
            counter_count::counted_by.eq(&count.counted_by),
            counter_count::counted_at.eq(count.counted_at),
        ))
        .execute(conn)?;
    let lines = count.lines.iter().map(|line| {
        (
            counter_count_line::count.eq(count.id),
            counter_count_line::tender.eq(line.tender),
            counter_count_line::receipts.eq(line.receipts),
            counter_count_line::held.eq(line.held),
            counter_count_line::pieces.eq(line.pieces),
            counter_count_line::counted.eq(line.counted),
        )
    });
    diesel::insert_into(counter_count_line::table)
        .values(lines.collect::<Vec<_>>())
        .execute(conn)?;
    let piles = cash.iter().map(|(piece, pieces)| {
        (
            counter_count_cash::count.eq(count.id),
            counter_count_cash::piece.eq(*piece),
            counter_count_cash::pieces.eq(i32::try_from(*pieces).unwrap_or(i32::MAX)),
        )
    });
    diesel::insert_into(counter_count_cash::table)
        .values(piles.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

pub fn decide(conn: &mut PgConnection, count: &Count, decision: &Decision) -> Result<(), DbError> {
    diesel::insert_into(counter_count_decision::table)
        .values((
            counter_count_decision::count.eq(count.id),
            counter_count_decision::counted_by.eq(&count.counted_by),
            counter_count_decision::approved.eq(decision.approved),
            counter_count_decision::reason.eq(&decision.reason),
            counter_count_decision::decided_by.eq(&decision.decided_by),
            counter_count_decision::decided_at.eq(decision.decided_at),
        ))
        .execute(conn)?;
    Ok(())
}
