//! Settlement files, their lines, and what was paid.

use chrono::{DateTime, Utc};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Uuid as SqlUuid};

use crate::kernel::id::PaymentFileId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::files::Line;
use crate::payments::model::{Channel, FileState, Payment, PaymentError, PaymentFile, Tally};
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment, payment_file, payment_line};

/// Any number that only the intake of a channel's files locks, together with the channel.
const CHANNEL_LOCK: i32 = 7_210_851;

/// Keeps other files of `channel` out until the transaction ends: they are numbered, and two
/// that name one payment must not be posted side by side.
pub fn hold(conn: &mut PgConnection, channel: Channel) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind::<Integer, _>(CHANNEL_LOCK)
        .bind::<Text, _>(channel.as_str())
        .execute(conn)?;
    Ok(())
}

/// The file with these bytes.
pub fn of_digest(conn: &mut PgConnection, sha256: &[u8]) -> Result<Option<PaymentFile>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::sha256.eq(sha256))
        .select(PaymentFile::as_select())
        .first(conn)
        .optional()?)
}

pub fn file(conn: &mut PgConnection, id: PaymentFileId) -> Result<PaymentFile, PaymentError> {
    let file = payment_file::table
        .find(id)
        .select(PaymentFile::as_select())
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    file.ok_or(PaymentError::NoSuchFile)
}

/// The number of the newest file of a series that is not held.
pub fn newest_in_row(
    conn: &mut PgConnection,
    (channel, series): (Channel, &str),
) -> Result<Option<i32>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::channel.eq(channel))
        .filter(payment_file::series.eq(series))
        .filter(payment_file::state.ne(FileState::Held))
        .select(max(payment_file::sequence))
        .first(conn)?)
}

/// The files of `channel` that wait to be posted, in their order.
pub fn staged(conn: &mut PgConnection, channel: Channel) -> Result<Vec<PaymentFileId>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::channel.eq(channel))
        .filter(payment_file::state.eq(FileState::Staged))
        .order((payment_file::series, payment_file::sequence))
        .select(payment_file::id)
        .load(conn)?)
}

/// File `sequence` of a series.
pub fn of_sequence(
    conn: &mut PgConnection,
    (channel, series): (Channel, &str),
    sequence: i32,
) -> Result<Option<PaymentFile>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::channel.eq(channel))
        .filter(payment_file::series.eq(series))
        .filter(payment_file::sequence.eq(sequence))
        .select(PaymentFile::as_select())
        .first(conn)
        .optional()?)
}

pub fn add(conn: &mut PgConnection, file: &PaymentFile) -> Result<(), DbError> {
    diesel::insert_into(payment_file::table)
        .values(file)
        .execute(conn)?;
    Ok(())
}

/// Adds lines of file `id` by one `COPY`.
pub fn add_lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    lines: &[Line],
) -> Result<(), DbError> {
    let rows = lines.iter().map(|line| {
        (
            payment_line::file.eq(id),
            payment_line::number.eq(number(line.number)),
            payment_line::reference.eq(&line.reference),
            payment_line::account.eq(&line.account),
            payment_line::amount.eq(line.amount),
            payment_line::instructed_at.eq(line.instructed_at),
            payment_line::place.eq(&line.place),
        )
    });
    diesel::copy_from(payment_line::table)
        .from_insertable(rows.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

/// As PostgreSQL counts: no file has more lines than this holds.
pub fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A line to be settled.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment_line, check_for_backend(diesel::pg::Pg))]
pub struct Unsettled {
    pub number: i32,
    pub reference: String,
    pub account: String,
    pub amount: Money,
    pub instructed_at: DateTime<Utc>,
}

/// Up to `rows` lines of file `id` after line `settled`.
pub fn unsettled(
    conn: &mut PgConnection,
    (id, settled): (PaymentFileId, i32),
    rows: i64,
) -> Result<Vec<Unsettled>, DbError> {
    Ok(payment_line::table
        .filter(payment_line::file.eq(id))
        .filter(payment_line::number.gt(settled))
        .order(payment_line::number)
        .limit(rows)
        .select(Unsettled::as_select())
        .load(conn)?)
}

type Ends = (DateTime<Utc>, DateTime<Utc>);

/// When the first and the last payment of file `id` was instructed.
pub fn span(conn: &mut PgConnection, id: PaymentFileId) -> Result<Option<Ends>, DbError> {
    let at = payment_line::instructed_at;
    let ends: (Option<DateTime<Utc>>, Option<DateTime<Utc>>) = payment_line::table
        .filter(payment_line::file.eq(id))
        .select((min(at), max(at)))
        .first(conn)?;
    Ok(ends.0.zip(ends.1))
}

/// The first line of file `id` that contradicts what was paid before, or another line of it: the
/// same reference with another amount or account.
pub fn contradiction(
    conn: &mut PgConnection,
    id: PaymentFileId,
    channel: Channel,
) -> Result<Option<(i32, String)>, DbError> {
    let before = payment_line::table
        .inner_join(payment::table.on(payment::reference.eq(payment_line::reference)))
        .filter(payment::channel.eq(channel))
        .filter(payment_line::file.eq(id))
        .filter(
            payment::amount
                .ne(payment_line::amount)
                .or(payment::account.ne(payment_line::account)),
        )
        .order(payment_line::number)
        .select((payment_line::number, payment_line::reference))
        .first(conn)
        .optional()?;
    if before.is_some() {
        return Ok(before);
    }
    // Each line against the first of its reference: a join of equal references would be the square
    // of a file that names one reference only.
    let within: Option<Contradicts> = diesel::sql_query(
        "SELECT number, reference FROM ( \
             SELECT number, reference, account, amount, \
                 first_value(account) OVER same AS first_account, \
                 first_value(amount) OVER same AS first_amount \
             FROM payment_line WHERE file = $1 \
             WINDOW same AS (PARTITION BY reference ORDER BY number)) AS line \
         WHERE account <> first_account OR amount <> first_amount \
         ORDER BY number LIMIT 1",
    )
    .bind::<SqlUuid, _>(id)
    .get_result(conn)
    .optional()?;
    Ok(within.map(|line| (line.number, line.reference)))
}

#[derive(QueryableByName)]
struct Contradicts {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    reference: String,
}

/// The account that was paid, and how much.
type ToWhom = (String, Money);

/// Those of `references` that `channel` was paid by before: to which account, and how much.
pub fn paid(
    conn: &mut PgConnection,
    channel: Channel,
    references: &[&str],
) -> Result<Vec<(String, ToWhom)>, DbError> {
    Ok(payment::table
        .filter(payment::channel.eq(channel))
        .filter(payment::reference.eq_any(references))
        .select((payment::reference, (payment::account, payment::amount)))
        .load(conn)?)
}

/// What was paid to `code`, oldest first, and where.
pub fn payments_of(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(Payment, String)>, DbError> {
    let its_line = payment_line::file
        .eq(payment::file)
        .and(payment_line::number.eq(payment::line));
    Ok(payment::table
        .inner_join(payment_line::table.on(its_line))
        .filter(payment::household.eq(code))
        .order((payment::value_on, payment::id))
        .select((Payment::as_select(), payment_line::place))
        .load(conn)?)
}

/// Adds payments by one `COPY`.
pub fn add_payments(conn: &mut PgConnection, payments: &[Payment]) -> Result<(), DbError> {
    diesel::copy_from(payment::table)
        .from_insertable(payments)
        .execute(conn)?;
    Ok(())
}

/// Keeps where file `id` is.
pub fn keep_state(conn: &mut PgConnection, file: &PaymentFile) -> Result<(), DbError> {
    diesel::update(payment_file::table.find(file.id))
        .set((
            payment_file::state.eq(file.state),
            payment_file::settled.eq(file.settled),
            payment_file::reason.eq(&file.reason),
            payment_file::posted_at.eq(file.posted_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// What became of the settled lines of file `id`.
pub fn tally(conn: &mut PgConnection, id: PaymentFileId) -> Result<Vec<Tally>, DbError> {
    Ok(diesel::sql_query(
        "SELECT CASE WHEN p.file IS NULL THEN 'duplicate' \
                     WHEN p.household IS NULL THEN 'suspense' ELSE 'posted' END AS fate, \
             count(*) AS lines, sum(l.amount) AS amount \
         FROM payment_file f JOIN payment_line l ON l.file = f.id AND l.number <= f.settled \
         LEFT JOIN payment p ON p.file = l.file AND p.line = l.number \
         WHERE f.id = $1 GROUP BY 1 ORDER BY 1",
    )
    .bind::<SqlUuid, _>(id)
    .load(conn)?)
}
