//! Messages, and where each is.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Uuid};

use crate::kernel::id::MessageId;
use crate::kernel::reach::Reach;
use crate::kernel::tenant_code::TenantCode;
use crate::messages::model::{Medium, Message, MessageKind, MessageState};
use crate::platform::db::DbError;
use crate::platform::db::schema::message as table;

/// Any number that only the sending of messages locks, together with the household.
const HOUSEHOLD_LOCK: i32 = 7_210_861;

/// Adds `messages`, but for those that are there.
pub fn add(conn: &mut PgConnection, messages: &[Message]) -> Result<usize, DbError> {
    Ok(diesel::insert_into(table::table)
        .values(messages)
        .on_conflict_do_nothing()
        .execute(conn)?)
}

/// The message whose time came first, of those that go by `media`, locked until the transaction
/// ends; others skip it meanwhile.
pub fn due(
    conn: &mut PgConnection,
    media: &[Medium],
    now: DateTime<Utc>,
) -> Result<Option<Message>, DbError> {
    Ok(table::table
        .filter(table::state.eq(MessageState::Waiting))
        .filter(table::due_at.le(now))
        .filter(table::medium.eq_any(media))
        .order((table::due_at, table::id))
        .select(Message::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?)
}

/// Whether there is a message whose time has come.
pub fn any_due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<bool, DbError> {
    let due = table::table
        .filter(table::state.eq(MessageState::Waiting))
        .filter(table::due_at.le(now));
    Ok(diesel::select(exists(due)).get_result(conn)?)
}

/// Gives up the messages whose time has come and that are of no use any more, but for those that
/// are being tried; how many they were.
pub fn end_stale(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, DbError> {
    let stale = table::table
        .filter(table::state.eq(MessageState::Waiting))
        .filter(table::due_at.le(now))
        .filter(table::stale_at.le(now));
    Ok(diesel::update(stale)
        .set((
            table::state.eq(MessageState::Stale),
            table::ended_at.eq(now),
        ))
        .execute(conn)?)
}

/// Keeps others from sending anything to household `code` until the transaction ends: what it is
/// sent in a day is counted.
pub fn hold_household(conn: &mut PgConnection, code: TenantCode) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashint8($2))")
        .bind::<Integer, _>(HOUSEHOLD_LOCK)
        .bind::<BigInt, _>(code)
        .execute(conn)?;
    Ok(())
}

/// How many messages other than `message` its household was sent since `since`, or is being sent.
pub fn others_since(
    conn: &mut PgConnection,
    message: &Message,
    since: DateTime<Utc>,
) -> Result<i64, DbError> {
    Ok(table::table
        .filter(table::household.eq(message.household))
        .filter(table::id.ne(message.id))
        .filter(table::tried_at.ge(since))
        .filter(table::state.eq_any([MessageState::Sent, MessageState::Waiting]))
        .count()
        .get_result(conn)?)
}

/// Keeps where `message` is.
pub fn keep(conn: &mut PgConnection, message: &Message) -> Result<(), DbError> {
    diesel::update(table::table.find(message.id))
        .set((
            table::state.eq(message.state),
            table::reason.eq(&message.reason),
            table::due_at.eq(message.due_at),
            table::stale_at.eq(message.stale_at),
            table::attempts.eq(message.attempts),
            table::tried_at.eq(message.tried_at),
            table::person.eq(message.person),
            table::parts.eq(message.parts),
            table::receipt.eq(&message.receipt),
            table::ended_at.eq(message.ended_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Message `id`.
pub fn one(conn: &mut PgConnection, id: MessageId) -> Result<Option<Message>, DbError> {
    Ok(table::table
        .find(id)
        .select(Message::as_select())
        .first(conn)
        .optional()?)
}

/// Message `id`, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, id: MessageId) -> Result<Option<Message>, DbError> {
    Ok(table::table
        .find(id)
        .select(Message::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// A message's place in a list: the newest first.
pub type Place = (DateTime<Utc>, MessageId);

/// Which messages to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub household: Option<TenantCode>,
    pub state: Option<MessageState>,
    pub kind: Option<MessageKind>,
    /// Drafted at or after, and before.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub after: Option<Place>,
}

/// Up to `rows` of the messages that are wanted, within `reach`, the newest first.
pub fn list(
    conn: &mut PgConnection,
    wanted: Wanted,
    (reach, today): (&Reach, NaiveDate),
    rows: i64,
) -> Result<Vec<Message>, DbError> {
    // As `tenancy::reaches` has it: who lives there or moves there, and who left it last.
    let in_estates = |estates: Vec<uuid::Uuid>| {
        sql::<Bool>("EXISTS (SELECT FROM tenancy_place p WHERE p.estate_id = ANY(")
            .bind::<Array<Uuid>, _>(estates)
            .sql(") AND p.household = message.household AND (p.ends_on IS NULL OR p.ends_on >= ")
            .bind::<Date, _>(today)
            .sql(
                " OR NOT EXISTS (SELECT FROM tenancy later \
                 WHERE later.household = p.household AND later.starts_on > p.starts_on)))",
            )
    };
    let mut query = table::table
        .order((table::drafted_at.desc(), table::id.desc()))
        .limit(rows)
        .select(Message::as_select())
        .into_boxed();
    match reach {
        Reach::Everywhere => {}
        Reach::Household(own) => query = query.filter(table::household.eq(*own)),
        Reach::Person(_) => return Ok(Vec::new()),
        Reach::Estates(estates) => {
            let estates = estates.iter().map(|estate| estate.as_uuid());
            query = query.filter(in_estates(estates.collect()));
        }
    }
    if let Some(code) = wanted.household {
        query = query.filter(table::household.eq(code));
    }
    if let Some(state) = wanted.state {
        query = query.filter(table::state.eq(state));
    }
    if let Some(kind) = wanted.kind {
        query = query.filter(table::kind.eq(kind));
    }
    if let Some(from) = wanted.from {
        query = query.filter(table::drafted_at.ge(from));
    }
    if let Some(until) = wanted.until {
        query = query.filter(table::drafted_at.lt(until));
    }
    if let Some((at, id)) = wanted.after {
        let same_time = table::drafted_at.eq(at).and(table::id.lt(id));
        query = query.filter(table::drafted_at.lt(at).or(same_time));
    }
    Ok(query.load(conn)?)
}

/// Every message to household `code`, the oldest first.
pub fn of_household(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Message>, DbError> {
    Ok(table::table
        .filter(table::household.eq(code))
        .order((table::drafted_at, table::id))
        .select(Message::as_select())
        .load(conn)?)
}
