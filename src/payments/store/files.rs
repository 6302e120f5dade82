//! Settlement files, their lines, and what became of them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text, Uuid as SqlUuid};
use diesel::upsert::excluded;

use crate::kernel::id::{PaymentFileId, PaymentId};
use crate::payments::files::Line;
use crate::payments::model::{
    Channel, Decided, Fate, FileDecision, FileState, HeldFile, PaymentError, PaymentFile,
    SettledLine, Tally, Told,
};
use crate::platform::db::schema::{
    payment_file, payment_file_decision, payment_file_tally, payment_line, payment_line_fate,
};
use crate::platform::db::{DbError, by_sets};

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

/// The file with these bytes, unless it was given up.
pub fn of_digest(conn: &mut PgConnection, sha256: &[u8]) -> Result<Option<PaymentFile>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::sha256.eq(sha256))
        .filter(payment_file::state.ne(FileState::Withdrawn))
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
        .filter(payment_file::state.ne_all([FileState::Held, FileState::Withdrawn]))
        .select(max(payment_file::sequence))
        .first(conn)?)
}

/// The files that wait for one before them, those that came first before all others.
pub fn held(conn: &mut PgConnection) -> Result<Vec<HeldFile>, DbError> {
    Ok(diesel::sql_query(
        "SELECT f.id, f.channel, f.series, f.sequence, f.name, f.received_at, \
             (SELECT coalesce(max(p.sequence), 0) + 1 FROM payment_file p \
              WHERE p.channel = f.channel AND p.series = f.series \
                  AND p.state NOT IN ('held', 'withdrawn')) AS awaits \
         FROM payment_file f WHERE f.state = 'held' ORDER BY f.received_at, f.id",
    )
    .load(conn)?)
}

/// Whether a file `sequence` of a series was given up.
pub fn is_withdrawn(
    conn: &mut PgConnection,
    (channel, series): (Channel, &str),
    sequence: i32,
) -> Result<bool, DbError> {
    let withdrawn = payment_file::table
        .filter(payment_file::channel.eq(channel))
        .filter(payment_file::series.eq(series))
        .filter(payment_file::sequence.eq(sequence))
        .filter(payment_file::state.eq(FileState::Withdrawn));
    Ok(diesel::select(exists(withdrawn)).get_result(conn)?)
}

/// The channels that have files which wait to be posted.
pub fn waiting(conn: &mut PgConnection) -> Result<Vec<Channel>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::state.eq(FileState::Staged))
        .select(payment_file::channel)
        .distinct()
        .load(conn)?)
}

/// Which files are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of these only; `None` is of all.
    pub channels: Option<Vec<Channel>>,
    pub channel: Option<Channel>,
    pub state: Option<FileState>,
    pub business_date: Option<NaiveDate>,
}

/// Up to `rows` files, the newest first, from after the one that came at `after`.
pub fn list(
    conn: &mut PgConnection,
    wanted: &Wanted,
    after: Option<(DateTime<Utc>, PaymentFileId)>,
    rows: i64,
) -> Result<Vec<PaymentFile>, DbError> {
    let place = (payment_file::received_at, payment_file::id);
    let mut query = payment_file::table
        .order((place.0.desc(), place.1.desc()))
        .limit(rows)
        .select(PaymentFile::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let later = place.0.eq(at).and(place.1.lt(id));
        query = query.filter(place.0.lt(at).or(later));
    }
    if let Some(channels) = &wanted.channels {
        query = query.filter(payment_file::channel.eq_any(channels));
    }
    if let Some(channel) = wanted.channel {
        query = query.filter(payment_file::channel.eq(channel));
    }
    if let Some(state) = wanted.state {
        query = query.filter(payment_file::state.eq(state));
    }
    if let Some(date) = wanted.business_date {
        query = query.filter(payment_file::business_date.eq(date));
    }
    Ok(query.load(conn)?)
}

/// Up to `rows` lines of file `id` after line `after`, those of one fate only if so.
pub fn lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    fate: Option<Fate>,
    after: i32,
    rows: i64,
) -> Result<Vec<SettledLine>, DbError> {
    let mut query = payment_line_fate::table
        .filter(payment_line_fate::file.eq(id))
        .filter(payment_line_fate::number.gt(after))
        .order(payment_line_fate::number)
        .limit(rows)
        .select(SettledLine::as_select())
        .into_boxed();
    if let Some(fate) = fate {
        query = query.filter(payment_line_fate::fate.eq(fate));
    }
    Ok(query.load(conn)?)
}

/// What was decided of file `id`, in order.
pub fn decisions(conn: &mut PgConnection, id: PaymentFileId) -> Result<Vec<FileDecision>, DbError> {
    Ok(payment_file_decision::table
        .filter(payment_file_decision::file.eq(id))
        .order(payment_file_decision::decided_at)
        .select(FileDecision::as_select())
        .load(conn)?)
}

pub fn add_decision(conn: &mut PgConnection, decision: &FileDecision) -> Result<(), DbError> {
    diesel::insert_into(payment_file_decision::table)
        .values(decision)
        .execute(conn)?;
    Ok(())
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

/// File `sequence` of a series, the one that was not given up.
pub fn of_sequence(
    conn: &mut PgConnection,
    (channel, series): (Channel, &str),
    sequence: i32,
) -> Result<Option<PaymentFile>, DbError> {
    Ok(payment_file::table
        .filter(payment_file::channel.eq(channel))
        .filter(payment_file::series.eq(series))
        .filter(payment_file::sequence.eq(sequence))
        .filter(payment_file::state.ne(FileState::Withdrawn))
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

/// Adds lines of file `id`, each with the payment that it names, by one `COPY`.
pub fn add_lines(
    conn: &mut PgConnection,
    id: PaymentFileId,
    lines: &[(PaymentId, Line)],
) -> Result<(), DbError> {
    let rows = lines.iter().map(|(payment, line)| {
        (
            payment_line::file.eq(id),
            payment_line::payment.eq(payment),
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

/// Up to `rows` lines of file `id` after line `settled`.
pub fn unsettled(
    conn: &mut PgConnection,
    (id, settled): (PaymentFileId, i32),
    rows: i64,
) -> Result<Vec<Told>, DbError> {
    Ok(payment_line::table
        .filter(payment_line::file.eq(id))
        .filter(payment_line::number.gt(settled))
        .order(payment_line::number)
        .limit(rows)
        .select(Told::as_select())
        .load(conn)?)
}

/// The first line of file `id` that contradicts what was paid before, or another line of it: the
/// same reference with another amount or account.
pub fn contradiction(
    conn: &mut PgConnection,
    id: PaymentFileId,
) -> Result<Option<(i32, String)>, DbError> {
    // Each line is looked up by its key, whatever the statistics say of a file that came just now.
    let before: Option<Contradicts> = diesel::sql_query(
        "SELECT l.number, l.reference FROM payment_line l \
         CROSS JOIN LATERAL (SELECT p.account, p.amount FROM payment p \
             WHERE p.id = l.payment OFFSET 0) AS paid \
         WHERE l.file = $1 AND (l.account <> paid.account OR l.amount <> paid.amount) \
         ORDER BY l.number LIMIT 1",
    )
    .bind::<SqlUuid, _>(id)
    .get_result(conn)
    .optional()?;
    if let Some(line) = before {
        return Ok(Some((line.number, line.reference)));
    }
    let repeated =
        diesel::dsl::sql::<Bool>("SELECT EXISTS (SELECT FROM payment_line WHERE file = ")
            .bind::<SqlUuid, _>(id)
            .sql(" GROUP BY payment HAVING count(*) > 1)");
    if !by_sets(conn, |conn| Ok(repeated.get_result::<bool>(conn)?))? {
        return Ok(None);
    }
    // Each line against the first of its reference, where there are several.
    let within = diesel::sql_query(
        "SELECT number, reference FROM ( \
             SELECT number, reference, account, amount, \
                 first_value(account) OVER same AS first_account, \
                 first_value(amount) OVER same AS first_amount \
             FROM payment_line WHERE file = $1 AND payment IN ( \
                 SELECT payment FROM payment_line WHERE file = $1 \
                 GROUP BY payment HAVING count(*) > 1) \
             WINDOW same AS (PARTITION BY payment ORDER BY number)) AS line \
         WHERE account <> first_account OR amount <> first_amount \
         ORDER BY number LIMIT 1",
    )
    .bind::<SqlUuid, _>(id);
    let within: Option<Contradicts> =
        by_sets(conn, |conn| Ok(within.get_result(conn).optional()?))?;
    Ok(within.map(|line| (line.number, line.reference)))
}

#[derive(QueryableByName)]
struct Contradicts {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    reference: String,
}

/// Whether somebody has let file `id` go on without the lines that contradict what was paid.
pub fn is_released_in_part(conn: &mut PgConnection, id: PaymentFileId) -> Result<bool, DbError> {
    let decided = payment_file_decision::table.find((id, Decided::ReleasedInPart));
    Ok(diesel::select(exists(decided)).get_result(conn)?)
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
    Ok(payment_file_tally::table
        .filter(payment_file_tally::file.eq(id))
        .order(payment_file_tally::fate)
        .select(Tally::as_select())
        .load(conn)?)
}

/// Counts what became of more lines of file `id`.
pub fn count(conn: &mut PgConnection, id: PaymentFileId, more: &[Tally]) -> Result<(), DbError> {
    let rows = more.iter().map(|tally| {
        (
            payment_file_tally::file.eq(id),
            payment_file_tally::fate.eq(tally.fate),
            payment_file_tally::lines.eq(tally.lines),
            payment_file_tally::amount.eq(tally.amount),
        )
    });
    let (lines, amount) = (payment_file_tally::lines, payment_file_tally::amount);
    diesel::insert_into(payment_file_tally::table)
        .values(rows.collect::<Vec<_>>())
        .on_conflict((payment_file_tally::file, payment_file_tally::fate))
        .do_update()
        .set((
            lines.eq(lines + excluded(lines)),
            amount.eq(amount + excluded(amount)),
        ))
        .execute(conn)?;
    Ok(())
}
