//! A channel's day as its files, the bank and the ledger have it, asked by one statement each.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Integer, Nullable, Numeric, Text, Uuid as SqlUuid,
};

use crate::kernel::money::Money;
use crate::ledger::{Account, General};
use crate::payments::model::Channel;
use crate::payments::reconciliation::{
    Credit, DayFile, Figures, LinePlace, NOWHERE, NamedLine, Period,
};
use crate::platform::db::{DbError, by_sets};

fn clearing(channel: Channel) -> i64 {
    Account::General(channel.clearing()).number()
}

/// What each side says of every channel's days in `period`, the newest first.
pub fn figures(conn: &mut PgConnection, period: Period) -> Result<Vec<Figures>, DbError> {
    let words: Vec<&str> = Channel::ALL.iter().map(|one| one.as_str()).collect();
    let accounts: Vec<i64> = Channel::ALL.iter().map(|one| clearing(*one)).collect();
    let question = diesel::sql_query(include_str!("day.sql"))
        .bind::<Date, _>(period.from)
        .bind::<Date, _>(period.to)
        .bind::<Nullable<Text>, _>(period.channel)
        .bind::<Array<Text>, _>(words)
        .bind::<Array<BigInt>, _>(accounts)
        .bind::<BigInt, _>(Account::General(General::Suspense).number());
    by_sets(conn, |conn| Ok(question.load(conn)?))
}

/// The files of a channel's day, in their order.
pub fn files(
    conn: &mut PgConnection,
    (channel, day): (Channel, NaiveDate),
) -> Result<Vec<DayFile>, DbError> {
    Ok(diesel::sql_query(
        "SELECT f.id, f.name, f.sequence, f.state, f.reason, f.lines, f.amount, false AS is_alone, \
             f.amount - coalesce(( \
                 SELECT sum(l.amount) FROM payment_line l \
                 WHERE l.file = f.id AND l.number <= f.settled \
                     AND NOT EXISTS (SELECT FROM payment p \
                                     WHERE p.id = l.payment \
                                         AND p.file = l.file AND p.line = l.number OFFSET 0) \
                     AND NOT EXISTS (SELECT FROM payment_settlement s \
                                     WHERE s.file = l.file AND s.line = l.number OFFSET 0)), 0) \
                 AS net_amount \
         FROM payment_file f \
         WHERE f.channel = $1 AND f.business_date = $2 AND f.state <> 'withdrawn' \
         ORDER BY f.series, f.sequence, f.id",
    )
    .bind::<Text, _>(channel)
    .bind::<Date, _>(day)
    .load(conn)?)
}

/// What the bank credited of a channel's day: in one sum, or payment by payment.
pub fn credits(
    conn: &mut PgConnection,
    (channel, day): (Channel, NaiveDate),
) -> Result<Vec<Credit>, DbError> {
    Ok(diesel::sql_query(
        "SELECT id AS movement, file, reference, wording, amount, booked_on, false AS is_alone \
         FROM bank_movement_now WHERE channel = $1 AND settled_on = $2 \
         UNION ALL \
         SELECT NULL, id, '', name, amount, business_date, false \
         FROM payment_file WHERE channel = $1 AND business_date = $2 AND state <> 'withdrawn' \
             AND series LIKE 'camt.053 %' AND lines > 0 \
         ORDER BY booked_on, file, movement",
    )
    .bind::<Text, _>(channel)
    .bind::<Date, _>(day)
    .load(conn)?)
}

/// Up to `rows` lines of a channel's day that make a difference, or may, from after the one at
/// `after`; `differ_by` is what bank and files differ by.
pub fn lines(
    conn: &mut PgConnection,
    (channel, day): (Channel, NaiveDate),
    differ_by: Option<Money>,
    after: Option<LinePlace>,
    rows: i64,
) -> Result<Vec<NamedLine>, DbError> {
    let (cause, reference, file, line) = match after {
        Some((cause, reference, file, line)) => (Some(cause), Some(reference), file, line),
        None => (None, None, None, None),
    };
    let question = diesel::sql_query(include_str!("lines.sql"))
        .bind::<Text, _>(channel)
        .bind::<Date, _>(day)
        .bind::<Nullable<Text>, _>(cause)
        .bind::<Nullable<Text>, _>(reference)
        .bind::<Nullable<SqlUuid>, _>(file)
        .bind::<Nullable<Integer>, _>(line)
        .bind::<Bool, _>(channel.sends_files())
        .bind::<BigInt, _>(clearing(channel))
        .bind::<Nullable<Numeric>, _>(differ_by)
        .bind::<BigInt, _>(rows)
        .bind::<SqlUuid, _>(NOWHERE);
    by_sets(conn, |conn| Ok(question.load(conn)?))
}
