//! The events' table. The only file that names it.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::outbox_event as table;

/// Events of one kind, a column beside the other.
#[derive(Debug, Default)]
pub(super) struct News {
    subjects: Vec<Uuid>,
    households: Vec<Option<TenantCode>>,
    details: Vec<Value>,
}

impl News {
    pub fn of(household: Option<TenantCode>, subject: Uuid, detail: Value) -> Self {
        let mut one = Self::default();
        one.add(household, subject, detail);
        one
    }

    pub fn add(&mut self, household: Option<TenantCode>, subject: Uuid, detail: Value) {
        self.subjects.push(subject);
        self.households.push(household);
        self.details.push(detail);
    }
}

/// Adds events of `kind`, but for those that are there; says how many it added.
pub(super) fn add(
    conn: &mut PgConnection,
    kind: &str,
    news: News,
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    Ok(diesel::sql_query(
        "INSERT INTO outbox_event (kind, subject, household, detail, said_at) \
         SELECT $1, subject, household, detail, $2 \
         FROM unnest($3, $4, $5) AS event (subject, household, detail) \
         ORDER BY subject ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(kind)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(news.subjects)
    .bind::<Array<Nullable<BigInt>>, _>(news.households)
    .bind::<Array<Jsonb>, _>(news.details)
    .execute(conn)?)
}

/// An event as it was written.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
pub struct Said {
    pub kind: String,
    pub subject: Uuid,
    /// None when it is about many.
    pub household: Option<TenantCode>,
    pub detail: Value,
    pub said_at: DateTime<Utc>,
}

/// Up to `rows` events of `kinds` that nobody has read, the oldest first, locked until the
/// transaction ends; others skip them meanwhile.
pub fn unread(conn: &mut PgConnection, kinds: &[&str], rows: i64) -> Result<Vec<Said>, DbError> {
    Ok(table::table
        .filter(table::read_at.is_null())
        .filter(table::kind.eq_any(kinds))
        .order(table::said_at)
        .limit(rows)
        .select(Said::as_select())
        .for_update()
        .skip_locked()
        .load(conn)?)
}

/// Marks `events` as read.
pub fn mark_read(
    conn: &mut PgConnection,
    events: &[Said],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let (kinds, subjects): (Vec<&str>, Vec<Uuid>) = events
        .iter()
        .map(|event| (event.kind.as_str(), event.subject))
        .unzip();
    diesel::sql_query(
        "UPDATE outbox_event SET read_at = $1 FROM unnest($2, $3) AS done (kind, subject) \
         WHERE outbox_event.kind = done.kind AND outbox_event.subject = done.subject",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<SqlUuid>, _>(subjects)
    .execute(conn)?;
    Ok(())
}

/// Whether there is an event of `kinds` that nobody has read.
pub fn any_unread(conn: &mut PgConnection, kinds: &[&str]) -> Result<bool, DbError> {
    let unread = table::table
        .filter(table::read_at.is_null())
        .filter(table::kind.eq_any(kinds));
    Ok(diesel::select(exists(unread)).get_result(conn)?)
}
