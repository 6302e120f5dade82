//! Dated rows: when messages are sent, and what is told by which medium; and what was done by
//! the calendar.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::kernel::dated::InForce;
use crate::kernel::month::Month;
use crate::messages::model::{Medium, MessageError, MessageKind, Policy, Terms};
use crate::platform::db::DbError;
use crate::platform::db::schema::{message_policy, message_terms, rent_reminder};

#[derive(Queryable, Selectable)]
#[diesel(table_name = message_terms, check_for_backend(diesel::pg::Pg))]
struct TermsRow {
    quiet_from: NaiveTime,
    quiet_to: NaiveTime,
    daily_cap: i16,
    attempts: i16,
    first_wait: i32,
    reminder_lead: i16,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message_policy, check_for_backend(diesel::pg::Pg))]
struct PolicyRow {
    id: i32,
    kind: MessageKind,
    medium: Medium,
    good_for: i16,
    refusable: bool,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    recorded_at: DateTime<Utc>,
    replaced_at: Option<DateTime<Utc>>,
}

impl From<PolicyRow> for Policy {
    fn from(row: PolicyRow) -> Self {
        Self {
            id: row.id,
            in_force: InForce {
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                recorded_at: row.recorded_at,
                replaced_at: row.replaced_at,
            },
            kind: row.kind,
            medium: row.medium,
            good_for: TimeDelta::hours(row.good_for.into()),
            refusable: row.refusable,
        }
    }
}

/// When messages are sent on `day`, as we know it now.
pub fn terms_on(conn: &mut PgConnection, day: NaiveDate) -> Result<Terms, MessageError> {
    let rows: Vec<TermsRow> = message_terms::table
        .filter(message_terms::replaced_at.is_null())
        .select(TermsRow::as_select())
        .load(conn)
        .map_err(DbError::from)?;
    let in_force = |row: &TermsRow| InForce {
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        recorded_at: row.recorded_at,
        replaced_at: row.replaced_at,
    };
    let mut held = rows
        .into_iter()
        .filter(|row| in_force(row).holds(day, row.recorded_at));
    let row = held.next().ok_or(MessageError::NoTerms(day))?;
    Ok(Terms {
        quiet_from: row.quiet_from,
        quiet_to: row.quiet_to,
        daily_cap: row.daily_cap.into(),
        attempts: row.attempts,
        first_wait: TimeDelta::seconds(row.first_wait.into()),
        reminder_lead: u8::try_from(row.reminder_lead).unwrap_or_default(),
    })
}

/// Which kinds are told by which media, on any day, as we know it now.
pub fn policies(conn: &mut PgConnection) -> Result<Vec<Policy>, DbError> {
    let rows: Vec<PolicyRow> = message_policy::table
        .filter(message_policy::replaced_at.is_null())
        .order((message_policy::kind, message_policy::medium))
        .select(PolicyRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Policy::from).collect())
}

/// The policy of row `id`, in force or not.
pub fn policy(conn: &mut PgConnection, id: i32) -> Result<Policy, DbError> {
    let row: PolicyRow = message_policy::table
        .find(id)
        .select(PolicyRow::as_select())
        .first(conn)?;
    Ok(row.into())
}

/// Whether everybody who owes was reminded of `month`.
pub fn is_reminded(conn: &mut PgConnection, month: Month) -> Result<bool, DbError> {
    Ok(diesel::select(exists(rent_reminder::table.find(month))).get_result(conn)?)
}

/// Keeps that everybody who owes was reminded of `month`.
pub fn add_reminder(
    conn: &mut PgConnection,
    month: Month,
    said: i64,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(rent_reminder::table)
        .values((
            rent_reminder::month.eq(month),
            rent_reminder::said.eq(said),
            rent_reminder::ended_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}
