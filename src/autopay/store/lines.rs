//! Who is debited by a collection, and who is left out of it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Nullable, Numeric, SmallInt, Text, Uuid as SqlUuid,
};

use crate::autopay::model::{
    DebitResult, LeftOut, Line, LineState, Mandate, MandateState, Omission,
};
use crate::autopay::rules::{Fate, Tried, fate};
use crate::kernel::id::{CollectionId, MandateId};
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    autopay_collection, autopay_left_out, autopay_line, autopay_mandate,
};

/// What a bank has not answered for so many months is no longer on its way.
const MONTHS_ON_THE_WAY: u32 = 3;

/// Any number that only whoever decides whom to debit locks.
const LINES_LOCK: i64 = 7_210_871;

/// Keeps everybody else from deciding whom to debit until `work` is done, in as many transactions
/// as it likes.
pub fn holding_lines<T, E: From<DbError>>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let ask = |sql, conn: &mut PgConnection| {
        let asked = diesel::sql_query(sql).bind::<BigInt, _>(LINES_LOCK);
        asked.execute(conn).map_err(DbError::from)
    };
    ask("SELECT pg_advisory_lock($1)", conn)?;
    let done = work(conn);
    let let_go = ask("SELECT pg_advisory_unlock($1)", conn);
    // A connection that is lost has let go, and why it was lost is told by the work.
    let done = done?;
    let_go?;
    Ok(done)
}

/// Adds `lines` by one `COPY`.
pub fn add_lines(conn: &mut PgConnection, lines: &[Line]) -> Result<(), DbError> {
    diesel::copy_from(autopay_line::table)
        .from_insertable(lines)
        .execute(conn)?;
    Ok(())
}

/// Adds `omissions` by one `COPY`.
pub fn add_left_out(conn: &mut PgConnection, omissions: &[Omission]) -> Result<(), DbError> {
    diesel::copy_from(autopay_left_out::table)
        .from_insertable(omissions)
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Attempted {
    #[diesel(sql_type = BigInt)]
    household: TenantCode,
    #[diesel(sql_type = SmallInt)]
    attempt: i16,
    #[diesel(sql_type = SqlUuid)]
    mandate: MandateId,
    #[diesel(sql_type = Date)]
    collect_on: NaiveDate,
    #[diesel(sql_type = Bool)]
    withdrawn: bool,
    #[diesel(sql_type = Array<Text>)]
    codes: Vec<DebitResult>,
}

/// What was attempted for these households in `month`, in order of household and attempt.
pub fn attempts(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    month: Month,
) -> Result<Vec<(TenantCode, Tried)>, DbError> {
    let rows: Vec<Attempted> = diesel::sql_query(
        "SELECT l.household, l.attempt, l.mandate, c.collect_on, c.state = 'withdrawn' AS withdrawn, \
             ARRAY(SELECT code FROM autopay_result r WHERE r.reference = l.reference \
                   ORDER BY r.number) AS codes \
         FROM autopay_line l JOIN autopay_collection c ON c.id = l.collection \
         WHERE l.household = ANY($1) AND l.month = $2 ORDER BY l.household, l.attempt",
    )
    .bind::<Array<BigInt>, _>(codes)
    .bind::<Date, _>(month)
    .load(conn)?;
    let tried = |row: Attempted| {
        let fate = if row.withdrawn {
            Fate::Withdrawn
        } else {
            fate(&row.codes)
        };
        let tried = Tried {
            attempt: row.attempt,
            mandate: row.mandate,
            collected_on: row.collect_on,
            fate,
        };
        (row.household, tried)
    };
    Ok(rows.into_iter().map(tried).collect())
}

/// What is at the bank without an answer, of these households, for `month` and those before it.
pub fn on_their_way(
    conn: &mut PgConnection,
    codes: &[TenantCode],
    month: Month,
) -> Result<Vec<(TenantCode, Money)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        household: TenantCode,
        #[diesel(sql_type = Numeric)]
        amount: Money,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT l.household, sum(l.amount) AS amount \
         FROM autopay_line l JOIN autopay_collection c ON c.id = l.collection \
         WHERE l.household = ANY($1) AND l.month >= $2 AND c.state <> 'withdrawn' \
           AND NOT EXISTS (SELECT FROM autopay_result r WHERE r.reference = l.reference) \
         GROUP BY l.household",
    )
    .bind::<Array<BigInt>, _>(codes)
    .bind::<Date, _>(month.minus(MONTHS_ON_THE_WAY))
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.household, row.amount))
        .collect())
}

/// A debit and the mandate that it is by.
#[derive(Debug, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Debit {
    #[diesel(embed)]
    pub line: Line,
    #[diesel(embed)]
    pub mandate: Mandate,
}

/// Up to `rows` debits of collection `id`, of the households after `after`.
pub fn debits(
    conn: &mut PgConnection,
    id: CollectionId,
    after: i64,
    rows: i64,
) -> Result<Vec<Debit>, DbError> {
    Ok(autopay_line::table
        .inner_join(autopay_mandate::table.on(autopay_mandate::id.eq(autopay_line::mandate)))
        .filter(autopay_line::collection.eq(id))
        .filter(autopay_line::household.gt(after))
        .order(autopay_line::household)
        .limit(rows)
        .select(Debit::as_select())
        .load(conn)?)
}

/// Up to `rows` households of the debits of collection `id`, those after `after`, and whether the
/// mandate is in force.
pub fn debited_households(
    conn: &mut PgConnection,
    id: CollectionId,
    after: i64,
    rows: i64,
) -> Result<Vec<(TenantCode, bool)>, DbError> {
    Ok(autopay_line::table
        .inner_join(autopay_mandate::table.on(autopay_mandate::id.eq(autopay_line::mandate)))
        .filter(autopay_line::collection.eq(id))
        .filter(autopay_line::household.gt(after))
        .order(autopay_line::household)
        .limit(rows)
        .select((
            autopay_line::household,
            autopay_mandate::state.eq(MandateState::Active),
        ))
        .load(conn)?)
}

/// A debit as it is told, with what the bank said of it.
#[derive(Debug, QueryableByName)]
pub struct Told {
    #[diesel(sql_type = BigInt)]
    pub household: TenantCode,
    #[diesel(sql_type = Date)]
    pub month: Month,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    #[diesel(sql_type = Date)]
    pub collect_on: NaiveDate,
    #[diesel(sql_type = Bool)]
    pub withdrawn: bool,
    #[diesel(sql_type = Array<Text>)]
    pub codes: Vec<DebitResult>,
}

impl Told {
    /// Where it is.
    #[must_use]
    pub fn state(&self) -> LineState {
        match fate(&self.codes) {
            Fate::Waiting | Fate::Withdrawn if self.withdrawn => LineState::Withdrawn,
            Fate::Waiting | Fate::Withdrawn => LineState::Waiting,
            Fate::Accepted => LineState::Accepted,
            Fate::Refused(_) if self.codes.len() > 1 => LineState::Returned,
            Fate::Refused(_) => LineState::Refused,
        }
    }
}

/// Which debits to tell.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub collection: CollectionId,
    pub state: Option<LineState>,
    pub code: Option<DebitResult>,
    /// Of the households after this one.
    pub after: Option<TenantCode>,
}

const TOLD: &str = "SELECT l.household, l.month, l.attempt, l.reference, l.amount, c.collect_on, \
        c.state = 'withdrawn' AS withdrawn, a.codes \
    FROM autopay_line l JOIN autopay_collection c ON c.id = l.collection \
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT code FROM autopay_result r \
        WHERE r.reference = l.reference ORDER BY r.number) AS codes) AS a";

/// Up to `rows` debits, by household.
pub fn lines(conn: &mut PgConnection, wanted: Wanted, rows: i64) -> Result<Vec<Told>, DbError> {
    let sql = format!(
        "{TOLD} WHERE l.collection = $1 AND l.household > $2 \
           AND ($3 IS NULL OR $3 = CASE WHEN cardinality(a.codes) = 0 AND c.state = 'withdrawn' THEN 'withdrawn' \
               WHEN cardinality(a.codes) = 0 THEN 'waiting' \
               WHEN a.codes[1] <> 'ACCEPTED' THEN 'refused' \
               WHEN cardinality(a.codes) = 1 THEN 'accepted' ELSE 'returned' END) \
           AND ($4 IS NULL OR $4 = a.codes[cardinality(a.codes)]) \
         ORDER BY l.household LIMIT $5"
    );
    Ok(diesel::sql_query(sql)
        .bind::<SqlUuid, _>(wanted.collection)
        .bind::<BigInt, _>(wanted.after.map_or(0, TenantCode::number))
        .bind::<Nullable<Text>, _>(wanted.state)
        .bind::<Nullable<Text>, _>(wanted.code)
        .bind::<BigInt, _>(rows)
        .load(conn)?)
}

/// Every debit of `code`, the oldest first.
pub fn lines_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Told>, DbError> {
    let sql = format!("{TOLD} WHERE l.household = $1 ORDER BY l.month, l.attempt");
    Ok(diesel::sql_query(sql).bind::<BigInt, _>(code).load(conn)?)
}

/// Up to `rows` households that were left out, after `after`, for `reason` when there is one.
pub fn left_out(
    conn: &mut PgConnection,
    collection: CollectionId,
    (reason, after): (Option<LeftOut>, Option<TenantCode>),
    rows: i64,
) -> Result<Vec<Omission>, DbError> {
    let mut query = autopay_left_out::table
        .filter(autopay_left_out::collection.eq(collection))
        .order(autopay_left_out::household)
        .limit(rows)
        .select(Omission::as_select())
        .into_boxed();
    if let Some(reason) = reason {
        query = query.filter(autopay_left_out::reason.eq(reason));
    }
    if let Some(after) = after {
        query = query.filter(autopay_left_out::household.gt(after));
    }
    Ok(query.load(conn)?)
}

/// When `code` was left out of a collection and why, the oldest first.
pub fn left_out_of(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(NaiveDate, Month, Omission)>, DbError> {
    Ok(autopay_left_out::table
        .inner_join(
            autopay_collection::table.on(autopay_collection::id.eq(autopay_left_out::collection)),
        )
        .filter(autopay_left_out::household.eq(code))
        .order((autopay_collection::collect_on, autopay_collection::id))
        .select((
            autopay_collection::collect_on,
            autopay_collection::month,
            Omission::as_select(),
        ))
        .load(conn)?)
}
