//! Mandates and what became of them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::autopay::model::{AutopayError, Happened, Mandate, MandateState, Rail};
use crate::kernel::id::MandateId;
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::db::DbError;
use crate::platform::db::schema::{autopay_event, autopay_mandate as table};

/// What a refused row means.
fn refusal(error: DbError) -> AutopayError {
    match error.constraint() {
        Some("autopay_mandate_one_active") => AutopayError::AnotherMandate(MandateState::Active),
        Some("autopay_mandate_one_proposed") => {
            AutopayError::AnotherMandate(MandateState::Proposed)
        }
        Some("autopay_mandate_household_fkey") => AutopayError::NoSuchAccount,
        _ => error.into(),
    }
}

pub fn add_mandate(conn: &mut PgConnection, mandate: &Mandate) -> Result<(), AutopayError> {
    let added = diesel::insert_into(table::table)
        .values(mandate)
        .execute(conn);
    added.map(|_| ()).map_err(|error| refusal(error.into()))
}

/// Saves what may change of `mandate`.
pub fn save_mandate(conn: &mut PgConnection, mandate: &Mandate) -> Result<(), AutopayError> {
    let saved = diesel::update(table::table.find(mandate.id))
        .set((
            table::state.eq(mandate.state),
            table::bank_reference.eq(&mandate.bank_reference),
            table::active_since.eq(mandate.active_since),
            table::version.eq(mandate.version),
        ))
        .execute(conn);
    saved.map(|_| ()).map_err(|error| refusal(error.into()))
}

/// Mandate `id`, locked until the transaction ends.
pub fn lock_mandate(conn: &mut PgConnection, id: MandateId) -> Result<Option<Mandate>, DbError> {
    Ok(table::table
        .find(id)
        .select(Mandate::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

/// Every mandate of `code`, the newest first.
pub fn mandates_of(conn: &mut PgConnection, code: TenantCode) -> Result<Vec<Mandate>, DbError> {
    Ok(table::table
        .filter(table::household.eq(code))
        .order((table::proposed_at.desc(), table::id.desc()))
        .select(Mandate::as_select())
        .load(conn)?)
}

/// What became of these mandates, the oldest first.
pub fn events(conn: &mut PgConnection, mandates: &[MandateId]) -> Result<Vec<Happened>, DbError> {
    Ok(autopay_event::table
        .filter(autopay_event::mandate.eq_any(mandates))
        .order((autopay_event::mandate, autopay_event::number))
        .select(Happened::as_select())
        .load(conn)?)
}

pub fn add_events(conn: &mut PgConnection, events: &[Happened]) -> Result<(), DbError> {
    diesel::insert_into(autopay_event::table)
        .values(events)
        .execute(conn)?;
    Ok(())
}

/// How many mandates of `rail` are in force.
pub fn count_active(conn: &mut PgConnection, rail: Rail) -> Result<i64, DbError> {
    Ok(table::table
        .filter(table::channel.eq(rail))
        .filter(table::state.eq(MandateState::Active))
        .count()
        .get_result(conn)?)
}

/// A mandate in force, without the account that it debits.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
pub struct InForce {
    pub id: MandateId,
    pub household: TenantCode,
    pub at_most: Option<Money>,
}

/// Up to `rows` mandates of `rail` that are in force, of the households after `after`.
pub fn to_collect(
    conn: &mut PgConnection,
    rail: Rail,
    after: i64,
    rows: i64,
) -> Result<Vec<InForce>, DbError> {
    Ok(table::table
        .filter(table::channel.eq(rail))
        .filter(table::state.eq(MandateState::Active))
        .filter(table::household.gt(after))
        .order(table::household)
        .limit(rows)
        .select(InForce::as_select())
        .load(conn)?)
}

/// A mandate that was suspended or ended, and the version that this made.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct Moved {
    pub mandate: MandateId,
    pub household: TenantCode,
    pub version: i32,
}

/// Brings those of `mandates` that are in force to `state`; which those were.
pub fn move_all(
    conn: &mut PgConnection,
    mandates: &[MandateId],
    state: MandateState,
) -> Result<Vec<Moved>, DbError> {
    Ok(diesel::update(table::table)
        .filter(table::id.eq_any(mandates))
        .filter(table::state.eq(MandateState::Active))
        .set((
            table::state.eq(state),
            table::version.eq(table::version + 1),
        ))
        .returning((table::id, table::household, table::version))
        .get_results(conn)?)
}

/// How long ago something became of a mandate.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Age {
    #[diesel(sql_type = SqlUuid)]
    pub id: MandateId,
    #[diesel(sql_type = BigInt)]
    pub household: TenantCode,
    #[diesel(sql_type = Text)]
    pub state: MandateState,
    #[diesel(sql_type = Timestamptz)]
    pub last_event: DateTime<Utc>,
}

/// Up to `rows` mandates that were proposed before `before`, after `after`.
pub fn proposed_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    after: Uuid,
    rows: i64,
) -> Result<Vec<Age>, DbError> {
    Ok(diesel::sql_query(
        "SELECT m.id, m.household, m.state, coalesce((SELECT max(e.at) FROM autopay_event e \
             WHERE e.mandate = m.id), m.proposed_at) AS last_event \
         FROM autopay_mandate m WHERE m.proposed_at < $1 AND m.id > $2 ORDER BY m.id LIMIT $3",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<SqlUuid, _>(after)
    .bind::<BigInt, _>(rows)
    .load(conn)?)
}
