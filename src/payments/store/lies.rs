//! Questions to all payments that have no answer when the books are true. Each is one statement
//! over all rows.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};

use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::ledger::{Account, General};
use crate::payments::model::{Channel, Fate};
use crate::payments::verify::{Lie, NAMED};
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment, payment_file, payment_line};

/// How many payments there are.
pub fn payments(conn: &mut PgConnection) -> Result<i64, DbError> {
    Ok(payment::table.count().get_result(conn)?)
}

/// Payments that are not what their line says, or not on the ledger as they should be; up to so
/// many as are named, and how many there are.
pub fn wrong_payments(conn: &mut PgConnection) -> Result<(Vec<Lie>, i64), DbError> {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
        #[diesel(sql_type = Text)]
        fault: String,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let clearing = Channel::ALL.iter().map(|channel| channel.clearing());
    let clearing: Vec<i64> = clearing.map(|one| Account::General(one).number()).collect();
    let rows: Vec<Wrong> = diesel::sql_query(
        "SELECT id, fault, count(*) OVER () AS found FROM ( \
           SELECT p.id, p.recorded_at, CASE \
             WHEN p.file IS NOT NULL AND l.file IS NULL THEN 'names a line that is not there' \
             WHEN p.file IS NOT NULL AND (p.reference, p.account, p.amount, p.instructed_at) \
               IS DISTINCT FROM (l.reference, l.account, l.amount, l.instructed_at) \
               THEN 'is not what its line says' \
             WHEN p.file IS NOT NULL AND p.channel IS DISTINCT FROM f.channel \
               THEN 'is of another channel than its file' \
             WHEN p.household IS NOT NULL AND h.number IS NULL THEN 'is nobody''s' \
             WHEN t.id IS NULL THEN 'is not in the ledger' \
             WHEN (t.debit, t.credit, t.amount, t.effective_on, t.booked_at) IS DISTINCT FROM \
               (c.number, coalesce(p.household, $3), p.amount, p.value_on, p.recorded_at) \
               THEN 'is otherwise in the ledger' \
           END AS fault \
           FROM payment p \
           LEFT JOIN payment_line l ON l.file = p.file AND l.number = p.line \
           LEFT JOIN payment_file f ON f.id = p.file \
           LEFT JOIN household h ON h.number = p.household \
           LEFT JOIN unnest($1, $2) AS c (channel, number) ON c.channel = p.channel \
           LEFT JOIN ledger_transfer t ON t.source = p.id AND t.kind = 'payment') AS judged \
         WHERE fault IS NOT NULL ORDER BY recorded_at, id LIMIT $4",
    )
    .bind::<Array<Text>, _>(Channel::ALL)
    .bind::<Array<BigInt>, _>(clearing)
    .bind::<BigInt, _>(Account::General(General::Suspense).number())
    .bind::<BigInt, _>(NAMED)
    .load(conn)?;
    Ok(lies(rows, |row| {
        let Wrong { id, fault, found } = row;
        (found, Lie::WrongPayment { id, fault })
    }))
}

/// What some payments, or lines, are called: by themselves, their channel, and the reference.
pub type Named<T> = (T, Channel, String);

/// Up to `rows` payments after `after`.
pub fn named_payments(
    conn: &mut PgConnection,
    after: Option<PaymentId>,
    rows: i64,
) -> Result<Vec<Named<PaymentId>>, DbError> {
    let mut query = payment::table
        .order(payment::id)
        .limit(rows)
        .select((payment::id, payment::channel, payment::reference))
        .into_boxed();
    if let Some(id) = after {
        query = query.filter(payment::id.gt(id));
    }
    Ok(query.load(conn)?)
}

/// A line's place, and the payment that it names.
pub type LineNames = (PaymentFileId, i32, PaymentId);

/// Up to `rows` lines that name a payment, from after the one at `after`.
pub fn named_lines(
    conn: &mut PgConnection,
    after: Option<(PaymentFileId, i32)>,
    rows: i64,
) -> Result<Vec<Named<LineNames>>, DbError> {
    let place = (payment_line::file, payment_line::number);
    let mut query = payment_line::table
        .inner_join(payment_file::table.on(payment_file::id.eq(payment_line::file)))
        .filter(payment_line::payment.is_not_null())
        .order(place)
        .limit(rows)
        .select((
            (place.0, place.1, payment_line::payment.assume_not_null()),
            payment_file::channel,
            payment_line::reference,
        ))
        .into_boxed();
    if let Some((file, number)) = after {
        let later = place.0.eq(file).and(place.1.gt(number));
        query = query.filter(place.0.gt(file).or(later));
    }
    Ok(query.load(conn)?)
}

/// Files that have other lines than they say; up to so many as are named, and how many there are.
pub fn wrong_files(conn: &mut PgConnection) -> Result<(Vec<Lie>, i64), DbError> {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = SqlUuid)]
        file: PaymentFileId,
        #[diesel(sql_type = Integer)]
        said: i32,
        #[diesel(sql_type = BigInt)]
        lines: i64,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let rows: Vec<Wrong> = diesel::sql_query(
        "SELECT coalesce(f.id, l.file) AS file, coalesce(f.lines, 0) AS said, \
             coalesce(l.lines, 0) AS lines, count(*) OVER () AS found \
         FROM payment_file f FULL JOIN ( \
             SELECT file, count(*) AS lines, sum(amount) AS amount \
             FROM payment_line GROUP BY file) AS l ON l.file = f.id \
         WHERE (f.lines, f.amount) IS DISTINCT FROM \
             (coalesce(l.lines, 0), coalesce(l.amount, 0)) \
         ORDER BY 1 LIMIT $1",
    )
    .bind::<BigInt, _>(NAMED)
    .load(conn)?;
    Ok(lies(rows, |row| {
        let (file, said, lines) = (row.file, row.said, row.lines);
        (row.found, Lie::WrongFile { file, said, lines })
    }))
}

/// Files of which the tallies are not what their lines make; up to so many as are named, and how
/// many there are.
pub fn wrong_tallies(conn: &mut PgConnection) -> Result<(Vec<Lie>, i64), DbError> {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = SqlUuid)]
        file: PaymentFileId,
        #[diesel(sql_type = Text)]
        fate: Fate,
        #[diesel(sql_type = BigInt)]
        said: i64,
        #[diesel(sql_type = BigInt)]
        lines: i64,
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let rows: Vec<Wrong> = diesel::sql_query(
        "SELECT file, fate, coalesce(t.lines, 0) AS said, coalesce(l.lines, 0) AS lines, \
             count(*) OVER () AS found \
         FROM payment_file_tally t FULL JOIN ( \
             SELECT file, fate, count(*) AS lines, sum(amount) AS amount \
             FROM payment_line_fate WHERE fate IS NOT NULL GROUP BY file, fate \
         ) AS l USING (file, fate) \
         WHERE (t.lines, t.amount) IS DISTINCT FROM (l.lines, l.amount) \
         ORDER BY file, fate LIMIT $1",
    )
    .bind::<BigInt, _>(NAMED)
    .load(conn)?;
    Ok(lies(rows, |row| {
        let (file, fate, said, lines) = (row.file, row.fate, row.said, row.lines);
        let lie = Lie::WrongTally {
            file,
            fate,
            said,
            lines,
        };
        (row.found, lie)
    }))
}

/// The lies that rows tell, each row with how many there are.
fn lies<R>(rows: Vec<R>, lie: impl Fn(R) -> (i64, Lie)) -> (Vec<Lie>, i64) {
    let (found, lies): (Vec<i64>, Vec<Lie>) = rows.into_iter().map(lie).unzip();
    (lies, found.first().copied().unwrap_or_default())
}
